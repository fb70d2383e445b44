// Collects rows into a batch: objects (checked against the type) or, through a decoder, bytes. The batch lives in the builder:
// finish() lends it until reset(). Invariant: a row that is refused leaves no trace.
import type { Batch } from "./batch.ts";
import { createBatch, createColumns, resetBatch, rowAt, setValue, valueAt } from "./columns.ts";
import type { Column, ObjectColumn, StringColumn } from "./column.ts";
import { encodeUtf8Into } from "./encode-buffer.ts";
import { fieldValue } from "./field-value.ts";
import { mismatchOf } from "./mismatch.ts";
import { SchemaError } from "./schema-error.ts";
import type { TypeInfo } from "./type-info.ts";
import { valueCheckOf, type ValueCheck } from "./value-check.ts";

/** A string column's arena beyond which the builder calls itself full: larger ones cost more to read (cache, garbage collection). */
export const MAX_ARENA_BYTES = 64 * 1024;
const FIRST_ARENA_BYTES = 4 * 1024;

/** The bytes of one string column. What lies before the column's offsets[rows] is taken. */
export interface Arena {
  bytes: Uint8Array;
  /** Of `bytes`. */
  view: DataView;
}

/** Columns that are filled together: those of the batch, or of a nested record. One arena per column, undefined where it has no bytes. */
export interface Place {
  readonly columns: readonly Column[];
  readonly arenas: readonly (Arena | undefined)[];
  /** Of the columns that are kept in parts. */
  readonly nested: (Place | undefined)[];
}

export class BatchBuilder {
  readonly type: TypeInfo | undefined;
  readonly capacity: number;
  /** The batch under construction; `bytes` of its string columns are set by finish(). */
  readonly batch: Batch;
  /** The batch's columns. */
  readonly place: Place;
  /** One per column, undefined where the column is not made of bytes. */
  readonly arenas: readonly (Arena | undefined)[];
  /** Strings are kept as bytes. */
  readonly ofBytes: boolean;
  /** How often an arena has grown: whoever keeps its bytes or its view looks here. */
  growths = 0;
  /** The arenas that are there. */
  readonly #used: { readonly arena: Arena; readonly column: StringColumn }[] = [];
  readonly #check: ValueCheck | undefined;

  /** `strings`: "bytes" for decoders, "values" for objects; both take both. */
  constructor(type: TypeInfo | undefined, capacity: number, strings: "values" | "bytes" = "values") {
    this.type = type;
    this.capacity = capacity;
    this.ofBytes = strings === "bytes";
    this.batch = createBatch(type, capacity, strings);
    this.#check = valueCheckOf(type);
    this.place = this.#placeOf(this.batch.columns);
    this.arenas = this.place.arenas;
  }

