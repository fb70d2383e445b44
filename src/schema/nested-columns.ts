// Records inside of records as columns of their fields: so decoders keep them, and an object is made only for whoever asks for it.
// Invariant: which columns of a type may be kept so depends on the type alone, so that all decoders of a type fill a builder alike.
import { fieldColumns, type FieldColumn } from "./columns.ts";
import type { Column, StringColumn } from "./column.ts";
import type { TypeInfo } from "./type-info.ts";

type RecordType = TypeInfo & { readonly kind: "record" };

/** A column of records that may be kept in parts. */
export interface NestedField extends FieldColumn {
  readonly column: "object";
  readonly type: RecordType;
}

/** Larger records are objects. */
const MAX_LEAVES = 32;

export function isNested(field: FieldColumn): field is NestedField {
  const { type } = field;
  return type?.kind === "record" && type.logical === undefined && type.fields.length > 0 && leavesOf(type) <= MAX_LEAVES;
}

function leavesOf(type: RecordType): number {
  return fieldColumns(type).reduce((sum, { type: inner }) => sum + (inner?.kind === "record" ? leavesOf(inner) : 1), 0);
}

/** What stands for a part of a column that is kept in objects. */
const NO_PART: StringColumn = Object.freeze({
  kind: "string",
  nulls: undefined,
  values: undefined,
  bytes: undefined,
  offsets: undefined,
  ascii: false,
  text: undefined,
});

/** For generated loops, which look at a column's parts only where it has no values. */
export function partOf(column: Column, index: number): Column {
  return column.kind === "object" ? (column.parts?.columns[index] ?? NO_PART) : NO_PART;
}
