// Windows and triggers by the machine's clock against a model that keeps arrays of elements and sets of times; the clock is the driver's,
// and moves on while the job is down: what is overdue then fires at once.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { t } from "../../schema/t.ts";
import { count, sum } from "../../stream/aggregates.ts";
import type { Source } from "../../stream/connector.ts";
import type { TriggerSpec } from "../../stream/graph.ts";
import { pipeline } from "../../stream/pipeline.ts";
import {
  canMerge,
  continuousProcessingTimeTrigger,
  countOrTimeTrigger,
  countTrigger,
  customTrigger,
  purging,
  timeoutTrigger,
  type Trigger,
} from "../../stream/triggers.ts";
import { customAssigner, session, sliding, tumbling, type WindowAssigner } from "../../stream/windows.ts";
import { HandDriver, type DriverOptions } from "../subtask/fixtures/hand-driver.ts";

const seed = Number(process.env["MILLRACE_SEED"] ?? Date.now() % 1e9);

const Event = t.record("Event", { key: t.string(), n: t.int() });
interface Event {
  readonly key: string;
  readonly n: number;
}
/** Time passes, then an element comes. */
interface Step {
  readonly ms: number;
  readonly event: Event;
}
interface Window {
  readonly assigner: WindowAssigner<unknown, Event>;
  readonly trigger?: Trigger<Event>;
}

const clock = { time: "processing-time" } as const;
const assigners: readonly WindowAssigner<unknown, Event>[] = [
  tumbling(10, { offset: 3, ...clock }),
  sliding(12, 4, { offset: -1, ...clock }),
  session(4, clock),
  session((e: Event) => (e.n < 0 ? 2 : 7), clock),
  customAssigner({ assign: (_: Event, at) => [{ start: at - (at % 6), end: at - (at % 6) + 6 }], ...clock }),
];
/** As timeoutTrigger(countTrigger(3), 5), written by a user. */
const byHand = customTrigger<Event, { n: number; at: number }>({
  state: t.record("Memory", { n: t.int(), at: t.double() }),
  onElement(_event, { state, timers, now }) {
    const { n, at } = state.get() ?? { n: 0, at: 0 };
    if (n + 1 === 3) {
      timers.deleteProcessingTime(at);
      state.clear();
      return "fire";
    }
    if (n === 0) timers.setProcessingTime(now() + 5);
    state.set({ n: n + 1, at: n === 0 ? now() + 5 : at });
    return "continue";
  },
  onProcessingTime(_at, { state }) {
    state.clear();
    return "fire";
  },
  merge: (a, b) => ({ n: a.n + b.n, at: Math.min(a.at, b.at) }),
  onMerge({ state, timers }) {
    const memory = state.get();
    if (memory !== undefined) timers.setProcessingTime(memory.at);
  },
});
const triggers: readonly (Trigger<Event> | undefined)[] = [
  undefined,
  countTrigger(2),
  continuousProcessingTimeTrigger(3),
  purging(continuousProcessingTimeTrigger(4)),
  timeoutTrigger(countTrigger(3), 3),
  timeoutTrigger(countTrigger(2), 2, { resetAtElement: true }),
  timeoutTrigger(countTrigger(4), 2, { clearOnTimeout: false }),
  purging(countOrTimeTrigger(3, 5)),
  byHand,
];
const merges = ({ assigner }: WindowAssigner<unknown, Event>): boolean => JSON.stringify(assigner).includes("session");
const windows = fc
  .record<Window>({
    assigner: fc.constantFrom(...assigners),
    trigger: fc.constantFrom(...triggers) as fc.Arbitrary<Trigger<Event>>,
  })
  .filter(({ assigner, trigger }) => !merges(assigner) || trigger === undefined || canMerge(trigger.trigger));
const steps = fc.array(
  fc.record({
    ms: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 40 })),
    event: fc.record({ key: fc.constantFrom("a", "b", "é"), n: fc.integer({ min: -9, max: 9 }) }),
  }),
  { maxLength: 40 },
);

// ---------- the model ----------

