import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * A Kafka producer and consumer with Confluent's serialisers of a format. "produce TOPIC NAME=VALUE…" reads lines "KEY<tab>VALUE", each a text or
 * "NAME<space>FILES<space>JSON", and writes "sent" or "refused" for each: NAME is the record's (where its schema does not say it), FILES its schema
 * and, separated by NUL, the names and texts of what that refers to, in base64. A name is also the subject, whose version 1 is meant. "consume TOPIC
 * COUNT NAME=VALUE…" writes lines "KEY<tab>VALUE", each a text or "NAME<space>JSON". "copy NAME=VALUE…" reads lines "TOPIC<tab>TARGET<tab>COUNT",
 * serialises in TARGET what was deserialised of TOPIC, and writes "copied" for each record.
 */
final class Exchange {
  private static final long PATIENCE_MS = 30_000;

  interface Format {
    Class<?> serializer();

    Class<?> deserializer();

    /** `files`: the schema, and name and text of each that it refers to. */
    Object read(String name, List<String> files, String json) throws Exception;

    /** "NAME<space>JSON" of what the deserialiser gave. */
    String shown(Object value) throws Exception;
  }

  private Exchange() {}

  static void run(Format format, String[] arguments) throws Exception {
    Properties properties = new Properties();
    properties.put("key.serializer", StringSerializer.class.getName());
    properties.put("value.serializer", format.serializer().getName());
    properties.put("key.deserializer", StringDeserializer.class.getName());
    properties.put("value.deserializer", format.deserializer().getName());
    properties.put("isolation.level", "read_committed");
    properties.put("auto.offset.reset", "earliest");
    int own = switch (arguments[0]) {
      case "copy" -> 1;
      case "produce" -> 2;
      default -> 3;
    };
    for (String each : List.of(arguments).subList(own, arguments.length)) {
      String[] pair = each.split("=", 2);
      properties.put(pair[0], pair[1]);
    }
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    switch (arguments[0]) {
      case "copy" -> copy(in, properties, out);
      case "produce" -> produce(format, arguments[1], in, properties, out);
      default -> consume(format, arguments[1], Integer.parseInt(arguments[2]), properties, out);
    }
    out.flush();
  }

  private static void copy(BufferedReader in, Properties properties, PrintStream out) throws Exception {
    Map<String, String> targets = new HashMap<>();
    int count = 0;
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String[] parts = line.split("\t");
      targets.put(parts[0], parts[1]);
      count += Integer.parseInt(parts[2]);
    }
    try (KafkaConsumer<Object, Object> consumer = new KafkaConsumer<>(properties);
        KafkaProducer<Object, Object> producer = new KafkaProducer<>(properties)) {
      for (ConsumerRecord<Object, Object> each : records(consumer, targets.keySet(), count)) {
        producer.send(new ProducerRecord<>(targets.get(each.topic()), each.key(), each.value())).get();
        out.println("copied");
      }
    }
  }

  private static void produce(Format format, String topic, BufferedReader in, Properties properties, PrintStream out) throws Exception {
    try (KafkaProducer<Object, Object> producer = new KafkaProducer<>(properties)) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        String[] parts = line.split("\t");
        try {
          producer.send(new ProducerRecord<>(topic, read(format, parts[0]), read(format, parts[1]))).get();
          out.println("sent");
        } catch (SerializationException error) {
          error.printStackTrace();
          out.println("refused");
        }
      }
    }
  }

  private static Object read(Format format, String part) throws Exception {
    String[] words = part.split(" ", 3);
    if (words.length < 3) return part;
    String files = new String(Base64.getDecoder().decode(words[1]), StandardCharsets.UTF_8);
    return format.read(words[0], Arrays.asList(files.split("\0", -1)), words[2]);
  }

  private static void consume(Format format, String topic, int count, Properties properties, PrintStream out) throws Exception {
    try (KafkaConsumer<Object, Object> consumer = new KafkaConsumer<>(properties)) {
      for (ConsumerRecord<Object, Object> each : records(consumer, List.of(topic), count))
        out.println(shown(format, each.key()) + "\t" + shown(format, each.value()));
    }
  }

  /** Fewer if they do not come. */
  private static List<ConsumerRecord<Object, Object>> records(KafkaConsumer<Object, Object> consumer, Collection<String> topics, int count) {
    List<TopicPartition> partitions = new ArrayList<>();
    for (String topic : topics)
      consumer.partitionsFor(topic).forEach(info -> partitions.add(new TopicPartition(topic, info.partition())));
    consumer.assign(partitions);
    List<ConsumerRecord<Object, Object>> found = new ArrayList<>();
    for (long end = System.currentTimeMillis() + PATIENCE_MS; found.size() < count && System.currentTimeMillis() < end; )
      consumer.poll(Duration.ofMillis(200)).forEach(found::add);
    return found;
  }

  private static String shown(Format format, Object part) throws Exception {
    return part == null || part instanceof String ? String.valueOf(part) : format.shown(part);
  }
}
