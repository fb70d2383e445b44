// Arrays of numbers as they were when a snapshot was opened, without a copy at that moment (copy on write): while it is open, whoever
// changes a row calls keep(row) first, and that copies the row's segment of SEGMENT_ROWS rows, once. Reading takes the copy where there
// is one and the array itself elsewhere. An array that its owner replaces (growth) is never written again, so it stays right by itself.
import { isPlanted } from "../../env/planted-faults.ts";
import type { CopySpace } from "./copy-space.ts";

const SEGMENT_SHIFT = 7;
export const SEGMENT_ROWS = 1 << SEGMENT_SHIFT;

export type Cells = Float64Array | Int32Array | Uint8Array;

/** In `places`: the segment is as it was. */
const LIVE = -1;
/** In `places`: nobody will ask for the segment any more. */
const READ = -2;

/** Rows [0, end) of arrays that are indexed alike. */
export class FrozenRows {
  /** Rows that the snapshot covers. */
  readonly end: number;
  /** By segment: LIVE, READ, or where its copy is in the copy space. */
  readonly places: Int32Array;
  readonly space: CopySpace;
  readonly #cells: FrozenCells[] = [];
  #rowBytes = 0;
  copiedBytes = 0;

  constructor(end: number, space: CopySpace) {
    this.end = end;
    this.space = space;
    this.places = new Int32Array((end + SEGMENT_ROWS - 1) >>> SEGMENT_SHIFT).fill(LIVE);
  }

  /** `width`: cells per row. `words`: a view of the same memory as int32, for wordAt(). */
  add(live: Cells, width = 1, words?: Int32Array): FrozenCells {
    const cells = new FrozenCells(this, live, width, this.#rowBytes * SEGMENT_ROWS, words);
    if (live.length === 0) return cells;
    this.#cells.push(cells);
    this.#rowBytes += live.BYTES_PER_ELEMENT * width;
    return cells;
  }

  /** Before a row changes. */
  keep(row: number): void {
    if (row < this.end && this.places[row >>> SEGMENT_SHIFT] === LIVE) this.#copy(row >>> SEGMENT_SHIFT);
  }

  #copy(segment: number): void {
    if (isPlanted("snapshot-not-frozen")) return;
    const bytes = this.#rowBytes * SEGMENT_ROWS;
    const place = this.space.allocate(bytes);
    const from = segment << SEGMENT_SHIFT;
    const to = Math.min(from + SEGMENT_ROWS, this.end);
    for (const cells of this.#cells) cells.copy(place, from, to);
    this.places[segment] = place;
    this.copiedBytes += bytes;
  }

  /** Points here() of all cells at the segment of a row. Nothing may change until it has been read. */
  turnTo(row: number): void {
    for (const cells of this.#cells) cells.turnTo(row);
  }

  /** Rows [from, to) have been read for the last time; whole segments, but at the end. */
  done(from: number, to: number): void {
    for (let segment = from >>> SEGMENT_SHIFT; segment << SEGMENT_SHIFT < to; segment++) this.places[segment] = READ;
  }
}

export class FrozenCells {
  readonly #rows: FrozenRows;
  readonly #live: Cells;
  readonly #width: number;
  /** Pages of the copy space as arrays like `#live`, and as int32. */
  readonly #pages: Cells[];
  readonly #wordPages: Int32Array[];
  readonly #liveWords: Int32Array | undefined;
  /** Bytes before these cells in a segment's copy. */
  readonly #offset: number;
  readonly #shift: number;
  /** Where turnTo() has pointed: the array, and the index that row 0 would have in it. */
  #here: Cells;
  #origin = 0;

  constructor(rows: FrozenRows, live: Cells, width: number, offset: number, words: Int32Array | undefined) {
    const { space } = rows;
    this.#rows = rows;
    this.#live = live;
    this.#here = live;
    this.#width = width;
    this.#pages = live instanceof Float64Array ? space.doubles : live instanceof Int32Array ? space.words : space.bytes;
    this.#wordPages = space.words;
    this.#liveWords = words;
    this.#offset = offset;
    this.#shift = Math.log2(live.BYTES_PER_ELEMENT);
  }

  /** The array has no cells: not every column has all of its arrays. */
  get isEmpty(): boolean {
    return this.#live.length === 0;
  }

  /** Cell `cell` of a row. */
  at(row: number, cell = 0): number {
    const place = this.#rows.places[row >>> SEGMENT_SHIFT]!;
    const width = this.#width;
    if (place < 0) return this.#live[row * width + cell]!;
    const { space } = this.#rows;
    const at = (space.offsetOf(place) + this.#offset) >>> this.#shift;
    return this.#pages[space.pageOf(place)]![at + (row & (SEGMENT_ROWS - 1)) * width + cell]!;
  }

  /** For FrozenRows. */
  turnTo(row: number): void {
    const place = this.#rows.places[row >>> SEGMENT_SHIFT]!;
    this.#here = this.#live;
    this.#origin = 0;
    if (place < 0) return;
    const { space } = this.#rows;
    this.#here = this.#pages[space.pageOf(place)]!;
    this.#origin = ((space.offsetOf(place) + this.#offset) >>> this.#shift) - (row & -SEGMENT_ROWS) * this.#width;
  }

  /** Cell `cell` of a row of the segment that turnTo() points at. */
  here(row: number, cell = 0): number {
    return this.#here[this.#origin + row * this.#width + cell]!;
  }

  /** Word `word` of a row of float64 cells. */
  wordAt(row: number, word: number): number {
    const place = this.#rows.places[row >>> SEGMENT_SHIFT]!;
    const width = this.#width * 2;
    if (place < 0) return this.#liveWords![row * width + word]!;
    const { space } = this.#rows;
    const at = (space.offsetOf(place) + this.#offset) >>> 2;
    return this.#wordPages[space.pageOf(place)]![at + (row & (SEGMENT_ROWS - 1)) * width + word]!;
  }

  /** For FrozenRows. */
  copy(place: number, from: number, to: number): void {
    const { space } = this.#rows;
    const at = (space.offsetOf(place) + this.#offset) >>> this.#shift;
    this.#pages[space.pageOf(place)]!.set(this.#live.subarray(from * this.#width, to * this.#width), at);
  }
}
