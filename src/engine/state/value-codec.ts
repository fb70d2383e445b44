// Bytes of one state value, by its type: compact, without names; the type itself is kept once per chunk of a snapshot. Reading gives a
// fresh copy each time. Values are checked against their type before they are written.
import { ByteReader } from "../../bytes/reader.ts";
import { ByteWriter } from "../../bytes/writer.ts";
import { fieldValue, setField } from "../../schema/field-value.ts";
import { checkValue } from "../../schema/mismatch.ts";
import type { TypeInfo } from "../../schema/type-info.ts";
import { variantOfValue } from "../../schema/union-variants.ts";

type Write = (writer: ByteWriter, value: unknown) => void;
type Read = (reader: ByteReader) => unknown;

interface Part {
  readonly write: Write;
  readonly read: Read;
}

/** Of one value; larger ones belong into several list or map entries. */
const MAX_VALUE_BYTES = 64 * 1024 * 1024;

export class ValueCodec {
  readonly type: TypeInfo;
  readonly #part: Part;
  readonly #writer = new ByteWriter(256, MAX_VALUE_BYTES);
  readonly #reader = new ByteReader(new Uint8Array(0));

  constructor(type: TypeInfo) {
    this.type = type;
    this.#part = partOf(type);
  }

  /** A view, valid until the next encode(). Throws SchemaError if the value does not fit the type. */
  encode(value: unknown): Uint8Array {
    checkValue(this.type, value);
    this.#writer.reset();
    this.#part.write(this.#writer, value);
    return this.#writer.finish();
  }

  decode(bytes: Uint8Array, start = 0, end = bytes.length): unknown {
    return this.#part.read(this.#reader.reset(bytes, start, end));
  }
}

function partOf(type: TypeInfo): Part {
  switch (type.kind) {
    case "string":
    case "literal":
    case "decimal":
      return STRING;
    case "int":
      return { write: (w, value) => w.varint(value as number), read: (r) => r.varint() };
    case "long":
    case "timestamp":
      return { write: (w, value) => w.varlong((value as number) + 0), read: (r) => Number(r.varlong()) };
    case "double":
      return { write: (w, value) => w.float64(value as number), read: (r) => r.float64() };
    case "boolean":
      return { write: (w, value) => w.boolean(value as boolean), read: (r) => r.boolean() };
    case "bigint":
      return { write: (w, value) => w.int64Big(value as bigint), read: (r) => r.int64Big() };
    case "bytes":
      return BYTES;
    case "optional":
      return optionalPart(partOf(type.of));
    case "array":
      return arrayPart(partOf(type.of));
    case "map":
      return mapPart(partOf(type.key), partOf(type.value));
    case "record":
      return recordPart(type);
    case "union":
      return unionPart(type);
  }
}

const STRING: Part = {
  write(writer, value) {
    const at = writer.reserve(4);
    writer.patchInt32(at, writer.string(value as string));
  },
  read: (reader) => reader.string(reader.int32()),
};

const BYTES: Part = {
  write(writer, value) {
    writer.int32((value as Uint8Array).length);
    writer.bytes(value as Uint8Array);
  },
  read: (reader) => reader.bytes(reader.int32()).slice(),
};

function optionalPart(inner: Part): Part {
  return {
    write(writer, value) {
      const present = value !== undefined && value !== null;
      writer.boolean(present);
      if (present) inner.write(writer, value);
    },
    read: (reader) => (reader.boolean() ? inner.read(reader) : undefined),
  };
}

function arrayPart(inner: Part): Part {
  return {
    write(writer, value) {
      const items = value as readonly unknown[];
      writer.unsignedVarint(items.length);
      for (const item of items) inner.write(writer, item);
    },
    read(reader) {
      const items: unknown[] = [];
      for (let left = reader.unsignedVarint(); left > 0; left--) items.push(inner.read(reader));
      return items;
    },
  };
}

function mapPart(key: Part, inner: Part): Part {
  return {
    write(writer, value) {
      const map = value as ReadonlyMap<unknown, unknown>;
      writer.unsignedVarint(map.size);
      for (const [name, item] of map) {
        key.write(writer, name);
        inner.write(writer, item);
      }
    },
    read(reader) {
      const map = new Map<unknown, unknown>();
      for (let left = reader.unsignedVarint(); left > 0; left--) {
        const name = key.read(reader);
        map.set(name, inner.read(reader));
      }
      return map;
    },
  };
}

function recordPart(type: TypeInfo & { readonly kind: "record" }): Part {
  const parts = type.fields.map((field) => ({ name: field.name, ...partOf(field.type) }));
  return {
    write(writer, value) {
      for (const part of parts) part.write(writer, fieldValue(value as object, part.name));
    },
    read(reader) {
      const value = {};
      for (const part of parts) setField(value, part.name, part.read(reader));
      return value;
    },
  };
}

function unionPart(type: TypeInfo & { readonly kind: "union" }): Part {
  const parts = type.of.map(partOf);
  return {
    write(writer, value) {
      const variant = variantOfValue(type, value);
      writer.unsignedVarint(variant);
      parts[variant]!.write(writer, value);
    },
    read: (reader) => parts[reader.unsignedVarint()]!.read(reader),
  };
}
