// The small pieces of generated text: conditions on the version, types, defaults. Conditions that the struct's own versions settle vanish.
import type { Field } from "../../src/protocol/tables/field.ts";
import { intersect, type Versions } from "../../src/protocol/tables/versions.ts";

/** "true" or "false" where `within` settles it, else an expression over `version`. */
export function condition(versions: Versions | undefined, within: Versions): string {
  const common = versions && intersect(versions, within);
  if (common === undefined) return "false";
  const lower = common.from > within.from;
  const upper = common.to < within.to;
  if (lower && upper)
    return common.from === common.to ? `version === ${common.from}` : `version >= ${common.from} && version <= ${common.to}`;
  if (lower) return `version >= ${common.from}`;
  return upper ? `version <= ${common.to}` : "true";
}

export function and(...conditions: string[]): string {
  if (conditions.includes("false")) return "false";
  const open = conditions.filter((text) => text !== "true");
  return open.length === 0 ? "true" : open.join(" && ");
}

/** `condition ? yes : no`, shortened where the condition is settled. */
export function choose(test: string, yes: string, no: string): string {
  if (test === "true") return yes;
  return test === "false" ? no : `${test} ? ${yes} : ${no}`;
}

export function isTaggedStruct(field: Field): boolean {
  return field.tag !== undefined && field.type === "struct" && !field.many;
}

export function typeOf(field: Field): string {
  const base = field.type === "struct" ? field.structName! : scalarType(field.type);
  const type = field.many ? `${base}[]` : base;
  return field.nullable || isTaggedStruct(field) ? `${type} | null` : type;
}

function scalarType(type: string): string {
  if (type === "bool") return "boolean";
  if (type === "string") return "string";
  if (type === "uuid") return "Uuid";
  return type === "bytes" || type === "records" ? "Uint8Array" : "number";
}

/** The value of a field that a version does not carry. */
export function defaultOf(field: Field): string {
  const value = field.defaultValue;
  if (value === null || isTaggedStruct(field)) return "null";
  if (field.many) return "[]";
  if (field.type === "struct") return `new${field.structName}()`;
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number") return Number.isSafeInteger(value) ? String(value) : "2 ** 63";
  if (typeof value === "boolean") return String(value);
  if (field.type === "string") return '""';
  if (field.type === "bool") return "false";
  if (field.type === "uuid") return "ZERO_UUID";
  if (field.type === "records" && field.nullable) return "null";
  return field.type === "bytes" || field.type === "records" ? "emptyBytes()" : "0";
}

/** An expression that says whether `value` differs from the field's default; undefined where that cannot be. */
export function differsFromDefault(field: Field, value: string): string | undefined {
  const standard = defaultOf(field);
  if (field.many) {
    if (standard === "null") return `${value} !== null`;
    return field.nullable ? `(${value} === null || ${value}.length !== 0)` : `${value}.length !== 0`;
  }
  if (standard === "emptyBytes()") return field.nullable ? `(${value} === null || ${value}.length !== 0)` : `${value}.length !== 0`;
  if (standard === "false") return value;
  if (standard === "true") return `!${value}`;
  return standard.startsWith("new") ? undefined : `${value} !== ${standard}`;
}

const METHODS: Record<string, string> = { bool: "boolean", int8: "int8", int16: "int16", uint16: "uint16", int32: "int32", int64: "int64" };

/** The reader's and writer's method for a number or bool; undefined for the other types. */
export function methodOf(field: Field): string | undefined {
  return METHODS[field.type];
}

/** "String", "Int32List", "NullableBytes" …: the end of a name in primitives.ts. */
export function primitiveName(field: Field, nullable: boolean): string {
  const base = field.type === "records" ? "Bytes" : field.type[0]!.toUpperCase() + field.type.slice(1);
  return `${nullable ? "Nullable" : ""}${base}${field.many ? "List" : ""}`;
}
