// After healing: everything that lies in the topics, as readers of either isolation get it.
import type { Isolation } from "../checkers/history.ts";
import type { SeenRow } from "../checkers/checkpoint-checker.ts";
import type { ExtraRow, InputRecord, PipelineOutput, SumRow, TimerRow, WindowRow } from "../checkers/pipeline-rows.ts";
import type { KafkaClient } from "../../src/client/client.ts";
import type { ConsumedBatch } from "../../src/client/consumer/consumed-batch.ts";
import { clientOf, LOG_PARTITIONS, LOG_TOPIC, within, type World } from "./world.ts";
import { EXTRAS_TOPIC, IN_TOPIC, SUMS_TOPIC, TIMERS_TOPIC, WINDOWS_TOPIC } from "./simulated-pipeline.ts";

export const PIPELINE_PARTITIONS = 2;
const WATCH_EVERY_MS = 25;

async function readTopic(
  client: KafkaClient,
  topic: string,
  partitions: number,
  isolation: Isolation,
  take: (batch: ConsumedBatch) => void,
  positions: ReadonlyMap<number, number> = new Map(),
): Promise<void> {
  for (let partition = 0; partition < partitions; partition++) {
    const consumer = client.consumer({ isolation, maxWaitMs: 20, startAt: "earliest" });
    await consumer.assign([{ topic, partition, offset: positions.get(partition) ?? "earliest" }]);
    try {
      for await (const batch of consumer.batches({ until: "end" })) take(batch);
    } finally {
      await consumer.close();
    }
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
    extras: await rowsOf<ExtraRow>(client, EXTRAS_TOPIC, isolation),
  };
}

/** Reads committed sums all along, as a client that is never killed, and notes when it saw each. */
export async function watchOutput(world: World, seen: SeenRow[]): Promise<void> {
  const client = clientOf(world.simulation.env("watcher"));
  const decoder = new TextDecoder();
  const positions = new Map<number, number>();
  const take = (batch: ConsumedBatch): void => {
    positions.set(batch.partition, batch.nextOffset);
    const at = world.driver.clock.monotonicMs();
    for (const { value } of batch.records) seen.push({ id: (JSON.parse(decoder.decode(value!)) as SumRow).id, at });
  };
  while (world.isRunning) {
    try {
      await readTopic(client, SUMS_TOPIC, PIPELINE_PARTITIONS, "read_committed", take, positions);
    } catch {
      // Asked again from where it was.
    }
    await world.driver.timers.sleep(WATCH_EVERY_MS);
  }
  await client.close();
}
