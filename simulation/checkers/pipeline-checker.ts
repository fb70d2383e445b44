// Recomputes every output of the simulated pipeline from its input log and compares: keyed sums with a hash chain in order per key,
// windows, timers. Imports nothing from the product.
import { Anomalies } from "./anomalies.ts";

/** A record of the input topic, in offset order within its partition; all records of a key are in one partition. */
export interface InputRecord {
  readonly partition: number;
  readonly offset: number;
  readonly id: number;
  readonly key: string;
  readonly amount: number;
  readonly at: number;
}

/** After each record of a key: how many there were, their sum, and a hash over all of them in order. */
export interface SumRow {
  readonly key: string;
  readonly id: number;
  readonly count: number;
  readonly sum: number;
  readonly hash: number;
}

export interface WindowRow {
  readonly key: string;
  readonly start: number;
  readonly count: number;
  readonly sum: number;
}

/** A timer of a key: once for every time that a record set. */
export interface TimerRow {
  readonly key: string;
  readonly at: number;
}

export interface PipelineOutput {
  readonly sums: readonly SumRow[];
  readonly windows: readonly WindowRow[];
  readonly timers: readonly TimerRow[];
}

export interface PipelineRules {
  readonly windowMs: number;
  /** A record sets a timer at the next multiple of this after it. */
  readonly timerMs: number;
}

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
  "uncommitted-garbage",
  "committed-not-stored",
] as const;

/** The hash chain: each record of a key moves it on. */
export function nextHash(hash: number, id: number, amount: number): number {
  return (Math.imul(hash ^ id, 0x01000193) + amount) | 0;
}

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
  checkUncommitted(committed, everything, expected, anomalies);
  return anomalies;
}

export function recompute(input: readonly InputRecord[], { windowMs, timerMs }: PipelineRules): PipelineOutput {
  const last = new Map<string, SumRow>();
  const sums: SumRow[] = [];
  const windows = new Map<string, { key: string; start: number; count: number; sum: number }>();
  const timers = new Map<string, TimerRow>();
  for (const { key, id, amount, at } of [...input].sort((a, b) => a.partition - b.partition || a.offset - b.offset)) {
    const before = last.get(key) ?? { count: 0, sum: 0, hash: 0 };
    const row = { key, id, count: before.count + 1, sum: before.sum + amount, hash: nextHash(before.hash, id, amount) };
    last.set(key, row);
    sums.push(row);
    const start = Math.floor(at / windowMs) * windowMs;
    const window = windows.get(`${key}@${start}`);
    if (window === undefined) windows.set(`${key}@${start}`, { key, start, count: 1, sum: amount });
    else {
      window.count++;
      window.sum += amount;
    }
    const timer = { key, at: (Math.floor(at / timerMs) + 1) * timerMs };
    timers.set(timerName(timer), timer);
  }
  return { sums, windows: [...windows.values()], timers: [...timers.values()] };
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
  what: "window" | "timer",
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

/** A restart computes the same rows again: whatever an aborted transaction left is one of the expected rows, and all committed rows are there. */
function checkUncommitted(committed: PipelineOutput, everything: PipelineOutput, expected: PipelineOutput, anomalies: Anomalies): void {
  const known = new Set([...expected.sums.map(sumName), ...expected.windows.map(windowRowName), ...expected.timers.map(timerName)]);
  const stored = [...everything.sums.map(sumName), ...everything.windows.map(windowRowName), ...everything.timers.map(timerName)];
  for (const name of stored) if (!known.has(name)) anomalies.add("uncommitted-garbage", name);
  const lying = new Set(stored);
  for (const name of [...committed.sums.map(sumName), ...committed.windows.map(windowRowName), ...committed.timers.map(timerName)])
    if (!lying.has(name)) anomalies.add("committed-not-stored", name);
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
