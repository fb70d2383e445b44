// Elements of one key group by id of the key and by time: what joins keep of a side. All elements of a key lie in one row of the log, in the
// order of time and of arrival, so that elements that come in order are appended, those that are over fall off the front, and a probe reads
// what lies side by side. A row that a snapshot may read is only appended to; any other change makes a new one.
// A row: 8 bytes of the log, then elements: f64 time, int32 length, bytes, and as the last int32 the element's size in units of 8 bytes.
import type { FrozenCells, FrozenRows } from "./frozen-cells.ts";
import { grown, type KeyColumn } from "./key-table.ts";
import type { RowLog } from "./row-log.ts";
import type { ChunkWriter } from "./state-chunk.ts";

/** Words of a key: its row (0: no elements), where in it elements begin and end (in units), and the log's epoch when it was made; */
const WIDTH = 8;
const START = 1;
const END = 2;
const EPOCH = 3;
/** and as float64 the times of its first and its last element, so that most questions are answered without the row. */
const DOUBLES = WIDTH / 2;
const FIRST = 2;
const LAST = 3;
/** Units in front of the first element. */
const HEAD = 1;
/** A row's first size is for so many elements like the first one. */
const FIRST_ELEMENTS = 2;

export interface FrozenTimes {
  readonly kind: "times";
  readonly cells: FrozenCells;
}

export class TimeColumn implements KeyColumn {
  #cells: Int32Array;
  #times: Float64Array;
  readonly #log: RowLog;

  constructor(capacity: number, log: RowLog) {
    this.#cells = new Int32Array(capacity * WIDTH);
    this.#times = new Float64Array(this.#cells.buffer);
    this.#log = log;
  }

  get byteLength(): number {
    return this.#cells.byteLength;
  }

  isEmpty(id: number): boolean {
    return this.#cells[id * WIDTH] === 0;
  }

  /** Time of the oldest element; Infinity: there is none. */
  firstTime(id: number): number {
    return this.#cells[id * WIDTH] === 0 ? Infinity : this.#times[id * DOUBLES + FIRST]!;
  }

  /** No element has a time in [from, to]. */
  hasNone(id: number, from: number, to: number): boolean {
    const at = id * DOUBLES;
    return this.#cells[id * WIDTH] === 0 || this.#times[at + FIRST]! > to || this.#times[at + LAST]! < from;
  }

  /** Adds an element behind those of its time. `words`: its bytes, int32 by int32. */
  insert(id: number, time: number, words: Int32Array, length: number): void {
    const cells = this.#cells;
    const cell = id * WIDTH;
    const times = id * DOUBLES;
    const units = unitsOf(length);
    if (cells[cell] === 0) {
      this.#times[times + FIRST] = Infinity;
      this.#times[times + LAST] = -Infinity;
    }
    this.#makeRoom(cell, units);
    let row = cells[cell]!;
    let base = this.#log.unitOf(row);
    let doubles = this.#log.doublesOf(row);
    const end = cells[cell + END]!;
    let at = end;
    if (this.#times[times + LAST]! > time) {
      if (!this.#isOwn(cell)) {
        row = this.#move(cell, this.#unitsIn(row));
        base = this.#log.unitOf(row);
        doubles = this.#log.doublesOf(row);
      }
      const last = cells[cell + END]!;
      at = this.#behind(cell, time);
      doubles.copyWithin(base + at + units, base + at, base + last);
    }
    cells[cell + END]! += units;
    if (time < this.#times[times + FIRST]!) this.#times[times + FIRST] = time;
    if (time > this.#times[times + LAST]!) this.#times[times + LAST] = time;
    const to = this.#log.wordsOf(row);
    doubles[base + at] = time;
    let word = (base + at + 1) * 2;
    to[word++] = length;
    for (let from = 0; from * 4 < length; from++) to[word++] = words[from]!;
    to[(base + at + units) * 2 - 1] = units;
  }

  /** Unit of the element that ends at `end`. */
  #before(row: number, end: number): number {
    return end - this.#log.wordsOf(row)[(this.#log.unitOf(row) + end) * 2 - 1]!;
  }

  /** Unit behind the last element that is not later. */
  #behind(cell: number, time: number): number {
    const row = this.#cells[cell]!;
    const start = this.#cells[cell + START]!;
    const base = this.#log.unitOf(row);
    const doubles = this.#log.doublesOf(row);
    let at = this.#cells[cell + END]!;
    while (at > start) {
      const before = this.#before(row, at);
      if (doubles[base + before]! <= time) break;
      at = before;
    }
    return at;
  }

  /** Makes the key's row take so many units more. */
  #makeRoom(cell: number, units: number): void {
    const cells = this.#cells;
    const row = cells[cell]!;
    if (row === 0) {
      this.#place(cell, HEAD + units * FIRST_ELEMENTS, HEAD);
      return;
    }
    const room = this.#unitsIn(row);
    const end = cells[cell + END]!;
    if (end + units <= room) return;
    const used = end - cells[cell + START]! + units;
    if (this.#isOwn(cell) && used * 2 <= room) this.#shiftToFront(cell);
    else this.#move(cell, Math.max(room, HEAD + used * 2));
  }

