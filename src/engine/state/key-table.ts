// The keys of one key group of one operator: key -> dense id, by open addressing. What belongs to a key lies in columns indexed by id.
// Ids of released keys are used again. A table grows by itself only, so growth never stops the subtask for long. While a snapshot is
// open, released ids wait: the keys of a frozen table stay readable without a copy.
import { latin1 } from "../../schema/columns.ts";
import { asciiBytes, asciiWords, takeAscii } from "./ascii-text.ts";
import { canonicalBytes, keyOfBytes, putUtf8, refuseKey, TAG_DOUBLE, TAG_INTEGER, TAG_STRING, textOfUtf8 } from "./canonical-key.ts";
import type { FrozenRows } from "./frozen-cells.ts";
import type { RowLog } from "./row-log.ts";

const FIRST_CAPACITY = 16;
const MAX_KEYS = 1 << 28;
const GOLDEN = 0x9e3779b1;
/** In `tags` only: a string of ASCII characters. */
const ASCII = 255;
const FREE = 0;

/** A column of the table: follows its capacity. */
export interface KeyColumn {
  grow(capacity: number): void;
  /** Clears the cells of ids below `end`; rows of the log are gone already. */
  reset(end: number): void;
}

export class KeyTable {
  /** Ids below this have been used. */
  end = 0;
  /** Keys that are there now. */
  size = 0;
  capacity = FIRST_CAPACITY;
  /** Per id: how many things (states, timers) keep the key. */
  references = new Int32Array(FIRST_CAPACITY);
  /** Per id: tag of the key's canonical bytes, 0 = no key. */
  tags = new Uint8Array(FIRST_CAPACITY);
  /** Per id: the key if it is a number. */
  numbers = new Float64Array(FIRST_CAPACITY);
  /** Per id: row of the key's canonical bytes without the tag, if it is no number. */
  rows = new Int32Array(0);
  readonly columns: KeyColumn[] = [];
  /** The key at hand may have nothing that keeps it: it is new, or has lost something, or a timer of it fires. */
  loose = false;
  /** Of the snapshot that is open: rows by id. Whoever changes what belongs to an id calls keep(id) first. */
  frozen: FrozenRows | undefined;
  readonly #log: RowLog;
  #hashes = new Int32Array(FIRST_CAPACITY);
  /** Cells of two words: id + 1 (0 = empty), hash. */
  #slots = new Int32Array(FIRST_CAPACITY * 4);
  #shift = 32 - Math.log2(FIRST_CAPACITY * 2);
  #freeIds: number[] = [];
  #frozen = 0;
  #waiting: number[] = [];

  constructor(log: RowLog) {
    this.#log = log;
  }

  /** The id of a key, a new one if it is not there. Throws KeyError for what cannot be a key. */
  upsert(key: unknown, hash: number): number {
    return typeof key === "number" ? this.#upsertNumber(key, hash) : this.#upsertRow(key, hash);
  }

  /** The id of a key, −1 if it is not there. For single questions: it makes bytes. */
  find(key: unknown, hash: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    const wanted = canonicalBytes(key);
    for (let slot = (Math.imul(hash, GOLDEN) >>> this.#shift) << 1; ; slot = (slot + 2) & mask) {
      const id = slots[slot]! - 1;
      if (id < 0) return -1;
      if (slots[slot + 1] === hash && areEqual(canonicalBytes(this.keyAt(id)), wanted)) return id;
    }
  }

  #upsertNumber(key: number, hash: number): number {
    const slots = this.#slots;
    const numbers = this.numbers;
    const mask = slots.length - 1;
    for (let slot = (Math.imul(hash, GOLDEN) >>> this.#shift) << 1; ; slot = (slot + 2) & mask) {
      const id = slots[slot]! - 1;
      if (id < 0) return this.#insertNumber(key, hash);
      if (slots[slot + 1] === hash && numbers[id] === key) return id; // NaN for keys that are no numbers
    }
  }

  #insertNumber(key: number, hash: number): number {
    if (key !== key) refuseKey(key);
    const id = this.#insert(hash);
    this.tags[id] = Number.isSafeInteger(key) ? TAG_INTEGER : TAG_DOUBLE;
    this.numbers[id] = key + 0;
    return id;
  }

  #upsertRow(key: unknown, hash: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    const bytes = typeof key === "string" ? undefined : canonicalBytes(key);
    for (let slot = (Math.imul(hash, GOLDEN) >>> this.#shift) << 1; ; slot = (slot + 2) & mask) {
      const id = slots[slot]! - 1;
      if (id < 0) return this.#insertRow(key, bytes, hash);
      if (slots[slot + 1] !== hash) continue;
      if (bytes === undefined ? this.#isString(id, key as string) : this.#isBytes(id, bytes)) return id;
    }
  }

  #isString(id: number, key: string): boolean {
    const tag = this.tags[id]!;
    if (tag === TAG_STRING) return this.keyAt(id) === key;
    if (tag !== ASCII) return false;
    const row = this.rows[id]!;
    const { length } = key;
    if (this.#log.lengthOf(row) !== length) return false;
    if (!takeAscii(key)) return false;
    // Four characters at a time: payloads begin at whole words.
    const words = this.#log.wordsOf(row);
    const at = this.#log.payloadStart(row) >>> 2;
    const whole = length >>> 2;
    for (let word = 0; word < whole; word++) if (words[at + word] !== asciiWords[word]) return false;
    const page = this.#log.pageOf(row);
    for (let index = whole * 4; index < length; index++) if (page[at * 4 + index] !== asciiBytes[index]) return false;
    return true;
  }

  #isBytes(id: number, bytes: Uint8Array): boolean {
    if (this.tags[id] !== bytes[0]) return false;
    const row = this.rows[id]!;
    if (this.#log.lengthOf(row) !== bytes.length - 1) return false;
    const page = this.#log.pageOf(row);
    const at = this.#log.payloadStart(row) - 1;
    for (let index = 1; index < bytes.length; index++) if (page[at + index] !== bytes[index]) return false;
    return true;
  }

  #insertRow(key: unknown, bytes: Uint8Array | undefined, hash: number): number {
    const [row, tag] = bytes === undefined ? this.#putString(key as string) : [this.#log.put(bytes, 1), bytes[0]!];
    const id = this.#insert(hash);
    if (this.rows.length < this.capacity) this.rows = grown(this.rows, new Int32Array(this.capacity));
    this.tags[id] = tag;
    this.rows[id] = row;
    this.numbers[id] = NaN;
    return id;
  }

