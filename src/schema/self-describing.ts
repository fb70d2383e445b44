// Values without a schema as bytes that name their own types: for elements of streams without a schema that cross a thread. Never in
// state: such bytes could not be checked or migrated. Objects lose their class; functions, symbols and cycles are refused.
import { BinaryCursor } from "./binary-row/cursor.ts";
import { putByte, putFloat64, putInt32, putText, putUtf8, putVarint } from "./binary-row/write-binary.ts";
import type { EncodeBuffer } from "./encode-buffer.ts";
import { setField } from "./field-value.ts";
import { MAX_DEPTH } from "./mismatch.ts";
import { describeValue, SchemaError } from "./schema-error.ts";

const TAG = {
  undefined: 0,
  null: 1,
  false: 2,
  true: 3,
  int32: 4,
  double: 5,
  string: 6,
  bigint: 7,
  bytes: 8,
  array: 9,
  object: 10,
  map: 11,
  set: 12,
  date: 13,
} as const;

/** Appends `value`. Throws SchemaError for what cannot leave a thread. */
export function encodeSelfDescribing(value: unknown, out: EncodeBuffer): void {
  write(value, out, 0);
}

/** One value per document: bytes[start, end) must hold nothing else. */
export function decodeSelfDescribing(bytes: Uint8Array, start = 0, end = bytes.length): unknown {
  const cursor = new BinaryCursor();
  cursor.reset(bytes, start, end);
  const value = read(cursor, 0);
  if (cursor.at !== end) throw cursor.bad("the end");
  return value;
}

function write(value: unknown, out: EncodeBuffer, depth: number): void {
  switch (typeof value) {
    case "undefined":
      return putByte(out, TAG.undefined);
    case "boolean":
      return putByte(out, value ? TAG.true : TAG.false);
    case "number":
      if (value === (value | 0) && !Object.is(value, -0)) {
        putByte(out, TAG.int32);
        return putInt32(out, value);
      }
      putByte(out, TAG.double);
      return putFloat64(out, value);
    case "string":
      putByte(out, TAG.string);
      return putText(out, value);
    case "bigint":
      putByte(out, TAG.bigint);
      return putText(out, value.toString(16));
    case "object":
      return value === null ? putByte(out, TAG.null) : writeObject(value, out, depth);
    default:
      throw new SchemaError({ path: "", expected: "a value that can leave a thread", got: describeValue(value) });
  }
}

function writeObject(value: object, out: EncodeBuffer, depth: number): void {
  if (depth >= MAX_DEPTH) throw new SchemaError({ path: "", expected: `at most ${MAX_DEPTH} levels and no cycle`, got: "more" });
  if (value instanceof Uint8Array) {
    putByte(out, TAG.bytes);
    putUtf8(out, value, 0, value.length);
  } else if (value instanceof Date) {
    putByte(out, TAG.date);
    putFloat64(out, value.getTime());
  } else if (Array.isArray(value)) {
    putByte(out, TAG.array);
    putVarint(out, value.length);
    for (let index = 0; index < value.length; index++) write(value[index], out, depth + 1);
  } else if (value instanceof Set) {
    putByte(out, TAG.set);
    putVarint(out, value.size);
    for (const item of value) write(item, out, depth + 1);
  } else if (value instanceof Map) {
    putByte(out, TAG.map);
    putVarint(out, value.size);
    for (const [key, item] of value) {
      write(key, out, depth + 1);
      write(item, out, depth + 1);
    }
  } else {
    const names = Object.keys(value);
    putByte(out, TAG.object);
    putVarint(out, names.length);
    for (const name of names) {
      putText(out, name);
      write((value as Record<string, unknown>)[name], out, depth + 1);
    }
  }
}

function read(cursor: BinaryCursor, depth: number): unknown {
  const tag = cursor.byte();
  switch (tag) {
    case TAG.undefined:
      return undefined;
    case TAG.null:
      return null;
    case TAG.false:
      return false;
    case TAG.true:
      return true;
    case TAG.int32:
      return cursor.int32();
    case TAG.double:
      return cursor.float64();
    case TAG.string:
      return cursor.text();
    case TAG.bigint:
      return readBigint(cursor);
    case TAG.bytes: {
      const length = cursor.varint();
      const start = cursor.take(length);
      return Uint8Array.prototype.slice.call(cursor.bytes, start, start + length);
    }
    case TAG.date:
      return new Date(cursor.float64());
    default:
      return readMany(tag, cursor, depth);
  }
}

function readBigint(cursor: BinaryCursor): bigint {
  const text = cursor.text();
  if (!/^-?[0-9a-f]+$/.test(text)) throw cursor.bad("a bigint");
  return text.startsWith("-") ? -BigInt(`0x${text.slice(1)}`) : BigInt(`0x${text}`);
}

function readMany(tag: number, cursor: BinaryCursor, depth: number): unknown {
  if (tag < TAG.array || tag > TAG.set || depth >= MAX_DEPTH) throw cursor.bad("a known tag");
  const count = cursor.count();
  if (tag === TAG.object) {
    const object = {};
    for (let index = 0; index < count; index++) {
      const name = cursor.text();
      setField(object, name, read(cursor, depth + 1));
    }
    return object;
  }
  if (tag === TAG.map) {
    const map = new Map<unknown, unknown>();
    for (let index = 0; index < count; index++) {
      const key = read(cursor, depth + 1);
      map.set(key, read(cursor, depth + 1));
    }
    return map;
  }
  const items = [];
  for (let index = 0; index < count; index++) items.push(read(cursor, depth + 1));
  return tag === TAG.set ? new Set(items) : items;
}
