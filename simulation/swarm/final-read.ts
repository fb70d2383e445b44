// After healing: everything that lies in the topics, as readers of either isolation get it.
import type { Isolation } from "../checkers/history.ts";
import type { InputRecord, PipelineOutput, SumRow, TimerRow, WindowRow } from "../checkers/pipeline-checker.ts";
import type { KafkaClient } from "../../src/client/client.ts";
import type { ConsumedBatch } from "../../src/client/consumer/consumed-batch.ts";
import { LOG_PARTITIONS, LOG_TOPIC, within, type World } from "./world.ts";
import { IN_TOPIC, SUMS_TOPIC, TIMERS_TOPIC, WINDOWS_TOPIC } from "./simulated-pipeline.ts";

export const PIPELINE_PARTITIONS = 2;

async function readTopic(
  client: KafkaClient,
  topic: string,
  partitions: number,
  isolation: Isolation,
  take: (batch: ConsumedBatch) => void,
): Promise<void> {
  for (let partition = 0; partition < partitions; partition++) {
    const consumer = client.consumer({ isolation, maxWaitMs: 20 });
    await consumer.assign([{ topic, partition, offset: "earliest" }]);
    for await (const batch of consumer.batches({ until: "end" })) take(batch);
    await consumer.close();
  }
}

/** Into the history, one reader per isolation. */
export async function readLog(world: World, client: KafkaClient, deadlineMs: number): Promise<void> {
  for (const isolation of ["read_committed", "read_uncommitted"] as const) {
    const process = world.recorder.process();
    for (let partition = 0; partition < LOG_PARTITIONS; partition++)
      world.recorder.history.push(
        { kind: "assign", process, partition, from: 0 },
        { kind: "poll", process, partition, isolation, transaction: -1, final: true, offsets: [], values: [], payloads: [] },
      );
    const read = readTopic(client, LOG_TOPIC, LOG_PARTITIONS, isolation, (batch) => world.recorder.poll(process, batch, isolation, true));
    await within(world, deadlineMs, `Reading the log (${isolation})`, read);
  }
}

async function rowsOf<T>(client: KafkaClient, topic: string, isolation: Isolation): Promise<(T & { partition: number; offset: number })[]> {
  const rows: (T & { partition: number; offset: number })[] = [];
  const decoder = new TextDecoder();
  await readTopic(client, topic, PIPELINE_PARTITIONS, isolation, (batch) => {
    for (const { partition, offset, value } of batch.records)
      rows.push({ ...(JSON.parse(decoder.decode(value!)) as T), partition, offset });
  });
  return rows;
}

export function readInput(client: KafkaClient): Promise<InputRecord[]> {
  return rowsOf<Omit<InputRecord, "partition" | "offset">>(client, IN_TOPIC, "read_committed");
}

export async function readOutput(client: KafkaClient, isolation: Isolation): Promise<PipelineOutput> {
  return {
    sums: await rowsOf<SumRow>(client, SUMS_TOPIC, isolation),
    windows: await rowsOf<WindowRow>(client, WINDOWS_TOPIC, isolation),
    timers: await rowsOf<TimerRow>(client, TIMERS_TOPIC, isolation),
  };
}
