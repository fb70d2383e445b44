import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { t } from "../../schema/t.ts";
import type { Schema } from "../../schema/type-info.ts";
import { avg, collect, collectSet, count, custom, first, last, max, min, sum } from "../../stream/aggregates.ts";
import type { Sink, Source } from "../../stream/connector.ts";
import type { StreamGraph } from "../../stream/graph.ts";
import { pipeline, type PipelineBuilder } from "../../stream/pipeline.ts";
import { listState, mapState, valueState } from "../../stream/state.ts";
import { boundedOutOfOrderness } from "../../stream/watermarks.ts";
import { tumbling } from "../../stream/windows.ts";
import { HandDriver, type DriverOptions } from "../subtask/fixtures/hand-driver.ts";

const seed = Number(process.env["MILLRACE_SEED"] ?? Date.now() % 1e9);
const check = <T>(property: fc.IProperty<T>, numRuns = 60): void => fc.assert(property, { seed, numRuns });

const Event = t.record("Event", { key: t.string(), n: t.int(), at: t.timestamp() });
interface Event {
  readonly key: string;
  readonly n: number;
  readonly at: number;
}
const create = (): never => assert.fail("the driver creates no connectors");
const source = <T>(schema: Schema<T>): Source<T> => ({ connector: "fake", type: schema.type, describe: () => null, create });
const sink = <T>(): Sink<T> => ({ connector: "fake", type: undefined, describe: () => null, create });
const graphOf = (build: (p: PipelineBuilder) => undefined): StreamGraph => pipeline("test", build).graph();
const BOUND = 5;
const time = { eventTime: (e: Event) => e.at, watermarks: boundedOutOfOrderness(BOUND) };

const events = fc.array(
  fc.record({ key: fc.constantFrom("a", "b", "c", "d", "é", ""), n: fc.integer({ min: -9, max: 9 }), at: fc.integer({ min: 0, max: 60 }) }),
  { maxLength: 60 },
);

/** Runs all events (one split, in order) and returns what each sink got; with a restart from a checkpoint after `cut` events. */
function run(
  graph: StreamGraph,
  all: readonly Event[],
  options: DriverOptions & { cut?: number; after?: number } = {},
): Record<string, unknown[]> {
  let driver = new HandDriver(graph, options);
  const rows: Record<string, unknown[]> = {};
  const take = (): void => {
    for (const [name, got] of driver.sinks) (rows[name] ??= []).push(...got.map(({ row, timestamp }) => ({ row, timestamp })));
    driver.sinks.clear();
  };
  const cut = options.cut ?? all.length;
  driver.split("in", "in-0", "active");
  driver.feed(
    "in",
    "in-0",
    all.slice(0, cut).map((value) => ({ value })),
  );
  if (options.cut !== undefined) {
    // Events that come between the barrier and the end of the encoding are lost with the crash: they must not be in the checkpoint.
    const restore = driver.snapshot(() => {
      take();
      driver.feed(
        "in",
        "in-0",
        all.slice(cut).map((value) => ({ value })),
      );
      driver.end();
      driver.sinks.clear();
    });
    driver = new HandDriver(graph, { ...options, parallelism: options.after ?? options.parallelism ?? 1, restore });
    driver.split("in", "in-0", "active");
    driver.feed(
      "in",
      "in-0",
      all.slice(cut).map((value) => ({ value })),
    );
  }
  driver.end();
  take();
  return rows;
}

const sorted = (rows: unknown[] | undefined): string[] => (rows ?? []).map((row) => JSON.stringify(row)).toSorted();
/** Rows of each key in order. */
const perKey = (rows: unknown[] | undefined): Map<unknown, string[]> => {
  const keys = new Map<unknown, string[]>();
  for (const row of rows ?? []) {
    const { key } = (row as { row: { key: unknown } }).row;
    keys.set(key, [...(keys.get(key) ?? []), JSON.stringify(row)]);
  }
  return keys;
};

const windowGraph = (lateness: number): StreamGraph =>
  graphOf((p) => {
    const windows = p.from("in", source(Event), time).keyBy("key").window(tumbling(10)).allowedLateness(lateness);
    windows
      .aggregate("w", {
        n: count(),
        total: sum("n"),
        mean: avg((e) => e.n),
        least: min("n"),
        most: max("n"),
        head: first("n"),
        tail: last(t.string(), (e) => `${e.key}${e.n}`),
        all: collect("n"),
        set: collectSet("n"),
        own: custom<Event, { a: number }, string>({
          accumulator: t.record("Acc", { a: t.double() }),
          output: t.string(),
          create: () => ({ a: 100 }),
          add: (acc, e) => ({ a: acc.a - e.n }),
          result: (acc) => `${acc.a}`,
        }),
      })
      .to("out", sink());
  });

