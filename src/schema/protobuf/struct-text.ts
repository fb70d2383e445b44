// google.protobuf.Struct, Value and ListValue: JSON of any shape, as the text of that JSON in a string. No type says more of them.
import type { EncodeBuffer } from "../encode-buffer.ts";
import { encodeUtf8Into } from "../encode-buffer.ts";
import { MAX_DEPTH } from "../mismatch.ts";
import { SchemaError } from "../schema-error.ts";
import type { TypeInfo } from "../type-info.ts";
import { WIRE, type ProtoCursor } from "./proto-cursor.ts";
import { sizeInto } from "./put-proto.ts";
import type { FieldPlan, LeafPlan, MessagePlan } from "./read-plan.ts";

const STRUCT = "google.protobuf.Struct";
const VALUE = "google.protobuf.Value";
const LIST = "google.protobuf.ListValue";
const EXPECTED: Readonly<Record<string, string>> = {
  [STRUCT]: "the text of a JSON object",
  [VALUE]: "JSON text",
  [LIST]: "the text of a JSON array",
};

export function isJsonMessage(name: string): boolean {
  return name === STRUCT || name === VALUE || name === LIST;
}

/** How the message is read as text; undefined: it is none of these, or the type is no string. */
export function structPlan(name: string, type: TypeInfo): MessagePlan | undefined {
  if (type.kind !== "string" || type.logical !== undefined) return undefined;
  if (name === STRUCT) return plan(name, [field(1, 0, "repeated", entryLeaf)], (slots) => objectText(slots[0] as Entry[]));
  if (name === LIST) return plan(name, [field(1, 0, "repeated", valueLeaf)], (slots) => `[${(slots[0] as string[]).join(",")}]`);
  if (name !== VALUE) return undefined;
  const parts = PARTS.map((leaf, index) => field(index + 1, 0, "one", leaf));
  return plan(name, parts, (slots) => (slots[0] as string | undefined) ?? nothing());
}

type Entry = readonly [key: string, text: string];

function plan(name: string, fields: readonly FieldPlan[], make: MessagePlan["make"] & {}): MessagePlan {
  const absent = fields[0]!.shape === "repeated" ? (): unknown => [] : (): undefined => undefined;
  return { op: "message", name, slots: [{ name: "", absent }], fields: new Map(fields.map((each) => [each.number, each])), make };
}

function field(number: number, slot: number, shape: "one" | "repeated", element: LeafPlan): FieldPlan {
  const none = { key: undefined, zeroKey: undefined, zero: () => undefined, delimited: false, clears: [] };
  return { number, slot, name: "", shape, element, ...none };
}

function leaf(wire: number, read: LeafPlan["read"]): LeafPlan {
  return { op: "leaf", wire, read, plain: undefined };
}

function nothing(): never {
  throw new SchemaError({ path: "", expected: `a ${VALUE} of some kind`, got: "an empty one" });
}

/** A Value's fields by number: each as JSON text. */
const PARTS: readonly LeafPlan[] = [
  leaf(WIRE.varint, (cursor) => (cursor.varint(), "null")),
  leaf(WIRE.fixed64, (cursor) => numberText(cursor)),
  leaf(WIRE.bytes, (cursor) => JSON.stringify(cursor.text())),
  leaf(WIRE.varint, (cursor) => String(cursor.bool())),
  leaf(WIRE.bytes, (cursor) => deeper(cursor, () => objectText(readMany(cursor, readEntry)))),
  leaf(WIRE.bytes, (cursor) => deeper(cursor, () => `[${readMany(cursor, readValue).join(",")}]`)),
];
const entryLeaf = leaf(WIRE.bytes, readEntry);
const valueLeaf = leaf(WIRE.bytes, readValue);

function numberText(cursor: ProtoCursor): string {
  const number = cursor.double();
  if (!Number.isFinite(number)) cursor.fail("a number of JSON", String(number));
  return Object.is(number, -0) ? "-0" : String(number);
}

/** The last one of a name counts; in the order of their first ones. */
function objectText(entries: readonly Entry[]): string {
  return `{${[...new Map(entries)].map(([key, text]) => `${JSON.stringify(key)}:${text}`).join(",")}}`;
}

/** An object or array: levels of JSON are counted, not the messages that stand between them. */
function deeper<T>(cursor: ProtoCursor, read: () => T): T {
  cursor.enter();
  const result = inside(cursor, read);
  cursor.depth--;
  return result;
}

