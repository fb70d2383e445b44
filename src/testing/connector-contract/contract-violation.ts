// What a check of a contract throws: which promise was broken, and how.

export class ContractViolation extends Error {
  override readonly name = "ContractViolation";
  readonly code = "CONTRACT_VIOLATION";
}

export function expect(holds: boolean, broken: string): asserts holds {
  if (!holds) throw new ContractViolation(broken);
}

/** One promise of a contract, for any test runner: `for (const { name, run } of checks) test(name, run)`. */
export interface ContractCheck {
  readonly name: string;
  readonly run: () => Promise<void>;
}

/** Text that is equal for equal rows: property order, bigints, maps and bytes included; what is undefined is not there. */
export function rowText(row: unknown): string {
  return JSON.stringify(row, (_, value: unknown) => {
    if (typeof value === "bigint") return `${value}n`;
    if (typeof value === "number" && !Number.isFinite(value)) return String(value);
    if (value instanceof Uint8Array) return { bytes: [...value] };
    if (value instanceof Map) return { map: [...value].map((entry) => rowText(entry)).toSorted() };
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** What is in one list and not, or less often, in the other; undefined: they hold the same rows, in any order. */
export function difference(found: readonly unknown[], expected: readonly unknown[]): string | undefined {
  const counts = new Map<string, number>();
  for (const row of expected) counts.set(rowText(row), (counts.get(rowText(row)) ?? 0) - 1);
  for (const row of found) counts.set(rowText(row), (counts.get(rowText(row)) ?? 0) + 1);
  const missing = [...counts].filter(([, count]) => count < 0);
  const extra = [...counts].filter(([, count]) => count > 0);
  if (missing.length + extra.length === 0) return undefined;
  const shown = (name: string, rows: readonly (readonly [string, number])[]): string =>
    rows.length === 0 ? "" : `; ${rows.length} ${name}, such as ${rows[0]![0].slice(0, 200)} (${Math.abs(rows[0]![1])} times)`;
  return `${found.length} rows instead of ${expected.length}${shown("missing", missing)}${shown("too many", extra)}`;
}
