// Where readers of Protobuf's wire format stand. Nothing is allocated before its bytes are known to be there; groups that are skipped are
// counted as levels.
import { AvroCursor } from "../avro/avro-cursor.ts";
import { MAX_SHORT_TEXT, shortText } from "../avro/short-text.ts";
import { SchemaError } from "../schema-error.ts";

export const WIRE = { varint: 0, fixed64: 1, bytes: 2, group: 3, endGroup: 4, fixed32: 5 } as const;
const LOOSE = new TextDecoder("utf-8", { ignoreBOM: true });
const TWO_28 = 2 ** 28;
const TWO_32 = 2 ** 32;

/** Texts, bytes, floats and budgets are those of any document; varints are Protobuf's. */
export class ProtoCursor extends AvroCursor {
  /** The last varint: its low and high 32 bits, unsigned. */
  low = 0;
  high = 0;

  /** Reads a varint of up to 64 bits into low and high. */
  varint(): void {
    const { bytes, end } = this;
    let { at } = this;
    let low = 0;
    let high = 0;
    for (let index = 0; index < 10; index++) {
      if (at >= end) this.fail("a varint", "the end");
      const byte = bytes[at++]!;
      if (index < 4) low |= (byte & 0x7f) << (7 * index);
      else if (index === 4) {
        low |= (byte & 0x0f) << 28;
        high = (byte & 0x7f) >>> 4;
      } else high |= (byte & 0x7f) << (7 * index - 32);
      if (byte < 0x80) {
        this.at = at;
        this.low = low >>> 0;
        this.high = high >>> 0;
        return;
      }
    }
    this.fail("a varint of 64 bits", "a longer one");
  }

  /** A signed varint within ±2^53. */
  int64(): number {
    const { bytes, at, end } = this;
    const b0 = bytes[at]!;
    const b1 = bytes[at + 1]!;
    const b2 = bytes[at + 2]!;
    const b3 = bytes[at + 3]!;
    const b4 = bytes[at + 4]!;
    const b5 = bytes[at + 5]!;
    const low = (b0 & 127) | ((b1 & 127) << 7) | ((b2 & 127) << 14) | ((b3 & 127) << 21);
    if (at + 6 <= end && (b0 & b1 & b2 & b3) > 127) {
      if (b4 < 128) {
        this.at = at + 5;
        return low + b4 * TWO_28;
      }
      if (b5 < 128) {
        this.at = at + 6;
        return low + ((b4 & 127) | (b5 << 7)) * TWO_28;
      }
    }
    this.varint();
    return this.safe(true);
  }

  fixed64Bits(): void {
    this.low = this.fixed32();
    this.high = this.fixed32();
  }

  fixed32(): number {
    const at = this.take(4);
    const { bytes } = this;
    return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
  }

  /** 32 bits; what is above them is dropped, as Protobuf does. */
  int32(): number {
    this.varint();
    return this.low | 0;
  }

  uint32(): number {
    this.varint();
    return this.low;
  }

  sint32(): number {
    this.varint();
    return (this.low >>> 1) ^ -(this.low & 1);
  }

  bool(): boolean {
    this.varint();
    return this.low !== 0 || this.high !== 0;
  }

  /** low and high as a signed or unsigned integer within ±2^53. */
  safe(signed: boolean): number {
    const value = (signed ? this.high | 0 : this.high) * TWO_32 + this.low;
    if (!Number.isSafeInteger(value)) this.fail("long within ±2^53 (t.bigint() holds more)", "a larger one");
    return value;
  }

  /** low and high as a signed integer. Unsigned ones beyond 2^63 are refused. */
  big(signed: boolean): bigint {
    if (!signed && this.high > 0x7fffffff) this.fail("an integer of 64 bits with a sign", "a larger one");
    return (BigInt(this.high | 0) << 32n) | BigInt(this.low);
  }

  /** Undoes zigzag in low and high. */
  unzigzag(): void {
    const mask = -(this.low & 1);
    this.low = (((this.low >>> 1) | (this.high << 31)) ^ mask) >>> 0;
    this.high = ((this.high >>> 1) ^ mask) >>> 0;
  }

  /** A field's number and wire type. */
  tag(): number {
    this.varint();
    if (this.high !== 0 || this.low >>> 3 === 0) this.fail("a field's number", "0, or a larger one");
    return this.low;
  }

  /** The length of what follows; all of it is there. */
  size(): number {
    this.varint();
    if (this.high !== 0 || this.low > this.end - this.at) this.fail(`${this.low} bytes`, `${this.end - this.at}`);
    return this.low;
  }

  text(): string {
    const length = this.size();
    if (length <= MAX_SHORT_TEXT) {
      const text = shortText(this.bytes, this.at, length);
      if (text !== undefined) {
        this.at += length;
        return text;
      }
    }
    return this.longText(length);
  }

  /** As text(); what is no UTF-8 becomes U+FFFD. */
  looseText(): string {
    const { at } = this;
    try {
      return this.text();
    } catch (error) {
      if (!(error instanceof SchemaError)) throw error;
      this.at = at;
      const length = this.size();
      const start = this.at;
      this.at += length;
      return LOOSE.decode(this.bytes.subarray(start, this.at));
    }
  }

  /** Moves over a field of which `tag` was read. */
  skip(tag: number): void {
    switch (tag & 7) {
      case WIRE.varint:
        return this.varint();
      case WIRE.fixed64:
        return void this.take(8);
      case WIRE.bytes:
        return void this.take(this.size());
      case WIRE.fixed32:
        return void this.take(4);
      case WIRE.group:
        return this.#skipGroup(tag >>> 3);
      default:
        return this.fail("a field", tag & 1 ? `the wire type ${tag & 7}` : "the end of a group that did not begin");
    }
  }

  #skipGroup(number: number): void {
    this.enter();
    for (;;) {
      const tag = this.tag();
      if ((tag & 7) === WIRE.endGroup) {
        if (tag >>> 3 !== number) this.fail(`the end of group ${number}`, `that of ${tag >>> 3}`);
        break;
      }
      this.skip(tag);
    }
    this.depth--;
  }
}
