// The batch under construction for one target subtask of one task output. Watermarks are recorded lazily: the current one becomes a
// mark when the next row is appended or the batch is sent, so a watermark between two rows costs nothing for targets that got no row.
// Invariant: a mark lies before every row that came after its watermark.
import { MAX_BATCH_ROWS, type Batch } from "../../schema/batch.ts";
import type { Column } from "../../schema/column.ts";
import { addMark, createBatch } from "../../schema/columns.ts";
import type { TypeInfo } from "../../schema/type-info.ts";
import type { OutputWatermark } from "./output-watermark.ts";
import type { SubtaskOutput } from "./subtask.ts";

export class OutputBuffer {
  /** Rows so far; generated loops count it up, `batch.rows` follows when it is sent. */
  rows = 0;
  /** The watermark that the receiver knows once this batch is sent. */
  marked = -Infinity;
  readonly batch: Batch;
  /** Buffers of other outputs whose rows must not be overtaken: at most one of them has rows. */
  readonly siblings: OutputBuffer[] = [];
  readonly #out: SubtaskOutput;
  readonly #output: number;
  /** Numbers of the downstream subtasks that get its rows: one, or all of a broadcast. */
  readonly targets: readonly number[];
  readonly #watermark: OutputWatermark;

  constructor(out: SubtaskOutput, output: number, targets: readonly number[], type: TypeInfo | undefined, watermark: OutputWatermark) {
    this.#out = out;
    this.#output = output;
    this.targets = targets;
    this.#watermark = watermark;
    this.batch = createBatch(type, MAX_BATCH_ROWS);
  }

  /** Rows say where they came from. */
  keepOrigins(): void {
    this.batch.origins = new Float64Array(MAX_BATCH_ROWS);
  }

  /** Makes the batch a keyed one. `field`: index of the column that is the key, or −1 for a column of its own. */
  keyBy(field: number): void {
    const key: Column =
      field >= 0
        ? this.batch.columns[field]!
        : { kind: "object", nulls: undefined, values: Array.from({ length: MAX_BATCH_ROWS }), parts: undefined };
    this.batch.key = key;
    this.batch.keyHashes = new Int32Array(MAX_BATCH_ROWS);
  }

  /** Before the first row: what was appended to a sibling goes out first. */
  begin(): void {
    for (const sibling of this.siblings) sibling.send();
  }

  /** Records the watermark as it is now, behind the last row. */
  mark(): void {
    const time = this.#watermark.time;
    if (time === this.marked) return;
    this.marked = time;
    const { batch } = this;
    const last = batch.markCount - 1;
    if (last >= 0 && batch.markRows[last] === this.rows - 1) batch.markTimes[last] = time;
    else addMark(batch, this.rows - 1, time);
  }

  /** Hands the rows over, if there are any. Marks without rows wait: the subtask announces its watermark itself. */
  send(): void {
    if (this.rows === 0) return;
    const { batch } = this;
    batch.rows = this.rows;
    this.rows = 0;
    for (const target of this.targets) this.#out.data(this.#output, target, batch);
    batch.rows = 0;
    batch.markCount = 0;
  }

  /** Before the subtask announces its watermark to all: nothing is left to mark. */
  flush(): void {
    if (this.rows > 0) this.mark();
    this.send();
    this.batch.markCount = 0;
    this.marked = this.#watermark.time;
  }
}