interface Open {
  readonly key: string;
  start: number;
  end: number;
  ns: number[];
  count: number;
  /** Next time of a continuous trigger, end of a timeout. */
  at: number | undefined;
  times: Set<number>;
}

class Model {
  readonly rows: unknown[] = [];
  #now = 0;
  #open: Open[] = [];
  readonly #window: Window;
  readonly #purges: boolean;
  readonly #trigger: TriggerSpec;

  constructor(window: Window) {
    this.#window = window;
    const trigger = window.trigger?.trigger ?? { kind: "processing-time" };
    this.#purges = trigger.kind === "purging";
    this.#trigger = trigger.kind === "purging" ? trigger.of : trigger;
  }

  run(all: readonly Step[]): void {
    for (const { ms, event } of all) {
      this.#tick(this.#now + ms);
      for (const [start, end] of this.#bounds(event)) this.#take(event, start, end);
    }
    this.#tick(this.#now + 1000);
  }

  #bounds({ n }: Event): readonly (readonly [number, number])[] {
    const { assigner: outer } = this.#window.assigner;
    const assigner = outer.kind === "processing-time" ? outer.of : assert.fail();
    const now = this.#now;
    if (assigner.kind === "session") return [[now, now + assigner.gapMs]];
    if (assigner.kind === "dynamic-session") return [[now, now + (n < 0 ? 2 : 7)]];
    if (assigner.kind === "custom") return [[now - (now % 6), now - (now % 6) + 6]];
    if (assigner.kind !== "tumbling" && assigner.kind !== "sliding") return assert.fail();
    const slide = assigner.kind === "sliding" ? assigner.slideMs : assigner.sizeMs;
    const found: [number, number][] = [];
    for (let start = -10 * slide + assigner.offsetMs; start <= now; start += slide)
      if (start + assigner.sizeMs > now) found.push([start, start + assigner.sizeMs]);
    return found;
  }

  #take(event: Event, start: number, end: number): void {
    const merging = merges(this.#window.assigner);
    const met = this.#open.filter(
      (open) => open.key === event.key && (merging ? open.start <= end && start <= open.end : open.start === start),
    );
    const window: Open = { key: event.key, start, end, ns: [], count: 0, at: undefined, times: new Set() };
    for (const open of met) {
      window.start = Math.min(window.start, open.start);
      window.end = Math.max(window.end, open.end);
      window.ns.push(...open.ns);
      window.count += open.count;
      if (open.at !== undefined) window.at = Math.min(window.at ?? Infinity, open.at);
      if (!merging) window.times = open.times;
    }
    if (merging && window.at !== undefined) window.times.add(window.at);
    this.#open = [...this.#open.filter((open) => !met.includes(open)), window];
    window.ns.push(event.n);
    this.#onElement(window);
  }

  #onElement(window: Open): void {
    const trigger = this.#trigger;
    if (trigger.kind === "count") this.#counted(window, trigger.count);
    if (trigger.kind === "continuous-processing-time" && window.at === undefined) this.#arm(window, trigger.intervalMs);
    if (trigger.kind === "custom") this.#limited(window, 3, 5, false);
    if (trigger.kind === "timeout") {
      const counts = trigger.of.kind === "count" ? trigger.of.count : assert.fail();
      this.#limited(window, counts, trigger.timeoutMs, trigger.resetAtElement);
    }
  }

  #counted(window: Open, wanted: number): boolean {
    if (++window.count < wanted) return false;
    window.count = 0;
    this.#fire(window);
    return true;
  }

  #limited(window: Open, wanted: number, timeoutMs: number, resets: boolean): void {
    const fired = this.#counted(window, wanted);
    if ((fired || resets) && window.at !== undefined) {
      window.times.delete(window.at);
      window.at = undefined;
    }
    if (fired || window.at !== undefined) return;
    window.at = this.#now + timeoutMs;
    window.times.add(window.at);
  }

  #arm(window: Open, intervalMs: number): void {
    window.at = Math.min(this.#now - (this.#now % intervalMs) + intervalMs, window.end - 1);
    window.times.add(window.at);
  }

  #tick(to: number): void {
    this.#now = to;
    for (const window of this.#open) {
      for (;;) {
        const time = Math.min(window.end - 1, ...window.times);
        if (time > to) break;
        window.times.delete(time);
        this.#onTime(window, time);
        if (time !== window.end - 1) continue;
        this.#open = this.#open.filter((open) => open !== window);
        break;
      }
    }
  }

  #onTime(window: Open, time: number): void {
    const trigger = this.#trigger;
    if (trigger.kind === "processing-time") this.#fire(window);
    if (trigger.kind === "continuous-processing-time" && time === window.at) {
      this.#fire(window);
      if (time < window.end - 1) this.#arm(window, trigger.intervalMs);
    }
    // The window's end is a timer, too, of which a custom trigger hears nothing.
    if (trigger.kind === "timeout" || (trigger.kind === "custom" && time === window.at)) {
      this.#fire(window);
      if (trigger.kind === "custom" || trigger.clearOnTimeout) {
        window.count = 0;
        window.at = undefined;
      }
    }
  }

  #fire(window: Open): void {
    const { key, start, end, ns } = window;
    if (ns.length > 0) this.rows.push({ key, window: { start, end }, size: ns.length, total: ns.reduce((a, b) => a + b, 0) });
    if (this.#purges) window.ns = [];
  }
}

