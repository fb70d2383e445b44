// Builds one record batch (magic 2, KIP-98) in a buffer that is kept from batch to batch. Appending a record copies its bytes and allocates
// nothing. Invariant: after n appends the buffer holds a header to be and n whole records; finish() fills in the header.
import { sizeOfVarint, sizeOfVarlong, writeVarint, writeVarlong } from "../../bytes/varint.ts";
import { utf8Length } from "../../bytes/writer.ts";
import {
  ATTRIBUTES_AT,
  BASE_OFFSET_AT,
  BASE_SEQUENCE_AT,
  BASE_TIMESTAMP_AT,
  BATCH_HEADER_BYTES,
  BATCH_LENGTH_AT,
  BATCH_OVERHEAD_BYTES,
  CONTROL_FLAG,
  LAST_OFFSET_DELTA_AT,
  LEADER_EPOCH_AT,
  MAGIC,
  MAGIC_AT,
  MAX_TIMESTAMP_AT,
  NO_PRODUCER_EPOCH,
  NO_PRODUCER_ID,
  NO_SEQUENCE,
  PRODUCER_EPOCH_AT,
  PRODUCER_ID_AT,
  putInt16At,
  putInt32At,
  putInt64At,
  RECORD_COUNT_AT,
  renewCrc,
  TRANSACTIONAL_FLAG,
} from "./batch-header.ts";

export interface RecordHeader {
  readonly key: string;
  readonly value: Uint8Array | null;
}

export interface BatchWriterOptions {
  /** The first size of the buffer; it doubles as needed. */
  readonly initialBytes?: number;
  /** The largest size of a batch, header included; append throws a RangeError beyond. */
  readonly maxBytes?: number;
}

export interface FinishOptions {
  readonly baseOffset?: number;
  readonly leaderEpoch?: number;
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly transactional?: boolean;
  readonly control?: boolean;
}

/** What a record takes beyond its key, value and headers, at most: five varints, a varlong, attributes. */
export const MAX_RECORD_OVERHEAD_BYTES = 5 + 1 + 10 + 5 + 5 + 5 + 5;
const DEFAULT_INITIAL_BYTES = 16 * 1024;
const DEFAULT_MAX_BYTES = 0x7fffffff;
/** Up to this a byte loop beats the call out of JavaScript. */
const SHORT_COPY_BYTES = 20;
/** Copies a range between byte arrays without the view object that TypedArray.set would need. */
const copyRange = Buffer.prototype.copy;

const encoder = new TextEncoder();

