// ListOffsets (2): versions 1–11. Latest (−1), earliest (−2), the record with the largest timestamp (−3), earliest local (−4: there is
// only local), latest tiered and earliest pending upload (−5, −6: there is no tier), or the first record at or after a timestamp.
// read_committed ends at the last stable offset, for consumers (replica id −1) only. KIP-79, KIP-98, KIP-207, KIP-320, KIP-405, KIP-734,
// KIP-1005, KIP-1023.
import type { PartitionLog } from "../../log/partition-log.ts";
import { ErrorCode, KafkaError } from "../../protocol/errors.ts";
import {
  newListOffsetsPartitionResponse,
  newListOffsetsResponse,
  newListOffsetsTopicResponse,
} from "../../protocol/generated/list-offsets.gen.ts";
import type { ListOffsetsPartition, ListOffsetsPartitionResponse, ListOffsetsTopic } from "../../protocol/generated/list-offsets.gen.ts";
import { defineApi, type BrokerContext } from "../api.ts";
import { LEADER_EPOCH } from "../leader-epoch.ts";
import { namedTwice } from "../named-twice.ts";
import { partitionKey } from "../topics.ts";

const LATEST = -1;
const EARLIEST = -2;
const MAX_TIMESTAMP = -3;
const EARLIEST_LOCAL = -4;
const LATEST_TIERED = -5;
const EARLIEST_PENDING_UPLOAD = -6;
const FIRST_VERSION_WITH: Readonly<Record<number, number>> = {
  [MAX_TIMESTAMP]: 7,
  [EARLIEST_LOCAL]: 8,
  [LATEST_TIERED]: 9,
  [EARLIEST_PENDING_UPLOAD]: 11,
};
const READ_COMMITTED = 1;
/** Replicas have ids from 0. */
const CONSUMER = -1;
const LEADER_EPOCH_FROM = 4;

export const listOffsets = defineApi("ListOffsets", {
  async handle(broker, request, call) {
    const topics = [];
    const committed = request.isolationLevel === READ_COMMITTED && request.replicaId === CONSUMER;
    const twice = namedTwice(request.topics.flatMap(keysOf));
    for (const { name, partitions } of request.topics) {
      const answers = [];
      for (const partition of new Map(partitions.map((each) => [each.partitionIndex, each])).values()) {
        const isTwice = twice.has(partitionKey(name, partition.partitionIndex));
        const found = isTwice ? undefined : answer(broker, name, partition, committed, call.version);
        answers.push((await found) ?? refusal(partition.partitionIndex, ErrorCode.INVALID_REQUEST));
      }
      topics.push(newListOffsetsTopicResponse({ name, partitions: answers }));
    }
    return newListOffsetsResponse({ topics });
  },
});

function keysOf({ name, partitions }: ListOffsetsTopic): string[] {
  return partitions.map(({ partitionIndex }) => partitionKey(name, partitionIndex));
}

function refusal(partitionIndex: number, errorCode: number): ListOffsetsPartitionResponse {
  return newListOffsetsPartitionResponse({ partitionIndex, errorCode, timestamp: -1, offset: -1, leaderEpoch: -1 });
}

async function answer(
  broker: BrokerContext,
  topic: string,
  { partitionIndex, timestamp, currentLeaderEpoch }: ListOffsetsPartition,
  committed: boolean,
  version: number,
): Promise<ListOffsetsPartitionResponse> {
  const refuse = (errorCode: number): ListOffsetsPartitionResponse => refusal(partitionIndex, errorCode);
  if (timestamp < 0 && version < (FIRST_VERSION_WITH[timestamp] ?? (timestamp < EARLIEST_PENDING_UPLOAD ? Infinity : 0))) {
    return refuse(ErrorCode.UNSUPPORTED_VERSION);
  }
  const log = broker.topics.partition(topic, partitionIndex);
  if (log === undefined) return refuse(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  if (currentLeaderEpoch > LEADER_EPOCH) return refuse(ErrorCode.UNKNOWN_LEADER_EPOCH);
  try {
    const found = await look(log, timestamp, committed);
    if (found === undefined) return refuse(ErrorCode.NONE);
    return newListOffsetsPartitionResponse({ partitionIndex, ...found, leaderEpoch: version >= LEADER_EPOCH_FROM ? LEADER_EPOCH : -1 });
  } catch (error) {
    if (error instanceof KafkaError) return refuse(error.errorCode);
    throw error;
  }
}

async function look(log: PartitionLog, timestamp: number, committed: boolean): Promise<{ offset: number; timestamp: number } | undefined> {
  const end = committed ? log.lastStableOffset : log.highWatermark;
  switch (timestamp) {
    case LATEST:
      return { offset: end, timestamp: -1 };
    case EARLIEST:
    case EARLIEST_LOCAL:
      return { offset: log.logStartOffset, timestamp: -1 };
    case LATEST_TIERED:
    case EARLIEST_PENDING_UPLOAD:
      return undefined;
    default: {
      const found = timestamp === MAX_TIMESTAMP ? await log.offsetOfMaxTimestamp() : await log.offsetForTimestamp(timestamp);
      return found !== undefined && found.offset < end ? found : undefined;
    }
  }
}
