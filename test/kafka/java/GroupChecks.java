// Groups of several members, of both protocols, and what Admin tells of them and may do to them.

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.ListGroupsOptions;
import org.apache.kafka.clients.admin.MemberToRemove;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.SubscriptionPattern;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.GroupType;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;

final class GroupChecks {
    private static final String ASSIGNOR = "org.apache.kafka.clients.consumer.";

    private static ConsumerGroupDescription described(String group) throws Exception {
        return Clients.admin().describeConsumerGroups(List.of(group)).all().get().get(group);
    }

    private static List<Integer> sizes(List<KafkaConsumer<String, String>> consumers) {
        return consumers.stream().map(each -> each.assignment().size()).sorted().toList();
    }

    /** Two members share four partitions; one leaves; the other has all. */
    private static Object shared(String name, Object... settings) throws Exception {
        Clients.topic(name, 4);
        var pairs = new ArrayList<Object>(List.of("group.id", name, "heartbeat.interval.ms", 300));
        if (!List.of(settings).contains("consumer")) pairs.addAll(List.of("session.timeout.ms", 6000));
        else pairs.subList(2, 4).clear();
        pairs.addAll(List.of(settings));
        var consumers = new ArrayList<KafkaConsumer<String, String>>();
        var seen = new ArrayList<Object>();
        try {
            for (int i = 0; i < 2; i++) {
                var consumer = Clients.consumer(pairs.toArray());
                consumer.subscribe(List.of(name));
                consumers.add(consumer);
            }
            Clients.pollUntil("two and two", () -> sizes(consumers).equals(List.of(2, 2)), consumers);
            try (var producer = Clients.producer()) {
                for (int i = 0; i < 40; i++) producer.send(new ProducerRecord<>(name, i % 4, null, "v"));
            }
            var counts = new int[2];
            Checks.await("all records", () -> {
                for (int i = 0; i < 2; i++) counts[i] += consumers.get(i).poll(Duration.ofMillis(20)).count();
                return counts[0] + counts[1] >= 40;
            });
            seen.add(counts[0] + "+" + counts[1]);
            for (var consumer : consumers) consumer.commitSync();
            var group = described(name);
            seen.add(group.groupState() + " " + group.type() + " " + group.partitionAssignor() + " " + group.members().size() + " " + group.isSimpleConsumerGroup());
            consumers.remove(1).close();
            Clients.pollUntil("four", () -> sizes(consumers).equals(List.of(4)), consumers);
            seen.add(consumers.get(0).committed(consumers.get(0).assignment()).values().stream().mapToLong(OffsetAndMetadata::offset).sum());
        } finally {
            for (var consumer : consumers) consumer.close();
        }
        Checks.await("empty", () -> described(name).groupState() == GroupState.EMPTY);
        return seen;
    }