export class BatchWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #at = BATCH_HEADER_BYTES;
  #count = 0;
  // NaN, so that V8 keeps these two as raw doubles and stores do not allocate.
  #baseTimestamp = Number.NaN;
  #maxTimestamp = Number.NaN;
  readonly #maxBytes: number;

  constructor(options: BatchWriterOptions = {}) {
    this.#maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
    this.#bytes = new Uint8Array(Math.max(BATCH_HEADER_BYTES, options.initialBytes ?? DEFAULT_INITIAL_BYTES));
  }

  /** The batch so far, header included. */
  get sizeBytes(): number {
    return this.#at;
  }

  /** Records so far. */
  get count(): number {
    return this.#count;
  }

  append(timestamp: number, key: Uint8Array | null, value: Uint8Array | null, headers?: readonly RecordHeader[]): void {
    const keyEnd = key === null ? 0 : key.length;
    const valueEnd = value === null ? 0 : value.length;
    if (headers === undefined || headers.length === 0) this.appendFrom(timestamp, key, 0, keyEnd, value, 0, valueEnd);
    else this.#appendWithHeaders(timestamp, key, value, headers);
  }

  /** A record without headers out of ranges of larger buffers; null is a null key or value. Timestamps are milliseconds. */
  appendFrom(
    timestamp: number,
    key: Uint8Array | null,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array | null,
    valueStart: number,
    valueEnd: number,
  ): void {
    const keyLength = key === null ? -1 : keyEnd - keyStart;
    const valueLength = value === null ? -1 : valueEnd - valueStart;
    const at = this.#beginRecord(timestamp, keyLength, valueLength, 1);
    this.#bytes[this.#putKeyAndValue(at, key, keyStart, keyLength, value, valueStart, valueLength)] = 0;
    this.#at = this.#recordEnd;
  }

  /**
   * The finished batch: a view of the writer's buffer, valid until the next append or reset. May be called again with other options.
   * Throws a RangeError for a batch without records.
   */
  finish(options: FinishOptions = {}): Uint8Array<ArrayBuffer> {
    if (this.#count === 0) throw new RangeError("A batch needs at least one record.");
    const bytes = this.#bytes;
    const attributes = (options.transactional ? TRANSACTIONAL_FLAG : 0) | (options.control ? CONTROL_FLAG : 0);
    putInt64At(bytes, BASE_OFFSET_AT, options.baseOffset ?? 0);
    putInt32At(bytes, BATCH_LENGTH_AT, this.#at - BATCH_OVERHEAD_BYTES);
    putInt32At(bytes, LEADER_EPOCH_AT, options.leaderEpoch ?? -1);
    bytes[MAGIC_AT] = MAGIC;
    putInt16At(bytes, ATTRIBUTES_AT, attributes);
    putInt32At(bytes, LAST_OFFSET_DELTA_AT, this.#count - 1);
    putInt64At(bytes, BASE_TIMESTAMP_AT, this.#baseTimestamp);
    putInt64At(bytes, MAX_TIMESTAMP_AT, this.#maxTimestamp);
    putInt64At(bytes, PRODUCER_ID_AT, options.producerId ?? NO_PRODUCER_ID);
    putInt16At(bytes, PRODUCER_EPOCH_AT, options.producerEpoch ?? NO_PRODUCER_EPOCH);
    putInt32At(bytes, BASE_SEQUENCE_AT, options.baseSequence ?? NO_SEQUENCE);
    putInt32At(bytes, RECORD_COUNT_AT, this.#count);
    renewCrc(bytes, 0);
    return bytes.subarray(0, this.#at);
  }

  /** As finish(), but the bytes are given away: the writer goes on, empty, with a new buffer of the same size. */
  take(options: FinishOptions = {}): Uint8Array<ArrayBuffer> {
    const batch = this.finish(options);
    this.#bytes = new Uint8Array(this.#bytes.length);
    this.reset();
    return batch;
  }

  /** Starts the next batch in the same buffer. */
  reset(): void {
    this.#at = BATCH_HEADER_BYTES;
    this.#count = 0;
  }

  #recordEnd = 0;

  /** Makes room and writes everything before the key's length; `tailBytes` follow the value. Sets #recordEnd. */
  #beginRecord(timestamp: number, keyLength: number, valueLength: number, tailBytes: number): number {
    const offsetDelta = this.#count;
    const timestampDelta = offsetDelta === 0 ? 0 : timestamp - this.#baseTimestamp;
    const keyBytes = keyLength < 0 ? 1 : sizeOfVarint(keyLength) + keyLength;
    const valueBytes = valueLength < 0 ? 1 : sizeOfVarint(valueLength) + valueLength;
    const length = 1 + sizeOfVarlong(timestampDelta) + sizeOfVarint(offsetDelta) + keyBytes + valueBytes + tailBytes;
    const start = this.#at;
    // Rooms of the longest varints past the end: writers of varints never look at the end.
    if (start + length + MAX_RECORD_OVERHEAD_BYTES > this.#bytes.length) this.#grow(start + length);
    if (offsetDelta === 0) {
      this.#baseTimestamp = timestamp;
      this.#maxTimestamp = timestamp;
    } else if (timestamp > this.#maxTimestamp) this.#maxTimestamp = timestamp;
    const bytes = this.#bytes;
    let at = writeVarint(bytes, start, length);
    this.#recordEnd = at + length;
    this.#count = offsetDelta + 1;
    bytes[at++] = 0; // attributes of a record: none exist
    at = writeVarlong(bytes, at, timestampDelta);
    return writeVarint(bytes, at, offsetDelta);
  }

  #putKeyAndValue(
    start: number,
    key: Uint8Array | null,
    keyStart: number,
    keyLength: number,
    value: Uint8Array | null,
    valueStart: number,
    valueLength: number,
  ): number {
    const bytes = this.#bytes;
    let at = writeVarint(bytes, start, keyLength);
    if (key !== null) {
      copy(bytes, at, key, keyStart, keyLength);
      at += keyLength;
    }
    at = writeVarint(bytes, at, valueLength);
    if (value !== null) {
      copy(bytes, at, value, valueStart, valueLength);
      at += valueLength;
    }
    return at;
  }

  #appendWithHeaders(timestamp: number, key: Uint8Array | null, value: Uint8Array | null, headers: readonly RecordHeader[]): void {
    let tailBytes = sizeOfVarint(headers.length);
    for (const header of headers) {
      const keyBytes = utf8Length(header.key);
      tailBytes += sizeOfVarint(keyBytes) + keyBytes;
      tailBytes += header.value === null ? 1 : sizeOfVarint(header.value.length) + header.value.length;
    }
    const keyLength = key === null ? -1 : key.length;
    const valueLength = value === null ? -1 : value.length;
    let at = this.#beginRecord(timestamp, keyLength, valueLength, tailBytes);
    at = this.#putKeyAndValue(at, key, 0, keyLength, value, 0, valueLength);
    const bytes = this.#bytes;
    at = writeVarint(bytes, at, headers.length);
    for (const header of headers) {
      at = writeVarint(bytes, at, utf8Length(header.key));
      at += encoder.encodeInto(header.key, bytes.subarray(at)).written;
      at = writeVarint(bytes, at, header.value === null ? -1 : header.value.length);
      if (header.value === null) continue;
      bytes.set(header.value, at);
      at += header.value.length;
    }
    this.#at = this.#recordEnd;
  }

  #grow(needed: number): void {
    if (needed > this.#maxBytes) {
      throw new RangeError(`A record would make the batch ${needed} bytes long, over the limit of ${this.#maxBytes}.`);
    }
    const bytes = new Uint8Array(Math.max(this.#bytes.length * 2, needed + MAX_RECORD_OVERHEAD_BYTES));
    bytes.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = bytes;
  }
}

function copy(target: Uint8Array, at: number, source: Uint8Array, start: number, length: number): void {
  if (length > SHORT_COPY_BYTES) copyRange.call(source as Buffer, target, at, start, start + length);
  else for (let index = 0; index < length; index++) target[at + index] = source[start + index]!;
}
