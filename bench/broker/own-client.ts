// Our own client: produce and consume as fast as it goes, and records from producer to consumer at 1,000 a second.
import { createClient, type KafkaClient } from "millrace/client";
import { lingerMs, type Case, type Figures } from "./compare-case.ts";
import { percentile, round } from "./process-figures.ts";

const PER_S = 1000;

export async function runOwnClient(brokers: string, one: Case, topic: string): Promise<Figures> {
  const client = createClient({ brokers });
  try {
    if (one.kind === "latency") return await latency(client, one, topic);
    const seconds = one.kind === "produce" ? await produceAll(client, one, topic) : await consumeAll(client, one, topic);
    return { recordsPerS: Math.round(one.records / seconds), mbPerS: round((one.records * one.valueBytes) / seconds / 1e6) };
  } finally {
    await client.close();
  }
}

async function produceAll(client: KafkaClient, one: Case, topic: string): Promise<number> {
  const producer = client.producer({ acks: one.acks, idempotent: one.acks === "all", batchBytes: one.batchBytes, lingerMs: lingerMs(one) });
  const value = new Uint8Array(one.valueBytes).fill(120);
  while (!producer.append(topic, 0, Date.now(), null, value)) await producer.ready();
  await producer.flush();
  const begin = performance.now();
  for (let i = 1; i < one.records; i++) {
    while (!producer.append(topic, 0, begin, null, value)) await producer.ready();
  }
  await producer.flush();
  const seconds = (performance.now() - begin) / 1000;
  await producer.close();
  return seconds;
}

async function consumeAll(client: KafkaClient, one: Case, topic: string): Promise<number> {
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
async function latency(client: KafkaClient, one: Case, topic: string): Promise<Figures> {
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
