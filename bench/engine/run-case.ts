// One case in a process of its own: a full-load run for the CPU per event, then half that load for latency. Prints one JSON line.
// CPU is that of the whole process (all threads, generator included) from the job's start to its end, compilation and warm-up included.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Sink } from "millrace";
import { start } from "millrace/server";
import { blackholeSink } from "../../src/connectors/memory/index.ts";
import { CASES, type EngineCase } from "./cases.ts";
import { Latencies } from "./latency.ts";

const HALF_LOAD_SECONDS = 10;
/** The first seconds at half load warm up and do not count. */
const WARM_UP_MS = 2000;
const quiet = { log() {} };

async function run(
  one: EngineCase,
  events: number,
  ratePerSecond: number | undefined,
  sink: Sink<unknown>,
): Promise<{ cpuSeconds: number }> {
  const dataDir = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  try {
    const cpu = process.cpuUsage();
    const job = await start(one.build({ events, ratePerSecond }, sink), { dataDir, checkpoints: { every: "1s" }, logger: quiet });
    const result = await job.finished;
    const used = process.cpuUsage(cpu);
    const { checkpoints } = result.status;
    if (checkpoints.failed > 0) throw new Error(`${checkpoints.failed} checkpoints failed: ${checkpoints.lastFailure}`);
    return { cpuSeconds: (used.user + used.system) / 1e6 };
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function latency(one: EngineCase, ratePerSecond: number): Promise<number> {
  const latencies = new Latencies();
  const countFrom = Date.now() + WARM_UP_MS;
  const sink = blackholeSink((batch) => {
    const now = performance.timeOrigin + performance.now();
    if (now < countFrom) return;
    for (let row = 0; row < batch.rows; row++) latencies.add(now - batch.timestamps[row]!);
  });
  await run(one, Math.round(ratePerSecond * HALF_LOAD_SECONDS), ratePerSecond, sink);
  return latencies.percentile(0.99);
}

const [name, eventsText, mode] = process.argv.slice(2);
const one = CASES.find((each) => each.name === name)!;
const events = Number(eventsText);
let rows = 0;
const { cpuSeconds } = await run(
  one,
  events,
  undefined,
  blackholeSink((batch) => void (rows += batch.rows)),
);
const eventsPerSPerCore = Math.round(events / cpuSeconds);
const rssMb = Math.round(process.resourceUsage().maxRSS / 1024);
const p99Ms = mode === "throughput" ? null : Math.round((await latency(one, Math.round(eventsPerSPerCore / 2))) * 10) / 10;
console.log(JSON.stringify({ case: one.name, events, eventsPerSPerCore, p99Ms, rssMb, rowsOut: rows, goal: one.goal }));
