// What a sink's writer throws at a row that cannot be written, while the sink itself is well: the sink's policy decides about the row. Rows
// before it in the batch are taken; it and those behind it are not.

export class SinkRowError extends Error {
  override readonly name = "SinkRowError";
  readonly code = "SINK_ROW";
  override readonly cause: unknown;
  /** Index in the batch. */
  readonly row: number;
  /** More may be written at once; false: wait for ready(). */
  readonly ready: boolean;

  constructor(row: number, cause: unknown, ready = true) {
    super(`Row ${row} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`);
    this.cause = cause;
    this.row = row;
    this.ready = ready;
  }
}
