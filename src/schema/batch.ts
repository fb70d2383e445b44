// A batch of elements between tasks, stores and connectors: columns, event timestamps, and the watermarks that lie between the rows.
import type { Column } from "./column.ts";
import type { TypeInfo } from "./type-info.ts";

/** Rows per batch between tasks; a source may deliver fewer. */
export const MAX_BATCH_ROWS = 1024;

/** No event time assigned. */
export const NO_TIMESTAMP = -Infinity;

export interface Batch {
  /** What a row is: record fields are columns in field order; any other type, or undefined (no schema), is the single column 0. */
  readonly type: TypeInfo | undefined;
  rows: number;
  readonly columns: readonly Column[];
  /** Event time per row in epoch ms, NO_TIMESTAMP if none. Capacity may exceed `rows`. */
  timestamps: Float64Array;
  /**
   * Watermarks between rows: after row markRows[i] (a row index, ascending; −1 = before the first row) the watermark is markTimes[i].
   * markCount entries are valid. Watermarks never decrease.
   */
  markCount: number;
  markRows: Int32Array;
  markTimes: Float64Array;
  /** Set on keyed edges: the key of each row (the same column object as a field's when the key is a field) and its 32-bit hash. */
  key: Column | undefined;
  keyHashes: Int32Array | undefined;
  /** Between tasks: where each row came from, in the numbers of engine/subtask/row-origins.ts; NaN: not known. */
  origins?: Float64Array | undefined;
}
