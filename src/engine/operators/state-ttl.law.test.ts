// Time to live of keyed state against a naive model that keeps the time of every write and looks at it at every read.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { t } from "../../schema/t.ts";
import type { Sink, Source } from "../../stream/connector.ts";
import type { StateTtl, StreamGraph } from "../../stream/graph.ts";
import { pipeline } from "../../stream/pipeline.ts";
import { listState, mapState, valueState, type StateOptions } from "../../stream/state.ts";
import { boundedOutOfOrderness } from "../../stream/watermarks.ts";
import type { StateChunk } from "../subtask/subtask.ts";
import { HandDriver } from "../subtask/fixtures/hand-driver.ts";

const seed = Number(process.env["MILLRACE_SEED"] ?? Date.now() % 1e9);
const TTL = 10;
const BOUND = 5;

const OPS = ["number", "text", "flag", "add", "put", "putText", "remove", "clear", "look"] as const;
interface Step {
  readonly key: string;
  readonly op: (typeof OPS)[number];
  readonly n: number;
  readonly at: number;
  /** Processing time that passes before it. */
  readonly pause: number;
}
const Row = t.record("Step", { key: t.string(), op: t.literal(...OPS), n: t.int(), at: t.timestamp(), pause: t.int() });
const steps = fc.array(
  fc.record({
    key: fc.constantFrom("a", "b", "c"),
    op: fc.constantFrom(...OPS),
    n: fc.integer({ min: 0, max: 3 }),
    at: fc.integer({ min: 0, max: 60 }),
    pause: fc.integer({ min: 0, max: 6 }),
  }),
  { maxLength: 60 },
);

const create = (): never => assert.fail("the driver creates no connectors");
const source: Source<Step> = { connector: "fake", type: Row.type, describe: () => null, create };
const sink: Sink<unknown> = { connector: "fake", type: undefined, describe: () => null, create };

/** Does what the element says, then tells everything that it sees. A timer at the element's time + 8 tells it again. */
function graphOf(options: StateOptions, timers: boolean): StreamGraph {
  return pipeline("ttl", (p) => {
    const state = {
      number: valueState(t.long(), options),
      text: valueState(t.string(), options),
      flag: valueState(t.boolean(), options),
      list: listState(t.string(), options),
      map: mapState(t.int(), t.double(), options),
      texts: mapState(t.string(), t.string(), options),
    };
    p.from("in", source, { eventTime: (e) => e.at, watermarks: boundedOutOfOrderness(BOUND) })
      .keyBy("key")
      .process("op", {
        output: t.string(),
        state,
        onElement({ op, n, at }, { state: s, ...ctx }) {
          if (op === "number") s.number.set(n);
          if (op === "text") s.text.set(`t${n}`);
          if (op === "flag") s.flag.set(n > 1);
          if (op === "add") s.list.add(`l${n}`);
          if (op === "put") s.map.set(n, n / 2);
          if (op === "putText") s.texts.set(`k${n}`, `v${n}`);
          if (op === "remove") s.map.delete(n);
          if (op === "clear") s.list.clear();
          if (timers) ctx.timers.setEventTime(at + 8);
          if (op === "look") ctx.emit(seen(s));
        },
        onTimer(at, { state: s, emit }) {
          emit(`${at}${seen(s)}`);
        },
      })
      .to("out", sink);
  }).graph();
}

interface Seen {
  readonly number: { get(): unknown };
  readonly text: { get(): unknown };
  readonly flag: { get(): unknown };
  readonly list: { get(): unknown };
  readonly map: { entries(): Iterable<unknown>; readonly size: number; has(n: number): boolean };
  readonly texts: { entries(): Iterable<unknown>; keys(): Iterable<unknown> };
}

function seen(s: Seen): string {
  const { map, texts } = s;
  const all = [s.number.get(), s.text.get(), s.flag.get(), s.list.get(), map.has(0), [...map.entries()], map.size];
  return JSON.stringify([...all, [...texts.keys()], [...texts.entries()]]);
}

