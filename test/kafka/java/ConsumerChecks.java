// What Kafka's consumer can be asked to do without other members in its group.

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

final class ConsumerChecks {
    private static final String[] TEN = Clients.numbers(10).toArray(new String[0]);

    static void add() {
        Checks.check("a consumer seeks to offsets, to both ends and to times", () -> {
            var partition = Clients.topic("seek", 1);
            try (var producer = Clients.producer()) {
                for (int i = 0; i < 10; i++) producer.send(new ProducerRecord<>("seek", 0, 1_700_000_000_000L + i, null, TEN[i])).get();
            }
            try (var consumer = Clients.consumer()) {
                consumer.assign(List.of(partition));
                var seen = new ArrayList<Object>();
                consumer.seek(partition, 8);
                seen.add(Clients.poll(consumer, 2));
                consumer.seekToBeginning(List.of(partition));
                seen.add(consumer.position(partition));
                consumer.seekToEnd(List.of(partition));
                seen.add(consumer.position(partition));
                var found = consumer.offsetsForTimes(Map.of(partition, 1_700_000_000_005L)).get(partition);
                seen.add(found.offset() + "@" + found.timestamp());
                seen.add(consumer.offsetsForTimes(Map.of(partition, 1_800_000_000_000L)).get(partition));
                seen.add(consumer.beginningOffsets(List.of(partition)).get(partition) + " " + consumer.endOffsets(List.of(partition)).get(partition));
                return seen;
            }
        });
        Checks.check("offsets are committed with metadata and read back", () -> {
            var partition = Clients.topic("committed", 1);
            try (var consumer = Clients.consumer("group.id", "commits")) {
                consumer.assign(List.of(partition));
                consumer.commitSync(Map.of(partition, new OffsetAndMetadata(5, java.util.Optional.of(0), "note")));
                var read = consumer.committed(Set.of(partition)).get(partition);
                return read.offset() + " " + read.metadata() + " " + read.leaderEpoch();
            }
        });
        Checks.check("a commit with too much metadata is refused", () -> {
            var partition = Clients.topic("metadata", 1);
            try (var consumer = Clients.consumer("group.id", "talks")) {
                consumer.assign(List.of(partition));
                return Checks.errorOf(() -> {
                    consumer.commitSync(Map.of(partition, new OffsetAndMetadata(5, "x".repeat(5000))));
                    return "committed";
                });
            }
        });
        Checks.check("a group goes on where it stopped", () -> {
            Clients.topic("goes-on", 1);
            Clients.send("goes-on", 0, TEN);
            var seen = new ArrayList<Object>();
            for (int round = 0; round < 2; round++) {
                try (var consumer = Clients.consumer("group.id", "goes-on", "enable.auto.commit", "true", "max.poll.records", 5)) {
                    consumer.subscribe(List.of("goes-on"));
                    var values = new ArrayList<String>();
                    while (values.isEmpty()) consumer.poll(Duration.ofMillis(50)).forEach(record -> values.add(record.value()));
                    seen.add(values);
                }
            }
            return seen;
        });
        Checks.check("offsets out of range are reset as asked", () -> {
            var partition = Clients.topic("reset", 1);
            Clients.send("reset", 0, TEN);
            var seen = new ArrayList<Object>();
            for (String policy : List.of("earliest", "latest", "none", "by_duration:PT1H"))
                try (var consumer = Clients.consumer("auto.offset.reset", policy)) {
                    consumer.assign(List.of(partition));
                    consumer.seek(partition, 99);
                    seen.add(Checks.errorOf(() -> {
                        for (int i = 0; i < 100 && consumer.position(partition) == 99; i++) consumer.poll(Duration.ofMillis(50));
                        long position = consumer.position(partition);
                        return position == 99 ? "not reset" : policy.equals("latest") ? "to " + position : "reset"; // and read on from there
                    }));
                }
            try (var consumer = Clients.consumer("auto.offset.reset", "none", "group.id", "has-nothing")) {
                consumer.assign(List.of(partition));
                seen.add(Checks.errorOf(() -> consumer.poll(Duration.ofSeconds(5))));
            }
            return seen;
        });
        Checks.check("paused partitions give nothing", () -> {
            Clients.topic("paused", 2);
            Clients.send("paused", 0, "a");
            Clients.send("paused", 1, "b");
            try (var consumer = Clients.consumer()) {
                var partitions = List.of(new TopicPartition("paused", 0), new TopicPartition("paused", 1));
                consumer.assign(partitions);
                consumer.pause(List.of(partitions.get(0)));
                var first = Clients.poll(consumer, 1);
                consumer.resume(List.of(partitions.get(0)));
                return first + " " + Clients.poll(consumer, 1);
            }
        });
        Checks.check("new topics that match a pattern are found", () -> {
            Clients.topic("match-a", 1);
            Clients.send("match-a", 0, "a");
            try (var consumer = Clients.consumer("group.id", "matches", "metadata.max.age.ms", 300)) {
                consumer.subscribe(Pattern.compile("match-.*"));
                var first = Clients.poll(consumer, 1);
                Clients.topic("match-b", 1);
                Clients.send("match-b", 0, "b");
                return first + " " + Clients.poll(consumer, 1);
            }
        });
        Checks.check("topics are listed with their partitions", () -> {
            Clients.topic("a-listed", 3);
            try (var consumer = Clients.consumer()) {
                var info = consumer.partitionsFor("a-listed").get(1);
                return consumer.listTopics().get("a-listed").size() + " " + info.leader().id() + " " + info.replicas().length + " " + info.inSyncReplicas().length;
            }
        });
        Checks.check("a fetch waits for bytes, not longer than allowed", () -> {
            var partition = Clients.topic("waits", 1);
            try (var consumer = Clients.consumer("fetch.min.bytes", 100_000, "fetch.max.wait.ms", 700)) {
                consumer.assign(List.of(partition));
                Clients.send("waits", 0, "x");
                consumer.poll(Duration.ofMillis(1));
                long start = System.nanoTime();
                Clients.poll(consumer, 1);
                long ms = (System.nanoTime() - start) / 1_000_000;
                return ms > 300 && ms < 3000;
            }
        });
        Checks.check("consumers without auto-creation make no topics", () -> {
            try (var consumer = Clients.consumer("group.id", "makes-nothing", "allow.auto.create.topics", "false")) {
                consumer.subscribe(List.of("not-made"));
                for (int i = 0; i < 5; i++) consumer.poll(Duration.ofMillis(50));
            }
            return Clients.admin().listTopics().names().get().contains("not-made");
        });
        Checks.check("many partitions are fetched in one session", () -> {
            Clients.topic("session", 30);
            try (var producer = Clients.producer()) {
                for (int i = 0; i < 300; i++) producer.send(new ProducerRecord<>("session", i % 30, null, "v"));
            }
            try (var consumer = Clients.consumer("group.id", "session", "max.partition.fetch.bytes", 120)) {
                consumer.subscribe(List.of("session"));
                int first = Clients.poll(consumer, 300).size();
                try (var producer = Clients.producer()) {
                    for (int i = 0; i < 5; i++) producer.send(new ProducerRecord<>("session", i * 6, null, "w"));
                }
                return first + " " + Clients.poll(consumer, 5);
            }
        });
    }

    private ConsumerChecks() {}
}
