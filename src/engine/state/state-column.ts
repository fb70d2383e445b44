// Columns of a key table: where value states live. Numbers and booleans in a Float64Array, everything else as rows of the log. The loop
// reads `values` and `present` directly; a snapshot copies them (8 or 4 bytes a key) and leaves the rows where they are.
import { grown, type KeyColumn } from "./key-table.ts";

export class NumberColumn implements KeyColumn {
  values: Float64Array;
  /** 1 = the key has a value. */
  present: Uint8Array;

  constructor(capacity: number) {
    this.values = new Float64Array(capacity);
    this.present = new Uint8Array(capacity);
  }

  grow(capacity: number): void {
    this.values = grown(this.values, new Float64Array(capacity));
    this.present = grown(this.present, new Uint8Array(capacity));
  }

  reset(end: number): void {
    this.values.fill(0, 0, end);
    this.present.fill(0, 0, end);
  }
}

/** Addresses in the row log; 0 = no value. For lists: the newest element, with the number of elements beside it. */
export class RowColumn implements KeyColumn {
  rows: Int32Array;
  counts: Int32Array;

  constructor(capacity: number, counted: boolean) {
    this.rows = new Int32Array(capacity);
    this.counts = new Int32Array(counted ? capacity : 0);
  }

  grow(capacity: number): void {
    this.rows = grown(this.rows, new Int32Array(capacity));
    if (this.counts.length > 0) this.counts = grown(this.counts, new Int32Array(capacity));
  }

  reset(end: number): void {
    this.rows.fill(0, 0, end);
    this.counts.fill(0, 0, end);
  }
}
