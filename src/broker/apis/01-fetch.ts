// Fetch (1): versions 4–18. Long poll that wakes when a partition's high watermark or last stable offset moves; the first batch of the
// first partition with data is sent even if it is larger than every limit; read_committed ends at the last stable offset and lists
// aborted transactions. A batch that does not fit counts with the part that would (Apache Kafka sends that): who wants as many bytes as
// there is room for does not wait for more. With a fetch session (fetch-sessions.ts), requests name what changed and answers what has news.
// KIP-74 (max bytes), KIP-98, KIP-110 (zstd), KIP-227 (sessions), KIP-320 (leader epochs), KIP-516 (topic ids, v13), KIP-903, KIP-951.
import { buggify } from "../../env/fault-points.ts";
import type { PartitionLog } from "../../log/partition-log.ts";
import { ErrorCode, KafkaError } from "../../protocol/errors.ts";
import { newEpochEndOffset, newFetchableTopicResponse, newFetchResponse, newPartitionData } from "../../protocol/generated/fetch.gen.ts";
import type { FetchableTopicResponse, FetchPartition, FetchResponse, PartitionData } from "../../protocol/generated/fetch.gen.ts";
import {
  BASE_OFFSET_AT,
  BATCH_LENGTH_AT,
  BATCH_OVERHEAD_BYTES,
  int32At,
  int64At,
  LAST_OFFSET_DELTA_AT,
} from "../../protocol/records/batch-header.ts";
import { defineApi, type BrokerContext } from "../api.ts";
import type { FetchContext, FetchItem } from "../fetch-sessions.ts";
import { FetchWait } from "../fetch-wait.ts";
import { LEADER_EPOCH } from "../leader-epoch.ts";

const TOPIC_IDS_FROM = 13;
const READ_COMMITTED = 1;

type Isolation = "read_uncommitted" | "read_committed";

interface Wanted {
  readonly item: FetchItem;
  /** An error code instead of a log. */
  readonly log: PartitionLog | number;
}

interface Round {
  readonly answers: readonly PartitionData[];
  /** Give the memory of the answers' records back. */
  readonly releases: readonly (() => void)[];
  /** As many as Apache Kafka would have sent: with batches that do not fit, cut short. */
  readonly bytes: number;
  readonly failed: boolean;
}

interface ReadAnswer {
  readonly answer: PartitionData;
  /** Of the answer's bytes. */
  readonly filled: number;
}

export const fetch = defineApi("Fetch", {
  async handle(broker, request, call) {
    const byId = call.version >= TOPIC_IDS_FROM;
    const context = broker.fetchSessions.begin(request, byId);
    if (typeof context === "number") return newFetchResponse({ errorCode: context });
    const wanted = inAnswersOrder(context.items.map((item) => find(broker, item, byId)));
    const isolation: Isolation = request.isolationLevel === READ_COMMITTED ? "read_committed" : "read_uncommitted";
    const maxBytes = Math.min(request.maxBytes, broker.settings.number("fetch.max.bytes"));
    const minBytes = Math.min(request.minBytes, maxBytes);
    const wait = new FetchWait(broker.env.timers, request.maxWaitMs, call);
    try {
      for (;;) {
        const marks = wanted.map(({ log }) => (typeof log === "number" ? -1 : endOf(log, isolation)));
        const round = await read(wanted, isolation, maxBytes);
        if (round.failed || round.bytes >= minBytes || !wanted.some(isThere) || wait.isOver) {
          count(broker, wanted, round.answers);
          for (const release of round.releases) call.onSent(release);
          return respond(context, wanted, round.answers);
        }
        for (const release of round.releases) release();
        const moved = wanted.some(({ log }, i) => typeof log !== "number" && endOf(log, isolation) !== marks[i]);
        if (!moved) await wait.forAdvance(wanted.flatMap(({ log }) => (typeof log === "number" ? [] : [log])));
      }
    } finally {
      wait.end();
    }
  },
});

async function read(partitions: readonly Wanted[], isolation: Isolation, maxBytes: number): Promise<Round> {
  const answers: PartitionData[] = [];
  const releases: (() => void)[] = [];
  let bytes = 0;
  let failed = false;
  for (const wanted of partitions) {
    const { answer, filled } = await readPartition(wanted, isolation, { room: maxBytes - bytes, minOneBatch: bytes === 0, releases });
    bytes += filled;
    if ((answer.errorCode !== ErrorCode.NONE || answer.divergingEpoch !== null) && isThere(wanted)) failed = true;
    answers.push(answer);
  }
  return { answers, releases, bytes, failed };
}

function count(broker: BrokerContext, wanted: readonly Wanted[], answers: readonly PartitionData[]): void {
  wanted.forEach(({ log }, i) => {
    if (typeof log === "number") return;
    const { records, errorCode } = answers[i]!;
    const traffic = broker.counters.topic(log.topic);
    traffic.fetchRequests++;
    traffic.bytesOut += records?.length ?? 0;
    if (errorCode !== ErrorCode.NONE) traffic.failedFetchRequests++;
  });
}

/** Partitions of one topic that follow each other share its entry. */
function respond(context: FetchContext, wanted: readonly Wanted[], answers: readonly PartitionData[]): FetchResponse {
  const response = newFetchResponse({ sessionId: context.sessionId });
  let last: FetchableTopicResponse | undefined;
  wanted.forEach(({ item }, i) => {
    const answer = answers[i]!;
    if (!context.tells(item, answer)) return;
    if (last === undefined || last.topic !== item.topic || last.topicId !== item.topicId) {
      last = newFetchableTopicResponse({ topic: item.topic, topicId: item.topicId });
      response.responses.push(last);
    }
    last.partitions.push(answer);
  });
  return response;
}

