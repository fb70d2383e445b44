// How long garbage collection stops a job that runs at full speed: one case of the benchmark without an end, checkpoints every second, for
// so many minutes. Prints one JSON line: the longest pause by kind of collection, how many there were, and their share of the time.
// Pauses are wall-clock time, so on a machine that does something else they are longer than the collector's own.
// Arguments: minutes, name of the case.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { constants, PerformanceObserver } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { start } from "millrace/server";
import { blackholeSink } from "../../src/connectors/memory/index.ts";
import { CASES } from "./cases.ts";

const KINDS: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MINOR]: "minor",
  [constants.NODE_PERFORMANCE_GC_MAJOR]: "major",
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: "incremental",
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: "weak callbacks",
};
/** Modules are loaded and loops compiled before pauses count. */
const WARM_UP_MS = 5000;
const SLOW_MS = 20;

interface Pauses {
  count: number;
  totalMs: number;
  longestMs: number;
  /** Above the goal. */
  slow: number;
}

const [minutes = "10", name = "process-state-timer"] = process.argv.slice(2);
const one = CASES.find((each) => each.name === name);
if (one === undefined) throw new Error(`No case is called "${name}". Cases: ${CASES.map((each) => each.name).join(", ")}.`);
if (!(Number(minutes) > 0)) throw new RangeError(`Minutes must be a number above 0, not "${minutes}".`);
const dataDir = mkdtempSync(join(tmpdir(), "millrace-bench-"));
try {
  const pipeline = one.build({ events: Infinity, ratePerSecond: undefined }, blackholeSink());
  const job = await start(pipeline, { dataDir, checkpoints: { every: "1s" }, logger: { log() {} } });
  await sleep(WARM_UP_MS);
  const kinds = new Map<string, Pauses>();
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { duration } = entry;
      const { detail } = entry as typeof entry & { readonly detail: { readonly kind: number } };
      const kind = KINDS[detail.kind] ?? "other";
      const pauses = kinds.get(kind) ?? { count: 0, totalMs: 0, longestMs: 0, slow: 0 };
      kinds.set(kind, pauses);
      pauses.count++;
      pauses.totalMs += duration;
      pauses.longestMs = Math.max(pauses.longestMs, duration);
      if (duration > SLOW_MS) pauses.slow++;
    }
  });
  observer.observe({ entryTypes: ["gc"] });
  const since = performance.now();
  const cpu = process.cpuUsage();
  await sleep(Number(minutes) * 60_000);
  const seconds = (performance.now() - since) / 1000;
  const used = process.cpuUsage(cpu);
  observer.disconnect();
  const { checkpoints, state } = job.status();
  await job.cancel();
  await job.finished.catch(() => undefined);
  if (state !== "running") throw new Error(`The job was ${state} at the end.`);
  const all = [...kinds.values()];
  const round = (value: number): number => Math.round(value * 10) / 10;
  console.log(
    JSON.stringify({
      case: "gc-pauses",
      of: name,
      minutes: round(seconds / 60),
      cpuSeconds: round((used.user + used.system) / 1e6),
      checkpoints: checkpoints.completed,
      longestMs: round(Math.max(0, ...all.map(({ longestMs }) => longestMs))),
      over20Ms: all.reduce((sum, { slow }) => sum + slow, 0),
      share: Math.round((all.reduce((sum, { totalMs }) => sum + totalMs, 0) / (seconds * 1000)) * 10_000) / 10_000,
      kinds: Object.fromEntries(
        [...kinds].map(([kind, { count, longestMs, totalMs }]) => [
          kind,
          { count, longestMs: round(longestMs), meanMs: Math.round((totalMs / count) * 100) / 100 },
        ]),
      ),
      rssMb: Math.round(process.resourceUsage().maxRSS / 1024),
    }),
  );
} finally {
  rmSync(dataDir, { recursive: true, force: true });
}
