// Plain text: each line is one element, a string without its line break.
import type { BatchBuilder } from "../../schema/batch-builder.ts";
import { NO_TIMESTAMP, type Batch } from "../../schema/batch.ts";
import { valueAt } from "../../schema/columns.ts";
import { encodeUtf8Into, type EncodeBuffer } from "../../schema/encode-buffer.ts";
import { SchemaError } from "../../schema/schema-error.ts";
import { t } from "../../schema/t.ts";
import type { FileFormat } from "./file-format.ts";

const LINE_FEED = 0x0a;
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Elements are strings. A line that is not UTF-8 goes where the source's onError says; a sink refuses text with a line break in it. */
export function lines(): FileFormat<string> {
  return Object.freeze({
    name: "lines",
    extension: ".txt",
    type: t.string().type,
    describe: () => ({ format: "lines" }),
    decoder: () => ({ hasHeader: false, header: () => true, decode: decodeLine }),
    encoder: () => ({
      header: () => {},
      encode(batch: Batch, row: number, out: EncodeBuffer) {
        const text = String(valueAt(batch.columns[0]!, row));
        if (text.includes("\n")) throw new SchemaError({ path: "", expected: "one line", got: "text with a line break in it" });
        out.ensure(text.length * 3 + 1);
        out.at = encodeUtf8Into(text, out.bytes, out.at);
        out.bytes[out.at++] = LINE_FEED;
      },
    }),
  });
}

function decodeLine(builder: BatchBuilder, bytes: Uint8Array, start: number, end: number): boolean {
  let text: string;
  try {
    text = decoder.decode(bytes.subarray(start, end));
  } catch {
    throw new SchemaError({ path: "", expected: "UTF-8", got: "bytes that are not" });
  }
  builder.setCell(0, text);
  builder.endRow(NO_TIMESTAMP);
  return true;
}
