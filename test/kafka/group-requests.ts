// Random requests about groups: one classic member that joins, syncs, beats, commits and leaves, rightly and wrongly; and what may be done
// to a group from outside.
import fc from "fast-check";
import { ByteWriter } from "../../src/bytes/writer.ts";
import { newConsumerGroupDescribeRequest } from "../../src/protocol/generated/consumer-group-describe.gen.ts";
import { newConsumerGroupHeartbeatRequest } from "../../src/protocol/generated/consumer-group-heartbeat.gen.ts";
import {
  newConsumerProtocolSubscription,
  writeConsumerProtocolSubscription,
} from "../../src/protocol/generated/consumer-protocol-subscription.gen.ts";
import { newDeleteGroupsRequest } from "../../src/protocol/generated/delete-groups.gen.ts";
import { newDescribeGroupsRequest } from "../../src/protocol/generated/describe-groups.gen.ts";
import { newHeartbeatRequest } from "../../src/protocol/generated/heartbeat.gen.ts";
import { newJoinGroupRequest, newJoinGroupRequestProtocol } from "../../src/protocol/generated/join-group.gen.ts";
import { newLeaveGroupRequest, newMemberIdentity } from "../../src/protocol/generated/leave-group.gen.ts";
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
import { newSyncGroupRequest, newSyncGroupRequestAssignment } from "../../src/protocol/generated/sync-group.gen.ts";
import { partition, step, topic, type Learnt, type Step } from "./requests.ts";

const GROUP = "k";
/** null: metadata that are none. */
export function protocols(name: string, topics: readonly string[] | null, version: number) {
  const w = new ByteWriter(64);
  w.int16(version);
  if (topics === null) w.int32(0);
  else writeConsumerProtocolSubscription(w, newConsumerProtocolSubscription({ topics: [...topics] }), version);
  return [newJoinGroupRequestProtocol({ name, metadata: w.finish().slice() })];
}

/** Before version 4 everybody who comes is a member at once, and the next one waits for it. */
const joining = (from: number) =>
  fc
    .tuple(
      fc.constantFrom("range", "range", "range", "other"),
      fc.constantFrom("mine", "mine", "mine", "nobody"),
      fc.integer({ min: 0, max: 9 }),
      fc.constantFrom(["t"], ["t"], ["t", "u"], ["missing"], null),
      fc.constantFrom(0, 1, 3),
      fc.constantFrom(GROUP, GROUP, GROUP, "c"),
    ) // prettier-ignore
    .map(([protocol, who, drawn, topics, metadataVersion, of]): Step => {
      const version = of === GROUP ? Math.max(from, drawn) : Math.max(4, drawn);
      return step<"JoinGroup">({
        name: `join ${of} v${version} as ${who} with ${protocol} v${metadataVersion} of ${topics}`,
        api: "JoinGroup",
        version,
        request: ({ prefix, memberId }) =>
          newJoinGroupRequest({
            groupId: prefix + of,
            sessionTimeoutMs: 30_000,
            rebalanceTimeoutMs: 30_000,
            memberId: who === "mine" ? memberId : who,
            protocolType: "consumer",
            protocols: protocols(protocol, topics?.map((name) => prefix + name) ?? null, metadataVersion),
          }),
        learn: (response, learnt) => {
          if (of !== GROUP) return;
          if (who === "mine" && response.memberId !== "") learnt.memberId = response.memberId;
          if (response.errorCode === 0) learnt.generation = response.generationId;
        },
      });
    });

const join = joining(0);
const generation = fc.constantFrom(0, 0, 0, 1);

const sync = fc
  .tuple(generation, fc.constantFrom("range", "range", "other"), fc.boolean(), fc.constantFrom(0, 2, 3, 4, 5, 5))
  .map(([ahead, protocolName, leads, version]) =>
    step<"SyncGroup">({
      name: `sync generation +${ahead} ${protocolName} v${version}`,
      api: "SyncGroup",
      version,
      request: ({ prefix, memberId, generation: present }) =>
        newSyncGroupRequest({
          groupId: prefix + GROUP,
          generationId: present + ahead,
          memberId,
          ...(version >= 5 ? { protocolType: "consumer", protocolName } : {}),
          assignments: leads ? [newSyncGroupRequestAssignment({ memberId, assignment: new Uint8Array([1, 2]) })] : [],
        }),
    }),
  );

/** A member of the consumer protocol comes to the classic group, and goes (KIP-848). */
const migrate = fc.tuple(fc.constantFrom("join", "join", "beat", "beat", "beat", "leave", "future"), fc.boolean()).map(([what, tells]) =>
  step<"ConsumerGroupHeartbeat">({
    name: `consumer protocol in the classic group: ${what}${tells ? ", tells what it has" : ""}`,
    api: "ConsumerGroupHeartbeat",
    version: 1,
    request: ({ prefix, modernEpoch, modernOwned }) => {
      const joins = { rebalanceTimeoutMs: 10_000, subscribedTopicNames: [`${prefix}t`], topicPartitions: [], memberEpoch: 0 };
      const epochs = { beat: Math.max(1, modernEpoch), leave: -1, future: modernEpoch + 9 };
      const beats = { memberEpoch: epochs[what as "beat"], topicPartitions: tells ? modernOwned : null };
      return newConsumerGroupHeartbeatRequest({
        groupId: prefix + GROUP,
        memberId: "AAAAAAAAAAAAAAAAAAAAAg",
        ...(what === "join" ? joins : beats),
      });
    },
    learn: (response, learnt) => {
      if (response.errorCode !== 0) return;
      learnt.modernEpoch = response.memberEpoch;
      if (response.assignment !== null) learnt.modernOwned = response.assignment.topicPartitions;
    },
  }),
);

