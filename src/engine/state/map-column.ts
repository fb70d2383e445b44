// Map state of one key group: one hash table over (id of the key, map key), entries chained per id in the order of insertion. Entries of
// deleted keys are reused. Map keys are numbers, or rows with canonical bytes; map values are numbers or rows.
import { canonicalBytes } from "./canonical-key.ts";
import { hashOfKey } from "./key-hash.ts";
import { grown, type KeyColumn } from "./key-table.ts";
import type { RowLog } from "./row-log.ts";

const FIRST_ENTRIES = 16;
const GOLDEN = 0x9e3779b1;

export interface MapColumnSnapshot {
  readonly first: Int32Array;
  readonly counts: Int32Array;
  readonly next: Int32Array;
  readonly keyNumbers: Float64Array;
  readonly keyRows: Int32Array;
  readonly valueNumbers: Float64Array;
  readonly valueRows: Int32Array;
  readonly stamps: Float64Array;
}

export class MapColumn implements KeyColumn {
  /** Per id: first and last entry + 1 (0 = none), number of entries. */
  first: Int32Array;
  last: Int32Array;
  counts: Int32Array;
  /** Per entry: owner id, next and previous entry + 1, hash, map key (number, or NaN and its row), value (number or row). */
  owners = new Int32Array(FIRST_ENTRIES);
  next = new Int32Array(FIRST_ENTRIES);
  #previous = new Int32Array(FIRST_ENTRIES);
  #hashes = new Int32Array(FIRST_ENTRIES);
  keyNumbers = new Float64Array(FIRST_ENTRIES);
  keyRows = new Int32Array(FIRST_ENTRIES);
  valueNumbers: Float64Array;
  valueRows: Int32Array;
  /** Per entry, with a ttl: when it was written; otherwise empty. */
  stamps: Float64Array;
  readonly #log: RowLog;
  #capacity = FIRST_ENTRIES;
  #end = 0;
  /** Chain of free entries through `next`. */
  #free = 0;
  #slots = new Int32Array(FIRST_ENTRIES * 2);
  #shift = 32 - Math.log2(FIRST_ENTRIES * 2);

  constructor(capacity: number, log: RowLog, numbers: boolean, stamped = false) {
    this.first = new Int32Array(capacity);
    this.last = new Int32Array(capacity);
    this.counts = new Int32Array(capacity);
    this.valueNumbers = new Float64Array(numbers ? FIRST_ENTRIES : 0);
    this.valueRows = new Int32Array(numbers ? 0 : FIRST_ENTRIES);
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
    this.valueRows.fill(0, 0, this.#end);
    this.#slots.fill(0);
    this.#free = 0;
    this.#end = 0;
  }

  /** Entry of a map key, or −1. */
  find(id: number, key: unknown): number {
    const hash = hashOf(id, key);
    const slots = this.#slots;
    const mask = slots.length - 1;
    const bytes = typeof key === "number" ? undefined : canonicalBytes(key);
    for (let slot = Math.imul(hash, GOLDEN) >>> this.#shift; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const entry = slots[slot]! - 1;
      if (this.#hashes[entry] !== hash || this.owners[entry] !== id) continue;
      if (bytes === undefined ? this.keyNumbers[entry] === key : this.#isKey(entry, bytes)) return entry;
    }
    return -1;
  }

  #isKey(entry: number, bytes: Uint8Array): boolean {
    const row = this.keyRows[entry]!;
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
    this.owners[entry] = id;
    this.#hashes[entry] = hash;
    this.keyNumbers[entry] = bytes === undefined ? (key as number) + 0 : NaN;
    this.keyRows[entry] = bytes === undefined ? 0 : this.#log.put(bytes);
    const last = this.last[id]!;
    this.#previous[entry] = last;
    this.next[entry] = 0;
    if (last === 0) this.first[id] = entry + 1;
    else this.next[last - 1] = entry + 1;
    this.last[id] = entry + 1;
    this.counts[id]!++;
    this.#place(entry, hash);
    return entry;
  }

  /** Takes an entry out. Frees the row of its value, too. */
  remove(entry: number): void {
    const id = this.owners[entry]!;
    this.#removeSlot(entry);
    const previous = this.#previous[entry]!;
    const next = this.next[entry]!;
    if (previous === 0) this.first[id] = next;
    else this.next[previous - 1] = next;
    if (next === 0) this.last[id] = previous;
    else this.#previous[next - 1] = previous;
    this.counts[id]!--;
    if (this.keyRows[entry] !== 0) this.#log.free(this.keyRows[entry]!);
    if (this.valueRows.length > 0) this.setRow(entry, 0);
    this.next[entry] = this.#free;
    this.#free = entry + 1;
  }

  setRow(entry: number, row: number): void {
    const old = this.valueRows[entry]!;
    if (old !== 0) this.#log.free(old);
    this.valueRows[entry] = row;
  }

  /** Copies what later writes change, for ids below `end`; the rows themselves stay in the frozen log. */
  snapshot(end: number): MapColumnSnapshot {
    const entries = this.#end;
    return {
      first: this.first.slice(0, end),
      counts: this.counts.slice(0, end),
      next: this.next.slice(0, entries),
      keyNumbers: this.keyNumbers.slice(0, entries),
      keyRows: this.keyRows.slice(0, entries),
      valueNumbers: this.valueNumbers.slice(0, entries),
      valueRows: this.valueRows.slice(0, entries),
      stamps: this.stamps.slice(0, entries),
    };
  }

  #take(): number {
    if (this.#free !== 0) {
      const entry = this.#free - 1;
      this.#free = this.next[entry]!;
      return entry;
    }
    if (this.#end === this.#capacity) this.#growEntries();
    return this.#end++;
  }

  #growEntries(): void {
    const capacity = this.#capacity * 2;
    this.#capacity = capacity;
    this.owners = grown(this.owners, new Int32Array(capacity));
    this.next = grown(this.next, new Int32Array(capacity));
    this.#previous = grown(this.#previous, new Int32Array(capacity));
    this.#hashes = grown(this.#hashes, new Int32Array(capacity));
    this.keyNumbers = grown(this.keyNumbers, new Float64Array(capacity));
    this.keyRows = grown(this.keyRows, new Int32Array(capacity));
    if (this.valueNumbers.length > 0) this.valueNumbers = grown(this.valueNumbers, new Float64Array(capacity));
    if (this.valueRows.length > 0) this.valueRows = grown(this.valueRows, new Int32Array(capacity));
    if (this.stamps.length > 0) this.stamps = grown(this.stamps, new Float64Array(capacity));
    this.#slots = new Int32Array(capacity * 2);
    this.#shift--;
    // The table is full when it grows: no entry is free.
    for (let entry = 0; entry < this.#end; entry++) this.#place(entry, this.#hashes[entry]!);
  }

  #place(entry: number, hash: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = Math.imul(hash, GOLDEN) >>> this.#shift;
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = entry + 1;
  }

  #removeSlot(entry: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let hole = Math.imul(this.#hashes[entry]!, GOLDEN) >>> this.#shift;
    while (slots[hole] !== entry + 1) hole = (hole + 1) & mask;
    for (let slot = (hole + 1) & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const home = Math.imul(this.#hashes[slots[slot]! - 1]!, GOLDEN) >>> this.#shift;
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      slots[hole] = slots[slot]!;
      hole = slot;
    }
    slots[hole] = 0;
  }
}

function hashOf(id: number, key: unknown): number {
  return hashOfKey(key) ^ Math.imul(id + 1, 0x85ebca6b);
}
