// How a Kafka record says which schema its value or key has, as Confluent's serialisers write it: 0x00 and a 32-bit id before the document,
// 0x01 and a 128-bit GUID before it, or either of these in a header. Protobuf has the path of its message behind that: positions of nested
// messages, zigzag varints after their count, where a lone 0 stands for [0].
import { SchemaError } from "../schema-error.ts";

export const VALUE_SCHEMA_HEADER = "__value_schema_id";
export const KEY_SCHEMA_HEADER = "__key_schema_id";
export const ID_FRAME_BYTES = 5;
export const GUID_FRAME_BYTES = 17;
const MAX_INDEXES = 64;

export function schemaHeaderOf(part: "value" | "key" = "value"): string {
  return part === "key" ? KEY_SCHEMA_HEADER : VALUE_SCHEMA_HEADER;
}

/** What the last read() found. */
export class SchemaFrame {
  /** −1: it is a GUID. */
  id = -1;
  /** "": it is an id. */
  guid = "";

  /** Reads the frame at `start`; returns where the document begins. Throws SchemaError. */
  read(bytes: Uint8Array, start: number, end: number): number {
    const magic = start < end ? bytes[start]! : -1;
    if (magic === 0 && end - start >= ID_FRAME_BYTES) {
      this.id = ((bytes[start + 1]! << 24) | (bytes[start + 2]! << 16) | (bytes[start + 3]! << 8) | bytes[start + 4]!) >>> 0;
      this.guid = "";
      return start + ID_FRAME_BYTES;
    }
    if (magic === 1 && end - start >= GUID_FRAME_BYTES) {
      this.id = -1;
      this.guid = guidText(bytes, start + 1);
      return start + GUID_FRAME_BYTES;
    }
    const got =
      magic < 0 ? "an empty value" : magic > 1 ? `the magic byte 0x${magic.toString(16).padStart(2, "0")}` : `${end - start} bytes`;
    throw new SchemaError({ path: "", expected: "a schema's id (0x00 and 4 bytes, or 0x01 and 16)", got }, 0);
  }
}

export function idFrame(id: number): Uint8Array {
  return Uint8Array.of(0, id >>> 24, (id >>> 16) & 0xff, (id >>> 8) & 0xff, id & 0xff);
}

/** `guid`: 36 characters. Throws SchemaError. */
export function guidFrame(guid: string): Uint8Array {
  if (!/^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(guid))
    throw new SchemaError({ path: "", expected: "a GUID", got: "other text" });
  const bytes = new Uint8Array(GUID_FRAME_BYTES);
  bytes[0] = 1;
  const hex = guid.replaceAll("-", "");
  for (let index = 0; index < 16; index++) bytes[index + 1] = Number.parseInt(hex.slice(index * 2, index * 2 + 2), 16);
  return bytes;
}

function guidText(bytes: Uint8Array, at: number): string {
  let hex = "";
  for (let index = 0; index < 16; index++) hex += bytes[at + index]!.toString(16).padStart(2, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** The path of a Protobuf message, and where the document begins. Throws SchemaError. */
export function readMessageIndexes(
  bytes: Uint8Array,
  start: number,
  end: number,
): { readonly indexes: readonly number[]; readonly at: number } {
  let at = start;
  const next = (): number => {
    let bits = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      if (at >= end) throw new SchemaError({ path: "", expected: "the positions of a message", got: "the end" }, at);
      const byte = bytes[at++]!;
      bits |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (bits >>> 1) ^ -(bits & 1);
    }
    throw new SchemaError({ path: "", expected: "a varint of 32 bits", got: "a longer one" }, at);
  };
  const count = next();
  if (count === 0) return { indexes: [0], at };
  if (count < 0 || count > MAX_INDEXES || count > end - at)
    throw new SchemaError({ path: "", expected: `1 to ${MAX_INDEXES} positions`, got: String(count) }, at);
  const indexes = Array.from({ length: count }, next);
  if (indexes.some((index) => index < 0)) throw new SchemaError({ path: "", expected: "positions", got: "a negative one" }, at);
  return { indexes, at };
}

export function messageIndexes(indexes: readonly number[]): Uint8Array {
  if (indexes.length === 1 && indexes[0] === 0) return Uint8Array.of(0);
  const bytes: number[] = [];
  for (const value of [indexes.length, ...indexes]) {
    let bits = (value << 1) >>> 0;
    for (; bits > 0x7f; bits >>>= 7) bytes.push((bits & 0x7f) | 0x80);
    bytes.push(bits);
  }
  return Uint8Array.from(bytes);
}
