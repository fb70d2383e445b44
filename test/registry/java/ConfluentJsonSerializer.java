import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.confluent.kafka.schemaregistry.client.rest.entities.SchemaReference;
import io.confluent.kafka.schemaregistry.json.JsonSchema;
import io.confluent.kafka.schemaregistry.json.JsonSchemaUtils;
import io.confluent.kafka.serializers.json.KafkaJsonSchemaDeserializer;
import io.confluent.kafka.serializers.json.KafkaJsonSchemaSerializer;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * A Kafka producer and consumer with Confluent's own JSON Schema serialisers. "produce TOPIC NAME=VALUE…" reads lines { "key", "keySchema",
 * "value", "schema", "references": [{ "name", "subject", "version", "schema" }] } and writes "sent" or "refused"; "consume TOPIC COUNT NAME=VALUE…"
 * writes lines "KEY<tab>VALUE".
 */
public final class ConfluentJsonSerializer {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final long PATIENCE_MS = 30_000;

  public static void main(String[] arguments) throws Exception {
    boolean produces = arguments[0].equals("produce");
    Properties properties = new Properties();
    for (int i = produces ? 2 : 3; i < arguments.length; i++) {
      String[] pair = arguments[i].split("=", 2);
      properties.put(pair[0], pair[1]);
    }
    if (produces) produce(arguments[1], properties);
    else consume(arguments[1], Integer.parseInt(arguments[2]), properties);
  }

  private static void produce(String topic, Properties properties) throws Exception {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    properties.putIfAbsent("key.serializer", StringSerializer.class.getName());
    properties.put("value.serializer", KafkaJsonSchemaSerializer.class.getName());
    boolean keysHaveSchemas = !properties.get("key.serializer").equals(StringSerializer.class.getName());
    try (KafkaProducer<Object, Object> producer = new KafkaProducer<>(properties)) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        JsonNode record = JSON.readTree(line);
        JsonNode none = JSON.createArrayNode();
        Object key = keysHaveSchemas ? enveloped(record.get("keySchema"), none, record.get("key")) : record.get("key").asText();
        Object value = enveloped(record.get("schema"), record.path("references"), record.get("value"));
        try {
          producer.send(new ProducerRecord<>(topic, key, value)).get();
          System.out.println("sent");
        } catch (org.apache.kafka.common.errors.SerializationException error) {
          System.out.println("refused");
        }
      }
    }
  }

  private static Object enveloped(JsonNode schema, JsonNode references, JsonNode payload) throws Exception {
    List<SchemaReference> named = new ArrayList<>();
    Map<String, String> resolved = new LinkedHashMap<>();
    for (JsonNode each : references) {
      String name = each.get("name").asText();
      named.add(new SchemaReference(name, each.get("subject").asText(), each.get("version").asInt()));
      resolved.put(name, each.get("schema").toString());
    }
    return JsonSchemaUtils.envelope(new JsonSchema(schema.toString(), named, resolved, null), payload);
  }

  private static void consume(String topic, int count, Properties properties) {
    PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    properties.putIfAbsent("key.deserializer", StringDeserializer.class.getName());
    properties.put("value.deserializer", KafkaJsonSchemaDeserializer.class.getName());
    properties.put("isolation.level", "read_committed");
    properties.put("auto.offset.reset", "earliest");
    try (KafkaConsumer<Object, Object> consumer = new KafkaConsumer<>(properties)) {
      consumer.assign(consumer.partitionsFor(topic).stream().map(info -> new TopicPartition(topic, info.partition())).toList());
      long end = System.currentTimeMillis() + PATIENCE_MS;
      for (int seen = 0; seen < count && System.currentTimeMillis() < end; )
        for (ConsumerRecord<Object, Object> record : consumer.poll(Duration.ofMillis(200))) {
          out.println(record.key() + "\t" + JSON.valueToTree(record.value()));
          seen++;
        }
    }
    out.flush();
  }
}
