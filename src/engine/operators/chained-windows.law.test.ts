// Windows of windows: what a window sends when it fires comes before the watermark that it fired for, so the next one takes it in time,
// however far the watermark jumps, in one loop or over an exchange.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { arraySource } from "../../connectors/memory/array-source.ts";
import { collectSink } from "../../connectors/memory/collect-sink.ts";
import { t } from "../../schema/t.ts";
import { count, sum } from "../../stream/aggregates.ts";
import { pipeline } from "../../stream/pipeline.ts";
import { boundedOutOfOrderness } from "../../stream/watermarks.ts";
import { tumbling } from "../../stream/windows.ts";
import { createSimulation } from "../../testing/simulation/simulation.ts";
import { runJob } from "../run-job.ts";

const seed = process.env["MILLRACE_SEED"];
const PARAMETERS = { numRuns: 30, ...(seed === undefined ? {} : { seed: Number(seed) }) };
const Reading = t.record("Reading", { key: t.string(), at: t.timestamp() });
const Seen = t.record("Seen", { key: t.string(), at: t.timestamp(), ahead: t.boolean() });
interface Row {
  readonly key: string;
  readonly at: number;
}

async function run(rows: readonly Row[], parallelism: number, codegen: "auto" | "off") {
  const hours = collectSink<{ key: string; window: { start: number }; n: number; seconds: number }>();
  const seen = collectSink<{ ahead: boolean }>();
  const chained = pipeline("chained", (p) => {
    const minutes = p
      .from("rows", arraySource(Reading, rows), { eventTime: (row) => row.at, watermarks: boundedOutOfOrderness("5s") })
      .keyBy("key")
      .window(tumbling("1s"))
      .aggregate("second", { n: count() })
      .keyBy("key")
      .window(tumbling("1m"))
      .aggregate("minute", { n: sum("n"), seconds: count() });
    minutes
      .keyBy("key")
      .window(tumbling("1h"))
      .aggregate("hour", { n: sum("n"), seconds: sum("seconds") })
      .to("hours", hours);
    minutes
      .keyBy("key")
      .process("look", {
        output: Seen,
        onElement: ({ key }, { emit, timestamp, watermark }) => emit({ key, at: timestamp, ahead: timestamp > watermark }),
      })
      .to("seen", seen);
  });
  const simulation = createSimulation(1);
  await simulation.run(async () => {
    const job = await runJob(simulation.env(), { graph: chained.graph(), parallelism, codegen });
    await job.finished;
  });
  return { hours: hours.rows, seen: seen.rows };
}

test("sums of seconds of minutes of hours are the sums of hours, and nothing is late", async () => {
  const gap = fc.oneof(fc.integer({ min: 0, max: 900 }), fc.integer({ min: 0, max: 400_000 }), fc.integer({ min: 0, max: 9_000_000 }));
  const input = fc.array(fc.record({ key: fc.constantFrom("a", "b", "c"), gap, back: fc.integer({ min: 0, max: 4_000 }) }), {
    maxLength: 60,
  });
  await fc.assert(
    fc.asyncProperty(
      input,
      fc.constantFrom(1, 4),
      fc.constantFrom("auto" as const, "off" as const),
      async (steps, parallelism, codegen) => {
        let time = 1_800_000_000_000;
        const rows = steps.map((step) => ({ key: step.key, at: (time += step.gap) - step.back }));
        const expected = new Map<string, { n: number; seconds: Set<number> }>();
        for (const { key, at } of rows) {
          const hour = `${key} ${at - (at % 3_600_000)}`;
          const of = expected.get(hour) ?? { n: 0, seconds: new Set() };
          of.n++;
          of.seconds.add(Math.floor(at / 1000));
          expected.set(hour, of);
        }
        const { hours, seen } = await run(rows, parallelism, codegen);
        assert.deepEqual(
          hours.map(({ key, window, n, seconds }) => `${key} ${window.start} ${n} ${seconds}`).toSorted(),
          [...expected].map(([hour, { n, seconds }]) => `${hour} ${n} ${seconds.size}`).toSorted(),
        );
        assert.ok(seen.every(({ ahead }) => ahead));
      },
    ),
    PARAMETERS,
  );
});
