// Does a key come at all? What keyed operators cannot say of a key that they keep nothing of, the newest records of the topics that the job
// reads can: it is in none of them, or it is, and was refused on the way or has not been read yet. A pure function of records and status.
import { keysOfText } from "../engine/coordinator/explain-key.ts";
import type { Finding, JobStatus } from "../engine/coordinator/job-status.ts";
import type { OperatorStatus, SplitReport } from "../engine/host/host-messages.ts";
import type { TailRecord } from "./record-tail.ts";

/** Findings after which it is worth to look. */
const UNSETTLED = new Set(["key-not-kept", "no-keyed-operator"]);
const MIN_TEXT = 3;
/** Splits of the Kafka source are called so. */
const SPLIT = /^(.+)-(\d+)$/;

export function isUnsettled(findings: readonly Finding[]): boolean {
  return findings.some(({ cause }) => UNSETTLED.has(cause));
}

/** Topics that the job's sources read, of those that there are. */
export function sourceTopics({ splits }: JobStatus, known: readonly string[]): readonly string[] {
  const topics = splits.flatMap(({ split }) => SPLIT.exec(split)?.[1] ?? []);
  return [...new Set(topics)].filter((topic) => known.includes(topic));
}

/** `findings` and, behind those of the key, what the newest `records` of a topic say. */
export function withTopic(
  findings: readonly Finding[],
  status: JobStatus,
  topic: string,
  records: readonly TailRecord[],
  key: string,
): Finding[] {
  const texts = new Set(keysOfText(key).map(textOf));
  const places = records.flatMap((record) => {
    const where = placeOf(record, texts);
    return where === undefined ? [] : [{ record, where }];
  });
  const split = (partition: number): SplitReport | undefined => status.splits.find((one) => one.split === `${topic}-${partition}`);
  const read = places.filter(({ record }) => record.offset < positionOf(split(record.partition)));
  const about = `the newest ${records.length} records of "${topic}"`;
  const last = places.at(-1);
  const found =
    last === undefined
      ? neverSeen(about, key, records.filter(({ value }) => isFramed(value)).length)
      : seen(about, key, { count: places.length, read: read.length, last: `${topic}-${last.record.partition}@${last.record.offset}`, where: last.where }, status); // prettier-ignore
  const behind = findings.findLastIndex(({ cause }) => UNSETTLED.has(cause) || cause.startsWith("key-")) + 1;
  return [...findings.slice(0, behind), found, ...findings.slice(behind)];
}

/** `framed`: how many of them can be looked into for texts only. */
function neverSeen(about: string, key: string, framed: number): Finding {
  const unsure = framed === 0 ? "" : ` ${framed} of them are written with a schema of a registry, and only texts are looked for in them.`;
  return {
    cause: "key-never-seen",
    number: 0,
    text: `None of ${about} has ${key}, neither as its key nor in a field.${unsure}`,
    fix: "It does not come: look at what is produced, and at the spelling; a key that a function makes is in no record.",
  };
}

interface Seen {
  readonly count: number;
  readonly read: number;
  readonly last: string;
  readonly where: string;
}

function seen(about: string, key: string, { count, read, last, where }: Seen, status: JobStatus): Finding {
  const text = `${count} of ${about} have ${key} (${where}); the last is ${last}`;
  if (read === 0)
    return {
      cause: "key-not-read",
      number: count,
      text: `${text}, and the job has not read them yet.`,
      fix: "See the findings that follow: what holds the source back?",
    };
  const filters = status.operators.filter(({ kind, recordsIn, recordsOut }) => kind === "filter" && recordsOut < recordsIn);
  return {
    cause: "key-seen",
    number: read,
    text: `${text}; the job has read ${read} of them.`,
    fix: filters.length === 0 ? NO_FILTER : `It comes. ${filters.map(refusal).join("; ")}: does that condition refuse it?`,
  };
}

const NO_FILTER = "It comes. No filter refuses anything: its windows have fired, its state was cleared, or a function drops it.";

function refusal({ name, recordsIn, recordsOut }: OperatorStatus): string {
  return `Filter "${name}" has refused ${recordsIn - recordsOut} of ${recordsIn} elements`;
}

/** Where a record has the key: its own key, a field of a value that is JSON, or as text in what has a schema. */
function placeOf({ key, value }: TailRecord, texts: ReadonlySet<string>): string | undefined {
  if (key !== null && (texts.has(key) || texts.has(textOf(parsed(key))))) return "as the record's key";
  if (isWithin(key, texts)) return "in the bytes of the record's key";
  if (isWithin(value, texts)) return "in the bytes of the record's value";
  const fields = parsed(value);
  if (typeof fields !== "object" || fields === null) return undefined;
  const field = Object.entries(fields).find(([, one]) => texts.has(textOf(one)));
  return field === undefined ? undefined : `in the field ${JSON.stringify(field[0])}`;
}

/** It begins as what says its schema's id or GUID does. */
function isFramed(text: string | null): text is string {
  return text !== null && text.length > 0 && text.charCodeAt(0) <= 1;
}

/** Shorter ones are in the bytes by chance. */
function isWithin(text: string | null, wanted: ReadonlySet<string>): boolean {
  return isFramed(text) && [...wanted].some((each) => each.length >= MIN_TEXT && text.includes(each));
}

function parsed(text: string | null): unknown {
  if (text === null) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

function positionOf(split: SplitReport | undefined): number {
  const position = split?.position as { readonly offset?: unknown } | null | undefined;
  return typeof position?.offset === "number" ? position.offset : 0;
}
