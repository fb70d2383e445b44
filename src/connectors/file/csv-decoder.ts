// One CSV record from bytes into the columns of a builder, cell by cell, with no object in between. Errors say the field, what was expected
// and where in the record, never what the cell holds.
import { type BatchBuilder, type Arena } from "../../schema/batch-builder.ts";
import { NO_TIMESTAMP } from "../../schema/batch.ts";
import type { StringColumn } from "../../schema/column.ts";
import { fieldColumns, latin1, type FieldColumn } from "../../schema/columns.ts";
import { utf8Sequence } from "../../schema/json/utf8.ts";
import { SchemaError } from "../../schema/schema-error.ts";
import type { TypeInfo } from "../../schema/type-info.ts";
import { typeName } from "../../schema/type-names.ts";
import { cellBigint, cellBoolean, cellNumber, cellTime } from "./csv-cell.ts";
import type { CsvSettings } from "./csv-format.ts";
import type { LineDecoder } from "./file-format.ts";

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

interface Target {
  readonly field: FieldColumn;
  /** UTF-8 of the allowed texts of a literal; undefined for other types. */
  readonly literals: readonly Uint8Array[] | undefined;
}

export class CsvDecoder implements LineDecoder {
  readonly hasHeader: boolean;
  readonly #settings: CsvSettings;
  readonly #fields: readonly Target[];
  readonly #nullText: Uint8Array;
  /** The field of each column, undefined: not wanted. */
  #columns: readonly (Target | undefined)[];
  #missing: readonly FieldColumn[] = [];
  #unquoted: Uint8Array = new Uint8Array(256);
  // The cell under the cursor: text in #cell[#from, #to), then the position of what ended it.
  #cell: Uint8Array = this.#unquoted;
  #from = 0;
  #to = 0;
  #quoted = false;

