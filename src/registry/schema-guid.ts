// The GUID of a schema: a digest of all its content, equal in every context and on every registry, for it stands in front of records. What is
// digested, and in which order, is Confluent's.
import { md5 } from "./md5.ts";
import type { Metadata, RuleSet, SchemaContent } from "./schema-entry.ts";

const encoder = new TextEncoder();
/** Tells an empty part from one that is not there. */
const THERE = Uint8Array.of(1);

interface Rule {
  readonly name?: string | null;
  readonly doc?: string | null;
  readonly kind?: string | null;
  readonly mode?: string | null;
  readonly type?: string | null;
  readonly tags?: readonly string[] | null;
  readonly params?: Readonly<Record<string, string>> | null;
  readonly expr?: string | null;
  readonly onSuccess?: string | null;
  readonly onFailure?: string | null;
  readonly disabled?: boolean | null;
}

type Part = string | Uint8Array;

export function guidOf({ schema, references, metadata, ruleSet }: SchemaContent): string {
  const parts: Part[] = [schema, ...references.flatMap(({ name, subject, version }) => [name, subject, int32(version)])];
  if (metadata !== undefined) parts.push(THERE, ...metadataParts(metadata));
  if (ruleSet !== undefined) parts.push(THERE, ...ruleParts(ruleSet));
  return uuid(md5(bytesOf(parts)));
}

function uuid(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

function metadataParts({ tags, properties, sensitive }: Metadata): Part[] {
  return [
    ...sorted(tags ?? {}).flatMap(([path, of]) => [path, ...of.toSorted()]),
    ...sorted(properties ?? {}).flat(),
    ...(sensitive ?? []).toSorted(),
  ];
}

function ruleParts({ migrationRules, domainRules, encodingRules }: RuleSet): Part[] {
  const rules = [migrationRules, domainRules, encodingRules].flatMap((each) => (each ?? []) as readonly Rule[]);
  return rules.flatMap(({ name, doc, kind, mode, type, tags, params, expr, onSuccess, onFailure, disabled }) => [
    name ?? "",
    doc ?? "",
    kind ?? "TRANSFORM",
    mode ?? "WRITEREAD",
    type ?? "",
    ...(tags ?? []).toSorted(),
    ...sorted(params ?? {}).flat(),
    expr ?? "",
    onSuccess ?? "",
    onFailure ?? "",
    ...(disabled === true ? [THERE] : []),
  ]);
}

function sorted<T>(map: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Big-endian. */
function int32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value);
  return bytes;
}

/** Texts as UTF-8. */
function bytesOf(parts: readonly Part[]): Uint8Array {
  const pieces = parts.map((part) => (typeof part === "string" ? encoder.encode(part) : part));
  const bytes = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
