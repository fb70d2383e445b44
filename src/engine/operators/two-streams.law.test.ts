// Joins and connected streams against nested loops; rolling aggregates against a fold.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { t } from "../../schema/t.ts";
import type { Sink, Source } from "../../stream/connector.ts";
import type { DataStream } from "../../stream/data-stream.ts";
import type { StreamGraph } from "../../stream/graph.ts";
import { pipeline } from "../../stream/pipeline.ts";
import { valueState } from "../../stream/state.ts";
import { boundedOutOfOrderness } from "../../stream/watermarks.ts";
import { session, sliding, tumbling } from "../../stream/windows.ts";
import { HandDriver, type DriverOptions } from "../subtask/fixtures/hand-driver.ts";

const seed = Number(process.env["MILLRACE_SEED"] ?? Date.now() % 1e9);
const check = <T>(property: fc.IProperty<T>, numRuns = 60): void => fc.assert(property, { seed, numRuns });

const Event = t.record("Event", { key: t.string(), n: t.int(), at: t.timestamp() });
/** The same key under another name, and another field. */
const Other = t.record("Other", { id: t.string(), text: t.string(), at: t.timestamp() });
interface Event {
  readonly key: string;
  readonly n: number;
  readonly at: number;
}
interface Other {
  readonly id: string;
  readonly text: string;
  readonly at: number;
}

const create = (): never => assert.fail("the driver creates no connectors");
const source = <T>(type: Source<T>["type"]): Source<T> => ({ connector: "fake", type, describe: () => null, create });
const sink: Sink<unknown> = { connector: "fake", type: undefined, describe: () => null, create };

/** Nothing is late. */
const BOUND = 1000;

function graphOf(bound: number, join: (left: DataStream<Event>, right: DataStream<Other>) => DataStream<unknown>): StreamGraph {
  const watermarks = boundedOutOfOrderness(bound);
  return pipeline("test", (p) => {
    const left = p.from("left", source<Event>(Event.type), { eventTime: (e) => e.at, watermarks });
    const right = p.from("right", source<Other>(Other.type), { eventTime: (e) => e.at, watermarks });
    join(left, right).to("out", sink);
  }).graph();
}

type Step = { readonly left: Event } | { readonly right: Other };
const key = fc.constantFrom("a", "b", "é");
const at = fc.integer({ min: -10, max: 40 });
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ left: fc.record({ key, n: fc.integer({ min: -5, max: 5 }), at }) }),
    fc.record({ right: fc.record({ id: key, text: fc.constantFrom("x", "yy"), at }) }),
  ),
  { maxLength: 40 },
);

function run(graph: StreamGraph, all: readonly Step[], options: DriverOptions & { cut?: number } = {}): unknown[] {
  const out: unknown[] = [];
  let driver = new HandDriver(graph, options);
  const start = (): void => {
    driver.split("left", "l", "active");
    driver.split("right", "r", "active");
  };
  const feed = (some: readonly Step[]): void => {
    for (const step of some) {
      if ("left" in step) driver.feed("left", "l", [{ value: step.left }]);
      else driver.feed("right", "r", [{ value: step.right }]);
      driver.flush();
    }
  };
  const take = (): void => {
    out.push(...(driver.sinks.get("out") ?? []).map(({ row, timestamp }) => ({ row, timestamp })));
    driver.sinks.clear();
  };
  const cut = options.cut ?? all.length;
  start();
  feed(all.slice(0, cut));
  if (cut < all.length) {
    const restore = driver.snapshot();
    take();
    driver = new HandDriver(graph, { ...options, parallelism: (options.parallelism ?? 1) + 1, restore });
    start();
    feed(all.slice(cut));
  }
  driver.end();
  take();
  return out;
}

const sorted = (rows: readonly unknown[]): string[] => rows.map((row) => JSON.stringify(row)).toSorted();
const lefts = (all: readonly Step[]): Event[] => all.flatMap((step) => ("left" in step ? [step.left] : []));
const rights = (all: readonly Step[]): Other[] => all.flatMap((step) => ("right" in step ? [step.right] : []));

/** Runs with both compilers, in parallel and with a restart; each must give `expected`. */
function holds(graph: StreamGraph, all: readonly Step[], cut: number, expected: readonly unknown[]): void {
  const wanted = sorted(expected);
  for (const options of [{}, { codegen: "off" }, { parallelism: 3 }, { parallelism: 2, cut: Math.min(cut, all.length) }] as const) {
    assert.deepEqual(sorted(run(graph, all, options)), wanted, JSON.stringify(options));
  }
}