  #placeOf(columns: readonly Column[]): Place {
    const arenas = columns.map((column) => {
      if (column.kind !== "string" || column.offsets === undefined) return undefined;
      const arena = arenaOf(new Uint8Array(FIRST_ARENA_BYTES));
      this.#used.push({ arena, column });
      return arena;
    });
    return { columns, arenas, nested: columns.map(() => undefined) };
  }

  /** From now on, and for the rows so far, the nested records of a column are kept in parts. Once asked for, they stay so. */
  nest(place: Place, index: number, type: TypeInfo & { readonly kind: "record" }, optional: boolean): Place {
    const known = place.nested[index];
    if (known !== undefined) return known;
    const column = place.columns[index] as ObjectColumn;
    const { rows } = this.batch;
    const values = Array.from({ length: rows }, (_, row) => valueAt(column, row));
    const columns = createColumns(type, this.capacity, "bytes");
    const made = this.#placeOf(columns);
    column.nulls = optional ? new Uint8Array(this.capacity) : undefined;
    column.values = undefined;
    column.parts = { type, columns };
    place.nested[index] = made;
    values.forEach((value, row) => this.#putRecord(column, made, row, value));
    return made;
  }

  get rows(): number {
    return this.batch.rows;
  }

  /** No further row should be appended: capacity or arena size is reached. */
  get full(): boolean {
    const { rows } = this.batch;
    if (rows >= this.capacity) return true;
    for (const { column } of this.#used) if (column.offsets![rows]! >= MAX_ARENA_BYTES) return true;
    return false;
  }

  /** Throws SchemaError if the row does not fit the type. */
  append(row: unknown, timestamp: number): void {
    const { batch, type } = this;
    if (batch.rows >= this.capacity) throw new RangeError(`The batch is full: ${this.capacity} rows.`);
    const mismatch = type === undefined ? undefined : mismatchOf(type, row);
    if (mismatch !== undefined) throw new SchemaError(mismatch);
    if (type?.kind !== "record") this.setCell(0, row);
    else for (let index = 0; index < type.fields.length; index++) this.setCell(index, fieldValue(row as object, type.fields[index]!.name));
    this.endRow(timestamp);
  }

  /** Sets a cell of the row under construction to a value that fits its type. A second value replaces the first. */
  setCell(index: number, value: unknown): void {
    this.#put(this.place, index, this.batch.rows, value);
  }

  /** As setCell(), of a nested record. */
  setPart(place: Place, index: number, value: unknown): void {
    this.#put(place, index, this.batch.rows, value);
  }

  #put(place: Place, index: number, row: number, value: unknown): void {
    const column = place.columns[index]!;
    const arena = place.arenas[index];
    if (arena === undefined) {
      const nested = place.nested[index];
      return nested === undefined ? setValue(column, row, value) : this.#putRecord(column as ObjectColumn, nested, row, value);
    }
    const strings = column as StringColumn;
    const start = strings.offsets![row]!;
    const absent = value === undefined || value === null;
    if (strings.nulls !== undefined) strings.nulls[row] = absent ? 1 : 0;
    strings.offsets![row + 1] = absent ? start : this.#putText(strings, arena, start, value as string);
  }

  /** The parts of an absent record are absent or empty. */
  #putRecord(column: ObjectColumn, place: Place, row: number, value: unknown): void {
    const absent = value === undefined || value === null;
    if (column.nulls !== undefined) column.nulls[row] = absent ? 1 : 0;
    const { fields } = column.parts!.type;
    for (let index = 0; index < fields.length; index++)
      this.#put(place, index, row, absent ? undefined : fieldValue(value as object, fields[index]!.name));
  }

  /** Rows are held to more than their shape, by endRow(). */
  get checks(): boolean {
    return this.#check !== undefined;
  }

  /** Throws SchemaError for a row that does not pass what its schema demands beyond the shape. */
  endRow(timestamp: number): void {
    if (this.#check !== undefined) this.#checkRow(this.#check);
    this.batch.timestamps[this.batch.rows++] = Math.floor(timestamp);
  }

  /** Makes room for `bytes` more in every arena, counted from the row under construction. */
  reserve(bytes: number): void {
    const { rows } = this.batch;
    for (const { arena, column } of this.#used) {
      const wanted = column.offsets![rows]! + bytes;
      if (wanted > arena.bytes.length) this.#grow(arena, wanted);
    }
  }

  /** The batch with all rows so far; it is the builder's and valid until reset(). */
  finish(): Batch {
    const { batch } = this;
    for (const { arena, column } of this.#used) {
      column.bytes = arena.bytes.subarray(0, column.offsets![batch.rows]!);
      column.text = undefined;
    }
    return batch;
  }

  reset(): void {
    resetBatch(this.batch);
  }

  #checkRow(check: ValueCheck): void {
    const { rows } = this.batch;
    for (const { arena, column } of this.#used) {
      column.bytes = arena.bytes.subarray(0, column.offsets![rows + 1]!);
      column.text = undefined;
    }
    const mismatch = check(rowAt(this.batch, rows));
    if (mismatch !== undefined) throw new SchemaError(mismatch);
  }

  #grow(arena: Arena, wanted: number): void {
    const bytes = new Uint8Array(Math.max(wanted, arena.bytes.length * 2));
    bytes.set(arena.bytes);
    arena.bytes = bytes;
    arena.view = new DataView(bytes.buffer);
    this.growths++;
  }

  #putText(column: StringColumn, arena: Arena, start: number, text: string): number {
    const wanted = start + text.length * 3;
    if (wanted > arena.bytes.length) this.#grow(arena, wanted);
    const end = encodeUtf8Into(text, arena.bytes, start);
    if (end - start !== text.length) column.ascii = false;
    return end;
  }
}

export function arenaOf(bytes: Uint8Array<ArrayBuffer>): Arena {
  return { bytes, view: new DataView(bytes.buffer) };
}
