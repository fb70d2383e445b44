// The cluster as Admin sees it: nodes, features, quorum, log directories, elections, reassignments, broker configs.

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.AlterConfigOp.OpType;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.clients.admin.FeatureUpdate;
import org.apache.kafka.clients.admin.NewPartitionReassignment;
import org.apache.kafka.clients.admin.UpdateFeaturesOptions;
import org.apache.kafka.common.ElectionType;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionReplica;
import org.apache.kafka.common.config.ConfigResource;

final class ClusterChecks {
    private static final ConfigResource BROKER = new ConfigResource(ConfigResource.Type.BROKER, "0");

    private static Object alter(ConfigResource resource, OpType type, String name, String value) throws Exception {
        return Clients.admin().incrementalAlterConfigs(Map.of(resource, List.of(new AlterConfigOp(new ConfigEntry(name, value), type)))).all().get();
    }

    private static ConfigEntry config(ConfigResource resource, String name) throws Exception {
        return Clients.admin().describeConfigs(List.of(resource)).all().get().get(resource).get(name);
    }

    private static Object reassign(TopicPartition partition, Integer... brokers) throws Exception {
        Optional<NewPartitionReassignment> to = brokers.length == 0 ? Optional.empty() : Optional.of(new NewPartitionReassignment(List.of(brokers)));
        return Clients.admin().alterPartitionReassignments(Map.of(partition, to)).all().get();
    }

    static void add() {
        Checks.check("the cluster has one node that is its controller", () -> {
            var cluster = Clients.admin().describeCluster(new DescribeClusterOptions().includeAuthorizedOperations(true));
            Collection<?> nodes = cluster.nodes().get();
            Checks.isTrue("an id", !cluster.clusterId().get().isEmpty());
            return nodes.size() + " " + cluster.nodes().get().iterator().next().id() + " " + cluster.controller().get().id() + " " + cluster.nodes().get().iterator().next().isFenced()
                + " " + new java.util.TreeSet<>(cluster.authorizedOperations().get());
        });
        Checks.check("features say which transactions and groups there are", () -> {
            var features = new TreeMap<>(Clients.admin().describeFeatures().featureMetadata().get().finalizedFeatures());
            return features.get("transaction.version") + " " + features.get("group.version");
        });
        Checks.check("a feature keeps its level and takes no unknown one", () -> {
            int level = Clients.admin().describeFeatures().featureMetadata().get().finalizedFeatures().get("group.version").maxVersionLevel();
            var same = new FeatureUpdate((short) level, FeatureUpdate.UpgradeType.UPGRADE);
            var high = new FeatureUpdate((short) 90, FeatureUpdate.UpgradeType.UPGRADE);
            var options = new UpdateFeaturesOptions().validateOnly(true);
            return Checks.errorOf(() -> Clients.admin().updateFeatures(Map.of("group.version", same), options).all().get()) + " "
                + Checks.errorOf(() -> Clients.admin().updateFeatures(Map.of("group.version", high), options).all().get()) + " "
                + Checks.errorOf(() -> Clients.admin().updateFeatures(Map.of("no.such", high), options).all().get());
        });
        Checks.check("the quorum has one voter, who leads", () -> {
            var quorum = Clients.admin().describeMetadataQuorum().quorumInfo().get();
            return quorum.leaderId() + " " + quorum.voters().size() + " " + quorum.voters().get(0).replicaId() + " " + quorum.observers().size();
        });
        Checks.check("log directories tell the sizes of partitions", () -> {
            var partition = Clients.topic("sized", 1);
            Clients.send("sized", 0, "x".repeat(1000));
            var dirs = Clients.admin().describeLogDirs(List.of(0)).allDescriptions().get().get(0);
            var info = dirs.values().iterator().next();
            var replica = info.replicaInfos().get(partition);
            return dirs.size() + " " + info.error() + " " + (replica.size() > 1000 && replica.size() < 2000) + " " + replica.offsetLag() + " " + replica.isFuture()
                + " " + (info.usableBytes().getAsLong() > 0);
        });
        Checks.check("a replica moves to no directory that is not there", () -> {
            Clients.topic("moving", 1);
            var replica = new TopicPartitionReplica("moving", 0, 0);
            return Checks.errorOf(() -> Clients.admin().alterReplicaLogDirs(Map.of(replica, "/no/such/directory")).all().get());
        });
        Checks.check("elections are not needed", () -> {
            var partition = Clients.topic("elected", 1);
            var absent = new TopicPartition("never-was", 0);
            return List.of(
                Checks.errorOf(() -> Clients.admin().electLeaders(ElectionType.PREFERRED, Set.of(partition)).all().get()),
                Checks.errorOf(() -> Clients.admin().electLeaders(ElectionType.UNCLEAN, Set.of(partition)).all().get()),
                Checks.errorOf(() -> Clients.admin().electLeaders(ElectionType.PREFERRED, Set.of(absent)).all().get()),
                Checks.errorOf(() -> Clients.admin().electLeaders(ElectionType.PREFERRED, null).partitions().get()));
        });
        Checks.check("reassignments to where everything is are done at once", () -> {
            var partition = Clients.topic("reassigned", 1);
            return List.of(
                Checks.errorOf(() -> reassign(partition, 0)),
                Checks.errorOf(() -> reassign(partition, 7)),
                Checks.errorOf(() -> reassign(partition)),
                Checks.errorOf(() -> reassign(new TopicPartition("never-was", 0), 0)),
                Clients.admin().listPartitionReassignments().reassignments().get());
        });
        Checks.check("the broker's configs are described", () -> {
            var entries = Clients.admin().describeConfigs(List.of(BROKER)).all().get().get(BROKER);
            var seen = new ArrayList<String>();
            for (String name : List.of("num.partitions", "message.max.bytes", "log.retention.ms", "log.segment.bytes", "auto.create.topics.enable", "transaction.max.timeout.ms", "log.cleanup.policy", "group.min.session.timeout.ms", "offsets.retention.minutes")) {
                var entry = entries.get(name);
                seen.add(name + "=" + (entry == null ? "none" : entry.value() + " " + entry.type()));
            }
            return String.join("\n", seen);
        });
        Checks.check("dynamic broker configs are set and deleted, static ones refused", () -> {
            var seen = new ArrayList<Object>();
            alter(BROKER, OpType.SET, "log.retention.ms", "7200000");
            Checks.await("set", () -> "7200000".equals(config(BROKER, "log.retention.ms").value()));
            Clients.topic("inherits", 1);
            seen.add(TopicChecks.configOf("inherits").get("retention.ms").value());
            alter(BROKER, OpType.DELETE, "log.retention.ms", null);
            Checks.await("deleted", () -> !"7200000".equals(config(BROKER, "log.retention.ms").value()));
            seen.add(Checks.errorOf(() -> alter(BROKER, OpType.SET, "broker.id", "5")));
            seen.add(Checks.errorOf(() -> alter(BROKER, OpType.SET, "message.max.bytes", "many")));
            return seen;
        });
    }

    private ClusterChecks() {}
}
