// The rows of a random case as an input, and the comparison of what comes out with Apache Flink's rows.
import { t, type Schema } from "../src/stream/index.ts";
import type { Input, InputRecord } from "./inputs.ts";
import type { RandomCase } from "./random-cases.ts";
import { runKilled, runWhole, type CaseRows } from "./run-case.ts";

export interface RandomResult {
  readonly id: string;
  readonly main: readonly string[];
  readonly late: readonly string[];
}

const Row = t.record("Row", { i: t.int(), ts: t.timestamp(), k: t.string(), v: t.long(), f: t.int(), side: t.int() });
const PARALLELISM = 4;

export function inputOf({ rows }: RandomCase): Input {
  const records = rows.map(([ts, k, v, f, side], i) => ({ i, ts, k, v, f, side }));
  return { schema: Row as Schema<InputRecord>, rows: records };
}

type Way = "whole" | "parallel" | "killed";

/** undefined: all ways gave Flink's rows. */
export async function problemOfRandom(one: RandomCase, wanted: RandomResult, ways: readonly Way[]): Promise<string | undefined> {
  for (const way of ways) {
    const rows = await run(one, way);
    const problem = differenceOf("main", rows.main, wanted.main) ?? differenceOf("late", rows.late, wanted.late);
    if (problem !== undefined) return `${way}: ${problem}`;
  }
  return undefined;
}

function run(one: RandomCase, way: Way): Promise<CaseRows> {
  const input = inputOf(one);
  if (way === "killed") return runKilled(one, input, PARALLELISM);
  return runWhole(one, input, way === "whole" ? 1 : PARALLELISM);
}

function differenceOf(what: string, rows: readonly string[], wanted: readonly string[]): string | undefined {
  const left = [...wanted];
  const extra = rows.filter((row) => {
    const at = left.indexOf(row);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
  if (extra.length === 0 && left.length === 0) return undefined;
  return `${what}: Flink has ${wanted.length} rows, here are ${rows.length}; missing ${left.slice(0, 3).join(" ")}; extra ${extra.slice(0, 3).join(" ")}`;
}
