// Two laws of event time, for every operator that goes by it: another order of arrival within the out-of-orderness bound changes nothing,
// and a record that comes too late changes only what it may.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { arraySource, collectSink, type CollectSink } from "../connectors/memory/index.ts";
import { t } from "../schema/t.ts";
import { count, max, min, sum } from "../stream/aggregates.ts";
import type { KeyedStream } from "../stream/data-stream.ts";
import { pipeline } from "../stream/pipeline.ts";
import { mapState } from "../stream/state.ts";
import { boundedOutOfOrderness } from "../stream/watermarks.ts";
import { cumulate, session, sliding, tumbling, type TimeWindow, type WindowAssigner } from "../stream/windows.ts";
import { createSimulation } from "../testing/simulation/simulation.ts";
import { runJob } from "./run-job.ts";

const SEED = process.env["MILLRACE_SEED"];
const RUNS = { numRuns: 12, ...(SEED === undefined ? {} : { seed: Number(SEED) }) };
const BOUND = 10;

const Event = t.record("Event", { k: t.string(), n: t.int(), side: t.int(), at: t.timestamp() });
interface Event {
  readonly k: string;
  readonly n: number;
  readonly side: number;
  readonly at: number;
}
type Keyed = KeyedStream<string, Event>;
type Out = CollectSink<unknown>;

const left = (s: Keyed): Keyed => s.filter((e) => e.side !== 1).keyBy("k");
const right = (s: Keyed): Keyed => s.filter((e) => e.side !== 0).keyBy("k");
const totals = { n: count(), total: sum("n"), low: min("n"), high: max("n") } as const;
const numbers = (all: readonly Event[]): readonly number[] => all.map(({ n }) => n).toSorted((a, b) => a - b);

const OPERATORS: Readonly<Record<string, (s: Keyed, out: Out) => undefined>> = {
  tumbling: (s, out) => s.window(tumbling(7)).aggregate("x", totals).to("out", out),
  sliding: (s, out) => s.window(sliding(12, 5)).aggregate("x", totals).to("out", out),
  session: (s, out) => s.window(session(6)).aggregate("x", totals).to("out", out),
  cumulate: (s, out) => s.window(cumulate(12, 4)).aggregate("x", totals).to("out", out),
  "a window's function": (s, out) =>
    s
      .window(session(4))
      .process("x", {
        output: t.record("All", { key: t.string(), start: t.long(), all: t.array(t.int()) }),
        onWindow: (all, { key, window, emit }) => emit({ key, start: window.start, all: numbers(all) }),
      })
      .to("out", out),
  "interval join": (s, out) =>
    left(s)
      .intervalJoin("x", right(s), { lower: -5, upper: 8 }, (a, b) => [a.n, b.n])
      .to("out", out),
  "window join": (s, out) =>
    left(s)
      .windowJoin("x", right(s), sliding(9, 4), (a, b) => [a.n, b?.n], { kind: "left" })
      .to("out", out),
  coGroup: (s, out) =>
    left(s)
      .coGroup("x", right(s), session(5), (g) => [[g.key, g.window, numbers(g.left), numbers(g.right)]])
      .to("out", out),
  "temporal join": (s, out) =>
    left(s)
      .temporalJoin("x", right(s), (a, b) => [a.n, b?.at], { kind: "left" })
      .to("out", out),
  "a sorting function": (s, out) =>
    s
      .process("x", {
        output: t.array(t.int()),
        state: { waiting: mapState(t.long(), t.array(t.int())) },
        onElement(e, { state, timers }) {
          state.waiting.set(
            e.at,
            [...(state.waiting.get(e.at) ?? []), e.n].toSorted((a, b) => a - b),
          );
          timers.setEventTime(e.at);
        },
        onTimer(at, { state, emit }) {
          emit(state.waiting.get(at)!);
          state.waiting.delete(at);
        },
      })
      .to("out", out),
};

async function run(rows: readonly Event[], build: (s: Keyed, out: Out) => undefined, parallelism: number): Promise<string[]> {
  const out = collectSink();
  const made = pipeline("order", (p) => {
    const time = { eventTime: (e: Event) => e.at, watermarks: boundedOutOfOrderness(BOUND) };
    build(p.from("in", arraySource(Event, rows), time).keyBy("k"), out);
  });
  const simulation = createSimulation(1);
  await simulation.run(async () => {
    const job = await runJob(simulation.env(), { graph: made.graph(), parallelism, restart: { kind: "none" } });
    await job.finished;
  });
  return out.rows.map((row) => JSON.stringify(row)).toSorted();
}

