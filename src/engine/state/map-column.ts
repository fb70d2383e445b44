// Map state of one key group: one hash table over (id of the key, map key), entries chained per id in the order of insertion. Entries of
// deleted keys are reused. Map keys are numbers, or rows with canonical bytes; map values are numbers or rows. Memory is random here, so
// a lookup touches one cell of the table (with the hash in it) and one record of 32 bytes.
import { canonicalBytes } from "./canonical-key.ts";
import { hashOfKey } from "./key-hash.ts";
import { type FrozenCells, FrozenRows } from "./frozen-cells.ts";
import { grown, type KeyColumn } from "./key-table.ts";
import type { RowLog } from "./row-log.ts";

const FIRST_ENTRIES = 16;
const GOLDEN = 0x9e3779b1;
/** A record: int32 owner id, next + 1, previous + 1 (0 = none), hash, row of the map key (0: a number), row of the value; float64 map key. */
const WORDS = 8;
const NEXT = 1;
const PREVIOUS = 2;
const HASH = 3;
const KEY_ROW = 4;
const VALUE_ROW = 5;
const DOUBLES = WORDS / 2;
const KEY_NUMBER = 3;

export class MapEntries {
  readonly words: Int32Array;
  readonly doubles: Float64Array;

  constructor(words: Int32Array<ArrayBuffer>) {
    this.words = words;
    this.doubles = new Float64Array(words.buffer);
  }

  /** Entry + 1; 0 = the last one. */
  next(entry: number): number {
    return this.words[entry * WORDS + NEXT]!;
  }

  /** Row with the canonical bytes of the map key; 0: it is a number. */
  keyRow(entry: number): number {
    return this.words[entry * WORDS + KEY_ROW]!;
  }

  keyNumber(entry: number): number {
    return this.doubles[entry * DOUBLES + KEY_NUMBER]!;
  }

  valueRow(entry: number): number {
    return this.words[entry * WORDS + VALUE_ROW]!;
  }
}

/** A column as it was when a snapshot was opened. */
export class FrozenMap {
  readonly kind = "map";
  /** By id of the key: entry + 1, and the number of entries. */
  readonly first: FrozenCells;
  readonly counts: FrozenCells;
  /** By entry; empty if values are rows. */
  readonly valueNumbers: FrozenCells;
  /** By entry; empty without a ttl. */
  readonly stamps: FrozenCells;
  readonly entries: FrozenRows;
  readonly #records: FrozenCells;

  constructor(column: MapColumn, ids: FrozenRows, entries: number) {
    this.first = ids.add(column.first);
    this.counts = ids.add(column.counts);
    this.entries = new FrozenRows(entries, ids.space);
    this.valueNumbers = this.entries.add(column.valueNumbers);
    this.stamps = this.entries.add(column.stamps);
    this.#records = this.entries.add(column.entries.doubles, DOUBLES, column.entries.words);
  }

  /** As MapEntries has them. */
  next(entry: number): number {
    return this.#records.wordAt(entry, NEXT);
  }

  keyRow(entry: number): number {
    return this.#records.wordAt(entry, KEY_ROW);
  }

  keyNumber(entry: number): number {
    return this.#records.at(entry, KEY_NUMBER);
  }

  valueRow(entry: number): number {
    return this.#records.wordAt(entry, VALUE_ROW);
  }
}

export class MapColumn implements KeyColumn {
  /** Per id: first and last entry + 1 (0 = none), number of entries. */
  first: Int32Array;
  last: Int32Array;
  counts: Int32Array;
  entries = new MapEntries(new Int32Array(FIRST_ENTRIES * WORDS));
  /** Per entry, if values are numbers. */
  valueNumbers: Float64Array;
  /** Per entry, with a ttl: when it was written; otherwise empty. */
  stamps: Float64Array;
  readonly #log: RowLog;
  /** Of the snapshot that is open. */
  #frozen: FrozenRows | undefined;
  #capacity = FIRST_ENTRIES;
  #end = 0;
  /** Chain of free entries through NEXT. */
  #free = 0;
  /** Cells of two words: entry + 1 (0 = empty), hash. */
  #slots = new Int32Array(FIRST_ENTRIES * 4);
  #shift = 32 - Math.log2(FIRST_ENTRIES * 2);

  constructor(capacity: number, log: RowLog, numbers: boolean, stamped = false) {
    this.first = new Int32Array(capacity);
    this.last = new Int32Array(capacity);
    this.counts = new Int32Array(capacity);
    this.valueNumbers = new Float64Array(numbers ? FIRST_ENTRIES : 0);
    this.stamps = new Float64Array(stamped ? FIRST_ENTRIES : 0);
    this.#log = log;
  }

  grow(capacity: number): void {
    this.first = grown(this.first, new Int32Array(capacity));
    this.last = grown(this.last, new Int32Array(capacity));
    this.counts = grown(this.counts, new Int32Array(capacity));
  }

  reset(end: number): void {
    this.first.fill(0, 0, end);
    this.last.fill(0, 0, end);
    this.counts.fill(0, 0, end);
    this.#slots.fill(0);
    this.#free = 0;
    this.#end = 0;
  }

