// Joins against nested loops over arrays: temporal joins, changing results of joins without windows, window joins with missing partners,
// and the late sides of interval joins. Both sides come from one source, so their order is the source's at every parallelism.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { t } from "../../schema/t.ts";
import type { Source } from "../../stream/connector.ts";
import type { DataStream, KeyedStream } from "../../stream/data-stream.ts";
import { pipeline } from "../../stream/pipeline.ts";
import { boundedOutOfOrderness } from "../../stream/watermarks.ts";
import { tumbling } from "../../stream/windows.ts";
import { HandDriver } from "../subtask/fixtures/hand-driver.ts";

const seed = Number(process.env["MILLRACE_SEED"] ?? Date.now() % 1e9);

const Event = t.record("Event", { side: t.literal("left", "right"), key: t.string(), n: t.int(), at: t.timestamp() });
interface Event {
  readonly side: "left" | "right";
  readonly key: string;
  readonly n: number;
  readonly at: number;
}
const BOUND = 5;
const KINDS = ["inner", "left", "right", "full"] as const;
type Keyed = KeyedStream<string, Event>;
type Build = (left: Keyed, right: Keyed) => Readonly<Record<string, DataStream<unknown>>>;

const events = fc.array(
  fc.record({
    side: fc.constantFrom("left" as const, "right" as const),
    key: fc.constantFrom("a", "b", "é"),
    n: fc.integer({ min: 0, max: 9 }),
    at: fc.integer({ min: 0, max: 40 }),
  }),
  { maxLength: 40 },
);

/** Rows as text by sink; the restart comes after `cut` elements, with one more subtask. */
function run(build: Build, all: readonly Event[], parallelism: number, cut: number): Record<string, string[]> {
  const create = (): never => assert.fail("the driver creates no connectors");
  const source: Source<Event> = { connector: "fake", type: Event.type, describe: () => null, create };
  const graph = pipeline("test", (p) => {
    const stream = p.from("in", source, { eventTime: (e) => e.at, watermarks: boundedOutOfOrderness(BOUND) });
    const side = (name: string): Keyed => stream.filter((e) => e.side === name).keyBy("key");
    for (const [name, rows] of Object.entries(build(side("left"), side("right"))))
      rows.to(name, { connector: "fake", type: undefined, describe: () => null, create });
  }).graph();
  const rows: Record<string, string[]> = {};
  let driver = new HandDriver(graph, { parallelism });
  const feed = (some: readonly Event[]): void => {
    driver.split("in", "in-0", "active");
    for (const value of some) {
      driver.feed("in", "in-0", [{ value }]);
      // Each side hears of the watermark now, though the element went to the other one.
      driver.flush();
    }
  };
  const take = (): void => {
    for (const [name, got] of driver.sinks) (rows[name] ??= []).push(...got.map(({ row }) => JSON.stringify(row)));
    driver.sinks.clear();
  };
  feed(all.slice(0, cut));
  if (cut < all.length) {
    const restore = driver.snapshot();
    take();
    driver = new HandDriver(graph, { parallelism: parallelism + 1, restore });
    feed(all.slice(cut));
  }
  driver.end();
  take();
  return rows;
}

const sorted = (rows: readonly string[] = []): string[] => rows.toSorted();

function holds(
  name: string,
  build: Build,
  model: (all: readonly Event[]) => Readonly<Record<string, readonly unknown[]>>,
  of: (all: readonly Event[]) => readonly Event[] = (all) => all,
): void {
  test(name, () => {
    const property = fc.property(events, fc.nat(40), fc.constantFrom(1, 4), (given, cut, parallelism) => {
      const all = of(given);
      const expected = Object.entries(model(all)).map(([sink, rows]) => [sink, sorted(rows.map((row) => JSON.stringify(row)))]);
      for (const at of [all.length, Math.min(cut, all.length)]) {
        const got = run(build, all, parallelism, at);
        assert.deepEqual(
          expected.map(([sink]) => [sink, sorted(got[sink as string])]),
          expected,
        );
      }
    });
    fc.assert(property, { seed, numRuns: 14 });
  });
}

