// Map state of one key group: one hash table over (id of the key, map key), entries chained per id in the order of insertion. Map keys are
// numbers, or rows with canonical bytes; map values are numbers or rows. A lookup touches one cell of the table (with the hash in it)
// and one record.
import { asciiBytes, takeAscii } from "./ascii-text.ts";
import { canonicalBytes, keyOfRow, TAG_STRING } from "./canonical-key.ts";
import { DOUBLES, EntryChains, FIRST_ENTRIES, HASH, KEY_NUMBER, WORDS } from "./entry-chains.ts";
import { hashOfKey } from "./key-hash.ts";
import type { RowLog } from "./row-log.ts";

const GOLDEN = 0x9e3779b1;

export class MapColumn extends EntryChains {
  /** Cells of two words: entry + 1 (0 = empty), hash. */
  #slots = new Int32Array(FIRST_ENTRIES * 4);
  #shift = 32 - Math.log2(FIRST_ENTRIES * 2);

  constructor(capacity: number, log: RowLog, numbers: boolean, stamped = false) {
    super(capacity, log, numbers, stamped);
  }

  override reset(end: number): void {
    super.reset(end);
    this.#slots.fill(0);
  }

  /** Entry of a map key, or −1. */
  find(id: number, key: unknown): number {
    const hash = hashOf(id, key);
    const slots = this.#slots;
    const { words, doubles } = this.entries;
    const mask = slots.length - 1;
    const isNumber = typeof key === "number";
    for (let cell = (Math.imul(hash, GOLDEN) >>> this.#shift) * 2; ; cell = (cell + 2) & mask) {
      const entry = slots[cell]! - 1;
      if (entry < 0) return -1;
      if (slots[cell + 1] !== hash || words[entry * WORDS] !== id) continue;
      if (isNumber ? doubles[entry * DOUBLES + KEY_NUMBER] === key : this.#isKey(entry, key)) return entry;
    }
  }

  #isKey(entry: number, key: unknown): boolean {
    return typeof key === "string" && takeAscii(key) ? this.#isAscii(entry, key.length) : this.#isBytes(entry, canonicalBytes(key));
  }

  /** The entry's key is the string that takeAscii() has taken. */
  #isAscii(entry: number, length: number): boolean {
    const row = this.entries.keyRow(entry);
    if (row === 0 || this.log.lengthOf(row) !== length + 1) return false;
    const page = this.log.pageOf(row);
    const at = this.log.payloadStart(row);
    if (page[at] !== TAG_STRING) return false;
    for (let index = 0; index < length; index++) if (page[at + 1 + index] !== asciiBytes[index]) return false;
    return true;
  }

  #isBytes(entry: number, bytes: Uint8Array): boolean {
    const row = this.entries.keyRow(entry);
    if (row === 0 || this.log.lengthOf(row) !== bytes.length) return false;
    const page = this.log.pageOf(row);
    const at = this.log.payloadStart(row);
    for (let index = 0; index < bytes.length; index++) if (page[at + index] !== bytes[index]) return false;
    return true;
  }

  /** At the end of the id's chain. The key must not be there. */
  override insert(id: number, key: unknown): number {
    const keyRow = typeof key === "number" && key === key ? 0 : this.#putKey(key);
    const entry = this.take();
    const hash = hashOf(id, key);
    this.link(id, entry, this.last[id]!, hash, keyRow, keyRow === 0 ? (key as number) + 0 : NaN);
    this.#place(entry, hash);
    return entry;
  }

  #putKey(key: unknown): number {
    if (typeof key !== "string" || !takeAscii(key)) return this.log.put(canonicalBytes(key));
    const { length } = key;
    const row = this.log.allocate(1 + length);
    const page = this.log.pageOf(row);
    const at = this.log.payloadStart(row);
    page[at] = TAG_STRING;
    for (let index = 0; index < length; index++) page[at + 1 + index] = asciiBytes[index]!;
    return row;
  }

  keyAt(entry: number): unknown {
    const row = this.entries.keyRow(entry);
    if (row === 0) return this.entries.keyNumber(entry);
    const start = this.log.payloadStart(row);
    return keyOfRow(this.log.pageOf(row), start, start + this.log.lengthOf(row));
  }

  override remove(entry: number): void {
    this.#removeSlot(entry);
    this.unlink(entry);
  }

  protected override growEntries(capacity: number): void {
    super.growEntries(capacity);
    this.#slots = new Int32Array(capacity * 4);
    this.#shift--;
    for (let entry = 0; entry < this.end; entry++) this.#place(entry, this.entries.words[entry * WORDS + HASH]!);
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
