// Writing binary rows: lengths as unsigned varints, numbers little-endian and of fixed size, text as UTF-8 after its length in bytes.
import type { EncodeBuffer } from "../encode-buffer.ts";
import { encodeUtf8Into } from "../encode-buffer.ts";

const MAX_VARINT_BYTES = 5;

/** `room`: bytes to have left after it. */
export function putText(out: EncodeBuffer, text: string, room = 0): void {
  out.ensure(text.length * 3 + MAX_VARINT_BYTES + room);
  const { at, bytes } = out;
  const guess = varintSize(text.length);
  const end = encodeUtf8Into(text, bytes, at + guess);
  const length = end - at - guess;
  const size = varintSize(length);
  if (size !== guess) bytes.copyWithin(at + size, at + guess, end);
  writeVarint(bytes, at, length);
  out.at = at + size + length;
}

export function putUtf8(out: EncodeBuffer, text: Uint8Array, start: number, end: number): void {
  const length = end - start;
  out.ensure(length + MAX_VARINT_BYTES);
  let at = writeVarint(out.bytes, out.at, length);
  if (length < 32) for (let index = start; index < end; index++) out.bytes[at++] = text[index]!;
  else {
    out.bytes.set(text.subarray(start, end), at);
    at += length;
  }
  out.at = at;
}

export function putVarint(out: EncodeBuffer, value: number): void {
  out.ensure(MAX_VARINT_BYTES);
  out.at = writeVarint(out.bytes, out.at, value);
}

export function putByte(out: EncodeBuffer, value: number): void {
  out.ensure(1);
  out.bytes[out.at++] = value;
}

export function putFloat64(out: EncodeBuffer, value: number): void {
  out.ensure(8);
  out.view.setFloat64(out.at, value, true);
  out.at += 8;
}

export function putInt32(out: EncodeBuffer, value: number): void {
  out.ensure(4);
  out.view.setInt32(out.at, value, true);
  out.at += 4;
}

export function putInt64(out: EncodeBuffer, value: bigint): void {
  out.ensure(8);
  out.view.setBigInt64(out.at, value, true);
  out.at += 8;
}

function varintSize(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : value < 0x10000000 ? 4 : 5;
}

function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let rest = value;
  while (rest >= 0x80) {
    bytes[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[at++] = rest;
  return at;
}
