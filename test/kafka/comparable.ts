// Answers of two brokers made comparable: what may differ is replaced by what kind of thing it is. The list of what may differ, with the
// reasons, is here and nowhere else.
import { crc32c } from "../../src/bytes/crc32c.ts";
import { errorByCode } from "../../src/protocol/errors.ts";
import {
  BATCH_HEADER_BYTES,
  isControl,
  LOG_APPEND_TIME_FLAG,
  readBatchHeader,
  wholeBatchSizeAt,
} from "../../src/protocol/records/batch-header.ts";

/** Fields whose values differ between any two brokers. */
const MASKED: Readonly<Record<string, string>> = {
  throttleTimeMs: "quotas are not enforced",
  port: "each listens on its own",
  host: "each may be known by its own name",
  clusterId: "random",
  topicId: "random, made by the broker that created the topic",
  memberId: "random",
  leader: "a member id",
  transactionStartTimeMs: "the broker's clock",
  producerId: "taken from blocks of different sizes",
  sessionId: "random (fetch sessions)",
  errorMessage: "our own words",
  batchIndexErrorMessage: "our own words",
  logAppendTimeMs: "the broker's clock",
  lastTimestamp: "the broker's clock",
  leaderEpoch: "our partitions never change their leader: epoch 0; Apache Kafka counts restarts",
  currentLeaderEpoch: "as leaderEpoch",
  logDir: "each has its own directory",
  finalizedFeaturesEpoch: "Apache Kafka's is an offset of its metadata log; ours counts the changes",
  totalBytes: "our file interface does not know the size of the disk",
  usableBytes: "the disk changes",
  partitionSize: "the sizes of indexes and markers differ",
};

/** Later than every record's own timestamp in these tests: a marker's, by the broker's clock. */
const CLOCK_FROM = 1_750_000_000_000;
/** Apache Kafka sets it for the whole cluster when it formats its storage; ours has it as a default. */
const SET_AT_FORMAT = "min.insync.replicas";

/** In these, which of several members gets which partitions depends on their random ids: only how many they are is compared. */
const ASSIGNMENTS: ReadonlySet<string> = new Set(["assignment", "targetAssignment"]);

/** Apache Kafka cuts the last batch short where the limit of bytes is; clients leave that away. */
export function batchesIn(records: Uint8Array): Batch[] {
  const batches: Batch[] = [];
  for (let at = 0; ;) {
    const size = at < records.length ? wholeBatchSizeAt(records, at) : 0;
    if (size === 0) return batches;
    batches.push(batchAsItIs(records, at));
    at += size;
  }
}

export interface Batch extends Readonly<Record<string, unknown>> {
  readonly lastOffset: number;
}

/** All of a batch that both brokers keep as it came. */
function batchAsItIs(bytes: Uint8Array, at: number): Batch {
  const header = readBatchHeader(bytes, at);
  const { partitionLeaderEpoch: _epoch, crc, producerId, baseTimestamp, maxTimestamp, ...same } = header;
  const isMarker = isControl(header.attributes); // the broker's time, and the epoch of its coordinator
  const hasOurTime = (header.attributes & LOG_APPEND_TIME_FLAG) === 0;
  const records = crc32c(bytes, at + BATCH_HEADER_BYTES, at + header.sizeBytes);
  return {
    ...same,
    lastOffset: header.baseOffset + header.lastOffsetDelta,
    ofAProducer: producerId >= 0,
    ...(isMarker ? {} : { baseTimestamp, recordsCrc: records }),
    ...(isMarker || !hasOurTime ? {} : { maxTimestamp }),
    ...(isMarker || !hasOurTime || producerId >= 0 ? {} : { crc }),
  };
}

/** A plain value for deepEqual. */
export function comparable(value: unknown, key = "", inside = ""): unknown {
  if (ASSIGNMENTS.has(inside) && key === "partitions") return `<${(value as unknown[]).length} partitions>`;
  if (MASKED[key] !== undefined) return `<${key}>`;
  if (key === "documentation" && typeof value === "string") return "<our own words>";
  if (/timestamp/i.test(key) && typeof value === "number" && value > CLOCK_FROM) return "<the broker's clock>";
  if (/errorCode$/i.test(key) && typeof value === "number") return errorByCode(value).name;
  if (value instanceof Uint8Array && key === "records") return batchesIn(value);
  if (value instanceof Uint8Array) return `<${value.length} bytes>`;
  if (Array.isArray(value)) {
    const items = value.map((item) => comparable(item, key, inside));
    if (key === "subscribedTopicNames") return items.toSorted(); // a set
    if (typeof items[0] === "number") return items.sort((a, b) => Number(a) - Number(b)); // partitions
    return typeof items[0] === "object" ? items.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) : items;
  }
  if (value === null || typeof value !== "object") return value;
  if ("name" in value && value.name === SET_AT_FORMAT) return `<${SET_AT_FORMAT}>`;
  const place = (name: string): string => (ASSIGNMENTS.has(name) ? name : inside);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, comparable(inner, name, place(name))]));
}
