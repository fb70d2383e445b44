// Bytes for somebody else: a growing buffer, big-endian, with the same names as ByteReader. Numbers are checked against the width of
// their field: a value that does not fit is a programmer's error (FrameError OUT_OF_RANGE), never silently cut.
import { FrameError } from "./frame-error.ts";
import { writeUnsignedVarint, writeVarint, writeVarlong, writeVarlongBig } from "./varint.ts";

const TWO_32 = 4294967296;
/** The largest buffer a writer grows to unless told otherwise: Kafka's frames have int32 lengths. */
const MAX_BYTES = 0x7fffffff;
const SHORT_STRING = 48;
const encoder = new TextEncoder();

export class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #at = 0;
  readonly #maxBytes: number;

  constructor(initialBytes = 256, maxBytes = MAX_BYTES) {
    this.#bytes = new Uint8Array(Math.max(16, initialBytes));
    this.#maxBytes = maxBytes;
  }

  /** Bytes written so far; also the position of the next one. */
  get length(): number {
    return this.#at;
  }

  int8(value: number): void {
    checkInteger(value, -0x80, 0x7f);
    this.ensure(1);
    this.#bytes[this.#at++] = value;
  }

  uint8(value: number): void {
    checkInteger(value, 0, 0xff);
    this.ensure(1);
    this.#bytes[this.#at++] = value;
  }

  boolean(value: boolean): void {
    this.ensure(1);
    this.#bytes[this.#at++] = value ? 1 : 0;
  }

  int16(value: number): void {
    checkInteger(value, -0x8000, 0x7fff);
    this.#word16(value);
  }

  uint16(value: number): void {
    checkInteger(value, 0, 0xffff);
    this.#word16(value);
  }

  int32(value: number): void {
    if ((value | 0) !== value) throw outOfRange(value, -0x80000000, 0x7fffffff);
    this.ensure(4);
    this.#at = putInt32(this.#bytes, this.#at, value);
  }

  uint32(value: number): void {
    if (value >>> 0 !== value) throw outOfRange(value, 0, 0xffffffff);
    this.ensure(4);
    this.#at = putInt32(this.#bytes, this.#at, value);
  }

  /** A safe integer. */
  int64(value: number): void {
    checkInteger(value, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    this.ensure(8);
    putInt32(this.#bytes, this.#at, Math.floor(value / TWO_32));
    this.#at = putInt32(this.#bytes, this.#at + 4, value);
  }

  int64Big(value: bigint): void {
    if (BigInt.asIntN(64, value) !== value) throw new FrameError("OUT_OF_RANGE", `${value} is not an int64.`);
    this.ensure(8);
    putInt32(this.#bytes, this.#at, Number(value >> 32n));
    this.#at = putInt32(this.#bytes, this.#at + 4, Number(value & 0xffffffffn));
  }

  float64(value: number): void {
    this.ensure(8);
    new DataView(this.#bytes.buffer, this.#at, 8).setFloat64(0, value);
    this.#at += 8;
  }

  /** 0 … 2^32 − 1. */
  unsignedVarint(value: number): void {
    if (value >>> 0 !== value) throw outOfRange(value, 0, 0xffffffff);
    this.ensure(5);
    this.#at = writeUnsignedVarint(this.#bytes, this.#at, value);
  }

  /** Zigzag, int32. */
  varint(value: number): void {
    if ((value | 0) !== value) throw outOfRange(value, -0x80000000, 0x7fffffff);
    this.ensure(5);
    this.#at = writeVarint(this.#bytes, this.#at, value);
  }

  /** Zigzag, a safe integer. */
  varlong(value: number): void {
    checkInteger(value, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    this.ensure(10);
    this.#at = writeVarlong(this.#bytes, this.#at, value);
  }

  varlongBig(value: bigint): void {
    if (BigInt.asIntN(64, value) !== value) throw new FrameError("OUT_OF_RANGE", `${value} is not an int64.`);
    this.ensure(10);
    this.#at = writeVarlongBig(this.#bytes, this.#at, value);
  }

  /** Copies `value[start, end)`. */
  bytes(value: Uint8Array, start = 0, end = value.length): void {
    const length = end - start;
    this.ensure(length);
    if (start === 0 && end === value.length) this.#bytes.set(value, this.#at);
    else if (length < 32) for (let i = 0; i < length; i++) this.#bytes[this.#at + i] = value[start + i]!;
    else this.#bytes.set(value.subarray(start, end), this.#at);
    this.#at += length;
  }

  /** UTF-8 without a length; returns the number of bytes (utf8Length says it beforehand). Lone surrogates become U+FFFD. */
  string(value: string): number {
    this.ensure(value.length * 3);
    const bytes = this.#bytes;
    const start = this.#at;
    if (value.length <= SHORT_STRING) {
      let index = 0;
      for (; index < value.length; index++) {
        const unit = value.charCodeAt(index);
        if (unit >= 0x80) break;
        bytes[start + index] = unit;
      }
      if (index === value.length) {
        this.#at = start + index;
        return index;
      }
    }
    const { written } = encoder.encodeInto(value, bytes.subarray(start));
    this.#at = start + written;
    return written;
  }

  /** Leaves `length` zero bytes and returns their position, for a later patch. */
  reserve(length: number): number {
    this.ensure(length);
    const at = this.#at;
    this.#bytes.fill(0, at, at + length);
    this.#at += length;
    return at;
  }

  patchInt32(at: number, value: number): void {
    if (at < 0 || at + 4 > this.#at) throw new RangeError(`Bytes ${at} to ${at + 3} are not written yet (length ${this.#at}).`);
    if ((value | 0) !== value) throw outOfRange(value, -0x80000000, 0x7fffffff);
    putInt32(this.#bytes, at, value);
  }

  /** Makes room for `length` more bytes. */
  ensure(length: number): void {
    const wanted = this.#at + length;
    if (wanted > this.#bytes.length) this.#grow(wanted);
  }

  /** A view of what was written: valid until the next write or reset(). */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#at);
  }

  /** What was written, given away: the writer starts again with a new buffer and never touches these bytes. */
  take(): Uint8Array<ArrayBuffer> {
    const view = this.finish();
    this.#bytes = new Uint8Array(Math.max(16, Math.min(this.#at, 64 * 1024)));
    this.#at = 0;
    return view;
  }

  /** Starts again in the same buffer. */
  reset(): void {
    this.#at = 0;
  }

  #word16(value: number): void {
    this.ensure(2);
    this.#bytes[this.#at] = value >> 8;
    this.#bytes[this.#at + 1] = value;
    this.#at += 2;
  }

  #grow(wanted: number): void {
    if (wanted > this.#maxBytes) throw new FrameError("TOO_LARGE", `A frame of ${wanted} bytes is over the limit of ${this.#maxBytes}.`);
    const bytes = new Uint8Array(Math.min(this.#maxBytes, Math.max(wanted, this.#bytes.length * 2)));
    bytes.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = bytes;
  }
}

/** Bytes that `value` takes as UTF-8, lone surrogates counted as U+FFFD. */
export function utf8Length(value: string): number {
  let length = value.length;
  for (let index = 0; index < value.length; index++) {
    const unit = value.charCodeAt(index);
    if (unit < 0x80) continue;
    if (unit < 0x800) length += 1;
    else if (unit >= 0xd800 && unit < 0xdc00 && isLowSurrogate(value, index + 1)) {
      length += 2; // two units, four bytes
      index++;
    } else length += 2;
  }
  return length;
}

function isLowSurrogate(value: string, index: number): boolean {
  const unit = value.charCodeAt(index); // NaN at the end: false
  return unit >= 0xdc00 && unit < 0xe000;
}

function putInt32(bytes: Uint8Array, at: number, value: number): number {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
  return at + 4;
}

function checkInteger(value: number, min: number, max: number): void {
  if (!(value >= min && value <= max && Number.isInteger(value))) throw outOfRange(value, min, max);
}

function outOfRange(value: number, min: number, max: number): FrameError {
  return new FrameError("OUT_OF_RANGE", `${value} is not an integer between ${min} and ${max}.`);
}
