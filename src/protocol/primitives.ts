// The shapes of Kafka's protocol that are more than a number: strings, bytes, uuids, lists, tagged fields; in the old form (int16 and int32
// lengths) and the compact form of flexible versions (an unsigned varint of length + 1; KIP-482). The generated codecs call these.
// Invariant: a count is checked against the bytes that remain before anything is allocated.
import { FrameError } from "../bytes/frame-error.ts";
import type { ByteReader } from "../bytes/reader.ts";
import { type ByteWriter, utf8Length } from "../bytes/writer.ts";

/** Sixteen bytes as Kafka prints them: 22 characters of base64url. */
export type Uuid = string;
export const ZERO_UUID: Uuid = "AAAAAAAAAAAAAAAAAAAAAA";

const UUID_BYTES = 16;
const NO_BYTES = new Uint8Array(0);

export function emptyBytes(): Uint8Array {
  return NO_BYTES;
}

// Reading ------------------------------------------------------------------------------------------------------------------------------

/** −1 for null. */
function readLength(r: ByteReader, flexible: boolean, wide: boolean): number {
  if (flexible) return r.unsignedVarint() - 1;
  return wide ? r.int32() : r.int16();
}

export function readString(r: ByteReader, flexible: boolean): string {
  const length = readLength(r, flexible, false);
  if (length === -1) throw unexpectedNull(r);
  return r.string(length);
}

export function readNullableString(r: ByteReader, flexible: boolean): string | null {
  const length = readLength(r, flexible, false);
  return length === -1 ? null : r.string(length);
}

/** A view, not a copy. */
export function readBytes(r: ByteReader, flexible: boolean): Uint8Array {
  const length = readLength(r, flexible, true);
  if (length === -1) throw unexpectedNull(r);
  return r.bytes(length);
}

/** A view, not a copy. */
export function readNullableBytes(r: ByteReader, flexible: boolean): Uint8Array | null {
  const length = readLength(r, flexible, true);
  return length === -1 ? null : r.bytes(length);
}

export function readUuid(r: ByteReader): Uuid {
  const bytes = r.bytes(UUID_BYTES);
  return Buffer.from(bytes.buffer, bytes.byteOffset, UUID_BYTES).toString("base64url");
}

/** The number of elements of a list whose elements take at least `minBytes` each. */
export function readCount(r: ByteReader, flexible: boolean, minBytes: number): number {
  const count = readNullableCount(r, flexible, minBytes);
  if (count === -1) throw unexpectedNull(r);
  return count;
}

/** −1 for null. */
export function readNullableCount(r: ByteReader, flexible: boolean, minBytes: number): number {
  const count = readLength(r, flexible, true);
  if (count < -1 || count * minBytes > r.remaining) {
    throw new FrameError(
      "BAD_LENGTH",
      `A list of ${count} elements before byte ${r.at} cannot fit in the ${r.remaining} bytes that remain.`,
    );
  }
  return count;
}

/** A nullable struct outside tags starts with −1 (null) or 1. */
export function readPresence(r: ByteReader): boolean {
  return r.int8() >= 0;
}

/** Reads the size of a tagged field and returns its end. */
export function readTagEnd(r: ByteReader): number {
  const size = r.unsignedVarint();
  if (size > r.remaining) throw new FrameError("TRUNCATED", `A tagged field of ${size} bytes at byte ${r.at}, ${r.remaining} remain.`);
  return r.at + size;
}

export function checkTagEnd(r: ByteReader, tag: number, end: number): void {
  if (r.at !== end) throw new FrameError("BAD_LENGTH", `Tagged field ${tag} ends at byte ${r.at}, its size says ${end}.`);
}

/** Skips all tagged fields. */
export function skipTags(r: ByteReader): void {
  for (let count = r.unsignedVarint(); count > 0; count--) {
    r.unsignedVarint();
    r.skip(r.unsignedVarint());
  }
}

function unexpectedNull(r: ByteReader): FrameError {
  return new FrameError("BAD_LENGTH", `A null before byte ${r.at}, where the protocol has none.`);
}

export function readInt8List(r: ByteReader, flexible: boolean): number[] {
  const values: number[] = [];
  for (let count = readCount(r, flexible, 1); count > 0; count--) values.push(r.int8());
  return values;
}

export function readInt32List(r: ByteReader, flexible: boolean): number[] {
  const values: number[] = [];
  for (let count = readCount(r, flexible, 4); count > 0; count--) values.push(r.int32());
  return values;
}