    static void add() {
        for (String assignor : List.of("RangeAssignor", "RoundRobinAssignor", "StickyAssignor", "CooperativeStickyAssignor"))
            Checks.check("a classic group shares partitions with " + assignor, () ->
                shared("classic-" + assignor.toLowerCase(Locale.ROOT), "partition.assignment.strategy", ASSIGNOR + assignor));
        for (String assignor : List.of("uniform", "range"))
            Checks.check("a consumer group (KIP-848) shares partitions with " + assignor, () ->
                shared("consumer-" + assignor, "group.protocol", "consumer", "group.remote.assignor", assignor));
        Checks.check("a consumer group (KIP-848) refuses an unknown assignor and a wrong pattern", () -> {
            Clients.topic("refusals", 1);
            var seen = new ArrayList<String>();
            try (var consumer = Clients.consumer("group.id", "refusals", "group.protocol", "consumer", "group.remote.assignor", "dice")) {
                consumer.subscribe(List.of("refusals"));
                seen.add(Checks.errorOf(() -> {
                    for (int i = 0; i < 100; i++) consumer.poll(Duration.ofMillis(50));
                    return "joined";
                }));
            }
            try (var consumer = Clients.consumer("group.id", "refusals-2", "group.protocol", "consumer")) {
                consumer.subscribe(new SubscriptionPattern("(unclosed"));
                seen.add(Checks.errorOf(() -> {
                    for (int i = 0; i < 100; i++) consumer.poll(Duration.ofMillis(50));
                    return "joined";
                }));
            }
            return seen;
        });
        Checks.check("a consumer group (KIP-848) subscribes by a pattern that the broker matches", () -> {
            Clients.topic("re2-a", 1);
            Clients.send("re2-a", 0, "a");
            Clients.topic("not-re2", 1);
            Clients.send("not-re2", 0, "no");
            try (var consumer = Clients.consumer("group.id", "re2", "group.protocol", "consumer")) {
                consumer.subscribe(new SubscriptionPattern("re2-[a-z]+"));
                return Clients.poll(consumer, 1) + " " + consumer.assignment();
            }
        });
        Checks.check("a consumer group's timeouts are configs of the group", () -> {
            var resource = new ConfigResource(ConfigResource.Type.GROUP, "configured");
            var op = new AlterConfigOp(new ConfigEntry("consumer.session.timeout.ms", "50000"), AlterConfigOp.OpType.SET);
            Clients.admin().incrementalAlterConfigs(Map.of(resource, List.of(op))).all().get();
            Checks.await("set", () -> "50000".equals(Clients.admin().describeConfigs(List.of(resource)).all().get().get(resource).get("consumer.session.timeout.ms").value()));
            var wrong = new AlterConfigOp(new ConfigEntry("consumer.session.timeout.ms", "1"), AlterConfigOp.OpType.SET);
            return Checks.errorOf(() -> Clients.admin().incrementalAlterConfigs(Map.of(resource, List.of(wrong))).all().get());
        });
        for (String protocol : List.of("classic", "consumer"))
            Checks.check("a static member comes back without a rebalance (" + protocol + ")", () -> staticMember(protocol));
        Checks.check("a second static member with the same instance id fences the first", () -> {
            Clients.topic("fences", 1);
            Object[] settings = {"group.id", "fences", "group.instance.id", "one", "session.timeout.ms", 6000, "heartbeat.interval.ms", 200};
            var first = Clients.consumer(settings);
            first.subscribe(List.of("fences"));
            Clients.pollUntil("assigned", () -> first.assignment().size() == 1, List.of(first));
            try (var second = Clients.consumer(settings)) {
                second.subscribe(List.of("fences"));
                Clients.pollUntil("taken over", () -> second.assignment().size() == 1, List.of(second));
                return Checks.errorOf(() -> {
                    for (int i = 0; i < 200; i++) first.poll(Duration.ofMillis(20));
                    return "not fenced";
                });
            } finally {
                try {
                    first.close();
                } catch (RuntimeException e) {
                    // it was fenced
                }
            }
        });
        Checks.check("a member that is silent loses its partitions", () -> {
            Clients.topic("silent", 2);
            Object[] settings = {"group.id", "silent", "session.timeout.ms", 1500, "heartbeat.interval.ms", 300, "max.poll.interval.ms", 1500};
            var silent = Clients.consumer(settings);
            var lively = Clients.consumer(settings);
            silent.subscribe(List.of("silent"));
            lively.subscribe(List.of("silent"));
            Clients.pollUntil("one each", () -> sizes(List.of(silent, lively)).equals(List.of(1, 1)), List.of(silent, lively));
            Clients.pollUntil("both", () -> lively.assignment().size() == 2, List.of(lively));
            var result = Checks.errorOf(() -> {
                silent.commitSync(Map.of(new TopicPartition("silent", 0), new OffsetAndMetadata(1)));
                return "committed";
            });
            lively.close();
            silent.close();
            return result;
        });
        Checks.check("rebalance listeners hear of every partition", () -> {
            Clients.topic("listened", 2);
            var heard = new ArrayList<String>();
            try (var consumer = Clients.consumer("group.id", "listened")) {
                consumer.subscribe(List.of("listened"), new ConsumerRebalanceListener() {
                    public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
                        heard.add("revoked " + partitions.size());
                    }

                    public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
                        heard.add("assigned " + partitions.size());
                    }
                });
                Clients.pollUntil("assigned", () -> consumer.assignment().size() == 2, List.of(consumer));
                consumer.unsubscribe();
            }
            return heard;
        });
        Checks.check("groups are listed by state and type", () -> {
            Clients.topic("by-type", 1);
            try (var classic = Clients.consumer("group.id", "type-classic"); var modern = Clients.consumer("group.id", "type-consumer", "group.protocol", "consumer")) {
                for (var consumer : List.of(classic, modern)) consumer.subscribe(List.of("by-type"));
                Clients.pollUntil("both", () -> classic.assignment().size() + modern.assignment().size() == 2, List.of(classic, modern));
                var seen = new TreeMap<String, Object>();
                for (var type : List.of(GroupType.CLASSIC, GroupType.CONSUMER, GroupType.SHARE))
                    seen.put(type.toString(), Clients.admin().listGroups(new ListGroupsOptions().withTypes(Set.of(type)).inGroupStates(Set.of(GroupState.STABLE))).all().get()
                        .stream().map(group -> group.groupId() + " " + group.protocol() + " " + group.groupState().get()).filter(text -> text.startsWith("type-")).sorted().toList());
                return seen;
            }
        });
        Checks.check("a group's offsets are altered, listed and deleted while nobody is in it", () -> {
            var partition = Clients.topic("altered-offsets", 2);
            var other = new TopicPartition("altered-offsets", 1);
            var admin = Clients.admin();
            admin.alterConsumerGroupOffsets("altered", Map.of(partition, new OffsetAndMetadata(4), other, new OffsetAndMetadata(5, "m"))).all().get();
            var before = new TreeMap<String, Object>();
            admin.listConsumerGroupOffsets("altered").partitionsToOffsetAndMetadata().get().forEach((p, o) -> before.put(p.toString(), o.offset() + o.metadata()));
            admin.deleteConsumerGroupOffsets("altered", Set.of(partition)).all().get();
            var after = admin.listConsumerGroupOffsets("altered").partitionsToOffsetAndMetadata().get().keySet();
            admin.deleteConsumerGroups(List.of("altered")).all().get();
            return before + " " + after + " " + Checks.errorOf(() -> admin.deleteConsumerGroups(List.of("altered")).all().get()) + " "
                + Checks.errorOf(() -> described("altered"));
        });
        Checks.check("a group with members is protected", () -> {
            var partition = Clients.topic("protected", 1);
            try (var consumer = Clients.consumer("group.id", "protected")) {
                consumer.subscribe(List.of("protected"));
                Clients.pollUntil("assigned", () -> consumer.assignment().size() == 1, List.of(consumer));
                consumer.commitSync(Map.of(partition, new OffsetAndMetadata(0)));
                var admin = Clients.admin();
                return List.of(
                    Checks.errorOf(() -> admin.deleteConsumerGroups(List.of("protected")).all().get()),
                    Checks.errorOf(() -> admin.deleteConsumerGroupOffsets("protected", Set.of(partition)).all().get()),
                    Checks.errorOf(() -> admin.alterConsumerGroupOffsets("protected", Map.of(partition, new OffsetAndMetadata(0))).all().get()));
            }
        });
        Checks.check("members are removed by Admin", () -> {
            Clients.topic("removed", 1);
            var consumer = Clients.consumer("group.id", "removed", "group.instance.id", "stays", "session.timeout.ms", 30_000);
            consumer.subscribe(List.of("removed"));
            Clients.pollUntil("assigned", () -> consumer.assignment().size() == 1, List.of(consumer));
            consumer.close();
            int before = described("removed").members().size();
            var who = new RemoveMembersFromConsumerGroupOptions(Set.of(new MemberToRemove("stays")));
            Clients.admin().removeMembersFromConsumerGroup("removed", who).all().get();
            return before + " " + described("removed").members().size() + " "
                + Checks.errorOf(() -> Clients.admin().removeMembersFromConsumerGroup("removed", who).all().get());
        });
        Checks.check("a group moves from the classic to the consumer protocol while it runs", () -> {
            Clients.topic("migrates", 2);
            var classic = Clients.consumer("group.id", "migrates", "heartbeat.interval.ms", 300, "session.timeout.ms", 6000, "partition.assignment.strategy", ASSIGNOR + "CooperativeStickyAssignor");
            classic.subscribe(List.of("migrates"));
            Clients.pollUntil("both", () -> classic.assignment().size() == 2, List.of(classic));
            try (var modern = Clients.consumer("group.id", "migrates", "group.protocol", "consumer")) {
                modern.subscribe(List.of("migrates"));
                Clients.pollUntil("one each", () -> sizes(List.of(classic, modern)).equals(List.of(1, 1)), List.of(classic, modern));
                var type = described("migrates").type();
                classic.close();
                Clients.pollUntil("all", () -> modern.assignment().size() == 2, List.of(modern));
                return type;
            }
        });
        Checks.check("an empty classic group becomes a consumer group and back", () -> {
            Clients.topic("switches", 1);
            var seen = new ArrayList<Object>();
            for (String protocol : List.of("classic", "consumer", "classic"))
                try (var consumer = Clients.consumer("group.id", "switches", "group.protocol", protocol)) {
                    consumer.subscribe(List.of("switches"));
                    Clients.send("switches", 0, protocol);
                    seen.add(Clients.poll(consumer, 1) + " " + described("switches").type());
                    consumer.commitSync();
                }
            return seen;
        });
    }

    private static Object staticMember(String protocol) throws Exception {
        String name = "static-" + protocol;
        Clients.topic(name, 2);
        var pairs = new ArrayList<Object>(List.of("group.id", name, "group.protocol", protocol));
        if (protocol.equals("classic")) pairs.addAll(List.of("session.timeout.ms", 10_000, "heartbeat.interval.ms", 300));
        var members = new ArrayList<KafkaConsumer<String, String>>();
        for (String id : List.of("a", "b")) {
            var with = new ArrayList<>(pairs);
            with.addAll(List.of("group.instance.id", id));
            var consumer = Clients.consumer(with.toArray());
            consumer.subscribe(List.of(name));
            members.add(consumer);
        }
        Clients.pollUntil("one each", () -> sizes(members).equals(List.of(1, 1)), members);
        var before = members.get(1).assignment();
        int[] rebalances = {0};
        members.get(1).close();
        int kept = described(name).members().size();
        var with = new ArrayList<>(pairs);
        with.addAll(List.of("group.instance.id", "b"));
        try (var again = Clients.consumer(with.toArray())) {
            again.subscribe(List.of(name));
            Clients.pollUntil("back", () -> !again.assignment().isEmpty(), List.of(again));
            return kept + " " + again.assignment().equals(before) + " " + rebalances[0];
        } finally {
            members.get(0).close();
        }
    }

    private GroupChecks() {}
}
