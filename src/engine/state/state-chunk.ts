// A chunk of keyed state, self-delimiting, little-endian:
//   u8 version, u32 length + JSON of the states' declarations (name, kind, types), u32 number of keys, and per key:
//   u8 tag and the key's canonical payload (8 bytes for a number, else u32 length + bytes), then per state in the order declared:
//     number or boolean: u8 present, f64 if present      value: u32 length + 1 (0 = none), bytes      list: u32 count, u32 length + bytes each
//     map: u32 count, each u8 1 + f64 key, or u8 0 + u32 length + canonical key; then f64, or u32 length + 1 and bytes
//     of a state with a ttl, f64 time of the write: behind a value that is there, before the bytes of an element (counted in their
//     length), behind an entry's value; NaN: not known
//   and u32 count + f64 each of the key's event-time and processing-time timers. Values of other types are binary rows
//   (schema/binary-row/). What had expired when the snapshot was taken is not in it. Version 1 had other bytes for values and no ttl.
import type { StateSpec } from "../../stream/graph.ts";
import { EncodeBuffer } from "../../schema/encode-buffer.ts";
import { TAG_DOUBLE, TAG_INTEGER, TAG_STRING } from "./canonical-key.ts";
import type { KeyTable } from "./key-table.ts";
import type { RowLog } from "./row-log.ts";

export const STATE_CHUNK_VERSION = 2;
const TWO_32 = 4294967296;
const SHORT_BYTES = 48;
const encoder = new TextEncoder();

export function declarations(specs: readonly StateSpec[]): string {
  return JSON.stringify(specs);
}

export class ChunkWriter {
  readonly #buffer = new EncodeBuffer(64 * 1024);
  readonly #head: Uint8Array;
  #keys = 0;
  #countAt = 0;

  constructor(specs: readonly StateSpec[]) {
    this.#head = encoder.encode(declarations(specs));
  }

  begin(): void {
    const buffer = this.#buffer;
    buffer.reset();
    buffer.ensure(9);
    buffer.bytes[buffer.at++] = STATE_CHUNK_VERSION;
    this.count(this.#head.length);
    this.#bytes(this.#head, 0, this.#head.length);
    this.#countAt = buffer.at;
    this.count(0);
    this.#keys = 0;
  }

  /** A copy of the chunk. */
  finish(): Uint8Array {
    this.#buffer.view.setUint32(this.#countAt, this.#keys, true);
    return this.#buffer.copy();
  }

  key(table: KeyTable, log: RowLog, id: number, tag: number): void {
    this.#keys++;
    const buffer = this.#buffer;
    buffer.ensure(16);
    if (tag > TAG_DOUBLE) {
      buffer.bytes[buffer.at++] = Math.min(tag, ASCII_TAG) === ASCII_TAG ? TAG_STRING : tag;
      this.#sized(log, table.rows[id]!, 0, 0);
      return;
    }
    const number = table.numbers[id]!;
    buffer.bytes[buffer.at] = tag;
    if (tag === TAG_INTEGER) {
      buffer.view.setInt32(buffer.at + 1, number | 0, true);
      buffer.view.setInt32(buffer.at + 5, Math.floor(number / TWO_32), true);
    } else buffer.view.setFloat64(buffer.at + 1, number, true);
    buffer.at += 9;
  }

  /** Where the next key begins. */
  get position(): number {
    return this.#buffer.at;
  }

  /** Takes back the key that began there: nothing of it is left. */
  dropKey(position: number): void {
    this.#buffer.at = position;
    this.#keys--;
  }

  number(present: boolean, value: number): void {
    const buffer = this.#buffer;
    buffer.ensure(9);
    buffer.bytes[buffer.at++] = present ? 1 : 0;
    if (present) this.float64(value);
  }

  float64(value: number): void {
    const buffer = this.#buffer;
    buffer.ensure(8);
    buffer.view.setFloat64(buffer.at, value, true);
    buffer.at += 8;
  }

  count(value: number): void {
    const buffer = this.#buffer;
    buffer.ensure(4);
    buffer.view.setUint32(buffer.at, value, true);
    buffer.at += 4;
  }

  /** Sets what count() wrote when `position` was that. */
  patchCount(position: number, value: number): void {
    this.#buffer.view.setUint32(position, value, true);
  }

  /** A value's row; 0 = none. */
  row(log: RowLog, row: number): void {
    if (row === 0) this.count(0);
    else this.#sized(log, row, 0, 1);
  }

  /** A value's bytes. */
  value(page: Uint8Array, start: number, length: number): void {
    this.count(length + 1);
    this.#bytes(page, start, start + length);
  }

  /** Elements of a list, each without its first `skip` bytes. */
  rows(log: RowLog, rows: readonly number[], skip: number): void {
    this.count(rows.length);
    for (const row of rows) this.#sized(log, row, skip, 0);
  }

  mapKey(log: RowLog, number: number, row: number): void {
    const buffer = this.#buffer;
    buffer.ensure(1);
    buffer.bytes[buffer.at++] = row === 0 ? 1 : 0;
    if (row === 0) this.float64(number);
    else this.#sized(log, row, 0, 0);
  }

  times(times: Float64Array | undefined, from: number, to: number): void {
    this.count(to - from);
    for (let at = from; at < to; at++) this.float64(times![at]!);
  }

  #sized(log: RowLog, row: number, skip: number, extra: number): void {
    const length = log.lengthOf(row) - skip;
    this.count(length + extra);
    const start = log.payloadStart(row) + skip;
    this.#bytes(log.pageOf(row), start, start + length);
  }

  #bytes(from: Uint8Array, start: number, end: number): void {
    const buffer = this.#buffer;
    const length = end - start;
    buffer.ensure(length);
    const { bytes, at } = buffer;
    if (length <= SHORT_BYTES) for (let index = 0; index < length; index++) bytes[at + index] = from[start + index]!;
    else bytes.set(from.subarray(start, end), at);
    buffer.at = at + length;
  }
}

/** In a key table's tags: a string of ASCII characters. */
const ASCII_TAG = 255;

export class ChunkReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  u8(): number {
    return this.#view.getUint8(this.#at++);
  }

  count(): number {
    this.#at += 4;
    return this.#view.getUint32(this.#at - 4, true);
  }

  float64(): number {
    this.#at += 8;
    return this.#view.getFloat64(this.#at - 8, true);
  }

  /** A view of the next `length` bytes. */
  bytes(length: number): Uint8Array {
    if (this.#at + length > this.#bytes.length) throw new RangeError("a length points behind the end");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** Canonical bytes of a key. */
  key(): Uint8Array {
    const tag = this.u8();
    const payload = this.bytes(tag <= TAG_DOUBLE ? 8 : this.count());
    const bytes = new Uint8Array(1 + payload.length);
    bytes[0] = tag;
    bytes.set(payload, 1);
    return bytes;
  }

  get done(): boolean {
    return this.#at === this.#bytes.length;
  }
}
