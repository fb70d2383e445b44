// Random messages, made from the tables alone: the second opinion on the generated codecs. A field that a version lacks has its default.
import fc from "fast-check";
import { ZERO_UUID } from "../primitives.ts";
import { type Field, parseFields } from "../tables/field.ts";
import type { Fields } from "../tables/table.ts";
import { includes } from "../tables/versions.ts";

type Values = Record<string, unknown>;
const MAX_ELEMENTS = 3;

export function arbitraryMessage(fields: Fields, version: number): fc.Arbitrary<Values> {
  const parts: Record<string, fc.Arbitrary<unknown>> = {};
  for (const field of parseFields(fields)) {
    parts[field.name] = includes(field.versions, version) ? arbitraryField(field, version) : fc.constant(0).map(() => defaultValueOf(field));
  }
  return fc.record(parts, { noNullPrototype: true });
}

function arbitraryField(field: Field, version: number): fc.Arbitrary<unknown> {
  const one = field.fields ? arbitraryMessage(field.fields, version) : arbitraryScalar(field.type);
  const value = field.many ? fc.array(one, { maxLength: MAX_ELEMENTS }) : one;
  const absent = field.tag !== undefined ? fc.constant(0).map(() => defaultValueOf(field)) : undefined;
  const orNull = includes(field.nullable, version) ? fc.option(value, { nil: null, freq: 4 }) : value;
  return absent === undefined ? orNull : fc.oneof(orNull, absent);
}

function arbitraryScalar(type: string): fc.Arbitrary<unknown> {
  switch (type) {
    case "bool":
      return fc.boolean();
    case "int8":
      return fc.integer({ min: -128, max: 127 });
    case "int16":
      return fc.integer({ min: -32768, max: 32767 });
    case "int32":
      return fc.integer({ min: -2147483648, max: 2147483647 });
    case "int64":
      return fc.maxSafeInteger();
    case "string":
      return fc.string({ unit: "grapheme", maxLength: 12 });
    case "uuid":
      return fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString("base64url"));
    default:
      return fc.uint8Array({ maxLength: 20 });
  }
}

/** Fresh at every call: lists and structs are mutable. */
export function defaultValueOf(field: Field): unknown {
  if (field.defaultValue !== undefined) return field.defaultValue;
  if (field.many) return [];
  if (field.type === "struct") return field.tag === undefined ? defaultMessage(field.fields!) : null;
  if (field.type === "string") return "";
  if (field.type === "bool") return false;
  if (field.type === "uuid") return ZERO_UUID;
  if (field.type === "records" && field.nullable) return null;
  return field.type === "bytes" || field.type === "records" ? new Uint8Array(0) : 0;
}

function defaultMessage(fields: Fields): Values {
  return Object.fromEntries(parseFields(fields).map((field) => [field.name, defaultValueOf(field)]));
}