const NO_RECORDS = new Uint8Array(0);

interface ReadPlace {
  /** Bytes that the answer may still take. */
  readonly room: number;
  readonly minOneBatch: boolean;
  readonly releases: (() => void)[];
}

async function readPartition(
  { item: { request }, log }: Wanted,
  isolation: Isolation,
  { room, minOneBatch, releases }: ReadPlace,
): Promise<ReadAnswer> {
  if (typeof log === "number") return nothing(refused(request.partition, log, log === ErrorCode.UNKNOWN_LEADER_EPOCH ? null : []));
  if (request.lastFetchedEpoch >= 0) {
    const diverged = divergence(request, log, isolation);
    if (diverged !== undefined) return nothing(diverged);
  }
  const partitionIndex = request.partition;
  const { highWatermark, lastStableOffset, logStartOffset } = log;
  const maxBytes = buggify("fetch-of-one-batch") ? Math.min(1, room) : Math.min(request.partitionMaxBytes, room);
  const nothingNew =
    request.fetchOffset === endOf(log, isolation) || (maxBytes <= 0 && !minOneBatch && isInRange(log, request.fetchOffset));
  if (nothingNew) {
    const abortedTransactions = isolation === "read_committed" ? [] : null;
    return nothing(newPartitionData({ partitionIndex, highWatermark, lastStableOffset, logStartOffset, abortedTransactions, records: NO_RECORDS })); // prettier-ignore
  }
  try {
    const found = await log.read(request.fetchOffset, { maxBytes: Math.max(0, maxBytes), minOneBatch, isolation });
    releases.push(found.release);
    const end = isolation === "read_committed" ? found.lastStableOffset : found.highWatermark;
    const isEmpty = found.bytes.length === 0;
    const fitsNot = isEmpty && request.fetchOffset < end; // then Apache Kafka has no list of aborted transactions, either
    const answer = newPartitionData({
      partitionIndex,
      highWatermark: found.highWatermark,
      lastStableOffset: found.lastStableOffset,
      logStartOffset: found.logStartOffset,
      abortedTransactions: isolation === "read_committed" && !fitsNot ? [...found.abortedTransactions] : null,
      records: found.bytes,
    });
    const isFull = !isEmpty && found.bytes.length < maxBytes && endOffsetOf(found.bytes) < end;
    return { answer, filled: isFull ? maxBytes : found.bytes.length };
  } catch (error) {
    if (error instanceof KafkaError) return nothing(refused(partitionIndex, error.errorCode, null));
    throw error;
  }
}

const nothing = (answer: PartitionData): ReadAnswer => ({ answer, filled: 0 });

/** Behind the last of whole batches. */
function endOffsetOf(bytes: Uint8Array): number {
  let last = 0;
  for (let at = 0; at < bytes.length; at += BATCH_OVERHEAD_BYTES + int32At(bytes, at + BATCH_LENGTH_AT)) last = at;
  return int64At(bytes, last + BASE_OFFSET_AT) + int32At(bytes, last + LAST_OFFSET_DELTA_AT) + 1;
}

/** KIP-595: a reader that says of which epoch its last record was hears if this log is not a continuation of what it has. */
function divergence({ partition, fetchOffset, lastFetchedEpoch }: FetchPartition, log: PartitionLog, isolation: Isolation) {
  const { highWatermark, lastStableOffset, logStartOffset } = log;
  if (lastFetchedEpoch > LEADER_EPOCH || fetchOffset < logStartOffset) return refused(partition, ErrorCode.OFFSET_OUT_OF_RANGE, null);
  if (fetchOffset <= log.logEndOffset) return undefined;
  const divergingEpoch = newEpochEndOffset({ epoch: LEADER_EPOCH, endOffset: log.logEndOffset });
  const abortedTransactions = isolation === "read_committed" ? [] : null;
  return newPartitionData({ partitionIndex: partition, highWatermark, lastStableOffset, logStartOffset, divergingEpoch, abortedTransactions, records: NO_RECORDS }); // prettier-ignore
}

function endOf(log: PartitionLog, isolation: Isolation): number {
  return isolation === "read_committed" ? log.lastStableOffset : log.highWatermark;
}

function isInRange(log: PartitionLog, offset: number): boolean {
  return offset >= log.logStartOffset && offset <= log.highWatermark;
}

/** Not there are partitions that nobody knows: they do not end the wait for the others, and are told behind them, as Apache Kafka does. */
function isThere({ log }: Wanted): boolean {
  return log !== ErrorCode.UNKNOWN_TOPIC_ID && log !== ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
}

function inAnswersOrder(wanted: readonly Wanted[]): readonly Wanted[] {
  if (wanted.every(isThere)) return wanted;
  const unknown = [ErrorCode.UNKNOWN_TOPIC_ID, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION];
  return [...wanted.filter(isThere), ...unknown.flatMap((code) => wanted.filter(({ log }) => log === code))];
}

function find(broker: BrokerContext, item: FetchItem, byId: boolean): Wanted {
  const info = byId ? broker.topics.byId(item.topicId) : broker.topics.byName(item.topic);
  if (info === undefined) return { item, log: byId ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION };
  const log = info.partitions[item.request.partition];
  if (log === undefined) return { item, log: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION };
  if (item.request.currentLeaderEpoch > LEADER_EPOCH) return { item, log: ErrorCode.UNKNOWN_LEADER_EPOCH };
  return { item, log };
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
