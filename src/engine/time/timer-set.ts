// The timers of one key group as a set of (key id, time): an open-addressing table that holds both in its cells, one cache line a timer.
// Each timer in the table has exactly one entry in the wheel. A deleted timer stays as a dead cell until the wheel comes to it; setting
// it again revives it. A cell may therefore outlive its key: whoever gets the id next and sets the same time takes the cell over.
import type { TimerSnapshot } from "./timers.ts";

const FIRST_CAPACITY = 16;
const GOLDEN = 0x9e3779b1;

export type AddedTimer = "new" | "revived" | "known";

export class TimerSet {
  /** Per cell: time, and 0 if empty, otherwise 2 × id + 2, plus 1 if dead. */
  #cells = new Float64Array(FIRST_CAPACITY * 2);
  #shift = 32 - Math.log2(FIRST_CAPACITY);
  /** Cells in use. */
  #size = 0;
  #live = 0;

  add(id: number, time: number): AddedTimer {
    let cell = this.#find(id, time);
    const code = this.#cells[cell * 2 + 1]!;
    if (code !== 0) {
      if ((code & 1) === 0) return "known";
      this.#cells[cell * 2 + 1] = code - 1;
      this.#live++;
      return "revived";
    }
    if (this.#size * 8 >= this.#cells.length * 3) {
      this.#grow();
      cell = this.#find(id, time);
    }
    this.#cells[cell * 2] = time;
    this.#cells[cell * 2 + 1] = id * 2 + 2;
    this.#size++;
    this.#live++;
    return "new";
  }

  /** False if there is no such timer. */
  delete(id: number, time: number): boolean {
    const cell = this.#find(id, time);
    const code = this.#cells[cell * 2 + 1]!;
    if (code === 0 || (code & 1) === 1) return false;
    this.#cells[cell * 2 + 1] = code + 1;
    this.#live--;
    return true;
  }

  /** The wheel has come to a timer: it leaves the set. False if it had been deleted. */
  take(id: number, time: number): boolean {
    const cell = this.#find(id, time);
    const alive = (this.#cells[cell * 2 + 1]! & 1) === 0;
    this.#close(cell);
    this.#size--;
    if (alive) this.#live--;
    return alive;
  }

  /** For a sweep of the wheel: false, and the cell is free, if the timer was deleted. */
  keepOrFree(id: number, time: number): boolean {
    const cell = this.#find(id, time);
    if ((this.#cells[cell * 2 + 1]! & 1) === 0) return true;
    this.#close(cell);
    this.#size--;
    return false;
  }

  snapshot(): TimerSnapshot {
    const cells = this.#cells;
    const ids = new Int32Array(this.#live);
    const times = new Float64Array(this.#live);
    let at = 0;
    for (let cell = 0; cell < cells.length; cell += 2) {
      const code = cells[cell + 1]!;
      if (code === 0 || (code & 1) === 1) continue;
      ids[at] = (code - 2) / 2;
      times[at++] = cells[cell]!;
    }
    return { ids, times };
  }

  /** The cell of a timer, or the empty cell where it belongs. */
  #find(id: number, time: number): number {
    const cells = this.#cells;
    const mask = cells.length / 2 - 1;
    const alive = id * 2 + 2;
    for (let cell = hashOf(id, time) >>> this.#shift; ; cell = (cell + 1) & mask) {
      const code = cells[cell * 2 + 1]!;
      if (code === 0 || (cells[cell * 2] === time && (code === alive || code === alive + 1))) return cell;
    }
  }

  #grow(): void {
    const old = this.#cells;
    this.#cells = new Float64Array(old.length * 2);
    this.#shift--;
    for (let cell = 0; cell < old.length; cell += 2) {
      const code = old[cell + 1]!;
      if (code === 0) continue;
      const to = this.#find(idOf(code), old[cell]!);
      this.#cells[to * 2] = old[cell]!;
      this.#cells[to * 2 + 1] = code;
    }
  }

  /** Empties a cell and moves up those behind it, so that no probe sequence is broken. */
  #close(from: number): void {
    const cells = this.#cells;
    const mask = cells.length / 2 - 1;
    let hole = from;
    for (let cell = (hole + 1) & mask; cells[cell * 2 + 1] !== 0; cell = (cell + 1) & mask) {
      const home = hashOf(idOf(cells[cell * 2 + 1]!), cells[cell * 2]!) >>> this.#shift;
      if (((cell - home) & mask) < ((cell - hole) & mask)) continue;
      cells[hole * 2] = cells[cell * 2]!;
      cells[hole * 2 + 1] = cells[cell * 2 + 1]!;
      hole = cell;
    }
    cells[hole * 2 + 1] = 0;
  }
}

function idOf(code: number): number {
  return (code >>> 1) - 1;
}

/** 32 bits, well mixed at the top. */
function hashOf(id: number, time: number): number {
  const high = Math.floor(time / 4294967296) | 0;
  const h = Math.imul((time | 0) ^ Math.imul(id, 0x85ebca6b) ^ Math.imul(high, 0xc2b2ae35), GOLDEN);
  return Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
}
