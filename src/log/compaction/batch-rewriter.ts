// Makes a batch with some of its records out of a whole uncompressed one. Base offset, last offset, producer, epoch and sequence stay, so
// offsets never move and the producer's state can still be rebuilt; kept records are copied as they are, except that a delete horizon
// (KIP-534: stored in place of the base timestamp) renews their timestamp deltas.
import { sizeOfVarlong, writeVarint, writeVarlong } from "../../bytes/varint.ts";
import {
  ATTRIBUTES_AT,
  BASE_TIMESTAMP_AT,
  BATCH_HEADER_BYTES,
  BATCH_LENGTH_AT,
  BATCH_OVERHEAD_BYTES,
  COMPRESSION_MASK,
  int16At,
  int64At,
  LOG_APPEND_TIME_FLAG,
  MAX_TIMESTAMP_AT,
  putInt16At,
  putInt32At,
  putInt64At,
  RECORD_COUNT_AT,
  renewCrc,
} from "../../protocol/records/batch-header.ts";

/** The base timestamp of the batch is the time from which on its tombstones may go. */
export const DELETE_HORIZON_FLAG = 0x40;
const MAX_GROWTH_BYTES = 15;

/** When the tombstones or the superfluous marker of the batch may go, epoch milliseconds; undefined if that is not decided. */
export function deleteHorizonOf(batch: Uint8Array): number | undefined {
  return (int16At(batch, ATTRIBUTES_AT) & DELETE_HORIZON_FLAG) === 0 ? undefined : int64At(batch, BASE_TIMESTAMP_AT);
}

/** A record of an uncompressed batch, found by nextRecord(). */
export interface RecordSpan {
  start: number;
  end: number;
}

/** Moves the span to the record behind it. */
export function nextSpan(batch: Uint8Array, span: RecordSpan): void {
  span.start = span.end;
  let length = 0;
  let at = span.start;
  for (let shift = 0; ; shift += 7) {
    const byte = batch[at++]!;
    length |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  span.end = at + ((length >>> 1) ^ -(length & 1));
}

export class BatchRewriter {
  #starts: number[] = [];
  #ends: number[] = [];
  #timestamps: number[] = [];
  #bytes = 0;
  #maxTimestamp = -1;

  reset(): void {
    this.#starts = [];
    this.#ends = [];
    this.#timestamps = [];
    this.#bytes = 0;
    this.#maxTimestamp = -1;
  }

  get count(): number {
    return this.#starts.length;
  }

  /** `timestamp`: the record's own. */
  keep(span: RecordSpan, timestamp: number): void {
    this.#starts.push(span.start);
    this.#ends.push(span.end);
    this.#timestamps.push(timestamp);
    this.#bytes += span.end - span.start;
    if (timestamp > this.#maxTimestamp) this.#maxTimestamp = timestamp;
  }

  /** New bytes: the batch with the kept records only; with none, a bare header. `horizon`: set the delete horizon to this time. */
  finish(batch: Uint8Array, horizon: number | undefined): Uint8Array {
    const room = this.#bytes + (horizon === undefined ? 0 : this.count * MAX_GROWTH_BYTES);
    const result = new Uint8Array(BATCH_HEADER_BYTES + room);
    result.set(batch.subarray(0, BATCH_HEADER_BYTES));
    let at = BATCH_HEADER_BYTES;
    for (let i = 0; i < this.count; i++) {
      if (horizon !== undefined) at = this.#putWithDelta(result, at, batch, i, this.#timestamps[i]! - horizon);
      else {
        result.set(batch.subarray(this.#starts[i]!, this.#ends[i]!), at);
        at += this.#ends[i]! - this.#starts[i]!;
      }
    }
    const attributes = int16At(batch, ATTRIBUTES_AT) & ~COMPRESSION_MASK;
    putInt16At(result, ATTRIBUTES_AT, horizon === undefined ? attributes : attributes | DELETE_HORIZON_FLAG);
    if (horizon !== undefined) putInt64At(result, BASE_TIMESTAMP_AT, horizon);
    if (this.count > 0 && (attributes & LOG_APPEND_TIME_FLAG) === 0) putInt64At(result, MAX_TIMESTAMP_AT, this.#maxTimestamp);
    putInt32At(result, RECORD_COUNT_AT, this.count);
    putInt32At(result, BATCH_LENGTH_AT, at - BATCH_OVERHEAD_BYTES);
    renewCrc(result, 0);
    return result.subarray(0, at);
  }

  #putWithDelta(into: Uint8Array, to: number, batch: Uint8Array, record: number, delta: number): number {
    let from = this.#starts[record]!;
    while (batch[from]! >= 0x80) from++;
    const attributes = batch[from + 1]!;
    from += 2;
    while (batch[from]! >= 0x80) from++;
    const rest = batch.subarray(from + 1, this.#ends[record]);
    const length = 1 + sizeOfVarlong(delta) + rest.length;
    let at = writeVarint(into, to, length);
    into[at++] = attributes;
    at = writeVarlong(into, at, delta);
    into.set(rest, at);
    return at + rest.length;
  }
}
