// Where readers of Avro's binary encoding stand: bytes and a position in the open, because generated code moves it itself. Nothing is
// allocated before it is known to be there: lengths are checked against the bytes that remain, items that take no bytes are counted.
import { utf8Sequence } from "../json/utf8.ts";
import { MAX_DEPTH } from "../mismatch.ts";
import { SchemaError } from "../schema-error.ts";
import { MAX_SHORT_TEXT, shortText } from "./short-text.ts";

/** Items without bytes (nulls, empty records) and values of defaults in one document, a few bytes could claim billions: so many, */
export const MAX_FREE_ITEMS = 16_384;
/** and so many more for each byte of it: an item that has bytes may lack fields that have defaults. */
const FREE_ITEMS_PER_BYTE = 4;
const TWO_27 = 2 ** 27;
/** Looked up once: `Buffer` is a getter. */
const { utf8Slice } = Buffer.prototype;
const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const NOTHING: Uint8Array = new Uint8Array(0);
const scratch = new DataView(new ArrayBuffer(8));
const scratchBytes = new Uint8Array(scratch.buffer);

export class AvroCursor {
  bytes: Uint8Array = NOTHING;
  /** Of `bytes`, for whoever reads many documents of one array: see share(). */
  view: DataView = new DataView(NOTHING.buffer);
  #viewOf = NOTHING;
  at = 0;
  end = 0;
  /** Of the document. */
  start = 0;
  /** Records of recursive types around the position. */
  depth = 0;
  /** Items so far that took no bytes. */
  freeItems = 0;

  reset(bytes: Uint8Array, at: number, end: number): void {
    this.bytes = bytes;
    this.at = at;
    this.start = at;
    this.end = end;
    this.depth = 0;
    this.freeItems = 0;
  }

  /** As reset(), with `view` set: costs only when `bytes` is another array than before. */
  share(bytes: Uint8Array, at: number, end: number): void {
    if (bytes !== this.#viewOf) {
      this.#viewOf = bytes;
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    this.reset(bytes, at, end);
  }

  fail(expected: string, got: string): never {
    throw new SchemaError({ path: "", expected, got }, Math.min(this.at, this.end));
  }

  /** Call at the end of a document. */
  finish(): void {
    if (this.at > this.end) this.fail("more bytes", "the end");
    if (this.at < this.end) this.fail("the end", `${this.end - this.at} bytes more`);
  }

  take(size: number): number {
    const from = this.at;
    if (size > this.end - from) this.fail(`${size} bytes`, `${Math.max(0, this.end - from)}`);
    this.at = from + size;
    return from;
  }

  boolean(): boolean {
    const byte = this.bytes[this.take(1)]!;
    if (byte > 1) this.fail("boolean (0 or 1)", "another byte");
    return byte === 1;
  }

  int(): number {
    const value = this.long();
    if (value !== (value | 0)) this.fail("int", "an integer beyond 32 bits");
    return value;
  }

  /** An integer within ±2^53. It may run over the end, which whoever asked for it finds: lengths and the whole document are checked. */
  long(): number {
    const { bytes, at } = this;
    const b0 = bytes[at]!;
    const b1 = bytes[at + 1]!;
    if (b0 < 128) {
      this.at = at + 1;
      return (b0 >>> 1) ^ -(b0 & 1);
    }
    if (b1 < 128) {
      this.at = at + 2;
      return zigzag((b0 & 127) | (b1 << 7));
    }
    const b2 = bytes[at + 2]!;
    const b3 = bytes[at + 3]!;
    if (b2 < 128) {
      this.at = at + 3;
      return zigzag((b0 & 127) | ((b1 & 127) << 7) | (b2 << 14));
    }
    const low = (b0 & 127) | ((b1 & 127) << 7) | ((b2 & 127) << 14) | ((b3 & 127) << 21);
    if (b3 < 128) {
      this.at = at + 4;
      return zigzag(low);
    }
    const b4 = bytes[at + 4]!;
    const b5 = bytes[at + 5]!;
    if (b4 < 128) {
      this.at = at + 5;
      return wide(low, b4);
    }
    if (b5 < 128) {
      this.at = at + 6;
      return wide(low, (b4 & 127) | (b5 << 7));
    }
    return this.#longer(low, (b4 & 127) | ((b5 & 127) << 7), at + 6);
  }

  /** From the seventh byte on. */
  #longer(low: number, from: number, at: number): number {
    let high = from;
    for (let scale = 2 ** 14, index = 6; index < 10; scale *= 128, index++) {
      if (at >= this.end) this.fail("a varint", "the end");
      const byte = this.bytes[at++]!;
      high += (byte & 127) * scale;
      if (byte > 127) continue;
      const value = wide(low, high);
      if (index === 9 && byte > 1) break;
      if (!Number.isSafeInteger(value)) this.fail("long within ±2^53 (t.bigint() holds more)", "a larger one");
      this.at = at;
      return value;
    }
    return this.fail("a varint of 64 bits", "a longer one");
  }