  /** Entry of a map key, or −1. */
  find(id: number, key: unknown): number {
    const hash = hashOf(id, key);
    const slots = this.#slots;
    const { words, doubles } = this.entries;
    const mask = slots.length - 1;
    const bytes = typeof key === "number" ? undefined : canonicalBytes(key);
    for (let cell = (Math.imul(hash, GOLDEN) >>> this.#shift) * 2; ; cell = (cell + 2) & mask) {
      const entry = slots[cell]! - 1;
      if (entry < 0) return -1;
      if (slots[cell + 1] !== hash || words[entry * WORDS] !== id) continue;
      if (bytes === undefined ? doubles[entry * DOUBLES + KEY_NUMBER] === key : this.#isKey(entry, bytes)) return entry;
    }
  }

  #isKey(entry: number, bytes: Uint8Array): boolean {
    const row = this.entries.keyRow(entry);
    if (row === 0 || this.#log.lengthOf(row) !== bytes.length) return false;
    const page = this.#log.pageOf(row);
    const at = this.#log.payloadStart(row);
    for (let index = 0; index < bytes.length; index++) if (page[at + index] !== bytes[index]) return false;
    return true;
  }

  /** A new entry at the end of the id's chain; its value is still to be set. The key must not be there. */
  insert(id: number, key: unknown): number {
    const bytes = typeof key === "number" && key === key ? undefined : canonicalBytes(key);
    const entry = this.#take();
    const hash = hashOf(id, key);
    const { words, doubles } = this.entries;
    const at = entry * WORDS;
    const last = this.last[id]!;
    this.touch(entry);
    if (last !== 0) this.touch(last - 1);
    words[at] = id;
    words[at + NEXT] = 0;
    words[at + PREVIOUS] = last;
    words[at + HASH] = hash;
    words[at + KEY_ROW] = bytes === undefined ? 0 : this.#log.put(bytes);
    words[at + VALUE_ROW] = 0;
    doubles[entry * DOUBLES + KEY_NUMBER] = bytes === undefined ? (key as number) + 0 : NaN;
    if (last === 0) this.first[id] = entry + 1;
    else words[(last - 1) * WORDS + NEXT] = entry + 1;
    this.last[id] = entry + 1;
    this.counts[id]!++;
    this.#place(entry, hash);
    return entry;
  }

  /** Takes an entry out. Frees the row of its value, too. */
  remove(entry: number): void {
    this.#removeSlot(entry);
    const { words } = this.entries;
    const at = entry * WORDS;
    const id = words[at]!;
    const previous = words[at + PREVIOUS]!;
    const next = words[at + NEXT]!;
    this.touch(entry);
    if (previous !== 0) this.touch(previous - 1);
    if (previous === 0) this.first[id] = next;
    else words[(previous - 1) * WORDS + NEXT] = next;
    if (next === 0) this.last[id] = previous;
    else words[(next - 1) * WORDS + PREVIOUS] = previous;
    this.counts[id]!--;
    if (words[at + KEY_ROW] !== 0) this.#log.free(words[at + KEY_ROW]!);
    if (words[at + VALUE_ROW] !== 0) this.#log.free(words[at + VALUE_ROW]!);
    words[at + NEXT] = this.#free;
    this.#free = entry + 1;
  }

  setRow(entry: number, row: number): void {
    this.touch(entry);
    const { words } = this.entries;
    const at = entry * WORDS + VALUE_ROW;
    const old = words[at]!;
    if (old !== 0) this.#log.free(old);
    words[at] = row;
  }

  /** `ids`: rows by id of the key; entries have rows of their own. */
  freeze(ids: FrozenRows): FrozenMap {
    const frozen = new FrozenMap(this, ids, this.#end);
    this.#frozen = frozen.entries;
    return frozen;
  }

  thaw(): void {
    this.#frozen = undefined;
  }

  /** Before the value or the stamp of an entry is set. */
  touch(entry: number): void {
    if (this.#frozen !== undefined) this.#frozen.keep(entry);
  }

  #take(): number {
    if (this.#free !== 0) {
      const entry = this.#free - 1;
      this.#free = this.entries.next(entry);
      return entry;
    }
    if (this.#end === this.#capacity) this.#growEntries();
    return this.#end++;
  }

  #growEntries(): void {
    const capacity = this.#capacity * 2;
    this.#capacity = capacity;
    this.entries = new MapEntries(grown(this.entries.words, new Int32Array(capacity * WORDS)) as Int32Array<ArrayBuffer>);
    if (this.valueNumbers.length > 0) this.valueNumbers = grown(this.valueNumbers, new Float64Array(capacity));
    if (this.stamps.length > 0) this.stamps = grown(this.stamps, new Float64Array(capacity));
    this.#slots = new Int32Array(capacity * 4);
    this.#shift--;
    // The table is full when it grows: no entry is free.
    for (let entry = 0; entry < this.#end; entry++) this.#place(entry, this.entries.words[entry * WORDS + HASH]!);
  }

  #place(entry: number, hash: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let cell = (Math.imul(hash, GOLDEN) >>> this.#shift) * 2;
    while (slots[cell] !== 0) cell = (cell + 2) & mask;
    slots[cell] = entry + 1;
    slots[cell + 1] = hash;
  }

  #removeSlot(entry: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    const shift = this.#shift;
    let hole = (Math.imul(this.entries.words[entry * WORDS + HASH]!, GOLDEN) >>> shift) * 2;
    while (slots[hole] !== entry + 1) hole = (hole + 2) & mask;
    for (let cell = (hole + 2) & mask; slots[cell] !== 0; cell = (cell + 2) & mask) {
      const home = (Math.imul(slots[cell + 1]!, GOLDEN) >>> shift) * 2;
      if (((cell - home) & mask) < ((cell - hole) & mask)) continue;
      slots[hole] = slots[cell]!;
      slots[hole + 1] = slots[cell + 1]!;
      hole = cell;
    }
    slots[hole] = 0;
  }
}

function hashOf(id: number, key: unknown): number {
  return hashOfKey(key) ^ Math.imul(id + 1, 0x85ebca6b);
}
