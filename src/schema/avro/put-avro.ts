// Writes the primitives of Avro's binary encoding. Each makes room for itself; generated code has its own, inline.
import { encodeUtf8Into, type EncodeBuffer } from "../encode-buffer.ts";

const TWO_28 = 2 ** 28;
/** Longer texts are faster by the platform. */
const MAX_LOOP = 96;

/** An integer within ±2^53. */
export function putLong(out: EncodeBuffer, value: number): void {
  out.ensure(10);
  out.at = longInto(out.bytes, out.at, value);
}

/** For generated code: there is room for 10 bytes. */
export function longInto(bytes: Uint8Array, at: number, value: number): number {
  if (value === (value | 0)) {
    let bits = ((value << 1) ^ (value >> 31)) >>> 0;
    while (bits > 0x7f) {
      bytes[at++] = (bits & 0x7f) | 0x80;
      bits >>>= 7;
    }
    bytes[at++] = bits;
    return at;
  }
  // |2·value| < 2^54: `high` holds what 28 bits do not, and the lowest bit is the sign.
  const half = value < 0 ? -value - 1 : value;
  let high = Math.floor(half / (TWO_28 / 2));
  let low = (half - high * (TWO_28 / 2)) * 2 + (value < 0 ? 1 : 0);
  for (let group = 0; group < 4; group++) {
    bytes[at++] = (low & 0x7f) | 0x80;
    low >>>= 7;
  }
  while (high > 0x7f) {
    bytes[at++] = (high & 0x7f) | 0x80;
    high >>>= 7;
  }
  bytes[at++] = high;
  return at;
}

export function putLongBig(out: EncodeBuffer, value: bigint): void {
  out.ensure(10);
  let bits = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  while (bits > 0x7fn) {
    out.bytes[out.at++] = Number(bits & 0x7fn) | 0x80;
    bits >>= 7n;
  }
  out.bytes[out.at++] = Number(bits);
}

export function putFloat(out: EncodeBuffer, value: number): void {
  out.ensure(4);
  out.view.setFloat32(out.at, value, true);
  out.at += 4;
}

export function putDouble(out: EncodeBuffer, value: number): void {
  out.ensure(8);
  out.view.setFloat64(out.at, value, true);
  out.at += 8;
}

export function putBytes(out: EncodeBuffer, value: Uint8Array): void {
  putLong(out, value.length);
  out.ensure(value.length);
  out.bytes.set(value, out.at);
  out.at += value.length;
}

/** Room that putText takes at most for a text of this many characters. */
export function textRoom(length: number): number {
  return length * 3 + 5;
}

/** Lone surrogates become U+FFFD. */
export function putText(out: EncodeBuffer, text: string): void {
  out.ensure(textRoom(text.length));
  out.at = textInto(out.bytes, out.at, text);
}

/** For generated code: there is textRoom(). The length goes first, taken to be that of ASCII until shown otherwise. */
export function textInto(bytes: Uint8Array, at: number, text: string): number {
  const { length } = text;
  const from = at + varintSize(length);
  let end = from + length;
  let index = 0;
  if (length <= MAX_LOOP) {
    for (; index < length; index++) {
      const unit = text.charCodeAt(index);
      if (unit > 0x7f) break;
      bytes[from + index] = unit;
    }
  }
  if (index < length) {
    end = encodeUtf8Into(text, bytes, from);
    const shift = varintSize(end - from) - (from - at);
    if (shift > 0) bytes.copyWithin(from + shift, from, end);
    longInto(bytes, at, end - from);
    return end + shift;
  }
  longInto(bytes, at, length);
  return end;
}

function varintSize(length: number): number {
  return length < 64 ? 1 : length < 8192 ? 2 : length < 1_048_576 ? 3 : length < 134_217_728 ? 4 : 5;
}

/** Copies `length` bytes of text; above 127: they are not ASCII. */
export function copyText(from: Uint8Array, at: number, length: number, to: Uint8Array, toAt: number): number {
  let all = 0;
  if (length > 64) {
    to.set(from.subarray(at, at + length), toAt);
    for (let index = 0; index < length; index++) all |= from[at + index]!;
    return all;
  }
  for (let index = 0; index < length; index++) all |= to[toAt + index] = from[at + index]!;
  return all;
}
