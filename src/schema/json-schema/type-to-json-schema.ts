// A type as a JSON Schema (draft 7, as Confluent's serialisers expect; closed records, so that optional fields can be added later). Invariant:
// jsonSchemaToType() of it is the same type. What JSON does not say is in "connect.type", which Kafka Connect reads, and "millrace.type".
import { setField } from "../field-value.ts";
import { BadSchemaError } from "../schema-error.ts";
import type { TypeInfo } from "../type-info.ts";
import { typeText } from "../type-names.ts";
import { hasTextKeys } from "../union-variants.ts";

export type JsonSchema = Readonly<Record<string, unknown>>;

export const DRAFT_7 = "http://json-schema.org/draft-07/schema#";
export const DRAFT_2020 = "https://json-schema.org/draft/2020-12/schema";
/** The scalar type that JSON's alone does not say; of a map whose keys are no texts: "map". */
export const TYPE_KEYWORD = "millrace.type";
/** The type of a map's keys. */
export const KEY_KEYWORD = "millrace.key";
/** Instead of `format`, which a validator without formats refuses. */
export const UUID_PATTERN = "^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$";
const MAX_DEPTH = 100;

export type Draft = "draft-07" | "draft-2020-12";

/** Without keywords that JSON Schema does not have: strict validators refuse those. */
export function jsonSchemaText(type: TypeInfo): string {
  return JSON.stringify(plain(jsonSchemaOf(type)));
}

/** Of a Standard JSON Schema target. Throws BadSchemaError for one that is not known here. */
export function standardJsonSchema(type: TypeInfo, target: string): Record<string, unknown> {
  switch (target) {
    case "draft-07":
    case "draft-2020-12":
      return plain(jsonSchemaOf(type, target)) as Record<string, unknown>;
    case "openapi-3.0": {
      const { $schema: _, ...schema } = plain(jsonSchemaOf(type, "draft-07")) as Record<string, unknown>;
      return openApi(schema) as Record<string, unknown>;
    }
    default:
      throw new BadSchemaError(
        `There is no JSON Schema for the target ${JSON.stringify(target)}; there is draft-07, draft-2020-12 and openapi-3.0.`,
      );
  }
}

/** OpenAPI 3.0 has `nullable`, and neither null nor pairs. */
function openApi(schema: unknown): unknown {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return schema;
  const { oneOf, items, properties, additionalProperties, additionalItems: _, ...rest } = schema as Record<string, unknown>;
  const members = (oneOf as readonly { readonly type?: unknown }[] | undefined)?.filter(({ type }) => type !== "null");
  if (oneOf !== undefined && members!.length === 1) return { ...(openApi(members![0]) as object), nullable: true };
  return {
    ...rest,
    ...(members === undefined ? {} : { oneOf: members.map(openApi) }),
    ...(items === undefined ? {} : { items: Array.isArray(items) ? { anyOf: items.map(openApi) } : openApi(items) }),
    ...(properties === undefined ? {} : { properties: eachOf(properties as object, openApi) }),
    ...(additionalProperties === undefined ? {} : { additionalProperties: openApi(additionalProperties) }),
  };
}

function plain(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(plain);
  if (typeof schema !== "object" || schema === null) return schema;
  const kept = Object.entries(schema).filter(([keyword]) => !/^(connect|millrace)\./.test(keyword));
  return Object.fromEntries(
    kept.map(([keyword, value]) => [keyword, keyword === "properties" ? eachOf(value as object, plain) : plain(value)]),
  );
}

function eachOf(properties: object, of: (schema: unknown) => unknown): object {
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, of(schema)]));
}

/** Throws BadSchemaError for a type that nests too deep. */
export function jsonSchemaOf(type: TypeInfo, draft: Draft = "draft-07"): JsonSchema {
  return { $schema: draft === "draft-07" ? DRAFT_7 : DRAFT_2020, ...schemaOf(type, draft, 0) };
}

