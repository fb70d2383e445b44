// Canonical bytes of a key: what equality and the hash of keys mean, in every engine and language. One tag byte, then the payload:
//   1 integral number within ±(2^53 − 1): int64, little-endian (−0 is 0)      2 any other number: IEEE 754 double, little-endian; NaN is refused
//   3 string: UTF-8 (a lone surrogate as its three-byte form)                 4 boolean: 0 or 1
//   5 bigint: shortest two's complement, little-endian                        6 composite: per part its length (uint32, little-endian) and canonical bytes
// Cannot change after the first savepoint: canonical-key.test.ts has vectors.
import { latin1 } from "../../schema/columns.ts";
import { BadKey } from "./key-selector.ts";

export const TAG_INTEGER = 1;
export const TAG_DOUBLE = 2;
export const TAG_STRING = 3;
export const TAG_BOOLEAN = 4;
export const TAG_BIGINT = 5;
export const TAG_COMPOSITE = 6;

/** Levels of arrays within arrays. */
const MAX_KEY_DEPTH = 8;

export class KeyError extends Error {
  override readonly name = "KeyError";
  readonly code = "BAD_KEY";
}

/** Throws KeyError for anything but numbers (not NaN), strings, booleans, bigints and arrays of them. */
export function canonicalBytes(key: unknown): Uint8Array {
  return encode(key, 0);
}

export function refuseKey(key: unknown): never {
  if (key instanceof BadKey) throw key.cause;
  throw new KeyError(
    `${describe(key)} cannot be a key: a key is a string, a number, a boolean, a bigint, or an array of these. ${advice(key)}`,
  );
}

function describe(key: unknown): string {
  if (typeof key === "number") return "NaN";
  if (key === null || key === undefined) return String(key);
  if (key instanceof Date) return "A Date";
  return typeof key === "object" ? "An object" : `A ${typeof key}`;
}

function advice(key: unknown): string {
  if (typeof key === "number") return "Filter such elements out before keyBy, or give the operator onError.";
  if (key === null || key === undefined) return "Filter elements without a key out before keyBy.";
  if (key instanceof Date) return "Use its time in milliseconds: key by date.getTime().";
  return "Key by its fields instead: keyBy((event) => [event.a, event.b]).";
}

function encode(key: unknown, depth: number): Uint8Array {
  switch (typeof key) {
    case "number":
      return encodeNumber(key);
    case "string":
      return encodeString(key);
    case "boolean":
      return Uint8Array.of(TAG_BOOLEAN, key ? 1 : 0);
    case "bigint":
      return encodeBigint(key);
    default:
      return Array.isArray(key) && depth < MAX_KEY_DEPTH ? encodeComposite(key, depth) : refuseKey(key);
  }
}

function encodeNumber(key: number): Uint8Array {
  if (key !== key) refuseKey(key);
  const bytes = new Uint8Array(9);
  const view = new DataView(bytes.buffer);
  if (Number.isSafeInteger(key)) {
    bytes[0] = TAG_INTEGER;
    view.setBigInt64(1, BigInt(key), true);
  } else {
    bytes[0] = TAG_DOUBLE;
    view.setFloat64(1, key, true);
  }
  return bytes;
}

function encodeString(key: string): Uint8Array {
  const bytes = new Uint8Array(1 + key.length * 3);
  bytes[0] = TAG_STRING;
  return bytes.subarray(0, putUtf8(key, bytes, 1));
}

