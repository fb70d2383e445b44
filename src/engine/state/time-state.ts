// The handle of elements by time (time-column.ts): what joins keep of a side.
import type { BinaryCodec } from "../../schema/binary-row/binary-codec.ts";
import { EncodeBuffer } from "../../schema/encode-buffer.ts";
import type { RowLog } from "./row-log.ts";
import { stateOutsideCall, type CurrentKey, type StateHandle } from "./state-handle.ts";
import { type TimeColumn, unitsOf } from "./time-column.ts";

/** Elements up to so many bytes are decoded from a copy: decoding from one and the same array is cheaper. */
const SCRATCH_BYTES = 1024;

export class TimeHandle implements StateHandle {
  readonly #at: CurrentKey;
  readonly #index: number;
  readonly #codec: BinaryCodec;
  readonly #buffer = new EncodeBuffer(256);
  /** The buffer's memory, and the same as words. */
  #bytes = this.#buffer.bytes;
  #words = new Int32Array(this.#buffer.bytes.buffer);
  readonly #scratch = new Uint8Array(SCRATCH_BYTES);
  readonly #scratchWords = new Int32Array(this.#scratch.buffer);

  constructor(at: CurrentKey, index: number, codec: BinaryCodec) {
    this.#at = at;
    this.#index = index;
    this.#codec = codec;
  }

  /** Throws SchemaError if the value does not fit the type. */
  insert(time: number, value: unknown): undefined {
    const buffer = this.#buffer;
    buffer.reset();
    this.#codec.encode(value, buffer);
    if (this.#bytes !== buffer.bytes) {
      this.#bytes = buffer.bytes;
      this.#words = new Int32Array(buffer.bytes.buffer, 0, buffer.bytes.length >>> 2);
    }
    this.#put(time, this.#words, buffer.at);
  }

  /** Adds an element whose bytes are known. */
  insertBytes(time: number, bytes: Uint8Array): undefined {
    const words = new Int32Array((bytes.length + 3) >>> 2);
    new Uint8Array(words.buffer).set(bytes);
    this.#put(time, words, bytes.length);
  }

  #put(time: number, words: Int32Array, length: number): void {
    const column = this.#column();
    const { table, id } = this.#at;
    if (column.isEmpty(id)) table.hold(id);
    column.insert(id, time, words, length);
  }

  /** Calls back for the elements with from ≤ time ≤ to, in the order of time. They must not change meanwhile. */
  between(from: number, to: number, each: (value: unknown, time: number) => void): undefined {
    const column = this.#column();
    const { log, id } = this.#at;
    if (column.hasNone(id, from, to)) return;
    const row = column.rowOf(id);
    const base = log.unitOf(row);
    const doubles = log.doublesOf(row);
    const words = log.wordsOf(row);
    const end = column.endOf(id);
    for (let at = column.seek(id, from); at < end;) {
      const time = doubles[base + at]!;
      if (time > to) return;
      const length = words[(base + at + 1) * 2]!;
      each(this.#decode(log, row, (base + at + 1) * 2 + 1, length), time);
      at += unitsOf(length);
    }
  }

  /** Of a page's words from `word` on. */
  #decode(log: RowLog, row: number, word: number, length: number): unknown {
    if (length > SCRATCH_BYTES) return this.#codec.decode(log.pageOf(row), word * 4, word * 4 + length);
    const words = log.wordsOf(row);
    const scratch = this.#scratchWords;
    for (let at = 0; at * 4 < length; at++) scratch[at] = words[word + at]!;
    return this.#codec.decode(this.#scratch, 0, length);
  }

  /** Forgets the elements with times up to `time`. */
  dropUntil(time: number): undefined {
    const column = this.#column();
    const { table, id } = this.#at;
    if (column.isEmpty(id)) return;
    column.dropUntil(id, time);
    if (column.isEmpty(id)) table.letGo(id);
  }

  clear(): undefined {
    this.dropUntil(Infinity);
  }

  expire(): undefined {}

  #column(): TimeColumn {
    if (this.#at.id < 0) throw stateOutsideCall();
    return this.#at.table.columns[this.#index] as TimeColumn;
  }
}
