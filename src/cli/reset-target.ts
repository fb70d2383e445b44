// Where `group reset` sets a group: --to WHERE, or one of the options of Apache Kafka's kafka-consumer-groups, which mean the same here.
import { CliError } from "./cli-error.ts";
import { EXIT } from "./exit-codes.ts";
import { parseStartOffset, type StartOffset } from "./start-offset.ts";

export interface ResetFlags {
  readonly to?: string;
  readonly toEarliest?: boolean;
  readonly toLatest?: boolean;
  readonly toCurrent?: boolean;
  readonly toOffset?: string;
  readonly shiftBy?: string;
  readonly toDatetime?: string;
  readonly byDuration?: string;
  readonly fromFile?: string;
}

export type ResetTarget =
  | { readonly kind: "place"; readonly where: StartOffset }
  /** From what is committed; the start of the log where nothing is. */
  | { readonly kind: "shift"; readonly by: number }
  /** Rows of TOPIC,PARTITION,OFFSET. */
  | { readonly kind: "file"; readonly path: string };

/** A line of a file of offsets. */
export interface OffsetRow {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

const OPTIONS = {
  to: "--to",
  toEarliest: "--to-earliest",
  toLatest: "--to-latest",
  toCurrent: "--to-current",
  toOffset: "--to-offset",
  shiftBy: "--shift-by",
  toDatetime: "--to-datetime",
  byDuration: "--by-duration",
  fromFile: "--from-file",
} as const satisfies Readonly<Record<keyof ResetFlags, string>>;

/** Throws a CliError (usage). */
export function parseResetTarget(flags: ResetFlags, now: number): ResetTarget {
  const given = (Object.keys(OPTIONS) as (keyof ResetFlags)[]).filter((name) => flags[name] !== undefined);
  if (given.length === 0) throw usage("Say where to: --to start, end, OFFSET, -N, @TIME, +N or by:-N. See: millrace group reset --help");
  if (given.length > 1)
    throw usage(`${given.map((name) => OPTIONS[name]).join(" and ")} contradict each other: one of them says where to.`);
  const { to, toOffset, shiftBy, toDatetime, byDuration, fromFile } = flags;
  if (to !== undefined) return parseTo(to, now);
  if (fromFile !== undefined) return { kind: "file", path: fromFile };
  if (shiftBy !== undefined)
    return { kind: "shift", by: wholeNumber(shiftBy, /^[+-]?\d{1,15}$/, "--shift-by", "a whole number such as -10 or 5") };
  if (flags.toCurrent === true) return { kind: "shift", by: 0 };
  if (flags.toEarliest === true) return { kind: "place", where: { kind: "start" } };
  if (flags.toLatest === true) return { kind: "place", where: { kind: "end" } };
  if (toOffset !== undefined) {
    const offset = wholeNumber(toOffset, /^\d{1,15}$/, "--to-offset", "an offset such as 1200");
    return { kind: "place", where: { kind: "offset", offset } };
  }
  const timestamp = toDatetime === undefined ? now - durationMs(byDuration!) : timeOf(toDatetime);
  return { kind: "place", where: { kind: "time", timestamp } };
}

function parseTo(to: string, now: number): ResetTarget {
  if (/^([+]\d{1,15}|by:[+-]?\d{1,15})$/.test(to)) return { kind: "shift", by: Number(to.replace("by:", "")) };
  return { kind: "place", where: parseStartOffset(to, now, "--to", ", or +N or by:-N (from where it is)") };
}

function wholeNumber(text: string, pattern: RegExp, option: string, expected: string): number {
  if (pattern.test(text)) return Number(text);
  throw usage(`${option} ${text}: expected ${expected}.`);
}

/** As Apache Kafka's tool, without a zone UTC is meant. */
function timeOf(text: string): number {
  const iso = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?$/.exec(text);
  const parsed = iso === null ? Number.NaN : Date.parse(iso[3] === undefined ? `${text}Z` : text);
  if (Number.isNaN(parsed))
    throw usage(`--to-datetime ${text}: expected a time such as 2026-01-31T08:00:00.000 (UTC) or 2026-01-31T09:00:00+01:00.`);
  return parsed;
}

/** ISO 8601: P7D, PT1H30M, P1DT12H. */
function durationMs(text: string): number {
  const found = /^P(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/.exec(text);
  if (found === null || found.slice(1).every((part) => part === undefined))
    throw usage(`--by-duration ${text}: expected how long ago, such as P7D, PT1H30M or P1DT12H.`);
  const [days, hours, minutes, seconds] = found.slice(1).map((part) => Number(part ?? 0)) as [number, number, number, number];
  return Math.round((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000);
}

/**
 * Lines of TOPIC,PARTITION,OFFSET, or with a group in front (of which those of `group` count), as `kafka-consumer-groups --export` writes
 * them. Throws a CliError (usage) that names the line.
 */
export function parseOffsetRows(text: string, group: string, path: string): OffsetRow[] {
  const rows: OffsetRow[] = [];
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "") continue;
    const cells = line.split(",").map((cell) => cell.trim().replace(/^"(.*)"$/, "$1"));
    const [offset, partition, topic, owner] = cells.toReversed();
    if (cells.length < 3 || cells.length > 4 || !/^\d{1,9}$/.test(partition!) || !/^\d{1,15}$/.test(offset!) || topic === "")
      throw usage(`${path}, line ${i + 1}: expected TOPIC,PARTITION,OFFSET such as orders,0,1200, not: ${line}`);
    if (owner === undefined || owner === group) rows.push({ topic: topic!, partition: Number(partition), offset: Number(offset) });
  }
  if (rows.length === 0) throw usage(`${path} has no offsets of group "${group}": expected lines of TOPIC,PARTITION,OFFSET.`);
  return rows;
}

function usage(message: string): CliError {
  return new CliError(EXIT.usage, message);
}