  constructor(type: TypeInfo, settings: CsvSettings) {
    this.hasHeader = settings.header;
    this.#settings = settings;
    this.#nullText = encoder.encode(settings.nullText);
    this.#fields = fieldColumns(type).map((field) => ({
      field,
      literals: field.type!.kind === "literal" ? field.type!.values.map((value) => encoder.encode(value)) : undefined,
    }));
    this.#columns = this.#fields;
  }

  header(bytes: Uint8Array, start: number, end: number): boolean {
    const names: string[] = [];
    for (let at = start; ; at++) {
      at = this.#next(bytes, at, end);
      if (at < 0) return false;
      names.push(strictUtf8.decode(this.#cell.subarray(this.#from, this.#to)).trim());
      if (at >= end) break;
    }
    const wanted = new Map(this.#fields.map((target) => [target.field.name, target]));
    this.#columns = names.map((name) => {
      const field = Object.hasOwn(this.#settings.rename, name) ? this.#settings.rename[name]! : name;
      const target = wanted.get(field);
      wanted.delete(field);
      return target;
    });
    this.#missing = [...wanted.values()].map(({ field }) => field);
    const required = this.#missing.find(({ optional }) => !optional);
    if (required !== undefined)
      throw new SchemaError({
        path: required.name,
        expected: `a column "${required.name}"`,
        got: `the columns ${names.join(", ").slice(0, 200)}`,
      });
    return true;
  }

  decode(builder: BatchBuilder, bytes: Uint8Array, start: number, end: number): boolean {
    if (start === end) return true;
    builder.reserve(end - start);
    const columns = this.#columns;
    let count = 0;
    for (let at = start; ; at++) {
      const from = at;
      at = this.#next(bytes, at, end);
      if (at < 0) return false;
      if (count < columns.length) {
        const target = columns[count];
        if (target !== undefined) this.#store(builder, target, from - start);
      }
      count++;
      if (at >= end) break;
    }
    if (count !== columns.length) throw new SchemaError({ path: "", expected: `${columns.length} cells`, got: `${count}` });
    for (const field of this.#missing) builder.setCell(field.index, undefined);
    builder.endRow(NO_TIMESTAMP);
    return true;
  }

  /** Reads the cell at `at`; returns the position of the delimiter behind it, `end` at the end, −1 if a quote is still open there. */
  #next(bytes: Uint8Array, at: number, end: number): number {
    const { delimiter, quote } = this.#settings;
    if (at < end && bytes[at] === quote) return this.#nextQuoted(bytes, at, end);
    this.#cell = bytes;
    this.#from = at;
    this.#quoted = false;
    while (at < end && bytes[at] !== delimiter) at++;
    this.#to = at;
    return at;
  }

  #nextQuoted(bytes: Uint8Array, start: number, end: number): number {
    const { delimiter, quote } = this.#settings;
    let doubled = 0;
    let at = start + 1;
    for (; at < end; at++) {
      if (bytes[at] !== quote) continue;
      if (at + 1 < end && bytes[at + 1] === quote) {
        doubled++;
        at++;
      } else break;
    }
    if (at >= end) return -1;
    this.#quoted = true;
    if (at + 1 < end && bytes[at + 1] !== delimiter)
      throw new SchemaError({ path: "", expected: "a delimiter after the quote", got: "something else" }, at + 1 - start);
    this.#cell = bytes;
    this.#from = start + 1;
    this.#to = at;
    if (doubled > 0) this.#undouble(bytes, start + 1, at);
    return at + 1;
  }

  #undouble(bytes: Uint8Array, start: number, end: number): void {
    if (this.#unquoted.length < end - start) this.#unquoted = new Uint8Array((end - start) * 2);
    const to = this.#unquoted;
    let length = 0;
    for (let at = start; at < end; at++) {
      to[length++] = bytes[at]!;
      if (bytes[at] === this.#settings.quote) at++;
    }
    this.#cell = to;
    this.#from = 0;
    this.#to = length;
  }

  #store(builder: BatchBuilder, target: Target, at: number): void {
    const { field } = target;
    const { batch } = builder;
    const row = batch.rows;
    const column = batch.columns[field.index]!;
    if (field.optional && !this.#quoted && this.#isNull()) return builder.setCell(field.index, undefined);
    if (column.nulls !== undefined) column.nulls[row] = 0;
    const cell = this.#cell;
    switch (column.kind) {
      case "string":
        if (builder.arenas[field.index] === undefined) {
          builder.setCell(field.index, strictUtf8.decode(cell.subarray(this.#from, this.#to)));
          return;
        }
        return this.#storeText(column, builder.arenas[field.index]!, row, target, at);
      case "bool": {
        const value = cellBoolean(cell, this.#from, this.#to);
        if (value < 0) throw this.#mismatch(target, at);
        column.values[row] = value;
        return;
      }
      case "f64":
      case "i32": {
        const { kind } = field.type!;
        const value = kind === "timestamp" ? cellTime(cell, this.#from, this.#to) : cellNumber(cell, this.#from, this.#to);
        if (!fits(kind, value)) throw this.#mismatch(target, at);
        column.values[row] = value;
        return;
      }
      case "object": {
        const value = cellBigint(cell, this.#from, this.#to);
        if (value === undefined) throw this.#mismatch(target, at);
        builder.setCell(field.index, value);
      }
    }
  }

  #storeText(column: StringColumn, arena: Arena, row: number, target: Target, at: number): void {
    const cell = this.#cell;
    const to = arena.bytes;
    const start = column.offsets![row]!;
    const end = this.#to;
    let out = start;
    let from = this.#from;
    while (from < end) {
      const byte = cell[from]!;
      if (byte >= 0x80) break;
      to[out++] = byte;
      from++;
    }
    if (from < end) {
      for (let check = from; check < end;) {
        const length = cell[check]! < 0x80 ? 1 : utf8Sequence(cell, check, end);
        if (length === 0) throw new SchemaError({ path: target.field.name, expected: "UTF-8", got: "an invalid byte" }, at);
        check += length;
      }
      to.set(cell.subarray(from, end), out);
      out += end - from;
      column.ascii = false;
    }
    const { type } = target.field;
    const fine =
      target.literals === undefined ? type!.kind !== "decimal" || isDecimal(to, start, out) : isOneOf(target.literals, to, start, out);
    if (!fine) throw this.#mismatch(target, at);
    column.offsets![row + 1] = out;
  }

  #isNull(): boolean {
    const wanted = this.#nullText;
    if (this.#to - this.#from !== wanted.length) return false;
    for (let index = 0; index < wanted.length; index++) if (this.#cell[this.#from + index] !== wanted[index]) return false;
    return true;
  }

  #mismatch({ field }: Target, at: number): SchemaError {
    const length = this.#to - this.#from;
    const got = length === 0 ? "an empty cell" : `a cell of ${length} bytes`;
    return new SchemaError({ path: field.name, expected: typeName(field.type!), got }, at);
  }
}

function fits(kind: TypeInfo["kind"], value: number): boolean {
  if (kind === "double") return value === value;
  if (kind === "int") return (value | 0) === value;
  return Number.isSafeInteger(value);
}

function isOneOf(texts: readonly Uint8Array[], bytes: Uint8Array, start: number, end: number): boolean {
  return texts.some((text) => text.length === end - start && text.every((byte, index) => bytes[start + index] === byte));
}

function isDecimal(bytes: Uint8Array, start: number, end: number): boolean {
  return /^[+-]?\d+(?:\.\d+)?$/.test(latin1(bytes, start, end));
}