/** The meaning of windowGraph, in the plainest way: a watermark after every record. */
function windowModel(all: readonly Event[], lateness: number): { rows: unknown[]; dropped: number } {
  const panes = new Map<string, { key: string; start: number; events: Event[]; changed: boolean }>();
  const rows: unknown[] = [];
  let watermark = -Infinity;
  let dropped = 0;
  const emit = (pane: { key: string; start: number; events: Event[]; changed: boolean }): void => {
    pane.changed = false;
    const ns = pane.events.map(({ n }) => n);
    const total = ns.reduce((a, b) => a + b, 0);
    const row = {
      key: pane.key,
      window: { start: pane.start, end: pane.start + 10 },
      n: ns.length,
      total,
      mean: total / ns.length,
      least: Math.min(...ns),
      most: Math.max(...ns),
      head: ns[0],
      tail: `${pane.key}${ns.at(-1)}`,
      all: ns,
      set: [...new Set(ns)],
      own: `${100 - total}`,
    };
    rows.push({ row, timestamp: pane.start + 9 });
  };
  const advance = (to: number): void => {
    if (to <= watermark) return;
    watermark = to;
    for (const pane of [...panes.values()].toSorted((a, b) => a.start - b.start)) {
      if (pane.changed && pane.start + 9 <= watermark) emit(pane);
      if (pane.start + 9 + lateness <= watermark) panes.delete(`${pane.start}/${pane.key}`);
    }
  };
  for (const event of all) {
    const start = event.at - (event.at % 10);
    if (start + 9 + lateness <= watermark) dropped++;
    else {
      const id = `${start}/${event.key}`;
      const pane = panes.get(id) ?? { key: event.key, start, events: [], changed: true };
      panes.set(id, pane);
      pane.events.push(event);
      pane.changed = true;
      if (start + 9 <= watermark) emit(pane);
    }
    advance(event.at - BOUND - 1);
  }
  advance(Infinity);
  return { rows, dropped };
}

for (const codegen of ["auto", "off"] as const) {
  test(`windows equal the naive model, late elements and repeated results included (codegen ${codegen})`, () => {
    check(
      fc.property(events, fc.constantFrom(0, 3, 20), (all, lateness) => {
        const graph = windowGraph(lateness);
        const expected = windowModel(all, lateness);
        const got = run(graph, all, { codegen });
        assert.deepEqual(sorted(got["out"]), sorted(expected.rows));
        assert.deepEqual(perKey(got["out"]), perKey(expected.rows));
      }),
    );
  });
}

test("windows: parallelism 1, 2 and 4, and a restart in the middle at another parallelism, give equal results", () => {
  check(
    fc.property(
      events,
      fc.constantFrom(0, 7),
      fc.nat(60),
      fc.constantFrom(1, 2, 4),
      fc.constantFrom(1, 2, 3),
      (all, lateness, cut, before, after) => {
        const graph = windowGraph(lateness);
        const expected = windowModel(all, lateness).rows;
        assert.deepEqual(perKey(run(graph, all, { parallelism: before })["out"]), perKey(expected));
        const restarted = run(graph, all, { parallelism: before, after, cut: Math.min(cut, all.length) });
        assert.deepEqual(perKey(restarted["out"]), perKey(expected));
      },
    ),
  );
});

const Out = t.record("Out", { key: t.string(), what: t.string() });