// ---------- the engine ----------

function graphOf({ assigner, trigger }: Window) {
  const create = (): never => assert.fail("the driver creates no connectors");
  const source: Source<Event> = { connector: "fake", type: Event.type, describe: () => null, create };
  return pipeline("test", (p) => {
    let windowed = p
      .from("in", source)
      .keyBy("key")
      .window(assigner as WindowAssigner<unknown>);
    if (trigger !== undefined) windowed = windowed.trigger(trigger as Trigger);
    windowed
      .aggregate("w", { size: count(), total: sum((e: Event) => e.n) })
      .to("out", { connector: "fake", type: undefined, describe: () => null, create });
  }).graph();
}

function run(window: Window, all: readonly Step[], options: DriverOptions & { cut?: number } = {}): unknown[] {
  const graph = graphOf(window);
  const rows: unknown[] = [];
  let driver = new HandDriver(graph, options);
  const feed = (some: readonly Step[]): void => {
    for (const { ms, event } of some) {
      driver.tick(driver.now + ms);
      driver.feed("in", "in-0", [{ value: event }]);
      driver.flush();
    }
  };
  driver.split("in", "in-0", "active");
  const cut = options.cut ?? all.length;
  feed(all.slice(0, cut));
  if (cut < all.length) {
    const restore = driver.snapshot();
    rows.push(...driver.rows("out"));
    const { now } = driver;
    driver = new HandDriver(graph, { ...options, parallelism: (options.parallelism ?? 1) + 1, restore });
    driver.now = now;
    driver.split("in", "in-0", "active");
    feed(all.slice(cut));
  }
  driver.tick(driver.now + 1000);
  rows.push(...driver.rows("out"));
  return rows;
}

const sorted = (rows: readonly unknown[]): string[] => rows.map((row) => JSON.stringify(row)).toSorted();

for (const codegen of ["auto", "off"] as const) {
  test(`windows by the machine's clock equal the model, with every trigger (codegen ${codegen})`, () => {
    const property = fc.property(windows, steps, (window, all) => {
      const model = new Model(window);
      model.run(all);
      assert.deepEqual(sorted(run(window, all, { codegen })), sorted(model.rows));
    });
    fc.assert(property, { seed, numRuns: 60 });
  });
}

test("windows by the machine's clock: another parallelism and a restart in the middle give equal results, and overdue timers fire at once", () => {
  const property = fc.property(windows, steps, fc.nat(40), fc.constantFrom(1, 3, 4), (window, all, cut, parallelism) => {
    const whole = sorted(run(window, all));
    assert.deepEqual(sorted(run(window, all, { parallelism })), whole);
    assert.deepEqual(sorted(run(window, all, { parallelism, cut: Math.min(cut, all.length) })), whole);
  });
  fc.assert(property, { seed, numRuns: 60 });
});
