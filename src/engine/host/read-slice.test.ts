// A host's loop goes on as long as any split can be read: however short its slice of time was, and however many splits there are.
import assert from "node:assert/strict";
import { test } from "node:test";
import { arraySource, collectSink } from "../../connectors/memory/index.ts";
import type { Env } from "../../env/env.ts";
import { t } from "../../schema/t.ts";
import { pipeline } from "../../stream/pipeline.ts";
import { createSimulation } from "../../testing/simulation/simulation.ts";
import { runJob } from "../run-job.ts";

const ROWS = 2500;

/** Rows that come out of so many sources on a machine whose clock moves by `stepMs` whenever somebody looks. */
async function rowsOf(sources: number, stepMs: number): Promise<number> {
  const out = collectSink();
  const made = pipeline("slices", (p) => {
    const rows = Array.from({ length: Math.ceil(ROWS / sources) }, (_, n) => n);
    const [first, ...others] = Array.from({ length: sources }, (_, index) => p.from(`source-${index}`, arraySource(t.int(), rows)));
    first!.union(...others).to("out", out);
  });
  const simulation = createSimulation(1);
  await simulation.run(async () => {
    const env = simulation.env();
    let ahead = 0;
    const monotonicMs = (): number => env.clock.monotonicMs() + (ahead += stepMs);
    const slow: Env = { ...env, clock: { now: () => env.clock.now(), monotonicMs } };
    const job = await runJob(slow, { graph: made.graph(), restart: { kind: "none" } });
    await job.finished;
  });
  return out.rows.length;
}

test("a slice that is over before it began does not pass for the end of the input", async () => {
  assert.equal(await rowsOf(3, 10), Math.ceil(ROWS / 3) * 3);
});

test("splits beyond the first few hundred are read, too", async () => {
  assert.equal(await rowsOf(300, 0), Math.ceil(ROWS / 300) * 300);
});
