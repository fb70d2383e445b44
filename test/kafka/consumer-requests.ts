// Random requests about a group of the consumer protocol (KIP-848) with up to three members, one of them or two with an instance id: what a
// member tells of itself, rightly and wrongly, every epoch, every way of leaving, offsets in the members' names by topic ids, and what is
// asked and done from outside. Which of several members gets which partitions is each broker's choice: only how many there are is compared.
import fc from "fast-check";
import type { ConsumerGroupDescribeResponse } from "../../src/protocol/generated/consumer-group-describe.gen.ts";
import { newConsumerGroupDescribeRequest } from "../../src/protocol/generated/consumer-group-describe.gen.ts";
import {
  newConsumerGroupHeartbeatRequest,
  type ConsumerGroupHeartbeatResponse,
  type TopicPartitions,
} from "../../src/protocol/generated/consumer-group-heartbeat.gen.ts";
import { newDeleteGroupsRequest } from "../../src/protocol/generated/delete-groups.gen.ts";
import { newDescribeGroupsRequest } from "../../src/protocol/generated/describe-groups.gen.ts";
import { newListGroupsRequest } from "../../src/protocol/generated/list-groups.gen.ts";
import {
  newOffsetCommitRequest,
  newOffsetCommitRequestPartition,
  newOffsetCommitRequestTopic,
} from "../../src/protocol/generated/offset-commit.gen.ts";
import {
  newOffsetDeleteRequest,
  newOffsetDeleteRequestPartition,
  newOffsetDeleteRequestTopic,
} from "../../src/protocol/generated/offset-delete.gen.ts";
import { newOffsetFetchRequest } from "../../src/protocol/generated/offset-fetch.gen.ts";
import { NO_ID, step, UNKNOWN_ID, type Learnt } from "./requests.ts";

const GROUP = "m";
const MEMBERS: Readonly<Record<string, string>> = {
  a: "AAAAAAAAAAAAAAAAAAAAAw",
  b: "AAAAAAAAAAAAAAAAAAAABA",
  "": "",
};
const who = fc.constantFrom("a", "a", "a", "b", "b");

interface Member {
  readonly epoch: number;
  readonly owned: readonly TopicPartitions[];
}
const NOBODY: Member = { epoch: 0, owned: [] };
const member = (learnt: Learnt, name: string): Member => learnt.members.get(name) ?? NOBODY;

const count = (partitions: readonly { readonly partitions: readonly number[] }[]): string =>
  `${partitions.reduce((sum, topic) => sum + topic.partitions.length, 0)} partitions`;

const toldHeartbeat = ({ assignment, ...rest }: ConsumerGroupHeartbeatResponse): object => ({
  ...rest,
  assignment: assignment && count(assignment.topicPartitions),
});

const toldDescription = ({ groups, ...rest }: ConsumerGroupDescribeResponse): object => ({
  ...rest,
  groups: groups.map((group) => ({
    ...group,
    members: group.members.map((one) => ({
      ...one,
      name: Object.values(MEMBERS).includes(one.memberId) ? one.memberId : "the broker's", // a member of version 0 that came without one
      assignment: count(one.assignment.topicPartitions),
      targetAssignment: count(one.targetAssignment.topicPartitions),
    })),
  })),
});

/** What a member says of its epoch. */
const EPOCHS: Readonly<Record<string, (present: number) => number>> = {
  join: () => 0,
  beat: (present) => Math.max(1, present),
  past: (present) => Math.max(1, present - 1),
  future: (present) => present + 9,
  leave: () => -1,
  "leave for a while": () => -2,
  "leave somehow": () => -3,
};
const TOPICS: Readonly<Record<string, readonly string[] | null>> = {
  none: null,
  nothing: [],
  t: ["t"],
  "t and u": ["t", "u"],
  missing: ["missing"],
  "t twice": ["t", "t"],
};

