// Encodes JS values as Avro documents of a schema. Generated code first; what it refuses goes to the interpreter, which says what is wrong.
import { canGenerate, type CodeGeneration } from "../code-generation.ts";
import type { EncodeBuffer } from "../encode-buffer.ts";
import { SchemaError } from "../schema-error.ts";
import type { AvroSchema } from "./avro-schema.ts";
import { GIVEN_UP } from "./generate-reader.ts";
import { generateWriter } from "./generate-writer.ts";
import { interpretWriter, type AvroWrite } from "./interpret-writer.ts";
import { writePlan, type WriteOptions, type WritePlan } from "./write-plan.ts";

export interface AvroEncodeOptions extends WriteOptions {
  readonly codegen?: CodeGeneration;
}

/** Appends a document. Throws SchemaError for a value that does not fit, and then the buffer is as before. */
export type AvroValueEncoder = (value: unknown, out: EncodeBuffer) => void;

/** Throws BadSchemaError for a schema with a default that does not fit. */
export function avroValueEncoder(schema: AvroSchema, options: AvroEncodeOptions = {}): AvroValueEncoder {
  return planWriter(writePlan(schema, options), options.codegen ?? "auto");
}

export function planWriter(plan: WritePlan, codegen: CodeGeneration): AvroValueEncoder {
  const fast = canGenerate(codegen) ? generateWriter(plan) : undefined;
  let slow: AvroWrite | undefined;
  return (value, out) => {
    const { at } = out;
    if (fast !== undefined) {
      try {
        return fast(out, value, 0);
      } catch (error) {
        out.at = at;
        if (error !== GIVEN_UP && !(error instanceof SchemaError)) throw error;
      }
    }
    try {
      slow ??= interpretWriter(plan);
      slow(out, value, 0);
    } catch (error) {
      out.at = at;
      throw error;
    }
  };
}