test("an interval join gives every pair within its bounds once, with the later time", () => {
  const bounds = fc.constantFrom([0, 5], [-3, 3], [-7, -2], [2, 9], [0, 0]) as fc.Arbitrary<readonly [number, number]>;
  check(
    fc.property(steps, bounds, fc.boolean(), fc.boolean(), fc.nat(40), (all, [lower, upper], lowerExclusive, upperExclusive, cut) => {
      if (lower === upper && (lowerExclusive || upperExclusive)) return;
      const graph = graphOf(BOUND, (left, right) =>
        left
          .keyBy("key")
          .intervalJoin("join", right.keyBy("id"), { lower, upper, lowerExclusive, upperExclusive }, (a, b) => [a.n, b.text, a.at, b.at]),
      );
      const inside = (d: number): boolean => (lowerExclusive ? d > lower : d >= lower) && (upperExclusive ? d < upper : d <= upper);
      const pairs = lefts(all).flatMap((a) => rights(all).flatMap((b) => (a.key === b.id && inside(b.at - a.at) ? [[a, b] as const] : [])));
      holds(
        graph,
        all,
        cut,
        pairs.map(([a, b]) => ({ row: [a.n, b.text, a.at, b.at], timestamp: Math.max(a.at, b.at) })),
      );
    }),
  );
});

test("an interval join drops what is older than the watermark, counts it, and forgets what can have no partner", () => {
  const graph = graphOf(0, (left, right) =>
    left.keyBy("key").intervalJoin("join", right.keyBy("id"), { lower: 0, upper: "10ms" }, (a, b) => [a.n, b.text]),
  );
  const driver = new HandDriver(graph);
  driver.split("left", "l", "active");
  driver.split("right", "r", "active");
  const feed = (side: "left" | "right", value: unknown): void => {
    driver.feed(side, side[0]!, [{ value }]);
    driver.flush();
  };
  feed("left", { key: "a", n: 1, at: 100 });
  feed("left", { key: "a", n: 2, at: 105 });
  feed("right", { id: "a", text: "x", at: 112 }); // the watermark is 104 now
  feed("left", { key: "a", n: 3, at: 103 });
  feed("left", { key: "a", n: 4, at: 104 });
  feed("left", { key: "a", n: 5, at: 200 });
  feed("right", { id: "a", text: "y", at: 200 });
  assert.deepEqual(driver.rows("out"), [
    [2, "x"],
    [4, "x"],
    [5, "y"],
  ]);
  const join = driver.graph.tasks.findIndex(({ nodes }) => nodes[0]!.name === "join");
  assert.equal(driver.subtask(join).metrics.numLateRecordsDropped, 1);
  driver.end();
  assert.deepEqual(
    driver.snapshot().filter(({ address }) => address.kind === "key-group"),
    [],
  );
});

test("window joins and coGroups give pairs and groups of common windows, with the window's last millisecond", () => {
  const assigners = [tumbling(10, { offset: 2 }), sliding(12, 4), session(4)];
  check(
    fc.property(steps, fc.constantFrom(0, 1, 2), fc.nat(40), (all, which, cut) => {
      const assigner = assigners[which]!;
      const groups = groupsOf(all, which);
      const joined = graphOf(BOUND, (left, right) =>
        left.keyBy("key").windowJoin("join", right.keyBy("id"), assigner, (a, b) => [a.n, b.text]),
      );
      const pairs = groups.flatMap(({ left, right, end }) =>
        left.flatMap((a) => right.map((b) => ({ row: [a.n, b.text], timestamp: end - 1 }))),
      );
      holds(joined, all, cut, pairs);
      const grouped = graphOf(BOUND, (left, right) =>
        left
          .keyBy("key")
          .coGroup("join", right.keyBy("id"), assigner, (group) => [
            { key: group.key, window: group.window, n: group.left.map(({ n }) => n), text: group.right.map(({ text }) => text) },
          ]),
      );
      const rows = groups.map(({ id, start, end, left, right }) => ({
        row: { key: id, window: { start, end }, n: left.map(({ n }) => n), text: right.map(({ text }) => text) },
        timestamp: end - 1,
      }));
      holds(grouped, all, cut, rows);
    }),
    40,
  );
});

interface Group {
  readonly id: string;
  readonly start: number;
  readonly end: number;
  readonly left: readonly Event[];
  readonly right: readonly Other[];
}

