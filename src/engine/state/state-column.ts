// Columns of a key table: where value states live. Numbers and booleans in a Float64Array, everything else as rows of the log. The loop
// reads `values` and `present` directly; a snapshot copies what of them changes while it is open, and leaves the rows where they are.
import type { FrozenCells, FrozenRows } from "./frozen-cells.ts";
import { grown, type KeyColumn } from "./key-table.ts";

export type FrozenColumn =
  | { readonly kind: "number"; readonly values: FrozenCells; readonly present: FrozenCells; readonly stamps: FrozenCells }
  | { readonly kind: "field"; readonly cells: FrozenCells; readonly cell: number }
  | { readonly kind: "row"; readonly rows: FrozenCells; readonly stamps: FrozenCells }
  | { readonly kind: "list"; readonly rows: FrozenCells; readonly counts: FrozenCells };

export class NumberColumn implements KeyColumn {
  /** NaN where there is none of a state: what is not NaN needs no look at `present`. Windows' own columns are not read like that. */
  values: Float64Array;
  /** 1 = the key has a value. */
  present: Uint8Array;
  /** With a ttl: when the value was written; otherwise empty. */
  stamps: Float64Array;

  constructor(capacity: number, stamped = false) {
    this.values = new Float64Array(capacity).fill(NaN);
    this.present = new Uint8Array(capacity);
    this.stamps = new Float64Array(stamped ? capacity : 0);
  }

  grow(capacity: number): void {
    const old = this.values.length;
    this.values = grown(this.values, new Float64Array(capacity)).fill(NaN, old);
    this.present = grown(this.present, new Uint8Array(capacity));
    if (this.stamps.length > 0) this.stamps = grown(this.stamps, new Float64Array(capacity));
  }

  freeze(rows: FrozenRows): FrozenColumn {
    return { kind: "number", values: rows.add(this.values), present: rows.add(this.present), stamps: rows.add(this.stamps) };
  }

  reset(end: number): void {
    this.values.fill(NaN, 0, end);
    this.present.fill(0, 0, end);
  }

  warm(id: number): number {
    return this.values[id]!;
  }
}

/** Addresses in the row log; 0 = no value. For lists: the newest element, with the number of elements beside it. */
export class RowColumn implements KeyColumn {
  rows: Int32Array;
  counts: Int32Array;
  /** Of a value with a ttl: when it was written; otherwise empty. Elements of lists have their stamps in their rows. */
  stamps: Float64Array;

  constructor(capacity: number, counted: boolean, stamped = false) {
    this.rows = new Int32Array(capacity);
    this.counts = new Int32Array(counted ? capacity : 0);
    this.stamps = new Float64Array(stamped ? capacity : 0);
  }

  grow(capacity: number): void {
    this.rows = grown(this.rows, new Int32Array(capacity));
    if (this.counts.length > 0) this.counts = grown(this.counts, new Int32Array(capacity));
    if (this.stamps.length > 0) this.stamps = grown(this.stamps, new Float64Array(capacity));
  }

  freeze(rows: FrozenRows): FrozenColumn {
    const addresses = rows.add(this.rows);
    return this.counts.length === 0
      ? { kind: "row", rows: addresses, stamps: rows.add(this.stamps) }
      : { kind: "list", rows: addresses, counts: rows.add(this.counts) };
  }

  reset(end: number): void {
    this.rows.fill(0, 0, end);
    this.counts.fill(0, 0, end);
  }

  warm(id: number): number {
    return this.rows[id]!;
  }
}
