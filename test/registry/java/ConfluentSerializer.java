import io.confluent.kafka.serializers.KafkaAvroDeserializer;
import io.confluent.kafka.serializers.KafkaAvroSerializer;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Properties;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.io.DecoderFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * A Kafka producer and consumer with Confluent's own Avro serialisers. "produce TOPIC NAME=VALUE…" reads lines "KEY<tab>SCHEMA<tab>JSON", or with
 * key.serializer "KEY'S SCHEMA<tab>KEY'S JSON<tab>SCHEMA<tab>JSON"; "consume TOPIC COUNT NAME=VALUE…" writes lines "KEY<tab>SCHEMA'S NAME<tab>JSON".
 */
public final class ConfluentSerializer {
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
    boolean keysHaveSchemas = properties.containsKey("key.serializer");
    properties.putIfAbsent("key.serializer", StringSerializer.class.getName());
    properties.put("value.serializer", KafkaAvroSerializer.class.getName());
    try (KafkaProducer<Object, Object> producer = new KafkaProducer<>(properties)) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        String[] parts = line.split("\t");
        int at = keysHaveSchemas ? 2 : 1;
        Object key = keysHaveSchemas ? read(parts[0], parts[1]) : parts[0];
        producer.send(new ProducerRecord<>(topic, key, read(parts[at], parts[at + 1]))).get();
      }
    }
  }

  private static Object read(String schemaText, String json) throws Exception {
    Schema schema = new Schema.Parser().parse(schemaText);
    return new GenericDatumReader<>(schema).read(null, DecoderFactory.get().jsonDecoder(schema, json));
  }

  private static void consume(String topic, int count, Properties properties) {
    PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    properties.putIfAbsent("key.deserializer", StringDeserializer.class.getName());
    properties.put("value.deserializer", KafkaAvroDeserializer.class.getName());
    properties.put("isolation.level", "read_committed");
    properties.put("auto.offset.reset", "earliest");
    try (KafkaConsumer<Object, Object> consumer = new KafkaConsumer<>(properties)) {
      consumer.assign(consumer.partitionsFor(topic).stream().map(info -> new TopicPartition(topic, info.partition())).toList());
      long end = System.currentTimeMillis() + 30_000;
      for (int seen = 0; seen < count && System.currentTimeMillis() < end; )
        for (ConsumerRecord<Object, Object> record : consumer.poll(Duration.ofMillis(200))) {
          Schema schema = ((org.apache.avro.generic.GenericContainer) record.value()).getSchema();
          out.println(record.key() + "\t" + schema.getFullName() + "\t" + record.value());
          seen++;
        }
    }
    out.flush();
  }
}
