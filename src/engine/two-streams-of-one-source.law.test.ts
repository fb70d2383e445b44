// Two streams that come from one source keep the order of its records and its watermark after each, so what is late in a join does not
// depend on batches or on the parallelism.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { arraySource } from "../connectors/memory/array-source.ts";
import { collectSink } from "../connectors/memory/collect-sink.ts";
import { t } from "../schema/t.ts";
import { pipeline } from "../stream/pipeline.ts";
import { boundedOutOfOrderness } from "../stream/watermarks.ts";
import { createSimulation } from "../testing/simulation/simulation.ts";
import { runJob } from "./run-job.ts";

const seed = Number(process.env["MILLRACE_SEED"] ?? Date.now() % 1e9);
const BOUND = 3;
const UPPER = 10;
const Event = t.record("Event", { key: t.string(), n: t.int(), at: t.timestamp() });
interface Event {
  readonly key: string;
  readonly n: number;
  readonly at: number;
}

const events = fc
  .array(fc.record({ key: fc.constantFrom("a", "b", "c"), side: fc.integer({ min: 0, max: 1 }), at: fc.integer({ min: 0, max: 60 }) }), {
    minLength: 20,
    maxLength: 80,
  })
  .map((all) => all.map(({ key, side, at }, index) => ({ key, n: index * 2 + side, at })));

async function joined(rows: readonly Event[], parallelism: number, codegen: "auto" | "off"): Promise<string[]> {
  const out = collectSink<string>(t.string());
  const made = pipeline("one-source", (p) => {
    const all = p.from("in", arraySource(Event, rows), { eventTime: (e) => e.at, watermarks: boundedOutOfOrderness(BOUND) });
    all
      .filter((e) => e.n % 2 === 0)
      .keyBy("key")
      .intervalJoin("join", all.filter((e) => e.n % 2 === 1).keyBy("key"), { lower: 0, upper: UPPER }, (a, b) => `${a.n} ${b.n}`)
      .to("out", out);
  });
  const simulation = createSimulation(1);
  await simulation.run(async () => {
    const job = await runJob(simulation.env(), { graph: made.graph(), parallelism, codegen });
    await job.finished;
  });
  return out.rows.toSorted();
}

/** One record after the other. An element is kept until a watermark reaches the last time that a partner could have. */
function model(all: readonly Event[]): string[] {
  let kept: Event[] = [];
  const pairs: string[] = [];
  let watermark = -Infinity;
  const isLeft = (e: Event): boolean => e.n % 2 === 0;
  for (const event of all) {
    if (event.at >= watermark) {
      for (const other of kept) {
        if (other.key !== event.key || isLeft(other) === isLeft(event)) continue;
        const [a, b] = isLeft(event) ? [event, other] : [other, event];
        if (b.at >= a.at && b.at <= a.at + UPPER) pairs.push(`${a.n} ${b.n}`);
      }
      kept.push(event);
    }
    if (event.at - BOUND - 1 <= watermark) continue;
    watermark = event.at - BOUND - 1;
    kept = kept.filter((e) => e.at + (isLeft(e) ? UPPER : 0) > watermark);
  }
  return pairs.toSorted();
}

test("a join of two streams of one source drops the same late elements at every parallelism", async () => {
  await fc.assert(
    fc.asyncProperty(events, async (all) => {
      const expected = model(all);
      for (const [parallelism, codegen] of [
        [1, "auto"],
        [3, "auto"],
        [2, "off"],
      ] as const) {
        assert.deepEqual(await joined(all, parallelism, codegen), expected, `parallelism ${parallelism}, codegen ${codegen}`);
      }
    }),
    { seed, numRuns: 40 },
  );
});
