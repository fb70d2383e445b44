// Reads whole topics as any read_committed consumer could.
import { createClient, type KafkaClient } from "millrace/client";

const decoder = new TextDecoder();

export interface TopicValue {
  readonly topic: string;
  readonly value: string;
}

async function assignments(client: KafkaClient, topics: readonly string[]) {
  const described = await client.admin().describeTopics([...topics]);
  return described.flatMap(({ name, partitions }) =>
    partitions.map(({ partition }) => ({ topic: name, partition, offset: "earliest" as const })),
  );
}

/** Calls `each` for every record from the first on until the signal. */
export async function followTopics(
  brokers: string,
  topics: readonly string[],
  signal: AbortSignal,
  each: (record: TopicValue) => void,
): Promise<void> {
  const client = createClient({ brokers, clientId: "board" });
  const consumer = client.consumer();
  await consumer.assign(await assignments(client, topics));
  const stop = (): void => void consumer.close();
  signal.addEventListener("abort", stop, { once: true });
  try {
    for await (const batch of consumer)
      for (const record of batch.records) each({ topic: batch.topic, value: decoder.decode(record.value ?? undefined) });
  } finally {
    signal.removeEventListener("abort", stop);
    await client.close();
  }
}

/** Calls `each` for every record from the first offset to the end that each topic has now, one topic after the other. */
export async function readTopics(brokers: string, topics: readonly string[], each: (record: TopicValue) => void): Promise<void> {
  const client = createClient({ brokers, clientId: "reader" });
  try {
    for (const topic of topics) {
      const consumer = client.consumer();
      await consumer.assign(await assignments(client, [topic]));
      for await (const batch of consumer.batches({ until: "end" }))
        for (const record of batch.records) each({ topic, value: decoder.decode(record.value ?? undefined) });
      await consumer.close();
    }
  } finally {
    await client.close();
  }
}
