// What the broker's process costs before and beside the records: its start to the first acknowledgement, an embedded one's start, and thousands
// of partitions: start after a clean stop and after a kill, memory, CPU when idle, open files; a large log after a kill. Each beside its limit.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startBroker } from "millrace/broker";
import { createClient } from "millrace/client";
import { IS_BUILT, startBrokerProcess, type BrokerProcess } from "./broker-process.ts";
import { cpuSeconds, memoryMb, openFiles, percentile, round } from "./process-figures.ts";

const STARTS = 9;
const IDLE_MS = 5_000;
const LARGE_PARTITIONS = 4;
const LARGE_VALUE_BYTES = 8_000;
/** Of the log's handles: limits.ts; sockets, epoll and libraries come on top. */
const MAX_OPEN_FILES = 1_000 + 100;

export interface FootprintCase {
  readonly name: string;
  readonly run: (scale: number) => Promise<Record<string, unknown>>;
}

export const FOOTPRINT_CASES: readonly FootprintCase[] = [
  { name: "start-process-to-first-acknowledgement", run: startOfProcess },
  { name: "start-embedded-broker", run: startEmbedded },
  { name: "partitions-1000", run: (scale) => manyPartitions(Math.round(1000 * scale)) },
  { name: "partitions-5000", run: (scale) => manyPartitions(Math.round(5000 * scale)) },
  { name: "start-after-kill-10-gb", run: (scale) => largeLog(10e9 * scale) },
];

async function inDirectory<T>(body: (path: string) => Promise<T>): Promise<T> {
  const path = mkdtempSync(join(tmpdir(), "millrace-footprint-"));
  try {
    return await body(path);
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
}

async function startOfProcess(): Promise<Record<string, unknown>> {
  const listening: number[] = [];
  const acknowledged: number[] = [];
  const cpu: number[] = [];
  for (let i = 0; i < STARTS; i++) {
    await inDirectory(async (path) => {
      const broker = await startBrokerProcess(path);
      cpu.push(cpuSeconds(broker.pid) * 1000);
      const client = createClient({ brokers: broker.brokers });
      const producer = client.producer();
      await producer.send({ topic: "first", value: "record" });
      acknowledged.push(performance.now() - broker.spawnedAt);
      listening.push(broker.listeningAt - broker.spawnedAt);
      await client.close();
      await broker.end("SIGTERM");
    });
  }
  const p50 = percentile(acknowledged, 0.5);
  return { built: IS_BUILT, listeningMs: percentile(listening, 0.5), cpuMsToListen: percentile(cpu, 0.5), firstAcknowledgementMs: p50, best: percentile(acknowledged, 0), limit: 500, reached: p50 < 500 }; // prettier-ignore
}

async function startEmbedded(): Promise<Record<string, unknown>> {
  const [disk, memory]: [number[], number[]] = [[], []];
  for (let i = 0; i < STARTS; i++) {
    await inDirectory(async (dataDir) => {
      for (const [times, where] of [
        [disk, { dataDir }],
        [memory, { memory: true }],
      ] as const) {
        const begin = performance.now();
        const broker = await startBroker({ port: 0, ...where });
        times.push(performance.now() - begin);
        await broker.close();
      }
    });
  }
  const [diskMs, memoryMs] = [percentile(disk, 0.5), percentile(memory, 0.5)];
  return { memoryMs, firstMemoryMs: round(memory[0]!), diskMs, firstDiskMs: round(disk[0]!), limit: 100, reached: Math.max(memoryMs, diskMs) < 100 }; // prettier-ignore
}

function manyPartitions(partitions: number): Promise<Record<string, unknown>> {
  return inDirectory(async (path) => {
    const first = await startBrokerProcess(path);
    await fill(first, partitions);
    const loaded = memoryMb(first.pid);
    await first.end("SIGTERM");
    const clean = await startBrokerProcess(path);
    const startMs = round(clean.listeningAt - clean.spawnedAt);
    const cpu = cpuSeconds(clean.pid);
    const cpuMsToListen = Math.round(cpu * 1000);
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
    const idleCpuPercent = round(((cpuSeconds(clean.pid) - cpu) / (IDLE_MS / 1000)) * 100);
    const { rssMb } = memoryMb(clean.pid);
    await fill(clean, partitions);
    const files = openFiles(clean.pid);
    await clean.end("SIGKILL");
    const killed = await startBrokerProcess(path);
    const startAfterKillMs = round(killed.listeningAt - killed.spawnedAt);
    await killed.end("SIGTERM");
    const reached = startMs < 3000 && rssMb < 200 && idleCpuPercent < 2 && files <= MAX_OPEN_FILES;
    return { built: IS_BUILT, partitions, startMs, cpuMsToListen, startAfterKillMs, rssMb, rssAfterWritesMb: loaded.rssMb, peakRssMb: loaded.peakRssMb, idleCpuPercent, openFiles: files, limits: `3000 ms, 200 MB, 2 %, ${MAX_OPEN_FILES} files`, reached }; // prettier-ignore
  });
}

/** Killed while it is being written to; the next start reads what the last recovery point does not cover. */
function largeLog(wantedBytes: number): Promise<Record<string, unknown>> {
  return inDirectory(async (path) => {
    const first = await startBrokerProcess(path, ["--durability", "page-cache"]);
    const client = createClient({ brokers: first.brokers });
    await client.admin().createTopics([{ name: "large", partitions: LARGE_PARTITIONS }]);
    const producer = client.producer({ lingerMs: 5, batchBytes: 1_000_000 });
    const value = new Uint8Array(LARGE_VALUE_BYTES).fill(120);
    let bytes = 0;
    for (let i = 0; bytes < wantedBytes; i++, bytes += LARGE_VALUE_BYTES) {
      while (!producer.append("large", i % LARGE_PARTITIONS, Date.now(), null, value)) await producer.ready();
    }
    await producer.flush();
    for (let i = 0; i < 20_000; i++) while (!producer.append("large", 0, Date.now(), null, value)) await producer.ready(); // on its way
    await first.end("SIGKILL");
    client.close().catch(() => undefined); // it waits for answers that do not come
    const killed = await startBrokerProcess(path);
    const startMs = round(killed.listeningAt - killed.spawnedAt);
    const again = createClient({ brokers: killed.brokers });
    const after = again.producer();
    await after.send({ topic: "large", partition: 0, value: "after" });
    const firstAcknowledgementMs = round(performance.now() - killed.spawnedAt);
    await again.close();
    const { rssMb } = memoryMb(killed.pid);
    await killed.end("SIGTERM");
    return { built: IS_BUILT, gigabytes: round(bytes / 1e9), startMs, firstAcknowledgementMs, rssMb, limit: 2000, reached: startMs < 2000 };
  });
}

/** One record in every partition, in topics of up to 1,000. */
async function fill({ brokers }: BrokerProcess, partitions: number): Promise<void> {
  const client = createClient({ brokers });
  const admin = client.admin();
  const present = new Set((await admin.listTopics()).map(({ name }) => name));
  const producer = client.producer({ lingerMs: 0 });
  for (let left = partitions, i = 0; left > 0; left -= 1000, i++) {
    const [name, count] = [`many-${i}`, Math.min(1000, left)];
    if (!present.has(name)) await admin.createTopics([{ name, partitions: count }]);
    const value = new Uint8Array(100).fill(120);
    for (let partition = 0; partition < count; partition++) {
      while (!producer.append(name, partition, Date.now(), null, value)) await producer.ready();
    }
    await producer.flush();
  }
  await client.close();
}