/** Generalised UTF-8: different strings have different bytes, lone surrogates too. Returns the position behind. */
export function putUtf8(text: string, bytes: Uint8Array, start: number): number {
  let at = start;
  for (let index = 0; index < text.length; index++) {
    const code = text.codePointAt(index)!;
    if (code < 0x80) bytes[at++] = code;
    else if (code < 0x800) {
      bytes[at++] = 0xc0 | (code >> 6);
      bytes[at++] = 0x80 | (code & 63);
    } else if (code < 0x10000) {
      bytes[at++] = 0xe0 | (code >> 12);
      bytes[at++] = 0x80 | ((code >> 6) & 63);
      bytes[at++] = 0x80 | (code & 63);
    } else {
      bytes[at++] = 0xf0 | (code >> 18);
      bytes[at++] = 0x80 | ((code >> 12) & 63);
      bytes[at++] = 0x80 | ((code >> 6) & 63);
      bytes[at++] = 0x80 | (code & 63);
      index++;
    }
  }
  return at;
}

function encodeBigint(key: bigint): Uint8Array {
  const bytes = [TAG_BIGINT];
  let rest = key;
  for (;;) {
    bytes.push(Number(BigInt.asUintN(8, rest)));
    if (BigInt.asIntN(8, rest) === rest) return Uint8Array.from(bytes);
    rest >>= 8n;
  }
}

function encodeComposite(parts: readonly unknown[], depth: number): Uint8Array {
  const encoded = parts.map((part) => encode(part, depth + 1));
  const bytes = new Uint8Array(encoded.reduce((size, part) => size + 4 + part.length, 1));
  const view = new DataView(bytes.buffer);
  bytes[0] = TAG_COMPOSITE;
  let at = 1;
  for (const part of encoded) {
    view.setUint32(at, part.length, true);
    bytes.set(part, at + 4);
    at += 4 + part.length;
  }
  return bytes;
}

/** The key whose canonical bytes are page[start, end). */
export function keyOfRow(page: Uint8Array, start: number, end: number): unknown {
  if (page[start] !== TAG_STRING) return keyOfBytes(page.subarray(start, end));
  for (let at = start + 1; at < end; at++) if (page[at]! >= 0x80) return textOfUtf8(page, start + 1, end);
  return latin1(page, start + 1, end);
}

/** The key that these bytes are of. */
export function keyOfBytes(bytes: Uint8Array): unknown {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  switch (bytes[0]) {
    case TAG_INTEGER:
      return Number(view.getBigInt64(1, true));
    case TAG_DOUBLE:
      return view.getFloat64(1, true);
    case TAG_STRING:
      return textOfUtf8(bytes, 1, bytes.length);
    case TAG_BOOLEAN:
      return bytes[1] === 1;
    case TAG_BIGINT:
      return bigintOfBytes(bytes);
    case TAG_COMPOSITE:
      return partsOfBytes(bytes, view);
    default:
      throw new KeyError(`Tag ${bytes[0]} of a stored key is unknown: the state was written by a newer version.`);
  }
}

function bigintOfBytes(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let at = bytes.length - 1; at > 0; at--) value = (value << 8n) | BigInt(bytes[at]!);
  return BigInt.asIntN((bytes.length - 1) * 8, value);
}

function partsOfBytes(bytes: Uint8Array, view: DataView): unknown[] {
  const parts: unknown[] = [];
  for (let at = 1; at < bytes.length;) {
    const length = view.getUint32(at, true);
    parts.push(keyOfBytes(bytes.subarray(at + 4, at + 4 + length)));
    at += 4 + length;
  }
  return parts;
}

/** The inverse of putUtf8. */
export function textOfUtf8(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let at = start; at < end;) {
    const lead = bytes[at++]!;
    if (lead < 0x80) text += String.fromCharCode(lead);
    else if (lead < 0xe0) text += String.fromCharCode(((lead & 31) << 6) | (bytes[at++]! & 63));
    else if (lead < 0xf0) text += String.fromCharCode(((lead & 15) << 12) | ((bytes[at++]! & 63) << 6) | (bytes[at++]! & 63));
    else text += String.fromCodePoint(((lead & 7) << 18) | ((bytes[at++]! & 63) << 12) | ((bytes[at++]! & 63) << 6) | (bytes[at++]! & 63));
  }
  return text;
}
