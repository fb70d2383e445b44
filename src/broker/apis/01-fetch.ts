// Fetch (1): versions 4–18. Long poll that wakes when a partition's high watermark or last stable offset moves; the first batch of the
// first partition with data is sent even if it is larger than every limit; read_committed ends at the last stable offset and lists
// aborted transactions. Fetch sessions are not kept: every answer has session id 0, which asks clients for full fetches.
// KIP-74 (max bytes), KIP-98, KIP-110 (zstd), KIP-227 (sessions), KIP-320 (leader epochs), KIP-516 (topic ids, v13), KIP-903, KIP-951.
import type { PartitionLog } from "../../log/partition-log.ts";
import { ErrorCode, KafkaError } from "../../protocol/errors.ts";
import { newFetchableTopicResponse, newFetchResponse, newPartitionData } from "../../protocol/generated/fetch.gen.ts";
import type { FetchPartition, FetchRequest, FetchResponse, PartitionData } from "../../protocol/generated/fetch.gen.ts";
import { defineApi, type BrokerContext, type Call } from "../api.ts";
import { FetchWait } from "../fetch-wait.ts";
import { LEADER_EPOCH } from "../leader-epoch.ts";

const TOPIC_IDS_FROM = 13;
const READ_COMMITTED = 1;

type Isolation = "read_uncommitted" | "read_committed";

interface Wanted {
  readonly request: FetchPartition;
  /** An error code instead of a log. */
  readonly log: PartitionLog | number;
}

interface Round {
  readonly response: FetchResponse;
  readonly bytes: number;
  readonly failed: boolean;
}

export const fetch = defineApi("Fetch", {
  async handle(broker, request, call) {
    if (request.sessionId !== 0) return newFetchResponse({ errorCode: ErrorCode.FETCH_SESSION_ID_NOT_FOUND });
    const topics = request.topics.map((topic) => ({
      topic,
      partitions: topic.partitions.map((partition) => find(broker, topic, partition, call)),
    }));
    const isolation: Isolation = request.isolationLevel === READ_COMMITTED ? "read_committed" : "read_uncommitted";
    const maxBytes = Math.min(request.maxBytes, broker.settings.number("fetch.max.bytes"));
    const minBytes = Math.min(request.minBytes, maxBytes);
    const wanted = topics.flatMap(({ partitions }) => partitions);
    const wait = new FetchWait(broker.env.timers, request.maxWaitMs, call);
    try {
      for (;;) {
        const marks = wanted.map(({ log }) => (typeof log === "number" ? -1 : endOf(log, isolation)));
        const round = await read(topics, isolation, maxBytes);
        if (round.failed || round.bytes >= minBytes || wanted.length === 0 || wait.isOver) return round.response;
        const moved = wanted.some(({ log }, i) => typeof log !== "number" && endOf(log, isolation) !== marks[i]);
        if (!moved) await wait.forAdvance(wanted.flatMap(({ log }) => (typeof log === "number" ? [] : [log])));
      }
    } finally {
      wait.end();
    }
  },
});

type Topics = readonly { topic: FetchRequest["topics"][number]; partitions: readonly Wanted[] }[];

async function read(topics: Topics, isolation: Isolation, maxBytes: number): Promise<Round> {
  const response = newFetchResponse();
  let bytes = 0;
  let failed = false;
  for (const { topic, partitions } of topics) {
    const answers: PartitionData[] = [];
    for (const wanted of partitions) {
      const answer = await readPartition(wanted, isolation, maxBytes - bytes, bytes === 0);
      bytes += answer.records?.length ?? 0;
      if (answer.errorCode !== ErrorCode.NONE) failed = true;
      answers.push(answer);
    }
    response.responses.push(newFetchableTopicResponse({ topic: topic.topic, topicId: topic.topicId, partitions: answers }));
  }
  return { response, bytes, failed };
}

const NO_RECORDS = new Uint8Array(0);

async function readPartition({ request, log }: Wanted, isolation: Isolation, room: number, minOneBatch: boolean): Promise<PartitionData> {
  if (typeof log === "number") return refused(request.partition, log, log === ErrorCode.UNKNOWN_LEADER_EPOCH ? null : []);
  const partitionIndex = request.partition;
  const { highWatermark, lastStableOffset, logStartOffset } = log;
  const maxBytes = Math.min(request.partitionMaxBytes, room);
  const nothingNew =
    request.fetchOffset === endOf(log, isolation) || (maxBytes <= 0 && !minOneBatch && isInRange(log, request.fetchOffset));
  if (nothingNew) {
    const abortedTransactions = isolation === "read_committed" ? [] : null;
    return newPartitionData({ partitionIndex, highWatermark, lastStableOffset, logStartOffset, abortedTransactions, records: NO_RECORDS });
  }
  try {
    const found = await log.read(request.fetchOffset, { maxBytes: Math.max(0, maxBytes), minOneBatch, isolation });
    return newPartitionData({
      partitionIndex,
      highWatermark: found.highWatermark,
      lastStableOffset: found.lastStableOffset,
      logStartOffset: found.logStartOffset,
      abortedTransactions: isolation === "read_committed" ? [...found.abortedTransactions] : null,
      records: found.bytes,
    });
  } catch (error) {
    if (error instanceof KafkaError) return refused(partitionIndex, error.errorCode, null);
    throw error;
  }
}

function endOf(log: PartitionLog, isolation: Isolation): number {
  return isolation === "read_committed" ? log.lastStableOffset : log.highWatermark;
}

function isInRange(log: PartitionLog, offset: number): boolean {
  return offset >= log.logStartOffset && offset <= log.highWatermark;
}

function find(broker: BrokerContext, topic: FetchRequest["topics"][number], request: FetchPartition, call: Call): Wanted {
  const byId = call.version >= TOPIC_IDS_FROM;
  const info = byId ? broker.topics.byId(topic.topicId) : broker.topics.byName(topic.topic);
  if (info === undefined) return { request, log: byId ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION };
  const log = info.partitions[request.partition];
  if (log === undefined) return { request, log: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION };
  if (request.currentLeaderEpoch > LEADER_EPOCH) return { request, log: ErrorCode.UNKNOWN_LEADER_EPOCH };
  return { request, log };
}

/** A partition that is not there has an empty list of aborted transactions, one that was refused has none: as Apache Kafka answers. */
function refused(partitionIndex: number, errorCode: number, abortedTransactions: [] | null): PartitionData {
  return newPartitionData({
    partitionIndex,
    errorCode,
    highWatermark: -1,
    lastStableOffset: -1,
    logStartOffset: -1,
    abortedTransactions,
    records: NO_RECORDS,
  });
}