const processGraph = (): StreamGraph =>
  graphOf((p) => {
    const r = p
      .from("in", source(Event), time)
      .keyBy("key")
      .process("check", {
        output: Out,
        side: { odd: Out },
        state: {
          total: valueState(t.long()),
          text: valueState(t.string()),
          ns: listState(t.int()),
          seen: mapState(t.int(), t.string()),
          flags: mapState(t.string(), t.boolean()),
        },
        onElement(e, ctx) {
          const { state, key } = ctx;
          state.total.set((state.total.get() ?? 0) + e.n);
          state.text.set(`${state.text.get() ?? ""}${e.n}`.slice(-5));
          state.ns.add(e.n);
          if (e.n < -5) state.ns.update(state.ns.get().filter((n) => n > 0));
          state.seen.set(e.n, `${e.at}`);
          if (e.n === 0) state.seen.delete(1);
          state.flags.set(`f${e.n}`, e.n > 0);
          if (e.n === 5) ctx.timers.setEventTime(e.at + 10);
          if (e.n > 5) ctx.timers.setEventTime(e.at + e.n);
          if (e.n === -1) ctx.timers.deleteEventTime(e.at + 10);
          if (e.n % 2 !== 0) ctx.side.odd({ key, what: `${e.n} at ${ctx.timestamp}` });
          if (e.n === 4) {
            state.total.clear();
            state.text.clear();
            state.ns.clear();
            state.seen.clear();
            state.flags.clear();
          }
          ctx.emit({
            key,
            what: JSON.stringify([
              state.total.get(),
              state.text.get(),
              state.ns.get(),
              [...state.seen.entries()],
              [...state.flags.entries()],
              state.seen.size,
            ]),
          });
        },
        onTimer(at, ctx) {
          ctx.emit({ key: ctx.key, what: `timer ${at} total ${ctx.state.total.get()}` });
          if (at % 3 === 0) ctx.timers.setEventTime(at + 4);
        },
      });
    r.to("out", sink());
    r.side.odd.to("odd", sink());
  });

function processModel(all: readonly Event[]): Record<string, unknown[]> {
  interface State {
    total: number | undefined;
    text: string | undefined;
    ns: number[];
    seen: Map<number, string>;
    flags: Map<string, boolean>;
    timers: Set<number>;
  }
  const fresh = (): State => ({ total: undefined, text: undefined, ns: [], seen: new Map(), flags: new Map(), timers: new Set() });
  const keys = new Map<string, State>();
  const out: unknown[] = [];
  const odd: unknown[] = [];
  let watermark = -Infinity;
  const advance = (to: number): void => {
    if (to <= watermark) return;
    watermark = to;
    for (;;) {
      const due = [...keys].flatMap(([key, state]) => [...state.timers].map((at) => ({ key, at }))).filter(({ at }) => at <= to);
      if (due.length === 0) return;
      const { key, at } = due.toSorted((a, b) => a.at - b.at)[0]!;
      const state = keys.get(key)!;
      state.timers.delete(at);
      out.push({ row: { key, what: `timer ${at} total ${state.total}` }, timestamp: at });
      if (at % 3 === 0) state.timers.add(at + 4);
    }
  };
  for (const { key, n, at } of all) {
    let state = keys.get(key) ?? fresh();
    keys.set(key, state);
    state.total = (state.total ?? 0) + n;
    state.text = `${state.text ?? ""}${n}`.slice(-5);
    state.ns.push(n);
    if (n < -5) state.ns = state.ns.filter((x) => x > 0);
    state.seen.set(n, `${at}`);
    if (n === 0) state.seen.delete(1);
    state.flags.set(`f${n}`, n > 0);
    if (n === 5) state.timers.add(at + 10);
    if (n > 5) state.timers.add(at + n);
    if (n === -1) state.timers.delete(at + 10);
    if (n % 2 !== 0) odd.push({ row: { key, what: `${n} at ${at}` }, timestamp: at });
    if (n === 4) {
      state = { ...fresh(), timers: state.timers };
      keys.set(key, state);
    }
    out.push({
      row: { key, what: JSON.stringify([state.total, state.text, state.ns, [...state.seen], [...state.flags], state.seen.size]) },
      timestamp: at,
    });
    advance(at - BOUND - 1);
  }
  advance(Infinity);
  return { out, odd };
}

for (const codegen of ["auto", "off"] as const) {
  test(`a keyed process function with every kind of state and timers equals the naive model (codegen ${codegen})`, () => {
    check(
      fc.property(events, (all) => {
        const expected = processModel(all);
        const got = run(processGraph(), all, { codegen });
        assert.deepEqual(perKey(got["out"]), perKey(expected["out"]));
        assert.deepEqual(got["odd"] ?? [], expected["odd"]);
      }),
    );
  });
}

test("a keyed process function: any parallelism and a restart in the middle give equal results", () => {
  check(
    fc.property(events, fc.nat(60), fc.constantFrom(1, 2, 4), fc.constantFrom(1, 2, 3), (all, cut, before, after) => {
      const graph = processGraph();
      const expected = processModel(all);
      assert.deepEqual(perKey(run(graph, all, { parallelism: before })["out"]), perKey(expected["out"]));
      const restarted = run(graph, all, { parallelism: before, after, cut: Math.min(cut, all.length) });
      assert.deepEqual(perKey(restarted["out"]), perKey(expected["out"]));
      assert.deepEqual(sorted(restarted["odd"]), sorted(expected["odd"]));
    }),
  );
});
