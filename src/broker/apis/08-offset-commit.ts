// OffsetCommit (8): versions 2–10. Offsets are durable in __consumer_offsets before the answer. v10 names topics by id (KIP-848).
// The retention time of versions 2–4 is obeyed; later offsets live for offsets.retention.minutes (KIP-211). Members of the consumer
// protocol need version 9. A request of which no partition is there is answered without a look at the group.
import { ErrorCode } from "../../protocol/errors.ts";
import {
  newOffsetCommitResponse,
  newOffsetCommitResponsePartition,
  newOffsetCommitResponseTopic,
} from "../../protocol/generated/offset-commit.gen.ts";
import type { OffsetCommitRequest } from "../../protocol/generated/offset-commit.gen.ts";
import { defineApi } from "../api.ts";
import type { OffsetToCommit } from "../coordinators/group/group-coordinator.ts";

const TOPIC_IDS_FROM = 10;
const GROUP_NOT_FOUND_FROM = 9;
/** Older versions cannot carry the errors that a member of the consumer protocol has to understand. */
const CONSUMER_PROTOCOL_FROM = 9;

export const offsetCommit = defineApi("OffsetCommit", {
  async handle(broker, request, call) {
    const committedAt = broker.env.clock.now();
    const expiresAt = request.retentionTimeMs < 0 ? -1 : committedAt + request.retentionTimeMs;
    const maxMetadata = broker.settings.number("offset.metadata.max.bytes");
    const errors = new Map<unknown, number>();
    const tooLarge = new Set<unknown>();
    const offsets: OffsetToCommit[] = [];
    const byId = call.version >= TOPIC_IDS_FROM;
    const told: typeof request.topics = [];
    for (const topic of request.topics) {
      const info = byId ? broker.topics.byId(topic.topicId) : broker.topics.byName(topic.name);
      const unknown = byId ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
      if (info === undefined || topic.partitions.length > 0) told.push(topic); // one that is there, but named for nothing, is not answered
      for (const partition of topic.partitions) {
        const { partitionIndex, committedOffset: offset, committedLeaderEpoch: leaderEpoch, committedMetadata } = partition;
        const metadata = committedMetadata ?? "";
        if (info === undefined) errors.set(partition, unknown);
        else if (info.partitions[partitionIndex] === undefined) errors.set(partition, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
        else if (metadata.length > maxMetadata) tooLarge.add(partition);
        else {
          const committed = { offset, leaderEpoch, metadata, committedAt, expiresAt, topicId: info.id };
          offsets.push({ topic: info.name, partition: partitionIndex, committed });
        }
      }
    }
    if (offsets.length === 0 && tooLarge.size === 0) return answer(told, errors, ErrorCode.NONE);
    const caller = { memberId: request.memberId, instanceId: request.groupInstanceId, generation: request.generationIdOrMemberEpoch };
    const error = await broker.groups.commit(request.groupId, caller, offsets, call.version >= CONSUMER_PROTOCOL_FROM);
    if (error === ErrorCode.NONE) for (const partition of tooLarge) errors.set(partition, ErrorCode.OFFSET_METADATA_TOO_LARGE);
    const unknownGroup =
      call.version >= GROUP_NOT_FOUND_FROM && error === ErrorCode.ILLEGAL_GENERATION && !broker.groups.describe(request.groupId);
    return answer(told, errors, unknownGroup ? ErrorCode.GROUP_ID_NOT_FOUND : error);
  },
});

function answer(told: OffsetCommitRequest["topics"], errors: Map<unknown, number>, error: number) {
  const topics = told.map(({ name, topicId, partitions }) =>
    newOffsetCommitResponseTopic({
      name,
      topicId,
      partitions: partitions.map((partition) =>
        newOffsetCommitResponsePartition({ partitionIndex: partition.partitionIndex, errorCode: errors.get(partition) ?? error }),
      ),
    }),
  );
  return newOffsetCommitResponse({ topics });
}
