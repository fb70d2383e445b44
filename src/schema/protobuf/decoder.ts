// Decodes Protobuf documents of a writer's message into a builder's columns of a type, or into values of it.
import type { BatchBuilder } from "../batch-builder.ts";
import { canGenerate, type CodeGeneration } from "../code-generation.ts";
import { fromStart, SchemaError } from "../schema-error.ts";
import type { TypeInfo } from "../type-info.ts";
import { generateReader, GIVEN_UP } from "./generate-reader.ts";
import { generateRowReader, type ProtoRowRead } from "./generate-row-reader.ts";
import { readMessage, readSlots } from "./interpret-reader.ts";
import { ProtoCursor } from "./proto-cursor.ts";
import type { MessageSchema } from "./proto-schema.ts";
import { resolveProto } from "./resolve-proto.ts";
import { typeToProto } from "./type-to-proto.ts";

export interface ProtoDecoder {
  /** Appends the document in bytes[start, end) as one row. Throws SchemaError, and then the builder is as before. */
  decodeInto(builder: BatchBuilder, bytes: Uint8Array, start: number, end: number, timestamp: number): void;
}

export interface ProtoCodecOptions {
  readonly codegen?: CodeGeneration;
}

/** `writer`: the message of the bytes; undefined: the type's own. Throws BadSchemaError when the type cannot be read from it. */
export function protoDecoder(type: TypeInfo, writer: MessageSchema = typeToProto(type), options: ProtoCodecOptions = {}): ProtoDecoder {
  const plan = resolveProto(writer, type);
  const cursor = new ProtoCursor();
  const fast = type.kind === "record" && canGenerate(options.codegen ?? "auto") ? generateRowReader(type, plan) : undefined;
  return {
    decodeInto(builder, bytes, start, end, timestamp) {
      if (fast === undefined || !builder.ofBytes || !tryFast(fast, cursor, builder, bytes, start, end)) {
        cursor.reset(bytes, start, end);
        try {
          if (type.kind !== "record") builder.setCell(0, readMessage(plan, cursor));
          else readSlots(plan, cursor).forEach((value, slot) => builder.setCell(slot, value));
        } catch (error) {
          throw fromStart(error, start);
        }
      }
      builder.endRow(timestamp);
    },
  };
}

function tryFast(fast: ProtoRowRead, cursor: ProtoCursor, builder: BatchBuilder, bytes: Uint8Array, start: number, end: number): boolean {
  const { batch } = builder;
  cursor.share(bytes, start, end);
  try {
    fast(cursor, builder, batch.columns, builder.arenas, batch.rows);
    return true;
  } catch (error) {
    if (error !== GIVEN_UP && !(error instanceof SchemaError)) throw error;
    return false;
  }
}

/** Reads bytes[start, end), which hold one document and nothing else. Throws SchemaError. */
export type ProtoValueDecoder = (bytes: Uint8Array, start?: number, end?: number) => unknown;

/** As protoDecoder(), into values: records are plain objects, maps are Maps. */
export function protoValueDecoder(
  type: TypeInfo,
  writer: MessageSchema = typeToProto(type),
  options: ProtoCodecOptions = {},
): ProtoValueDecoder {
  const plan = resolveProto(writer, type);
  const cursor = new ProtoCursor();
  const fast = canGenerate(options.codegen ?? "auto") ? generateReader(plan) : undefined;
  return (bytes, start = 0, end = bytes.length) => {
    cursor.reset(bytes, start, end);
    if (fast !== undefined) {
      try {
        return fast(cursor);
      } catch (error) {
        if (error !== GIVEN_UP && !(error instanceof SchemaError)) throw error;
        cursor.reset(bytes, start, end);
      }
    }
    try {
      return readMessage(plan, cursor);
    } catch (error) {
      throw fromStart(error, start);
    }
  };
}