/** The watermark before each element. */
function watermarks(all: readonly Event[]): readonly number[] {
  let newest = -Infinity;
  return all.map(({ at }) => {
    const before = newest - BOUND - 1;
    newest = Math.max(newest, at);
    return before;
  });
}

const lefts = (all: readonly Event[]): readonly Event[] => all.filter(({ side }) => side === "left");
const rights = (all: readonly Event[]): readonly Event[] => all.filter(({ side }) => side === "right");
const pair = (l: Event | undefined, r: Event | undefined): unknown => [l?.n ?? null, r?.n ?? null, l?.at ?? null, r?.at ?? null];

// ---------- temporal ----------

for (const kind of ["inner", "left"] as const) {
  holds(
    `a temporal join (${kind}) takes the newest version at the element's time, if nothing is late`,
    (left, right) => ({
      out: left.temporalJoin("versions", right, pair, { kind, isDeletion: (version) => version.n === 0 }),
    }),
    (all) => ({
      out: lefts(all).flatMap((l) => {
        const [version] = rights(all)
          .filter((r) => r.key === l.key && r.at <= l.at)
          .toSorted((x, y) => y.at - x.at || all.indexOf(y) - all.indexOf(x));
        if (version !== undefined && version.n !== 0) return [pair(l, version)];
        return kind === "left" ? [pair(l, undefined)] : [];
      }),
    }),
    inTime,
  );
}

/** Those that do not come late. */
function inTime(all: readonly Event[]): readonly Event[] {
  const marks = watermarks(all);
  return all.filter(({ at }, index) => at > marks[index]!);
}

// ---------- changing results ----------

interface Sided {
  readonly keep: "all" | "latest";
}

/** The whole result of a key by nested loops. */
function table(ls: readonly Event[], rs: readonly Event[], kind: (typeof KINDS)[number]): string[] {
  const rows = ls.flatMap((l) => rs.map((r) => pair(l, r)));
  if (rs.length === 0 && (kind === "left" || kind === "full")) rows.push(...ls.map((l) => pair(l, undefined)));
  if (ls.length === 0 && (kind === "right" || kind === "full")) rows.push(...rs.map((r) => pair(undefined, r)));
  return sorted(rows.map((row) => JSON.stringify(row)));
}

for (const kind of KINDS) {
  for (const [left, right] of [
    [{ keep: "all" }, { keep: "all" }],
    [{ keep: "latest" }, { keep: "latest" }],
    [{ keep: "all" }, { keep: "latest" }],
  ] as readonly (readonly [Sided, Sided])[]) {
    test(`join (${kind}; left ${left.keep}, right ${right.keep}): the changes, added up, are the whole result after every element`, () => {
      const isDeletion = (e: Event): boolean => e.n === 0;
      const build: Build = (l, r) => ({
        out: l.join("all", r, pair, { kind, left: { ...left, isDeletion }, right: { ...right, isDeletion } }),
      });
      const property = fc.property(events, fc.nat(40), fc.constantFrom(1, 4), (all, cut, parallelism) => {
        for (const until of [Math.min(cut, all.length), all.length]) {
          const rows = (run(build, all.slice(0, until), parallelism, Math.min(cut, until))["out"] ?? []).map(
            (row) => JSON.parse(row) as { change: string; row: unknown },
          );
          const state = { left: new Map<string, Event[]>(), right: new Map<string, Event[]>() };
          for (const e of all.slice(0, until)) {
            const kept = state[e.side].get(e.key) ?? [];
            const { keep } = e.side === "left" ? left : right;
            state[e.side].set(e.key, isDeletion(e) ? [] : keep === "latest" ? [e] : [...kept, e]);
          }
          const whole = ["a", "b", "é"].flatMap((key) => table(state.left.get(key) ?? [], state.right.get(key) ?? [], kind));
          assert.deepEqual(addedUp(rows), sorted(whole));
        }
      });
      fc.assert(property, { seed, numRuns: 7 });
    });
  }
}

