// Kafka's command-line tools, called as their scripts call them, in this process: exits are caught and what they print is gathered.

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.utils.Exit;
import org.apache.kafka.tools.BrokerApiVersionsCommand;
import org.apache.kafka.tools.ClientMetricsCommand;
import org.apache.kafka.tools.ClusterTool;
import org.apache.kafka.tools.ConsoleProducer;
import org.apache.kafka.tools.ConsumerPerformance;
import org.apache.kafka.tools.DeleteRecordsCommand;
import org.apache.kafka.tools.EndToEndLatency;
import org.apache.kafka.tools.FeatureCommand;
import org.apache.kafka.tools.GetOffsetShell;
import org.apache.kafka.tools.GroupsCommand;
import org.apache.kafka.tools.LeaderElectionCommand;
import org.apache.kafka.tools.LogDirsCommand;
import org.apache.kafka.tools.MetadataQuorumCommand;
import org.apache.kafka.tools.ProducerPerformance;
import org.apache.kafka.tools.StreamsResetter;
import org.apache.kafka.tools.TopicCommand;
import org.apache.kafka.tools.TransactionsCommand;
import org.apache.kafka.tools.VerifiableConsumer;
import org.apache.kafka.tools.VerifiableProducer;
import org.apache.kafka.tools.consumer.ConsoleConsumer;
import org.apache.kafka.tools.consumer.group.ConsumerGroupCommand;
import org.apache.kafka.tools.reassign.ReassignPartitionsCommand;

final class ToolChecks {
    interface Main {
        void main(String[] args) throws Exception;
    }

    private static final class Exited extends RuntimeException {
        final int status;

        Exited(int status) {
            super("exit " + status);
            this.status = status;
        }
    }

    /** What the tool printed, and "exit N" if it ended with a code other than 0. `args` is split at spaces. */
    static String tool(Main main, String args) throws Exception {
        return tool(main, "", args.split(" "));
    }

