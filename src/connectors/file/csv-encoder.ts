// Rows as CSV text. What csv-decoder.ts reads from it is what was written: an empty text is quoted where an empty cell would mean "absent".
import type { Batch } from "../../schema/batch.ts";
import type { Column } from "../../schema/column.ts";
import { fieldColumns, valueAt, type FieldColumn } from "../../schema/columns.ts";
import { encodeUtf8Into, type EncodeBuffer } from "../../schema/encode-buffer.ts";
import { SchemaError } from "../../schema/schema-error.ts";
import type { TypeInfo } from "../../schema/type-info.ts";
import type { CsvSettings } from "./csv-format.ts";
import type { LineEncoder } from "./file-format.ts";

const LINE_FEED = 0x0a;
const LAST_TIME = 253_402_300_799_999; // the end of the year 9999
const FIRST_TIME = -62_167_219_200_000; // the start of the year 0

export class CsvEncoder implements LineEncoder {
  readonly #settings: CsvSettings;
  readonly #fields: readonly FieldColumn[];
  readonly #delimiter: string;
  readonly #quote: string;
  readonly #special: RegExp;

  constructor(type: TypeInfo, settings: CsvSettings) {
    this.#settings = settings;
    this.#fields = fieldColumns(type);
    this.#delimiter = String.fromCharCode(settings.delimiter);
    this.#quote = settings.quote < 0 ? "" : String.fromCharCode(settings.quote);
    const escaped = [this.#delimiter, this.#quote].map((text) => text.replace(/[\\\]^-]/g, "\\$&")).join("");
    this.#special = new RegExp(`[${escaped}\\r\\n]`);
  }

  header(out: EncodeBuffer): void {
    if (!this.#settings.header) return;
    const renamed = new Map(Object.entries(this.#settings.rename).map(([column, field]) => [field, column]));
    const names = this.#fields.map(({ name }) => this.#textCell(name, renamed.get(name) ?? name));
    this.#put(out, names.join(this.#delimiter));
    this.#byte(out, LINE_FEED);
  }

  encode(batch: Batch, row: number, out: EncodeBuffer): void {
    const { at } = out;
    try {
      for (let index = 0; index < this.#fields.length; index++) {
        if (index > 0) this.#byte(out, this.#settings.delimiter);
        this.#put(out, this.#cell(this.#fields[index]!, batch.columns[index]!, row));
      }
      this.#byte(out, LINE_FEED);
    } catch (error) {
      out.at = at;
      throw error;
    }
  }

  #cell(field: FieldColumn, column: Column, row: number): string {
    const value = valueAt(column, row);
    if (value === undefined) return this.#settings.nullText;
    switch (field.type!.kind) {
      case "string":
      case "literal":
      case "decimal":
        return this.#textCell(field.name, value as string, field.optional);
      case "timestamp":
        return this.#time(value as number);
      default:
        return Object.is(value, -0) ? "-0" : String(value);
    }
  }

  #textCell(name: string, text: string, optional = false): string {
    const needsQuotes = this.#special.test(text) || (optional && text === this.#settings.nullText);
    if (!needsQuotes) return text;
    if (this.#quote === "")
      throw new SchemaError({
        path: name,
        expected: "text without delimiters and line breaks (there are no quotes)",
        got: "text with one",
      });
    return `${this.#quote}${text.replaceAll(this.#quote, this.#quote + this.#quote)}${this.#quote}`;
  }

  #time(ms: number): string {
    const iso = this.#settings.timestamps === "iso" && ms >= FIRST_TIME && ms <= LAST_TIME;
    return iso ? new Date(ms).toISOString() : String(ms);
  }

  #put(out: EncodeBuffer, text: string): void {
    out.ensure(text.length * 3);
    out.at = encodeUtf8Into(text, out.bytes, out.at);
  }

  #byte(out: EncodeBuffer, byte: number): void {
    out.ensure(1);
    out.bytes[out.at++] = byte;
  }
}
