// Windows in columns (sliced-windows.ts, window.ts, session-window.ts) against the same windows with their default trigger spelt out, which go through
// keyed-windows.ts: equal results per key and in order.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { t } from "../../schema/t.ts";
import { avg, count, max, min, sum } from "../../stream/aggregates.ts";
import type { Source } from "../../stream/connector.ts";
import { pipeline } from "../../stream/pipeline.ts";
import { eventTimeTrigger, type Trigger } from "../../stream/triggers.ts";
import { boundedOutOfOrderness } from "../../stream/watermarks.ts";
import { session, sliding, type WindowAssigner } from "../../stream/windows.ts";
import { HandDriver, type DriverOptions } from "../subtask/fixtures/hand-driver.ts";

const seed = Number(process.env["MILLRACE_SEED"] ?? Date.now() % 1e9);
const Event = t.record("Event", { key: t.string(), n: t.double(), at: t.timestamp() });
interface Event {
  readonly key: string;
  readonly n: number;
  readonly at: number;
}
const create = (): never => assert.fail("the driver creates no connectors");

function graphOf(assigner: WindowAssigner<unknown>, plain: boolean, lateness: number) {
  const source: Source<Event> = { connector: "fake", type: Event.type, describe: () => null, create };
  const sink = { connector: "fake", type: undefined, describe: () => null, create };
  return pipeline("test", (p) => {
    let windows = p
      .from("in", source, { eventTime: (e: Event) => e.at, watermarks: boundedOutOfOrderness(5) })
      .keyBy("key")
      .window(assigner)
      .allowedLateness(lateness);
    if (!plain) windows = windows.trigger(eventTimeTrigger() as Trigger);
    const rows = windows.lateOutput().aggregate("w", {
      size: count(),
      total: sum("n"),
      mean: avg((e: Event) => e.n),
      least: min("n"),
      most: max((e: Event) => e.n),
    });
    rows.side.late.to("late", sink);
    rows.to("out", sink);
  }).graph();
}

interface Plan {
  readonly assigner: WindowAssigner<unknown>;
  readonly lateness: number;
}

function run({ assigner, lateness }: Plan, plain: boolean, all: readonly Event[], options: DriverOptions & { cut?: number } = {}) {
  const graph = graphOf(assigner, plain, lateness);
  const rows: Record<string, unknown[]> = { out: [], late: [] };
  let driver = new HandDriver(graph, options);
  const take = (): void => {
    for (const [name, got] of driver.sinks) rows[name]!.push(...got.map(({ row, timestamp }) => ({ row, timestamp })));
    driver.sinks.clear();
  };
  const feed = (some: readonly Event[]): void => {
    driver.split("in", "in-0", "active");
    driver.feed(
      "in",
      "in-0",
      some.map((value) => ({ value })),
    );
  };
  const cut = options.cut ?? all.length;
  feed(all.slice(0, cut));
  if (cut < all.length) {
    // What comes between the barrier and the encoding is lost with the crash.
    const restore = driver.snapshot(() => {
      take();
      feed(all.slice(cut));
      driver.end();
      driver.sinks.clear();
    });
    driver = new HandDriver(graph, { ...options, parallelism: (options.parallelism ?? 1) + 1, restore });
    feed(all.slice(cut));
  }
  driver.end();
  take();
  return rows;
}

/** Rows of each key in order. */
function perKey(rows: readonly unknown[]): Record<string, string[]> {
  const keys: Record<string, string[]> = {};
  for (const row of rows) (keys[(row as { row: { key: string } }).row.key] ??= []).push(JSON.stringify(row));
  return keys;
}

/** Most are within the bound of disorder, so that sessions begin apart and grow together; some are late. */
const eventsOf = (n: fc.Arbitrary<number>): fc.Arbitrary<Event[]> =>
  fc
    .array(fc.record({ key: fc.constantFrom("a", "a", "b", "é"), n, step: fc.nat(3), back: fc.oneof(fc.nat(5), fc.nat(30)) }), {
      maxLength: 60,
      size: "max",
    })
    .map((all) => {
      let time = 0;
      return all.map(({ key, n: value, step, back }) => ({ key, n: value, at: (time += step) - back }));
    });

const cases = [
  {
    name: "sliding windows",
    // Slices add parts: sums of fractions would differ in the last bit.
    events: eventsOf(fc.integer({ min: -99, max: 99 }).map((n) => n / 8)),
    plans: fc.record({
      assigner: fc.constantFrom(sliding(12, 4, { offset: 1 }), sliding(10, 3), sliding(7, 7)),
      lateness: fc.constantFrom(0, 4),
    }),
  },
  {
    name: "session windows",
    events: eventsOf(fc.integer({ min: -9, max: 9 })),
    plans: fc.record({ assigner: fc.constantFrom(session(2), session(1), session(4)), lateness: fc.constant(0) }),
  },
];

for (const { name, events, plans } of cases) {
  for (const codegen of ["auto", "off"] as const) {
    test(`${name} in columns equal those with a trigger, per key and in order (codegen ${codegen})`, () => {
      fc.assert(
        fc.property(plans as fc.Arbitrary<Plan>, events, (plan, all) => {
          const expected = run(plan, false, all, { codegen });
          const got = run(plan, true, all, { codegen });
          assert.deepEqual(perKey(got["out"]!), perKey(expected["out"]!));
          assert.deepEqual(got["late"], expected["late"]);
        }),
        { seed, numRuns: 40 },
      );
    });
  }

  test(`${name} in columns: a restart in the middle at another parallelism gives equal results`, () => {
    fc.assert(
      fc.property(plans as fc.Arbitrary<Plan>, events, fc.nat(60), fc.integer({ min: 1, max: 3 }), (plan, all, cut, parallelism) => {
        const expected = run(plan, true, all);
        const got = run(plan, true, all, { parallelism, cut: Math.min(cut, all.length) });
        assert.deepEqual(perKey(got["out"]!), perKey(expected["out"]!));
      }),
      { seed, numRuns: 30 },
    );
  });
}

test("the state of keys whose sessions are over is gone", () => {
  const graph = graphOf(session(10), true, 0);
  const driver = new HandDriver(graph);
  driver.split("in", "in-0", "active");
  for (let round = 0; round < 40; round++) {
    const rows = Array.from({ length: 500 }, (_, row) => ({ value: { key: `k${round}-${row}`, n: 1, at: round * 100 + (row % 7) } }));
    driver.feed("in", "in-0", rows);
  }
  const bytes = driver.snapshot().reduce((sum_, chunk) => sum_ + chunk.bytes.length, 0);
  assert.ok(bytes < 100_000, `${bytes} bytes for 500 open sessions`);
});
