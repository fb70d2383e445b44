// The remaining sub-commands of Kafka's command-line tools: every one that makes sense on one node.

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.tools.ClientMetricsCommand;
import org.apache.kafka.tools.ClusterTool;
import org.apache.kafka.tools.ConsumerPerformance;
import org.apache.kafka.tools.FeatureCommand;
import org.apache.kafka.tools.GetOffsetShell;
import org.apache.kafka.tools.GroupsCommand;
import org.apache.kafka.tools.LeaderElectionCommand;
import org.apache.kafka.tools.LogDirsCommand;
import org.apache.kafka.tools.MetadataQuorumCommand;
import org.apache.kafka.tools.ProducerPerformance;
import org.apache.kafka.tools.TopicCommand;
import org.apache.kafka.tools.TransactionsCommand;
import org.apache.kafka.tools.VerifiableProducer;
import org.apache.kafka.tools.consumer.ConsoleConsumer;
import org.apache.kafka.tools.consumer.group.ConsumerGroupCommand;
import org.apache.kafka.tools.reassign.ReassignPartitionsCommand;

final class ToolCommandChecks {
    private static String server(String args) {
        return "--bootstrap-server " + Checks.servers + " " + args;
    }

    private static String topics(String args) throws Exception {
        return ToolChecks.tool(TopicCommand::main, server(args));
    }

    private static String configs(String args) throws Exception {
        return ToolChecks.tool(kafka.admin.ConfigCommand::main, server(args));
    }

    private static String groups(String args) throws Exception {
        return ToolChecks.tool(ConsumerGroupCommand::main, server(args));
    }

    private static String transactions(String args) throws Exception {
        return ToolChecks.tool(TransactionsCommand::main, "--bootstrap-server " + Checks.servers + " " + args);
    }

    /** What a refusal is, without the words: the names of the errors in it. */
    private static String refusal(String printed) {
        var names = new ArrayList<String>();
        var matcher = java.util.regex.Pattern.compile("\\b(\\w+Exception)\\b").matcher(printed);
        while (matcher.find()) if (!names.contains(matcher.group(1))) names.add(matcher.group(1));
        return names + (printed.contains("exit 1") ? " exit 1" : "");
    }

    private static String file(String text) throws Exception {
        Path path = Files.createTempFile(Path.of("."), "command", ".json");
        Files.writeString(path, text);
        return path.toString();
    }

    private static void committed(String group, String topic, long offset) throws Exception {
        Clients.admin().alterConsumerGroupOffsets(group, Map.of(new TopicPartition(topic, 0), new OffsetAndMetadata(offset))).all().get();
    }

    static void add() {
        addTopics();
        addConfigs();
        addGroups();
        addCluster();
        addTransactions();
    }

