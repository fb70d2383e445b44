// Windows of every kind against a model that keeps arrays of elements and sets of times, with a watermark after every record.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { t } from "../../schema/t.ts";
import { collect, count, custom, last, max, sum } from "../../stream/aggregates.ts";
import { countEvictor, deltaEvictor, timeEvictor, type Evictor } from "../../stream/evictors.ts";
import type { Source } from "../../stream/connector.ts";
import type { EvictorSpec, TriggerSpec } from "../../stream/graph.ts";
import { pipeline } from "../../stream/pipeline.ts";
import { continuousEventTimeTrigger, countTrigger, deltaTrigger, eventTimeTrigger, purging, type Trigger } from "../../stream/triggers.ts";
import { boundedOutOfOrderness } from "../../stream/watermarks.ts";
import {
  countWindow,
  cumulate,
  customAssigner,
  globalWindow,
  session,
  sliding,
  tumbling,
  type TimeWindow,
  type WindowAssigner,
} from "../../stream/windows.ts";
import { HandDriver, type DriverOptions } from "../subtask/fixtures/hand-driver.ts";

const seed = Number(process.env["MILLRACE_SEED"] ?? Date.now() % 1e9);
const check = <T>(property: fc.IProperty<T>, numRuns = 60): void => fc.assert(property, { seed, numRuns });

const Event = t.record("Event", { key: t.string(), n: t.int(), at: t.timestamp() });
interface Event {
  readonly key: string;
  readonly n: number;
  readonly at: number;
}
const BOUND = 5;

interface Window {
  readonly assigner: WindowAssigner<unknown, Event>;
  readonly trigger?: Trigger<Event>;
  readonly evictor?: Evictor<Event>;
  readonly lateness: number;
  readonly emit?: "final";
}

const twoAround = (at: number): readonly TimeWindow[] => [
  { start: at - (Math.abs(at) % 5), end: at + 3 },
  { start: at - (Math.abs(at) % 5), end: at + 4 - (Math.abs(at) % 2) * 2 },
];
const assigners: readonly WindowAssigner<unknown, Event>[] = [
  tumbling(10, { offset: -7 }),
  cumulate(12, 4, { offset: -3 }),
  customAssigner({ assign: (_: Event, at) => twoAround(at).slice(0, at % 2 === 0 ? 2 : 1) }),
  tumbling(10, { offset: 3 }),
  sliding(12, 4, { offset: 1 }),
  sliding(5, 10),
  session(4),
  session((e: Event) => (e.n < 0 ? 2 : 7)),
];
const triggers: readonly (Trigger<Event> | undefined)[] = [
  undefined,
  countTrigger(2),
  purging(countTrigger(3)),
  continuousEventTimeTrigger(3),
];
const evictors: readonly (Evictor<Event> | undefined)[] = [
  undefined,
  countEvictor(2),
  countEvictor(1, { after: true }),
  timeEvictor(3),
  timeEvictor(2, { after: true }),
  deltaEvictor(4, (e: Event, l: Event) => l.n - e.n),
];
const final: fc.Arbitrary<Window> = fc.record({
  assigner: fc.constantFrom(...assigners),
  evictor: fc.constantFrom(...evictors) as fc.Arbitrary<Evictor<Event>>,
  lateness: fc.constantFrom(0, 4, 20),
  emit: fc.constant("final" as const),
});
const timed: fc.Arbitrary<Window> = fc.record({
  assigner: fc.constantFrom(...assigners),
  trigger: fc.constantFrom(...triggers) as fc.Arbitrary<Trigger<Event>>,
  evictor: fc.constantFrom(...evictors) as fc.Arbitrary<Evictor<Event>>,
  lateness: fc.constantFrom(0, 4, 20),
});
const counted: fc.Arbitrary<Window> = fc.constantFrom(
  { assigner: countWindow(3), lateness: 0 },
  { assigner: countWindow(4, 2), lateness: 0 },
  { assigner: globalWindow(), trigger: deltaTrigger(3, (a: Event, b: Event) => b.n - a.n), lateness: 0 },
  { assigner: globalWindow(), trigger: countTrigger(4), evictor: timeEvictor(5), lateness: 0 },
  { assigner: globalWindow(), trigger: eventTimeTrigger(), lateness: 0 },
  { assigner: globalWindow(), trigger: purging(continuousEventTimeTrigger(7)), lateness: 0 },
);
const events = fc.array(
  fc.record({ key: fc.constantFrom("a", "b", "é"), n: fc.integer({ min: -9, max: 9 }), at: fc.integer({ min: -20, max: 40 }) }),
  { maxLength: 50 },
);

