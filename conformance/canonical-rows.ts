// Compares rows with what Flink computed: a multiset of canonical rows, by number and SHA-256 of the sorted rows.
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { ExpectedRows } from "./case.ts";

/** undefined: equal; otherwise what differs. `folder` holds results/, whose rows make the answer more exact. */
export function difference(what: string, rows: readonly string[], expected: ExpectedRows, folder: string): string | undefined {
  const sorted = rows.map((row) => Buffer.from(row)).toSorted(Buffer.compare);
  const hash = createHash("sha256");
  for (const row of sorted) hash.update(row).update("\n");
  if (rows.length === expected.count && hash.digest("hex") === expected.sha256) return undefined;
  return `${what}: ${rows.length} rows, expected ${expected.count}${examples(rows, expected, folder)}`;
}

function examples(rows: readonly string[], { file, count }: ExpectedRows, folder: string): string {
  const path = file === undefined ? undefined : join(folder, "results", file);
  if (path === undefined || !existsSync(path)) return "";
  const wanted = gunzipSync(readFileSync(path))
    .toString("utf8")
    .split("\n")
    .filter((row) => row !== "");
  const [own, others] = [new Set(rows), new Set(wanted)];
  const missing = [...others].filter((row) => !own.has(row));
  const tooMany = [...own].filter((row) => !others.has(row));
  const extra = wanted.length === count ? `; not expected: ${tooMany.slice(0, 3).join(" ")}` : "";
  return `; missing: ${missing.slice(0, 3).join(" ")}${extra}`;
}
