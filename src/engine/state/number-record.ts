// Numbers of a key that are read and written together, side by side in one record instead of a column each: memory is slow, and a record of
// up to eight numbers is one or two cache lines. Every number is the state of a declaration of its own, so checkpoints are those of columns.
// NaN: the key does not have it. The record's owner writes `values` itself, at id × width.
import type { FrozenCells, FrozenRows } from "./frozen-cells.ts";
import { grown, type KeyColumn } from "./key-table.ts";
import type { FrozenColumn } from "./state-column.ts";

/** Records are whole multiples of so many numbers: half a cache line. */
const STEP = 4;

export class NumberRecord {
  readonly width: number;
  values: Float64Array;
  #frozen: { readonly ids: FrozenRows; readonly cells: FrozenCells } | undefined;

  /** `cells`: numbers that the owner wants; behind those of states, it may have some that checkpoints do not keep. */
  constructor(capacity: number, cells: number) {
    this.width = widthOf(cells);
    this.values = new Float64Array(capacity * this.width).fill(NaN);
  }

  grow(capacity: number): void {
    const old = this.values.length;
    this.values = grown(this.values, new Float64Array(capacity * this.width)).fill(NaN, old);
  }

  /** The same cells for all numbers of a record: they are copied once. */
  freeze(ids: FrozenRows): FrozenCells {
    if (this.#frozen?.ids !== ids) this.#frozen = { ids, cells: ids.add(this.values, this.width) };
    return this.#frozen.cells;
  }

  thaw(): void {
    this.#frozen = undefined;
  }
}

/** Numbers from one record to the next. */
export function widthOf(cells: number): number {
  return Math.ceil(cells / STEP) * STEP;
}

/** One number of the record as a column of the key table. The first one looks after the record. */
export class RecordField implements KeyColumn {
  readonly record: NumberRecord;
  readonly #cell: number;

  constructor(record: NumberRecord, cell: number) {
    this.record = record;
    this.#cell = cell;
  }

  get isFirst(): boolean {
    return this.#cell === 0;
  }

  set(id: number, value: number): void {
    this.record.values[id * this.record.width + this.#cell] = value;
  }

  grow(capacity: number): void {
    if (this.isFirst) this.record.grow(capacity);
  }

  freeze(ids: FrozenRows): FrozenColumn {
    return { kind: "field", cells: this.record.freeze(ids), cell: this.#cell };
  }

  thaw(): void {
    this.record.thaw();
  }

  reset(end: number): void {
    if (this.isFirst) this.record.values.fill(NaN, 0, end * this.record.width);
  }

  warm(id: number): number {
    return this.isFirst ? this.record.values[id * this.record.width]! : 0;
  }
}
