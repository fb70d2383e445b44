// What became of a transaction, read from the log itself: behind its last record in a partition its producer's next marker commits or aborts
// it. The coordinator forgets this as soon as the transactional id is used again; the log does not (until retention or compaction).
import type { Cluster } from "../../client/cluster.ts";
import { brokerError } from "../../client/errors.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import { newFetchPartition, newFetchRequest, type PartitionData } from "../../protocol/generated/fetch.gen.ts";
import {
  ATTRIBUTES_AT,
  BASE_OFFSET_AT,
  int16At,
  int32At,
  int64At,
  isControl,
  LAST_OFFSET_DELTA_AT,
  PRODUCER_ID_AT,
  wholeBatchSizeAt,
} from "../../protocol/records/batch-header.ts";
import { BatchReader } from "../../protocol/records/batch-reader.ts";
import { decodeControlRecord } from "../../protocol/records/control-batch.ts";
import type { KafkaCommittable, OffsetRange } from "./committable.ts";

export type TransactionOutcome = "committed" | "aborted" | "unknown";

/** Per partition; markers follow the records within seconds. */
const MAX_SCAN_BYTES = 64 << 20;
const FETCH_BYTES = 1 << 20;
const VISIBLE_TIMEOUT_MS = 3000;
const VISIBLE_PAUSE_MS = 2;
const LAST_VERSION_WITH_NAMES = 12;

/** "unknown": no marker was found, or the log does not reach back so far. */
export async function transactionOutcome(cluster: Cluster, committable: KafkaCommittable): Promise<TransactionOutcome> {
  for (const range of committable.ranges) {
    const outcome = await outcomeInPartition(cluster, committable, range);
    if (outcome !== "unknown") return outcome;
  }
  return "unknown";
}

/** Resolves when the markers of a committed transaction are in all its partitions; after VISIBLE_TIMEOUT_MS in any case. */
export async function untilVisible(cluster: Cluster, committable: KafkaCommittable): Promise<void> {
  const { timers } = cluster.env;
  const late = new AbortController();
  const timer = timers.after(VISIBLE_TIMEOUT_MS, () => late.abort(new Error("The markers were not awaited any longer.")));
  const look = async (range: OffsetRange): Promise<void> => {
    while (!late.signal.aborted && (await outcomeInPartition(cluster, committable, range, late.signal)) === "unknown")
      await timers.sleep(VISIBLE_PAUSE_MS, late.signal);
  };
  try {
    await Promise.all(committable.ranges.map(look));
  } catch {
    // Not reachable, or too late: the outcome is decided all the same.
  } finally {
    timer.cancel();
  }
}

async function outcomeInPartition(
  cluster: Cluster,
  committable: KafkaCommittable,
  range: OffsetRange,
  signal?: AbortSignal,
): Promise<TransactionOutcome> {
  const { topic, producerId } = committable;
  let offset = range.lastOffset + 1;
  for (let scanned = 0; scanned < MAX_SCAN_BYTES;) {
    const bytes = await fetchAt(cluster, topic, range.partition, offset, signal);
    if (bytes === undefined) return "unknown";
    const before = offset;
    for (let at = 0, size = wholeBatchSizeAt(bytes, 0); size > 0; at += size, size = wholeBatchSizeAt(bytes, at)) {
      offset = int64At(bytes, at + BASE_OFFSET_AT) + int32At(bytes, at + LAST_OFFSET_DELTA_AT) + 1;
      scanned += size;
      if (offset <= before || !isControl(int16At(bytes, at + ATTRIBUTES_AT)) || int64At(bytes, at + PRODUCER_ID_AT) !== producerId)
        continue;
      const reader = new BatchReader();
      reader.reset(bytes, at);
      const type = reader.next() ? decodeControlRecord(reader).type : "other";
      if (type !== "other") return type === "commit" ? "committed" : "aborted";
    }
    if (offset === before) return "unknown";
  }
  return "unknown";
}

/** Raw batches, control batches among them; undefined where the log has nothing (any more). */
async function fetchAt(
  cluster: Cluster,
  topic: string,
  partition: number,
  offset: number,
  signal?: AbortSignal,
): Promise<Uint8Array | undefined> {
  const what = `Looking up the outcome of a transaction in ${topic}-${partition}`;
  const attempt = async (): Promise<PartitionData> => {
    await cluster.topic(topic, { fresh: cluster.leaderNow(topic, partition) === undefined });
    const leader = cluster.leaderNow(topic, partition);
    if (leader === undefined) throw brokerError(ErrorCode.LEADER_NOT_AVAILABLE, what);
    const message = newFetchRequest({
      maxWaitMs: 0,
      minBytes: 0,
      maxBytes: FETCH_BYTES,
      isolationLevel: 0,
      topics: [
        {
          topic,
          topicId: "",
          partitions: [newFetchPartition({ partition, fetchOffset: offset, partitionMaxBytes: FETCH_BYTES, currentLeaderEpoch: -1 })],
        },
      ],
    });
    const response = await cluster.call({ to: "node", nodeId: leader.leaderId }, "Fetch", message, { maxVersion: LAST_VERSION_WITH_NAMES });
    const data = response.responses[0]?.partitions[0];
    const errorCode = data?.errorCode ?? response.errorCode;
    if (data === undefined || (errorCode !== 0 && errorCode !== ErrorCode.OFFSET_OUT_OF_RANGE)) throw brokerError(errorCode, what);
    return data;
  };
  const data = await cluster.retried(what, attempt, { signal });
  return data.errorCode === 0 && data.records !== null && data.records.length > 0 ? data.records : undefined;
}