    private static void addTopics() {
        Checks.check("kafka-topics refuses what is wrong, and is quiet where it is told to be", () -> {
            Clients.topic("command-topic", 1);
            var seen = new ArrayList<String>();
            seen.add(refusal(topics("--create --topic command-topic")));
            seen.add(refusal(topics("--create --topic command-wrong --config no.such=1")));
            seen.add(refusal(topics("--create --topic command-wrong --config retention.ms=x")));
            seen.add(refusal(topics("--create --topic command-wrong --replication-factor 3")));
            seen.add(refusal(topics("--create --topic command/wrong --partitions 1")));
            seen.add(refusal(topics("--alter --topic command-topic --partitions 1")));
            seen.add(refusal(topics("--alter --topic command-missing --partitions 2")));
            seen.add(topics("--alter --if-exists --topic command-missing --partitions 2"));
            seen.add(refusal(topics("--describe --topic command-missing")));
            seen.add(topics("--describe --if-exists --topic command-missing"));
            seen.add(refusal(topics("--delete --topic command-missing")));
            seen.add(topics("--delete --if-exists --topic command-missing"));
            return String.join("\n", seen);
        });
        Checks.check("kafka-topics finds by pattern, by id and by state, page by page", () -> {
            for (var name : List.of("command-list-a", "command-list-b")) Clients.topic(name, 3);
            var id = Clients.admin().describeTopics(List.of("command-list-a")).allTopicNames().get().get("command-list-a").topicId();
            var seen = new ArrayList<String>();
            seen.add(topics("--list --topic command-list-.*"));
            seen.add(topics("--list --exclude-internal --topic command-list-.*|__consumer_offsets"));
            seen.add(topics("--describe --topic-id " + id).replaceAll("TopicId: \\S+", "ID").replaceAll("Configs: .*", ""));
            seen.add(topics("--describe --topic command-list-.* --partition-size-limit-per-response 2").replaceAll("TopicId: \\S+", "ID").replaceAll("Configs: .*", ""));
            for (var state : List.of("--at-min-isr-partitions", "--under-min-isr-partitions"))
                seen.add(topics("--describe --topic command-list-a " + state));
            seen.add(topics("--create --topic command-placed --replica-assignment 0,0"));
            seen.add(topics("--delete --topic command-list-.*"));
            Checks.await("gone", () -> Clients.admin().listTopics().names().get().stream().noneMatch(name -> name.startsWith("command-list-")));
            return String.join("\n", seen);
        });
        Checks.check("kafka-get-offsets by pattern, partition and time", () -> {
            Clients.topic("command-offsets-a", 2);
            Clients.topic("command-offsets-b", 1);
            Clients.send("command-offsets-a", 1, "a", "b");
            var seen = new ArrayList<String>();
            seen.add(ToolChecks.tool(GetOffsetShell::main, server("--topic command-offsets-.*")));
            seen.add(ToolChecks.tool(GetOffsetShell::main, server("--topic command-offsets-a --partitions 1,5")));
            seen.add(ToolChecks.tool(GetOffsetShell::main, server("--topic-partitions command-offsets-.*:0-1 --exclude-internal-topics")));
            for (var time : List.of("-1", "-2", "-3", "-4", "-5", "1", "4102444800000"))
                seen.add(time + ": " + ToolChecks.tool(GetOffsetShell::main, server("--topic command-offsets-a --time " + time)));
            seen.add(ToolChecks.tool(GetOffsetShell::main, server("--topic command-offsets-missing")));
            return String.join("\n", seen);
        });
        Checks.check("kafka-log-dirs of one broker and of none", () -> {
            Clients.topic("command-dirs", 2);
            var one = ToolChecks.tool(LogDirsCommand::main, server("--describe --broker-list 0 --topic-list command-dirs"));
            var none = ToolChecks.tool(LogDirsCommand::main, server("--describe --broker-list 7"));
            return one.replaceAll("\"logDir\":\"[^\"]*\"", "DIR").replaceAll("\"size\":\\d+", "SIZE").replaceAll("\"(total|usable)Bytes\":-?\\d+", "BYTES") + "\n" + none;
        });
        Checks.check("kafka-console-consumer reads several topics by a pattern", () -> {
            for (var name : List.of("command-include-a", "command-include-b")) {
                Clients.topic(name, 1);
                Clients.send(name, 0, name);
            }
            var printed = ToolChecks.tool(ConsoleConsumer::main, server("--include command-include-.* --from-beginning --max-messages 2 --timeout-ms 15000"));
            return String.join("\n", printed.lines().sorted().toList());
        });
    }

    private static void addConfigs() {
        Checks.check("kafka-configs sets several configs from a file, and refuses wrong ones", () -> {
            Clients.topic("command-config", 1);
            var seen = new ArrayList<String>();
            var properties = file("retention.ms=7000\nsegment.ms=8000\n");
            seen.add(configs("--alter --topic command-config --add-config-file " + properties));
            Checks.await("set", () -> TopicChecks.configOf("command-config").get("segment.ms").value().equals("8000"));
            seen.add(refusal(configs("--alter --topic command-config --add-config retention.ms=x")));
            seen.add(refusal(configs("--alter --topic command-config --add-config no.such=1")));
            seen.add(refusal(configs("--alter --topic command-config --delete-config segment.bytes")));
            seen.add(refusal(configs("--alter --topic command-missing --add-config retention.ms=1")));
            seen.add(refusal(configs("--describe --topic command-missing")));
            return String.join("\n", seen);
        });
        Checks.check("kafka-configs alters and describes groups", () -> {
            var seen = new ArrayList<String>();
            seen.add(configs("--alter --group command-group --add-config consumer.session.timeout.ms=50000"));
            Checks.await("set", () -> configs("--describe --group command-group").contains("50000"));
            seen.add(configs("--describe --entity-type groups --entity-name command-group").replaceAll("synonyms=.*", ""));
            seen.add(configs("--describe --entity-type groups").contains("command-group") + "");
            seen.add(configs("--alter --group command-group --delete-config consumer.session.timeout.ms"));
            seen.add(refusal(configs("--alter --group command-group --add-config consumer.session.timeout.ms=1")));
            return String.join("\n", seen);
        });
        Checks.check("kafka-configs describes brokers with all that holds", () -> {
            var all = configs("--describe --all --broker 0");
            var names = new ArrayList<String>();
            for (var name : List.of("num.partitions", "log.retention.hours", "message.max.bytes", "group.max.size", "node.id", "offsets.retention.minutes"))
                names.add(name + " " + all.contains("  " + name + "="));
            names.add(refusal(configs("--alter --broker 0 --add-config num.partitions=7")));
            names.add(configs("--alter --broker 0 --add-config background.threads=9"));
            Checks.await("set", () -> configs("--describe --broker 0").contains("background.threads=9"));
            names.add(configs("--alter --broker 0 --delete-config background.threads"));
            return String.join("\n", names);
        });
        Checks.check("kafka-client-metrics and client-metrics configs are empty", () -> ToolChecks.tool(ClientMetricsCommand::main, server("--describe")) + configs("--describe --entity-type client-metrics"));
    }

