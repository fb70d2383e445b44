// Clients with the settings that most checks want.

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

final class Clients {
    private static final String TO_STRING = "org.apache.kafka.common.serialization.StringSerializer";
    private static final String FROM_STRING = "org.apache.kafka.common.serialization.StringDeserializer";
    private static Admin admin;

    static Properties properties(Object... pairs) {
        var properties = new Properties();
        properties.put("bootstrap.servers", Checks.servers);
        for (int i = 0; i < pairs.length; i += 2) properties.put(pairs[i], pairs[i + 1]);
        return properties;
    }

    static Admin admin() {
        if (admin == null) admin = Admin.create(properties());
        return admin;
    }

    static KafkaProducer<String, String> producer(Object... pairs) {
        var properties = properties("key.serializer", TO_STRING, "value.serializer", TO_STRING);
        properties.putAll(properties(pairs));
        return new KafkaProducer<>(properties);
    }

    static KafkaProducer<String, String> transactional(String id, Object... pairs) {
        var properties = properties("transactional.id", id);
        properties.putAll(properties(pairs));
        return producer(flat(properties));
    }

    static KafkaConsumer<String, String> consumer(Object... pairs) {
        var properties = properties(
            "key.deserializer", FROM_STRING, "value.deserializer", FROM_STRING, "auto.offset.reset", "earliest",
            "isolation.level", "read_committed", "enable.auto.commit", "false");
        properties.putAll(properties(pairs));
        return new KafkaConsumer<>(properties);
    }

    private static Object[] flat(Map<?, ?> properties) {
        var pairs = new ArrayList<Object>();
        properties.forEach((name, value) -> Collections.addAll(pairs, name, value));
        return pairs.toArray();
    }

    /** Creates a topic and waits until the broker serves it. */
    static TopicPartition topic(String name, int partitions, String... configs) throws Exception {
        var map = new TreeMap<String, String>();
        for (int i = 0; i < configs.length; i += 2) map.put(configs[i], configs[i + 1]);
        admin().createTopics(List.of(new NewTopic(name, partitions, (short) 1).configs(map))).all().get();
        try (var consumer = consumer()) {
            Checks.await(name, () -> consumer.partitionsFor(name).size() == partitions);
        }
        return new TopicPartition(name, 0);
    }

    /** The timestamps rise. */
    static void send(String topic, int partition, String... values) throws Exception {
        long now = System.currentTimeMillis();
        try (var producer = producer()) {
            for (String value : values) producer.send(new ProducerRecord<>(topic, partition, now++, null, value));
        }
    }

    /** Values of a partition up to its present end. */
    static List<String> values(TopicPartition partition, Object... pairs) {
        var values = new ArrayList<String>();
        for (var record : records(partition, pairs)) values.add(record.value());
        return values;
    }

    static List<ConsumerRecord<String, String>> records(TopicPartition partition, Object... pairs) {
        try (var consumer = consumer(pairs)) {
            consumer.assign(List.of(partition));
            long end = consumer.endOffsets(List.of(partition)).get(partition);
            consumer.seekToBeginning(List.of(partition));
            var records = new ArrayList<ConsumerRecord<String, String>>();
            long deadline = System.currentTimeMillis() + 15_000;
            while (consumer.position(partition) < end) {
                if (System.currentTimeMillis() > deadline) throw new AssertionError("position " + consumer.position(partition) + " of " + end);
                consumer.poll(Duration.ofMillis(100)).forEach(records::add);
            }
            return records;
        }
    }

    /** Polls until so many values came; sorted. */
    static List<String> poll(KafkaConsumer<String, String> consumer, int count) {
        var values = new ArrayList<String>();
        long deadline = System.currentTimeMillis() + 20_000;
        while (values.size() < count) {
            if (System.currentTimeMillis() > deadline) throw new AssertionError(values.size() + " of " + count + " records: " + values);
            consumer.poll(Duration.ofMillis(50)).forEach(record -> values.add(record.value()));
        }
        Collections.sort(values);
        return values;
    }

    /** Polls all consumers in turn until the condition holds. */
    static void pollUntil(String what, Checks.Condition condition, Collection<KafkaConsumer<String, String>> consumers) throws Exception {
        Checks.await(what, () -> {
            for (var consumer : consumers) consumer.poll(Duration.ofMillis(20));
            return condition.holds();
        });
    }

    static List<String> numbers(int count) {
        var list = new ArrayList<String>();
        for (int i = 0; i < count; i++) list.add(String.valueOf(i));
        return list;
    }

    static String[] numbered(String prefix, int count) {
        return Arrays.stream(new int[count]).mapToObj(i -> prefix).toArray(String[]::new);
    }

    private Clients() {}
}
