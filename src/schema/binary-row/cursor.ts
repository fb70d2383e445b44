// Reading our own binary rows: a cursor that checks the end before every read. Bytes that are none of ours cost an error, not memory.
import { SchemaError } from "../schema-error.ts";

/** Shorter strings are put together by character; longer ones cost a call into the platform. */
const SHORT_TEXT = 12;
/** Looked up once: `Buffer` is a getter. */
const { utf8Slice } = Buffer.prototype;
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

export class BinaryCursor {
  bytes: Uint8Array = new Uint8Array(0);
  view = new DataView(this.bytes.buffer);
  at = 0;
  end = 0;
  /** Where the current value began, for messages. */
  start = 0;

  reset(bytes: Uint8Array, start: number, end: number): void {
    if (bytes !== this.bytes) {
      this.bytes = bytes;
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    if (!(start >= 0 && end <= bytes.length && start <= end))
      throw new RangeError(`[${start}, ${end}) is not within ${bytes.length} bytes.`);
    this.at = start;
    this.start = start;
    this.end = end;
  }

  /** Consumes `length` bytes and returns where they begin. */
  take(length: number): number {
    const { at } = this;
    if (length > this.end - at) throw this.truncated();
    this.at = at + length;
    return at;
  }

  byte(): number {
    return this.bytes[this.take(1)]!;
  }

  float64(): number {
    return this.view.getFloat64(this.take(8), true);
  }

  int32(): number {
    return this.view.getInt32(this.take(4), true);
  }

  int64(): bigint {
    return this.view.getBigInt64(this.take(8), true);
  }

  /** 0 … 2^32 − 1. */
  varint(): number {
    const { bytes, end } = this;
    let { at } = this;
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      if (at >= end) throw this.truncated();
      const byte = bytes[at++]!;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        this.at = at;
        return value >>> 0;
      }
    }
    throw this.bad("a length of at most 5 bytes");
  }

  /** Number of elements, each of which takes a byte at least. */
  count(): number {
    const count = this.varint();
    if (count > this.end - this.at) throw this.truncated();
    return count;
  }

  text(): string {
    const length = this.varint();
    const start = this.take(length);
    const { bytes } = this;
    if (length <= SHORT_TEXT) {
      let text = "";
      for (let at = start; at < start + length; at++) {
        const byte = bytes[at]!;
        if (byte >= 0x80) return decoder.decode(bytes.subarray(start, start + length));
        text += String.fromCharCode(byte);
      }
      return text;
    }
    return utf8Slice.call(bytes, start, start + length);
  }

  truncated(): SchemaError {
    return this.bad("more bytes");
  }

  bad(expected: string): SchemaError {
    return new SchemaError({ path: "", expected, got: `a binary row that breaks off or is damaged` }, this.at - this.start);
  }
}
