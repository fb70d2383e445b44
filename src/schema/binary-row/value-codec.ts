// The binary form of values by type, as a tree of closures: the interpreter. Writers expect a value that fits its type.
// A record is the bits of its absent optional fields (1 = absent), then the fields that are there; an empty one is a zero byte. An optional
// elsewhere has a byte before it. So every value takes a byte at least, and a count can be checked against the bytes that remain.
import type { EncodeBuffer } from "../encode-buffer.ts";
import { fieldValue, setField } from "../field-value.ts";
import type { TypeInfo } from "../type-info.ts";
import { variantOfValue } from "../union-variants.ts";
import type { BinaryCursor } from "./cursor.ts";
import { putByte, putFloat64, putInt32, putInt64, putText, putUtf8, putVarint } from "./write-binary.ts";

export interface ValueCodec {
  readonly write: (out: EncodeBuffer, value: unknown) => void;
  readonly read: (cursor: BinaryCursor) => unknown;
}

/** What reads and writes nested records; generated code if there is any. */
export type RecordCodecMaker = (type: TypeInfo & { readonly kind: "record" }) => ValueCodec;

export function valueCodec(type: TypeInfo, record: RecordCodecMaker = recordCodec): ValueCodec {
  switch (type.kind) {
    case "string":
    case "literal":
    case "decimal":
      return { write: (out, value) => putText(out, value as string), read: (cursor) => cursor.text() };
    case "int":
      return { write: (out, value) => putInt32(out, value as number), read: (cursor) => cursor.int32() };
    case "long":
    case "timestamp":
    case "double":
      return { write: (out, value) => putFloat64(out, value as number), read: (cursor) => cursor.float64() };
    case "bigint":
      return { write: (out, value) => putInt64(out, value as bigint), read: (cursor) => cursor.int64() };
    case "boolean":
      return { write: (out, value) => putByte(out, value === true ? 1 : 0), read: (cursor) => cursor.byte() !== 0 };
    case "bytes":
      return { write: (out, value) => putUtf8(out, value as Uint8Array, 0, (value as Uint8Array).length), read: readBytes };
    case "optional":
      return optionalCodec(valueCodec(type.of, record));
    case "array":
      return arrayCodec(valueCodec(type.of, record));
    case "map":
      return mapCodec(valueCodec(type.key, record), valueCodec(type.value, record));
    case "record":
      return record(type);
    case "union":
      return unionCodec(type, record);
  }
}

function readBytes(cursor: BinaryCursor): Uint8Array {
  const length = cursor.varint();
  const start = cursor.take(length);
  return Uint8Array.prototype.slice.call(cursor.bytes, start, start + length);
}

function optionalCodec(inner: ValueCodec): ValueCodec {
  return {
    write(out, value) {
      const absent = value === undefined || value === null;
      putByte(out, absent ? 0 : 1);
      if (!absent) inner.write(out, value);
    },
    read: (cursor) => (cursor.byte() === 0 ? undefined : inner.read(cursor)),
  };
}

function arrayCodec(inner: ValueCodec): ValueCodec {
  return {
    write(out, value) {
      const items = value as readonly unknown[];
      putVarint(out, items.length);
      for (let index = 0; index < items.length; index++) inner.write(out, items[index]);
    },
    read(cursor) {
      const items: unknown[] = [];
      for (let left = cursor.count(); left > 0; left--) items.push(inner.read(cursor));
      return items;
    },
  };
}

function mapCodec(key: ValueCodec, inner: ValueCodec): ValueCodec {
  return {
    write(out, value) {
      const map = value as ReadonlyMap<unknown, unknown>;
      putVarint(out, map.size);
      for (const [name, item] of map) {
        key.write(out, name);
        inner.write(out, item);
      }
    },
    read(cursor) {
      const map = new Map<unknown, unknown>();
      for (let left = cursor.count(); left > 0; left--) {
        const name = key.read(cursor);
        map.set(name, inner.read(cursor));
      }
      return map;
    },
  };
}

function unionCodec(type: TypeInfo & { readonly kind: "union" }, record: RecordCodecMaker): ValueCodec {
  const members = type.of.map((member) => valueCodec(member, record));
  return {
    write(out, value) {
      const variant = variantOfValue(type, value);
      putByte(out, variant);
      members[variant]!.write(out, value);
    },
    read(cursor) {
      const member = members[cursor.byte()];
      if (member === undefined) throw cursor.bad("a member of the union");
      return member.read(cursor);
    },
  };
}

export function recordCodec(type: TypeInfo & { readonly kind: "record" }): ValueCodec {
  let bits = 0;
  const fields = type.fields.map(({ name, type: of }) =>
    of.kind === "optional" ? { name, bit: bits++, ...valueCodec(of.of) } : { name, bit: -1, ...valueCodec(of) },
  );
  const bitBytes = bitmapBytes(type);
  return {
    write(out, value) {
      const { at } = out;
      out.ensure(bitBytes);
      out.bytes.fill(0, at, at + bitBytes);
      out.at = at + bitBytes;
      for (const { name, bit, write } of fields) {
        const of = fieldValue(value as object, name);
        if (bit >= 0 && (of === undefined || of === null)) out.bytes[at + (bit >> 3)]! |= 1 << (bit & 7);
        else write(out, of);
      }
    },
    read(cursor) {
      const record = {};
      const at = cursor.take(bitBytes);
      for (const { name, bit, read } of fields) {
        const absent = bit >= 0 && (cursor.bytes[at + (bit >> 3)]! & (1 << (bit & 7))) !== 0;
        setField(record, name, absent ? undefined : read(cursor));
      }
      return record;
    },
  };
}

/** Bytes of the bits of absent fields; 1 for a record without fields. */
export function bitmapBytes(type: TypeInfo & { readonly kind: "record" }): number {
  if (type.fields.length === 0) return 1;
  return Math.ceil(type.fields.filter((field) => field.type.kind === "optional").length / 8);
}
