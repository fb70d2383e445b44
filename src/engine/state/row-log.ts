// Rows of bytes outside the JS heap: an append-only log of pages with reuse of freed rows by size class. A row never moves, and
// while a snapshot is open it never changes (an update is a new row) and freed rows wait before they are reused: snapshots copy no rows.
// A row's address counts units of 8 bytes; 0 is no row. Each row starts with its length (int32, native order).
import { IntStack } from "./int-stack.ts";

const UNIT_BYTES = 8;
const PAGE_UNITS = 8192;
const PAGE_SHIFT = 13;
const PAGE_BYTES = PAGE_UNITS * UNIT_BYTES;
const HEADER_BYTES = 4;
/** Addresses are int32: 16 GiB of rows. */
const MAX_PAGES = 0x7fffffff >>> PAGE_SHIFT;
/** Rows up to this many units are reused by exact size, larger ones by steps of an eighth of a power of two. */
const EXACT_UNITS = 32;

export class RowLog {
  readonly #pages: (Uint8Array | undefined)[] = [];
  /** The same pages, for the lengths. */
  readonly #words: (Int32Array | undefined)[] = [];
  /** The same pages, unit by unit. */
  readonly #doubles: (Float64Array | undefined)[] = [];
  /** Next free unit in the last page. */
  #next = 1;
  #end = 0;
  /** Free rows by units, up to EXACT_UNITS. */
  readonly #freeExact: readonly IntStack[] = Array.from({ length: EXACT_UNITS + 1 }, () => new IntStack());
  /** Free rows by units, the larger ones. */
  readonly #free = new Map<number, IntStack>();
  #open = 0;
  /** Changes with each freeze(): a row made in this epoch is read by no snapshot. */
  epoch = 0;
  /** Rows freed while a snapshot is open. */
  readonly #waiting = new IntStack();
  /** Pages of before a reset(). */
  #spare: Uint8Array[] = [];
  /** Bytes of pages. */
  sizeBytes = 0;
  /** Bytes of rows in use, headers and rounding included. */
  usedBytes = 0;

  /** The page of a row; its payload starts at payloadStart(row). */
  pageOf(row: number): Uint8Array {
    return this.#pages[row >>> PAGE_SHIFT]!;
  }

  /** The same page as words, little-endian like the machine; payloads begin at whole words. */
  wordsOf(row: number): Int32Array {
    return this.#words[row >>> PAGE_SHIFT]!;
  }

  /** The same page as float64; unitOf(row) is the unit that begins with the row's length. */
  doublesOf(row: number): Float64Array {
    return this.#doubles[row >>> PAGE_SHIFT]!;
  }

  unitOf(row: number): number {
    return row & (PAGE_UNITS - 1);
  }

  payloadStart(row: number): number {
    return (row & (PAGE_UNITS - 1)) * UNIT_BYTES + HEADER_BYTES;
  }

  lengthOf(row: number): number {
    return this.#words[row >>> PAGE_SHIFT]![(row & (PAGE_UNITS - 1)) << 1]!;
  }

  /** Room for a payload of `length` bytes, to be filled at once. */
  allocate(length: number): number {
    const units = unitsOf(length);
    const free = units <= EXACT_UNITS ? this.#freeExact[units] : this.#free.get(units);
    const row = free !== undefined && free.size > 0 ? free.pop() : this.#append(units);
    this.usedBytes += units * UNIT_BYTES;
    this.#words[row >>> PAGE_SHIFT]![(row & (PAGE_UNITS - 1)) << 1] = length;
    return row;
  }

  /** A row with a copy of bytes[start, end). */
  put(bytes: Uint8Array, start = 0, end = bytes.length): number {
    const length = end - start;
    const row = this.allocate(length);
    const page = this.pageOf(row);
    const at = this.payloadStart(row);
    if (length <= 64) for (let index = 0; index < length; index++) page[at + index] = bytes[start + index]!;
    else page.set(bytes.subarray(start, end), at);
    return row;
  }

  /** Puts the bytes where another row (0: none) was, if they fit and no snapshot reads it; otherwise elsewhere. Returns the row. */
  replace(old: number, bytes: Uint8Array): number {
    if (old === 0) return this.put(bytes);
    const { length } = bytes;
    if (this.#open > 0 || unitsOf(this.lengthOf(old)) !== unitsOf(length)) {
      const row = this.put(bytes);
      this.free(old);
      return row;
    }
    const page = this.pageOf(old);
    const at = this.payloadStart(old);
    this.#words[old >>> PAGE_SHIFT]![(old & (PAGE_UNITS - 1)) << 1] = length;
    if (length <= 64) for (let index = 0; index < length; index++) page[at + index] = bytes[index]!;
    else page.set(bytes, at);
    return old;
  }