const heartbeat = fc.tuple(generation, fc.nat(4)).map(([ahead, version]) =>
  step<"Heartbeat">({
    name: `beat generation +${ahead} v${version}`,
    api: "Heartbeat",
    version,
    request: ({ prefix, memberId, generation: present }) =>
      newHeartbeatRequest({ groupId: prefix + GROUP, generationId: present + ahead, memberId }),
  }),
);

const commit = fc.tuple(generation, topic, partition, fc.integer({ min: 2, max: 9 })).map(([ahead, name, partitionIndex, version]) =>
  step<"OffsetCommit">({
    name: `member commits ${name}-${partitionIndex}, generation +${ahead}`,
    api: "OffsetCommit",
    version,
    request: ({ prefix, memberId, generation: present }) => {
      const partitions = [newOffsetCommitRequestPartition({ partitionIndex, committedOffset: 3, committedMetadata: null })];
      const topics = [newOffsetCommitRequestTopic({ name: prefix + name, partitions })];
      return newOffsetCommitRequest({ groupId: prefix + GROUP, generationIdOrMemberEpoch: present + ahead, memberId, topics });
    },
  }),
);

const leave = fc.tuple(fc.constantFrom("mine", "nobody"), fc.nat(5)).map(([who, version]) =>
  step<"LeaveGroup">({
    name: `${who} leaves v${version}`,
    api: "LeaveGroup",
    version,
    request: ({ prefix, memberId }) => {
      if (version < 3) return newLeaveGroupRequest({ groupId: prefix + GROUP, memberId: who === "mine" ? memberId : who });
      const members = [newMemberIdentity({ memberId: who === "mine" ? memberId : who })];
      return newLeaveGroupRequest({ groupId: prefix + GROUP, members });
    },
    learn: ({ errorCode }, learnt) => {
      if (who === "mine" && errorCode === 0) learnt.memberId = "";
    },
  }),
);

const group = fc.constantFrom(GROUP, GROUP, "g", "c", "nobody");

const describe = fc.tuple(group, fc.nat(6)).map(([name, version]) =>
  step<"DescribeGroups">({
    name: `describe group ${name} v${version}`,
    api: "DescribeGroups",
    version,
    request: ({ prefix }) => newDescribeGroupsRequest({ groups: [prefix + name] }),
  }),
);

const describeConsumer = fc.tuple(group, fc.nat(1)).map(([name, version]) =>
  step<"ConsumerGroupDescribe">({
    name: `describe consumer group ${name} v${version}`,
    api: "ConsumerGroupDescribe",
    version,
    request: ({ prefix }) => newConsumerGroupDescribeRequest({ groupIds: [prefix + name] }),
  }),
);

const remove = fc.tuple(group, fc.nat(2)).map(([name, version]) =>
  step<"DeleteGroups">({
    name: `delete group ${name} v${version}`,
    api: "DeleteGroups",
    version,
    request: ({ prefix }) => newDeleteGroupsRequest({ groupsNames: [prefix + name] }),
  }),
);

const removeOffsets = fc.tuple(group, topic, partition).map(([name, of, partitionIndex]) =>
  step<"OffsetDelete">({
    name: `delete offset ${of}-${partitionIndex} of ${name}`,
    api: "OffsetDelete",
    version: 0,
    request: ({ prefix }: Learnt) => {
      const partitions = [newOffsetDeleteRequestPartition({ partitionIndex })];
      return newOffsetDeleteRequest({ groupId: prefix + name, topics: [newOffsetDeleteRequestTopic({ name: prefix + of, partitions })] });
    },
  }),
);

/** For other families. A member that has no id yet is given one, or comes with it: nobody waits for anybody. */
export const groupParts = { introduce: joining(4), sync, heartbeat, commit, leave };
export const groupSteps = fc.oneof(
  join,
  join,
  join,
  sync,
  sync,
  heartbeat,
  commit,
  commit,
  leave,
  describe,
  describeConsumer,
  remove,
  removeOffsets,
);

/**
 * Without ConsumerGroupDescribe: when a member that nobody knows asks to join an empty group of the consumer protocol, later requests find
 * that group gone on Apache Kafka, as here, while descriptions still find it there.
 */
const comes = joining(4); // the other protocol's member does not hurry, and nobody waits for half a minute
const modes = [migrate, migrate, migrate, comes, comes, sync, heartbeat, commit, leave, describe];
export const migrationSteps = fc.oneof(...modes); // prettier-ignore
