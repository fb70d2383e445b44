// Transactions of Kafka's producer, and Admin's view of them.

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.AbortTransactionSpec;
import org.apache.kafka.clients.admin.ListTransactionsOptions;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

final class TransactionChecks {
    static KafkaProducer<String, String> begun(String id, String topic, String value, Object... settings) throws Exception {
        var producer = Clients.transactional(id, settings);
        producer.initTransactions();
        producer.beginTransaction();
        producer.send(new ProducerRecord<>(topic, 0, null, value)).get();
        return producer;
    }

    private static Object state(String id) throws Exception {
        return Clients.admin().describeTransactions(List.of(id)).description(id).get().state();
    }

    static void add() {
        Checks.check("committed transactions are seen, aborted ones never", () -> {
            var partition = Clients.topic("outcomes", 1);
            try (var producer = Clients.transactional("outcomes")) {
                producer.initTransactions();
                for (int i = 0; i < 8; i++) {
                    producer.beginTransaction();
                    for (int j = 0; j < 3; j++) producer.send(new ProducerRecord<>("outcomes", 0, null, (i % 2 == 0 ? "c" : "a") + i + j));
                    producer.flush();
                    if (i % 2 == 0) producer.commitTransaction();
                    else producer.abortTransaction();
                }
            }
            Checks.await("the last marker", () -> Clients.values(partition).size() == 12);
            return Clients.values(partition) + " " + Clients.values(partition, "isolation.level", "read_uncommitted").size();
        });
        Checks.check("a transaction spans topics and partitions", () -> {
            Clients.topic("spans-a", 2);
            Clients.topic("spans-b", 2);
            try (var producer = Clients.transactional("spans")) {
                producer.initTransactions();
                producer.beginTransaction();
                for (String topic : List.of("spans-a", "spans-b"))
                    for (int i = 0; i < 2; i++) producer.send(new ProducerRecord<>(topic, i, null, topic + i));
                producer.commitTransaction();
            }
            try (var consumer = Clients.consumer("group.id", "spans")) {
                consumer.subscribe(List.of("spans-a", "spans-b"));
                return Clients.poll(consumer, 4);
            }
        });
        Checks.check("many small transactions of one producer keep their order", () -> {
            var partition = Clients.topic("small-transactions", 1);
            try (var producer = Clients.transactional("small")) {
                producer.initTransactions();
                for (int i = 0; i < 100; i++) {
                    producer.beginTransaction();
                    producer.send(new ProducerRecord<>("small-transactions", 0, null, String.valueOf(i)));
                    producer.commitTransaction();
                }
            }
            Checks.await("all", () -> Clients.values(partition).size() == 100);
            return Clients.values(partition).equals(Clients.numbers(100));
        });
        Checks.check("consumed offsets move with the transaction, with and without the group's metadata", () -> {
            var partition = Clients.topic("moves", 1);
            Clients.send("moves", 0, "a", "b", "c");
            try (var consumer = Clients.consumer("group.id", "moves"); var producer = Clients.transactional("moves")) {
                consumer.subscribe(List.of("moves"));
                Clients.poll(consumer, 3);
                producer.initTransactions();
                var seen = new ArrayList<Object>();
                for (boolean commit : new boolean[] {false, true}) {
                    producer.beginTransaction();
                    producer.sendOffsetsToTransaction(Map.of(partition, new OffsetAndMetadata(commit ? 3 : 2)), consumer.groupMetadata());
                    if (commit) producer.commitTransaction();
                    else producer.abortTransaction();
                    seen.add(String.valueOf(consumer.committed(Set.of(partition)).get(partition)).replaceAll("OffsetAndMetadata", ""));
                }
                producer.beginTransaction();
                producer.sendOffsetsToTransaction(Map.of(partition, new OffsetAndMetadata(1)), new ConsumerGroupMetadata("others"));
                producer.commitTransaction();
                Checks.await("the other group", () -> Clients.admin().listConsumerGroupOffsets("others").partitionsToOffsetAndMetadata().get().containsKey(partition));
                producer.beginTransaction();
                seen.add(Checks.errorOf(() -> {
                    producer.sendOffsetsToTransaction(Map.of(partition, new OffsetAndMetadata(1)), new ConsumerGroupMetadata("moves", 99, "nobody", java.util.Optional.empty()));
                    producer.commitTransaction();
                    return "committed";
                }));
                producer.abortTransaction();
                return seen;
            }
        });
        Checks.check("a new producer with the same id fences the old one and aborts what it left", () -> {
            var partition = Clients.topic("fenced", 1);
            var old = begun("fenced", "fenced", "left");
            try (var young = Clients.transactional("fenced")) {
                young.initTransactions();
                var error = Checks.errorOf(() -> {
                    old.send(new ProducerRecord<>("fenced", 0, null, "late")).get();
                    old.commitTransaction();
                    return "committed";
                });
                young.beginTransaction();
                young.send(new ProducerRecord<>("fenced", 0, null, "living"));
                young.commitTransaction();
                Checks.await("living", () -> Clients.values(partition).contains("living"));
                return error + " " + Clients.values(partition);
            } finally {
                old.close(Duration.ZERO);
            }
        });
        Checks.check("a transaction that takes too long is aborted", () -> {
            var partition = Clients.topic("slow", 1);
            try (var producer = begun("slow", "slow", "late", "transaction.timeout.ms", 1200)) {
                Checks.await("aborted", () -> state("slow") == TransactionState.COMPLETE_ABORT);
                var error = Checks.errorOf(() -> {
                    producer.commitTransaction();
                    return "committed";
                });
                return error + " " + Clients.values(partition);
            }
        });
        Checks.check("a timeout above the broker's is refused", () -> {
            try (var producer = Clients.transactional("too-long", "transaction.timeout.ms", 2_000_000_000)) {
                return Checks.errorOf(() -> {
                    producer.initTransactions();
                    return "begun";
                });
            }
        });
        Checks.check("transactions are listed and described", () -> {
            var partition = Clients.topic("described", 1);
            try (var producer = begun("described", "described", "x")) {
                var admin = Clients.admin();
                var description = admin.describeTransactions(List.of("described")).description("described").get();
                var listed = admin.listTransactions(new ListTransactionsOptions().filterStates(Set.of(TransactionState.ONGOING))).all().get()
                    .stream().filter(each -> each.transactionalId().equals("described")).map(each -> each.state()).toList();
                var byId = admin.listTransactions(new ListTransactionsOptions().filterProducerIds(Set.of(description.producerId()))).all().get().size();
                var byPattern = admin.listTransactions(new ListTransactionsOptions().filterOnTransactionalIdPattern("descr.*")).all().get().size();
                var old = admin.listTransactions(new ListTransactionsOptions().filterOnDuration(600_000)).all().get().size();
                var active = admin.describeProducers(List.of(partition)).partitionResult(partition).get().activeProducers().get(0);
                producer.commitTransaction();
                Checks.await("complete", () -> state("described") == TransactionState.COMPLETE_COMMIT);
                return description.state() + " " + description.topicPartitions() + " " + description.coordinatorId() + " " + description.transactionStartTimeMs().isPresent()
                    + " " + listed + " " + byId + " " + byPattern + " " + old + " " + active.currentTransactionStartOffset() + " " + active.lastSequence()
                    + " " + (active.producerId() == description.producerId()) + " " + Checks.errorOf(() -> state("never-was"));
            }
        });
        Checks.check("Admin aborts a transaction by its start and fences a producer by its id", () -> {
            var partition = Clients.topic("ended", 1);
            var admin = Clients.admin();
            var producer = begun("ended", "ended", "x");
            var active = admin.describeProducers(List.of(partition)).partitionResult(partition).get().activeProducers().get(0);
            var spec = new AbortTransactionSpec(partition, active.producerId(), (short) active.producerEpoch(), active.coordinatorEpoch().orElse(0));
            var aborted = Checks.errorOf(() -> admin.abortTransaction(spec).all().get());
            admin.fenceProducers(List.of("ended")).all().get();
            var error = Checks.errorOf(() -> {
                producer.commitTransaction();
                return "committed";
            });
            producer.close(Duration.ZERO);
            return aborted + " " + error + " " + Clients.values(partition);
        });
    }

    private TransactionChecks() {}
}
