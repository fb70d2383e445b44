// One look at the newest committed records of a topic, for a question that is asked now and then. Bounded in records and in time.
import type { KafkaClient } from "../client/client.ts";
import type { ConsumedBatch } from "../client/consumer/consumed-batch.ts";
import type { Timers } from "../env/clock.ts";
import type { TailRecord } from "./record-tail.ts";

/** Of all partitions together. */
const MOST_RECORDS = 1000;
const LIMIT_MS = 2000;
const decoder = new TextDecoder();

/** Ordered by partition and offset. What could be read within two seconds. */
export async function newestRecords(client: KafkaClient, timers: Timers, topic: string): Promise<readonly TailRecord[]> {
  const late = new AbortController();
  const limit = timers.after(LIMIT_MS, () => late.abort());
  const consumer = client.consumer();
  const records: TailRecord[] = [];
  try {
    const admin = client.admin();
    const [description] = await admin.describeTopics([topic]);
    const partitions = description?.partitions.map(({ partition }) => partition) ?? [];
    const at = (time: "latest" | "earliest") => admin.listOffsets(partitions.map((partition) => ({ topic, partition, at: time })));
    const [ends, starts] = await Promise.all([at("latest"), at("earliest")]);
    const each = Math.ceil(MOST_RECORDS / Math.max(1, partitions.length));
    await consumer.assign(
      ends.map(({ partition, offset }) => {
        const start = starts.find((one) => one.partition === partition)?.offset ?? 0;
        return { topic, partition, offset: Math.max(start, offset - each) };
      }),
      late.signal,
    );
    for await (const batch of consumer.batches({ until: "end", signal: late.signal })) records.push(...recordsOf(batch));
  } catch (error) {
    if (!late.signal.aborted) throw error;
  } finally {
    limit.cancel();
    await consumer.close();
  }
  return records.toSorted((a, b) => a.partition - b.partition || a.offset - b.offset);
}

function recordsOf(batch: ConsumedBatch): readonly TailRecord[] {
  return [...batch.records].map(({ offset, timestamp, key, value }) => ({
    partition: batch.partition,
    offset,
    timestamp,
    key: key === null ? null : decoder.decode(key),
    value: value === null ? null : decoder.decode(value),
  }));
}
