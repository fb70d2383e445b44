// Random requests of nobody: members and producers that no broker knows, groups and transactional ids without a name, numbers out of their
// range. Each is refused, in every version, and leaves nothing; behind them come questions that would find it.
import fc from "fast-check";
import { newAddOffsetsToTxnRequest } from "../../src/protocol/generated/add-offsets-to-txn.gen.ts";
import { newAddPartitionsToTxnRequest } from "../../src/protocol/generated/add-partitions-to-txn.gen.ts";
import { newConsumerGroupHeartbeatRequest } from "../../src/protocol/generated/consumer-group-heartbeat.gen.ts";
import { newDescribeGroupsRequest } from "../../src/protocol/generated/describe-groups.gen.ts";
import { newEndTxnRequest } from "../../src/protocol/generated/end-txn.gen.ts";
import { newHeartbeatRequest } from "../../src/protocol/generated/heartbeat.gen.ts";
import { newInitProducerIdRequest } from "../../src/protocol/generated/init-producer-id.gen.ts";
import { newJoinGroupRequest, newJoinGroupRequestProtocol } from "../../src/protocol/generated/join-group.gen.ts";
import { newLeaveGroupRequest, newMemberIdentity } from "../../src/protocol/generated/leave-group.gen.ts";
import { newListGroupsRequest } from "../../src/protocol/generated/list-groups.gen.ts";
import { newListTransactionsRequest } from "../../src/protocol/generated/list-transactions.gen.ts";
import { newSyncGroupRequest, newSyncGroupRequestAssignment } from "../../src/protocol/generated/sync-group.gen.ts";
import { newTxnOffsetCommitRequest, newTxnOffsetCommitRequestPartition, newTxnOffsetCommitRequestTopic } from "../../src/protocol/generated/txn-offset-commit.gen.ts"; // prettier-ignore
import { protocols } from "./group-requests.ts";
import { UNKNOWN_ID, type Learnt, type Step } from "./requests.ts";
import { anyVersion } from "./several-requests.ts";

const group = fc.constantFrom("e", "e", "f", "");
const stranger = fc.constantFrom("stranger", "stranger", "");
const instance = fc.constantFrom(null, null, "i", "");
const generation = fc.constantFrom(-1, 0, 1, 5);
const full = ({ prefix }: Learnt, name: string): string => (name === "" ? "" : prefix + name);

/** A newcomer without an id would be given one by version 4 and later, and be a member by the earlier ones: nobody comes so to a group that has a name. */
const join = anyVersion(
  "JoinGroup",
  fc.record({
    of: group,
    sessionTimeoutMs: fc.constantFrom(30_000, 30_000, 0, -1, 999, 1000, 1_800_000, 1_800_001),
    rebalanceTimeoutMs: fc.constantFrom(30_000, 0, -1),
    instance,
    protocolType: fc.constantFrom("consumer", "consumer", "", "connect"),
    offered: fc.constantFrom<readonly string[]>(["range"], [], ["range", "range"], ["", "other"]),
    reason: fc.constantFrom(null, "", "why", "x".repeat(300)),
  }),
  ({ of, sessionTimeoutMs, rebalanceTimeoutMs, instance: groupInstanceId, protocolType, offered, reason }, learnt, version) =>
    newJoinGroupRequest({
      groupId: full(learnt, of),
      sessionTimeoutMs,
      rebalanceTimeoutMs: version >= 1 ? rebalanceTimeoutMs : -1,
      memberId: "stranger",
      groupInstanceId: version >= 5 ? groupInstanceId : null,
      protocolType,
      protocols: offered.flatMap((name) => (name === "" ? [newJoinGroupRequestProtocol({ name })] : protocols(name, ["t"], 1))),
      reason: version >= 8 ? reason : null,
    }),
);