const heartbeat = fc
  .record({
    of: fc.constantFrom("a", "a", "a", "a", "b", "b", "b", ""),
    what: fc.constantFrom("join", "join", "join", "beat", "beat", "beat", "beat", "past", "future", "leave", "leave for a while", "leave somehow"), // prettier-ignore
    instanceId: fc.constantFrom(null, null, null, null, "i", "i", "j", ""),
    rackId: fc.constantFrom(null, null, null, "r", ""),
    rebalanceTimeoutMs: fc.constantFrom(10_000, 10_000, 10_000, 10_000, -1, 0),
    topics: fc.constantFrom("t", "t", "t", "t and u", "missing", "nothing", "none", "t twice"),
    regex: fc.constantFrom(null, null, null, null, null, null, "", "(", "[[:bad"),
    assignor: fc.constantFrom(null, null, null, null, "uniform", "range", "other", ""),
    owns: fc.constantFrom("what it has", "what it has", "nothing", "nobody asks", "more"),
    quiet: fc.nat(3),
    version: fc.constantFrom(0, 1, 1),
  })
  .map(({ of, what, instanceId, rackId, rebalanceTimeoutMs, topics, regex, assignor, owns, quiet, version }) => {
    const joins = what === "join";
    const subscription = joins ? topics : quiet === 0 ? topics : "none";
    const claims = joins && owns !== "more" && owns !== "nobody asks" ? "nothing" : owns;
    return step<"ConsumerGroupHeartbeat">({
      name: `"${of}" ${what}s v${version}: instance ${instanceId}, rack ${rackId}, ${rebalanceTimeoutMs} ms, topics ${subscription}, regex ${regex}, assignor ${assignor}, owns ${claims}`,
      api: "ConsumerGroupHeartbeat",
      version,
      request: (learnt) => {
        const { epoch, owned } = member(learnt, of);
        const more: TopicPartitions[] = [{ topicId: learnt.topicIds.get("t")!, partitions: [0, 1] }];
        const claimed = { "what it has": [...owned], nothing: [], "nobody asks": null, more }[claims]!;
        return newConsumerGroupHeartbeatRequest({
          groupId: learnt.prefix + GROUP,
          memberId: MEMBERS[of]!,
          memberEpoch: EPOCHS[what]!(epoch),
          // Who comes again under another instance id while it has partitions to give up gets none on Apache Kafka, also none of its own.
          instanceId: joins && learnt.instanceIds.has(of) ? learnt.instanceIds.get(of)! : instanceId,
          rackId,
          rebalanceTimeoutMs: joins || quiet === 0 ? rebalanceTimeoutMs : -1,
          subscribedTopicNames: TOPICS[subscription]?.map((name) => learnt.prefix + name) ?? null,
          subscribedTopicRegex: version >= 1 && (joins || quiet === 0) ? regex : null,
          serverAssignor: assignor,
          topicPartitions: claimed,
        });
      },
      learn: ({ errorCode, memberEpoch, assignment }, learnt) => {
        if (errorCode !== 0) return;
        if (joins && !learnt.instanceIds.has(of)) learnt.instanceIds.set(of, instanceId);
        if (memberEpoch === -1) learnt.instanceIds.delete(of);
        const owned = assignment?.topicPartitions ?? member(learnt, of).owned;
        learnt.members.set(of, memberEpoch <= 0 ? NOBODY : { epoch: memberEpoch, owned: joins ? (assignment?.topicPartitions ?? []) : owned }); // prettier-ignore
      },
      told: toldHeartbeat,
    });
  });

/** As a real member does it: it keeps to what it was told. */
const beat = who.map((of) =>
  step<"ConsumerGroupHeartbeat">({
    name: `"${of}" goes on`,
    api: "ConsumerGroupHeartbeat",
    version: 1,
    request: (learnt) => {
      const { epoch, owned } = member(learnt, of);
      const joins = { rebalanceTimeoutMs: 10_000, subscribedTopicNames: [`${learnt.prefix}t`], topicPartitions: [] };
      const goesOn = { topicPartitions: [...owned] };
      const rest = epoch === 0 ? joins : goesOn;
      return newConsumerGroupHeartbeatRequest({ groupId: learnt.prefix + GROUP, memberId: MEMBERS[of]!, memberEpoch: epoch, ...rest });
    },
    learn: ({ errorCode, memberEpoch, assignment }, learnt) => {
      if (errorCode !== 0) return void learnt.members.delete(of);
      if (!learnt.instanceIds.has(of)) learnt.instanceIds.set(of, null);
      learnt.members.set(of, { epoch: memberEpoch, owned: assignment?.topicPartitions ?? member(learnt, of).owned });
    },
    told: toldHeartbeat,
  }),
);

const group = fc.constantFrom(GROUP, GROUP, GROUP, "g", "");
const named = (learnt: Learnt, name: string): string => (name === "" ? "" : learnt.prefix + name);

const describeConsumers = fc.tuple(group, fc.constantFrom(0, 1)).map(([of, version]) =>
  step<"ConsumerGroupDescribe">({
    name: `describe consumer group "${of}" v${version}`,
    api: "ConsumerGroupDescribe",
    version,
    request: (learnt) => newConsumerGroupDescribeRequest({ groupIds: [named(learnt, of)] }),
    told: toldDescription,
  }),
);

const describeClassic = fc.tuple(group, fc.constantFrom(5, 6)).map(([of, version]) =>
  step<"DescribeGroups">({
    name: `describe group "${of}" v${version}`,
    api: "DescribeGroups",
    version,
    request: (learnt) => newDescribeGroupsRequest({ groups: [named(learnt, of)], includeAuthorizedOperations: true }),
  }),
);

const list = fc.constantFrom<string[]>([], ["Empty"], ["Stable", "Reconciling"], ["Assigning"]).map((statesFilter) =>
  step<"ListGroups">({
    name: `groups ${statesFilter.join()}`,
    api: "ListGroups",
    version: 5,
    request: () => newListGroupsRequest({ statesFilter }),
    ours: ({ groupId }: { groupId: string }, { prefix }) => groupId.startsWith(prefix),
  }),
);

