// The keys of one key group of one operator: key -> dense id, by open addressing. What belongs to a key lies in columns indexed by id.
// A key that nothing keeps any more stays as long as there is room, because most keys come again; then all such keys are released at once,
// and their ids are used again. A table grows by itself only, so growth never stops the subtask for long. While a snapshot is open,
// nothing is swept, and released ids wait: the keys of a frozen table stay readable without a copy.
import { latin1 } from "../../schema/columns.ts";
import { asciiBytes, asciiWords, takeAscii } from "./ascii-text.ts";
import { canonicalBytes, keyOfBytes, putUtf8, refuseKey, TAG_DOUBLE, TAG_INTEGER, TAG_STRING, textOfUtf8 } from "./canonical-key.ts";
import type { FrozenRows } from "./frozen-cells.ts";
import { IntStack } from "./int-stack.ts";
import type { NumberRecord } from "./number-record.ts";
import type { RowLog } from "./row-log.ts";

const FIRST_CAPACITY = 16;
const MAX_KEYS = 1 << 28;
const GOLDEN = 0x9e3779b1;
/** In `tags` only: a string of ASCII characters. */
const ASCII = 255;
const FREE = 0;

/** Int32 words of a cell: code (0 = empty, otherwise the id + 1 and a kind), hash, and what is compared with a key. */
const CELL = 4;
const CELL_SHIFT = 2;
const ID_BITS = 29;
const ID_MASK = (1 << ID_BITS) - 1;
/** A safe integer: its low and high 32 bits. */
const INTEGER_CELL = 0;
/** A string of ASCII characters: row and length. */
const ASCII_CELL = 1 << ID_BITS;
/** Anything else: what is compared lies with the id. */
const OTHER_CELL = 2 << ID_BITS;
const TWO_32 = 4294967296;

/** A column of the table: follows its capacity. */
export interface KeyColumn {
  grow(capacity: number): void;
  /** Clears the cells of ids below `end`; rows of the log are gone already. */
  reset(end: number): void;
  /** Reads what get() of an id would read, so that it is in the processor's cache; any number. */
  warm(id: number): number;
  /** The same for what is found only by what warm() has read. */
  warmRow?(id: number): number;
}

export class KeyTable {
  /** Ids below this have been used. */
  end = 0;
  /** Keys that are there now. */
  size = 0;
  capacity = FIRST_CAPACITY;
  /** Per id: how many things (states, timers) keep the key; hold() and letGo() count. */
  references = new Int32Array(FIRST_CAPACITY);
  /** Per id: tag of the key's canonical bytes, 0 = no key. */
  tags = new Uint8Array(FIRST_CAPACITY);
  /** Per id: the key if it is a number. */
  numbers = new Float64Array(FIRST_CAPACITY);
  /** Per id: row of the key's canonical bytes without the tag, if it is no number. */
  rows = new Int32Array(0);
  readonly columns: KeyColumn[] = [];
  /** The numbers of a key that lie side by side, where the store has such. */
  record: NumberRecord | undefined;
  /** Keys that nothing keeps. */
  #idle = 0;
  /** Of the snapshot that is open: rows by id. Whoever changes what belongs to an id calls keep(id) first. */
  frozen: FrozenRows | undefined;
  readonly #log: RowLog;
  #hashes = new Int32Array(FIRST_CAPACITY);
  /** Cells of four words, two for each id: an integer or a short string is found in one or two cache lines. */
  #slots = new Int32Array(FIRST_CAPACITY * 2 * CELL);
  #shift = 32 - Math.log2(FIRST_CAPACITY * 2);
  readonly #freeIds = new IntStack();
  #frozen = 0;
  /** Ids released while a snapshot is open. */
  readonly #waiting = new IntStack();

  readonly #forgets: boolean;

  /** `forgets`: keys that nothing keeps may go. Otherwise only release() and reset() take keys out. */
  constructor(log: RowLog, forgets = false) {
    this.#log = log;
    this.#forgets = forgets;
  }

