// JSON lines: one document a line (jsonlines.org), decoded straight into columns.
import { NO_TIMESTAMP, type Batch } from "../../schema/batch.ts";
import type { BatchBuilder } from "../../schema/batch-builder.ts";
import type { EncodeBuffer } from "../../schema/encode-buffer.ts";
import { jsonDecoder } from "../../schema/json/decoder.ts";
import { jsonEncoder } from "../../schema/json/encoder.ts";
import { schemaGiven } from "../../schema/foreign/foreign-schema.ts";
import type { ForeignSchema, TypeOf } from "../../schema/foreign/foreign-types.ts";
import type { Schema } from "../../schema/type-info.ts";
import { typeName } from "../../schema/type-names.ts";
import { FileConnectorError } from "./file-connector-error.ts";
import type { FileFormat } from "./file-format.ts";

const LINE_FEED = 0x0a;

/** Each line is a JSON document of the schema; without one, any JSON. Blank lines are skipped. Throws BAD_FORMAT. */
export function jsonLines<T = unknown>(schema?: Schema<T>): FileFormat<T>;
export function jsonLines<S extends ForeignSchema>(schema: S): FileFormat<TypeOf<S>>;
export function jsonLines(given?: Schema<unknown> | ForeignSchema): FileFormat<unknown> {
  const schema = schemaGiven(given);
  if (given !== undefined && schema === undefined)
    throw new FileConnectorError("BAD_FORMAT", "jsonLines(schema): the argument is a schema, such as t.record(…), or missing.");
  const type = schema?.type;
  return Object.freeze({
    name: "json-lines",
    extension: ".jsonl",
    type,
    describe: () => ({ format: "json-lines", type: type === undefined ? null : typeName(type) }),
    decoder() {
      const decoder = jsonDecoder(type);
      return {
        hasHeader: false,
        header: () => true,
        decode(builder: BatchBuilder, bytes: Uint8Array, start: number, end: number) {
          if (!isBlank(bytes, start, end)) decoder.decodeInto(builder, bytes, start, end, NO_TIMESTAMP);
          return true;
        },
      };
    },
    encoder() {
      const write = jsonEncoder(type);
      return {
        header: () => {},
        encode(batch: Batch, row: number, out: EncodeBuffer) {
          write(batch, row, out);
          out.ensure(1);
          out.bytes[out.at++] = LINE_FEED;
        },
      };
    },
  });
}

function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end && (bytes[at] === 0x20 || bytes[at] === 0x09)) at++;
  return at === end;
}
