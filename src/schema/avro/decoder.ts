// Decodes Avro documents of a writer's schema into a builder's columns of a type. Three stages as for JSON: generated code, the interpreter
// for what it gives up on, and an error with path and position for bytes that do not fit.
import type { BatchBuilder } from "../batch-builder.ts";
import { canGenerate, type CodeGeneration } from "../code-generation.ts";
import { columnKind } from "../columns.ts";
import { fieldValue } from "../field-value.ts";
import { fromStart } from "../schema-error.ts";
import type { TypeInfo } from "../type-info.ts";
import { AvroCursor } from "./avro-cursor.ts";
import type { AvroField, AvroSchema } from "./avro-schema.ts";
import { resolveAvro } from "./resolve-avro.ts";
import { generateRowReader, interpretRowReader, type AvroRowDecode, type AvroRowRead } from "./row-reader.ts";
import { typeToAvro } from "./type-to-avro.ts";
import { planReader, readDocument } from "./value-decoder.ts";

export interface AvroDecoder {
  /** Appends the document in bytes[start, end) as one row. Throws SchemaError, and then the builder is as before. */
  decodeInto(builder: BatchBuilder, bytes: Uint8Array, start: number, end: number, timestamp: number): void;
}

export interface AvroDecoderOptions {
  readonly codegen?: CodeGeneration;
}

/** A scalar is read as the only field of a record: both are the same bytes, and the same column. */
function generateScalarReader(type: TypeInfo, writer: AvroSchema, cursor: AvroCursor, slow: AvroRowDecode): AvroRowDecode | undefined {
  if (type.kind === "optional" || columnKind(type) === "object") return undefined;
  const record: TypeInfo = { kind: "record", name: "Value", fields: [{ name: "value", type }] };
  const plan = resolveAvro(recordOf(writer), typeToAvro(record), { nothing: "undefined", lenient: true });
  return plan.op === "record" ? generateRowReader(record, plan, cursor, slow) : undefined;
}

function recordOf(type: AvroSchema): AvroSchema {
  const unsaid = { aliases: [], doc: undefined, attributes: new Map() };
  const field: AvroField = { ...unsaid, name: "value", type, default: undefined, hasDefault: false, order: "ascending" };
  return { ...unsaid, type: "record", name: "Value", fields: [field] };
}

/**
 * `writer`: the schema of the bytes; undefined: the type's own. Names of records, enums and fixed types do not count, absent optional fields
 * are filled. Throws BadSchemaError when the type cannot be read from it.
 */
export function avroDecoder(type: TypeInfo, writer: AvroSchema = typeToAvro(type), options: AvroDecoderOptions = {}): AvroDecoder {
  const plan = resolveAvro(writer, typeToAvro(type), { nothing: "undefined", lenient: true });
  const codegen = options.codegen ?? "auto";
  const cursor = new AvroCursor();
  if (type.kind !== "record" || plan.op !== "record") {
    const read = planReader(plan, codegen);
    // A duration, or one member of a union that others wrote, is an object first.
    const fields = type.kind === "record" ? type.fields : undefined;
    const slow: AvroRowDecode = (builder, bytes, start, end, timestamp) => {
      const value = readDocument(cursor, read, bytes, start, end);
      if (fields === undefined) builder.setCell(0, value);
      else fields.forEach(({ name }, index) => builder.setCell(index, fieldValue(value as object, name)));
      builder.endRow(timestamp);
    };
    return { decodeInto: (canGenerate(codegen) ? generateScalarReader(type, writer, cursor, slow) : undefined) ?? slow };
  }
  let read: AvroRowRead | undefined;
  const slow: AvroRowDecode = (builder, bytes, start, end, timestamp) => {
    read ??= interpretRowReader(plan);
    cursor.share(bytes, start, end);
    try {
      read(cursor, builder);
      if (cursor.at !== end) cursor.finish();
    } catch (error) {
      throw fromStart(error, start);
    }
    builder.endRow(timestamp);
  };
  return { decodeInto: (canGenerate(codegen) ? generateRowReader(type, plan, cursor, slow) : undefined) ?? slow };
}
