// How a topic's values are written: JSON, or Avro, Protobuf or JSON with schemas of a registry. What the registry is asked, and when, is in
// registry-values.ts and registry-encoding.ts.
import type { Schema, TypeInfo } from "../../schema/type-info.ts";
import { nearest } from "../../stream/nearest.ts";
import { unknownOption } from "./option-names.ts";

/** With schemas of a registry. */
export type RegisteredFormat = "avro" | "protobuf" | "json-schema";

export type TopicFormat = "json" | RegisteredFormat;

/** Confluent's subject names: "<topic>-value" and "<topic>-key", the record's full name, "<topic>-<record>". */
export type SubjectStrategy = "topic" | "record" | "topic-record";

export interface SchemaOptions {
  /** Default: the job's setting "schema.registry.url": SCHEMA_REGISTRY_URL, or the registry of the server that runs the job. */
  readonly url?: string;
  /** Default "topic". */
  readonly subject?: SubjectStrategy;
  /**
   * When the job starts, the schema of the type is registered. Default true for a sink, which else finds it or does not start. A source
   * registers only when this is said, and only where its subject has no schema: whoever writes knows better. false: a schema must be there.
   */
  readonly autoRegister?: boolean;
  /** A sink writes the subject's latest schema, which must have room for every field of the type. Default false. A source reads any. */
  readonly useLatest?: boolean;
  /** Set for the subject before anything is registered, such as "BACKWARD" or "FULL_TRANSITIVE". */
  readonly compatibility?: string;
  /** What is registered and looked up is brought into the registry's normal form first, as Confluent's normalize.schemas. Default false. */
  readonly normalize?: boolean;
  /** Where a sink writes which schema it is: the id before the document (default), the GUID before it, or the GUID in a header. Sources read all. */
  readonly ids?: "prefix" | "guid" | "header";
}

const FORMATS: readonly string[] = ["json", "avro", "protobuf", "json-schema"] satisfies TopicFormat[];
const SUBJECTS: readonly string[] = ["topic", "record", "topic-record"] satisfies SubjectStrategy[];
const IDS: readonly string[] = ["prefix", "guid", "header"];
const LEVELS = ["NONE", "BACKWARD", "BACKWARD_TRANSITIVE", "FORWARD", "FORWARD_TRANSITIVE", "FULL", "FULL_TRANSITIVE"];

const OPTIONS = ["url", "subject", "autoRegister", "useLatest", "compatibility", "normalize", "ids"] satisfies (keyof SchemaOptions)[];

/** What is wrong with a format or its schemas, which the option `named` has; undefined: nothing. */
export function badFormat(format: unknown, schema: unknown, named = "registry"): string | undefined {
  if (!FORMATS.includes(format as string)) return oneOf("format", FORMATS, format);
  if (schema === undefined) return undefined;
  if (format === "json") return 'registry options are for format: "avro", "protobuf" or "json-schema"';
  return unknownOption(schema, OPTIONS, `${named} option`) ?? badSchemaOptions(schema as SchemaOptions, named);
}

function badSchemaOptions(options: SchemaOptions, named: string): string | undefined {
  const { url, subject, ids, compatibility, autoRegister, useLatest, normalize } = options;
  if (url !== undefined && !(typeof url === "string" && URL.canParse(url)))
    return `${named}.url is an address such as "http://localhost:8081", not ${JSON.stringify(url)}`;
  if (subject !== undefined && !SUBJECTS.includes(subject)) return oneOf(`${named}.subject`, SUBJECTS, subject);
  if (ids !== undefined && !IDS.includes(ids)) return oneOf(`${named}.ids`, IDS, ids);
  if (compatibility !== undefined && !LEVELS.includes(compatibility)) return oneOf(`${named}.compatibility`, LEVELS, compatibility);
  for (const [name, value] of Object.entries({ autoRegister, useLatest, normalize }))
    if (value !== undefined && typeof value !== "boolean") return `${named}.${name} is true or false, not ${JSON.stringify(value)}`;
  return undefined;
}

/** As Confluent's strategies refuse it: a subject that is named after a record needs one. Values may be records of several kinds, with a subject each. */
export function badStrategy(type: TypeInfo, registry: SchemaOptions | undefined, part: "value" | "key"): string | undefined {
  const { subject = "topic" } = registry ?? {};
  if (subject === "topic" || type.kind === "record") return undefined;
  if (type.kind === "union" && part === "value" && type.of.every(({ kind }) => kind === "record")) return undefined;
  const named = `the subject "${subject}" is named after the ${part}'s record, and the ${part} is none`;
  return part === "key" ? `${named}: keyType: t.record(…), or keyRegistry: { subject: "topic" }` : named;
}

export function oneOf(name: string, values: readonly string[], given: unknown): string {
  const meant = typeof given === "string" ? nearest(given, values) : undefined;
  const listed = `${name} is one of ${values.map((value) => `"${value}"`).join(", ")}, not ${JSON.stringify(given) ?? String(given)}`;
  return meant === undefined ? listed : `${listed}: did you mean "${meant}"?`;
}

/** What has a subject of its own: a topic's values, or its keys. */
export interface RegisteredPart {
  /** The topic's. */
  readonly name: string;
  readonly schema: Schema<unknown>;
  readonly registry?: SchemaOptions;
  /** Default "value". */
  readonly part?: "value" | "key";
}

export function subjectOf({ name, schema: { type }, registry, part = "value" }: RegisteredPart): string {
  const record = type.kind === "record" ? type.name : "value";
  if (registry?.subject === "record") return record;
  return registry?.subject === "topic-record" ? `${name}-${record}` : `${name}-${part}`;
}
