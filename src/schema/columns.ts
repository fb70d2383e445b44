// Columns for a type, and single cells of them: the slow, generic way in and out. Loops that run per record are generated elsewhere.
// Layout: the top-level fields of a record are one column each, in field order; any other type is column 0. Columns of objects have no
// `nulls`: an absent value is undefined there.
import { NO_TIMESTAMP, type Batch } from "./batch.ts";
import type { Column, Parts, StringColumn } from "./column.ts";
import { setField } from "./field-value.ts";
import type { TypeInfo } from "./type-info.ts";

export interface FieldColumn {
  /** Field name; "" for the only column of a type that is no record. */
  readonly name: string;
  readonly index: number;
  readonly column: Column["kind"];
  readonly optional: boolean;
  /** Without the optional around it; undefined: no schema. */
  readonly type: TypeInfo | undefined;
}

/** Arenas longer than this are not turned into one string: each value is sliced out of the bytes. */
const MAX_TEXT_BYTES = 128 * 1024;
const MARKS = 16;
/** Looked up once: `Buffer` is a getter. */
const { latin1Slice } = Buffer.prototype;

export function fieldColumns(type: TypeInfo | undefined): readonly FieldColumn[] {
  if (type?.kind !== "record") return [fieldColumn("", 0, type)];
  return type.fields.map((field, index) => fieldColumn(field.name, index, field.type));
}

function fieldColumn(name: string, index: number, type: TypeInfo | undefined): FieldColumn {
  const optional = type?.kind === "optional";
  const inner = optional ? type.of : type;
  return { name, index, column: inner === undefined ? "object" : columnKind(inner), optional, type: inner };
}

export function columnKind(type: TypeInfo): Column["kind"] {
  switch (type.kind) {
    case "double":
    case "long":
    case "timestamp":
      return "f64";
    case "int":
      return "i32";
    case "boolean":
      return "bool";
    case "string":
    case "literal":
    case "decimal":
      return "string";
    default:
      return "object";
  }
}

/** An empty batch. Its string columns hold JS strings ("values") or UTF-8 in an arena ("bytes": whoever fills it grows `bytes`). */
export function createBatch(type: TypeInfo | undefined, capacity: number, strings: "values" | "bytes" = "values"): Batch {
  return {
    type,
    rows: 0,
    columns: createColumns(type, capacity, strings),
    timestamps: new Float64Array(capacity),
    markCount: 0,
    markRows: new Int32Array(MARKS),
    markTimes: new Float64Array(MARKS),
    key: undefined,
    keyHashes: undefined,
    origins: undefined,
  };
}

export function createColumns(type: TypeInfo | undefined, capacity: number, strings: "values" | "bytes"): readonly Column[] {
  return fieldColumns(type).map((field) => createColumn(field, capacity, strings));
}

function createColumn(field: FieldColumn, capacity: number, strings: "values" | "bytes"): Column {
  const nulls = field.optional && field.column !== "object" ? new Uint8Array(capacity) : undefined;
  switch (field.column) {
    case "f64":
      return { kind: "f64", nulls, values: new Float64Array(capacity) };
    case "i32":
      return { kind: "i32", nulls, values: new Int32Array(capacity) };
    case "bool":
      return { kind: "bool", nulls, values: new Uint8Array(capacity) };
    case "string":
      return createStringColumn(nulls, capacity, strings);
    case "object":
      return { kind: "object", nulls: undefined, values: Array.from<unknown>({ length: capacity }), parts: undefined };
  }
}

function createStringColumn(nulls: Uint8Array | undefined, capacity: number, strings: "values" | "bytes"): StringColumn {
  return strings === "values"
    ? {
        kind: "string",
        nulls,
        values: Array.from({ length: capacity }, () => ""),
        bytes: undefined,
        offsets: undefined,
        ascii: true,
        text: undefined,
      }
    : {
        kind: "string",
        nulls,
        values: undefined,
        bytes: new Uint8Array(0),
        offsets: new Uint32Array(capacity + 1),
        ascii: true,
        text: undefined,
      };
}

