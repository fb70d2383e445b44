// Decodes JSON documents of a type into a builder's columns or into JS values. Three stages: generated code for the ordinary document,
// the interpreter for every other, and an error with path, expected type and position for those that do not fit.
import type { BatchBuilder } from "../batch-builder.ts";
import { canGenerate, type CodeGeneration } from "../code-generation.ts";
import type { Schema, TypeInfo } from "../type-info.ts";
import { SchemaError } from "../schema-error.ts";
import { generateRowReader, type FastRowReader } from "./generate-row-reader.ts";
import { RowReader } from "./row-reader.ts";
import { JsonScanner } from "./scanner.ts";
import { valueReader, type ValueReader } from "./value-reader.ts";

/** After so many rows in a row that the generated code gave up, it is left alone for PAUSE rows. */
const MAX_MISSES = 16;
const PAUSE = 1024;
const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export interface JsonDecoder {
  /** Appends the document in bytes[start, end) as one row. Throws SchemaError, and then the builder is as before. */
  decodeInto(builder: BatchBuilder, bytes: Uint8Array, start: number, end: number, timestamp: number): void;
}

export interface JsonDecoderOptions {
  readonly codegen?: CodeGeneration;
}

/** `type` undefined: any JSON, as JSON.parse gives it. */
export function jsonDecoder(type: TypeInfo | undefined, options: JsonDecoderOptions = {}): JsonDecoder {
  return type?.kind === "record" ? new RecordDecoder(type, options.codegen ?? "auto") : new ValueDecoder(type);
}

class RecordDecoder implements JsonDecoder {
  readonly #scanner = new JsonScanner();
  readonly #reader: RowReader;
  readonly #fast: FastRowReader | undefined;
  #misses = 0;
  #paused = 0;

  constructor(type: TypeInfo & { readonly kind: "record" }, codegen: CodeGeneration) {
    this.#reader = new RowReader(type);
    this.#fast = canGenerate(codegen) ? generateRowReader(type, this.#reader) : undefined;
  }

  decodeInto(builder: BatchBuilder, bytes: Uint8Array, start: number, end: number, timestamp: number): void {
    const scanner = this.#scanner;
    scanner.reset(bytes, start, end);
    builder.reserve(end - start);
    if (this.#fast === undefined || !builder.ofBytes || !this.#readFast(this.#fast, builder, bytes, start, end))
      this.#reader.read(scanner, builder);
    if (scanner.at !== end) scanner.finish();
    builder.endRow(timestamp);
  }

  #readFast(fast: FastRowReader, builder: BatchBuilder, bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#paused > 0) {
      this.#paused--;
      return false;
    }
    const scanner = this.#scanner;
    const { batch } = builder;
    const at = fast(scanner, builder, batch.columns, builder.arenas, batch.rows, bytes, start, end);
    if (at >= 0) {
      scanner.at = at;
      this.#misses = 0;
      return true;
    }
    scanner.at = start;
    if (++this.#misses >= MAX_MISSES) {
      this.#misses = 0;
      this.#paused = PAUSE;
    }
    return false;
  }
}

class ValueDecoder implements JsonDecoder {
  readonly #decode: (bytes: Uint8Array, start: number, end: number) => unknown;

  constructor(type: TypeInfo | undefined) {
    this.#decode = type === undefined ? parseAny : jsonValueDecoder(type);
  }

  decodeInto(builder: BatchBuilder, bytes: Uint8Array, start: number, end: number, timestamp: number): void {
    builder.setCell(0, this.#decode(bytes, start, end));
    builder.endRow(timestamp);
  }
}

/** For many documents: the reader is made once. */
export function jsonValueDecoder(type: TypeInfo): (bytes: Uint8Array, start?: number, end?: number) => unknown {
  const scanner = new JsonScanner();
  const read: ValueReader = valueReader(type);
  return (bytes, start = 0, end = bytes.length) => {
    scanner.reset(bytes, start, end);
    const value = read(scanner, 0);
    scanner.finish();
    return value;
  };
}

/** Decodes one document. Throws SchemaError. */
export function decodeJson<T>(schema: Schema<T>, bytes: Uint8Array): T {
  return jsonValueDecoder(schema.type)(bytes) as T;
}

function parseAny(bytes: Uint8Array, start: number, end: number): unknown {
  try {
    return JSON.parse(strictUtf8.decode(bytes.subarray(start, end)));
  } catch {
    throw new SchemaError({ path: "", expected: "a JSON document", got: `${end - start} bytes that are none` });
  }
}
