// A request below HTTP: what routes get, and how they read its parts. Wrong parts are refused with the registry's errors.
import { refuse } from "./registry-error.ts";
import { checkRules } from "./rule-check.ts";
import {
  SCHEMA_TYPES,
  type Metadata,
  type RuleSet,
  type SchemaContent,
  type SchemaEntry,
  type SchemaReference,
  type SchemaType,
} from "./schema-entry.ts";
import type { SchemaStore } from "./schema-store.ts";
import type { SchemaParsing } from "./schema-parsing.ts";
import { checkSubject, contextOf, nameInContext, prefixFilter, qualified } from "./subject-name.ts";

export interface RegistryContext {
  readonly store: SchemaStore;
  readonly parsing: SchemaParsing;
  readonly now: () => number;
  readonly version: string;
  /** A random UUID. */
  readonly newGuid: () => string;
}

export interface RegistryRequest {
  /** The parts of the path that the route names, decoded. */
  readonly path: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Parsed JSON; undefined without a body. */
  readonly body: unknown;
  /** "." unless the path began with /contexts/NAME. */
  readonly context: string;
  /** The path began with /contexts/NAME. */
  readonly scoped: boolean;
}

/** 204: an answer without a body. */
export const NO_CONTENT = Symbol("no content");

/** A body that is sent as it is, not as a JSON string. */
export class RawText {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type JsonObject = Readonly<Record<string, unknown>>;

/** The subject of the path under its full name. Throws 42208. */
export function subjectOf({ path, context }: RegistryRequest): string {
  const subject = qualified(context, path["subject"]!);
  checkSubject(subject);
  return subject;
}

/** For settings: a context (":.ctx:") counts as a subject. */
export function settingSubjectOf({ path, context }: RegistryRequest): string {
  return qualified(context, path["subject"]!);
}

/** "true" in any case is true, all else false. */
export function flag({ query }: RegistryRequest, name: string): boolean {
  return query.get(name)?.toLowerCase() === "true";
}

/** Throws 404 for what is no whole number, as for a path that is not there. */
export function wholeNumber(text: string, name: string): number {
  const value = Number(text);
  if (!/^-?\d+$/.test(text) || !Number.isSafeInteger(value)) throw refuse.noSuchPath(`${name}=${text} is no whole number`);
  return value;
}

/** Which subjects ?subjectPrefix= and the context of the path ask for; without both, all. */
export function subjectFilter({ query, context, scoped }: RegistryRequest): (subject: string) => boolean {
  const prefix = query.get("subjectPrefix");
  if (prefix?.startsWith(":") === true) return prefixFilter(prefix);
  if (prefix === null && !scoped) return () => true;
  return (subject) => contextOf(subject) === context && nameInContext(subject).startsWith(prefix ?? "");
}

/** ?offset and ?limit (negative: all) of a list. */
export function page<T>({ query }: RegistryRequest, items: readonly T[]): readonly T[] {
  const offset = wholeNumber(query.get("offset") ?? "0", "offset");
  const limit = wholeNumber(query.get("limit") ?? "-1", "limit");
  return items.slice(Math.max(0, offset), limit < 0 ? undefined : Math.max(0, offset) + limit);
}

/** Throws 422. */
export function bodyObject({ body }: RegistryRequest): JsonObject {
  if (typeof body === "object" && body !== null && !Array.isArray(body)) return body as JsonObject;
  throw refuse.unprocessable("the body is not a JSON object");
}

/** As contentOf, but a body with metadata or rules and without a schema means those of the latest version. */
export function contentOrLatest(body: JsonObject, latest: SchemaEntry | undefined): SchemaContent {
  const bare = body["schema"] === undefined || body["schema"] === null || body["schema"] === "";
  if (!bare || latest === undefined) return contentOf(body);
  const { schema, schemaType, references } = latest;
  return contentOf({ ...body, schema, schemaType, references });
}

/** Schema, type, references, metadata and rules of a body. Throws 42201, 42210 or 422. */
export function contentOf(body: JsonObject): SchemaContent {
  const { schema, schemaType } = body;
  if (schema === undefined || schema === null || (typeof schema === "string" && schema.trim() === ""))
    throw refuse.invalidSchema("the schema is empty");
  if (typeof schema !== "string") throw refuse.unprocessable("schema: expected the schema as a text, such as a JSON string of the JSON");
  const type = schemaType === undefined || schemaType === null || schemaType === "" ? "AVRO" : schemaType;
  if (!(SCHEMA_TYPES as readonly unknown[]).includes(type))
    throw refuse.invalidSchema(`schemaType is ${JSON.stringify(type)}, expected ${SCHEMA_TYPES.join(", ")}`);
  return {
    schema,
    schemaType: type as SchemaType,
    references: referencesOf(body["references"]),
    metadata: metadataOf(body["metadata"]),
    ruleSet: ruleSetOf(body["ruleSet"]),
  };
}

/** A whole number of the body; undefined if it is left out, null or negative. */
export function bodyNumber(body: JsonObject, name: string): number | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (!Number.isSafeInteger(value)) throw refuse.unprocessable(`${name}: expected a whole number`);
  return (value as number) < 0 ? undefined : (value as number);
}

/** The version to register: none or 0 is whichever there is. */
export function bodyVersion(body: JsonObject): number | "next" | undefined {
  const version = bodyNumber(body, "version");
  if (version === undefined && typeof body["version"] === "number") return "next";
  return version === 0 ? undefined : version;
}

function referencesOf(value: unknown): SchemaReference[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw refuse.unprocessable("references: expected an array");
  return value.map((each: unknown) => {
    const { name, subject, version } = (each ?? {}) as JsonObject;
    if (typeof name !== "string" || typeof subject !== "string" || !Number.isSafeInteger(version))
      throw refuse.invalidSchema(`a reference has a name, a subject and a version, got ${JSON.stringify(each)}`);
    return { name, subject, version: version as number };
  });
}

/** Throws 42210 or 422. */
export function ruleSetOf(value: unknown): RuleSet | undefined {
  const ruleSet = objectOrNothing<RuleSet>(value, "ruleSet");
  if (ruleSet !== undefined) checkRules(ruleSet);
  return ruleSet;
}

/** Throws 422. */
export function metadataOf(value: unknown): Metadata | undefined {
  return objectOrNothing<Metadata>(value, "metadata");
}

function objectOrNothing<T>(value: unknown, name: string): T | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "object" || Array.isArray(value)) throw refuse.unprocessable(`${name}: expected an object`);
  return value as T;
}