function schemaOf(type: TypeInfo, draft: Draft, depth: number): JsonSchema {
  if (depth > MAX_DEPTH) throw new BadSchemaError(`The type nests more than ${MAX_DEPTH} levels deep.`);
  switch (type.kind) {
    case "record":
      return recordSchema(type, draft, depth);
    case "array":
      return { type: "array", items: schemaOf(type.of, draft, depth + 1) };
    case "map":
      return mapSchema(type, draft, depth);
    case "union":
      return { oneOf: type.of.map((member) => schemaOf(member, draft, depth + 1)) };
    case "optional":
      return { oneOf: [{ type: "null" }, schemaOf(type.of, draft, depth + 1)] };
    case "literal":
      return { type: "string", enum: type.values };
    default:
      return scalarSchema(type);
  }
}

function recordSchema(type: TypeInfo & { readonly kind: "record" }, draft: Draft, depth: number): JsonSchema {
  const properties: Record<string, unknown> = {};
  type.fields.forEach((field, index) =>
    setField(properties, field.name, { ...schemaOf(field.type, draft, depth + 1), "connect.index": index }),
  );
  const required = type.fields.filter((field) => field.type.kind !== "optional").map(({ name }) => name);
  return {
    type: "object",
    title: type.name,
    properties,
    ...(required.length === 0 ? {} : { required }),
    additionalProperties: false,
    ...(type.logical === undefined ? {} : { [TYPE_KEYWORD]: type.logical }),
  };
}

function mapSchema(type: TypeInfo & { readonly kind: "map" }, draft: Draft, depth: number): JsonSchema {
  const value = schemaOf(type.value, draft, depth + 1);
  if (hasTextKeys(type.key)) {
    const key = typeText(type.key) === '{"kind":"string"}' ? {} : { [KEY_KEYWORD]: type.key };
    return { type: "object", "connect.type": "map", additionalProperties: value, ...key };
  }
  const pair = [schemaOf(type.key, draft, depth + 1), value];
  const items = draft === "draft-07" ? { items: pair, additionalItems: false } : { prefixItems: pair, items: false };
  return { type: "array", items: { type: "array", ...items, minItems: 2, maxItems: 2 }, [TYPE_KEYWORD]: "map" };
}

function scalarSchema(type: TypeInfo): JsonSchema {
  const noted = { [TYPE_KEYWORD]: type };
  switch (type.kind) {
    case "string":
      return "logical" in type && type.logical === "uuid" ? { type: "string", pattern: UUID_PATTERN } : { type: "string" };
    case "boolean":
      return { type: "boolean" };
    case "double":
      return "logical" in type && type.logical === "float"
        ? { type: "number", "connect.type": "float32" }
        : { type: "number", "connect.type": "float64" };
    case "int":
      return {
        type: "integer",
        "connect.type": "int32",
        minimum: -(2 ** 31),
        maximum: 2 ** 31 - 1,
        ...(isPlain(type) ? {} : titled(type)),
      };
    case "long":
      return { type: "integer", "connect.type": "int64", ...(isPlain(type) ? {} : noted) };
    case "timestamp":
      return { type: "integer", "connect.type": "int64", ...titled(type) };
    case "bigint":
      return { type: "integer", "connect.type": "int64", ...noted };
    case "bytes":
      return { type: "string", "connect.type": "bytes", contentEncoding: "base64", ...(isPlain(type) ? {} : noted) };
    default:
      return { type: "string", ...noted };
  }
}

function isPlain(type: TypeInfo): boolean {
  return Object.keys(type).length === 1;
}

/** Kafka Connect's names of logical types. */
const TITLES: Readonly<Record<string, string>> = {
  timestamp: "org.apache.kafka.connect.data.Timestamp",
  date: "org.apache.kafka.connect.data.Date",
  "time-millis": "org.apache.kafka.connect.data.Time",
};

function titled(type: TypeInfo): JsonSchema {
  const name = type.kind === "timestamp" ? "timestamp" : ((type as { readonly logical?: string }).logical ?? "");
  return { title: TITLES[name], [TYPE_KEYWORD]: type };
}
