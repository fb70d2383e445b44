// Topics, their configs, partitions and offsets through Admin.

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.AlterConfigOp.OpType;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.CreateTopicsOptions;
import org.apache.kafka.clients.admin.DescribeConfigsOptions;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicCollection;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.config.ConfigResource;

final class TopicChecks {
    private static Object create(NewTopic topic) throws Exception {
        return Clients.admin().createTopics(List.of(topic)).all().get();
    }

    static Config configOf(String topic) throws Exception {
        var resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        return Clients.admin().describeConfigs(List.of(resource)).all().get().get(resource);
    }

    private static Object alter(String topic, OpType type, String name, String value) throws Exception {
        var resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        var op = new AlterConfigOp(new ConfigEntry(name, value), type);
        return Clients.admin().incrementalAlterConfigs(Map.of(resource, List.of(op))).all().get();
    }

    private static Object offset(TopicPartition partition, OffsetSpec spec, ListOffsetsOptions options) throws Exception {
        var info = Clients.admin().listOffsets(Map.of(partition, spec), options).all().get().get(partition);
        return info.offset() + "@" + info.timestamp();
    }

    private static int partitionsOf(String topic) throws Exception {
        return Clients.admin().describeTopics(List.of(topic)).allTopicNames().get().get(topic).partitions().size();
    }

