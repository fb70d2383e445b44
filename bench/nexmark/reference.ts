// A folder of Nexmark's reference format: the events, and what Apache Flink's published queries gave for them.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
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

/** What is wrong with a folder, in one sentence. */
export class FolderError extends Error {
  override readonly name = "FolderError";
}

/** Throws FolderError. */
export function readReference(folder: string): Reference {
  if (!existsSync(folder)) throw new FolderError(`There is no folder ${folder}.`);
  if (!statSync(folder).isDirectory()) throw new FolderError(`${folder} is no folder: the one with the events and results/ is wanted.`);
  const events = readdirSync(folder).find((name) => /\.jsonl(\.gz)?$/.test(name));
  if (events === undefined) throw new FolderError(`${folder} holds no events: a file *.jsonl or *.jsonl.gz is wanted.`);
  const bytes = readFileSync(join(folder, events));
  const text = (events.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
  checkEvents(folder, text);
  const rows = text.split("\n").flatMap((line, number) => (line.trim() === "" ? [] : [eventOf(line, `${events}, line ${number + 1}`)]));
  return { folder, events: rows, results: readResults(join(folder, "results/index.json")) };
}

function readResults(path: string): readonly ReferenceResult[] {
  if (!existsSync(path)) throw new FolderError(`There is no ${path}, which says what the queries gave.`);
  try {
    const results = JSON.parse(readFileSync(path, "utf8")) as readonly ReferenceResult[];
    if (Array.isArray(results) && results.every(({ query, sha256, count }) => query && sha256 && Number.isInteger(count))) return results;
  } catch {
    // Said below.
  }
  throw new FolderError(`${path} is not a list of { query, count, sha256 }.`);
}

function checkEvents(folder: string, text: string): void {
  const path = join(folder, "EVENTS.sha256");
  if (!existsSync(path)) return;
  const wanted = readFileSync(path, "utf8").trim().split(/\s+/)[0];
  const found = createHash("sha256").update(text).digest("hex");
  if (found !== wanted) throw new FolderError(`The events in ${folder} have the SHA-256 ${found}, EVENTS.sha256 says ${wanted}.`);
}

const KINDS: Readonly<Record<number, number>> = { 0: PERSON, 1: AUCTION, 2: BID };
const EMPTY = Object.fromEntries(
  Event.type.kind === "record" ? Event.type.fields.map(({ name, type }) => [name, type.kind === "string" ? "" : 0]) : [],
) as unknown as EventRow;

function eventOf(line: string, where: string): EventRow {
  const { event_type: type, auction, ...fields } = parsed(line, where);
  if (KINDS[type] === undefined) throw new FolderError(`${where}: event_type is 0, 1 or 2, not ${type}.`);
  return { ...EMPTY, ...fields, ...(auction === undefined ? {} : { id: auction }), kind: KINDS[type]! };
}

function parsed(line: string, where: string): { event_type: number; auction?: number } {
  try {
    return JSON.parse(line) as { event_type: number; auction?: number };
  } catch (error) {
    throw new FolderError(`${where}: ${error instanceof Error ? error.message : error}`);
  }
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