  /** A view of the payload, valid while the row is. */
  bytesOf(row: number): Uint8Array {
    const start = this.payloadStart(row);
    return this.pageOf(row).subarray(start, start + this.lengthOf(row));
  }

  free(row: number): void {
    if (this.#open > 0) this.#waiting.push(row);
    else this.#reuse(row);
  }

  /** From now on freed rows keep their bytes, until the matching thaw(). */
  freeze(): void {
    this.#open++;
    this.epoch = (this.epoch + 1) | 0;
  }

  get isFrozen(): boolean {
    return this.#open > 0;
  }

  thaw(): void {
    if (--this.#open > 0) return;
    for (let at = 0; at < this.#waiting.size; at++) this.#reuse(this.#waiting.at(at));
    this.#waiting.clear();
  }

  /** Forgets all rows. Keeps pages for twice what was in use. */
  reset(): void {
    const keep = 1 + Math.ceil((this.usedBytes * 2) / PAGE_BYTES);
    const pages = [...this.#pages, ...this.#spare].filter((page) => page?.length === PAGE_BYTES);
    this.#spare = pages.slice(0, keep) as Uint8Array[];
    this.#pages.length = 0;
    this.#words.length = 0;
    this.#doubles.length = 0;
    this.#free.clear();
    for (const rows of this.#freeExact) rows.clear();
    this.#next = 1;
    this.#end = 0;
    this.usedBytes = 0;
    this.sizeBytes = this.#spare.length * PAGE_BYTES;
  }

  #reuse(row: number): void {
    const units = unitsOf(this.lengthOf(row));
    this.usedBytes -= units * UNIT_BYTES;
    if (units <= EXACT_UNITS) {
      this.#freeExact[units]!.push(row);
      return;
    }
    let rows = this.#free.get(units);
    if (rows === undefined) this.#free.set(units, (rows = new IntStack()));
    rows.push(row);
  }

  #append(units: number): number {
    if (units > PAGE_UNITS) return this.#appendSpan(units);
    if (this.#next + units > this.#end) this.#addPage(PAGE_BYTES, 1);
    const row = this.#next;
    this.#next += units;
    return row;
  }

  /** A row longer than a page: one array under several page numbers, of which only the first is used. */
  #appendSpan(units: number): number {
    const pages = Math.ceil(units / PAGE_UNITS);
    if (this.#pages.length === 0) this.#addPage(PAGE_BYTES, 1);
    const first = this.#pages.length << PAGE_SHIFT;
    this.#addPage(units * UNIT_BYTES, pages);
    this.#next = 0;
    this.#end = 0;
    return first;
  }

  #addPage(sizeBytes: number, numbers: number): void {
    const page = this.#pages.length;
    if (page + numbers > MAX_PAGES) throw new RangeError("The state of one operator in one subtask exceeds 16 GiB: raise the parallelism.");
    const spare = numbers === 1 && sizeBytes === PAGE_BYTES ? this.#spare.pop() : undefined;
    const bytes = spare ?? new Uint8Array(sizeBytes);
    this.#pages.push(bytes);
    this.#words.push(new Int32Array(bytes.buffer));
    this.#doubles.push(new Float64Array(bytes.buffer));
    for (let more = 1; more < numbers; more++) {
      this.#pages.push(undefined);
      this.#words.push(undefined);
      this.#doubles.push(undefined);
    }
    if (spare === undefined) this.sizeBytes += sizeBytes;
    // Unit 0 of the log is no row.
    this.#next = page === 0 ? 1 : page << PAGE_SHIFT;
    this.#end = (page << PAGE_SHIFT) + PAGE_UNITS;
  }
}

/** Units of a row with a payload of `length` bytes, rounded up to its size class. */
function unitsOf(length: number): number {
  const units = (length + HEADER_BYTES + UNIT_BYTES - 1) >>> 3;
  if (units <= EXACT_UNITS) return units;
  const step = 1 << Math.max(0, 28 - Math.clz32(units - 1));
  return Math.ceil(units / step) * step;
}