    static void add() {
        Checks.check("a topic is created as asked and described", () -> {
            var topic = new NewTopic("made", 3, (short) 1).configs(Map.of("retention.ms", "100000", "cleanup.policy", "compact"));
            var result = Clients.admin().createTopics(List.of(topic));
            result.all().get();
            Checks.await("described", () -> partitionsOf("made") > 0);
            Checks.isTrue("an id", !result.topicId("made").get().equals(Uuid.ZERO_UUID));
            var described = Clients.admin().describeTopics(List.of("made")).allTopicNames().get().get("made");
            Checks.isTrue("the same id", described.topicId().equals(result.topicId("made").get()));
            return result.numPartitions("made").get() + " " + result.replicationFactor("made").get() + " "
                + result.config("made").get().get("retention.ms").value() + " " + described.isInternal() + " " + described.partitions().size()
                + " " + described.partitions().get(2).replicas().size() + " " + described.partitions().get(2).isr().size()
                + " leader " + described.partitions().get(0).leader().id() + " " + described.authorizedOperations();
        });
        Checks.check("a topic without numbers has the broker's defaults", () -> {
            create(new NewTopic("defaults", java.util.Optional.empty(), java.util.Optional.empty()));
            Checks.await("described", () -> partitionsOf("defaults") > 0);
            return partitionsOf("defaults");
        });
        Checks.check("a topic is created with a replica assignment", () -> {
            create(new NewTopic("assigned", Map.of(0, List.of(0), 1, List.of(0))));
            Checks.await("described", () -> partitionsOf("assigned") > 0);
            return partitionsOf("assigned");
        });
        Checks.check("wrong topics are refused with Kafka's errors", () -> {
            create(new NewTopic("twice", 1, (short) 1));
            return List.of(
                Checks.errorOf(() -> create(new NewTopic("twice", 1, (short) 1))),
                Checks.errorOf(() -> create(new NewTopic("a/b", 1, (short) 1))),
                Checks.errorOf(() -> create(new NewTopic("..", 1, (short) 1))),
                Checks.errorOf(() -> create(new NewTopic("x".repeat(250), 1, (short) 1))),
                Checks.errorOf(() -> create(new NewTopic("replicated", 1, (short) 3))),
                Checks.errorOf(() -> create(new NewTopic("empty", 0, (short) 1))),
                Checks.errorOf(() -> create(new NewTopic("elsewhere", Map.of(0, List.of(9))))),
                Checks.errorOf(() -> create(new NewTopic("gap", Map.of(1, List.of(0))))),
                Checks.errorOf(() -> create(new NewTopic("config", 1, (short) 1).configs(Map.of("no.such", "1")))),
                Checks.errorOf(() -> create(new NewTopic("config", 1, (short) 1).configs(Map.of("retention.ms", "soon")))),
                Checks.errorOf(() -> create(new NewTopic("config", 1, (short) 1).configs(Map.of("cleanup.policy", "burn")))));
        });
        Checks.check("validate only creates nothing", () -> {
            var options = new CreateTopicsOptions().validateOnly(true);
            Clients.admin().createTopics(List.of(new NewTopic("never", 1, (short) 1)), options).all().get();
            return Clients.admin().listTopics().names().get().contains("never");
        });
        Checks.check("internal topics are listed only when asked for", () -> {
            try (var consumer = Clients.consumer("group.id", "makes-internal")) {
                Clients.topic("for-internal", 1);
                consumer.subscribe(List.of("for-internal"));
                Clients.send("for-internal", 0, "x");
                Clients.poll(consumer, 1);
                consumer.commitSync();
            }
            var listed = Clients.admin().listTopics().names().get();
            var all = Clients.admin().listTopics(new ListTopicsOptions().listInternal(true)).names().get();
            return listed.contains("__consumer_offsets") + " " + all.contains("__consumer_offsets");
        });
        Checks.check("topics are described and deleted by id", () -> {
            Clients.topic("by-id", 2);
            var id = Clients.admin().describeTopics(List.of("by-id")).allTopicNames().get().get("by-id").topicId();
            var ids = TopicCollection.ofTopicIds(List.of(id));
            var described = Clients.admin().describeTopics(ids).allTopicIds().get().get(id);
            Clients.admin().deleteTopics(ids).all().get();
            var unknown = TopicCollection.ofTopicIds(List.of(Uuid.randomUuid()));
            return described.name() + " " + described.partitions().size() + " "
                + Checks.errorOf(() -> Clients.admin().deleteTopics(ids).all().get()) + " "
                + Checks.errorOf(() -> Clients.admin().describeTopics(unknown).allTopicIds().get());
        });
        Checks.check("a deleted topic is gone, and made again is another one", () -> {
            var partition = Clients.topic("again", 1);
            Clients.send("again", 0, "old");
            var before = Clients.admin().describeTopics(List.of("again")).allTopicNames().get().get("again").topicId();
            Clients.admin().deleteTopics(List.of("again")).all().get();
            Checks.await("gone", () -> !Clients.admin().listTopics().names().get().contains("again"));
            Clients.topic("again", 1);
            var after = Clients.admin().describeTopics(List.of("again")).allTopicNames().get().get("again").topicId();
            return before.equals(after) + " " + Clients.values(partition) + " "
                + Checks.errorOf(() -> Clients.admin().deleteTopics(List.of("never-was")).all().get()) + " "
                + Checks.errorOf(() -> Clients.admin().describeTopics(List.of("never-was")).allTopicNames().get());
        });
        Checks.check("many topics are described page by page", () -> {
            var names = new TreeSet<String>();
            var topics = new ArrayList<NewTopic>();
            for (int i = 0; i < 30; i++) topics.add(new NewTopic("page-" + i, 3, (short) 1));
            for (var topic : topics) names.add(topic.name());
            Clients.admin().createTopics(topics).all().get();
            var options = new DescribeTopicsOptions().partitionSizeLimitPerResponse(7);
            var described = Clients.admin().describeTopics(names, options).allTopicNames().get();
            int partitions = 0;
            for (var topic : described.values()) partitions += topic.partitions().size();
            Clients.admin().deleteTopics(names).all().get();
            return described.size() + " " + partitions;
        });
        Checks.check("partitions are added and never taken", () -> {
            Clients.topic("grows", 1);
            Clients.admin().createPartitions(Map.of("grows", NewPartitions.increaseTo(3))).all().get();
            Checks.await("three", () -> partitionsOf("grows") == 3);
            Clients.admin().createPartitions(Map.of("grows", NewPartitions.increaseTo(4, List.of(List.of(0))))).all().get();
            Checks.await("four", () -> partitionsOf("grows") == 4);
            return List.of(
                Checks.errorOf(() -> Clients.admin().createPartitions(Map.of("grows", NewPartitions.increaseTo(2))).all().get()),
                Checks.errorOf(() -> Clients.admin().createPartitions(Map.of("grows", NewPartitions.increaseTo(4))).all().get()),
                Checks.errorOf(() -> Clients.admin().createPartitions(Map.of("grows", NewPartitions.increaseTo(5, List.of(List.of(8))))).all().get()),
                Checks.errorOf(() -> Clients.admin().createPartitions(Map.of("never-was", NewPartitions.increaseTo(5))).all().get()));
        });
        Checks.check("every topic config has its name, default, type and text", () -> {
            Clients.topic("configs", 1);
            var resource = new ConfigResource(ConfigResource.Type.TOPIC, "configs");
            var options = new DescribeConfigsOptions().includeDocumentation(true).includeSynonyms(true);
            var entries = new TreeMap<String, String>();
            for (var entry : Clients.admin().describeConfigs(List.of(resource), options).all().get().get(resource).entries()) {
                Checks.isTrue(entry.name() + " is documented", entry.documentation() != null && !entry.documentation().isBlank());
                if (entry.name().equals("min.insync.replicas")) continue; // Apache Kafka sets it for the cluster when it formats the storage
                entries.put(entry.name(), entry.value() + " " + entry.synonyms().stream().map(each -> each.name() + ":" + each.value() + ":" + each.source()).toList() + " " + entry.type() + " " + entry.isDefault() + " " + entry.isReadOnly() + " " + entry.isSensitive());
            }
            return String.join("\n", entries.entrySet().stream().map(e -> e.getKey() + "=" + e.getValue()).toList());
        });
        Checks.check("topic configs are set, appended to, subtracted from and deleted", () -> {
            Clients.topic("altered", 1);
            var seen = new ArrayList<String>();
            alter("altered", OpType.SET, "retention.ms", "123456");
            Checks.await("set", () -> configOf("altered").get("retention.ms").value().equals("123456"));
            seen.add(String.valueOf(configOf("altered").get("retention.ms").source()));
            alter("altered", OpType.APPEND, "cleanup.policy", "compact");
            Checks.await("appended", () -> configOf("altered").get("cleanup.policy").value().equals("delete,compact"));
            alter("altered", OpType.SUBTRACT, "cleanup.policy", "delete");
            Checks.await("subtracted", () -> configOf("altered").get("cleanup.policy").value().equals("compact"));
            alter("altered", OpType.DELETE, "cleanup.policy", null);
            Checks.await("deleted", () -> configOf("altered").get("cleanup.policy").isDefault());
            seen.add(configOf("altered").get("cleanup.policy").value() + " " + configOf("altered").get("cleanup.policy").source());
            seen.add(Checks.errorOf(() -> alter("altered", OpType.SET, "retention.ms", "soon")));
            seen.add(Checks.errorOf(() -> alter("altered", OpType.SET, "no.such", "1")));
            seen.add(Checks.errorOf(() -> alter("altered", OpType.APPEND, "retention.ms", "1")));
            seen.add(Checks.errorOf(() -> alter("never-was", OpType.SET, "retention.ms", "1")));
            seen.add(Checks.errorOf(() -> configOf("never-was")));
            return seen;
        });
        Checks.check("offsets are found by kind and by time", () -> {
            var partition = Clients.topic("offsets", 1);
            try (var producer = Clients.producer()) {
                for (long time : new long[] {1000, 3000, 2000})
                    producer.send(new ProducerRecord<>("offsets", 0, 1_700_000_000_000L + time, null, "x")).get();
            }
            var options = new ListOffsetsOptions();
            var seen = new ArrayList<Object>();
            for (var spec : List.of(OffsetSpec.earliest(), OffsetSpec.latest(), OffsetSpec.maxTimestamp(), OffsetSpec.earliestLocal(), OffsetSpec.latestTiered(),
                OffsetSpec.forTimestamp(1_700_000_001_500L), OffsetSpec.forTimestamp(1_700_000_003_001L), OffsetSpec.forTimestamp(0)))
                seen.add(offset(partition, spec, options));
            seen.add(Checks.errorOf(() -> offset(new TopicPartition("offsets", 5), OffsetSpec.latest(), new ListOffsetsOptions().timeoutMs(1500))));
            return seen;
        });
        Checks.check("an open transaction holds the last stable offset back", () -> {
            var partition = Clients.topic("stable", 1);
            Clients.send("stable", 0, "a", "b");
            try (var producer = Clients.transactional("stable")) {
                producer.initTransactions();
                producer.beginTransaction();
                producer.send(new ProducerRecord<>("stable", 0, null, "open")).get();
                var committed = new ListOffsetsOptions(IsolationLevel.READ_COMMITTED);
                var seen = offset(partition, OffsetSpec.latest(), committed) + " " + offset(partition, OffsetSpec.latest(), new ListOffsetsOptions());
                producer.commitTransaction();
                Checks.await("the marker", () -> offset(partition, OffsetSpec.latest(), committed).equals("4@-1"));
                return seen;
            }
        });
        Checks.check("records are deleted up to an offset", () -> {
            var partition = Clients.topic("trimmed", 1);
            Clients.send("trimmed", 0, "a", "b", "c", "d");
            var low = Clients.admin().deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(2))).lowWatermarks().get(partition).get().lowWatermark();
            var after = Clients.values(partition);
            var all = Clients.admin().deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(-1))).lowWatermarks().get(partition).get().lowWatermark();
            return low + " " + after + " " + all + " " + offset(partition, OffsetSpec.earliest(), new ListOffsetsOptions()) + " "
                + Checks.errorOf(() -> Clients.admin().deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(9))).all().get());
        });
        Checks.check("a compacted topic refuses records without a key", () -> {
            Clients.topic("compacted", 1, "cleanup.policy", "compact");
            try (var producer = Clients.producer("delivery.timeout.ms", 5000, "request.timeout.ms", 2000)) {
                return Checks.errorOf(() -> producer.send(new ProducerRecord<>("compacted", 0, null, "x")).get()) + " "
                    + producer.send(new ProducerRecord<>("compacted", 0, "k", "x")).get().offset();
            }
        });
        Checks.check("timestamps are the broker's if the topic says so", () -> {
            var partition = Clients.topic("append-time", 1, "message.timestamp.type", "LogAppendTime");
            try (var producer = Clients.producer()) {
                var metadata = producer.send(new ProducerRecord<>("append-time", 0, 5L, null, "x")).get();
                var record = Clients.records(partition).get(0);
                return record.timestampType() + " " + (record.timestamp() == metadata.timestamp()) + " " + (record.timestamp() > 1_600_000_000_000L);
            }
        });
        Checks.check("timestamps outside the limits are refused", () -> {
            Clients.topic("limits", 1, "message.timestamp.before.max.ms", "60000", "message.timestamp.after.max.ms", "60000");
            long now = System.currentTimeMillis();
            try (var producer = Clients.producer()) {
                var seen = new ArrayList<String>();
                for (long time : new long[] {now - 120_000, now + 120_000})
                    seen.add(Checks.errorOf(() -> producer.send(new ProducerRecord<>("limits", 0, time, null, "x")).get()));
                return seen + " " + producer.send(new ProducerRecord<>("limits", 0, now, null, "x")).get().offset();
            }
        });
        Checks.check("a batch larger than max.message.bytes is refused", () -> {
            Clients.topic("small", 1, "max.message.bytes", "2000");
            try (var producer = Clients.producer("compression.type", "none")) {
                return Checks.errorOf(() -> producer.send(new ProducerRecord<>("small", 0, null, "x".repeat(3000))).get()) + " "
                    + producer.send(new ProducerRecord<>("small", 0, null, "x".repeat(1000))).get().offset();
            }
        });
        Checks.check("config resources are listed by type", () -> {
            Clients.topic("a-resource", 1);
            var topics = Clients.admin().listConfigResources(Set.of(ConfigResource.Type.TOPIC), new org.apache.kafka.clients.admin.ListConfigResourcesOptions()).all().get();
            var brokers = Clients.admin().listConfigResources(Set.of(ConfigResource.Type.BROKER), new org.apache.kafka.clients.admin.ListConfigResourcesOptions()).all().get();
            var metrics = Clients.admin().listConfigResources(Set.of(ConfigResource.Type.CLIENT_METRICS), new org.apache.kafka.clients.admin.ListConfigResourcesOptions()).all().get();
            return topics.stream().anyMatch(each -> each.name().equals("a-resource")) + " " + brokers.stream().map(ConfigResource::name).toList() + " " + metrics;
        });
    }

    private TopicChecks() {}
}
