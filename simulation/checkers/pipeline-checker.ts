// Recomputes every output of the simulated pipeline from its input log and compares: keyed sums with a hash chain in order per key,
// windows, timers, sessions, joins, answers of asynchronous calls. Imports nothing from the product.
import { Anomalies } from "./anomalies.ts";
import type { ExtraRow, InputRecord, PipelineOutput, PipelineRules, SumRow, TimerRow, WindowRow } from "./pipeline-rows.ts";
import { recompute } from "./recompute.ts";

export const PIPELINE_RULES = [
  "missing-row",
  "duplicate-row",
  "wrong-row",
  "unknown-row",
  "out-of-order-row",
  "missing-window",
  "duplicate-window",
  "wrong-window",
  "unknown-window",
  "missing-timer",
  "duplicate-timer",
  "unknown-timer",
  "missing-extra",
  "duplicate-extra",
  "wrong-extra",
  "unknown-extra",
  "out-of-order-extra",
  "uncommitted-garbage",
  "committed-not-stored",
] as const;

/** `committed` in offset order per partition (rows of a key share one); `everything`: what lies in the logs, aborted rows included. */
export function checkPipeline(
  input: readonly InputRecord[],
  committed: PipelineOutput,
  everything: PipelineOutput,
  rules: PipelineRules,
): Anomalies {
  const anomalies = new Anomalies();
  const expected = recompute(input, rules);
  checkSums(expected.sums, committed.sums, anomalies);
  checkSet("window", expected.windows, committed.windows, windowName, sameWindow, anomalies);
  checkSet("timer", expected.timers, committed.timers, timerName, () => true, anomalies);
  checkSet("extra", expected.extras, committed.extras, extraName, (a, b) => a.sum === b.sum, anomalies);
  checkAnswers(committed.extras, anomalies);
  checkUncommitted(committed, everything, expected, anomalies);
  return anomalies;
}

function checkSums(expected: readonly SumRow[], rows: readonly SumRow[], anomalies: Anomalies): void {
  const byId = new Map(expected.map((row) => [row.id, row]));
  const seen = new Set<number>();
  const lastCount = new Map<string, number>();
  for (const row of rows) {
    const wanted = byId.get(row.id);
    if (wanted === undefined) anomalies.add("unknown-row", JSON.stringify(row));
    else if (seen.has(row.id)) anomalies.add("duplicate-row", JSON.stringify(row));
    else if (!sameSum(wanted, row)) anomalies.add("wrong-row", `${JSON.stringify(row)} instead of ${JSON.stringify(wanted)}`);
    else if (row.count <= (lastCount.get(row.key) ?? 0))
      anomalies.add("out-of-order-row", `${JSON.stringify(row)} after count ${lastCount.get(row.key)}`);
    if (!seen.has(row.id)) lastCount.set(row.key, row.count);
    seen.add(row.id);
  }
  for (const row of expected) if (!seen.has(row.id)) anomalies.add("missing-row", JSON.stringify(row));
}

function checkSet<T>(
  what: "window" | "timer" | "extra",
  expected: readonly T[],
  rows: readonly T[],
  nameOf: (row: T) => string,
  isSame: (a: T, b: T) => boolean,
  anomalies: Anomalies,
): void {
  const byName = new Map(expected.map((row) => [nameOf(row), row]));
  const seen = new Set<string>();
  for (const row of rows) {
    const name = nameOf(row);
    const wanted = byName.get(name);
    if (wanted === undefined) anomalies.add(`unknown-${what}`, JSON.stringify(row));
    else if (seen.has(name)) anomalies.add(`duplicate-${what}`, JSON.stringify(row));
    else if (!isSame(wanted, row)) anomalies.add(`wrong-${what}`, `${JSON.stringify(row)} instead of ${JSON.stringify(wanted)}`);
    seen.add(name);
  }
  for (const [name, row] of byName) if (!seen.has(name)) anomalies.add(`missing-${what}`, JSON.stringify(row));
}

/** Ordered calls answer in the order of their elements. */
function checkAnswers(rows: readonly ExtraRow[], anomalies: Anomalies): void {
  const last = new Map<string, number>();
  for (const row of rows) {
    if (row.kind !== "answer") continue;
    const before = last.get(row.key);
    if (before !== undefined && row.a < before) anomalies.add("out-of-order-extra", `${JSON.stringify(row)} after ${before}`);
    last.set(row.key, Math.max(row.a, before ?? row.a));
  }
}

/** A restart computes the same rows again: whatever an aborted transaction left is one of the expected rows, and all committed rows are there. */
function checkUncommitted(committed: PipelineOutput, everything: PipelineOutput, expected: PipelineOutput, anomalies: Anomalies): void {
  const known = new Set(namesOf(expected));
  const stored = namesOf(everything);
  for (const name of stored) if (!known.has(name)) anomalies.add("uncommitted-garbage", name);
  const lying = new Set(stored);
  for (const name of namesOf(committed)) if (!lying.has(name)) anomalies.add("committed-not-stored", name);
}

function namesOf({ sums, windows, timers, extras }: PipelineOutput): string[] {
  return [
    ...sums.map(sumName),
    ...windows.map(windowRowName),
    ...timers.map(timerName),
    ...extras.map((row) => `${extraName(row)}: ${row.sum}`),
  ];
}

function sameSum(a: SumRow, b: SumRow): boolean {
  return sumName(a) === sumName(b);
}

function sameWindow(a: WindowRow, b: WindowRow): boolean {
  return a.count === b.count && a.sum === b.sum;
}

function sumName({ key, id, count, sum, hash }: SumRow): string {
  return `row ${id} of ${key}: ${count} ${sum} ${hash}`;
}

function windowName({ key, start }: WindowRow): string {
  return `window ${start} of ${key}`;
}

function windowRowName(row: WindowRow): string {
  return `${windowName(row)}: ${row.count} ${row.sum}`;
}

function timerName({ key, at }: TimerRow): string {
  return `timer ${at} of ${key}`;
}

function extraName({ kind, key, a, b }: ExtraRow): string {
  return `${kind} of ${key}: ${a} ${b}`;
}
