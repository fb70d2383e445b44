// Writes the primitives of Protobuf's wire format where there is room for them: for generated code.
import { encodeUtf8Into } from "../encode-buffer.ts";

const TWO_32 = 2 ** 32;
const TWO_28 = 2 ** 28;

/** An integer within ±2^53 as a varint of 64 bits: up to 10 bytes. Returns the position after it. */
export function varintInto(bytes: Uint8Array, at: number, value: number): number {
  if (value < 0) return negativeInto(bytes, at, value);
  let rest = value;
  if (rest >= TWO_28) {
    let low = rest % TWO_28;
    rest = Math.floor(rest / TWO_28);
    for (let group = 0; group < 4; group++) {
      bytes[at++] = (low & 0x7f) | 0x80;
      low >>>= 7;
    }
  }
  for (; rest > 0x7f; rest >>>= 7) bytes[at++] = (rest & 0x7f) | 0x80;
  bytes[at++] = rest;
  return at;
}

/** Two's complement: ten bytes. */
function negativeInto(bytes: Uint8Array, at: number, value: number): number {
  let low = (value % TWO_32) >>> 0;
  let high = Math.floor(value / TWO_32) >>> 0;
  for (let group = 0; group < 4; group++) {
    bytes[at++] = (low & 0x7f) | 0x80;
    low >>>= 7;
  }
  bytes[at++] = (low & 0x0f) | ((high & 7) << 4) | 0x80;
  high >>>= 3;
  for (let group = 0; group < 4; group++) {
    bytes[at++] = (high & 0x7f) | 0x80;
    high >>>= 7;
  }
  bytes[at++] = high & 0x7f;
  return at;
}

/** Writes the length of what lies between the byte at `start`, which was left for it, and `end`; there is room for 4 bytes more. */
export function sizeInto(bytes: Uint8Array, start: number, end: number): number {
  const size = end - start - 1;
  const more = size < 0x80 ? 0 : size < 0x4000 ? 1 : size < 0x200000 ? 2 : size < 0x10000000 ? 3 : 4;
  if (more > 0) bytes.copyWithin(start + 1 + more, start + 1, end);
  varintInto(bytes, start, size);
  return end + more;
}

/** There is room for three bytes a character and 5 more. The length goes first, taken to be that of ASCII until shown otherwise. */
export function protoTextInto(bytes: Uint8Array, at: number, text: string): number {
  const { length } = text;
  if (length < 43) {
    // Its length takes one byte, whatever it is made of.
    const end = encodeUtf8Into(text, bytes, at + 1);
    bytes[at] = end - at - 1;
    return end;
  }
  const from = varintInto(bytes, at, length);
  const end = encodeUtf8Into(text, bytes, from);
  if (end - from === length) return end;
  bytes.copyWithin(at + 1, from, end);
  return sizeInto(bytes, at, end - (from - at) + 1);
}