export function readNullableInt32List(r: ByteReader, flexible: boolean): number[] | null {
  let count = readNullableCount(r, flexible, 4);
  if (count === -1) return null;
  const values: number[] = [];
  for (; count > 0; count--) values.push(r.int32());
  return values;
}

export function readInt64List(r: ByteReader, flexible: boolean): number[] {
  const values: number[] = [];
  for (let count = readCount(r, flexible, 8); count > 0; count--) values.push(r.int64());
  return values;
}

export function readStringList(r: ByteReader, flexible: boolean): string[] {
  const values: string[] = [];
  for (let count = readCount(r, flexible, 1); count > 0; count--) values.push(readString(r, flexible));
  return values;
}

export function readNullableStringList(r: ByteReader, flexible: boolean): string[] | null {
  let count = readNullableCount(r, flexible, 1);
  if (count === -1) return null;
  const values: string[] = [];
  for (; count > 0; count--) values.push(readString(r, flexible));
  return values;
}

// Writing ------------------------------------------------------------------------------------------------------------------------------

export function writeString(w: ByteWriter, value: string, flexible: boolean): void {
  const length = utf8Length(value);
  if (flexible) w.unsignedVarint(length + 1);
  else w.int16(length);
  w.string(value);
}

export function writeNullableString(w: ByteWriter, value: string | null, flexible: boolean): void {
  if (value !== null) writeString(w, value, flexible);
  else if (flexible) w.unsignedVarint(0);
  else w.int16(-1);
}

export function writeBytes(w: ByteWriter, value: Uint8Array, flexible: boolean): void {
  writeCount(w, value.length, flexible);
  w.bytes(value);
}

export function writeNullableBytes(w: ByteWriter, value: Uint8Array | null, flexible: boolean): void {
  if (value === null) writeCount(w, -1, flexible);
  else writeBytes(w, value, flexible);
}

/** Throws a TypeError for anything but 22 characters of base64url. */
export function writeUuid(w: ByteWriter, value: Uuid): void {
  const bytes = Buffer.from(value, "base64url");
  if (bytes.length !== UUID_BYTES) throw new TypeError(`"${value}" is no uuid: 16 bytes as 22 characters of base64url are expected.`);
  w.bytes(bytes);
}

/** −1 for null. */
export function writeCount(w: ByteWriter, count: number, flexible: boolean): void {
  if (flexible) w.unsignedVarint(count + 1);
  else w.int32(count);
}

/** Writes a tagged field's number, size and content. */
export function writeTag(w: ByteWriter, tag: number, content: ByteWriter): void {
  w.unsignedVarint(tag);
  w.unsignedVarint(content.length);
  w.bytes(content.finish());
}

export function writeInt8List(w: ByteWriter, values: readonly number[], flexible: boolean): void {
  writeCount(w, values.length, flexible);
  for (const value of values) w.int8(value);
}

export function writeInt32List(w: ByteWriter, values: readonly number[], flexible: boolean): void {
  writeCount(w, values.length, flexible);
  for (const value of values) w.int32(value);
}

export function writeNullableInt32List(w: ByteWriter, values: readonly number[] | null, flexible: boolean): void {
  if (values === null) writeCount(w, -1, flexible);
  else writeInt32List(w, values, flexible);
}

export function writeInt64List(w: ByteWriter, values: readonly number[], flexible: boolean): void {
  writeCount(w, values.length, flexible);
  for (const value of values) w.int64(value);
}

export function writeStringList(w: ByteWriter, values: readonly string[], flexible: boolean): void {
  writeCount(w, values.length, flexible);
  for (const value of values) writeString(w, value, flexible);
}

export function writeNullableStringList(w: ByteWriter, values: readonly string[] | null, flexible: boolean): void {
  if (values === null) writeCount(w, -1, flexible);
  else writeStringList(w, values, flexible);
}

/** A field is set that this version of the message cannot carry, and whose loss would change the meaning. */
export class UnsupportedFieldError extends Error {
  override readonly name = "UnsupportedFieldError";
  readonly code = "UNSUPPORTED_FIELD";
}

export function rejectField(message: string, field: string, version: number): never {
  throw new UnsupportedFieldError(`${message} version ${version} cannot carry ${field}: leave it at its default or use another version.`);
}

export function rejectNull(message: string, field: string, version: number): never {
  throw new UnsupportedFieldError(`${message} version ${version} allows no null for ${field}.`);
}
