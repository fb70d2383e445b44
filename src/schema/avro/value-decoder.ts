// Decodes single Avro documents into JS values: records are plain objects, maps are Maps, decimals and uuids text, instants numbers in the
// unit of the reader's schema. Generated code first; what it gives up on is read again by the interpreter, which says what is wrong.
import { canGenerate, type CodeGeneration } from "../code-generation.ts";
import { fromStart, SchemaError } from "../schema-error.ts";
import { AvroCursor } from "./avro-cursor.ts";
import type { AvroSchema } from "./avro-schema.ts";
import { generateReader, GIVEN_UP } from "./generate-reader.ts";
import { interpretReader, type AvroRead } from "./interpret-reader.ts";
import type { ReadPlan } from "./read-plan.ts";
import { resolveAvro, type ResolveOptions } from "./resolve-avro.ts";

export interface AvroDecodeOptions extends ResolveOptions {
  readonly codegen?: CodeGeneration;
}

/** Reads bytes[start, end), which hold one document and nothing else. Throws SchemaError. */
export type AvroValueDecoder = (bytes: Uint8Array, start?: number, end?: number) => unknown;

/** Throws BadSchemaError when `reader` cannot read what `writer` writes. `writer` undefined: the same schema. */
export function avroValueDecoder(reader: AvroSchema, writer: AvroSchema = reader, options: AvroDecodeOptions = {}): AvroValueDecoder {
  const plan = resolveAvro(writer, reader, options);
  const cursor = new AvroCursor();
  const read = planReader(plan, options.codegen ?? "auto");
  return (bytes, start = 0, end = bytes.length) => readDocument(cursor, read, bytes, start, end);
}

/** Reads bytes[start, end). Throws SchemaError. */
export function readDocument(cursor: AvroCursor, read: AvroRead, bytes: Uint8Array, start: number, end: number): unknown {
  cursor.reset(bytes, start, end);
  try {
    const value = read(cursor);
    if (cursor.at !== end) cursor.finish();
    return value;
  } catch (error) {
    throw fromStart(error, start);
  }
}

/** A reader of documents: the cursor is behind what was read. */
export function planReader(plan: ReadPlan, codegen: CodeGeneration): AvroRead {
  let slow: AvroRead | undefined;
  const fast = canGenerate(codegen) ? generateReader(plan) : undefined;
  if (fast === undefined) return interpretReader(plan);
  return (cursor) => {
    const { bytes, at, end } = cursor;
    try {
      const value = fast(cursor);
      if (cursor.at <= end) return value;
    } catch (error) {
      if (error !== GIVEN_UP && !(error instanceof SchemaError)) throw error;
    }
    slow ??= interpretReader(plan);
    cursor.reset(bytes, at, end);
    return slow(cursor);
  };
}
