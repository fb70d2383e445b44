// Offsets that a consumer group has committed: reading and writing them at the group's coordinator.
import { newOffsetCommitRequest } from "../protocol/generated/offset-commit.gen.ts";
import { newOffsetFetchRequest } from "../protocol/generated/offset-fetch.gen.ts";
import { ZERO_UUID } from "../protocol/primitives.ts";
import type { Cluster, Target } from "./cluster.ts";
import { brokerError } from "./errors.ts";
import type { GroupMetadata } from "./producer/transaction.ts";
import { byTopic, partitionName, type TopicPartition } from "./topic-partition.ts";

export interface OffsetCommit extends TopicPartition {
  /** The next offset to read. */
  readonly offset: number;
  readonly leaderEpoch?: number;
  readonly metadata?: string;
}

export interface CommittedOffset extends TopicPartition {
  /** −1: none. */
  readonly offset: number;
  readonly leaderEpoch: number;
  readonly metadata: string | null;
}

/** Above this, topics are named by id. */
const LAST_VERSION_WITH_NAMES = 9;
const VERSION_WITH_GROUPS = 8;

function coordinator(groupId: string): Target {
  return { to: "coordinator", kind: "group", key: groupId };
}

/** All offsets of the group unless partitions are named. Waits for offsets that are pending in an open transaction (KIP-447). */
export function fetchGroupOffsets(
  cluster: Cluster,
  groupId: string,
  partitions?: readonly TopicPartition[],
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<CommittedOffset[]> {
  const topics =
    partitions === undefined
      ? null
      : [...byTopic(partitions)].map(([name, each]) => ({
          name,
          topicId: ZERO_UUID,
          partitionIndexes: each.map(({ partition }) => partition),
        }));
  const what = `Fetching offsets of group "${groupId}"`;
  return cluster.retriedCall(
    coordinator(groupId),
    "OffsetFetch",
    (version) =>
      newOffsetFetchRequest(
        version >= VERSION_WITH_GROUPS
          ? { groups: [{ groupId, memberId: null, memberEpoch: -1, topics }], requireStable: true }
          : { groupId, topics, requireStable: version >= 7 },
      ),
    (response) => {
      const group = response.groups[0] ?? response;
      if (group.errorCode !== 0) throw brokerError(group.errorCode, what);
      const found: CommittedOffset[] = [];
      for (const topic of group.topics)
        for (const { partitionIndex, committedOffset, committedLeaderEpoch, metadata, errorCode } of topic.partitions) {
          const name = { topic: topic.name, partition: partitionIndex };
          if (errorCode !== 0) throw brokerError(errorCode, `${what} for ${partitionName(name)}`);
          found.push({ ...name, offset: committedOffset, leaderEpoch: committedLeaderEpoch, metadata });
        }
      return found;
    },
    { what, signal: options.signal, maxVersion: LAST_VERSION_WITH_NAMES },
  );
}

/** Rejects with ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID, REBALANCE_IN_PROGRESS, FENCED_INSTANCE_ID for a member that was replaced. */
export function commitGroupOffsets(
  cluster: Cluster,
  group: GroupMetadata,
  offsets: readonly OffsetCommit[],
  options: { readonly signal?: AbortSignal | undefined; readonly lane?: string } = {},
): Promise<void> {
  const { groupId } = group;
  const what = `Committing offsets of group "${groupId}"`;
  const message = newOffsetCommitRequest({
    groupId,
    generationIdOrMemberEpoch: group.generationId ?? -1,
    memberId: group.memberId ?? "",
    groupInstanceId: group.groupInstanceId ?? null,
    topics: [...byTopic(offsets)].map(([name, each]) => ({
      name,
      topicId: ZERO_UUID,
      partitions: each.map(({ partition, offset, leaderEpoch, metadata }) => ({
        partitionIndex: partition,
        committedOffset: offset,
        committedLeaderEpoch: leaderEpoch ?? -1,
        committedMetadata: metadata ?? null,
      })),
    })),
  });
  return cluster.retriedCall(
    coordinator(groupId),
    "OffsetCommit",
    message,
    (response) => {
      for (const topic of response.topics)
        for (const { partitionIndex, errorCode } of topic.partitions)
          if (errorCode !== 0)
            throw brokerError(errorCode, `${what} for ${partitionName({ topic: topic.name, partition: partitionIndex })}`);
    },
    { what, signal: options.signal, maxVersion: LAST_VERSION_WITH_NAMES, lane: options.lane },
  );
}
