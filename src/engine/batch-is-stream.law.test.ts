// Batch = stream: the rows of bounded input read at once are those of the same input that trickles in, at any parallelism, over kills.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { arraySource } from "../connectors/memory/array-source.ts";
import type { CollectSink } from "../connectors/memory/collect-sink.ts";
import { t } from "../schema/t.ts";
import { avg, collectSet, count, max } from "../stream/aggregates.ts";
import type { DataStream } from "../stream/data-stream.ts";
import { pipeline, type PipelineBuilder } from "../stream/pipeline.ts";
import { aggregatingState, listState, reducingState } from "../stream/state.ts";
import { boundedOutOfOrderness } from "../stream/watermarks.ts";
import { session, sliding, tumbling } from "../stream/windows.ts";
import { createSimulation } from "../testing/simulation/simulation.ts";
import { collectSink } from "../connectors/memory/collect-sink.ts";
import { runLives, sortedText } from "./fixtures/lives.ts";
import { runJob } from "./run-job.ts";

const seed = Number(process.env["MILLRACE_SEED"] ?? Date.now() % 1e9);
const DISORDER = 30;
const Event = t.record("Event", { key: t.string(), at: t.timestamp(), n: t.int() });
type Event = { readonly key: string; readonly at: number; readonly n: number };
const Text = t.record("Text", { key: t.string(), text: t.string() });

/** Out of order by less than the bound, so that nothing is late; times of one key differ. */
const events = fc
  .array(fc.record({ key: fc.constantFrom("a", "b", "c", "d"), step: fc.nat(40), back: fc.nat(DISORDER - 1), n: fc.nat(9) }), {
    minLength: 20,
    maxLength: 60,
  })
  .map((all) => {
    let now = 1000;
    return all.map(({ key, step, back, n }) => ({ key, at: (now += step) - back, n }));
  });

const SHAPES: Readonly<Record<string, (stream: DataStream<Event>) => DataStream<unknown>>> = {
  "sliding windows": (s) =>
    s
      .keyBy("key")
      .window(sliding(60, 20))
      .aggregate("windows", { n: count(), most: max("n"), mean: avg("n") }),
  "session windows": (s) =>
    s
      .keyBy("key")
      .window(session(25))
      .aggregate("sessions", { n: count(), kinds: collectSet("n") }),
  "timers and folding state": (s) =>
    s.keyBy("key").process("pauses", {
      output: Text,
      state: {
        times: listState(t.timestamp()),
        largest: reducingState(t.int(), (a, b) => Math.max(a, b)),
        mean: aggregatingState(t.record("Mean", { sum: t.int(), n: t.int() }), {
          create: () => ({ sum: 0, n: 0 }),
          add: ({ sum, n }, value: number) => ({ sum: sum + value, n: n + 1 }),
          result: ({ sum, n }) => sum / n,
        }),
      },
      onElement(e, { state, timers }) {
        state.times.add(e.at);
        state.largest.add(e.n);
        state.mean.add(e.n);
        timers.setEventTime(e.at + 100_000);
      },
      onTimer(at, { key, state, emit }) {
        const { times, largest, mean } = state;
        emit({ key, text: `${at} ${times.get().toSorted().join()} ${largest.get()} ${mean.get()?.toFixed(6)}` });
      },
    }),
  "asynchronous answers in windows": (s) =>
    s
      .mapAsync("ask", async (e) => ({ ...e, n: e.n * 2 }), { capacity: 3, timeout: "1m", ordered: false })
      .returns(Event)
      .keyBy("key")
      .window(tumbling(40))
      .aggregate("windows", { n: count(), most: max("n") }),
};

function source(p: PipelineBuilder, all: readonly Event[], ratePerSecond: number): DataStream<Event> {
  const paced = Number.isFinite(ratePerSecond) ? { ratePerSecond } : {};
  return p.from("in", arraySource(Event, all, paced), { eventTime: (e) => e.at, watermarks: boundedOutOfOrderness(DISORDER) });
}

async function atOnce(shape: (typeof SHAPES)[string], all: readonly Event[]): Promise<string[]> {
  const out: CollectSink<unknown> = collectSink();
  const made = pipeline("batch", (p) => shape(source(p, all, Infinity)).to("out", out));
  const simulation = createSimulation(1);
  await simulation.run(async () => {
    await (
      await runJob(simulation.env(), { graph: made.graph(), drain: true })
    ).finished;
  });
  return sortedText(out.rows);
}

for (const [name, shape] of Object.entries(SHAPES)) {
  test(`${name}: what comes at once gives what trickles in gives`, async () => {
    await fc.assert(
      fc.asyncProperty(events, fc.constantFrom([1], [4], [2, 3], [3, 1]), fc.boolean(), async (all, parallelism, generated) => {
        const expected = await atOnce(shape, all);
        const codegen = generated ? "auto" : "off";
        const { out } = await runLives((p, sink) => void shape(source(p, all, 700)).to("out", sink("out")), {
          parallelism,
          codegen,
          checkpoints: 1,
        });
        assert.deepEqual(sortedText(out), expected);
        assert.ok(expected.length > 0);
      }),
      { seed, numRuns: 12 },
    );
  });
}
