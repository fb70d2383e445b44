import com.fasterxml.jackson.databind.ObjectMapper;
import io.confluent.kafka.schemaregistry.client.rest.entities.SchemaReference;
import io.confluent.kafka.schemaregistry.json.JsonSchema;
import io.confluent.kafka.schemaregistry.json.JsonSchemaUtils;
import io.confluent.kafka.serializers.json.KafkaJsonSchemaDeserializer;
import io.confluent.kafka.serializers.json.KafkaJsonSchemaSerializer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Confluent's JSON Schema serialisers; see Exchange. */
public final class JsonSchemaExchange implements Exchange.Format {
  private static final ObjectMapper JSON = new ObjectMapper();

  public static void main(String[] arguments) throws Exception {
    Exchange.run(new JsonSchemaExchange(), arguments);
  }

  @Override
  public Class<?> serializer() {
    return KafkaJsonSchemaSerializer.class;
  }

  @Override
  public Class<?> deserializer() {
    return KafkaJsonSchemaDeserializer.class;
  }

  @Override
  public Object read(String name, List<String> files, String json) throws Exception {
    List<SchemaReference> references = new ArrayList<>();
    Map<String, String> texts = new HashMap<>();
    for (int i = 1; i < files.size(); i += 2) {
      references.add(new SchemaReference(files.get(i), files.get(i), 1));
      texts.put(files.get(i), files.get(i + 1));
    }
    return JsonSchemaUtils.envelope(new JsonSchema(files.get(0), references, texts, null), JSON.readTree(json));
  }

  @Override
  public String shown(Object value) {
    return "json " + JSON.valueToTree(value);
  }
}
