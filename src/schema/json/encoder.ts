// Encodes rows of a batch, or JS values, as JSON documents.
import type { Batch } from "../batch.ts";
import { canGenerate, type CodeGeneration } from "../code-generation.ts";
import { valueAt } from "../columns.ts";
import { EncodeBuffer } from "../encode-buffer.ts";
import { SchemaError } from "../schema-error.ts";
import type { TypeInfo } from "../type-info.ts";
import { generateRowWriter, interpretRowWriter, type RowWriter } from "./row-writer.ts";
import { valueWriter } from "./value-writer.ts";

export interface JsonEncoderOptions {
  readonly codegen?: CodeGeneration;
}

/** Makes a function that appends a row to a buffer. It throws SchemaError for what JSON cannot hold, and then the buffer is as before. */
export function jsonEncoder(type: TypeInfo | undefined, options: JsonEncoderOptions = {}): RowWriter {
  const write = rowWriter(type, options.codegen ?? "auto");
  return (batch: Batch, row: number, out: EncodeBuffer): void => {
    const { at } = out;
    try {
      write(batch, row, out);
    } catch (error) {
      out.at = at;
      throw error;
    }
  };
}

function rowWriter(type: TypeInfo | undefined, codegen: CodeGeneration): RowWriter {
  if (type?.kind === "record") return (canGenerate(codegen) ? generateRowWriter(type) : undefined) ?? interpretRowWriter(type);
  const write = type === undefined ? writeAny : valueWriter(type);
  return (batch, row, out) => write(out, valueAt(batch.columns[0]!, row), 0);
}

/** For many values: appends to a buffer. */
export function jsonValueEncoder(type: TypeInfo | undefined): (value: unknown, out: EncodeBuffer) => void {
  const write = type === undefined ? writeAny : valueWriter(type);
  return (value, out) => {
    const { at } = out;
    try {
      write(out, value, 0);
    } catch (error) {
      out.at = at;
      throw error;
    }
  };
}

/** Encodes one value; the bytes are the caller's. Throws SchemaError. */
export function encodeJson(type: TypeInfo | undefined, value: unknown): Uint8Array<ArrayBuffer> {
  const out = new EncodeBuffer(256);
  jsonValueEncoder(type)(value, out);
  return out.copy();
}

const encoder = new TextEncoder();

/** Values without a schema: as JSON.stringify writes them. */
function writeAny(out: EncodeBuffer, value: unknown): void {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    text = undefined;
  }
  if (text === undefined)
    throw new SchemaError({ path: "", expected: "a value that JSON can hold", got: "one that it cannot (a bigint, a cycle, a function)" });
  out.ensure(text.length * 3);
  out.at += encoder.encodeInto(text, out.bytes.subarray(out.at)).written;
}