    static String tool(Main main, String input, String... args) throws Exception {
        var printed = new ByteArrayOutputStream();
        var out = System.out;
        var err = System.err;
        var in = System.in;
        var stream = new PrintStream(printed, true, StandardCharsets.UTF_8);
        Exit.setExitProcedure((status, message) -> {
            throw new Exited(status);
        });
        Exit.setHaltProcedure((status, message) -> {
            throw new Exited(status);
        });
        System.setOut(stream);
        System.setErr(stream);
        System.setIn(new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)));
        String exit = "";
        try {
            main.main(args);
        } catch (Exited e) {
            if (e.status != 0) exit = "\nexit " + e.status;
        } finally {
            System.setOut(out);
            System.setErr(err);
            System.setIn(in);
        }
        return (printed.toString(StandardCharsets.UTF_8) + exit).replace(Checks.servers, "BROKER").strip();
    }

    private static String server(String args) {
        return "--bootstrap-server " + Checks.servers + " " + args;
    }

    /** Lines with the text, in order, blanks joined. */
    private static String lines(String printed, String with) {
        return String.join("\n", Arrays.stream(printed.split("\n")).filter(line -> line.contains(with)).map(line -> line.strip().replaceAll("[\\s]+", " ")).sorted().toList());
    }

    /** Those of the JSON values, which the formatters print without a line's end, that have the text. */
    private static String values(String printed, String with) {
        return String.join("\n", Arrays.stream(printed.split("(?=\\{\"key\")|Processed")).filter(value -> value.contains(with)).toList());
    }

    private static String file(String text) throws Exception {
        Path path = Files.createTempFile(Path.of("."), "tool", ".json");
        Files.writeString(path, text);
        return path.toString();
    }

    static void add() {
        topics();
        console();
        groups();
        cluster();
        transactions();
        performance();
    }

    private static void topics() {
        Checks.check("kafka-topics creates, alters, describes and deletes", () -> {
            var seen = new ArrayList<String>();
            seen.add(tool(TopicCommand::main, server("--create --topic tool-topic --partitions 2 --config retention.ms=5000")));
            seen.add(tool(TopicCommand::main, server("--create --if-not-exists --topic tool-topic --partitions 2")));
            tool(TopicCommand::main, server("--alter --topic tool-topic --partitions 3"));
            Checks.await("three", () -> tool(TopicCommand::main, server("--describe --topic tool-topic")).contains("PartitionCount: 3"));
            seen.add(tool(TopicCommand::main, server("--describe --topic tool-topic")).replaceAll("TopicId: \\S+", "TopicId: ID").replace("min.insync.replicas=1,", ""));
            seen.add(tool(TopicCommand::main, server("--describe --topics-with-overrides")).contains("tool-topic") + "");
            seen.add(tool(TopicCommand::main, server("--describe --under-replicated-partitions")));
            seen.add(tool(TopicCommand::main, server("--describe --unavailable-partitions")));
            seen.add(lines(tool(TopicCommand::main, server("--list")), "tool-topic"));
            seen.add(tool(TopicCommand::main, server("--delete --topic tool-topic")));
            return String.join("\n", seen);
        });
        Checks.check("kafka-configs alters and describes topics", () -> {
            Clients.topic("tool-config", 1);
            var seen = new ArrayList<String>();
            seen.add(tool(kafka.admin.ConfigCommand::main, server("--alter --entity-type topics --entity-name tool-config --add-config retention.ms=9000,cleanup.policy=[compact,delete]")));
            Checks.await("set", () -> TopicChecks.configOf("tool-config").get("retention.ms").value().equals("9000"));
            seen.add(lines(tool(kafka.admin.ConfigCommand::main, server("--describe --entity-type topics --entity-name tool-config")), "="));
            seen.add(tool(kafka.admin.ConfigCommand::main, server("--alter --entity-type topics --entity-name tool-config --delete-config retention.ms")));
            seen.add(lines(tool(kafka.admin.ConfigCommand::main, server("--describe --all --entity-type topics --entity-name tool-config")), "segment.bytes="));
            return String.join("\n", seen);
        });
        Checks.check("kafka-configs alters and describes the broker", () -> {
            var seen = new ArrayList<String>();
            seen.add(tool(kafka.admin.ConfigCommand::main, server("--alter --entity-type brokers --entity-name 0 --add-config log.cleaner.delete.retention.ms=70000000")));
            Checks.await("set", () -> tool(kafka.admin.ConfigCommand::main, server("--describe --entity-type brokers --entity-name 0")).contains("70000000"));
            seen.add(tool(kafka.admin.ConfigCommand::main, server("--alter --entity-type brokers --entity-name 0 --delete-config log.cleaner.delete.retention.ms")));
            seen.add(tool(kafka.admin.ConfigCommand::main, server("--alter --entity-type brokers --entity-default --add-config message.max.bytes=2000000")));
            Checks.await("default set", () -> tool(kafka.admin.ConfigCommand::main, server("--describe --entity-type brokers --entity-default")).contains("2000000"));
            seen.add(tool(kafka.admin.ConfigCommand::main, server("--alter --entity-type brokers --entity-default --delete-config message.max.bytes")));
            return String.join("\n", seen);
        });
        Checks.check("kafka-get-offsets", () -> {
            Clients.topic("tool-offsets", 2);
            Clients.send("tool-offsets", 0, "a", "b", "c");
            var seen = new ArrayList<String>();
            for (String time : List.of("latest", "earliest", "max-timestamp", "earliest-local", "latest-tiered"))
                seen.add(time + " " + tool(GetOffsetShell::main, server("--topic tool-offsets --time " + time)).replace("\n", " "));
            seen.add(tool(GetOffsetShell::main, server("--topic-partitions tool-offsets:0")));
            return String.join("\n", seen);
        });
        Checks.check("kafka-delete-records", () -> {
            Clients.topic("tool-delete", 1);
            Clients.send("tool-delete", 0, "a", "b", "c");
            var json = file("{\"partitions\":[{\"topic\":\"tool-delete\",\"partition\":0,\"offset\":2}],\"version\":1}");
            return tool(DeleteRecordsCommand::main, server("--offset-json-file " + json)) + " " + Clients.values(new TopicPartition("tool-delete", 0));
        });
        Checks.check("kafka-log-dirs", () -> {
            Clients.topic("tool-dirs", 1);
            var printed = tool(LogDirsCommand::main, server("--describe --topic-list tool-dirs"));
            return printed.replaceAll("\"logDir\":\"[^\"]*\"", "DIR").replaceAll("\"size\":\\d+", "SIZE");
        });
    }

    private static void console() {
        Checks.check("kafka-console-producer and kafka-console-consumer", () -> {
            Clients.topic("tool-console", 1);
            tool(ConsoleProducer::main, "k1:v1\nk2:v2\nk3:NULL\n", server("--topic tool-console --reader-property parse.key=true --reader-property key.separator=: --reader-property null.marker=NULL").split(" "));
            return tool(ConsoleConsumer::main, server("--topic tool-console --from-beginning --max-messages 3 --timeout-ms 15000 --formatter-property print.key=true --formatter-property print.offset=true --formatter-property print.partition=true"));
        });
        Checks.check("kafka-console-consumer reads from an offset of a partition and in a group", () -> {
            Clients.topic("tool-offset", 1);
            Clients.send("tool-offset", 0, "a", "b", "c");
            return tool(ConsoleConsumer::main, server("--topic tool-offset --partition 0 --offset 1 --max-messages 2 --timeout-ms 15000")) + "\n"
                + tool(ConsoleConsumer::main, server("--topic tool-offset --group tool-offset --from-beginning --max-messages 3 --timeout-ms 15000 --isolation-level read_committed"));
        });
        Checks.check("kafka-console-consumer shows the offsets topic", () -> {
            Clients.topic("tool-internal", 1);
            Clients.admin().alterConsumerGroupOffsets("tool-internal", Map.of(new TopicPartition("tool-internal", 0), new OffsetAndMetadata(3))).all().get();
            var printed = tool(ConsoleConsumer::main, server("--topic __consumer_offsets --from-beginning --timeout-ms 2000 --formatter org.apache.kafka.tools.consumer.OffsetsMessageFormatter"));
            return values(printed, "\"tool-internal\"").replaceAll("\"commitTimestamp\":\\d+", "TIME").replaceAll("\"topicId\":\"[^\"]*\"", "ID");
        });
        Checks.check("kafka-console-consumer shows the transactions topic", () -> {
            Clients.topic("tool-txlog", 1);
            try (var producer = TransactionChecks.begun("tool-txlog", "tool-txlog", "x")) {
                producer.commitTransaction();
                Checks.await("complete", () -> Clients.admin().describeTransactions(List.of("tool-txlog")).description("tool-txlog").get().state().toString().equals("CompleteCommit"));
            }
            var printed = tool(ConsoleConsumer::main, server("--topic __transaction_state --from-beginning --timeout-ms 2000 --isolation-level read_committed --formatter org.apache.kafka.tools.consumer.TransactionLogMessageFormatter"));
            return values(printed, "\"tool-txlog\"").replaceAll("Timestamp(Ms)?\":-?\\d+", "\":TIME").replaceAll("([pP]roducerId)\":-?\\d+", "$1\":ID");
        });
    }

    private static void groups() {
        Checks.check("kafka-consumer-groups describes, resets and deletes", () -> {
            var partition = Clients.topic("tool-group", 2);
            Clients.send("tool-group", 0, "a", "b", "c");
            Clients.admin().alterConsumerGroupOffsets("tool-group", Map.of(partition, new OffsetAndMetadata(1))).all().get();
            var seen = new ArrayList<String>();
            seen.add(lines(tool(ConsumerGroupCommand::main, server("--list --state")), "tool-group "));
            seen.add(lines(tool(ConsumerGroupCommand::main, server("--describe --group tool-group")), "tool-group"));
            seen.add(lines(tool(ConsumerGroupCommand::main, server("--describe --group tool-group --state")), "tool-group").replace("127.0.0.1", "HOST").replace("localhost", "HOST").replaceAll("HOST:\\d+", "HOST").replaceAll("BROKER", "HOST"));
            seen.add(lines(tool(ConsumerGroupCommand::main, server("--describe --group tool-group --members")), "tool-group"));
            for (String to : List.of("--to-latest", "--to-earliest", "--shift-by 2", "--to-offset 1", "--to-datetime 2020-01-01T00:00:00.000", "--by-duration PT1H"))
                seen.add(lines(tool(ConsumerGroupCommand::main, server("--reset-offsets --group tool-group --topic tool-group:0 --execute " + to)), "tool-group"));
            seen.add(lines(tool(ConsumerGroupCommand::main, server("--reset-offsets --group tool-group --all-topics --to-current --dry-run")), "tool-group"));
            seen.add(tool(ConsumerGroupCommand::main, server("--delete-offsets --group tool-group --topic tool-group")).replaceAll("\\s+", " "));
            seen.add(tool(ConsumerGroupCommand::main, server("--delete --group tool-group")));
            return String.join("\n", seen);
        });
        Checks.check("kafka-groups lists groups of every kind", () -> {
            Clients.admin().alterConsumerGroupOffsets("tool-kinds", Map.of(new TopicPartition("tool-group", 0), new OffsetAndMetadata(1))).all().get();
            return lines(tool(GroupsCommand::main, server("--list")), "tool-kinds");
        });
        Checks.check("kafka-streams-application-reset", () -> {
            Clients.topic("tool-streams", 1);
            Clients.send("tool-streams", 0, "a", "b");
            Clients.admin().alterConsumerGroupOffsets("tool-streams", Map.of(new TopicPartition("tool-streams", 0), new OffsetAndMetadata(2))).all().get();
            Clients.topic("tool-streams-store-changelog", 1);
            var printed = tool(args -> {
                int status = new StreamsResetter().execute(args);
                if (status != 0) throw new Exited(status);
            }, server("--application-id tool-streams --input-topics tool-streams"));
            var left = Clients.admin().listConsumerGroupOffsets("tool-streams").partitionsToOffsetAndMetadata().get().get(new TopicPartition("tool-streams", 0)).offset();
            return printed + " " + left + " " + Clients.admin().listTopics().names().get().contains("tool-streams-store-changelog");
        });
        Checks.check("kafka-verifiable-producer and -consumer", () -> {
            Clients.topic("tool-verifiable", 1);
            tool(VerifiableProducer::main, server("--topic tool-verifiable --max-messages 50 --acks -1"));
            var consumed = tool(VerifiableConsumer::main, server("--topic tool-verifiable --group-id tool-verifiable --max-messages 50 --reset-policy earliest"));
            return lines(consumed, "partitions_assigned").replaceAll("\"timestamp\":\\d+", "TIME") + " "
                + lines(consumed, "offsets_committed").contains("\"offset\":50");
        });
    }

    private static void cluster() {
        Checks.check("kafka-cluster tells the id and the endpoints", () -> {
            var id = tool(ClusterTool::main, "cluster-id --bootstrap-server " + Checks.servers).replaceAll(": \\S+$", ": ID");
            var endpoints = tool(ClusterTool::main, "list-endpoints --bootstrap-server " + Checks.servers);
            return id + "\n" + endpoints.replaceAll("\\d{4,5}", "PORT").replaceAll("localhost|127.0.0.1", "HOST").replaceAll("[ ]+", " ");
        });
        Checks.check("kafka-broker-api-versions", () -> {
            var printed = tool(BrokerApiVersionsCommand::main, "--bootstrap-server " + Checks.servers);
            return lines(printed, "Produce(0)") + "\n" + lines(printed, "Fetch(1)") + "\n" + lines(printed, "JoinGroup(11)") + "\n" + lines(printed, "EndTxn(26)") + "\n" + lines(printed, "ConsumerGroupHeartbeat(68)");
        });
        Checks.check("kafka-features", () -> {
            var printed = tool(FeatureCommand::main, "--bootstrap-server " + Checks.servers + " describe");
            return lines(printed, "transaction.version").replaceAll("Epoch: \\d+", "") + "\n" + lines(printed, "group.version").replaceAll("Epoch: \\d+", "");
        });
        Checks.check("kafka-metadata-quorum", () -> {
            var status = tool(MetadataQuorumCommand::main, "--bootstrap-server " + Checks.servers + " describe --status");
            return lines(status, "LeaderId") + " " + lines(status, "MaxFollowerLag:");
        });
        Checks.check("kafka-leader-election", () -> {
            Clients.topic("tool-election", 2);
            return tool(LeaderElectionCommand::main, server("--election-type preferred --topic tool-election --partition 0")) + "\n"
                + tool(LeaderElectionCommand::main, server("--election-type preferred --all-topic-partitions"));
        });
        Checks.check("kafka-reassign-partitions", () -> {
            Clients.topic("tool-reassign", 1);
            var json = file("{\"version\":1,\"partitions\":[{\"topic\":\"tool-reassign\",\"partition\":0,\"replicas\":[0]}]}");
            var topics = file("{\"version\":1,\"topics\":[{\"topic\":\"tool-reassign\"}]}");
            var seen = new ArrayList<String>();
            seen.add(tool(ReassignPartitionsCommand::main, server("--generate --broker-list 0 --topics-to-move-json-file " + topics)));
            seen.add(tool(ReassignPartitionsCommand::main, server("--execute --reassignment-json-file " + json)));
            seen.add(tool(ReassignPartitionsCommand::main, server("--verify --reassignment-json-file " + json)));
            seen.add(tool(ReassignPartitionsCommand::main, server("--list")));
            seen.add(tool(ReassignPartitionsCommand::main, server("--cancel --reassignment-json-file " + json)));
            return String.join("\n", seen).replaceAll("\"log_dirs\":\\[[^\\]]*\\]", "DIRS");
        });
        Checks.check("kafka-client-metrics lists none", () -> tool(ClientMetricsCommand::main, server("--list")));
    }

    private static void transactions() {
        Checks.check("kafka-transactions lists, describes, finds and aborts", () -> {
            Clients.topic("tool-transactions", 1);
            var producer = TransactionChecks.begun("tool-transactions", "tool-transactions", "open");
            var seen = new ArrayList<String>();
            String to = "--bootstrap-server " + Checks.servers + " ";
            String ids = "producerId|\\b\\d{4,}\\b";
            seen.add(lines(tool(TransactionsCommand::main, to + "list"), "tool-transactions").replaceAll("\\b0 \\d+ Ongoing", "0 ID Ongoing"));
            var described = tool(TransactionsCommand::main, to + "describe --transactional-id tool-transactions");
            seen.add(lines(described, "tool-transactions").replaceAll("\\d+ (\\d+) Ongoing \\d+ \\d+ \\d+", "ID $1 Ongoing").replaceAll("\\d+", "N"));
            seen.add(lines(tool(TransactionsCommand::main, to + "describe-producers --topic tool-transactions --partition 0"), "").split("\n").length + "");
            seen.add(tool(TransactionsCommand::main, to + "find-hanging --broker-id 0").replaceAll("\\s+", " "));
            seen.add(tool(TransactionsCommand::main, to + "find-hanging --topic tool-transactions --max-transaction-timeout 0").replaceAll("\\s+", " ").replaceAll(ids, "N"));
            seen.add(tool(TransactionsCommand::main, to + "abort --topic tool-transactions --partition 0 --start-offset 0"));
            seen.add(tool(TransactionsCommand::main, to + "force-terminate --transactional-id tool-transactions"));
            seen.add(Checks.errorOf(() -> {
                producer.commitTransaction();
                return "committed";
            }));
            producer.close(java.time.Duration.ZERO);
            return String.join("\n", seen);
        });
    }

    private static void performance() {
        Checks.check("kafka-producer-perf-test and kafka-consumer-perf-test", () -> {
            Clients.topic("tool-performance", 1);
            var produced = tool(ProducerPerformance::main, "--topic tool-performance --num-records 20000 --record-size 100 --throughput -1 --bootstrap-server " + Checks.servers);
            var consumed = tool(ConsumerPerformance::main, server("--topic tool-performance --num-records 20000 --timeout 15000"));
            return produced.contains("20000 records sent") + " " + consumed.contains(" 20000,");
        });
        Checks.check("kafka-e2e-latency", () -> {
            Clients.topic("tool-latency", 1);
            var printed = tool(EndToEndLatency::main, server("--topic tool-latency --num-records 200 --producer-acks all --record-size 100"));
            return printed.contains("Percentiles: 50th") && !printed.contains("exit");
        });
    }

    private ToolChecks() {}
}
