import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.confluent.kafka.schemaregistry.json.JsonSchema;
import io.confluent.kafka.schemaregistry.json.diff.Difference;
import io.confluent.kafka.schemaregistry.json.diff.SchemaDiff;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Confluent's rules for JSON Schema. A line asks { "reader", "writer", "references": { name: text }, "lenient" } and is answered { "found": [...] },
 * what is incompatible, or { "refused": which }; or it asks { "text", "references" } and is answered { "canonical", "normalized", "refused" }.
 */
public final class JsonSchemaVerdicts {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final long STACK_BYTES = 1L << 28;

  public static void main(String[] arguments) throws InterruptedException {
    Thread thread = new Thread(null, JsonSchemaVerdicts::answerAll, "verdicts", STACK_BYTES);
    thread.start();
    thread.join();
  }

  private static void answerAll() {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    try {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        JsonNode question = JSON.readTree(line);
        out.println(JSON.writeValueAsString(question.has("text") ? forms(question) : verdict(question)));
      }
    } catch (java.io.IOException error) {
      throw new java.io.UncheckedIOException(error);
    }
    out.flush();
  }

  private static JsonSchema schema(JsonNode question, String member) {
    Map<String, String> others = new LinkedHashMap<>();
    question.path("references").fields().forEachRemaining(each -> others.put(each.getKey(), each.getValue().asText()));
    return new JsonSchema(question.get(member).asText(), new ArrayList<>(), others, null);
  }

  private static ObjectNode forms(JsonNode question) {
    ObjectNode answer = JSON.createObjectNode();
    try {
      JsonSchema schema = schema(question, "text");
      answer.put("canonical", schema.canonicalString());
      answer.put("normalized", schema.normalize().canonicalString());
      schema.validate(false);
    } catch (RuntimeException | StackOverflowError error) {
      answer.put("refused", reason(error));
    }
    return answer;
  }

  private static ObjectNode verdict(JsonNode question) {
    ObjectNode answer = JSON.createObjectNode();
    String at = "reader";
    try {
      JsonSchema reader = schema(question, "reader");
      reader.validate(false);
      at = "writer";
      JsonSchema writer = schema(question, "writer");
      writer.validate(false);
      at = "comparison";
      Set<Difference.Type> harmless =
          question.path("lenient").asBoolean() ? SchemaDiff.COMPATIBLE_CHANGES_LENIENT : SchemaDiff.COMPATIBLE_CHANGES_STRICT;
      ArrayNode found = JSON.createArrayNode();
      for (Difference each : SchemaDiff.compare(harmless, writer.rawSchema(), reader.rawSchema()))
        if (!harmless.contains(each.getType())) found.add(each.getType() + " " + each.getJsonPath());
      answer.set("found", found);
    } catch (RuntimeException | StackOverflowError error) {
      answer.put("refused", at + ": " + reason(error));
    }
    return answer;
  }

  private static String reason(Throwable error) {
    Throwable cause = error;
    while (cause.getCause() != null) cause = cause.getCause();
    String text = String.valueOf(cause);
    return text.substring(0, Math.min(text.length(), 300));
  }
}
