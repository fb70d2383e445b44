// One case in a process of its own. Prints one JSON line.
// Throughput: a full-load run; CPU is that of the whole process (all threads, generator included) from the job's start to its end,
// compilation and warm-up included.
// Latency: at half of what this machine really gives at that moment. A short full-load run by the wall clock, right before, finds how
// many events per second come through; then the source is paced by the wall clock with the half of that: row n is created at
// start + n / rate, whether or not the engine has time for it (no coordinated omission). A row's latency is from then until a batch
// with it reaches the sink, both by the same clock (whole ms); timestamps are that time of creation, for windows and timers that of the
// event time at which the result was due. Checkpoints run every second meanwhile. Where other work shares the cores, the
// 99th percentile is mostly theirs: `halfLoadPerS` says what was asked of the machine. One row of 16 is looked at.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Sink } from "millrace";
import { start } from "millrace/server";
import { blackholeSink } from "../../src/connectors/memory/index.ts";
import { CASES } from "./cases.ts";
import type { EngineCase } from "./keyed-rows.ts";
import { Latencies } from "./latency.ts";

const CALIBRATION_SECONDS = 3;
const HALF_LOAD_SECONDS = 10;
/** The first seconds at half load warm up and do not count. */
const WARM_UP_MS = 3000;
/** One row of so many is looked at: looking costs more than a simple pipeline does, and would be what is measured. */
const ROWS_PER_SAMPLE = 16;
const quiet = { log() {} };

async function run(
  one: EngineCase,
  events: number,
  ratePerSecond: number | undefined,
  sink: Sink<unknown>,
): Promise<{ cpuSeconds: number; wallSeconds: number }> {
  const dataDir = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  try {
    const cpu = process.cpuUsage();
    const since = performance.now();
    const job = await start(one.build({ events, ratePerSecond }, sink), {
      dataDir,
      checkpoints: { every: "1s" },
      restart: { kind: "none" },
      logger: quiet,
    });
    const result = await job.finished;
    const used = process.cpuUsage(cpu);
    const { checkpoints } = result.status;
    if (checkpoints.failed > 0) throw new Error(`${checkpoints.failed} checkpoints failed: ${checkpoints.lastFailure}`);
    return { cpuSeconds: (used.user + used.system) / 1e6, wallSeconds: (performance.now() - since) / 1000 };
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function latency(one: EngineCase, ratePerSecond: number): Promise<number> {
  const latencies = new Latencies();
  const countFrom = Date.now() + WARM_UP_MS;
  let next = 0;
  const sink = blackholeSink((batch) => {
    const now = Date.now(); // the clock that the source is paced by
    let row = next;
    for (; row < batch.rows; row += ROWS_PER_SAMPLE) if (now >= countFrom) latencies.add(now - batch.timestamps[row]!);
    next = row - batch.rows;
  });
  await run(one, Math.round(ratePerSecond * HALF_LOAD_SECONDS), ratePerSecond, sink);
  return latencies.percentile(0.99);
}

/** Events per second that come through now, by the wall clock. */
async function reachedRate(one: EngineCase, guess: number): Promise<number> {
  const events = Math.round(guess * CALIBRATION_SECONDS);
  return events / (await run(one, events, undefined, blackholeSink())).wallSeconds;
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
let halfLoadPerS: number | null = null;
let p99Ms: number | null = null;
if (mode !== "throughput") {
  halfLoadPerS = Math.round((await reachedRate(one, eventsPerSPerCore)) / 2);
  p99Ms = Math.round((await latency(one, halfLoadPerS)) * 10) / 10;
}
console.log(JSON.stringify({ case: one.name, events, eventsPerSPerCore, halfLoadPerS, p99Ms, rssMb, rowsOut: rows, goal: one.goal }));
