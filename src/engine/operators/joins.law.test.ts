// Joins against nested loops over arrays: temporal joins, changing results of joins without windows, window joins with missing partners,
// and the late sides of interval joins.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { tumbling } from "../../stream/windows.ts";
import { events, holds, KINDS, lefts, pair, rights, run, seed, sorted, watermarks, type Build, type Event } from "./fixtures/two-sides.ts";

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
