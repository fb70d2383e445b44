// Records of the registry's topic in Confluent's own format: the key is JSON with its members in a fixed order (compaction compares bytes),
// the value is JSON or null for a deletion. A NOOP may carry { maxIds }, so that the id of a schema deleted for good is not given again.
import { associationBody, type Association } from "./association.ts";
import {
  identityOf,
  SCHEMA_TYPES,
  type Metadata,
  type RuleSet,
  type SchemaEntry,
  type SchemaReference,
  type SchemaType,
} from "./schema-entry.ts";
import type { Mode, SubjectConfig } from "./subject-config.ts";

/** `subject` undefined: global. `null` values delete. */
export type TopicRecord =
  | { readonly kind: "schema"; readonly subject: string; readonly version: number; readonly entry: SchemaEntry | null }
  | { readonly kind: "config"; readonly subject: string | undefined; readonly config: SubjectConfig | null }
  | { readonly kind: "mode"; readonly subject: string | undefined; readonly mode: Mode | null }
  | { readonly kind: "delete-subject"; readonly subject: string; readonly version: number }
  | { readonly kind: "clear-subject"; readonly subject: string }
  | { readonly kind: "association"; readonly key: AssociationKey; readonly association: Association | null }
  | { readonly kind: "noop"; readonly maxIds: Readonly<Record<string, number>> };

/** What tells an association from others. */
export type AssociationKey = Pick<Association, "resourceName" | "resourceNamespace" | "resourceType" | "associationType" | "subject">;

/** Confluent's name of the only tenant. */
const TENANT = "default";

export interface EncodedRecord {
  readonly key: string;
  readonly value: string | null;
  /** Epoch ms; undefined: when it is written. */
  readonly timestamp?: number;
}

type JsonObject = Readonly<Record<string, unknown>>;

export function encodeRecord(record: TopicRecord): EncodedRecord {
  switch (record.kind) {
    case "schema":
      return {
        key: JSON.stringify({ keytype: "SCHEMA", subject: record.subject, version: record.version, magic: 1 }),
        ...(record.entry === null
          ? { value: null }
          : { value: JSON.stringify(schemaValue(record.entry)), timestamp: record.entry.timestamp }),
      };
    case "config":
      return { key: subjectKey("CONFIG", record.subject), value: record.config === null ? null : JSON.stringify(record.config) };
    case "mode":
      return { key: subjectKey("MODE", record.subject), value: record.mode === null ? null : JSON.stringify({ mode: record.mode }) };
    case "delete-subject":
      return {
        key: subjectKey("DELETE_SUBJECT", record.subject),
        value: JSON.stringify({ subject: record.subject, version: record.version }),
      };
    case "clear-subject":
      return { key: subjectKey("CLEAR_SUBJECT", record.subject), value: JSON.stringify({ subject: record.subject }) };
    case "association": {
      const { association } = record;
      const value = association === null ? null : JSON.stringify({ ...associationBody(association), tenant: TENANT });
      return { key: associationKey(record.key), value };
    }
    case "noop":
      return { key: JSON.stringify({ keytype: "NOOP", magic: 0 }), value: JSON.stringify({ maxIds: record.maxIds }) };
  }
}

function subjectKey(keytype: string, subject: string | undefined): string {
  return JSON.stringify({ keytype, subject: subject ?? null, magic: 0 });
}

/** The key as it is written: also what a state knows an association by. */
export function associationKey({ resourceName, resourceNamespace, resourceType, associationType, subject }: AssociationKey): string {
  const parts = { tenant: TENANT, resourceName, resourceNamespace, resourceType, associationType, subject };
  return JSON.stringify({ keytype: "ASSOC", ...parts, magic: 0 });
}

