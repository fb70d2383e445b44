// Encodes rows of a batch, or values, as Protobuf documents: of the type's own message, or of another one that has room for all its fields.
import type { Batch } from "../batch.ts";
import { fieldColumns, valueAt } from "../columns.ts";
import type { EncodeBuffer } from "../encode-buffer.ts";
import type { TypeInfo } from "../type-info.ts";
import { interpretWriter, namedWriter } from "./interpret-writer.ts";
import type { MessageSchema } from "./proto-schema.ts";
import { typeToProto } from "./type-to-proto.ts";
import { writePlan } from "./write-plan.ts";

export interface ProtoEncoder {
  /** Appends a row. Throws SchemaError for a value that does not fit, and then the buffer is as before. */
  readonly row: (batch: Batch, row: number, out: EncodeBuffer) => void;
  /** Appends a value of the type. */
  readonly value: (value: unknown, out: EncodeBuffer) => void;
}

/** Throws BadSchemaError when values of the type do not fit the message, or fields would be lost. */
export function protoEncoder(type: TypeInfo, message: MessageSchema = typeToProto(type)): ProtoEncoder {
  const plan = writePlan(type, message);
  const write = interpretWriter(plan);
  const value = (of: unknown, out: EncodeBuffer): void => guarded(out, () => write(out, of, 0));
  if (plan.op !== "record") return { value, row: (batch, row, out) => value(valueAt(batch.columns[0]!, row), out) };
  const columns = fieldColumns(type);
  const cells = plan.fields.map((field) => ({ index: columns[field.slot]!.index, write: namedWriter(field) }));
  return {
    value,
    row: (batch, row, out) => {
      const { at } = out;
      try {
        for (const cell of cells) cell.write(out, valueAt(batch.columns[cell.index]!, row), 1);
      } catch (error) {
        out.at = at;
        throw error;
      }
    },
  };
}

function guarded(out: EncodeBuffer, write: () => void): void {
  const { at } = out;
  try {
    write();
  } catch (error) {
    out.at = at;
    throw error;
  }
}