function groupsOf(all: readonly Step[], which: number): Group[] {
  const keys = ["a", "b", "é"];
  return keys.flatMap((id) => {
    const left = lefts(all).filter((e) => e.key === id);
    const right = rights(all).filter((e) => e.id === id);
    const times = [...left, ...right].map((e) => e.at).toSorted((a, b) => a - b);
    const windows: [number, number][] = [];
    if (which === 2) {
      for (const time of times) {
        const open = windows.at(-1);
        if (open !== undefined && time <= open[1]) open[1] = Math.max(open[1], time + 4);
        else windows.push([time, time + 4]);
      }
    } else {
      const [size, slide, offset] = which === 0 ? [10, 10, 2] : [12, 4, 0];
      for (let start = -40 + offset; start <= 40; start += slide) windows.push([start, start + size]);
    }
    return windows
      .map(([start, end]) => {
        const inside = (e: { readonly at: number }): boolean => e.at >= start && e.at < end;
        return { id, start, end, left: left.filter(inside), right: right.filter(inside) };
      })
      .filter((group) => group.left.length + group.right.length > 0);
  });
}

test("connected streams share state and timers per key", () => {
  check(
    fc.property(steps, fc.nat(40), (all, cut) => {
      const graph = graphOf(BOUND, (left, right) =>
        left.keyBy("key").connect("both", right.keyBy("id"), {
          output: t.string(),
          state: { sum: valueState(t.long()) },
          onLeft(e, { state, timers, timestamp }) {
            state.sum.set((state.sum.get() ?? 0) + e.n);
            timers.setEventTime(timestamp + 3);
          },
          onRight(e, { key: id, state, emit }) {
            emit(`${id} ${e.text} ${state.sum.get() ?? "none"}`);
          },
          onTimer(time, { key: id, state, emit }) {
            emit(`${id} at ${time}: ${state.sum.get()}`);
          },
        }),
      );
      const sums = new Map<string, number>();
      const expected: unknown[] = [];
      const timers = new Set<string>();
      for (const step of all) {
        if ("left" in step) {
          sums.set(step.left.key, (sums.get(step.left.key) ?? 0) + step.left.n);
          timers.add(`${step.left.key}/${step.left.at + 3}`);
        } else {
          const { id, text } = step.right;
          expected.push({ row: `${id} ${text} ${sums.get(id) ?? "none"}`, timestamp: step.right.at });
        }
      }
      for (const timer of timers) {
        const [id, time] = timer.split("/") as [string, string];
        expected.push({ row: `${id} at ${time}: ${sums.get(id)}`, timestamp: Number(time) });
      }
      holds(graph, all, cut, expected);
    }),
  );
});

test("reduce, sum, min, max, minBy and maxBy send the key's result so far for each element", () => {
  const folds = {
    reduce: (a: Event, b: Event): Event => ({ ...b, n: a.n * 2 + b.n }),
    sum: (a: Event, b: Event): Event => ({ ...a, n: a.n + b.n }),
    min: (a: Event, b: Event): Event => ({ ...a, n: Math.min(a.n, b.n) }),
    max: (a: Event, b: Event): Event => ({ ...a, n: Math.max(a.n, b.n) }),
    minBy: (a: Event, b: Event): Event => (b.n < a.n ? b : a),
    maxBy: (a: Event, b: Event): Event => (b.n > a.n ? b : a),
  };
  const events = fc.array(fc.record({ key, n: fc.integer({ min: -5, max: 5 }), at }), { maxLength: 30 });
  const methods = fc.constantFrom(...(Object.keys(folds) as (keyof typeof folds)[]));
  check(
    fc.property(events, methods, fc.nat(30), (all, method, cut) => {
      const graph = pipeline("test", (p) => {
        const keyed = p
          .from("left", source<Event>(Event.type), { eventTime: (e) => e.at, watermarks: boundedOutOfOrderness(BOUND) })
          .keyBy("key");
        const rolled = method === "reduce" ? keyed.reduce("roll", folds.reduce) : keyed[method]("roll", "n");
        rolled.to("out", sink);
        p.from("right", source<Other>(Other.type)).to("ignored", sink);
      }).graph();
      const last = new Map<string, Event>();
      const expected = all.map((event) => {
        const before = last.get(event.key);
        const row = before === undefined ? event : folds[method](before, event);
        last.set(event.key, row);
        return { row: { key: row.key, n: row.n, at: row.at }, timestamp: event.at };
      });
      holds(
        graph,
        all.map((left) => ({ left })),
        cut,
        expected,
      );
    }),
  );
});
