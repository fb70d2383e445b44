// Random cases of windows, joins and process functions, in the words of a conformance folder but each with rows of its own: [ts, key, value, passes the
// filter, side (0 left, 1 right, 2 both)]. `node random-cases.ts SEED COUNT FILE` writes them; flink/RandomCases.java computes them with Apache Flink.
// Joins have no late records, and no session that a record could touch after its end: between two inputs Flink's order is not settled.
import { writeFileSync } from "node:fs";
import { argv } from "node:process";
import type { Case, JoinCase, Part, ProcessCase, WindowCase } from "./case.ts";
import type { Condition } from "./condition.ts";

export type RandomRow = readonly [ts: number, key: string, value: number, passes: number, side: number];
export type RandomCase = Case & (WindowCase | JoinCase | ProcessCase) & { readonly rows: readonly RandomRow[] };

/** Numbers of a seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export class Draw {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = randomOf(seed);
  }

  /** From `low` to `high`, both included. */
  int(low: number, high: number): number {
    return low + Math.floor(this.#next() * (high - low + 1));
  }

  one<T>(...of: readonly T[]): T {
    return of[this.int(0, of.length - 1)]!;
  }

  chance(of: number): boolean {
    return this.#next() < of;
  }
}

export function randomCases(seed: number, count: number): readonly RandomCase[] {
  return Array.from({ length: count }, (_, index) => {
    const draw = new Draw(seed * 10_007 + index);
    const id = `random-${seed}-${index}`;
    const kind = draw.one(windowCase, windowCase, windowCase, windowCase, joinCase, joinCase, processCase);
    return kind(id, draw);
  });
}

function windowCase(id: string, draw: Draw): RandomCase {
  const spread = draw.one(0, 5, 20, 60);
  const { window, global } = assigner(draw);
  const sessions = window.type === "session" || window.type === "dynamicSession";
  const trigger = windowTrigger(draw, global, sessions, window.size !== undefined);
  return {
    id,
    group: "random",
    text: `${window.type}, trigger ${trigger?.type ?? "default"}`,
    kind: "window",
    input: "random",
    window,
    sum: draw.one("v", "v", "i", "side"),
    watermarkDelayMs: draw.one(0, 0, 5, 20),
    rows: rows(draw, spread),
    ...(draw.chance(0.85) ? { key: key(draw) } : {}),
    ...(draw.chance(0.25) ? { filter: condition(draw, 2) } : {}),
    ...(trigger === undefined ? {} : { trigger }),
    ...(draw.chance(0.4) ? { evictor: evictor(draw) } : {}),
    ...(global ? {} : { allowedLatenessMs: draw.one(0, 0, 5, 30), late: true }),
  } as RandomCase;
}

function assigner(draw: Draw): { readonly window: WindowCase["window"]; readonly global: boolean } {
  const type = draw.one("tumbling", "sliding", "sliding", "session", "session", "dynamicSession", "count", "count", "global");
  const sizeMs = draw.int(1, 40);
  switch (type) {
    case "tumbling":
      return { window: { type, sizeMs, offsetMs: draw.int(1 - sizeMs, sizeMs - 1) }, global: false };
    case "sliding": {
      const slideMs = draw.int(1, 25);
      return { window: { type, sizeMs, slideMs, offsetMs: draw.int(1 - slideMs, slideMs - 1) }, global: false };
    }
    case "session":
      return { window: { type, gapMs: draw.int(1, 15) }, global: false };
    case "dynamicSession":
      return {
        window: { type, gap: { if: ["<", ["f", "v"], 0], thenMs: draw.int(1, 10), elseMs: draw.int(1, 20) } },
        global: false,
      };
    case "count":
      return { window: { type, size: draw.int(1, 6), ...(draw.chance(0.6) ? { slide: draw.int(1, 6) } : {}) }, global: true };
    default:
      return { window: { type }, global: true };
  }
}

function windowTrigger(draw: Draw, global: boolean, sessions: boolean, counted: boolean): Part | undefined {
  if (counted || (!global && draw.chance(0.35))) return undefined;
  const count = { type: "count", n: draw.int(1, 5) };
  const delta = { type: "delta", threshold: draw.int(0, 6), field: "v" };
  const continuous = { type: "continuousEventTime", intervalMs: draw.int(1, 15) };
  // Flink's delta trigger refuses to merge; its continuous trigger keeps a timer of the end of a global window that is the end of time.
  const trigger = sessions
    ? draw.one<Part>(count, continuous, { type: "eventTime" })
    : global
      ? draw.one<Part>(count, delta)
      : draw.one<Part>(count, delta, continuous, { type: "eventTime" });
  return draw.chance(0.35) ? { type: "purging", of: draw.chance(0.1) ? { type: "purging", of: trigger } : trigger } : trigger;
}