const sync = anyVersion(
  "SyncGroup",
  fc.record({ of: group, stranger, instance, generation, type: fc.constantFrom(null, "consumer", "", "other"), assigned: fc.constantFrom<readonly string[]>([], ["stranger"], ["a", "a", ""]) }), // prettier-ignore
  ({ of, stranger: memberId, instance: groupInstanceId, generation: generationId, type, assigned }, learnt, version) =>
    newSyncGroupRequest({
      groupId: full(learnt, of),
      generationId,
      memberId,
      groupInstanceId: version >= 3 ? groupInstanceId : null,
      ...(version >= 5 ? { protocolType: type, protocolName: type } : {}),
      assignments: assigned.map((id) => newSyncGroupRequestAssignment({ memberId: id, assignment: new Uint8Array(id.length) })),
    }),
);

const heartbeat = anyVersion(
  "Heartbeat",
  fc.record({ of: group, stranger, instance, generation }),
  ({ of, stranger: memberId, instance: groupInstanceId, generation: generationId }, learnt, version) =>
    newHeartbeatRequest({ groupId: full(learnt, of), generationId, memberId, groupInstanceId: version >= 3 ? groupInstanceId : null }),
);

const leave = anyVersion(
  "LeaveGroup",
  fc.record({ of: group, members: fc.array(fc.record({ stranger, instance, reason: fc.constantFrom(null, "", "why") }), { maxLength: 3 }) }), // prettier-ignore
  ({ of, members }, learnt, version) => {
    if (version < 3) return newLeaveGroupRequest({ groupId: full(learnt, of), memberId: members[0]?.stranger ?? "" });
    const identities = members.map(({ stranger: memberId, instance: groupInstanceId, reason }) =>
      newMemberIdentity({ memberId, groupInstanceId, reason: version >= 5 ? reason : null }),
    );
    return newLeaveGroupRequest({ groupId: full(learnt, of), members: identities });
  },
);

const ID = "AAAAAAAAAAAAAAAAAAAABg";
/** Not joining rightly: that would make the group. */
const modern = anyVersion(
  "ConsumerGroupHeartbeat",
  fc.record({
    of: group,
    memberId: fc.constantFrom(ID, ID, "", "x".repeat(300)),
    memberEpoch: fc.constantFrom(1, 1, -1, -2, -3, 2_147_483_647),
    instance,
    rackId: fc.constantFrom(null, "", "r", "x".repeat(300)),
    topics: fc.constantFrom<string[] | null>(null, [], ["t"], [""]),
    owned: fc.constantFrom<number[] | null>(null, [], [0], [7, 7, -1]),
  }),
  ({ of, memberId, memberEpoch, instance: instanceId, rackId, topics, owned }, learnt) =>
    newConsumerGroupHeartbeatRequest({
      groupId: full(learnt, of),
      memberId,
      memberEpoch,
      instanceId,
      rackId,
      subscribedTopicNames: topics?.map((name) => full(learnt, name)) ?? null,
      topicPartitions: owned && [{ topicId: (owned.length === 1 ? undefined : learnt.topicIds.get("t")) ?? UNKNOWN_ID, partitions: owned }],
    }),
);

const groups = [
  anyVersion("DescribeGroups", group, (of, learnt) => newDescribeGroupsRequest({ groups: [full(learnt, of)] })),
  anyVersion("ListGroups", fc.constant(null), () => newListGroupsRequest(), {
    ours: ({ groupId }: { groupId: string }, { prefix }) => groupId.startsWith(prefix),
  }),
];
export const strangerSteps: fc.Arbitrary<Step> = fc.oneof(join, join, sync, heartbeat, leave, modern, ...groups);

const transaction = fc.constantFrom("nobody", "nobody", "");
/** No ids that a broker has given to somebody. */
const producer = fc.record({ id: fc.constantFrom(-1, 500_000_000, 1_000_000_000_000), epoch: fc.constantFrom(-1, 0, 5, 32_767) });
const places = fc.uniqueArray(
  fc.record({ topic: fc.constantFrom("t", "u", "missing", ""), partitions: fc.uniqueArray(fc.constantFrom(0, 1, 7, -1), { maxLength: 2 }) }),
  { maxLength: 2, selector: ({ topic }) => topic },
); // prettier-ignore

