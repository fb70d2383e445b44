// `npm run bench:broker [-- --jsonl --case NAME --scale N]`: our own client encodes each record and produces to our own broker over loopback;
// the disk's own write + fdatasync rate is measured beside; then starts and thousands of partitions (footprint.ts). One line per case. --compare: Kafka's own tools, beside Apache Kafka (compare.ts).
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { createClient, type KafkaClient, type Producer } from "millrace/client";
import { benchArguments } from "../arguments.ts";
import { machine } from "../machine.ts";
import { compare } from "./compare.ts";
import { FOOTPRINT_CASES } from "./footprint.ts";

type Durability = "disk" | "page-cache";

interface Case {
  readonly name: string;
  readonly durability: Durability;
  readonly partitions: number;
  readonly valueBytes: number;
  readonly records: number;
  /** Wait for all acknowledgements after this many records: makes rounds with every partition dirty. */
  readonly flushEvery?: number;
}

const CASES: readonly Case[] = [
  { name: "produce-100B-page-cache", durability: "page-cache", partitions: 1, valueBytes: 100, records: 4_000_000 },
  { name: "produce-1KB-page-cache", durability: "page-cache", partitions: 1, valueBytes: 1024, records: 800_000 },
  { name: "produce-100B-disk", durability: "disk", partitions: 1, valueBytes: 100, records: 3_000_000 },
  { name: "produce-1KB-disk", durability: "disk", partitions: 1, valueBytes: 1024, records: 500_000 },
  ...[1, 6, 100, 1000].map((partitions) => ({
    name: `flush-round-${partitions}-dirty-partitions`,
    durability: "disk" as const,
    partitions,
    valueBytes: 100,
    records: partitions * (partitions >= 100 ? 20 : 200),
    flushEvery: partitions,
  })),
];
const TOPIC = "bench";
const CHUNK = 256;

async function withBroker<T>(durability: Durability, body: (client: KafkaClient) => Promise<T>): Promise<T> {
  const dataDir = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  const worker = new Worker(new URL("./broker-thread.ts", import.meta.url), { workerData: { dataDir, durability } });
  try {
    const { brokers } = await new Promise<{ brokers: string }>((resolve, reject) => worker.once("message", resolve).once("error", reject));
    const client = createClient({ brokers });
    const result = await body(client);
    await client.close();
    worker.postMessage("close");
    await new Promise((resolve) => worker.once("exit", resolve));
    return result;
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function produce(producer: Producer, one: Case, records: number): Promise<number[]> {
  const value = new Uint8Array(one.valueBytes).fill(120);
  const rounds: number[] = [];
  let roundAt = performance.now();
  for (let i = 0; i < records; i++) {
    value[i & 63] = 97 + (i % 26);
    while (!producer.append(TOPIC, i % one.partitions, 1_700_000_000_000 + i, null, value)) await producer.ready();
    if (one.flushEvery !== undefined && (i + 1) % one.flushEvery === 0) {
      await producer.flush();
      rounds.push(performance.now() - roundAt);
      roundAt = performance.now();
    } else if (i % CHUNK === 0 && i % (CHUNK * 64) === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await producer.flush();
  return rounds;
}

async function run(one: Case, scale: number): Promise<Record<string, unknown>> {
  return withBroker(one.durability, async (client) => {
    const admin = client.admin();
    await admin.createTopics([{ name: TOPIC, partitions: one.partitions }]);
    const producer = client.producer(one.flushEvery === undefined ? { lingerMs: 5 } : { lingerMs: 0 });
    const records = Math.round(one.records * scale);
    await produce(producer, one, Math.round(one.flushEvery === undefined ? records / 8 : one.flushEvery * 2));
    const cpu = process.cpuUsage();
    const start = performance.now();
    const rounds = await produce(producer, one, records);
    const seconds = (performance.now() - start) / 1000;
    const used = process.cpuUsage(cpu);
    await producer.close();
    const common = {
      case: one.name,
      records,
      recordsPerS: Math.round(records / seconds),
      mbPerS: Math.round((records * one.valueBytes) / seconds / 1e5) / 10,
      cpuS: Math.round((used.user + used.system) / 1e4) / 100,
    };
    if (rounds.length === 0) return common;
    const sorted = rounds.toSorted((a, b) => a - b);
    return {
      ...common,
      roundP50Ms: round(sorted[Math.floor(sorted.length / 2)]!),
      roundP99Ms: round(sorted[Math.floor(sorted.length * 0.99)]!),
    };
  });
}

const round = (ms: number): number => Math.round(ms * 100) / 100;

/** What the disk itself does: 64 KiB written, then fdatasync, one after the other. */
function diskItself(): Record<string, unknown> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-disk-"));
  const fd = openSync(join(folder, "file"), "w");
  const bytes = new Uint8Array(64 * 1024).fill(1);
  const times: number[] = [];
  const start = performance.now();
  while (performance.now() - start < 2000) {
    const at = performance.now();
    writeSync(fd, bytes);
    fdatasyncSync(fd);
    times.push(performance.now() - at);
  }
  closeSync(fd);
  rmSync(folder, { recursive: true });
  times.sort((a, b) => a - b);
  return {
    case: "disk-64KiB-write-fdatasync",
    perS: Math.round(times.length / 2),
    p50Ms: round(times[times.length >> 1]!),
    p99Ms: round(times[Math.floor(times.length * 0.99)]!),
  };
}

const { jsonl, only, scale, compare: besideKafka, rounds, minutes } = benchArguments();
if (!jsonl) console.log(machine());
if (only === undefined) console.log(JSON.stringify(diskItself()));
if (besideKafka) await compare((line) => console.log(JSON.stringify(line)), { only, scale, rounds, minutes, jsonl });
else {
  const isWanted = ({ name }: { name: string }): boolean => only === undefined || name.includes(only);
  for (const one of CASES.filter(isWanted)) console.log(JSON.stringify(await run(one, scale)));
  for (const one of FOOTPRINT_CASES.filter(isWanted)) console.log(JSON.stringify({ case: one.name, ...(await one.run(scale)) }));
}
