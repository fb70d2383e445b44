// Alignment: no split runs ahead of its group by more than maxDrift (and the rows of one read), whatever its speed; a split that is idle or
// finished holds nobody back, and one that waits is not idle.
import assert from "node:assert/strict";
import { test } from "node:test";
import { generatorSource } from "../../connectors/memory/generator-source.ts";
import { functionSink } from "../../connectors/memory/function-sink.ts";
import { t } from "../../schema/t.ts";
import { pipeline } from "../../stream/pipeline.ts";
import { monotonousTimestamps } from "../../stream/watermarks.ts";
import { createSimulation } from "../../testing/simulation/simulation.ts";
import { runJob } from "../run-job.ts";
import { isAhead, type AlignedSplit } from "./split-alignment.ts";

const Row = t.record("Row", { at: t.timestamp() });
const DRIFT = 500;
/** ms of event time in one read of the fast source. */
const READ = 64 * 100;

interface Ran {
  /** Newest of the fast minus newest of the slow, at each row of the fast one. */
  readonly drift: number;
  readonly rows: number;
  readonly sawAhead: boolean;
}

/** The fast source's events are 100 ms apart, the slow one's 10 ms; both come at one rate. */
async function run(aligned: boolean, slowRows: number): Promise<Ran> {
  const simulation = createSimulation(2);
  const env = simulation.env();
  const newest = { fast: 0, slow: 0 };
  let drift = 0;
  let rows = 0;
  let sawAhead = false;
  const strategy = monotonousTimestamps({ idleAfter: 50, ...(aligned ? { alignment: { group: "both", maxDrift: DRIFT } } : {}) });
  const made = pipeline("aligned", (p) => {
    for (const [name, stepMs, count] of [
      ["fast", 100, 400],
      ["slow", 10, slowRows],
    ] as const) {
      // prettier-ignore
      const source = generatorSource(Row, { splits: name === "fast" ? 2 : 1, count, ratePerSecond: 2000, row: (index) => ({ at: index * stepMs }) });
      p.from(name, source, { eventTime: (row) => row.at, watermarks: strategy })
        .map((row) => {
          newest[name] = Math.max(newest[name], row.at);
          rows++;
          if (newest.slow < (slowRows - 1) * 10) drift = Math.max(drift, newest.fast - newest.slow);
          return row;
        })
        .to(
          `out-${name}`,
          functionSink(() => {}),
        );
    }
  });
  await simulation.run(async () => {
    const job = await runJob(env, { graph: made.graph(), parallelism: 2, statusIntervalMs: 10 });
    job.onStatus((status) => (sawAhead ||= status.splits.some(({ ahead }) => ahead === true)));
    await job.finished;
  });
  return { drift, rows, sawAhead };
}

test("the fast source waits for the slow one, and goes on alone when that has finished", async () => {
  const free = await run(false, 300);
  const aligned = await run(true, 300);
  assert.equal(free.rows, 1100);
  assert.equal(aligned.rows, 1100);
  assert.ok(free.drift > DRIFT + READ, `unaligned drift ${free.drift} ms`);
  assert.ok(aligned.drift <= DRIFT + READ, `aligned drift ${aligned.drift} ms`);
  assert.ok(aligned.sawAhead && !free.sawAhead);
});

test("a split holds its group back only while it is active", () => {
  const split = (watermark: number, status: AlignedSplit["status"] = "active", group = "g"): AlignedSplit => ({
    alignment: { group, maxDriftMs: 10 },
    status,
    watermark,
  });
  assert.equal(isAhead(split(20), [split(20), split(10)]), false);
  assert.equal(isAhead(split(21), [split(21), split(10)]), true);
  assert.equal(isAhead(split(21), [split(21), split(10, "idle"), split(10, "finished"), split(10, "active", "other")]), false);
  assert.equal(isAhead(split(-Infinity), [split(-Infinity), split(-Infinity)]), false);
  assert.equal(isAhead(split(0), [split(0), split(-Infinity)]), true);
  assert.equal(isAhead({ alignment: undefined, status: "active", watermark: 99 }, [split(0)]), false);
});
