// TxnOffsetCommit (28): versions 0–5. Offsets that count when the producer's transaction commits. The group's partition must be part of
// the transaction; from v5 it is added here (KIP-890). Members and generations are checked if given (KIP-447). A request of which no
// partition is there is answered without a look at the transaction.
import { ErrorCode } from "../../protocol/errors.ts";
import {
  newTxnOffsetCommitResponse,
  newTxnOffsetCommitResponsePartition,
  newTxnOffsetCommitResponseTopic,
  type TxnOffsetCommitRequest,
} from "../../protocol/generated/txn-offset-commit.gen.ts";
import { ZERO_UUID } from "../../protocol/primitives.ts";
import { defineApi, type BrokerContext } from "../api.ts";
import type { OffsetToCommit } from "../coordinators/group/group-coordinator.ts";
import { OFFSETS_TOPIC, partitionKey } from "../topics.ts";

/** From here on TRANSACTION_ABORTABLE is understood. */
const ABORTABLE_FROM = 4;
const IMPLICIT_ADD_FROM = 5;

export const txnOffsetCommit = defineApi("TxnOffsetCommit", {
  async handle(broker, request, call) {
    const committedAt = broker.env.clock.now();
    const maxMetadata = broker.settings.number("offset.metadata.max.bytes");
    const errors = new Map<unknown, number>();
    const tooLarge = new Set<unknown>();
    const offsets: OffsetToCommit[] = [];
    for (const { name, partitions } of request.topics) {
      for (const partition of partitions) {
        const { partitionIndex, committedOffset: offset, committedLeaderEpoch: leaderEpoch, committedMetadata } = partition;
        const metadata = committedMetadata ?? "";
        if (broker.topics.partition(name, partitionIndex) === undefined) errors.set(partition, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
        else if (metadata.length > maxMetadata) tooLarge.add(partition);
        else {
          const committed = { offset, leaderEpoch, metadata, committedAt, expiresAt: -1, topicId: ZERO_UUID };
          offsets.push({ topic: name, partition: partitionIndex, committed });
        }
      }
    }
    request.topics = request.topics.filter(({ name, partitions }) => partitions.length > 0 || broker.topics.byName(name) === undefined); // as OffsetCommit
    if (offsets.length === 0 && tooLarge.size === 0) return answer(request, errors, ErrorCode.NONE);
    let error = request.groupId === "" ? ErrorCode.INVALID_GROUP_ID : await enter(broker, request, call.version);
    if (error === ErrorCode.NONE) {
      const caller = { memberId: request.memberId, instanceId: request.groupInstanceId, generation: request.generationId };
      error = await broker.groups.commitInTransaction(request.groupId, caller, request, offsets);
    }
    if (error === ErrorCode.NONE) for (const partition of tooLarge) errors.set(partition, ErrorCode.OFFSET_METADATA_TOO_LARGE);
    return answer(request, errors, error);
  },
});

/** The group's partition of __consumer_offsets belongs to the producer's transaction afterwards, or an error code says why not. */
async function enter(broker: BrokerContext, request: TxnOffsetCommitRequest, version: number): Promise<number> {
  const missing = await broker.groups.ensureOffsets(request.groupId);
  if (missing !== ErrorCode.NONE) return missing;
  const key = partitionKey(OFFSETS_TOPIC, broker.groups.log.partitionOf(request.groupId));
  const error =
    version >= IMPLICIT_ADD_FROM
      ? await broker.transactions.addPartitions(request.transactionalId, request, [key], 2)
      : broker.transactions.verify(request.transactionalId, request, key);
  if (error === ErrorCode.PRODUCER_FENCED) return ErrorCode.INVALID_PRODUCER_EPOCH;
  if (error === ErrorCode.TRANSACTION_ABORTABLE && version < ABORTABLE_FROM) return ErrorCode.INVALID_TXN_STATE;
  if (error === ErrorCode.CONCURRENT_TRANSACTIONS && version < IMPLICIT_ADD_FROM) return ErrorCode.COORDINATOR_LOAD_IN_PROGRESS;
  return error;
}

function answer(request: TxnOffsetCommitRequest, errors: Map<unknown, number>, error: number) {
  const topics = request.topics.map(({ name, partitions }) =>
    newTxnOffsetCommitResponseTopic({
      name,
      partitions: partitions.map((partition) =>
        newTxnOffsetCommitResponsePartition({ partitionIndex: partition.partitionIndex, errorCode: errors.get(partition) ?? error }),
      ),
    }),
  );
  return newTxnOffsetCommitResponse({ topics });
}
