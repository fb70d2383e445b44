// What Kafka's producer can be asked to do.

import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;

final class ProducerChecks {
    private static final int MANY = 3000;

    private static Object sent(TopicPartition partition, Object... settings) throws Exception {
        var offsets = new ArrayList<java.util.concurrent.Future<RecordMetadata>>();
        try (var producer = Clients.producer(settings)) {
            for (int i = 0; i < MANY; i++) offsets.add(producer.send(new ProducerRecord<>(partition.topic(), 0, null, String.valueOf(i))));
        }
        boolean known = offsets.get(MANY - 1).get().hasOffset();
        Checks.await("all of them", () -> Clients.values(partition).size() == MANY);
        Checks.isTrue("in order", Clients.values(partition).equals(Clients.numbers(MANY)));
        return known + " " + (known ? offsets.get(MANY - 1).get().offset() : -1);
    }

    static void add() {
        for (String acks : List.of("0", "1", "all"))
            Checks.check("records are produced with acks=" + acks, () ->
                sent(Clients.topic("acks-" + acks, 1), "acks", acks, "enable.idempotence", "false", "max.in.flight.requests.per.connection", 1));
        Checks.check("records are produced idempotently in small batches", () ->
            sent(Clients.topic("idempotent", 1), "enable.idempotence", "true", "batch.size", 200, "linger.ms", 0));
        for (String codec : List.of("gzip", "snappy", "lz4", "zstd"))
            Checks.check("records are compressed with " + codec, () ->
                sent(Clients.topic("codec-" + codec, 1), "compression.type", codec, "linger.ms", 20));
        Checks.check("a topic may name its own compression", () -> {
            var partition = Clients.topic("recompressed", 1, "compression.type", "gzip");
            return sent(partition, "compression.type", "none");
        });
        Checks.check("keys, nulls and headers come back as they went", () -> {
            var partition = Clients.topic("whole", 1);
            try (var producer = Clients.producer()) {
                var record = new ProducerRecord<>("whole", 0, 77L, "k", "v");
                record.headers().add("h", new byte[] {1, 2}).add("n", null).add("h", new byte[0]);
                producer.send(record).get();
                producer.send(new ProducerRecord<String, String>("whole", 0, 78L, null, (String) null)).get();
                producer.send(new ProducerRecord<>("whole", 0, 79L, "", "")).get();
            }
            var seen = new ArrayList<String>();
            for (var record : Clients.records(partition)) {
                var headers = new ArrayList<String>();
                record.headers().forEach(header -> headers.add(header.key() + ":" + (header.value() == null ? "null" : header.value().length)));
                seen.add(record.offset() + " " + record.timestamp() + " " + record.timestampType() + " " + record.key() + " " + record.value() + " " + headers);
            }
            return seen;
        });
        Checks.check("keys are spread over partitions as ever", () -> {
            Clients.topic("spread", 4);
            var seen = new ArrayList<Integer>();
            try (var producer = Clients.producer()) {
                for (int i = 0; i < 12; i++) seen.add(producer.send(new ProducerRecord<>("spread", "key-" + i, "v")).get().partition());
            }
            return seen;
        });
        Checks.check("a topic is created when it is first produced to", () -> {
            try (var producer = Clients.producer()) {
                producer.send(new ProducerRecord<>("on-demand", "k", "v")).get();
                return producer.partitionsFor("on-demand").size();
            }
        });
        Checks.check("large records pass if everything allows them", () -> {
            var partition = Clients.topic("large", 1, "max.message.bytes", "9000000");
            String value = "y".repeat(5_000_000);
            try (var producer = Clients.producer("max.request.size", 9_000_000, "buffer.memory", 40_000_000L)) {
                producer.send(new ProducerRecord<>("large", 0, null, value)).get();
                producer.send(new ProducerRecord<>("large", 0, null, value)).get();
            }
            var values = Clients.values(partition, "max.partition.fetch.bytes", 1000, "fetch.max.bytes", 1000);
            return values.size() + " " + values.get(1).length();
        });
        Checks.check("records that are too large are split until they fit", () -> {
            var partition = Clients.topic("split", 1, "max.message.bytes", "5000");
            try (var producer = Clients.producer("batch.size", 100_000, "linger.ms", 200, "compression.type", "gzip")) {
                for (int i = 0; i < 60; i++) producer.send(new ProducerRecord<>("split", 0, null, random(400, i)));
            }
            return Clients.values(partition).size();
        });
        Checks.check("two idempotent producers write to one partition", () -> {
            var partition = Clients.topic("two-producers", 1);
            try (var a = Clients.producer(); var b = Clients.producer()) {
                for (int i = 0; i < 100; i++) {
                    a.send(new ProducerRecord<>("two-producers", 0, null, "a"));
                    b.send(new ProducerRecord<>("two-producers", 0, null, "b"));
                }
            }
            var values = Clients.values(partition);
            return values.size() + " " + values.stream().filter("a"::equals).count();
        });
    }

    private static String random(int length, int seed) {
        var random = new java.util.Random(seed);
        var text = new StringBuilder();
        for (int i = 0; i < length; i++) text.append((char) ('!' + random.nextInt(90)));
        return text.toString();
    }

    private ProducerChecks() {}
}