  /** Keys that something keeps; all keys of a table that does not forget. */
  get kept(): number {
    return this.#forgets ? this.size - this.#idle : this.size;
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
    for (let slot = (Math.imul(hash, GOLDEN) >>> this.#shift) << CELL_SHIFT; ; slot = (slot + CELL) & mask) {
      const id = (slots[slot]! & ID_MASK) - 1;
      if (id < 0) return -1;
      if (slots[slot + 1] === hash && areEqual(canonicalBytes(this.keyAt(id)), wanted)) return id;
    }
  }

  /** For reading ahead: the id of the key with this hash if it is in the hash's first cell, otherwise −1. */
  peek(hash: number): number {
    const slots = this.#slots;
    const slot = (Math.imul(hash, GOLDEN) >>> this.#shift) << CELL_SHIFT;
    return slots[slot + 1] === hash ? (slots[slot]! & ID_MASK) - 1 : -1;
  }

  /**
   * Reads what the work on a key is going to read. Memory is slow, but many reads that do not wait for each other take hardly longer than
   * one: done for many keys at once, this makes the later work find all in the processor's cache. The sum means nothing.
   */
  warm(id: number): number {
    let sum = this.references[id]! + this.numbers[id]!;
    const { columns } = this;
    for (let index = 0; index < columns.length; index++) sum += columns[index]!.warm(id);
    return sum;
  }

  warmRows(id: number): number {
    let sum = 0;
    const { columns } = this;
    for (let index = 0; index < columns.length; index++) sum += columns[index]!.warmRow!(id);
    return sum;
  }

  #upsertNumber(key: number, hash: number): number {
    if ((key | 0) === key) return this.#upsertInteger(key, key, key >> 31, hash);
    if (Number.isSafeInteger(key)) return this.#upsertInteger(key, key | 0, Math.floor(key / TWO_32), hash);
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = (Math.imul(hash, GOLDEN) >>> this.#shift) << CELL_SHIFT; ; slot = (slot + CELL) & mask) {
      const code = slots[slot]!;
      if (code === 0) return this.#insertNumber(key, hash, OTHER_CELL, 0, 0);
      const id = (code & ID_MASK) - 1;
      if (slots[slot + 1] === hash && this.numbers[id] === key) return id; // NaN for keys that are no numbers
    }
  }

  #upsertInteger(key: number, low: number, high: number, hash: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = (Math.imul(hash, GOLDEN) >>> this.#shift) << CELL_SHIFT; ; slot = (slot + CELL) & mask) {
      const code = slots[slot]!;
      if (code === 0) return this.#insertNumber(key, hash, INTEGER_CELL, low, high);
      if (slots[slot + 2] === low && slots[slot + 3] === high && code >>> ID_BITS === INTEGER_CELL) return code - 1;
    }
  }

  #insertNumber(key: number, hash: number, kind: number, a: number, b: number): number {
    if (key !== key) refuseKey(key);
    const id = this.#insert(hash, kind, a, b);
    this.tags[id] = kind === INTEGER_CELL ? TAG_INTEGER : TAG_DOUBLE;
    this.numbers[id] = key + 0;
    return id;
  }

  #upsertRow(key: unknown, hash: number): number {
    if (typeof key !== "string") return this.#upsertOther(key, canonicalBytes(key), hash);
    if (!takeAscii(key)) return this.#upsertOther(key, undefined, hash);
    const slots = this.#slots;
    const mask = slots.length - 1;
    const { length } = key;
    for (let slot = (Math.imul(hash, GOLDEN) >>> this.#shift) << CELL_SHIFT; ; slot = (slot + CELL) & mask) {
      const code = slots[slot]!;
      if (code === 0) return this.#insertAscii(length, hash);
      if (slots[slot + 1] !== hash || slots[slot + 3] !== length || code >>> ID_BITS !== ASCII_CELL >>> ID_BITS) continue;
      if (this.#isTaken(slots[slot + 2]!, length)) return (code & ID_MASK) - 1;
    }
  }

  /** A row has the characters that takeAscii() took. */
  #isTaken(row: number, length: number): boolean {
    // Four characters at a time: payloads begin at whole words.
    const words = this.#log.wordsOf(row);
    const at = this.#log.payloadStart(row) >>> 2;
    const whole = length >>> 2;
    for (let word = 0; word < whole; word++) if (words[at + word] !== asciiWords[word]) return false;
    const bytes = (length & 3) << 3;
    return bytes === 0 || ((words[at + whole]! ^ asciiWords[whole]!) & ((1 << bytes) - 1)) === 0;
  }

  /** `bytes`: of all keys but strings. */
  #upsertOther(key: unknown, bytes: Uint8Array | undefined, hash: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = (Math.imul(hash, GOLDEN) >>> this.#shift) << CELL_SHIFT; ; slot = (slot + CELL) & mask) {
      const code = slots[slot]!;
      if (code === 0) return this.#insertOther(key, bytes, hash);
      if (slots[slot + 1] !== hash || code >>> ID_BITS !== OTHER_CELL >>> ID_BITS) continue;
      const id = (code & ID_MASK) - 1;
      if (bytes !== undefined ? this.#isBytes(id, bytes) : this.tags[id] === TAG_STRING && this.keyAt(id) === key) return id;
    }
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

  #insertAscii(length: number, hash: number): number {
    const row = this.#log.put(asciiBytes, 0, length);
    return this.#setRow(this.#insert(hash, ASCII_CELL, row, length), row, ASCII);
  }

  #insertOther(key: unknown, bytes: Uint8Array | undefined, hash: number): number {
    const row = bytes === undefined ? this.#putText(key as string) : this.#log.put(bytes, 1);
    return this.#setRow(this.#insert(hash, OTHER_CELL, 0, 0), row, bytes === undefined ? TAG_STRING : bytes[0]!);
  }

  #putText(key: string): number {
    const bytes = new Uint8Array(key.length * 3);
    return this.#log.put(bytes, 0, putUtf8(key, bytes, 0));
  }

  #setRow(id: number, row: number, tag: number): number {
    if (this.rows.length < this.capacity) this.rows = grown(this.rows, new Int32Array(this.capacity));
    this.tags[id] = tag;
    this.rows[id] = row;
    this.numbers[id] = NaN;
    return id;
  }

  #insert(hash: number, kind: number, a: number, b: number): number {
    // Half of the room is for keys that nothing keeps: less would make sweeps frequent.
    if (this.#idle * 2 > this.capacity && this.#forgets && this.#frozen === 0) this.#sweep();
    const id = this.#freeIds.size > 0 ? this.#freeIds.pop() : this.end++;
    if (id === this.capacity) this.#grow();
    this.frozen?.keep(id);
    this.size++;
    this.#idle++;
    this.#hashes[id] = hash;
    this.references[id] = 0;
    this.#place((id + 1) | kind, hash, a, b);
    return id;
  }

  #place(code: number, hash: number, a: number, b: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = (Math.imul(hash, GOLDEN) >>> this.#shift) << CELL_SHIFT;
    while (slots[slot] !== 0) slot = (slot + CELL) & mask;
    slots[slot] = code;
    slots[slot + 1] = hash;
    slots[slot + 2] = a;
    slots[slot + 3] = b;
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
    const old = this.#slots;
    this.#slots = new Int32Array(capacity * 2 * CELL);
    this.#shift--;
    for (let slot = 0; slot < old.length; slot += CELL) {
      if (old[slot] !== 0) this.#place(old[slot]!, old[slot + 1]!, old[slot + 2]!, old[slot + 3]!);
    }
  }

  /** One thing more keeps the key. */
  hold(id: number): void {
    if (this.references[id]!++ === 0) this.#idle--;
  }

  /** One thing fewer keeps the key. */
  letGo(id: number): void {
    if (--this.references[id]! === 0) this.#idle++;
  }

  #sweep(): void {
    for (let id = 0; id < this.end; id++) if (this.tags[id] !== FREE && this.references[id] === 0) this.release(id);
  }

  /** Takes the key out; the columns of the id must be clear. */
  release(id: number): void {
    if (this.references[id] === 0) this.#idle--;
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
    let hole = (Math.imul(this.#hashes[id]!, GOLDEN) >>> this.#shift) << CELL_SHIFT;
    while ((slots[hole]! & ID_MASK) !== id + 1) hole = (hole + CELL) & mask;
    for (let slot = (hole + CELL) & mask; slots[slot] !== 0; slot = (slot + CELL) & mask) {
      const home = (Math.imul(slots[slot + 1]!, GOLDEN) >>> this.#shift) << CELL_SHIFT;
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      slots.copyWithin(hole, slot, slot + CELL);
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
    this.#freeIds.clear();
    this.end = 0;
    this.size = 0;
    this.#idle = 0;
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
    for (let at = 0; at < this.#waiting.size; at++) this.#freeIds.push(this.#waiting.at(at));
    this.#waiting.clear();
  }
}

function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

export function grown<T extends Int32Array | Float64Array | Uint8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