const event = fc.record({
  k: fc.constantFrom("a", "b", "c"),
  side: fc.nat(2),
  at: fc.nat(150),
  delay: fc.nat(BOUND),
  other: fc.nat(BOUND),
});
const events = fc.array(event, { minLength: 1, maxLength: 120 });

/** As they come when each is late by its own delay: none more than BOUND behind a later one. */
function arrival(all: readonly (Event & { readonly delay: number })[]): readonly Event[] {
  return all.toSorted((a, b) => a.at + a.delay - (b.at + b.delay)).map(({ k, n, side, at }) => ({ k, n, side, at }));
}

for (const [name, build] of Object.entries(OPERATORS))
  test(`another order of arrival within the bound changes nothing: ${name}`, async () => {
    await fc.assert(
      fc.asyncProperty(events, fc.constantFrom(1, 4), async (drawn, parallelism) => {
        // Versions of one time of one key would be a matter of their order.
        const times = new Set<string>();
        const all = drawn.filter(({ k, at }) => !times.has(`${k}${at}`) && times.add(`${k}${at}`)).map((one, n) => ({ ...one, n }));
        const inOrder = arrival(all.map((one) => ({ ...one, delay: 0 })));
        const wanted = await run(inOrder, build, 1);
        assert.deepEqual(await run(arrival(all), build, parallelism), wanted);
        assert.deepEqual(await run(arrival(all.map((one) => ({ ...one, delay: one.other }))), build, parallelism), wanted);
      }),
      RUNS,
    );
  });

const LATENESS = 20;
const WINDOWS: Readonly<Record<string, WindowAssigner<TimeWindow>>> = {
  tumbling: tumbling(7),
  sliding: sliding(12, 5),
  cumulate: cumulate(12, 4),
  session: session(6),
};

for (const [name, assigner] of Object.entries(WINDOWS))
  for (const lateness of [0, LATENESS])
    test(`a late record changes only what it may: ${name}, allowed lateness ${lateness}`, async () => {
      const build = (s: Keyed, out: Out): undefined => {
        const rows = s.window(assigner).allowedLateness(lateness).lateOutput().aggregate("x", totals);
        rows.side.late.map(({ n }) => ({ late: n })).to("late", out);
        rows.to("out", out);
      };
      await fc.assert(
        fc.asyncProperty(
          events,
          fc.nat(),
          fc.integer({ min: 1, max: 80 }),
          fc.constantFrom(1, 4),
          async (drawn, place, age, parallelism) => {
            const all = arrival(drawn.map((one, n) => ({ ...one, n })));
            const at = 1 + (place % all.length);
            const newest = Math.max(...all.slice(0, at).map((one) => one.at));
            const late: Event = { k: "a", n: 1000, side: 2, at: newest - BOUND - age };
            const before = await run(all, build, 1);
            const after = await run([...all.slice(0, at), late, ...all.slice(at)], build, parallelism);
            const counted = new Map<string, number>();
            for (const row of after) counted.set(row, (counted.get(row) ?? 0) + 1);
            for (const row of before) counted.set(row, (counted.get(row) ?? 0) - 1);
            const changes = [...counted].filter(([, n]) => n !== 0).map(([row, n]) => ({ ...(JSON.parse(row) as Change), n }));
            // Too late for all of its windows: it is all that changes. Otherwise it is in each that it changes, and in none of another key.
            const isLate = changes.some((change) => change.late === 1000);
            if (isLate) return assert.deepEqual(changes, [{ late: 1000, n: 1 }]);
            for (const { key, window } of changes) {
              assert.equal(key, "a");
              assert.ok(window!.start <= late.at + 6 && window!.end > late.at - 6, JSON.stringify([late, window]));
            }
            if (lateness === 0 && name === "tumbling") assert.ok(changes.every(({ window }) => window!.end - 1 > newest - BOUND - 1));
          },
        ),
        RUNS,
      );
    });

interface Change {
  readonly key?: string;
  readonly window?: TimeWindow;
  readonly late?: number;
  readonly n: number;
}
