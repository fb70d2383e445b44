// Collects rows into a batch: objects (checked against the type) or, through a decoder, bytes. The batch lives in the builder:
// finish() lends it until reset(). Invariant: a row that is refused leaves no trace.
import type { Batch } from "./batch.ts";
import { createBatch, resetBatch, rowAt, setValue } from "./columns.ts";
import type { StringColumn } from "./column.ts";
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

export class BatchBuilder {
  readonly type: TypeInfo | undefined;
  readonly capacity: number;
  /** The batch under construction; `bytes` of its string columns are set by finish(). */
  readonly batch: Batch;
  /** One per column, undefined where the column is not made of bytes. */
  readonly arenas: readonly (Arena | undefined)[];
  /** Strings are kept as bytes. */
  readonly ofBytes: boolean;
  /** The arenas that are there. */
  readonly #used: readonly { readonly arena: Arena; readonly column: StringColumn }[];
  readonly #check: ValueCheck | undefined;

  /** `strings`: "bytes" for decoders, "values" for objects; both take both. */
  constructor(type: TypeInfo | undefined, capacity: number, strings: "values" | "bytes" = "values") {
    this.type = type;
    this.capacity = capacity;
    this.ofBytes = strings === "bytes";
    this.batch = createBatch(type, capacity, strings);
    this.#check = valueCheckOf(type);
    this.arenas = this.batch.columns.map((column) =>
      column.kind === "string" && column.offsets !== undefined ? arenaOf(new Uint8Array(FIRST_ARENA_BYTES)) : undefined,
    );
    this.#used = this.batch.columns.flatMap((column, index) =>
      column.kind === "string" && this.arenas[index] !== undefined ? [{ arena: this.arenas[index], column }] : [],
    );
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
    const { batch } = this;
    const column = batch.columns[index]!;
    const arena = this.arenas[index];
    if (arena === undefined) return setValue(column, batch.rows, value);
    const strings = column as StringColumn;
    const start = strings.offsets![batch.rows]!;
    const absent = value === undefined || value === null;
    if (strings.nulls !== undefined) strings.nulls[batch.rows] = absent ? 1 : 0;
    strings.offsets![batch.rows + 1] = absent ? start : this.#putText(strings, arena, start, value as string);
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
      if (wanted > arena.bytes.length) growArena(arena, wanted);
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

  #putText(column: StringColumn, arena: Arena, start: number, text: string): number {
    const wanted = start + text.length * 3;
    if (wanted > arena.bytes.length) growArena(arena, wanted);
    const end = encodeUtf8Into(text, arena.bytes, start);
    if (end - start !== text.length) column.ascii = false;
    return end;
  }
}

function growArena(arena: Arena, wanted: number): void {
  const bytes = new Uint8Array(Math.max(wanted, arena.bytes.length * 2));
  bytes.set(arena.bytes);
  arena.bytes = bytes;
  arena.view = new DataView(bytes.buffer);
}

export function arenaOf(bytes: Uint8Array<ArrayBuffer>): Arena {
  return { bytes, view: new DataView(bytes.buffer) };
}
