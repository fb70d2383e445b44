// OffsetFetch (9): versions 1–10. One group up to v7, several from v8, topic ids from v10. A partition without a committed offset is −1;
// with require-stable, one that a transaction is about to commit is UNSTABLE_OFFSET_COMMIT. A member epoch without a member id is
// UNKNOWN_MEMBER_ID (Apache Kafka fails with UNKNOWN_SERVER_ERROR). KIP-88, KIP-447, KIP-709, KIP-848.
import { ErrorCode } from "../../protocol/errors.ts";
import {
  newOffsetFetchResponse,
  newOffsetFetchResponseGroup,
  newOffsetFetchResponsePartitions,
  newOffsetFetchResponseTopic,
  newOffsetFetchResponseTopics,
} from "../../protocol/generated/offset-fetch.gen.ts";
import type {
  OffsetFetchRequestGroup,
  OffsetFetchResponseGroup,
  OffsetFetchResponsePartitions,
} from "../../protocol/generated/offset-fetch.gen.ts";
import { ZERO_UUID } from "../../protocol/primitives.ts";
import { defineApi, type BrokerContext } from "../api.ts";
import { parsePartitionKey, partitionKey } from "../topics.ts";

const GROUPS_FROM = 8;
const MEMBERS_FROM = 9;
const TOPIC_IDS_FROM = 10;

export const offsetFetch = defineApi("OffsetFetch", {
  handle(broker, request, call) {
    if (call.version >= GROUPS_FROM) {
      const groups = request.groups.map((group) => fetchGroup(broker, group, request.requireStable, call.version));
      return newOffsetFetchResponse({ groups });
    }
    const topics = request.topics?.map(({ name, partitionIndexes }) => ({ name, topicId: ZERO_UUID, partitionIndexes })) ?? null;
    const group = fetchGroup(
      broker,
      { groupId: request.groupId, memberId: null, memberEpoch: -1, topics },
      request.requireStable,
      call.version,
    );
    return newOffsetFetchResponse({
      errorCode: group.errorCode,
      topics: group.topics.map(({ name, partitions }) => newOffsetFetchResponseTopic({ name, partitions })),
    });
  },
});

function fetchGroup(
  broker: BrokerContext,
  { groupId, topics, memberId, memberEpoch }: OffsetFetchRequestGroup,
  requireStable: boolean,
  version: number,
): OffsetFetchResponseGroup {
  const named = version >= MEMBERS_FROM && (memberId !== null || memberEpoch >= 0);
  const isChecked = named && broker.groups.consumers.get(groupId) !== undefined;
  const refused = isChecked ? broker.groups.consumers.checkMember(groupId, memberId ?? "", memberEpoch) : ErrorCode.NONE;
  if (refused !== ErrorCode.NONE) return newOffsetFetchResponseGroup({ groupId, errorCode: refused });
  const byId = version >= TOPIC_IDS_FROM;
  const asked = topics ?? everything(broker, groupId);
  const answers = asked.map(({ name, topicId, partitionIndexes }) => {
    const info = byId && topics !== null ? broker.topics.byId(topicId) : broker.topics.byName(name);
    const topic = byId ? info?.name : name;
    return newOffsetFetchResponseTopics({
      name,
      topicId: byId ? (info?.id ?? topicId) : ZERO_UUID,
      partitions: partitionIndexes.map((partition) => fetchOne(broker, groupId, topic, partition, requireStable)),
    });
  });
  return newOffsetFetchResponseGroup({ groupId, topics: answers });
}

function fetchOne(
  broker: BrokerContext,
  groupId: string,
  topic: string | undefined,
  partitionIndex: number,
  requireStable: boolean,
): OffsetFetchResponsePartitions {
  const none = { partitionIndex, committedOffset: -1, committedLeaderEpoch: -1, metadata: "" };
  if (topic === undefined) return newOffsetFetchResponsePartitions({ ...none, errorCode: ErrorCode.UNKNOWN_TOPIC_ID });
  const key = partitionKey(topic, partitionIndex);
  if (requireStable && broker.groups.offsets.isPending(groupId, key)) {
    return newOffsetFetchResponsePartitions({ ...none, errorCode: ErrorCode.UNSTABLE_OFFSET_COMMIT });
  }
  const committed = broker.groups.offsets.get(groupId, key);
  if (committed === undefined) return newOffsetFetchResponsePartitions(none);
  const { offset, leaderEpoch, metadata } = committed;
  return newOffsetFetchResponsePartitions({ partitionIndex, committedOffset: offset, committedLeaderEpoch: leaderEpoch, metadata });
}

function everything(broker: BrokerContext, groupId: string) {
  const byTopic = new Map<string, number[]>();
  for (const key of broker.groups.offsets.keys(groupId)) {
    const { topic, partition } = parsePartitionKey(key);
    const list = byTopic.get(topic);
    if (list === undefined) byTopic.set(topic, [partition]);
    else list.push(partition);
  }
  return [...byTopic].map(([name, partitionIndexes]) => ({ name, topicId: ZERO_UUID, partitionIndexes }));
}