const init = anyVersion(
  "InitProducerId",
  fc.record({ of: fc.constantFrom("nobody", ""), timeoutMs: fc.constantFrom(0, -1, 900_001, 2_147_483_647), producer }),
  ({ of, timeoutMs, producer: { id, epoch } }, learnt, version) =>
    newInitProducerIdRequest({
      transactionalId: full(learnt, of),
      transactionTimeoutMs: timeoutMs,
      ...(version >= 3 ? { producerId: id, producerEpoch: epoch } : {}),
    }),
);

const add = anyVersion(
  "AddPartitionsToTxn",
  // Brokers name each transaction and each of its partitions once among themselves.
  fc.record({ of: fc.uniqueArray(fc.record({ transaction, producer, verifyOnly: fc.boolean(), places }), { minLength: 1, maxLength: 2, selector: (of) => of.transaction }) }), // prettier-ignore
  ({ of }, learnt, version) => {
    const topics = (at: (typeof of)[number]["places"]) => at.map(({ topic, partitions }) => ({ name: full(learnt, topic), partitions }));
    const [first] = of;
    if (version >= 4)
      return newAddPartitionsToTxnRequest({
        transactions: of.map(({ transaction: name, producer: { id, epoch }, verifyOnly, places: at }) => ({
          transactionalId: full(learnt, name),
          producerId: id,
          producerEpoch: epoch,
          verifyOnly,
          topics: topics(at),
        })),
      });
    return newAddPartitionsToTxnRequest({
      v3AndBelowTransactionalId: full(learnt, first!.transaction),
      v3AndBelowProducerId: first!.producer.id,
      v3AndBelowProducerEpoch: first!.producer.epoch,
      v3AndBelowTopics: topics(first!.places),
    });
  },
);

const addOffsets = anyVersion("AddOffsetsToTxn", fc.record({ transaction, producer, of: group }), ({ transaction: name, producer: { id, epoch }, of }, learnt) =>
  newAddOffsetsToTxnRequest({ transactionalId: full(learnt, name), producerId: id, producerEpoch: epoch, groupId: full(learnt, of) }),
); // prettier-ignore

const end = anyVersion("EndTxn", fc.record({ transaction, producer, committed: fc.boolean() }), ({ transaction: name, producer: { id, epoch }, committed }, learnt) =>
  newEndTxnRequest({ transactionalId: full(learnt, name), producerId: id, producerEpoch: epoch, committed }),
); // prettier-ignore

const commit = anyVersion(
  "TxnOffsetCommit",
  fc.record({ transaction, producer, of: group, places, stranger, generation }),
  ({ transaction: name, producer: { id, epoch }, of, places: at, stranger: memberId, generation: generationId }, learnt, version) =>
    newTxnOffsetCommitRequest({
      transactionalId: full(learnt, name),
      groupId: full(learnt, of),
      producerId: id,
      producerEpoch: epoch,
      ...(version >= 3 ? { memberId, generationId } : {}),
      topics: at.map(({ topic, partitions }) =>
        newTxnOffsetCommitRequestTopic({
          name: full(learnt, topic),
          partitions: partitions.map((partitionIndex) => newTxnOffsetCommitRequestPartition({ partitionIndex, committedOffset: 3 })),
        }),
      ),
    }),
);

const list = anyVersion(
  "ListTransactions",
  fc.record({ states: fc.array(fc.constantFrom("Ongoing", "Empty", "Dead", "x"), { maxLength: 3 }), ids: fc.array(fc.constantFrom(7, -1), { maxLength: 2 }) }), // prettier-ignore
  ({ states, ids }) => newListTransactionsRequest({ stateFilters: states, producerIdFilters: ids }),
  { ours: ({ transactionalId }: { transactionalId: string }, { prefix }) => transactionalId.startsWith(prefix) },
);

export const strangerProducers: fc.Arbitrary<Step> = fc.oneof(init, add, addOffsets, end, commit, list);