/** The rows that are left; no row may be taken away before it is there. */
function addedUp(changes: readonly { readonly change: string; readonly row: unknown }[]): string[] {
  const counts = new Map<string, number>();
  for (const { change, row } of changes) {
    const text = JSON.stringify(row);
    counts.set(text, (counts.get(text) ?? 0) + (change === "+I" || change === "+U" ? 1 : -1));
  }
  return sorted([...counts].flatMap(([row, count]) => (count < 0 ? assert.fail(row) : Array.from({ length: count }, () => row))));
}

test("join tells an update from a deletion and an insertion, in their order", () => {
  const at = 1;
  const all: readonly Event[] = [
    { side: "left", key: "a", n: 1, at },
    { side: "right", key: "a", n: 2, at },
    { side: "right", key: "a", n: 3, at },
    { side: "right", key: "a", n: 0, at },
  ];
  const build: Build = (left, right) => ({
    out: left.join("all", right, (l, r) => [l.n, r?.n ?? null], { kind: "left", right: { keep: "latest", isDeletion: (e) => e.n === 0 } }),
  });
  assert.deepEqual(
    run(build, all, 1, all.length)["out"]!.map((row) => JSON.parse(row) as unknown),
    [
      { change: "+I", row: [1, null] },
      { change: "-D", row: [1, null] },
      { change: "+I", row: [1, 2] },
      { change: "-U", row: [1, 2] },
      { change: "+U", row: [1, 3] },
      { change: "-D", row: [1, 3] },
      { change: "+I", row: [1, null] },
    ],
  );
});

// ---------- windows and intervals ----------

for (const kind of KINDS) {
  holds(
    `a window join (${kind}) gives every pair of a window, and elements without a partner as its kind says`,
    (left, right) => ({ out: left.windowJoin("windows", right, tumbling(10), pair, { kind }) }),
    (all) => {
      const marks = watermarks(all);
      const taken = all.filter(({ at }, index) => Math.floor(at / 10) * 10 + 9 > marks[index]!);
      const rows = ["a", "b", "é"].flatMap((key) =>
        [0, 10, 20, 30, 40].flatMap((start) => {
          const inside = taken.filter((e) => e.key === key && e.at >= start && e.at < start + 10);
          return table(lefts(inside), rights(inside), kind).map((row) => JSON.parse(row) as unknown);
        }),
      );
      return { out: rows };
    },
  );
}

holds(
  "an interval join's late elements leave through their sides",
  (left, right) => {
    const rows = left.intervalJoin("near", right, { lower: -3, upper: 6, lateOutputs: true }, pair);
    return { out: rows, lateLeft: rows.side.lateLeft, lateRight: rows.side.lateRight };
  },
  (all) => {
    const marks = watermarks(all);
    const late = all.filter(({ at }, index) => at < marks[index]!);
    const taken = all.filter((e) => !late.includes(e));
    return {
      lateLeft: lefts(late),
      lateRight: rights(late),
      out: lefts(taken).flatMap((l) =>
        rights(taken)
          .filter((r) => r.key === l.key && r.at >= l.at - 3 && r.at <= l.at + 6)
          // Who comes when the other is already forgotten finds nobody.
          .filter((r) => !isForgotten(l, r, all, marks))
          .map((r) => pair(l, r)),
      ),
    };
  },
);

function isForgotten(l: Event, r: Event, all: readonly Event[], marks: readonly number[]): boolean {
  const [li, ri] = [all.indexOf(l), all.indexOf(r)];
  return li < ri ? marks[ri]! >= l.at + 6 && r.at < marks[ri]! : marks[li]! >= r.at + 3 && l.at < marks[li]!;
}
