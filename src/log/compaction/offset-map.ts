// The newest offset of every key of a stretch of log: what a compaction compares records with. Keys are kept whole, so two keys are never
// taken for one. Memory is bounded: put() refuses when the limit is reached, and the compaction then covers less of the log.
// Invariant: entries are spread over many small tables by their hash, so that growing one of them is short.
import { MAX_KEY_CHUNK_BYTES } from "../limits.ts";

const TABLES = 256;
const FIRST_SLOTS = 16;
/** Slots are at most this full. */
const LOAD = 0.7;
/** Bytes per entry besides its key, of a table as full as can be: slot and three columns. */
const ENTRY_BYTES = 4 + 4 + 4 + 4 + 4 + 8;

interface Table {
  /** Entry number + 1; 0: free. */
  slots: Int32Array;
  hashes: Int32Array;
  chunks: Int32Array;
  positions: Int32Array;
  lengths: Int32Array;
  offsets: Float64Array;
  count: number;
}

function newTable(): Table {
  return { slots: new Int32Array(FIRST_SLOTS), ...newColumns(FIRST_SLOTS), count: 0 };
}

function newColumns(slots: number): Omit<Table, "slots" | "count"> {
  const entries = Math.ceil(slots * LOAD);
  return {
    hashes: new Int32Array(entries),
    chunks: new Int32Array(entries),
    positions: new Int32Array(entries),
    lengths: new Int32Array(entries),
    offsets: new Float64Array(entries),
  };
}

export class OffsetMap {
  /** The newest offset of all keys, −1 while there is none. */
  latestOffset = -1;
  readonly #limitBytes: number;
  readonly #seed: number;
  readonly #tables: Table[] = Array.from({ length: TABLES }, newTable);
  readonly #chunks: Uint8Array[] = [];
  #chunkUsed = 0;
  #bytes = TABLES * FIRST_SLOTS * ENTRY_BYTES;
  #count = 0;

  /** `seed` makes the places of keys unforeseeable for whoever chooses the keys. */
  constructor(limitBytes: number, seed: number) {
    this.#limitBytes = limitBytes;
    this.#seed = seed;
  }

  get count(): number {
    return this.#count;
  }

  get memoryBytes(): number {
    return this.#bytes;
  }

  /** Notes that the key in bytes[start, end) occurs at `offset`, above all offsets before. False if there is no room: nothing changed. */
  put(bytes: Uint8Array, start: number, end: number, offset: number): boolean {
    const hash = this.#hash(bytes, start, end);
    const table = this.#tables[hash >>> 24]!;
    const found = this.#find(table, hash, bytes, start, end);
    if (found >= 0) {
      table.offsets[found] = offset;
      this.latestOffset = offset;
      return true;
    }
    if (table.count === table.hashes.length && !this.#grow(table)) return false;
    const length = end - start;
    if (!this.#makeRoom(length)) return false;
    const chunk = this.#chunks.at(-1)!;
    for (let i = 0; i < length; i++) chunk[this.#chunkUsed + i] = bytes[start + i]!;
    const entry = table.count++;
    table.hashes[entry] = hash;
    table.chunks[entry] = this.#chunks.length - 1;
    table.positions[entry] = this.#chunkUsed;
    table.lengths[entry] = length;
    table.offsets[entry] = offset;
    occupy(table.slots, hash, entry);
    this.#chunkUsed += length;
    this.#count++;
    this.latestOffset = offset;
    return true;
  }

  /** The newest offset of the key in bytes[start, end), −1 if it is not there. */
  get(bytes: Uint8Array, start: number, end: number): number {
    const hash = this.#hash(bytes, start, end);
    const table = this.#tables[hash >>> 24]!;
    const found = this.#find(table, hash, bytes, start, end);
    return found < 0 ? -1 : table.offsets[found]!;
  }

  #find(table: Table, hash: number, bytes: Uint8Array, start: number, end: number): number {
    const mask = table.slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = table.slots[slot]! - 1;
      if (entry < 0) return -1;
      if (table.hashes[entry] === hash && this.#isKey(table, entry, bytes, start, end)) return entry;
    }
  }

  #isKey(table: Table, entry: number, bytes: Uint8Array, start: number, end: number): boolean {
    const length = table.lengths[entry]!;
    if (length !== end - start) return false;
    const chunk = this.#chunks[table.chunks[entry]!]!;
    const position = table.positions[entry]!;
    for (let i = 0; i < length; i++) if (chunk[position + i] !== bytes[start + i]) return false;
    return true;
  }

  #grow(table: Table): boolean {
    const slots = table.slots.length * 2;
    const added = table.slots.length * ENTRY_BYTES;
    if (this.#bytes + added > this.#limitBytes) return false;
    this.#bytes += added;
    const old = { ...table };
    Object.assign(table, newColumns(slots));
    table.hashes.set(old.hashes);
    table.chunks.set(old.chunks);
    table.positions.set(old.positions);
    table.lengths.set(old.lengths);
    table.offsets.set(old.offsets);
    table.slots = new Int32Array(slots);
    for (let entry = 0; entry < table.count; entry++) occupy(table.slots, table.hashes[entry]!, entry);
    return true;
  }

  #makeRoom(length: number): boolean {
    const last = this.#chunks.at(-1);
    if (last !== undefined && this.#chunkUsed + length <= last.length) return true;
    // Chunks begin small: most partitions have few keys.
    const size = Math.max(length, Math.min(MAX_KEY_CHUNK_BYTES, 1024 << Math.min(this.#chunks.length, 16)));
    if (this.#bytes + size > this.#limitBytes) return false;
    this.#chunks.push(new Uint8Array(size));
    this.#chunkUsed = 0;
    this.#bytes += size;
    return true;
  }

  /** FNV-1a with a seed, mixed at the end. */
  #hash(bytes: Uint8Array, start: number, end: number): number {
    let hash = this.#seed ^ 0x811c9dc5;
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
    hash ^= hash >>> 15;
    hash = Math.imul(hash, 0x2c1b3c6d);
    return hash ^ (hash >>> 13);
  }
}

function occupy(slots: Int32Array, hash: number, entry: number): void {
  const mask = slots.length - 1;
  let slot = hash & mask;
  while (slots[slot] !== 0) slot = (slot + 1) & mask;
  slots[slot] = entry + 1;
}
