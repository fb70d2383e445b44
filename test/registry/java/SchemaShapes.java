import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.everit.json.schema.ArraySchema;
import org.everit.json.schema.BooleanSchema;
import org.everit.json.schema.CombinedSchema;
import org.everit.json.schema.ConditionalSchema;
import org.everit.json.schema.ConstSchema;
import org.everit.json.schema.EmptySchema;
import org.everit.json.schema.EnumSchema;
import org.everit.json.schema.FalseSchema;
import org.everit.json.schema.NotSchema;
import org.everit.json.schema.NullSchema;
import org.everit.json.schema.NumberSchema;
import org.everit.json.schema.ObjectSchema;
import org.everit.json.schema.ReferenceSchema;
import org.everit.json.schema.Schema;
import org.everit.json.schema.StringSchema;
import org.everit.json.schema.loader.SchemaLoader;
import org.json.JSONArray;
import org.json.JSONObject;

/**
 * How the library under Confluent's JSON Schema rules understands schemas: reads one a line, writes what it was made of, or "refused". What is
 * deeper than DEPTH is left out.
 */
public final class SchemaShapes {
  private static final int DEPTH = Integer.getInteger("depth", 5);

  public static void main(String[] arguments) throws Exception {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String shape;
      try {
        SchemaLoader loader = SchemaLoader.builder().useDefaults(true).draftV7Support().schemaJson(new JSONObject(line)).build();
        shape = String.valueOf(shape(loader.load().build(), 0));
      } catch (RuntimeException | StackOverflowError error) {
        shape = "refused";
      }
      out.println(shape);
    }
    out.flush();
  }

  private static Object shape(Schema given, int depth) {
    if (depth > DEPTH) return new JSONObject().put("kind", "deep");
    Schema schema = given;
    for (int i = 0; schema instanceof ReferenceSchema; i++) {
      schema = ((ReferenceSchema) schema).getReferredSchema();
      if (i > 100 || schema == null) return new JSONObject().put("kind", "any");
    }
    if (schema instanceof FalseSchema) return new JSONObject().put("kind", "never");
    if (schema instanceof EmptySchema) return new JSONObject().put("kind", "any");
    JSONObject shape = new JSONObject();
    if (schema instanceof StringSchema) string(shape.put("kind", "string"), (StringSchema) schema);
    else if (schema instanceof NumberSchema) number(shape, (NumberSchema) schema);
    else if (schema instanceof BooleanSchema) shape.put("kind", "boolean");
    else if (schema instanceof NullSchema) shape.put("kind", "null");
    else if (schema instanceof ObjectSchema) object(shape.put("kind", "object"), (ObjectSchema) schema, depth);
    else if (schema instanceof ArraySchema) array(shape.put("kind", "array"), (ArraySchema) schema, depth);
    else if (schema instanceof EnumSchema) shape.put("kind", "enum").put("values", ((EnumSchema) schema).getPossibleValuesAsList());
    else if (schema instanceof ConstSchema) shape.put("kind", "const").put("values", List.of(json(((ConstSchema) schema).getPermittedValue())));
    else if (schema instanceof NotSchema) shape.put("kind", "not").put("inner", shape(((NotSchema) schema).getMustNotMatch(), depth + 1));
    else if (schema instanceof ConditionalSchema) shape.put("kind", "conditional");
    else if (schema instanceof CombinedSchema) combined(shape, (CombinedSchema) schema, depth);
    else shape.put("kind", schema.getClass().getSimpleName());
    return shape;
  }

  private static Object json(Object value) {
    return value == null ? JSONObject.NULL : value;
  }

  private static void string(JSONObject shape, StringSchema schema) {
    shape.putOpt("minLength", schema.getMinLength());
    shape.putOpt("maxLength", schema.getMaxLength());
    if (schema.getPattern() != null) shape.put("pattern", schema.getPattern().toString());
  }

  private static void number(JSONObject shape, NumberSchema schema) {
    shape.put("kind", schema.requiresInteger() ? "integer" : "number");
    shape.putOpt("minimum", schema.getMinimum());
    shape.putOpt("maximum", schema.getMaximum());
    shape.putOpt("multipleOf", schema.getMultipleOf());
  }

  private static void object(JSONObject shape, ObjectSchema schema, int depth) {
    JSONObject properties = new JSONObject();
    List<String> defaults = new ArrayList<>();
    for (Map.Entry<String, Schema> each : schema.getPropertySchemas().entrySet()) {
      properties.put(each.getKey(), shape(each.getValue(), depth + 1));
      // Beside a reference a default is lost, but where the reference leads round in a circle to itself.
      if (each.getValue().hasDefaultValue() && !(each.getValue() instanceof ReferenceSchema)) defaults.add(each.getKey());
    }
    if (!properties.isEmpty()) shape.put("properties", properties);
    if (!defaults.isEmpty()) shape.put("defaults", defaults);
    if (!schema.getRequiredProperties().isEmpty()) shape.put("required", schema.getRequiredProperties());
    if (!schema.permitsAdditionalProperties()) shape.put("additional", false);
    else if (schema.getSchemaOfAdditionalProperties() != null)
      shape.put("additional", shape(schema.getSchemaOfAdditionalProperties(), depth + 1));
    JSONObject patterns = new JSONObject();
    schema.getPatternProperties().forEach((pattern, each) -> patterns.put(pattern.toString(), shape(each, depth + 1)));
    if (!patterns.isEmpty()) shape.put("patterns", patterns);
    if (schema.getPropertyNameSchema() != null) shape.put("names", shape(schema.getPropertyNameSchema(), depth + 1));
    shape.putOpt("minProperties", schema.getMinProperties());
    shape.putOpt("maxProperties", schema.getMaxProperties());
  }

  private static void array(JSONObject shape, ArraySchema schema, int depth) {
    if (schema.getAllItemSchema() != null) shape.put("items", shape(schema.getAllItemSchema(), depth + 1));
    if (schema.getItemSchemas() != null) {
      JSONArray items = new JSONArray();
      for (Schema each : schema.getItemSchemas()) items.put(shape(each, depth + 1));
      shape.put("byPosition", items);
    }
    if (!schema.permitsAdditionalItems()) shape.put("rest", false);
    else if (schema.getSchemaOfAdditionalItems() != null) shape.put("rest", shape(schema.getSchemaOfAdditionalItems(), depth + 1));
    if (schema.getContainedItemSchema() != null) shape.put("contains", shape(schema.getContainedItemSchema(), depth + 1));
    if (schema.needsUniqueItems()) shape.put("unique", true);
    shape.putOpt("minItems", schema.getMinItems());
    shape.putOpt("maxItems", schema.getMaxItems());
  }

  private static void combined(JSONObject shape, CombinedSchema schema, int depth) {
    shape.put("kind", schema.getCriterion().toString());
    JSONArray parts = new JSONArray();
    for (Schema each : schema.getSubschemas()) parts.put(shape(each, depth + 1));
    shape.put("parts", parts);
  }
}