  /** The nearest double to an integer of 64 bits. */
  nearest(): number {
    let { at } = this;
    for (let index = 0; index < 7; index++) if ((this.bytes[at++] ?? 0) <= 0x7f) return this.long();
    return Number(this.bigint());
  }

  bigint(): bigint {
    let value = 0n;
    let at = this.at;
    for (let shift = 0n; ; shift += 7n) {
      if (at >= this.end) this.fail("a varint", "the end");
      const byte = this.bytes[at++]!;
      if (shift === 63n && byte > 1) this.fail("a varint of 64 bits", "a longer one");
      value |= BigInt(byte & 0x7f) << shift;
      if (byte <= 0x7f) break;
    }
    this.at = at;
    return (value >> 1n) ^ -(value & 1n);
  }

  float(): number {
    const at = this.take(4);
    for (let index = 0; index < 4; index++) scratchBytes[index] = this.bytes[at + index]!;
    return scratch.getFloat32(0, true);
  }

  double(): number {
    const at = this.take(8);
    for (let index = 0; index < 8; index++) scratchBytes[index] = this.bytes[at + index]!;
    return scratch.getFloat64(0, true);
  }

  /** The length of a string or of bytes: they are all there. `at` is where they begin. */
  length(): number {
    const length = this.long();
    if (length < 0) this.fail("a length", "a negative one");
    if (length > this.end - this.at) this.#tooFew(`${length} bytes`, "");
    return length;
  }

  /** Fewer bytes remain than a length or a count asks for, unless it is itself cut off: then it means nothing. */
  #tooFew(expected: string, unit: string): never {
    if (this.at > this.end) this.fail("a varint", "the end");
    this.fail(expected, `${this.end - this.at}${unit}`);
  }

  string(): string {
    const length = this.length();
    const { at } = this;
    if (length <= MAX_SHORT_TEXT) {
      const text = shortText(this.bytes, at, length);
      if (text !== undefined) {
        this.at = at + length;
        return text;
      }
    }
    return this.longText(length);
  }

  /** The platform puts U+FFFD where there is no UTF-8; only then it is looked at closely. */
  longText(length: number): string {
    const { bytes, at } = this;
    const end = at + length;
    const text = utf8Slice.call(bytes, at, end);
    this.at = end;
    if (!text.includes("\ufffd")) return text;
    this.at = at;
    const strict = this.#utf8(at, end);
    this.at = end;
    return strict;
  }

  #utf8(at: number, end: number): string {
    try {
      return strictUtf8.decode(this.bytes.subarray(at, end));
    } catch {
      return this.fail("UTF-8", "bytes that are none");
    }
  }

  /** Fails unless the next `length` bytes, which are there, are UTF-8. */
  checkUtf8(length: number): void {
    const end = this.at + length;
    for (let index = this.at; index < end;) {
      const size = this.bytes[index]! < 0x80 ? 1 : utf8Sequence(this.bytes, index, end);
      if (size === 0) this.fail("UTF-8", "bytes that are none");
      index += size;
    }
  }

  /** A copy. */
  byteString(): Uint8Array {
    return this.fixed(this.length());
  }

  /** A copy. */
  fixed(size: number): Uint8Array {
    const at = this.take(size);
    return Uint8Array.prototype.slice.call(this.bytes, at, at + size);
  }

  /** The number of items of the next block of an array or map whose items take `itemBytes` at least; 0: the end. */
  block(itemBytes: number): number {
    let count = this.long();
    if (count < 0) {
      count = -count;
      this.length();
    }
    if (itemBytes === 0) this.free(count);
    else if (count > (this.end - this.at) / itemBytes) this.#tooFew(`${count} items`, " bytes");
    return count;
  }

  /** Counts items that take no bytes. */
  free(items: number): void {
    const most = MAX_FREE_ITEMS + FREE_ITEMS_PER_BYTE * (this.end - this.start);
    if ((this.freeItems += items) > most) this.fail(`at most ${most} values without bytes of their own`, "more");
  }

  enter(): void {
    if (++this.depth > MAX_DEPTH) this.fail(`at most ${MAX_DEPTH} levels`, "more");
  }

  /** Moves over an array or map; blocks with a size are jumped over. `skip`: over an item. */
  skipBlocks(itemBytes: number, skip: (cursor: AvroCursor) => void): void {
    for (;;) {
      let count = this.long();
      if (count === 0) return;
      if (count < 0) {
        this.take(this.length());
        continue;
      }
      if (itemBytes === 0) {
        this.free(count);
        continue;
      }
      if (count > (this.end - this.at) / itemBytes) this.#tooFew(`${count} items`, " bytes");
      for (; count > 0; count--) skip(this);
    }
  }
}

function zigzag(bits: number): number {
  return (bits >>> 1) ^ -(bits & 1);
}

/** 28 bits and what is above them. */
function wide(low: number, high: number): number {
  const half = high * TWO_27 + (low >>> 1);
  return (low & 1) === 0 ? half : -half - 1;
}
