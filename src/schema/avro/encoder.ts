// Encodes rows of a batch as Avro documents: of the type's own schema, or of another one that has room for all its fields.
import type { Batch } from "../batch.ts";
import { canGenerate, type CodeGeneration } from "../code-generation.ts";
import { rowAt, valueAt } from "../columns.ts";
import type { EncodeBuffer } from "../encode-buffer.ts";
import { SchemaError } from "../schema-error.ts";
import type { TypeInfo } from "../type-info.ts";
import type { AvroSchema } from "./avro-schema.ts";
import { GIVEN_UP } from "./generate-reader.ts";
import { resolveAvro } from "./resolve-avro.ts";
import { generateRowWriter, interpretRowWriter, type AvroRowWrite } from "./row-writer.ts";
import { typeToAvro } from "./type-to-avro.ts";
import { planWriter, type AvroValueEncoder } from "./value-encoder.ts";
import { checkNothingLost, writePlan, type WritePlan } from "./write-plan.ts";

export interface AvroEncoderOptions {
  readonly codegen?: CodeGeneration;
}

export interface AvroEncoder {
  /** Appends a row. Throws SchemaError for a value that does not fit, and then the buffer is as before. */
  readonly row: AvroRowWrite;
  /** Appends a value of the type. */
  readonly value: AvroValueEncoder;
}

/** Throws BadSchemaError when values of the type do not fit the schema, or fields would be lost. */
export function avroEncoder(type: TypeInfo, schema: AvroSchema = typeToAvro(type), options: AvroEncoderOptions = {}): AvroEncoder {
  const own = typeToAvro(type);
  if (schema !== own) {
    resolveAvro(own, schema, { lenient: true });
    checkNothingLost(schema, own);
  }
  const plan = writePlan(schema, { nothing: "undefined", from: own });
  const codegen = options.codegen ?? "auto";
  const value = planWriter(plan, codegen);
  return { row: rowWriter(type, plan, codegen, value), value };
}

function rowWriter(type: TypeInfo, plan: WritePlan, codegen: CodeGeneration, value: AvroValueEncoder): AvroRowWrite {
  if (type.kind !== "record") return (batch: Batch, row: number, out: EncodeBuffer) => value(valueAt(batch.columns[0]!, row), out);
  // A duration, or one member of a union.
  if (plan.op !== "record") return (batch, row, out) => value(rowAt(batch, row), out);
  const fast = canGenerate(codegen) ? generateRowWriter(type, plan) : undefined;
  let slow: AvroRowWrite | undefined;
  return (batch, row, out) => {
    const { at } = out;
    try {
      if (fast !== undefined) return fast(batch, row, out);
    } catch (error) {
      out.at = at;
      if (error !== GIVEN_UP && !(error instanceof SchemaError)) throw error;
    }
    try {
      slow ??= interpretRowWriter(type, plan);
      slow(batch, row, out);
    } catch (error) {
      out.at = at;
      throw error;
    }
  };
}