const places = fc.uniqueArray(fc.constantFrom("t-0", "t-0", "t-1", "t-7", "u-0", "missing-0"), { minLength: 1, maxLength: 3 });
function topicsOf(of: readonly string[]): Map<string, number[]> {
  const topics = new Map<string, number[]>();
  for (const place of of) {
    const [name, index] = place.split("-") as [string, string];
    topics.set(name, [...(topics.get(name) ?? []), Number(index)]);
  }
  return topics;
}
const BY_ID_FROM = 10;
const called = (learnt: Learnt, name: string, version: number): { name: string; topicId: string } =>
  version >= BY_ID_FROM ? { name: "", topicId: learnt.topicIds.get(name) ?? UNKNOWN_ID } : { name: learnt.prefix + name, topicId: NO_ID };

const commit = fc
  .record({
    of: fc.constantFrom("a", "a", "b", ""),
    what: fc.constantFrom("beat", "beat", "beat", "past", "future", "join", "leave", "leave for a while"),
    in: fc.constantFrom(GROUP, GROUP, GROUP, "nobody", ""),
    at: places,
    instanceId: fc.constantFrom(null, null, null, "i", "other"),
    metadata: fc.constantFrom("m", "m", null, "x".repeat(4096), "x".repeat(4097)),
    version: fc.integer({ min: 7, max: 10 }),
  })
  .map(({ of, what, in: groupId, at, instanceId, metadata, version }) =>
    step<"OffsetCommit">({
      name: `"${of}" commits ${at.join()} in "${groupId}" v${version} (${what}), instance ${instanceId}, metadata of ${metadata?.length}`,
      api: "OffsetCommit",
      version,
      request: (learnt) => {
        const topics = [...topicsOf(at)].map(([name, indexes]) =>
          newOffsetCommitRequestTopic({
            ...called(learnt, name, version),
            partitions: indexes.map((partitionIndex) =>
              newOffsetCommitRequestPartition({ partitionIndex, committedOffset: 3, committedMetadata: metadata, committedLeaderEpoch: 0 }),
            ),
          }),
        );
        return newOffsetCommitRequest({
          groupId: named(learnt, groupId),
          memberId: MEMBERS[of]!,
          groupInstanceId: instanceId,
          generationIdOrMemberEpoch: EPOCHS[what]!(member(learnt, of).epoch),
          topics,
        });
      },
      settles: "groups",
    }),
  );

const fetch = fc
  .record({
    of: fc.constantFrom("a", "a", "b", "", null),
    what: fc.constantFrom("beat", "beat", "beat", "past", "future", "leave"),
    in: fc.uniqueArray(fc.constantFrom(GROUP, GROUP, "g", "nobody"), { minLength: 1, maxLength: 3 }),
    at: fc.oneof(places, fc.constant(null)),
    requireStable: fc.boolean(),
    version: fc.integer({ min: 8, max: 10 }),
  })
  .map(({ of, what, in: groups, at, requireStable, version }) =>
    step<"OffsetFetch">({
      name: `"${of}" asks for ${at?.join() ?? "all"} in ${groups.join()} v${version} (${what})`,
      api: "OffsetFetch",
      version,
      request: (learnt) => {
        const memberEpoch = of === null ? -1 : EPOCHS[what]!(member(learnt, of).epoch);
        const topics = at === null ? null : [...topicsOf(at)].map(([name, partitionIndexes]) => ({ ...called(learnt, name, version), partitionIndexes })); // prettier-ignore
        const speaks = version >= 9 && of !== "" ? { memberId: of && MEMBERS[of]!, memberEpoch } : { memberId: null, memberEpoch: -1 };
        return newOffsetFetchRequest({ requireStable, groups: groups.map((name) => ({ groupId: named(learnt, name), ...speaks, topics })) }); // prettier-ignore
      },
    }),
  );

/** Not of the group of no name, which is everybody's. */
const remove = fc.constantFrom(GROUP, GROUP, GROUP, "g").map((of) =>
  step<"DeleteGroups">({
    name: `delete group "${of}"`,
    api: "DeleteGroups",
    version: 2,
    request: (learnt) => newDeleteGroupsRequest({ groupsNames: [named(learnt, of)] }),
  }),
);

const removeOffsets = fc.tuple(group, places).map(([of, at]) =>
  step<"OffsetDelete">({
    name: `delete offsets ${at.join()} of "${of}"`,
    api: "OffsetDelete",
    version: 0,
    request: (learnt) => {
      const topics = [...topicsOf(at)].map(([name, indexes]) => {
        const partitions = indexes.map((partitionIndex) => newOffsetDeleteRequestPartition({ partitionIndex }));
        return newOffsetDeleteRequestTopic({ name: learnt.prefix + name, partitions });
      });
      return newOffsetDeleteRequest({ groupId: named(learnt, of), topics });
    },
  }),
);

export const consumerSteps = fc.oneof(
  { weight: 6, arbitrary: heartbeat },
  { weight: 6, arbitrary: beat },
  { weight: 2, arbitrary: describeConsumers },
  { weight: 1, arbitrary: describeClassic },
  { weight: 1, arbitrary: list },
  { weight: 3, arbitrary: commit },
  { weight: 2, arbitrary: fetch },
  { weight: 1, arbitrary: remove },
  { weight: 1, arbitrary: removeOffsets },
);