// ---------- the model ----------

interface Open {
  key: string;
  start: number;
  end: number;
  events: Event[];
  count: number;
  fireAt: number | undefined;
  last: Event | undefined;
  readonly times: Set<number>;
}

/** Of event time. */
const END = 1e15;

class Model {
  readonly rows: unknown[] = [];
  readonly late: Event[] = [];
  #watermark = -Infinity;
  #open: Open[] = [];
  readonly #window: Window;
  readonly #purges: boolean;
  readonly #trigger: TriggerSpec;
  readonly #evictor: EvictorSpec | undefined;

  constructor(window: Window) {
    this.#window = window;
    const own: TriggerSpec = { kind: window.emit === undefined ? "event-time" : "at-the-end" };
    const trigger = window.trigger?.trigger ?? window.assigner.trigger ?? own;
    this.#purges = trigger.kind === "purging";
    this.#trigger = trigger.kind === "purging" ? trigger.of : trigger;
    this.#evictor = window.evictor?.evictor ?? window.assigner.evictor;
  }

  run(all: readonly Event[]): void {
    for (const event of all) {
      let taken = false;
      for (const [start, end] of this.#bounds(event)) taken = this.#take(event, start, end) || taken;
      if (!taken && event.at + this.#window.lateness <= this.#watermark) this.late.push(event);
      this.#advance(event.at - BOUND - 1);
    }
    this.#advance(Infinity);
  }

  #bounds({ at, n }: Event): readonly (readonly [number, number])[] {
    const { assigner } = this.#window.assigner;
    if (assigner.kind === "global") return [[-Infinity, Infinity]];
    if (assigner.kind === "session") return [[at, at + assigner.gapMs]];
    if (assigner.kind === "dynamic-session") return [[at, at + (n < 0 ? 2 : 7)]];
    if (assigner.kind === "cumulate") {
      const start = Math.floor((at - assigner.offsetMs) / assigner.maxSizeMs) * assigner.maxSizeMs + assigner.offsetMs;
      const ends = Array.from({ length: assigner.maxSizeMs / assigner.stepMs }, (_, step) => start + (step + 1) * assigner.stepMs);
      return ends.filter((end) => end > at).map((end) => [start, end] as const);
    }
    if (assigner.kind === "custom")
      return twoAround(at)
        .slice(0, at % 2 === 0 ? 2 : 1)
        .map(({ start, end }) => [start, end] as const);
    if (assigner.kind === "processing-time") assert.fail("the model has no clock");
    const slide = assigner.kind === "sliding" ? assigner.slideMs : assigner.sizeMs;
    const found: [number, number][] = [];
    for (let start = -1000 * slide + assigner.offsetMs; start <= at; start += slide)
      if (start + assigner.sizeMs > at) found.push([start, start + assigner.sizeMs]);
    return found;
  }

  #take(event: Event, start: number, end: number): boolean {
    const merges = this.#window.assigner.assigner.kind.endsWith("session");
    const met = this.#open.filter(
      (open) => open.key === event.key && (merges ? open.start <= end && start <= open.end : open.start === start && open.end === end),
    );
    const window: Open = { key: event.key, start, end, events: [], count: 0, fireAt: undefined, last: undefined, times: new Set() };
    for (const open of met) {
      window.start = Math.min(window.start, open.start);
      window.end = Math.max(window.end, open.end);
      window.events.push(...open.events);
      window.count += open.count;
      window.last ??= open.last;
      window.fireAt = Math.min(window.fireAt ?? Infinity, open.fireAt ?? Infinity);
      if (window.fireAt === Infinity) window.fireAt = undefined;
      for (const time of open.times) window.times.add(time);
    }
    if (met.length === 0 && end - 1 + this.#window.lateness <= this.#watermark) return false;
    this.#open = [...this.#open.filter((open) => !met.includes(open)), window];
    window.events = window.events.toSorted((a, b) => this.#order.get(a)! - this.#order.get(b)!);
    this.#order.set(event, this.#order.size);
    window.events.push(event);
    const merged = merges && met.some((open) => open.start !== window.start || open.end !== window.end);
    if (merged && window.fireAt !== undefined) window.times.add(window.fireAt);
    this.#onElement(window, event);
    if (end !== Infinity) window.times.add(window.end - 1 + this.#window.lateness);
    return true;
  }

  /** Of arrival. */
  readonly #order = new Map<Event, number>();

  #onElement(window: Open, event: Event): void {
    const trigger = this.#trigger;
    const lastMs = window.end - 1;
    if (trigger.kind === "count" && ++window.count >= trigger.count) {
      window.count = 0;
      this.#fire(window);
    }
    if (trigger.kind === "delta") {
      if (window.last !== undefined && trigger.delta(window.last, event) <= trigger.threshold) return;
      const isFirst = window.last === undefined;
      window.last = event;
      if (!isFirst) this.#fire(window);
    }
    if (trigger.kind !== "event-time" && trigger.kind !== "continuous-event-time") return;
    if (lastMs <= this.#watermark) return this.#fire(window);
    if (lastMs !== Infinity || trigger.kind === "event-time") window.times.add(Math.min(lastMs, END));
    if (trigger.kind === "continuous-event-time" && window.fireAt === undefined) {
      window.fireAt = Math.min(event.at - (event.at % trigger.intervalMs) + trigger.intervalMs, lastMs);
      window.times.add(window.fireAt);
    }
  }

  #advance(to: number): void {
    if (to <= this.#watermark) return;
    this.#watermark = to;
    for (const window of this.#open) {
      for (;;) {
        const time = Math.min(...window.times);
        if (time > to || time === Infinity) break;
        window.times.delete(time);
        this.#onTime(window, time);
      }
    }
  }

  #onTime(window: Open, time: number): void {
    const trigger = this.#trigger;
    const lastMs = window.end - 1;
    if (trigger.kind === "event-time" || trigger.kind === "continuous-event-time") {
      if (time === Math.min(lastMs, END)) this.#fire(window);
      else if (trigger.kind === "continuous-event-time" && time === window.fireAt) {
        window.fireAt = Math.min(time + trigger.intervalMs, lastMs);
        // A window without end fires once more at the end of the input.
        if (lastMs !== Infinity || this.#watermark !== Infinity) window.times.add(window.fireAt);
        this.#fire(window);
      }
    }
    if (time !== lastMs + this.#window.lateness) return;
    if (trigger.kind === "at-the-end") this.#fire(window);
    this.#open = this.#open.filter((open) => open !== window);
    window.times.clear();
  }

  #fire(window: Open): void {
    if (window.events.length === 0) return;
    const evictor = this.#evictor;
    const left = evictor === undefined ? window.events : evicted(evictor, window.events);
    const seen = evictor?.after === false ? left : window.events;
    const { key, start, end } = window;
    const bounds = end === Infinity ? { global: true } : { start, end };
    if (seen.length > 0) this.rows.push({ key, window: bounds, ...aggregated(seen) });
    window.events = this.#purges ? [] : left;
  }
}

function evicted(evictor: EvictorSpec, all: Event[]): Event[] {
  if (evictor.kind === "count") return all.slice(-evictor.count);
  if (evictor.kind === "time") return all.filter(({ at }) => at > Math.max(...all.map((e) => e.at)) - evictor.keepMs);
  return all.filter((e) => evictor.delta(e, all.at(-1)) < evictor.threshold);
}

function aggregated(all: readonly Event[]): object {
  const ns = all.map(({ n }) => n);
  return { size: ns.length, total: ns.reduce((a, b) => a + b, 0), most: Math.max(...ns), ns, newest: ns.at(-1), own: ns.length * 10 };
}

// ---------- the engine ----------

function graphOf(window: Window, elements: "kept" | "folded") {
  const time = { eventTime: (e: Event) => e.at, watermarks: boundedOutOfOrderness(BOUND) };
  const create = (): never => assert.fail("the driver creates no connectors");
  const source: Source<Event> = { connector: "fake", type: Event.type, describe: () => null, create };
  return pipeline("test", (p) => {
    let windows = p
      .from("in", source, time)
      .keyBy("key")
      .window(window.assigner as WindowAssigner<unknown>)
      .allowedLateness(window.lateness, { emit: window.emit ?? "updates" });
    if (window.trigger !== undefined) windows = windows.trigger(window.trigger as Trigger);
    if (window.evictor !== undefined) windows = windows.evictor(window.evictor as Evictor);
    const own = custom<Event, number, number>({
      accumulator: t.double(),
      output: t.double(),
      create: () => 0,
      add: (acc) => acc + 10,
      result: (acc) => acc,
      merge: (a, b) => a + b,
    });
    const some = { size: count(), total: sum((e: Event) => e.n), most: max((e: Event) => e.n), own };
    const all = { ...some, ns: collect(t.int(), (e: Event) => e.n), newest: last(t.int(), (e: Event) => e.n) };
    const late = windows.lateOutput();
    const sink = { connector: "fake", type: undefined, describe: () => null, create };
    const rows = elements === "kept" ? late.aggregate("w", all) : late.aggregate("w", some);
    rows.side.late.to("late", sink);
    rows.to("out", sink);
  }).graph();
}

function run(window: Window, all: readonly Event[], elements: "kept" | "folded", options: DriverOptions & { cut?: number } = {}) {
  const graph = graphOf(window, elements);
  const rows: Record<string, unknown[]> = { out: [], late: [] };
  let driver = new HandDriver(graph, options);
  const feed = (some: readonly Event[]): void => {
    driver.split("in", "in-0", "active");
    driver.feed(
      "in",
      "in-0",
      some.map((value) => ({ value })),
    );
  };
  const take = (): void => {
    for (const [name, got] of driver.sinks) rows[name]!.push(...got.map(({ row }) => row));
    driver.sinks.clear();
  };
  const cut = options.cut ?? all.length;
  feed(all.slice(0, cut));
  if (cut < all.length) {
    const restore = driver.snapshot();
    take();
    driver = new HandDriver(graph, { ...options, parallelism: (options.parallelism ?? 1) + 1, restore });
    feed(all.slice(cut));
  }
  driver.end();
  take();
  return rows;
}

const sorted = (rows: readonly unknown[]): string[] =>
  rows.map((row) => JSON.stringify(Object.entries(row as object).toSorted(([a], [b]) => (a < b ? -1 : 1)))).toSorted();

const folded = (row: unknown): unknown => {
  const { ns: _ns, newest: _newest, ...rest } = row as { ns: unknown; newest: unknown };
  return rest;
};

for (const [name, windows] of [
  ["windows in event time", timed],
  ["windows with final results", final],
  ["count and global windows", counted],
] as const) {
  for (const codegen of ["auto", "off"] as const) {
    test(`${name} equal the model, with every trigger, evictor and lateness (codegen ${codegen})`, () => {
      check(
        fc.property(windows, events, (window, all) => {
          const model = new Model(window);
          model.run(all);
          const kept = run(window, all, "kept", { codegen });
          assert.deepEqual(sorted(kept["out"]!), sorted(model.rows));
          assert.deepEqual(sorted(kept["late"]!), sorted(model.late));
          assert.deepEqual(sorted(run(window, all, "folded", { codegen })["out"]!), sorted(model.rows.map(folded)));
        }),
      );
    });
  }

  test(`${name}: parallelism 1, 2 and 3, and a restart in the middle at another parallelism, give equal results`, () => {
    check(
      fc.property(
        windows,
        events,
        fc.nat(50),
        fc.integer({ min: 1, max: 3 }),
        fc.constantFrom("kept", "folded"),
        (window, all, cut, parallelism, how) => {
          const whole = run(window, all, how);
          for (const options of [{ parallelism }, { parallelism, cut: Math.min(cut, all.length) }]) {
            const other = run(window, all, how, options);
            assert.deepEqual(sorted(other["out"]!), sorted(whole["out"]!));
            assert.deepEqual(sorted(other["late"]!), sorted(whole["late"]!));
          }
        },
      ),
      30,
    );
  });
}
