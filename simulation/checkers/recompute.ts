// What the simulated pipeline has to write, and the state that it has to have at a position, computed from its input log alone.
// Imports nothing from the product.
import type { ExtraRow, InputRecord, PipelineOutput, PipelineRules, SumRow } from "./pipeline-rows.ts";

/** The hash chain: each record of a key moves it on. */
export function nextHash(hash: number, id: number, amount: number): number {
  return (Math.imul(hash ^ id, 0x01000193) + amount) | 0;
}

/** In the order in which a subtask sees the records of a key. */
export function inOrder(input: readonly InputRecord[]): InputRecord[] {
  return [...input].sort((a, b) => a.partition - b.partition || a.offset - b.offset);
}

export function recompute(input: readonly InputRecord[], rules: PipelineRules): PipelineOutput {
  const last = new Map<string, SumRow>();
  const sums: SumRow[] = [];
  const windows = new Map<string, { key: string; start: number; count: number; sum: number }>();
  const timers = new Map<string, { key: string; at: number }>();
  const byKey = new Map<string, InputRecord[]>();
  for (const record of inOrder(input)) {
    const { key, id, amount, at } = record;
    const before = last.get(key) ?? { count: 0, sum: 0, hash: 0 };
    const row = { key, id, count: before.count + 1, sum: before.sum + amount, hash: nextHash(before.hash, id, amount) };
    last.set(key, row);
    sums.push(row);
    const start = Math.floor(at / rules.windowMs) * rules.windowMs;
    const window = windows.get(`${key}@${start}`);
    if (window === undefined) windows.set(`${key}@${start}`, { key, start, count: 1, sum: amount });
    else {
      window.count++;
      window.sum += amount;
    }
    const timer = { key, at: (Math.floor(at / rules.timerMs) + 1) * rules.timerMs };
    timers.set(`${timer.key}@${timer.at}`, timer);
    const records = byKey.get(key);
    if (records === undefined) byKey.set(key, [record]);
    else records.push(record);
  }
  const extras = [...byKey.values()].flatMap((records) => extrasOf(records, rules));
  return { sums, windows: [...windows.values()], timers: [...timers.values()], extras };
}

/** `records` of one key, in order. */
function extrasOf(records: readonly InputRecord[], rules: PipelineRules): ExtraRow[] {
  const even = records.filter(({ id }) => id % 2 === 0);
  const odd = records.filter(({ id }) => id % 2 === 1);
  const answers = records
    .filter(({ id }) => id % 3 === 0)
    .map(({ id, key, amount }) => ({ kind: "answer", key, a: id, b: 0, sum: amount * 2 }));
  return [...sessions(records, rules.sessionGapMs), ...pairs(even, odd, rules.pairMs), ...versions(even, odd), ...answers];
}

/** Two records belong to one session when neither begins more than the gap after the other. */
function sessions(records: readonly InputRecord[], gapMs: number): ExtraRow[] {
  const rows: { kind: string; key: string; a: number; b: number; sum: number }[] = [];
  for (const { key, at, amount } of records.toSorted((x, y) => x.at - y.at)) {
    const open = rows.at(-1);
    if (open === undefined || at > open.b) rows.push({ kind: "session", key, a: at, b: at + gapMs, sum: amount });
    else {
      open.b = Math.max(open.b, at + gapMs);
      open.sum += amount;
    }
  }
  return rows;
}

function pairs(left: readonly InputRecord[], right: readonly InputRecord[], pairMs: number): ExtraRow[] {
  return left.flatMap((l) =>
    right
      .filter((r) => Math.abs(r.at - l.at) <= pairMs)
      .map((r) => ({ kind: "pair", key: l.key, a: l.id, b: r.id, sum: l.amount + r.amount })),
  );
}

/** The newest at the left record's time; of equally old ones the last that came. */
function versions(left: readonly InputRecord[], right: readonly InputRecord[]): ExtraRow[] {
  return left.map((l) => {
    let found: InputRecord | undefined;
    for (const r of right) if (r.at <= l.at && (found === undefined || r.at >= found.at)) found = r;
    return { kind: "version", key: l.key, a: l.id, b: found?.id ?? -1, sum: l.amount + (found?.amount ?? 0) };
  });
}
