// A cursor over bytes somebody else sent. Big-endian, as Kafka's protocol. Every read checks the end first and throws a FrameError:
// no read passes `end`, whatever the bytes say. Reusable (`reset`) so that a hot loop keeps one.
import { FrameError } from "./frame-error.ts";

const TWO_32 = 4294967296;
const SHORT_STRING_BYTES = 24;
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

export class ByteReader {
  #bytes: Uint8Array;
  #end: number;
  /** The next byte to read; may be moved within [0, end]. */
  at: number;

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    checkRange(bytes, at, end);
    this.#bytes = bytes;
    this.at = at;
    this.#end = end;
  }

  /** Points the reader at other bytes. */
  reset(bytes: Uint8Array, at = 0, end = bytes.length): this {
    checkRange(bytes, at, end);
    this.#bytes = bytes;
    this.at = at;
    this.#end = end;
    return this;
  }

  /** The bytes below the cursor, for those who need offsets instead of values. */
  get buffer(): Uint8Array {
    return this.#bytes;
  }

  get end(): number {
    return this.#end;
  }

  get remaining(): number {
    return this.#end - this.at;
  }

  int8(): number {
    const at = this.#take(1);
    return (this.#bytes[at]! << 24) >> 24;
  }

  uint8(): number {
    return this.#bytes[this.#take(1)]!;
  }

  boolean(): boolean {
    return this.#bytes[this.#take(1)] !== 0;
  }

  int16(): number {
    const at = this.#take(2);
    return ((this.#bytes[at]! << 24) >> 16) | this.#bytes[at + 1]!;
  }

  uint16(): number {
    const at = this.#take(2);
    return (this.#bytes[at]! << 8) | this.#bytes[at + 1]!;
  }

  int32(): number {
    return readInt32(this.#bytes, this.#take(4));
  }

  uint32(): number {
    return readInt32(this.#bytes, this.#take(4)) >>> 0;
  }

  /** Exact within ±2^53; rounded to the nearest double beyond (int64Big is always exact). */
  int64(): number {
    const at = this.#take(8);
    return readInt32(this.#bytes, at) * TWO_32 + (readInt32(this.#bytes, at + 4) >>> 0);
  }

  int64Big(): bigint {
    const at = this.#take(8);
    return (BigInt(readInt32(this.#bytes, at)) << 32n) | BigInt(readInt32(this.#bytes, at + 4) >>> 0);
  }

  float64(): number {
    const at = this.#take(8);
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset + at, 8).getFloat64(0);
  }

  /** 0 … 2^32 − 1. Bits of a fifth byte beyond 32 are dropped, as Kafka does; a sixth byte is an error. */
  unsignedVarint(): number {
    const bytes = this.#bytes;
    let at = this.at;
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      if (at >= this.#end) throw truncated(1, 0, at);
      const byte = bytes[at++]!;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        this.at = at;
        return value >>> 0;
      }
    }
    throw new FrameError("BAD_VARINT", `A varint at byte ${this.at} is longer than 5 bytes.`);
  }

  /** Zigzag, int32. */
  varint(): number {
    const bits = this.unsignedVarint();
    return (bits >>> 1) ^ -(bits & 1);
  }

  /** Zigzag, int64 as a number: exact within ±2^53, rounded beyond. */
  varlong(): number {
    const bytes = this.#bytes;
    let at = this.at;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (at >= this.#end) throw truncated(1, 0, at);
      const byte = bytes[at++]!;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (shift - 32);
      if (byte < 0x80) {
        this.at = at;
        const sign = -(low & 1);
        return ((high >>> 1) ^ sign) * TWO_32 + ((((low >>> 1) | (high << 31)) ^ sign) >>> 0);
      }
    }
    throw new FrameError("BAD_VARINT", `A varlong at byte ${this.at} is longer than 10 bytes.`);
  }

  /** A view of the next `length` bytes: not a copy. */
  bytes(length: number): Uint8Array {
    const at = this.#takeMany(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** The next `length` bytes as UTF-8; malformed sequences become U+FFFD. */
  string(length: number): string {
    const at = this.#takeMany(length);
    const end = at + length;
    if (length <= SHORT_STRING_BYTES) {
      const bytes = this.#bytes;
      let text = "";
      let position = at;
      for (; position < end; position++) {
        const byte = bytes[position]!;
        if (byte >= 0x80) break;
        text += String.fromCharCode(byte);
      }
      if (position === end) return text;
    }
    return decoder.decode(this.#bytes.subarray(at, end));
  }

  skip(length: number): void {
    this.#takeMany(length);
  }

  #take(length: number): number {
    const at = this.at;
    if (at + length > this.#end) throw truncated(length, this.#end - at, at);
    this.at = at + length;
    return at;
  }

  #takeMany(length: number): number {
    if (!(length >= 0)) throw new FrameError("BAD_LENGTH", `A length of ${length} before byte ${this.at} is negative.`);
    return this.#take(length);
  }
}

function checkRange(bytes: Uint8Array, at: number, end: number): void {
  if (at < 0 || end > bytes.length || at > end) throw new RangeError(`[${at}, ${end}) is not within the ${bytes.length} bytes given.`);
}

function readInt32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

function truncated(wanted: number, remaining: number, at: number): FrameError {
  return new FrameError("TRUNCATED", `The frame ends too early: ${wanted} bytes wanted at byte ${at}, ${remaining} remain.`);
}
