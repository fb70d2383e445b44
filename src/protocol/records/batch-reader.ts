// A cursor over the records of one uncompressed batch (decompress.ts makes one of a compressed batch). next() moves plain number fields and
// allocates nothing; keys, values and headers become objects only when asked for. Malformed records throw a FrameError.
import { FrameError } from "../../bytes/frame-error.ts";
import { ByteReader } from "../../bytes/reader.ts";
import {
  ATTRIBUTES_AT,
  BASE_OFFSET_AT,
  BASE_TIMESTAMP_AT,
  BATCH_HEADER_BYTES,
  compressionCodeOf,
  int16At,
  int32At,
  int64At,
  LOG_APPEND_TIME_FLAG,
  MAGIC,
  MAGIC_AT,
  MAX_TIMESTAMP_AT,
  RECORD_COUNT_AT,
  wholeBatchSizeAt,
} from "./batch-header.ts";
import type { RecordHeader } from "./batch-writer.ts";

const TWO_32 = 4294967296;
const NOTHING = new Uint8Array(0);

export class BatchReader {
  // The record under the cursor. NaN at first, so that V8 keeps both as raw doubles and stores do not allocate.
  offset = Number.NaN;
  /** Milliseconds; −1 if the producer gave none. */
  timestamp = Number.NaN;
  /** −1 for a null key. */
  keyStart = -1;
  keyEnd = -1;
  /** −1 for a null value. */
  valueStart = -1;
  valueEnd = -1;

  #bytes: Uint8Array = NOTHING;
  #at = 0;
  #end = 0;
  #left = 0;
  #headersAt = 0;
  #recordEnd = 0;
  #attributes = 0;
  #baseOffset = Number.NaN;
  #baseTimestamp = Number.NaN;
  #appendTime = Number.NaN;
  #hasAppendTime = false;

  /** Points the cursor before the first record of the whole, uncompressed batch at `at`; returns the position after the batch. */
  reset(bytes: Uint8Array, at = 0): number {
    const sizeBytes = wholeBatchSizeAt(bytes, at);
    if (sizeBytes === 0) throw new FrameError("TRUNCATED", `No whole record batch starts at byte ${at} of ${bytes.length}.`);
    if (bytes[at + MAGIC_AT] !== MAGIC)
      throw new FrameError("OUT_OF_RANGE", `A batch of magic ${bytes[at + MAGIC_AT]}: only ${MAGIC} can be read.`);
    const attributes = int16At(bytes, at + ATTRIBUTES_AT);
    if (compressionCodeOf(attributes) !== 0)
      throw new FrameError("OUT_OF_RANGE", `The batch at byte ${at} is compressed: decompress it first.`);
    this.#bytes = bytes;
    this.#attributes = attributes;
    this.#at = at + BATCH_HEADER_BYTES;
    this.#end = at + sizeBytes;
    this.#left = int32At(bytes, at + RECORD_COUNT_AT);
    this.#baseOffset = int64At(bytes, at + BASE_OFFSET_AT);
    this.#baseTimestamp = int64At(bytes, at + BASE_TIMESTAMP_AT);
    this.#hasAppendTime = (attributes & LOG_APPEND_TIME_FLAG) !== 0;
    this.#appendTime = int64At(bytes, at + MAX_TIMESTAMP_AT);
    return this.#end;
  }

  /** The bytes that keyStart … valueEnd are positions in. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  get attributes(): number {
    return this.#attributes;
  }

  /** Records not yet read. */
  get remaining(): number {
    return this.#left;
  }

  /** Moves to the next record; false after the last. */
  next(): boolean {
    if (this.#left <= 0) {
      if (this.#at !== this.#end) throw this.#malformed("bytes follow its last record");
      return false;
    }
    this.#left--;
    const length = this.#varint();
    const recordEnd = this.#at + length;
    if (length < 0 || recordEnd > this.#end) throw this.#malformed(`a record of ${length} bytes does not fit`);
    this.#at++; // attributes
    const timestampDelta = this.#varlong();
    this.timestamp = this.#hasAppendTime ? this.#appendTime : this.#baseTimestamp + timestampDelta;
    this.offset = this.#baseOffset + this.#varint();
    const keyLength = this.#varint();
    if (keyLength < 0) {
      this.keyStart = -1;
      this.keyEnd = -1;
    } else {
      this.keyStart = this.#at;
      this.keyEnd = this.#at += keyLength;
    }
    if (this.#at >= recordEnd) throw this.#malformed(`a key of ${keyLength} bytes does not fit`);
    const valueLength = this.#varint();
    if (valueLength < 0) {
      this.valueStart = -1;
      this.valueEnd = -1;
    } else {
      this.valueStart = this.#at;
      this.valueEnd = this.#at += valueLength;
    }
    if (this.#at >= recordEnd) throw this.#malformed(`a value of ${valueLength} bytes does not fit`);
    this.#headersAt = this.#at;
    this.#recordEnd = recordEnd;
    this.#at = recordEnd;
    return true;
  }

  /** A view of the key, or null. */
  key(): Uint8Array | null {
    return this.keyStart < 0 ? null : this.#bytes.subarray(this.keyStart, this.keyEnd);
  }

  /** A view of the value, or null. */
  value(): Uint8Array | null {
    return this.valueStart < 0 ? null : this.#bytes.subarray(this.valueStart, this.valueEnd);
  }

  /** Of the record under the cursor. */
  get hasHeaders(): boolean {
    return this.#bytes[this.#headersAt] !== 0;
  }

  /** The headers of the record under the cursor; values are views. */
  headers(): RecordHeader[] {
    const r = new ByteReader(this.#bytes, this.#headersAt, this.#recordEnd);
    const count = r.varint();
    if (count < 0 || count * 2 > r.remaining) throw this.#malformed(`${count} headers do not fit`);
    const headers: RecordHeader[] = [];
    for (let index = 0; index < count; index++) {
      const key = r.string(r.varint());
      const length = r.varint();
      headers.push({ key, value: length < 0 ? null : r.bytes(length) });
    }
    if (r.remaining > 0) throw this.#malformed("bytes follow its last header");
    return headers;
  }

  #varint(): number {
    const bytes = this.#bytes;
    let at = this.#at;
    let byte = bytes[at++]!;
    let bits = byte & 0x7f;
    for (let shift = 7; byte >= 0x80; shift += 7) {
      if (shift > 28 || at >= this.#end) throw this.#malformed("a varint does not end");
      byte = bytes[at++]!;
      bits |= (byte & 0x7f) << shift;
    }
    this.#at = at;
    return (bits >>> 1) ^ -(bits & 1);
  }

  #varlong(): number {
    const byte = this.#bytes[this.#at]!;
    if (byte < 0x80) {
      this.#at++;
      return (byte >>> 1) ^ -(byte & 1);
    }
    return this.#longVarlong();
  }

  #longVarlong(): number {
    const bytes = this.#bytes;
    let at = this.#at;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (at >= this.#end) break;
      const byte = bytes[at++]!;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (shift - 32);
      if (byte < 0x80) {
        this.#at = at;
        const sign = -(low & 1);
        return ((high >>> 1) ^ sign) * TWO_32 + ((((low >>> 1) | (high << 31)) ^ sign) >>> 0);
      }
    }
    throw this.#malformed("a varlong does not end");
  }

  #malformed(reason: string): FrameError {
    return new FrameError("BAD_LENGTH", `The record batch that ends at byte ${this.#end} is malformed near byte ${this.#at}: ${reason}.`);
  }
}
