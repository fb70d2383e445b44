// What a committed reader sees in a topic, read with our client.
import type { KafkaClient } from "millrace/client";

const LOOK_EVERY_MS = 250;

export interface CommittedValue {
  readonly partition: number;
  readonly key: string | null;
  readonly value: string | null;
}

/** Partition after partition, in the order of their logs. */
export async function committedValues(client: KafkaClient, topic: string, partitions: number): Promise<CommittedValue[]> {
  const text = (bytes: Uint8Array | null): string | null => (bytes === null ? null : new TextDecoder().decode(bytes));
  const found: CommittedValue[] = [];
  for (let partition = 0; partition < partitions; partition++) {
    const consumer = client.consumer();
    await consumer.assign([{ topic, partition, offset: "earliest" }]);
    for await (const batch of consumer.batches({ until: "end" }))
      for (const { key, value } of batch.records) found.push({ partition, key: text(key), value: text(value) });
    await consumer.close();
  }
  return found;
}

/** Resolves when at least so many committed values are there; rejects when they are not in time. */
export async function untilCount(client: KafkaClient, topic: string, partitions: number, count: number, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  let there = 0;
  while (performance.now() < deadline) {
    there = (await committedValues(client, topic, partitions)).length;
    if (there >= count) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  throw new Error(`${there} of ${count} committed values are in ${topic} after ${timeoutMs} ms`);
}
