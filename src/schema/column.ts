// Columns of a batch. A record's top-level fields are one column each; numbers live in typed arrays, strings in a byte arena or,
// when they were made by user code in this thread, as the JS strings they are. A null in an optional field is a set bit in `nulls`.
import type { TypeInfo } from "./type-info.ts";

export type Column = Float64Column | Int32Column | BooleanColumn | StringColumn | ObjectColumn;

interface ColumnBase {
  /** Undefined: no nulls. Otherwise one byte a row, 1 = absent (undefined). */
  nulls: Uint8Array | undefined;
}

/** double, long (integral, within ±2^53), timestamp (epoch ms). */
export interface Float64Column extends ColumnBase {
  readonly kind: "f64";
  values: Float64Array;
}

/** int. */
export interface Int32Column extends ColumnBase {
  readonly kind: "i32";
  values: Int32Array;
}

export interface BooleanColumn extends ColumnBase {
  readonly kind: "bool";
  values: Uint8Array;
}

/** string, literal, decimal. Either `values` (JS strings) or `bytes` + `offsets` (UTF-8, rows + 1 offsets) is set; stringAt() reads both. */
export interface StringColumn extends ColumnBase {
  readonly kind: "string";
  values: (string | undefined)[] | undefined;
  bytes: Uint8Array | undefined;
  offsets: Uint32Array | undefined;
  /** All of `bytes` are ASCII, so byte offsets are character offsets. */
  ascii: boolean;
  /** The whole arena as one string, made at the first access (ASCII only). */
  text: string | undefined;
}

/**
 * Everything else: arrays, maps, nested records, bytes, bigint, unions, and rows of streams without a schema. Either `values` (absent:
 * undefined, no `nulls`), or, of nested records that a decoder read, `parts` (absent: as in other columns); valueAt() reads both.
 */
export interface ObjectColumn extends ColumnBase {
  readonly kind: "object";
  values: unknown[] | undefined;
  parts: Parts | undefined;
}

/** Nested records, as a column for each field. */
export interface Parts {
  readonly type: TypeInfo & { readonly kind: "record" };
  readonly columns: readonly Column[];
}
