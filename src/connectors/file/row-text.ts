// Rows of any batch as text of one format: from columns when the rows have the format's type, otherwise through the row's object, which is
// checked against the type.
import { MAX_BATCH_ROWS, type Batch } from "../../schema/batch.ts";
import { BatchBuilder } from "../../schema/batch-builder.ts";
import { rowAt } from "../../schema/columns.ts";
import type { EncodeBuffer } from "../../schema/encode-buffer.ts";
import { SchemaError } from "../../schema/schema-error.ts";
import { sameType } from "../../schema/type-names.ts";
import { FileConnectorError } from "./file-connector-error.ts";
import type { FileFormat, LineEncoder } from "./file-format.ts";
import { partitionPaths, type PartitionBy } from "./partition-path.ts";

export class RowText {
  readonly #format: FileFormat<unknown>;
  readonly #encoder: LineEncoder;
  readonly #directory: string;
  readonly #path: (batch: Batch, row: number) => string;
  #builder: BatchBuilder | undefined;
  /** The row at which the last batch ends because it cannot be written. */
  refused: { readonly row: number; readonly error: unknown } | undefined;

  constructor(format: FileFormat<unknown>, partitionBy: PartitionBy, directory: string) {
    this.#format = format;
    this.#encoder = format.encoder();
    this.#directory = directory;
    this.#path = partitionPaths(format.type, partitionBy);
  }

  /** The batch with rows of the format's type: itself, or a copy that is valid until the next call, of the rows before one that is refused. */
  begin(batch: Batch): Batch {
    const { type } = this.#format;
    this.refused = undefined;
    if (sameType(batch.type, type)) return batch;
    this.#builder ??= new BatchBuilder(type, MAX_BATCH_ROWS);
    this.#builder.reset();
    let row = 0;
    try {
      for (; row < batch.rows; row++) this.#builder.append(rowAt(batch, row), batch.timestamps[row]!);
    } catch (error) {
      this.refused = { row, error: this.#refused(error) };
    }
    return this.#builder.finish();
  }

  partition(batch: Batch, row: number): string {
    return this.#path(batch, row);
  }

  header(out: EncodeBuffer): void {
    this.#encoder.header(out);
  }

  encode(batch: Batch, row: number, out: EncodeBuffer): void {
    try {
      this.#encoder.encode(batch, row, out);
    } catch (error) {
      throw this.#refused(error);
    }
  }

  #refused(error: unknown): unknown {
    if (!(error instanceof SchemaError)) return error;
    return new FileConnectorError(
      "SINK_ROW",
      `An element cannot be written to ${this.#directory} as ${this.#format.name}: ${error.message}`,
      { cause: error },
    );
  }
}
