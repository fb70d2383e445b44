import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import io.confluent.kafka.schemaregistry.client.rest.entities.SchemaReference;
import io.confluent.kafka.schemaregistry.protobuf.ProtobufSchema;
import io.confluent.kafka.schemaregistry.protobuf.ProtobufSchemaUtils;
import io.confluent.kafka.serializers.protobuf.KafkaProtobufDeserializer;
import io.confluent.kafka.serializers.protobuf.KafkaProtobufSerializer;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
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
 * A Kafka producer and consumer with Confluent's own Protobuf serialisers. "produce TOPIC NAME=VALUE…" reads lines "KEY<tab>VALUE", each a text or
 * "MESSAGE'S NAME<space>FILES<space>JSON", FILES being a .proto text and, separated by NUL, names and texts of what it imports, in base64.
 * "consume TOPIC COUNT NAME=VALUE…" writes lines "KEY<tab>VALUE", each a text or "MESSAGE'S NAME<space>JSON".
 */
public final class ProtobufExchange {
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
    properties.put("value.serializer", KafkaProtobufSerializer.class.getName());
    try (KafkaProducer<Object, Object> producer = new KafkaProducer<>(properties)) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        String[] parts = line.split("\t");
        producer.send(new ProducerRecord<>(topic, read(parts[0]), read(parts[1]))).get();
      }
    }
  }

  private static Object read(String part) throws Exception {
    String[] words = part.split(" ", 3);
    if (words.length < 3) return part;
    List<String> files = Arrays.asList(new String(Base64.getDecoder().decode(words[1]), StandardCharsets.UTF_8).split("\0", -1));
    List<SchemaReference> references = new ArrayList<>();
    Map<String, String> texts = new HashMap<>();
    for (int i = 1; i < files.size(); i += 2) {
      references.add(new SchemaReference(files.get(i), files.get(i), 1));
      texts.put(files.get(i), files.get(i + 1));
    }
    ProtobufSchema schema = new ProtobufSchema(files.get(0), references, texts, null, words[0]);
    return ProtobufSchemaUtils.toObject(words[2], schema);
  }

  private static void consume(String topic, int count, Properties properties) throws Exception {
    PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    properties.putIfAbsent("key.deserializer", StringDeserializer.class.getName());
    properties.put("value.deserializer", KafkaProtobufDeserializer.class.getName());
    properties.put("isolation.level", "read_committed");
    properties.put("auto.offset.reset", "earliest");
    try (KafkaConsumer<Object, Object> consumer = new KafkaConsumer<>(properties)) {
      consumer.assign(consumer.partitionsFor(topic).stream().map(info -> new TopicPartition(topic, info.partition())).toList());
      long end = System.currentTimeMillis() + 30_000;
      for (int seen = 0; seen < count && System.currentTimeMillis() < end; )
        for (ConsumerRecord<Object, Object> record : consumer.poll(Duration.ofMillis(200))) {
          out.println(shown(record.key()) + "\t" + shown(record.value()));
          seen++;
        }
    }
    out.flush();
  }

  private static String shown(Object part) throws Exception {
    if (!(part instanceof Message)) return String.valueOf(part);
    Message message = (Message) part;
    JsonFormat.Printer printer = JsonFormat.printer().omittingInsignificantWhitespace().preservingProtoFieldNames();
    return message.getDescriptorForType().getFullName() + " " + printer.print(message);
  }
}
