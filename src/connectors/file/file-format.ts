// What a line of a file is. Formats are frozen data with makers: a decoder that puts records into columns, an encoder that writes them.
// Framing is by line: a decoder may ask for the next line, too (a quoted CSV cell with a line break in it).
import type { Batch } from "../../schema/batch.ts";
import type { BatchBuilder } from "../../schema/batch-builder.ts";
import type { EncodeBuffer } from "../../schema/encode-buffer.ts";
import type { TypeInfo } from "../../schema/type-info.ts";
import type { Json } from "../../stream/connector.ts";

export interface FileFormat<out T> {
  readonly "~row"?: { readonly of: T } | undefined;
  /** "csv", "json-lines", "lines". */
  readonly name: string;
  /** Of files that a sink writes, with the dot. */
  readonly extension: string;
  readonly type: TypeInfo | undefined;
  /** Goes into the plan. */
  describe(): Json;
  decoder(): LineDecoder;
  encoder(): LineEncoder;
}

export interface LineDecoder {
  /** The first line of every file is a header. */
  readonly hasHeader: boolean;
  /** Reads the header in bytes[start, end). False: it goes on in the next line. Throws SchemaError when it does not fit. */
  header(bytes: Uint8Array, start: number, end: number): boolean;
  /**
   * Reads the record in bytes[start, end), without its line break, and appends it, or nothing for a line that says nothing. False: the
   * record goes on in the next line. Throws SchemaError, and then the builder is as before.
   */
  decode(builder: BatchBuilder, bytes: Uint8Array, start: number, end: number): boolean;
}

export interface LineEncoder {
  /** Appends the header with its line break, if the format has one. */
  header(out: EncodeBuffer): void;
  /** Appends a row of a batch of the format's type with its line break. Throws SchemaError, and then `out` is as before. */
  encode(batch: Batch, row: number, out: EncodeBuffer): void;
}