    private static void addGroups() {
        Checks.check("kafka-consumer-groups describes all groups, and members at length", () -> {
            Clients.topic("command-members", 2);
            committed("command-members", "command-members", 0);
            var seen = new ArrayList<String>();
            for (var what : List.of("--offsets", "--members --verbose", "--state --verbose"))
                seen.add(groups("--describe --group command-members " + what).replaceAll("(127.0.0.1|localhost|BROKER):?\\d* *\\(\\d+\\)", "HOST").replaceAll(" +", " "));
            seen.add(groups("--describe --all-groups").contains("command-members") + "");
            seen.add(refusal(groups("--describe --group command-nobody")));
            seen.add(groups("--list --type classic").contains("command-members") + " " + groups("--list --type consumer").contains("command-members"));
            seen.add(groups("--list --state Empty").contains("command-members") + " " + groups("--list --state Stable").contains("command-members"));
            return String.join("\n", seen);
        });
        Checks.check("kafka-consumer-groups exports a plan, resets from it, and refuses what it cannot", () -> {
            Clients.topic("command-reset", 2);
            Clients.send("command-reset", 0, "a", "b", "c", "d");
            for (var group : List.of("command-reset-a", "command-reset-b")) committed(group, "command-reset", 3);
            var seen = new ArrayList<String>();
            var plan = groups("--reset-offsets --group command-reset-a --topic command-reset --to-earliest --dry-run --export");
            seen.add(plan);
            var exported = file(String.join("\n", plan.lines().filter(line -> line.startsWith("command-reset")).map(line -> line.replace("\"", "")).toList()) + "\n");
            seen.add(groups("--reset-offsets --group command-reset-a --from-file " + exported + " --execute").replaceAll(" +", " "));
            seen.add(groups("--reset-offsets --group command-reset-a --group command-reset-b --all-topics --shift-by -1 --execute").lines().sorted().toList().toString().replaceAll(" +", " "));
            seen.add(groups("--reset-offsets --group command-reset-a --topic command-reset:0,1 --to-offset 50 --execute").replaceAll(" +", " "));
            seen.add(refusal(groups("--delete-offsets --group command-nobody --topic command-reset")));
            seen.add(refusal(groups("--delete --group command-nobody")));
            seen.add(groups("--delete --group command-reset-a --group command-reset-b").replaceAll("command-reset-[ab]", "G"));
            return String.join("\n", seen);
        });
        Checks.check("kafka-groups filters by kind and protocol", () -> {
            Clients.topic("command-kinds", 1);
            committed("command-kinds", "command-kinds", 1);
            var seen = new ArrayList<String>();
            for (var filter : List.of("", "--consumer", "--group-type classic", "--group-type consumer", "--protocol consumer", "--protocol connect"))
                seen.add(filter + " " + ToolChecks.tool(GroupsCommand::main, server("--list " + filter).strip()).contains("command-kinds"));
            return String.join("\n", seen);
        });
    }