/** The state of one key: values with the times of their writes. */
class Model implements Seen {
  now = 0;
  readonly #values = new Map<string, { value: unknown; at: number }>();
  #list: { value: unknown; at: number }[] = [];
  readonly #maps = { map: new Map<unknown, { value: unknown; at: number }>(), texts: new Map<unknown, { value: unknown; at: number }>() };

  /** What a call finds expired is gone, also for a later call at an earlier event time. */
  forget(): void {
    for (const map of [this.#values, this.#maps.map, this.#maps.texts] as Map<unknown, { at: number }>[])
      for (const [name, entry] of map) if (this.#live(entry) === undefined) map.delete(name);
    this.#list = this.#list.filter((entry) => this.#live(entry) !== undefined);
  }
  #live<T extends { at: number }>(entry: T | undefined): T | undefined {
    return entry !== undefined && entry.at + TTL > this.now ? entry : undefined;
  }
  #value(name: string) {
    return {
      get: () => this.#live(this.#values.get(name))?.value,
      set: (value: unknown) => void this.#values.set(name, { value, at: this.now }),
    };
  }
  #map(name: "map" | "texts") {
    const map = this.#maps[name];
    const living = () => [...map].filter(([, entry]) => this.#live(entry) !== undefined);
    return {
      entries: () => living().map(([key, { value }]) => [key, value] as const),
      keys: () => living().map(([key]) => key),
      get size() {
        return living().length;
      },
      has: (key: unknown) => this.#live(map.get(key)) !== undefined,
      delete: (key: unknown) => void map.delete(key),
      set: (key: unknown, value: unknown) => {
        if (this.#live(map.get(key)) === undefined) map.delete(key); // a new entry goes to the end
        map.set(key, { value, at: this.now });
      },
    };
  }
  readonly number = this.#value("number");
  readonly text = this.#value("text");
  readonly flag = this.#value("flag");
  readonly map = this.#map("map");
  readonly texts = this.#map("texts");
  readonly list = {
    get: () => this.#list.filter((entry) => this.#live(entry) !== undefined).map(({ value }) => value),
    add: (value: unknown) => void this.#list.push({ value, at: this.now }),
    clear: () => void (this.#list = []),
  };
}

function model(all: readonly Step[], domain: StateTtl["domain"], timers: boolean): string[] {
  const out: string[] = [];
  const keys = new Map<string, Model>();
  const due = new Map<string, Set<number>>();
  let watermark = -Infinity;
  let clock = 0;
  const fire = (to: number): void => {
    const now = [...due].flatMap(([key, times]) => [...times].filter((at) => at <= to).map((at) => ({ key, at })));
    for (const { key, at } of now.toSorted((a, b) => a.at - b.at)) {
      due.get(key)!.delete(at);
      const s = keys.get(key)!;
      s.now = domain === "event-time" ? Math.max(at, watermark) : clock;
      out.push(`${at}${seen(s)}`);
      s.forget();
    }
  };
  for (const { key, op, n, at, pause } of all) {
    clock += pause;
    const s = keys.get(key) ?? new Model();
    keys.set(key, s);
    s.now = domain === "event-time" ? Math.max(at, watermark) : clock;
    if (op === "number") s.number.set(n);
    if (op === "text") s.text.set(`t${n}`);
    if (op === "flag") s.flag.set(n > 1);
    if (op === "add") s.list.add(`l${n}`);
    if (op === "put") s.map.set(n, n / 2);
    if (op === "putText") s.texts.set(`k${n}`, `v${n}`);
    if (op === "remove") s.map.delete(n);
    if (op === "clear") s.list.clear();
    if (timers) due.set(key, (due.get(key) ?? new Set()).add(at + 8));
    if (op === "look") {
      out.push(seen(s));
      s.forget();
    }
    // A timer that was set behind the watermark fires when the watermark next rises.
    const next = at - BOUND - 1;
    if (next <= watermark) continue;
    fire(next);
    watermark = next;
  }
  fire(Infinity);
  return out;
}

function run(
  graph: StreamGraph,
  all: readonly Step[],
  codegen: "auto" | "off",
  snapshots: ReadonlySet<number>,
  restartAt: number,
): string[] {
  let driver = new HandDriver(graph, { codegen });
  const rows: string[] = [];
  driver.split("in", "in-0", "active");
  let clock = 0;
  all.forEach((value, index) => {
    driver.now = clock += value.pause;
    driver.feed("in", "in-0", [{ value }]);
    if (snapshots.has(index) || index === restartAt) {
      const restore = driver.snapshot();
      if (index !== restartAt) return;
      rows.push(...(driver.rows("out") as string[]));
      driver = new HandDriver(graph, { codegen, restore });
      driver.now = clock;
      driver.split("in", "in-0", "active");
    }
  });
  driver.end();
  rows.push(...(driver.rows("out") as string[]));
  return rows;
}

for (const ttlDomain of ["event-time", "processing-time"] as const) {
  for (const timers of [false, true]) {
    test(`state with a ttl in ${ttlDomain}${timers ? ", seen by timers too," : ""} is what the model sees, with snapshots and a restart between`, () => {
      const graph = graphOf({ ttl: TTL, ttlDomain }, timers);
      const cuts = fc.uniqueArray(fc.integer({ min: 0, max: 60 }), { maxLength: 4 });
      fc.assert(
        fc.property(
          steps,
          cuts,
          fc.integer({ min: -20, max: 60 }),
          fc.constantFrom("auto" as const, "off" as const),
          (all, at, restart, codegen) => {
            const expected = model(all, ttlDomain, timers).toSorted();
            assert.deepEqual(run(graph, all, codegen, new Set(at), restart).toSorted(), expected);
          },
        ),
        { seed, numRuns: 150 },
      );
    });
  }
}

const step = (key: string, op: Step["op"], at: number): Step => ({ key, op, n: 1, at, pause: 0 });
const keyed = (chunks: readonly StateChunk[]): StateChunk[] => chunks.filter(({ address }) => address.kind === "key-group");

test("a snapshot leaves out what has expired, and the store lets go of it", () => {
  for (const ttlDomain of ["event-time", "processing-time"] as const) {
    const driver = new HandDriver(graphOf({ ttl: TTL, ttlDomain }, false));
    driver.split("in", "in-0", "active");
    const written = OPS.filter((op) => op !== "look" && op !== "remove" && op !== "clear");
    driver.feed(
      "in",
      "in-0",
      written.map((op) => ({ value: step("old", op, 1) })),
    );
    assert.equal(keyed(driver.snapshot()).length, 1);
    driver.now = 20;
    driver.feed("in", "in-0", [{ value: step("new", "number", 40) }]);
    const restored = new HandDriver(graphOf({ ttl: TTL, ttlDomain }, false), { restore: driver.snapshot() });
    assert.equal(keyed(restored.snapshot()).length, 1, "only the new key was in it");
    assert.equal(keyed(driver.snapshot()).length, 1, "only the new key is left");
  }
});

test("a ttl that is declared later begins at the first access; one that is taken away forgets nothing", () => {
  const all = (["number", "text", "add", "put"] as const).map((op) => step("a", op, 1));
  const plain = new HandDriver(graphOf({}, false));
  plain.split("in", "in-0", "active");
  plain.feed(
    "in",
    "in-0",
    all.map((value) => ({ value })),
  );
  const look = (driver: HandDriver, now: number): unknown => {
    driver.now = now;
    driver.split("in", "in-0", "active");
    driver.feed("in", "in-0", [{ value: step("a", "look", 1) }]);
    driver.flush();
    return driver.rows("out").at(-1);
  };
  const full = JSON.stringify([1, "t1", null, ["l1"], false, [[1, 0.5]], 1, [], []]);
  const empty = JSON.stringify([null, null, null, [], false, [], 0, [], []]);
  const expiring = new HandDriver(graphOf({ ttl: TTL }, false), { restore: plain.snapshot() });
  assert.equal(look(expiring, 1000), full);
  assert.equal(look(expiring, 1009), full);
  const back = new HandDriver(graphOf({}, false), { restore: expiring.snapshot() });
  assert.equal(look(expiring, 1010), empty);
  assert.equal(look(back, 9999), full);
});