/** A nested message, whose length comes first. */
function inside<T>(cursor: ProtoCursor, read: () => T): T {
  const { end } = cursor;
  const size = cursor.size();
  cursor.end = cursor.at + size;
  const result = read();
  cursor.end = end;
  return result;
}

/** The items of a message that has no other field. */
function readMany<T>(cursor: ProtoCursor, read: (cursor: ProtoCursor) => T): T[] {
  const items: T[] = [];
  while (cursor.at < cursor.end) {
    const tag = cursor.tag();
    if (tag === ((1 << 3) | WIRE.bytes)) items.push(read(cursor));
    else cursor.skip(tag);
  }
  return items;
}

function readValue(cursor: ProtoCursor): string {
  return inside(cursor, () => {
    let text: string | undefined;
    while (cursor.at < cursor.end) {
      const tag = cursor.tag();
      const part = PARTS[(tag >>> 3) - 1];
      if (part !== undefined && part.wire === (tag & 7)) text = part.read(cursor) as string;
      else cursor.skip(tag);
    }
    return text ?? nothing();
  });
}

function readEntry(cursor: ProtoCursor): Entry {
  return inside(cursor, () => {
    let key = "";
    let text: string | undefined;
    while (cursor.at < cursor.end) {
      const tag = cursor.tag();
      if (tag === ((1 << 3) | WIRE.bytes)) key = cursor.text();
      else if (tag === ((2 << 3) | WIRE.bytes)) text = readValue(cursor);
      else cursor.skip(tag);
    }
    return [key, text ?? nothing()] as const;
  });
}

/** Appends the message's content; undefined: the message is none of these, or the type is no string. Throws SchemaError. */
export function structWriter(name: string, type: TypeInfo): ((out: EncodeBuffer, value: unknown) => void) | undefined {
  if (!isJsonMessage(name) || type.kind !== "string" || type.logical !== undefined) return undefined;
  return (out, value) => {
    const json = parsed(value as string, name);
    if (name === VALUE) putValue(out, json, 0);
    else if (name === LIST && Array.isArray(json)) putItems(out, json, 0);
    else if (name === STRUCT && isObject(json)) putEntries(out, json, 0);
    else throw wrong(name, "other JSON");
  };
}

function parsed(text: string, name: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw wrong(name, "another text");
  }
}

function wrong(name: string, got: string): SchemaError {
  return new SchemaError({ path: "", expected: EXPECTED[name]!, got });
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function putItems(out: EncodeBuffer, items: readonly unknown[], depth: number): void {
  for (const item of items) sized(out, 0x0a, () => putValue(out, item, depth + 1));
}

function putEntries(out: EncodeBuffer, object: Readonly<Record<string, unknown>>, depth: number): void {
  for (const [key, value] of Object.entries(object))
    sized(out, 0x0a, () => {
      putText(out, 0x0a, key);
      sized(out, 0x12, () => putValue(out, value, depth + 1));
    });
}

function putValue(out: EncodeBuffer, value: unknown, depth: number): void {
  if (depth > MAX_DEPTH) throw new SchemaError({ path: "", expected: `at most ${MAX_DEPTH} levels`, got: "more" });
  out.ensure(12);
  switch (typeof value) {
    case "number":
      if (!Number.isFinite(value)) throw new SchemaError({ path: "", expected: "a number of JSON", got: "one that is too large" });
      out.bytes[out.at++] = 0x11;
      out.view.setFloat64(out.at, value, true);
      out.at += 8;
      return;
    case "string":
      return putText(out, 0x1a, value);
    case "boolean":
      out.bytes[out.at++] = 0x20;
      out.bytes[out.at++] = value ? 1 : 0;
      return;
    default:
      if (Array.isArray(value)) return sized(out, 0x32, () => putItems(out, value as readonly unknown[], depth));
      if (isObject(value)) return sized(out, 0x2a, () => putEntries(out, value, depth));
      out.bytes[out.at++] = 0x08;
      out.bytes[out.at++] = 0;
  }
}

function putText(out: EncodeBuffer, tag: number, text: string): void {
  sized(out, tag, () => {
    out.ensure(text.length * 3);
    out.at = encodeUtf8Into(text, out.bytes, out.at);
  });
}

/** A tag, the length, and what `write` appends. */
function sized(out: EncodeBuffer, tag: number, write: () => void): void {
  out.ensure(8);
  out.bytes[out.at++] = tag;
  const start = out.at++;
  write();
  out.ensure(8);
  out.at = sizeInto(out.bytes, start, out.at);
}