  #putString(key: string): [number, number] {
    if (takeAscii(key)) return [this.#log.put(asciiBytes, 0, key.length), ASCII];
    const bytes = new Uint8Array(key.length * 3);
    return [this.#log.put(bytes, 0, putUtf8(key, bytes, 0)), TAG_STRING];
  }

  #insert(hash: number): number {
    const reused = this.#freeIds.pop();
    const id = reused ?? this.end++;
    if (id === this.capacity) this.#grow();
    this.frozen?.keep(id);
    this.size++;
    this.#hashes[id] = hash;
    this.references[id] = 0;
    this.loose = true;
    this.#place(id, hash);
    return id;
  }

  #place(id: number, hash: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = (Math.imul(hash, GOLDEN) >>> this.#shift) << 1;
    while (slots[slot] !== 0) slot = (slot + 2) & mask;
    slots[slot] = id + 1;
    slots[slot + 1] = hash;
  }

  #grow(): void {
    if (this.capacity >= MAX_KEYS) throw new RangeError("One key group holds 2^28 keys: more need a higher max parallelism.");
    const capacity = this.capacity * 2;
    this.capacity = capacity;
    this.#hashes = grown(this.#hashes, new Int32Array(capacity));
    this.references = grown(this.references, new Int32Array(capacity));
    this.tags = grown(this.tags, new Uint8Array(capacity));
    this.numbers = grown(this.numbers, new Float64Array(capacity));
    if (this.rows.length > 0) this.rows = grown(this.rows, new Int32Array(capacity));
    for (const column of this.columns) column.grow(capacity);
    this.#slots = new Int32Array(capacity * 4);
    this.#shift--;
    // Only ids that are in the table: the one being inserted is placed by its inserter.
    for (let id = 0; id < this.end; id++) if (this.tags[id] !== FREE) this.#place(id, this.#hashes[id]!);
  }

  /** One thing fewer keeps the key at hand. */
  letGo(id: number): void {
    if (--this.references[id]! === 0) this.loose = true;
  }

  /** Takes the key out; the columns of the id must be clear. */
  release(id: number): void {
    this.#removeSlot(id);
    if (this.tags[id]! > TAG_DOUBLE) this.#log.free(this.rows[id]!);
    this.tags[id] = FREE;
    this.size--;
    if (this.#frozen > 0) this.#waiting.push(id);
    else this.#freeIds.push(id);
  }

  /** Closes the gap, so that no probe sequence is broken. */
  #removeSlot(id: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let hole = (Math.imul(this.#hashes[id]!, GOLDEN) >>> this.#shift) << 1;
    while (slots[hole] !== id + 1) hole = (hole + 2) & mask;
    for (let slot = (hole + 2) & mask; slots[slot] !== 0; slot = (slot + 2) & mask) {
      const home = (Math.imul(slots[slot + 1]!, GOLDEN) >>> this.#shift) << 1;
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      slots[hole] = slots[slot]!;
      slots[hole + 1] = slots[slot + 1]!;
      hole = slot;
    }
    slots[hole] = 0;
  }

  /** Forgets all keys, and keeps the memory. The log is emptied by its owner. */
  reset(): void {
    if (this.end === 0) return;
    this.#slots.fill(0);
    this.tags.fill(FREE, 0, this.end);
    for (const column of this.columns) column.reset(this.end);
    this.#freeIds.length = 0;
    this.end = 0;
    this.size = 0;
  }

  keyAt(id: number): unknown {
    const number = this.numbers[id]!;
    return number === number ? number : this.keyOf(id, this.tags[id]!); // NaN for keys that are no numbers
  }

  hashAt(id: number): number {
    return this.#hashes[id]!;
  }

  /** The key of an id whose tag was kept by a snapshot. */
  keyOf(id: number, tag: number): unknown {
    if (tag <= TAG_DOUBLE) return this.numbers[id];
    const row = this.rows[id]!;
    const page = this.#log.pageOf(row);
    const start = this.#log.payloadStart(row);
    const end = start + this.#log.lengthOf(row);
    if (tag === ASCII) return latin1(page, start, end);
    if (tag === TAG_STRING) return textOfUtf8(page, start, end);
    const bytes = new Uint8Array(1 + end - start);
    bytes[0] = tag;
    bytes.set(page.subarray(start, end), 1);
    return keyOfBytes(bytes);
  }

  /** Ids released from now on keep their keys readable (keyOf), until the matching thaw(). */
  freeze(): void {
    this.#frozen++;
  }

  thaw(): void {
    if (--this.#frozen > 0) return;
    for (const id of this.#waiting) this.#freeIds.push(id);
    this.#waiting = [];
  }
}

function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

export function grown<T extends Int32Array | Float64Array | Uint8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
