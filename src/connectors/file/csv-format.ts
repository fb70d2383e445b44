// CSV (RFC 4180): cells in columns by the names of the header, or by position. Frozen data; csv-decoder.ts and csv-encoder.ts do the work.
import { optionProblem } from "../../stream/check-options.ts";
import { fieldColumns } from "../../schema/columns.ts";
import { schemaGiven } from "../../schema/foreign/foreign-schema.ts";
import type { AnySchema, TypeOf } from "../../schema/foreign/foreign-types.ts";
import type { Schema } from "../../schema/type-info.ts";
import { typeName } from "../../schema/type-names.ts";
import { CsvDecoder } from "./csv-decoder.ts";
import { CsvEncoder } from "./csv-encoder.ts";
import { FileConnectorError } from "./file-connector-error.ts";
import type { FileFormat } from "./file-format.ts";

export interface CsvOptions {
  /** One ASCII character. Default ",". */
  readonly delimiter?: string;
  /** One ASCII character around cells that hold a delimiter, a quote (doubled) or a line break. Default '"'; null: quotes mean nothing. */
  readonly quote?: string | null;
  /** The first line of each file names the columns, in any order; columns without a field are left out. Default true. False: cells are the fields in order. */
  readonly header?: boolean;
  /** Column name → field name, where they differ. */
  readonly rename?: Readonly<Record<string, string>>;
  /** Unquoted text that means "absent" in an optional field. Default "". */
  readonly nullText?: string;
  /** How a sink writes timestamps: ISO 8601 in UTC, or epoch ms. A source reads both. Default "iso". */
  readonly timestamps?: "iso" | "epoch-ms";
}

export interface CsvSettings {
  readonly delimiter: number;
  /** −1: none. */
  readonly quote: number;
  readonly header: boolean;
  readonly rename: Readonly<Record<string, string>>;
  readonly nullText: string;
  readonly timestamps: "iso" | "epoch-ms";
}

const CELL_KINDS = new Set(["string", "literal", "decimal", "int", "long", "bigint", "double", "timestamp", "boolean"]);

/**
 * Rows of a record schema whose fields are strings, literals, decimals, numbers, bigints, booleans and timestamps. Times are epoch ms or ISO
 * 8601 ("2026-01-31", "2026-01-31 08:30:00", "2026-01-31T08:30:00.5+01:00"; UTC unless they say otherwise). Throws BAD_FORMAT.
 */
export function csv<S extends AnySchema>(given: S, options: CsvOptions = {}): FileFormat<TypeOf<S>> {
  const schema = schemaGiven(given);
  if (schema === undefined) throw bad("the first argument is the schema of its rows, such as t.record(…)");
  const settings = settingsOf(schema, options);
  const { type } = schema;
  if (type.kind !== "record") throw bad("the schema is a record: its fields are the columns");
  return Object.freeze({
    name: "csv",
    extension: ".csv",
    type,
    describe: () => ({ format: "csv", type: typeName(type), ...options }),
    decoder: () => new CsvDecoder(type, settings),
    encoder: () => new CsvEncoder(type, settings),
  });
}

function settingsOf(schema: Schema<unknown>, options: CsvOptions): CsvSettings {
  for (const { name, type } of fieldColumns(schema.type))
    if (schema.type.kind === "record" && !CELL_KINDS.has(type!.kind))
      throw bad(`field "${name}" is a ${typeName(type!)}, which no cell can hold`);
  const problem = optionProblem(options, ["delimiter", "quote", "header", "rename", "nullText", "timestamps"]);
  if (problem !== undefined) throw bad(problem);
  const { delimiter = ",", quote = '"', header = true, rename = {}, nullText = "", timestamps = "iso" } = options;
  if (timestamps !== "iso" && timestamps !== "epoch-ms") throw bad('timestamps is "iso" or "epoch-ms"');
  const settings = { delimiter: character(delimiter, "delimiter"), quote: quote === null ? -1 : character(quote, "quote"), header };
  if (settings.delimiter === settings.quote) throw bad("delimiter and quote are different characters");
  return { ...settings, rename, nullText, timestamps };
}

function character(text: string, option: string): number {
  const code = typeof text === "string" && text.length === 1 ? text.charCodeAt(0) : 0;
  if (code > 0 && code < 0x80 && code !== 0x0a && code !== 0x0d) return code;
  throw bad(`${option} is one ASCII character, no line break`);
}

function bad(reason: string): FileConnectorError {
  return new FileConnectorError("BAD_FORMAT", `csv(schema, options): ${/[.?]$/.test(reason) ? reason : `${reason}.`}`);
}
