// What joins take besides their kind, against naive models: window joins and coGroups with allowed lateness, triggers and evictors (which
// see the elements of both sides as one sequence), and the time to live of a join without windows.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { countEvictor, timeEvictor } from "../../stream/evictors.ts";
import type { WindowJoinOptions } from "../../stream/joins.ts";
import { countTrigger, purging } from "../../stream/triggers.ts";
import { session, sliding, tumbling } from "../../stream/windows.ts";
import {
  BOUND,
  events,
  holds,
  KINDS,
  lefts,
  pair,
  rights,
  run,
  seed,
  sorted,
  watermarks,
  type Build,
  type Event,
} from "./fixtures/two-sides.ts";

const SIZE = 10;

interface Rules {
  readonly slide: number;
  readonly lateness: number;
  /** Elements per firing; undefined: at the window's end, and at each late element. */
  readonly every?: number;
  readonly purges?: boolean;
  readonly evict?: (elements: readonly Event[]) => readonly Event[];
  readonly after?: boolean;
}

interface Window {
  readonly key: string;
  readonly start: number;
  elements: readonly Event[];
  seen: number;
  done: boolean;
}

/** What each firing of a window shows to its function, in the order of firing within a key. */
function firings(all: readonly Event[], rules: Rules): readonly (readonly Event[])[] {
  const shown: (readonly Event[])[] = [];
  const open = new Map<string, Window>();
  const fire = (window: Window): void => {
    if (window.elements.length === 0) return;
    const left = rules.evict?.(window.elements) ?? window.elements;
    shown.push(rules.after === true ? window.elements : left);
    window.elements = rules.purges === true ? [] : left;
  };
  const pass = (watermark: number): void => {
    for (const [id, window] of open) {
      const last = window.start + SIZE - 1;
      if (rules.every === undefined && !window.done && last <= watermark) fire(window);
      if (last <= watermark) window.done = true;
      if (last + rules.lateness <= watermark) open.delete(id);
    }
  };
  const marks = [...watermarks(all), Infinity];
  for (const [index, event] of all.entries()) {
    pass(marks[index]!);
    for (let start = Math.floor(event.at / rules.slide) * rules.slide; start > event.at - SIZE; start -= rules.slide) {
      if (start + SIZE - 1 + rules.lateness <= marks[index]!) continue;
      const id = `${event.key} ${start}`;
      const window = open.get(id) ?? { key: event.key, start, elements: [], seen: 0, done: start + SIZE - 1 <= marks[index]! };
      open.set(id, window);
      window.elements = [...window.elements, event];
      window.seen++;
      if (rules.every === undefined ? window.done : window.seen % rules.every === 0) fire(window);
    }
  }
  pass(Infinity);
  return shown;
}

const group = (elements: readonly Event[]): unknown => [lefts(elements).map(({ n }) => n), rights(elements).map(({ n }) => n)];

const newest =
  (count: number) =>
  (elements: readonly Event[]): readonly Event[] =>
    elements.slice(-count);
const younger =
  (ms: number) =>
  (elements: readonly Event[]): readonly Event[] =>
    elements.filter(({ at }) => at > Math.max(...elements.map((one) => one.at)) - ms);

const CASES: readonly (readonly [string, Rules, Omit<WindowJoinOptions, "kind">])[] = [
  ["allowed lateness", { slide: 10, lateness: 7 }, { allowedLateness: 7 }],
  ["allowed lateness, sliding", { slide: 4, lateness: 12 }, { allowedLateness: 12 }],
  ["a count trigger", { slide: 10, lateness: 0, every: 3 }, { trigger: countTrigger(3) }],
  ["a purging trigger", { slide: 5, lateness: 3, every: 2, purges: true }, { trigger: purging(countTrigger(2)), allowedLateness: 3 }],
  ["a count evictor", { slide: 10, lateness: 9, evict: newest(3) }, { evictor: countEvictor(3), allowedLateness: 9 }],
  [
    "a count evictor after the function",
    { slide: 10, lateness: 9, evict: newest(2), after: true },
    { evictor: countEvictor(2, { after: true }), allowedLateness: 9 },
  ],
  ["a time evictor", { slide: 4, lateness: 0, evict: younger(4) }, { evictor: timeEvictor(4) }],
  [
    "trigger and evictor",
    { slide: 10, lateness: 5, every: 2, evict: younger(6) },
    { trigger: countTrigger(2), evictor: timeEvictor(6), allowedLateness: 5 },
  ],
];

for (const [name, rules, options] of CASES) {
  const assigner = rules.slide === SIZE ? tumbling(SIZE) : sliding(SIZE, rules.slide);
  holds(
    `a window join and a coGroup with ${name} fire as one window of both sides does`,
    (left, right) => ({
      pairs: left.windowJoin("join", right, assigner, pair, { ...options, kind: "full" }),
      groups: left.coGroup("group", right, assigner, ({ left: l, right: r }) => [group([...l, ...r])], options),
    }),
    (all) => {
      const shown = firings(all, rules);
      return { groups: shown.map(group), pairs: shown.flatMap(allPairs) };
    },
  );
}

