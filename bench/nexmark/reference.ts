// A folder of Nexmark's reference format: the events, and what Apache Flink's published queries gave for them.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { AUCTION, BID, Event, PERSON, type EventRow } from "./events.ts";

export interface ReferenceResult {
  readonly query: string;
  readonly count: number;
  readonly sha256: string;
  readonly file?: string;
}

export interface Reference {
  readonly folder: string;
  readonly events: readonly EventRow[];
  readonly results: readonly ReferenceResult[];
}

export function readReference(folder: string): Reference {
  const events = readdirSync(folder).find((name) => /\.jsonl(\.gz)?$/.test(name));
  if (events === undefined) throw new Error(`${folder} holds no events (*.jsonl.gz).`);
  const bytes = readFileSync(join(folder, events));
  const text = (events.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
  checkEvents(folder, text);
  const results = JSON.parse(readFileSync(join(folder, "results/index.json"), "utf8")) as readonly ReferenceResult[];
  return { folder, events: text.split("\n").filter((line) => line !== "").map(eventOf), results }; // prettier-ignore
}

function checkEvents(folder: string, text: string): void {
  const path = join(folder, "EVENTS.sha256");
  if (!existsSync(path)) return;
  const wanted = readFileSync(path, "utf8").trim().split(/\s+/)[0];
  const found = createHash("sha256").update(text).digest("hex");
  if (found !== wanted) throw new Error(`The events in ${folder} have the SHA-256 ${found}, EVENTS.sha256 says ${wanted}.`);
}

const KINDS: Readonly<Record<number, number>> = { 0: PERSON, 1: AUCTION, 2: BID };
const EMPTY = Object.fromEntries(
  Event.type.kind === "record" ? Event.type.fields.map(({ name, type }) => [name, type.kind === "string" ? "" : 0]) : [],
) as unknown as EventRow;

function eventOf(line: string): EventRow {
  const { event_type: type, auction, ...fields } = JSON.parse(line) as { event_type: number; auction?: number };
  return { ...EMPTY, ...fields, ...(auction === undefined ? {} : { id: auction }), kind: KINDS[type]! };
}

/** undefined: the same rows; otherwise what differs. */
export function difference(rows: readonly string[], expected: ReferenceResult, folder: string): string | undefined {
  const sorted = rows.map((row) => Buffer.from(row)).toSorted(Buffer.compare);
  const hash = createHash("sha256");
  for (const row of sorted) hash.update(row).update("\n");
  if (rows.length === expected.count && hash.digest("hex") === expected.sha256) return undefined;
  const own = new Set(rows);
  const path = join(folder, "results", expected.file ?? "");
  const known = expected.file !== undefined && existsSync(path) ? gunzipSync(readFileSync(path)).toString("utf8").split("\n") : [];
  const missing = known.filter((row) => row !== "" && !own.has(row)).slice(0, 2);
  return `${rows.length} rows, expected ${expected.count}; missing of the known ones: ${missing.join(" ") || "none"}`;
}
