// Places in partitions as options name them: start (beginning), end, an offset, -N (the last N of each partition) or @TIME (epoch ms,
// ISO 8601, or "-10m" for ten minutes ago); for `topic tail -o` also, as kcat has them, s@TIME, e@TIME and stored, and, as rpk has them,
// +N and ranges: FROM:TO, :TO, @TIME:TIME.
import type { Admin } from "../client/admin.ts";
import type { TopicPartition } from "../client/topic-partition.ts";
import { CliError } from "./cli-error.ts";
import { EXIT } from "./exit-codes.ts";

export type StartOffset =
  | { readonly kind: "start" }
  | { readonly kind: "end" }
  | { readonly kind: "offset"; readonly offset: number }
  | { readonly kind: "last"; readonly count: number }
  /** Behind the first N of each partition. */
  | { readonly kind: "behind"; readonly count: number }
  | { readonly kind: "time"; readonly timestamp: number }
  /** Where a group has committed; the start where it has not. */
  | { readonly kind: "stored"; readonly group: string };

/** From where to where `topic tail` reads. */
export interface TailRange {
  readonly from: StartOffset;
  /** Ends before it; at the end of the partition if that comes first. */
  readonly until: StartOffset | undefined;
}

const DEFAULT_TAIL = "-10";
const MORE_FORMS = "; also +N (behind the first N of each partition), FROM:TO, :end, @TIME:TIME, e@TIME, stored";
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `more`: other forms that the flag has. Throws a CliError (usage). */
export function parseStartOffset(text: string, now: number, flag = "-o", more = ""): StartOffset {
  if (text === "start" || text === "beginning" || text === "earliest") return { kind: "start" };
  if (text === "end" || text === "latest") return { kind: "end" };
  if (/^\d{1,15}$/.test(text)) return { kind: "offset", offset: Number(text) };
  if (/^-\d{1,9}$/.test(text)) return { kind: "last", count: -Number(text) };
  if (text.startsWith("@")) {
    const timestamp = parseTime(text.slice(1), now);
    if (timestamp !== undefined) return { kind: "time", timestamp };
  }
  throw new CliError(
    EXIT.usage,
    `${flag} ${text}: expected start, end, an offset, -N (the last N of each partition) or @TIME, such as @-10m, @2026-01-31T08:00:00Z or @1767225600000${more}.`,
  );
}

/** `texts`: -o, once or twice: the second one is e@TIME. Throws a CliError (usage). */
export function parseTailRange(texts: readonly string[], now: number, group: string | undefined): TailRange {
  const ends = texts.filter((text) => text.startsWith("e@"));
  const starts = texts.filter((text) => !text.startsWith("e@"));
  if (ends.length > 1 || starts.length > 1)
    throw new CliError(EXIT.usage, `-o ${texts.join(" -o ")}: one place to begin and one e@TIME to end at are possible.`);
  const until = ends[0] === undefined ? undefined : parseStartOffset(ends[0].slice(1), now);
  const text = starts[0] ?? (until === undefined ? DEFAULT_TAIL : "start");
  if (text === "stored") {
    if (group === undefined) throw new CliError(EXIT.usage, "-o stored needs the group whose committed offsets are meant: -g GROUP");
    return { from: { kind: "stored", group }, until };
  }
  const range = until === undefined ? parseRange(text, now) : undefined;
  return range ?? { from: parseBegin(text, now), until };
}

function parseBegin(text: string, now: number): StartOffset {
  if (/^\+\d{1,9}$/.test(text)) return { kind: "behind", count: Number(text) };
  return parseStartOffset(text.startsWith("s@") ? text.slice(1) : text, now, "-o", MORE_FORMS);
}

/** FROM:TO of offsets, or @TIME:TIME; undefined if it is no range (times may have colons of their own). */
function parseRange(text: string, now: number): TailRange | undefined {
  const offsets = /^(\d{0,15}):(\d{0,15}|end)$/.exec(text);
  if (offsets !== null && text !== ":") {
    const [, from, to] = offsets as unknown as [string, string, string];
    return { from: parseStartOffset(from || "start", now), until: to === "" ? undefined : parseStartOffset(to, now) };
  }
  if (!text.startsWith("@")) return undefined;
  for (let colon = text.indexOf(":"); colon > 0; colon = text.indexOf(":", colon + 1)) {
    const from = parseTime(text.slice(1, colon), now);
    const to = text.slice(colon + 1);
    const until = to === "end" ? undefined : parseTime(to, now);
    if (from === undefined || (until === undefined && to !== "end")) continue;
    return { from: { kind: "time", timestamp: from }, until: until === undefined ? { kind: "end" } : { kind: "time", timestamp: until } };
  }
  return undefined;
}

function parseTime(text: string, now: number): number | undefined {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const ago = /^-(\d{1,9})(ms|s|m|h|d)$/.exec(text);
  if (ago !== null) return now - Number(ago[1]) * UNITS[ago[2]!]!;
  const parsed = /^\d{4}-\d\d/.test(text) ? Date.parse(text) : Number.NaN; // Date.parse takes far more than ISO 8601
  return Number.isNaN(parsed) ? undefined : parsed;
}

export interface PlacedOffset extends TopicPartition {
  readonly start: number;
  readonly end: number;
  /** May lie outside of [start, end]. */
  readonly offset: number;
}

/** Where `where` is in each of the partitions. A time after the last record is the end. */
export async function offsetsAt(
  admin: Admin,
  places: readonly TopicPartition[],
  where: StartOffset,
  isolation: "read_committed" | "read_uncommitted",
): Promise<PlacedOffset[]> {
  const at = (spec: "earliest" | "latest" | number) =>
    admin.listOffsets(
      places.map(({ topic, partition }) => ({ topic, partition, at: spec })),
      { isolation },
    );
  const [starts, ends, timed] = await Promise.all([at("earliest"), at("latest"), where.kind === "time" ? at(where.timestamp) : undefined]);
  const stored = where.kind === "stored" ? await committedBy(admin, where.group) : NONE_STORED;
  return places.map(({ topic, partition }, i) => {
    const start = starts[i]!.offset;
    const end = ends[i]!.offset;
    return {
      topic,
      partition,
      start,
      end,
      offset: stored.get(`${topic}-${partition}`) ?? offsetOf(where, start, end, timed?.[i]?.offset ?? -1),
    };
  });
}

const NONE_STORED: ReadonlyMap<string, number> = new Map();

async function committedBy(admin: Admin, group: string): Promise<ReadonlyMap<string, number>> {
  const committed = (await admin.groupOffsets(group)).filter(({ offset }) => offset >= 0);
  return new Map(committed.map(({ topic, partition, offset }) => [`${topic}-${partition}`, offset]));
}

function offsetOf(where: StartOffset, start: number, end: number, timed: number): number {
  switch (where.kind) {
    case "start":
    case "stored":
      return start;
    case "end":
      return end;
    case "offset":
      return where.offset;
    case "last":
      return end - where.count;
    case "behind":
      return start + where.count;
    case "time":
      return timed < 0 ? end : timed;
  }
}