  #shiftToFront(cell: number): void {
    const cells = this.#cells;
    const base = this.#log.unitOf(cells[cell]!);
    const start = cells[cell + START]!;
    this.#log.doublesOf(cells[cell]!).copyWithin(base + HEAD, base + start, base + cells[cell + END]!);
    cells[cell + END]! -= start - HEAD;
    cells[cell + START] = HEAD;
  }

  /** Puts the key's elements into a row of its own. */
  #move(cell: number, units: number): number {
    const cells = this.#cells;
    const old = cells[cell]!;
    const from = this.#log.unitOf(old);
    const [start, end] = [from + cells[cell + START]!, from + cells[cell + END]!];
    const row = this.#place(cell, units, HEAD + end - start);
    const words = this.#log.wordsOf(old);
    const to = this.#log.wordsOf(row);
    let at = (this.#log.unitOf(row) + HEAD) * 2;
    for (let word = start * 2; word < end * 2; word++) to[at++] = words[word]!;
    this.#log.free(old);
    return row;
  }

  #place(cell: number, units: number, end: number): number {
    const cells = this.#cells;
    const row = this.#log.allocate(units * 8 - 4);
    cells[cell] = row;
    cells[cell + START] = HEAD;
    cells[cell + END] = end;
    cells[cell + EPOCH] = this.#log.epoch;
    return row;
  }

  #unitsIn(row: number): number {
    return (this.#log.lengthOf(row) + 4) >>> 3;
  }

  /** No snapshot reads the key's row. */
  #isOwn(cell: number): boolean {
    return !this.#log.isFrozen || this.#cells[cell + EPOCH] === this.#log.epoch;
  }

  /** Forgets the elements with times up to `time`. */
  dropUntil(id: number, time: number): void {
    const cells = this.#cells;
    const cell = id * WIDTH;
    const row = cells[cell]!;
    if (row === 0 || this.#times[id * DOUBLES + FIRST]! > time) return;
    if (this.#times[id * DOUBLES + LAST]! <= time) {
      this.#log.free(row);
      cells[cell] = 0;
      return;
    }
    const base = this.#log.unitOf(row);
    const doubles = this.#log.doublesOf(row);
    const words = this.#log.wordsOf(row);
    let at = cells[cell + START]!;
    while (doubles[base + at]! <= time) at += unitsOf(words[(base + at + 1) * 2]!);
    cells[cell + START] = at;
    this.#times[id * DOUBLES + FIRST] = doubles[base + at]!;
  }

  /** The key's row, 0: none. Elements lie in it from seek() to end(). */
  rowOf(id: number): number {
    return this.#cells[id * WIDTH]!;
  }

  endOf(id: number): number {
    return this.#cells[id * WIDTH + END]!;
  }

  /** Unit of the first element at or after `from`, of a key that has elements. Looks from the end that seems nearer. */
  seek(id: number, from: number): number {
    const cell = id * WIDTH;
    const row = this.#cells[cell]!;
    const start = this.#cells[cell + START]!;
    const end = this.#cells[cell + END]!;
    const base = this.#log.unitOf(row);
    const doubles = this.#log.doublesOf(row);
    const words = this.#log.wordsOf(row);
    const first = this.#times[id * DOUBLES + FIRST]!;
    const last = this.#times[id * DOUBLES + LAST]!;
    if (last < from) return end;
    let at = start;
    if (from - first <= last - from) {
      while (doubles[base + at]! < from) at += unitsOf(words[(base + at + 1) * 2]!);
      return at;
    }
    at = end;
    while (at > start) {
      const before = this.#before(row, at);
      if (doubles[base + before]! < from) break;
      at = before;
    }
    return at;
  }

  grow(capacity: number): void {
    this.#cells = grown(this.#cells, new Int32Array(capacity * WIDTH));
    this.#times = new Float64Array(this.#cells.buffer);
  }

  reset(end: number): void {
    this.#cells.fill(0, 0, end * WIDTH);
  }

  warm(id: number): number {
    return this.#cells[id * WIDTH]!;
  }

  warmRow(id: number): number {
    const row = this.#cells[id * WIDTH]!;
    if (row === 0) return 0;
    const words = this.#log.wordsOf(row);
    const at = this.#log.unitOf(row) * 2;
    return words[at]! + words[at + this.#cells[id * WIDTH + END]! * 2 - 1]!;
  }

  freeze(ids: FrozenRows): FrozenTimes {
    return { kind: "times", cells: ids.add(this.#cells, WIDTH) };
  }
}

/** Units of an element with so many bytes. */
export function unitsOf(length: number): number {
  return 1 + ((length + 15) >>> 3);
}

/** Appends a key's elements as they were when a snapshot was opened; FrozenCells has turned to the key. Returns how many there are. */
export function writeFrozen(writer: ChunkWriter, { cells }: FrozenTimes, log: RowLog, id: number): number {
  const countAt = writer.position;
  writer.count(0);
  const row = cells.here(id);
  if (row === 0) return 0;
  const base = log.unitOf(row);
  const doubles = log.doublesOf(row);
  const words = log.wordsOf(row);
  const page = log.pageOf(row);
  const end = base + cells.here(id, END);
  let count = 0;
  for (let at = base + cells.here(id, START); at < end; count++) {
    const length = words[(at + 1) * 2]!;
    writer.mapKey(log, doubles[at]!, 0);
    writer.value(page, (at + 1) * 8 + 4, length);
    at += unitsOf(length);
  }
  writer.patchCount(countAt, count);
  return count;
}

/** Reads the rows of the ids [from, to), of one segment, as KeyTable.warm() does. The sum means nothing. */
export function warmFrozen({ cells }: FrozenTimes, log: RowLog, from: number, to: number): number {
  let sum = 0;
  for (let id = from; id < to; id++) {
    const row = cells.here(id);
    if (row !== 0) sum += log.wordsOf(row)[(log.unitOf(row) + cells.here(id, END)) * 2 - 1]!;
  }
  return sum;
}