export function evictor(draw: Draw): Part {
  const after = draw.chance(0.5);
  return draw.one<Part>(
    { type: "count", n: draw.int(1, 4), after },
    { type: "time", ms: draw.int(1, 25), after },
    { type: "delta", threshold: draw.int(1, 8), field: "v", after },
  );
}

function joinCase(id: string, draw: Draw): RandomCase {
  const spread = draw.one(0, 5, 20);
  const type = draw.one("interval", "interval", "window", "coGroup");
  const sides = draw.chance(0.8)
    ? { left: ["!=", ["f", "side"], 1], right: ["!=", ["f", "side"], 0] }
    : { left: condition(draw, 1), right: condition(draw, 1) };
  return {
    id,
    group: "random",
    text: type,
    kind: "join",
    input: "random",
    key: key(draw),
    join: type === "interval" ? interval(draw) : { type, ...joinWindow(draw) },
    ...sides,
    watermarkDelayMs: spread + draw.int(1, 10),
    rows: rows(draw, spread),
  } as RandomCase;
}

const FUNCTIONS = ["inactivity", "dedup", "sortBuffer", "timers"] as const;

function processCase(id: string, draw: Draw): RandomCase {
  const name = draw.one(...FUNCTIONS);
  return {
    id,
    group: "random",
    text: name,
    kind: "process",
    input: "random",
    function: name,
    paramMs: draw.int(0, 25),
    key: key(draw),
    watermarkDelayMs: draw.one(0, 0, 5, 20),
    rows: rows(draw, draw.one(0, 5, 20, 60)),
    ...(draw.chance(0.25) ? { filter: condition(draw, 2) } : {}),
  };
}

export function key(draw: Draw): readonly string[] {
  return draw.one(["k"], ["k"], ["k"], ["k", "f"], ["side"], ["v", "k"]);
}

/** About half of the rows have it. */
export function condition(draw: Draw, depth: number): Condition {
  const v = ["f", "v"];
  if (depth > 0 && draw.chance(0.6)) {
    const parts = [condition(draw, depth - 1), condition(draw, depth - 1)];
    return draw.one<Condition>(["and", ...parts], ["or", ...parts, condition(draw, 0)], ["not", parts[0]]);
  }
  return draw.one<Condition>(
    ["==", ["f", "f"], 1],
    [draw.one("<", "<=", ">", ">=", "!="), v, draw.int(-4, 4)],
    ["==", ["%", draw.one(v, ["f", "i"]), 3], draw.int(-2, 2)],
    [">", ["-", ["*", v, 2], ["+", ["f", "side"], 1]], draw.int(-6, 3)],
    ["in", ["f", "k"], ["a", "c", "e"]],
    [draw.one("startsWith", "endsWith", "contains"), ["f", "k"], draw.one("a", "b", "")],
    ["not", ["isNull", ["f", "k"]]],
    ["<", ["f", "k"], draw.one("b", "c")],
  );
}

export function interval(draw: Draw): JoinCase["join"] {
  const lowerMs = draw.int(-20, 15);
  const upperMs = lowerMs + draw.int(0, 20);
  if (upperMs - lowerMs < 2) return { type: "interval", lowerMs, upperMs };
  return {
    type: "interval",
    lowerMs,
    upperMs,
    ...(draw.chance(0.4) ? { lowerExclusive: true } : {}),
    ...(draw.chance(0.4) ? { upperExclusive: true } : {}),
  };
}

export function joinWindow(draw: Draw): Omit<JoinCase["join"], "type"> {
  const sizeMs = draw.int(1, 30);
  const slideMs = draw.int(1, 20);
  return draw.one<Omit<JoinCase["join"], "type">>(
    { gapMs: draw.int(1, 12) },
    { sizeMs, slideMs, offsetMs: draw.int(1 - slideMs, slideMs - 1) },
    { sizeMs, offsetMs: draw.int(1 - sizeMs, sizeMs - 1) },
  );
}

/** Times move on, and stray back by up to `spread` ms. */
export function rows(draw: Draw, spread: number): readonly RandomRow[] {
  const keys = draw.one(["a"], ["a", "b", "c"], ["a", "b", "c", "d", "e", "f", "g"]);
  let now = draw.one(-100, 0, 1_000_000, 1_700_000_000_000);
  return Array.from({ length: draw.int(30, 120) }, () => {
    now += draw.one(0, 0, 1, 1, 2, 3, draw.int(0, 30));
    return [now - draw.int(0, spread), draw.one(...keys), draw.int(-9, 9), draw.int(0, 1), draw.int(0, 2)] as const;
  });
}

if (import.meta.main) {
  const [seed, count, file] = argv.slice(2);
  if (file === undefined) throw new Error("random-cases.ts SEED COUNT FILE");
  writeFileSync(
    file,
    `[\n${randomCases(Number(seed), Number(count))
      .map((one) => JSON.stringify(one))
      .join(",\n")}\n]\n`,
  );
}
