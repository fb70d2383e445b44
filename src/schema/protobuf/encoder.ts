// Encodes rows of a batch, or values, as Protobuf documents: of the type's own message, or of another one that has room for all its fields.
import type { Batch } from "../batch.ts";
import { canGenerate, type CodeGeneration } from "../code-generation.ts";
import { fieldColumns, valueAt } from "../columns.ts";
import type { EncodeBuffer } from "../encode-buffer.ts";
import { SchemaError } from "../schema-error.ts";
import type { TypeInfo } from "../type-info.ts";
import { GIVEN_UP } from "./generate-reader.ts";
import { generateRowWriter, generateWriter } from "./generate-writer.ts";
import { interpretWriter, namedWriter } from "./interpret-writer.ts";
import type { MessageSchema } from "./proto-schema.ts";
import { typeToProto } from "./type-to-proto.ts";
import { writePlan, type WriteElement } from "./write-plan.ts";

export interface ProtoEncoder {
  /** Appends a row. Throws SchemaError for a value that does not fit, and then the buffer is as before. */
  readonly row: (batch: Batch, row: number, out: EncodeBuffer) => void;
  /** Appends a value of the type. */
  readonly value: (value: unknown, out: EncodeBuffer) => void;
}

export interface ProtoEncoderOptions {
  readonly codegen?: CodeGeneration;
}

/** Throws BadSchemaError when values of the type do not fit the message, or fields would be lost. */
export function protoEncoder(type: TypeInfo, message: MessageSchema = typeToProto(type), options: ProtoEncoderOptions = {}): ProtoEncoder {
  const plan = writePlan(type, message);
  const generates = canGenerate(options.codegen ?? "auto");
  const value = guarded(valueWriter(plan), generates && plan.op === "record" ? generateValueWriter(plan) : undefined);
  if (plan.op !== "record") return { value, row: (batch, row, out) => value(valueAt(batch.columns[0]!, row), out) };
  const fast = generates ? generateRowWriter(type, plan) : undefined;
  return { value, row: guardedRow(rowWriter(type, plan), fast) };
}

type Write = ProtoEncoder["value"];
type WriteRow = ProtoEncoder["row"];

function valueWriter(plan: WriteElement): Write {
  const write = interpretWriter(plan);
  return (value, out) => write(out, value, 0);
}

function generateValueWriter(plan: WriteElement & { readonly op: "record" }): Write | undefined {
  const write = generateWriter(plan);
  return write && ((value, out) => write(out, value, 0));
}

function rowWriter(type: TypeInfo, plan: WriteElement & { readonly op: "record" }): WriteRow {
  const columns = fieldColumns(type);
  const cells = plan.fields.map((field) => ({ index: columns[field.slot]!.index, write: namedWriter(field) }));
  return (batch, row, out) => {
    for (const cell of cells) cell.write(out, valueAt(batch.columns[cell.index]!, row), 1);
  };
}

/** Generated code first; what it refuses goes to the interpreter, which says what is wrong. */
function guarded(slow: Write, fast: Write | undefined): Write {
  return (value, out) => {
    const { at } = out;
    if (fast !== undefined) {
      try {
        return fast(value, out);
      } catch (error) {
        given(error, out, at);
      }
    }
    try {
      slow(value, out);
    } catch (error) {
      out.at = at;
      throw error;
    }
  };
}

function guardedRow(slow: WriteRow, fast: WriteRow | undefined): WriteRow {
  return (batch, row, out) => {
    const { at } = out;
    if (fast !== undefined) {
      try {
        return fast(batch, row, out);
      } catch (error) {
        given(error, out, at);
      }
    }
    try {
      slow(batch, row, out);
    } catch (error) {
      out.at = at;
      throw error;
    }
  };
}

/** What generated code threw: the interpreter's business, or somebody's mistake. */
function given(error: unknown, out: EncodeBuffer, at: number): void {
  out.at = at;
  if (error !== GIVEN_UP && !(error instanceof SchemaError)) throw error;
}
