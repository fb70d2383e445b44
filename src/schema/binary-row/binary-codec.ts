// The binary row: what values and rows are as bytes in keyed state and between threads. Compact, without names, readable only with the
// type that wrote it. Version byte first, then the value; it says itself where it ends, so rows may follow one another.
// Two faces with equal bytes: JS values, and rows of batches.
import type { Batch } from "../batch.ts";
import type { BatchBuilder } from "../batch-builder.ts";
import { canGenerate, type CodeGeneration } from "../code-generation.ts";
import type { Column, StringColumn } from "../column.ts";
import { fieldColumns, stringAt, valueAt, type FieldColumn } from "../columns.ts";
import { EncodeBuffer } from "../encode-buffer.ts";
import { mismatchOf } from "../mismatch.ts";
import { SchemaError } from "../schema-error.ts";
import type { TypeInfo } from "../type-info.ts";
import { BinaryCursor } from "./cursor.ts";
import { checkedRecordCodec, generateRecordCodec } from "./generate-record-codec.ts";
import { bitmapBytes, recordCodec, valueCodec, type ValueCodec } from "./value-codec.ts";
import { putByte, putFloat64, putInt32, putText, putUtf8 } from "./write-binary.ts";

/** Raised when the form changes; readers know every version that ever was. */
export const BINARY_ROW_VERSION = 1;

export interface BinaryCodecOptions {
  readonly codegen?: CodeGeneration;
}

export class BinaryCodec {
  readonly type: TypeInfo;
  readonly #codec: ValueCodec;
  /** Columns of a batch of the type, in the order of writing, with how to write what is an object. */
  readonly #fields: readonly (FieldColumn & { readonly bit: number; readonly codec: ValueCodec })[];
  readonly #bitmapBytes: number;
  readonly #cursor = new BinaryCursor();
  readonly #own = new EncodeBuffer(256);
  /** Position after the value that was decoded last. */
  end = 0;

  constructor(type: TypeInfo, options: BinaryCodecOptions = {}) {
    this.type = type;
    this.#codec = checkedCodec(type, options.codegen ?? "auto");
    let bits = 0;
    this.#fields = fieldColumns(type).map((field) => ({ ...field, bit: field.optional ? bits++ : -1, codec: valueCodec(field.type!) }));
    this.#bitmapBytes = type.kind === "record" ? bitmapBytes(type) : type.kind === "optional" ? 1 : 0;
  }

  /** Appends `value`. Throws SchemaError if it does not fit the type, and then the buffer is as before. */
  encode(value: unknown, out: EncodeBuffer): void {
    const { at } = out;
    try {
      putByte(out, BINARY_ROW_VERSION);
      this.#codec.write(out, value);
    } catch (error) {
      out.at = at;
      throw error;
    }
  }

  /** `value` as bytes: a view, valid until the next call. */
  bytesOf(value: unknown): Uint8Array {
    this.#own.reset();
    this.encode(value, this.#own);
    return this.#own.finish();
  }

  /** Each call makes a fresh value. `this.end` is where it ended. Throws SchemaError on bytes that no such value is. */
  decode(bytes: Uint8Array, start = 0, end = bytes.length): unknown {
    const cursor = this.#begin(bytes, start, end);
    const value = this.#codec.read(cursor);
    this.end = cursor.at;
    return value;
  }

  /** Appends row `row` of a batch of the type. */
  encodeRow(batch: Batch, row: number, out: EncodeBuffer): void {
    const bits = this.#bitmapBytes;
    out.ensure(1 + bits);
    out.bytes[out.at++] = BINARY_ROW_VERSION;
    const { at } = out;
    out.bytes.fill(0, at, at + bits);
    out.at = at + bits;
    const inverse = this.type.kind === "optional";
    for (const field of this.#fields) {
      const column = batch.columns[field.index]!;
      const absent = field.optional && isAbsent(column, row);
      if (field.bit >= 0 && absent !== inverse) out.bytes[at + (field.bit >> 3)]! |= 1 << (field.bit & 7);
      if (!absent) writeCell(column, row, out, field.codec);
    }
  }

  /** Appends the row in bytes[start, end) to the builder; returns where it ended. */
  decodeInto(builder: BatchBuilder, bytes: Uint8Array, start: number, end: number, timestamp: number): number {
    const cursor = this.#begin(bytes, start, end);
    builder.reserve(end - start);
    const at = cursor.take(this.#bitmapBytes);
    const inverse = this.type.kind === "optional";
    for (const field of this.#fields) {
      const bit = field.bit >= 0 && (bytes[at + (field.bit >> 3)]! & (1 << (field.bit & 7))) !== 0;
      if (field.bit >= 0 && bit !== inverse) builder.setCell(field.index, undefined);
      else readCell(builder, field.index, cursor, field.codec);
    }
    builder.endRow(timestamp);
    return cursor.at;
  }

  #begin(bytes: Uint8Array, start: number, end: number): BinaryCursor {
    const cursor = this.#cursor;
    cursor.reset(bytes, start, end);
    const version = cursor.byte();
    if (version !== BINARY_ROW_VERSION)
      throw new SchemaError({ path: "", expected: `binary rows of version ${BINARY_ROW_VERSION}`, got: `version ${version}` }, 0);
    return cursor;
  }
}

function checkedCodec(type: TypeInfo, codegen: CodeGeneration): ValueCodec {
  const generated = canGenerate(codegen);
  if (type.kind === "record") return generated ? generateRecordCodec(type) : checkedRecordCodec(type);
  const { write, read } = valueCodec(type, generated ? generateRecordCodec : recordCodec);
  return {
    write(out, value) {
      const mismatch = mismatchOf(type, value);
      if (mismatch !== undefined) throw new SchemaError(mismatch);
      write(out, value);
    },
    read,
  };
}

function isAbsent(column: Column, row: number): boolean {
  return column.nulls === undefined ? valueAt(column, row) === undefined : column.nulls[row] === 1;
}

function writeCell(column: Column, row: number, out: EncodeBuffer, codec: ValueCodec): void {
  switch (column.kind) {
    case "f64":
      return putFloat64(out, column.values[row]!);
    case "i32":
      return putInt32(out, column.values[row]!);
    case "bool":
      return putByte(out, column.values[row]!);
    case "string":
      return column.values === undefined
        ? putUtf8(out, column.bytes!, column.offsets![row]!, column.offsets![row + 1]!)
        : putText(out, stringAt(column, row));
    case "object":
      return codec.write(out, valueAt(column, row));
  }
}

function readCell(builder: BatchBuilder, index: number, cursor: BinaryCursor, codec: ValueCodec): void {
  const arena = builder.arenas[index];
  if (arena === undefined) return builder.setCell(index, codec.read(cursor));
  const { batch } = builder;
  const column = batch.columns[index] as StringColumn;
  const length = cursor.varint();
  const from = cursor.take(length);
  let to = column.offsets![batch.rows]!;
  for (let at = from; at < from + length; at++) {
    const byte = cursor.bytes[at]!;
    if (byte >= 0x80) column.ascii = false;
    arena.bytes[to++] = byte;
  }
  if (column.nulls !== undefined) column.nulls[batch.rows] = 0;
  column.offsets![batch.rows + 1] = to;
}