function schemaValue({ subject, version, id, schemaType, references, metadata, ruleSet, schema, deleted }: SchemaEntry): JsonObject {
  return {
    subject,
    version,
    id,
    ...(schemaType === "AVRO" ? {} : { schemaType }),
    ...(references.length === 0 ? {} : { references }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(ruleSet === undefined ? {} : { ruleSet }),
    schema,
    deleted,
  };
}

/** undefined: a key type this registry does not keep (exporters, contexts, …). Throws on what is no JSON or lacks its parts. */
export function decodeRecord(key: string, value: string | null, timestamp: number): TopicRecord | undefined {
  const parsedKey = JSON.parse(key) as JsonObject;
  const { keytype } = parsedKey;
  const subject = typeof parsedKey["subject"] === "string" ? parsedKey["subject"] : undefined;
  const body = value === null || value === "" ? null : (JSON.parse(value) as JsonObject | null);
  switch (keytype) {
    case "SCHEMA": {
      const version = wholeNumber(parsedKey["version"], "version");
      if (subject === undefined) throw new Error(`A SCHEMA key without a subject: ${key}`);
      return { kind: "schema", subject, version, entry: body === null ? null : entryOf(subject, version, body, timestamp) };
    }
    case "CONFIG":
      return { kind: "config", subject, config: body === null ? null : withoutNulls(body) };
    case "MODE":
      return { kind: "mode", subject, mode: body === null ? null : (String(body["mode"]) as Mode) };
    case "DELETE_SUBJECT":
      if (body === null || subject === undefined) return undefined;
      return { kind: "delete-subject", subject, version: wholeNumber(body["version"], "version") };
    case "CLEAR_SUBJECT":
      return body === null || subject === undefined ? undefined : { kind: "clear-subject", subject };
    case "ASSOC":
      return associationOf(parsedKey, body);
    case "NOOP":
      return { kind: "noop", maxIds: (body?.["maxIds"] ?? {}) as Readonly<Record<string, number>> };
    default:
      return undefined;
  }
}

function entryOf(subject: string, version: number, body: JsonObject, timestamp: number): SchemaEntry {
  const schemaType = (body["schemaType"] ?? "AVRO") as SchemaType;
  if (!SCHEMA_TYPES.includes(schemaType)) throw new Error(`A schema of the unknown type ${String(schemaType)}`);
  if (typeof body["schema"] !== "string") throw new Error("A schema without its text");
  const content = {
    schema: body["schema"],
    schemaType,
    references: (body["references"] ?? []) as readonly SchemaReference[],
    metadata: (body["metadata"] ?? undefined) as Metadata | undefined,
    ruleSet: (body["ruleSet"] ?? undefined) as RuleSet | undefined,
  };
  return {
    ...content,
    subject,
    version,
    id: wholeNumber(body["id"], "id"),
    deleted: body["deleted"] === true,
    identity: identityOf(content),
    timestamp,
  };
}

function associationOf(parsedKey: JsonObject, body: JsonObject | null): TopicRecord {
  const text = (from: JsonObject, name: string): string => {
    if (typeof from[name] !== "string") throw new Error(`An association without ${name}`);
    return from[name];
  };
  const key = {
    resourceName: text(parsedKey, "resourceName"),
    resourceNamespace: text(parsedKey, "resourceNamespace"),
    resourceType: text(parsedKey, "resourceType"),
    associationType: text(parsedKey, "associationType"),
    subject: text(parsedKey, "subject"),
  };
  if (body === null) return { kind: "association", key, association: null };
  const time = (name: "createTs" | "updateTs"): { readonly [key in typeof name]?: number } =>
    typeof body[name] === "number" ? { [name]: body[name] } : {};
  const association: Association = {
    ...key,
    guid: text(body, "guid"),
    resourceId: text(body, "resourceId"),
    lifecycle: body["lifecycle"] === "STRONG" ? "STRONG" : "WEAK",
    frozen: body["frozen"] === true,
    ...time("createTs"),
    ...time("updateTs"),
  };
  return { kind: "association", key, association };
}

function withoutNulls(body: JsonObject): SubjectConfig {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null)) as SubjectConfig;
}

function wholeNumber(value: unknown, name: string): number {
  if (Number.isSafeInteger(value)) return value as number;
  throw new Error(`${name} is ${String(value)}, expected a whole number`);
}
