// A new schema against the versions of its subject, by level: which direction, one version or all. Explained in the shape Confluent's
// registry uses in its verbose answers.
import type { Incompatibility } from "../schema/incompatibility.ts";
import type { ParsedSchema } from "./parsed-schema.ts";
import type { CompatibilityLevel, SubjectConfig } from "./subject-config.ts";
import { DEFAULT_LEVEL } from "./subject-config.ts";
import type { SchemaEntry, SchemaType } from "./schema-entry.ts";

export interface PreviousVersion {
  readonly entry: SchemaEntry;
  readonly parsed: () => ParsedSchema;
}

/** Empty: compatible. Stops at the youngest version that is not. `previous` in rising order. */
export function compatibilityMessages(candidate: ParsedSchema, previous: readonly PreviousVersion[], config: SubjectConfig): string[] {
  const level = config.compatibilityLevel ?? DEFAULT_LEVEL;
  if (level === "NONE" || previous.length === 0) return [];
  const compared = level.endsWith("_TRANSITIVE") ? previous.toReversed() : [previous.at(-1)!];
  for (const { entry, parsed } of compared) {
    const found = difference(candidate, entry, parsed, level, config);
    if (found.length === 0) continue;
    return [...new Set(found), `{oldSchemaVersion: ${entry.version}}`, `{oldSchema: '${entry.schema}'}`, `{compatibility: '${level}'}`];
  }
  return [];
}

function difference(
  candidate: ParsedSchema,
  entry: SchemaEntry,
  parsed: () => ParsedSchema,
  level: CompatibilityLevel,
  config: SubjectConfig,
): string[] {
  if (candidate.type !== entry.schemaType)
    return [
      `{errorType:'SCHEMA_TYPE_CHANGED', description:'The new schema is of type ${candidate.type}, the old one of type ${entry.schemaType}'}`,
    ];
  const older = parsed();
  const options = { policy: config.compatibilityPolicy ?? "STRICT" } as const;
  const messages: string[] = [];
  if (level.startsWith("BACKWARD") || level.startsWith("FULL"))
    messages.push(...candidate.incompatibilities(older, options).map((each) => message(each, candidate.type, "new", "old")));
  if (level.startsWith("FORWARD") || level.startsWith("FULL"))
    messages.push(...older.incompatibilities(candidate, options).map((each) => message(each, candidate.type, "old", "new")));
  return messages;
}

const MAX_SHOWN = 500;

/** As Confluent's registry quotes them: type, sentence with the place, both definitions. */
function message(
  { type, path, description, reader, writer }: Incompatibility,
  format: SchemaType,
  readerIs: string,
  writerIs: string,
): string {
  const [quote, place] = format === "AVRO" ? ["'", path] : ['"', `#${path}`];
  const info = `${readerIs} schema (reader): ${shorten(reader)}; ${writerIs} schema (writer): ${shorten(writer)}`;
  const text = `${description} Reader: the ${readerIs} schema, at path '${place}'.`;
  return `{errorType:${quote}${type}${quote}, description:${quote}${text}${quote}, additionalInfo:${quote}${info}${quote}}`;
}

function shorten(text: string): string {
  if (text === "") return "nothing";
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
