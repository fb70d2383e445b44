// The timers of one key group as a set of (key id, time): an open-addressing table that holds both in its cells, 8 bytes a timer as long
// as all times of the group lie in one period of 2^32 ms (49 days), 12 otherwise. Each timer in the table has exactly one entry in the
// wheel. A deleted timer stays as a dead cell until the wheel comes to it; setting it again revives it. A cell may therefore outlive its
// key: whoever gets the id next and sets the same time takes the cell over.
import type { CopySpace } from "../state/copy-space.ts";
import { type FrozenCells, FrozenRows, SEGMENT_ROWS } from "../state/frozen-cells.ts";

const FIRST_CAPACITY = 16;
const GOLDEN = 0x9e3779b1;
const PERIOD_MS = 4294967296;

export type AddedTimer = "new" | "revived" | "known";

export class TimerSet {
  /** Per cell: 0 if empty, otherwise 2 × id + 2, plus 1 if dead; and the low 32 bits of the time. */
  #cells = new Int32Array(FIRST_CAPACITY * 2);
  /** Period of all times while there is one; `#periods` is empty then. */
  #period = 0;
  /** Per cell: period of the time, once they differ. */
  #periods = new Int32Array(0);
  #shift = 32 - Math.log2(FIRST_CAPACITY);
  /** Cells in use. */
  #size = 0;
  #live = 0;
  /** Of the snapshot that is open, by cell: whoever changes a cell calls keep() first. */
  #frozen: FrozenRows | undefined;