function allPairs(elements: readonly Event[]): readonly unknown[] {
  const [ls, rs] = [lefts(elements), rights(elements)];
  if (ls.length === 0) return rs.map((r) => pair(undefined, r));
  if (rs.length === 0) return ls.map((l) => pair(l, undefined));
  return ls.flatMap((l) => rs.map((r) => pair(l, r)));
}

const GAP = 4;

holds(
  "a coGroup of sessions sees each session once, if nothing is late",
  (left, right) => ({ groups: left.coGroup("group", right, session(GAP), ({ left: l, right: r }) => [group([...l, ...r])]) }),
  (all) => ({
    groups: ["a", "b", "é"].flatMap((key) => {
      const sessions: Event[][] = [];
      let end = -Infinity;
      for (const event of all.filter((one) => one.key === key).toSorted((a, b) => a.at - b.at)) {
        if (event.at > end) sessions.push([]);
        sessions.at(-1)!.push(event);
        end = event.at + GAP;
      }
      return sessions.map((elements) => group(all.filter((event) => elements.includes(event))));
    }),
  }),
  // The order of arrival strays by no more than the bound.
  (all) => all.map((event, index) => ({ ...event, at: index * 3 + (event.at % (BOUND + 1)) })),
);

// ---------- time to live ----------

const TTL = 12;

interface Kept {
  readonly event: Event;
  readonly time: number;
}

/** Rows of a key's result, with how often each is there. */
function counted(ls: readonly Kept[], rs: readonly Kept[], kind: (typeof KINDS)[number]): Map<string, number> {
  const rows = ls.flatMap((l) => rs.map((r) => pair(l.event, r.event)));
  if (rs.length === 0 && (kind === "left" || kind === "full")) rows.push(...ls.map((l) => pair(l.event, undefined)));
  if (ls.length === 0 && (kind === "right" || kind === "full")) rows.push(...rs.map((r) => pair(undefined, r.event)));
  return tally(rows.map((row) => ({ row, by: 1 })));
}

function tally(changes: readonly { readonly row: unknown; readonly by: number }[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { row, by } of changes) counts.set(JSON.stringify(row), (counts.get(JSON.stringify(row)) ?? 0) + by);
  return counts;
}

/** `timeOf`: when the n-th element came, by the clock of the ttl. */
function changes(all: readonly Event[], kind: (typeof KINDS)[number], keep: "all" | "latest", timeOf: (index: number) => number): string[] {
  const total = new Map<string, number>();
  const add = (rows: Map<string, number>, sign: number): void => {
    for (const [row, count] of rows) total.set(row, (total.get(row) ?? 0) + sign * count);
  };
  for (const key of ["a", "b", "é"]) {
    let kept: Record<Event["side"], Kept[]> = { left: [], right: [] };
    for (const [index, event] of all.entries()) {
      if (event.key !== key) continue;
      const time = timeOf(index);
      const living = (some: readonly Kept[]): Kept[] => some.filter((one) => one.time + TTL > time);
      kept = { left: living(kept.left), right: living(kept.right) };
      add(counted(kept.left, kept.right, kind), -1);
      kept[event.side] = [...(keep === "latest" ? [] : kept[event.side]), { event, time }];
      add(counted(kept.left, kept.right, kind), 1);
    }
  }
  return sorted([...total].filter(([, count]) => count !== 0).map((entry) => JSON.stringify(entry)));
}

for (const kind of KINDS)
  for (const keep of ["all", "latest"] as const)
    for (const ttlDomain of ["processing-time", "event-time"] as const)
      test(`join (${kind}, keep ${keep}) forgets elements silently after its ttl in ${ttlDomain.replace("-", " ")}`, () => {
        const side = { keep };
        const build: Build = (l, r) => ({ out: l.join("all", r, pair, { kind, left: side, right: side, ttl: TTL, ttlDomain }) });
        const property = fc.property(
          events,
          fc.nat(40),
          fc.constantFrom(1, 4),
          fc.integer({ min: 0, max: 6 }),
          (given, cut, ways, pause) => {
            const all = given.toSorted((a, b) => a.at - b.at);
            const rows = (run(build, all, ways, Math.min(cut, all.length), pause)["out"] ?? []).map(
              (row) => JSON.parse(row) as { readonly change: string; readonly row: unknown },
            );
            const net = tally(rows.map(({ change, row }) => ({ row, by: change.startsWith("+") ? 1 : -1 })));
            const timeOf = (index: number): number => (ttlDomain === "event-time" ? all[index]!.at : (index + 1) * pause);
            assert.deepEqual(
              sorted([...net].filter(([, count]) => count !== 0).map((entry) => JSON.stringify(entry))),
              changes(all, kind, keep, timeOf),
            );
          },
        );
        fc.assert(property, { seed, numRuns: 6 });
      });
