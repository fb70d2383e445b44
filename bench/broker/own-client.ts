// Our own client: produce and consume as fast as it goes, records from producer to consumer at 1,000 a second, one to each of many partitions.
import { createClient, type KafkaClient, type Producer } from "millrace/client";
import { LARGE_BATCH, LARGE_LINGER_MS, type Figures, type Work } from "./compare-case.ts";
import { percentile, round } from "./process-figures.ts";

const PER_S = 1000;
/** The Java client's: one default for both. */
const DEFAULT_BATCH = { batchBytes: 16_384, lingerMs: 5 };
/** Partitions of one topic of a case with thousands. */
export const PARTITIONS_PER_TOPIC = 1000;

export async function runOwnClient(brokers: string, one: Work, topic: string): Promise<Figures> {
  const client = createClient({ brokers });
  try {
    if (one.kind === "latency") return await latency(client, one, topic);
    const run = { produce: produceAll, consume: consumeAll, spread: spreadOut }[one.kind as "produce" | "consume" | "spread"];
    const seconds = await run(client, one, topic);
    return { recordsPerS: Math.round(one.records / seconds), mbPerS: round((one.records * one.valueBytes) / seconds / 1e6) };
  } finally {
    await client.close();
  }
}

function producerOf(client: KafkaClient, { acks, batches }: Work): Producer {
  const size = batches === "default" ? DEFAULT_BATCH : { batchBytes: LARGE_BATCH, lingerMs: LARGE_LINGER_MS };
  return client.producer({ acks, idempotent: acks === "all", ...size });
}

/** A batch to one partition, then the next. */
const STICKY_RECORDS = 128;

async function produceAll(client: KafkaClient, one: Work, topic: string): Promise<number> {
  const producer = producerOf(client, one);
  const value = new Uint8Array(one.valueBytes).fill(120);
  while (!producer.append(topic, 0, Date.now(), null, value)) await producer.ready();
  await producer.flush();
  const begin = performance.now();
  for (let i = 1; i < one.records; i++) {
    const partition = Math.floor(i / STICKY_RECORDS) % one.partitions;
    while (!producer.append(topic, partition, begin, null, value)) await producer.ready();
  }
  await producer.flush();
  const seconds = (performance.now() - begin) / 1000;
  await producer.close();
  return seconds;
}

/** One record to every partition, all acknowledged, then the next round; the first one, which waits for new partitions, does not count. */
async function spreadOut(client: KafkaClient, one: Work, topic: string): Promise<number> {
  const producer = client.producer({ lingerMs: 0 });
  const value = new Uint8Array(one.valueBytes).fill(120);
  let begin = 0;
  for (let i = -one.partitions; i < one.records; i++) {
    if (i === 0) begin = performance.now();
    const at = (i + one.partitions) % one.partitions;
    const name = topicOf(topic, at);
    while (!producer.append(name, at % PARTITIONS_PER_TOPIC, Date.now(), null, value)) await producer.ready();
    if (at === one.partitions - 1) await producer.flush();
  }
  await producer.flush();
  const seconds = (performance.now() - begin) / 1000;
  await producer.close();
  return seconds;
}

/** Of thousands of partitions: in topics of a thousand each. */
export function topicOf(topic: string, partition: number): string {
  return `${topic}-${Math.floor(partition / PARTITIONS_PER_TOPIC)}`;
}

async function consumeAll(client: KafkaClient, one: Work, topic: string): Promise<number> {
  const consumer = client.consumer({ isolation: "read_uncommitted" });
  await consumer.assign([{ topic, partition: 0, offset: "earliest" }]);
  let begin = 0;
  let seen = 0;
  for await (const batch of consumer) {
    if (seen === 0) begin = performance.now();
    for (const record of batch.records) if (record.offset >= 0) seen++;
    if (seen >= one.records) break;
  }
  const seconds = (performance.now() - begin) / 1000;
  await consumer.close();
  return seconds;
}

/** Every record carries the moment at which it was sent. */
async function latency(client: KafkaClient, one: Work, topic: string): Promise<Figures> {
  const consumer = client.consumer({ isolation: "read_uncommitted" });
  await consumer.assign([{ topic, partition: 0, offset: "earliest" }]);
  const took: number[] = [];
  const consumed = (async () => {
    for await (const batch of consumer) {
      const now = performance.now();
      for (const { value } of batch.records) took.push(now - new DataView(value!.buffer, value!.byteOffset).getFloat64(0));
      if (took.length >= one.records) return;
    }
  })();
  const producer = client.producer({ lingerMs: 0 });
  const value = new Uint8Array(one.valueBytes);
  const view = new DataView(value.buffer);
  const begin = performance.now();
  for (let sent = 0; sent < one.records;) {
    const due = Math.min(one.records, Math.floor(((performance.now() - begin) / 1000) * PER_S));
    for (; sent < due; sent++) {
      view.setFloat64(0, performance.now());
      while (!producer.append(topic, 0, begin, null, value)) await producer.ready();
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await producer.flush();
  await consumed;
  await producer.close();
  await consumer.close();
  return { p50Ms: percentile(took, 0.5), p99Ms: percentile(took, 0.99) };
}