  add(id: number, time: number): AddedTimer {
    this.#admit(time);
    let cell = this.#find(id, time);
    const code = this.#cells[cell]!;
    if (code !== 0) {
      if ((code & 1) === 0) return "known";
      this.#frozen?.keep(cell >>> 1);
      this.#cells[cell] = code - 1;
      this.#live++;
      return "revived";
    }
    if (this.#size * 4 >= this.#cells.length) {
      this.#grow();
      cell = this.#find(id, time);
    }
    this.#frozen?.keep(cell >>> 1);
    this.#cells[cell] = id * 2 + 2;
    this.#cells[cell + 1] = time | 0;
    if (this.#periods.length > 0) this.#periods[cell >>> 1] = periodOf(time);
    this.#size++;
    this.#live++;
    return "new";
  }

  /** False if there is no such timer. */
  delete(id: number, time: number): boolean {
    const cell = this.#find(id, time);
    const code = this.#cells[cell]!;
    if (code === 0 || (code & 1) === 1) return false;
    this.#frozen?.keep(cell >>> 1);
    this.#cells[cell] = code + 1;
    this.#live--;
    return true;
  }

  /** Times of one id's living timers, in no order. Looks at every cell. */
  timesOf(id: number): number[] {
    const times: number[] = [];
    const cells = this.#cells;
    for (let cell = 0; cell < cells.length; cell += 2) {
      if (cells[cell] !== id * 2 + 2) continue;
      const period = this.#periods.length > 0 ? this.#periods[cell >>> 1]! : this.#period;
      times.push(period * PERIOD_MS + (cells[cell + 1]! >>> 0));
    }
    return times;
  }

  /** Reads where a timer is or nearly is; see KeyTable.warm(). */
  warm(id: number, time: number): number {
    return this.#cells[(hashOf(id * 2 + 2, time | 0) >>> this.#shift) * 2]!;
  }

  has(id: number, time: number): boolean {
    return (this.#cells[this.#find(id, time)]! & 1) === 0;
  }

  /** The wheel has come to a timer: it leaves the set. False if it had been deleted. */
  take(id: number, time: number): boolean {
    const cell = this.#find(id, time);
    const alive = (this.#cells[cell]! & 1) === 0;
    this.#close(cell);
    this.#size--;
    if (alive) this.#live--;
    return alive;
  }

  /** For a sweep of the wheel: false, and the cell is free, if the timer was deleted. */
  keepOrFree(id: number, time: number): boolean {
    const cell = this.#find(id, time);
    if ((this.#cells[cell]! & 1) === 0) return true;
    this.#close(cell);
    this.#size--;
    return false;
  }

  /** The set as it is now, until release(). */
  freeze(space: CopySpace): FrozenTimers | undefined {
    if (this.#live === 0) return undefined;
    const rows = new FrozenRows(this.#cells.length / 2, space);
    this.#frozen = rows;
    const periods = this.#periods.length === 0 ? undefined : rows.add(this.#periods);
    const thaw = (): void => {
      if (this.#frozen === rows) this.#frozen = undefined;
    };
    return new FrozenTimers(rows, rows.add(this.#cells, 2), periods, this.#period, this.#live, thaw);
  }

  /** Makes the table able to hold a time. */
  #admit(time: number): void {
    const period = periodOf(time);
    if (this.#size === 0) {
      this.#period = period;
      if (this.#periods.length > 0) this.#periods = new Int32Array(0);
    } else if (period !== this.#period && this.#periods.length === 0) {
      this.#periods = new Int32Array(this.#cells.length / 2).fill(this.#period);
    }
  }

  /** The cell of a timer, or the empty cell where it belongs. */
  #find(id: number, time: number): number {
    const cells = this.#cells;
    const mask = cells.length - 1;
    const low = time | 0;
    const alive = id * 2 + 2;
    if (this.#periods.length > 0) return this.#findInPeriod(alive, low, periodOf(time));
    // A time of another period than all that are here: nothing has it, but the cell must be an empty one.
    const known = periodOf(time) === this.#period;
    for (let cell = (hashOf(alive, low) >>> this.#shift) * 2; ; cell = (cell + 2) & mask) {
      const code = cells[cell]!;
      if (code === 0 || ((code & -2) === alive && cells[cell + 1] === low && known)) return cell;
    }
  }

  #findInPeriod(alive: number, low: number, period: number): number {
    const cells = this.#cells;
    const mask = cells.length - 1;
    for (let cell = (hashOf(alive, low) >>> this.#shift) * 2; ; cell = (cell + 2) & mask) {
      const code = cells[cell]!;
      if (code === 0 || ((code & -2) === alive && cells[cell + 1] === low && this.#periods[cell >>> 1] === period)) return cell;
    }
  }

  #grow(): void {
    const old = this.#cells;
    const oldPeriods = this.#periods;
    const cells = new Int32Array(old.length * 2);
    const mask = cells.length - 1;
    this.#cells = cells;
    // The old arrays are the snapshot's now.
    this.#frozen = undefined;
    if (oldPeriods.length > 0) this.#periods = new Int32Array(cells.length / 2);
    this.#shift--;
    for (let from = 0; from < old.length; from += 2) {
      const code = old[from]!;
      if (code === 0) continue;
      let cell = (hashOf(code & -2, old[from + 1]!) >>> this.#shift) * 2;
      while (cells[cell] !== 0) cell = (cell + 2) & mask;
      cells[cell] = code;
      cells[cell + 1] = old[from + 1]!;
      if (oldPeriods.length > 0) this.#periods[cell >>> 1] = oldPeriods[from >>> 1]!;
    }
  }

  /** Empties a cell and moves up those behind it, so that no probe sequence is broken. */
  #close(from: number): void {
    const cells = this.#cells;
    const periods = this.#periods;
    const mask = cells.length - 1;
    const shift = this.#shift;
    let hole = from;
    for (let cell = (hole + 2) & mask; cells[cell] !== 0; cell = (cell + 2) & mask) {
      const home = (hashOf(cells[cell]! & -2, cells[cell + 1]!) >>> shift) * 2;
      if (((cell - home) & mask) < ((cell - hole) & mask)) continue;
      this.#frozen?.keep(hole >>> 1);
      cells[hole] = cells[cell]!;
      cells[hole + 1] = cells[cell + 1]!;
      if (periods.length > 0) periods[hole >>> 1] = periods[cell >>> 1]!;
      hole = cell;
    }
    this.#frozen?.keep(hole >>> 1);
    cells[hole] = 0;
  }
}

/** A set as it was when a snapshot was opened. */
export class FrozenTimers {
  readonly #rows: FrozenRows;
  readonly #cells: FrozenCells;
  readonly #periods: FrozenCells | undefined;
  readonly #period: number;
  readonly #live: number;
  readonly #thaw: () => void;

  constructor(rows: FrozenRows, cells: FrozenCells, periods: FrozenCells | undefined, period: number, live: number, thaw: () => void) {
    this.#rows = rows;
    this.#cells = cells;
    this.#periods = periods;
    this.#period = period;
    this.#live = live;
    this.#thaw = thaw;
  }

  /** All timers, in no order: parallel arrays. */
  read(): { readonly ids: Int32Array; readonly times: Float64Array } {
    const ids = new Int32Array(this.#live);
    const times = new Float64Array(this.#live);
    let at = 0;
    for (let row = 0; row < this.#rows.end; row++) {
      if (row % SEGMENT_ROWS === 0) this.#rows.turnTo(row);
      const code = this.#cells.here(row, 0);
      if (code === 0 || (code & 1) === 1) continue;
      const period = this.#periods === undefined ? this.#period : this.#periods.here(row);
      ids[at] = idOf(code);
      times[at++] = period * PERIOD_MS + (this.#cells.here(row, 1) >>> 0);
    }
    return { ids, times };
  }

  get copiedBytes(): number {
    return this.#rows.copiedBytes;
  }

  /** Nothing of it is read any more. */
  release(): void {
    this.#thaw();
  }
}

function idOf(code: number): number {
  return (code >>> 1) - 1;
}

function periodOf(time: number): number {
  return Math.floor(time / PERIOD_MS);
}

/** 32 bits, well mixed at the top. Of the code of a living timer and the low bits of its time. */
function hashOf(alive: number, low: number): number {
  const h = Math.imul(low ^ Math.imul(alive, 0x85ebca6b), GOLDEN);
  return Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
}