    private static void addCluster() {
        Checks.check("kafka-features tells versions and refuses to go down", () -> {
            var to = "--bootstrap-server " + Checks.servers + " ";
            var seen = new ArrayList<String>();
            seen.add(ToolChecks.tool(FeatureCommand::main, to + "feature-dependencies --feature transaction.version=2"));
            seen.add(ToolChecks.tool(FeatureCommand::main, to + "upgrade --feature transaction.version=2 --dry-run"));
            seen.add(refusal(ToolChecks.tool(FeatureCommand::main, to + "upgrade --feature transaction.version=9")));
            seen.add(refusal(ToolChecks.tool(FeatureCommand::main, to + "downgrade --feature no.such=1")));
            return String.join("\n", seen);
        });
        Checks.check("kafka-metadata-quorum describes the one replica", () -> {
            var printed = ToolChecks.tool(MetadataQuorumCommand::main, "--bootstrap-server " + Checks.servers + " describe --replication --human-readable");
            return printed.replaceAll("\\d+ ms ago|[A-Za-z0-9_-]{22}|\\d+", "N").replaceAll("\\s+", " ");
        });
        Checks.check("kafka-cluster lists controllers' endpoints or says why not", () -> {
            var printed = ToolChecks.tool(ClusterTool::main, "list-endpoints --include-fenced-brokers --bootstrap-server " + Checks.servers);
            return printed.replaceAll("\\d{4,5}", "PORT").replaceAll("localhost|127.0.0.1", "HOST").replaceAll("[ ]+", " ");
        });
        Checks.check("kafka-leader-election from a file, and unclean ones", () -> {
            Clients.topic("command-election", 2);
            var json = file("{\"partitions\":[{\"topic\":\"command-election\",\"partition\":0},{\"topic\":\"command-election\",\"partition\":1}]}");
            return ToolChecks.tool(LeaderElectionCommand::main, server("--election-type preferred --path-to-json-file " + json)) + "\n"
                + ToolChecks.tool(LeaderElectionCommand::main, server("--election-type unclean --topic command-election --partition 1")) + "\n"
                + refusal(ToolChecks.tool(LeaderElectionCommand::main, server("--election-type preferred --topic command-missing --partition 0")));
        });
        Checks.check("kafka-reassign-partitions with a throttle, taken back by verify", () -> {
            Clients.topic("command-throttle", 1);
            var json = file("{\"version\":1,\"partitions\":[{\"topic\":\"command-throttle\",\"partition\":0,\"replicas\":[0]}]}");
            var seen = new ArrayList<String>();
            seen.add(ToolChecks.tool(ReassignPartitionsCommand::main, server("--execute --throttle 1000000 --reassignment-json-file " + json)));
            seen.add(ToolChecks.tool(ReassignPartitionsCommand::main, server("--verify --reassignment-json-file " + json)));
            seen.add(configs("--describe --topic command-throttle").contains("throttled") + "");
            var wrong = file("{\"version\":1,\"partitions\":[{\"topic\":\"command-throttle\",\"partition\":0,\"replicas\":[7]}]}");
            seen.add(refusal(ToolChecks.tool(ReassignPartitionsCommand::main, server("--execute --reassignment-json-file " + wrong))));
            return String.join("\n", seen).replaceAll("\"log_dirs\":\\[[^\\]]*\\]", "DIRS");
        });
    }

    private static void addTransactions() {
        Checks.check("kafka-transactions filters its lists, and knows no strangers", () -> {
            Clients.topic("command-transactions", 1);
            var seen = new ArrayList<String>();
            try (var producer = TransactionChecks.begun("command-transactions", "command-transactions", "open")) {
                seen.add(transactions("list --transactional-id-pattern command-trans.*").contains("command-transactions") + "");
                seen.add(transactions("list --transactional-id-pattern nothing.*").contains("command-transactions") + "");
                seen.add(transactions("list --duration-filter 3600000").contains("command-transactions") + "");
                seen.add(refusal(transactions("describe --transactional-id command-nobody")));
                seen.add(transactions("describe-producers --topic command-transactions --partition 0 --broker-id 0").lines().count() + "");
                seen.add(transactions("find-hanging --topic command-transactions --partition 0").replaceAll("\\s+", " "));
                producer.abortTransaction();
            }
            return String.join("\n", seen);
        });
        Checks.check("kafka-producer-perf-test in transactions, kafka-consumer-perf-test in a group", () -> {
            Clients.topic("command-performance", 2);
            var produced = ToolChecks.tool(ProducerPerformance::main, "--topic command-performance --num-records 3000 --record-size 50 --throughput -1 --transactional-id command-perf --transaction-duration-ms 100 --bootstrap-server " + Checks.servers);
            var consumed = ToolChecks.tool(ConsumerPerformance::main, server("--topic command-performance --num-records 3000 --timeout 15000 --group command-perf --show-detailed-stats --reporting-interval 1000"));
            return produced.contains("3000 records sent") + " " + consumed.contains("exit") + " "
                + Clients.admin().listConsumerGroupOffsets("command-perf").partitionsToOffsetAndMetadata().get().keySet().size();
        });
        Checks.check("kafka-verifiable-producer repeats keys at a rate", () -> {
            Clients.topic("command-verifiable", 1);
            ToolChecks.tool(VerifiableProducer::main, server("--topic command-verifiable --max-messages 20 --throughput 500 --repeating-keys 4 --value-prefix 7"));
            var printed = ToolChecks.tool(ConsoleConsumer::main, server("--topic command-verifiable --from-beginning --max-messages 20 --timeout-ms 15000 --formatter-property print.key=true"));
            return String.join(" ", printed.lines().filter(line -> line.matches("\\d\t7\\.\\d+")).sorted().toList());
        });
    }

    private ToolCommandChecks() {}
}