/** Text of a string column's row; the row must not be null. */
export function stringAt(column: StringColumn, row: number): string {
  if (column.values !== undefined) return column.values[row]!;
  const start = column.offsets![row]!;
  const end = column.offsets![row + 1]!;
  const bytes = column.bytes!;
  if (!column.ascii) return utf8(bytes, start, end);
  if (column.text !== undefined) return column.text.substring(start, end);
  if (bytes.length > MAX_TEXT_BYTES) return latin1(bytes, start, end);
  column.text = latin1(bytes, 0, bytes.length);
  return column.text.substring(start, end);
}

/** The value of one cell; undefined if absent. */
export function valueAt(column: Column, row: number): unknown {
  if (column.nulls !== undefined && column.nulls[row] === 1) return undefined;
  switch (column.kind) {
    case "string":
      return stringAt(column, row);
    case "bool":
      return column.values[row] === 1;
    case "object":
      return column.values === undefined ? recordAt(column.parts!, row) : column.values[row];
    default:
      return column.values[row];
  }
}

/** The row as the user's value: an object with the record's fields (absent ones are undefined), or the value itself. */
export function rowAt(batch: Batch, row: number): unknown {
  return batch.type?.kind === "record" ? recordAt(batch as Parts, row) : valueAt(batch.columns[0]!, row);
}

function recordAt({ type, columns }: Parts, row: number): object {
  const value = {};
  for (let index = 0; index < columns.length; index++) setField(value, type.fields[index]!.name, valueAt(columns[index]!, row));
  return value;
}

/** Puts a checked value into a cell. Only for columns that hold JS strings and objects. */
export function setValue(column: Column, row: number, value: unknown): void {
  const absent = value === undefined || value === null;
  if (column.nulls !== undefined) column.nulls[row] = absent ? 1 : 0;
  switch (column.kind) {
    case "f64":
    case "i32":
      column.values[row] = absent ? 0 : (value as number);
      return;
    case "bool":
      column.values[row] = value === true ? 1 : 0;
      return;
    case "string":
      column.values![row] = absent ? "" : (value as string);
      return;
    case "object":
      column.values![row] = value ?? undefined;
  }
}

/** Appends row `row` of `from` to `to`, a batch of the same type whose strings are JS strings and which has room. Marks and keys stay behind. */
export function copyRow(from: Batch, row: number, to: Batch): void {
  const at = to.rows++;
  for (let index = 0; index < to.columns.length; index++) setValue(to.columns[index]!, at, valueAt(from.columns[index]!, row));
  to.timestamps[at] = from.timestamps[row]!;
}

/** Makes a batch empty again. Object and string cells are not cleared: they are overwritten. */
export function resetBatch(batch: Batch): void {
  batch.rows = 0;
  batch.markCount = 0;
  batch.key = undefined;
  resetColumns(batch.columns);
}

function resetColumns(columns: readonly Column[]): void {
  for (const column of columns) {
    if (column.kind === "object" && column.parts !== undefined) resetColumns(column.parts.columns);
    if (column.kind !== "string") continue;
    column.ascii = true;
    column.text = undefined;
  }
}

/** Adds "after row `row` the watermark is `time`". */
export function addMark(batch: Batch, row: number, time: number): void {
  const at = batch.markCount++;
  if (at === batch.markRows.length) growMarks(batch);
  batch.markRows[at] = row;
  batch.markTimes[at] = time;
}

function growMarks(batch: Batch): void {
  const rows = new Int32Array(batch.markRows.length * 2);
  const times = new Float64Array(batch.markRows.length * 2);
  rows.set(batch.markRows);
  times.set(batch.markTimes);
  batch.markRows = rows;
  batch.markTimes = times;
}

export function timestampAt(batch: Batch, row: number): number | undefined {
  const time = batch.timestamps[row]!;
  return time === NO_TIMESTAMP ? undefined : time;
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

function utf8(bytes: Uint8Array, start: number, end: number): string {
  return decoder.decode(bytes.subarray(start, end));
}

/** A character per byte: the text, where the bytes are ASCII. */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  return latin1Slice.call(bytes, start, end);
}
