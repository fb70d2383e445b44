// Entries of the ids of a key table, chained per id in both directions: what map state (map-column.ts) is made of. Entries that are gone
// are used again. Memory is random here, so an entry is one record of 32 bytes.
import { type FrozenCells, FrozenRows } from "./frozen-cells.ts";
import { grown, type KeyColumn } from "./key-table.ts";
import type { RowLog } from "./row-log.ts";

export const FIRST_ENTRIES = 16;
/** A record: int32 owner id, next + 1, previous + 1 (0 = none), hash, row of the map key (0: a number), row of the value; float64 map key. */
export const WORDS = 8;
const NEXT = 1;
const PREVIOUS = 2;
export const HASH = 3;
export const KEY_ROW = 4;
const VALUE_ROW = 5;
export const DOUBLES = WORDS / 2;
export const KEY_NUMBER = 3;

export class ChainEntries {
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

  /** Entry + 1; 0 = the first one. */
  previous(entry: number): number {
    return this.words[entry * WORDS + PREVIOUS]!;
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
export class FrozenChains {
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

  constructor(column: EntryChains, ids: FrozenRows, entries: number) {
    this.first = ids.add(column.first);
    this.counts = ids.add(column.counts);
    this.entries = new FrozenRows(entries, ids.space);
    this.valueNumbers = this.entries.add(column.valueNumbers);
    this.stamps = this.entries.add(column.stamps);
    this.#records = this.entries.add(column.entries.doubles, DOUBLES, column.entries.words);
  }

  /** As ChainEntries has them. */
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

export abstract class EntryChains implements KeyColumn {
  /** Per id: first and last entry + 1 (0 = none), number of entries. */
  first: Int32Array;
  last: Int32Array;
  counts: Int32Array;
  entries = new ChainEntries(new Int32Array(FIRST_ENTRIES * WORDS));
  /** Per entry, if values are numbers. */
  valueNumbers: Float64Array;
  /** Per entry, with a ttl: when it was written; otherwise empty. */
  stamps: Float64Array;
  /** Entries, over all ids. */
  size = 0;
  /** How often an entry has come or gone. */
  changes = 0;
  protected readonly log: RowLog;
  /** Entries below this have been used. */
  protected end = 0;
  /** Of the snapshot that is open. */
  #frozen: FrozenRows | undefined;
  #capacity = FIRST_ENTRIES;
  /** Chain of free entries through NEXT. */
  #free = 0;

  constructor(capacity: number, log: RowLog, numbers: boolean, stamped: boolean) {
    this.first = new Int32Array(capacity);
    this.last = new Int32Array(capacity);
    this.counts = new Int32Array(capacity);
    this.valueNumbers = new Float64Array(numbers ? FIRST_ENTRIES : 0);
    this.stamps = new Float64Array(stamped ? FIRST_ENTRIES : 0);
    this.log = log;
  }

  /** A new entry of an id; its value is still to be set. */
  abstract insert(id: number, key: unknown): number;

  /** Takes an entry out. Frees the rows of its key and value, too. */
  abstract remove(entry: number): void;

  grow(capacity: number): void {
    this.first = grown(this.first, new Int32Array(capacity));
    this.last = grown(this.last, new Int32Array(capacity));
    this.counts = grown(this.counts, new Int32Array(capacity));
  }

  reset(end: number): void {
    this.first.fill(0, 0, end);
    this.last.fill(0, 0, end);
    this.counts.fill(0, 0, end);
    this.#free = 0;
    this.end = 0;
    this.size = 0;
  }

  warm(id: number): number {
    return this.first[id]! + this.last[id]! + this.counts[id]!;
  }

  /** Puts an entry behind another one of the id (entry + 1; 0: at the front), with the rows and the number of its key. */
  protected link(id: number, entry: number, previous: number, hash: number, keyRow: number, keyNumber: number): void {
    const { words, doubles } = this.entries;
    const at = entry * WORDS;
    const next = previous === 0 ? this.first[id]! : words[(previous - 1) * WORDS + NEXT]!;
    this.changes++;
    this.size++;
    this.touch(entry);
    words[at] = id;
    words[at + NEXT] = next;
    words[at + PREVIOUS] = previous;
    words[at + HASH] = hash;
    words[at + KEY_ROW] = keyRow;
    words[at + VALUE_ROW] = 0;
    doubles[entry * DOUBLES + KEY_NUMBER] = keyNumber;
    if (previous === 0) this.first[id] = entry + 1;
    else {
      this.touch(previous - 1);
      words[(previous - 1) * WORDS + NEXT] = entry + 1;
    }
    if (next === 0) this.last[id] = entry + 1;
    else words[(next - 1) * WORDS + PREVIOUS] = entry + 1; // no snapshot reads it
    this.counts[id]!++;
  }

  protected unlink(entry: number): void {
    const { words } = this.entries;
    const at = entry * WORDS;
    const id = words[at]!;
    const previous = words[at + PREVIOUS]!;
    const next = words[at + NEXT]!;
    this.changes++;
    this.size--;
    this.touch(entry);
    if (previous === 0) this.first[id] = next;
    else {
      this.touch(previous - 1);
      words[(previous - 1) * WORDS + NEXT] = next;
    }
    if (next === 0) this.last[id] = previous;
    else words[(next - 1) * WORDS + PREVIOUS] = previous;
    this.counts[id]!--;
    if (words[at + KEY_ROW] !== 0) this.log.free(words[at + KEY_ROW]!);
    if (words[at + VALUE_ROW] !== 0) this.log.free(words[at + VALUE_ROW]!);
    words[at + NEXT] = this.#free;
    this.#free = entry + 1;
  }

  /** Gives an entry a copy of these bytes as its value. */
  setBytes(entry: number, bytes: Uint8Array): void {
    this.touch(entry);
    const { words } = this.entries;
    const at = entry * WORDS + VALUE_ROW;
    words[at] = this.log.replace(words[at]!, bytes);
  }

  /** `ids`: rows by id of the key; entries have rows of their own. */
  freeze(ids: FrozenRows): FrozenChains {
    const frozen = new FrozenChains(this, ids, this.end);
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

  /** An entry that is free. */
  protected take(): number {
    if (this.#free !== 0) {
      const entry = this.#free - 1;
      this.#free = this.entries.next(entry);
      return entry;
    }
    if (this.end === this.#capacity) this.growEntries(this.#capacity * 2);
    return this.end++;
  }

  /** Nothing is free when this is called. */
  protected growEntries(capacity: number): void {
    this.#capacity = capacity;
    this.entries = new ChainEntries(grown(this.entries.words, new Int32Array(capacity * WORDS)) as Int32Array<ArrayBuffer>);
    if (this.valueNumbers.length > 0) this.valueNumbers = grown(this.valueNumbers, new Float64Array(capacity));
    if (this.stamps.length > 0) this.stamps = grown(this.stamps, new Float64Array(capacity));
  }
}
