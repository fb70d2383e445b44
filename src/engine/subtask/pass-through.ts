// A source's batch on its way to an output that wants it as it is: columns by reference, timestamps and watermarks of this subtask.
// Rows that the chain left out (no event time, policy skip) make a copy necessary.
import { MAX_BATCH_ROWS, type Batch } from "../../schema/batch.ts";
import { addMark, createBatch, setValue, valueAt } from "../../schema/columns.ts";
import type { ChainRuntime } from "./chain-runtime.ts";
import type { OutputWriter } from "./output-writer.ts";
import type { OutputWatermark } from "./output-watermark.ts";
import type { SubtaskOutput } from "./subtask.ts";

export class PassThrough {
  /** Rows taken since the last send(): their indexes in the source's batch. */
  rows = 0;
  readonly selected = new Int32Array(MAX_BATCH_ROWS);
  readonly timestamps = new Float64Array(MAX_BATCH_ROWS);
  readonly origins = new Float64Array(MAX_BATCH_ROWS);
  marked = -Infinity;
  readonly #marks = createBatch({ kind: "record", name: "marks", fields: [] }, 0);
  readonly #writer: OutputWriter;
  readonly #output: number;
  readonly #out: SubtaskOutput;
  readonly #watermark: OutputWatermark;

  constructor(writer: OutputWriter, output: number, out: SubtaskOutput, watermark: OutputWatermark) {
    this.#writer = writer;
    this.#output = output;
    this.#out = out;
    this.#watermark = watermark;
  }

  /** Takes row `row` of the batch at hand. */
  add(row: number, timestamp: number): void {
    const at = this.rows;
    if (this.#watermark.time !== this.marked) this.mark();
    this.selected[at] = row;
    this.timestamps[at] = timestamp;
    this.rows = at + 1;
  }

  mark(): void {
    this.marked = this.#watermark.time;
    const marks = this.#marks;
    const last = marks.markCount - 1;
    if (last >= 0 && marks.markRows[last] === this.rows - 1) marks.markTimes[last] = this.marked;
    else addMark(marks, this.rows - 1, this.marked);
  }

  /** Sends the rows taken from `batch`. The source's batch is not kept. */
  send(batch: Batch, { base, offsets }: Pick<ChainRuntime, "base" | "offsets">): void {
    if (this.rows > 0) {
      if (this.#watermark.time !== this.marked) this.mark();
      const columns = this.rows === batch.rows ? batch.columns : this.#gather(batch);
      const { markCount, markRows, markTimes } = this.#marks;
      const { rows, timestamps, origins, selected } = this;
      if (rows === batch.rows) for (let row = 0; row < rows; row++) origins[row] = base + offsets[row]!;
      else for (let row = 0; row < rows; row++) origins[row] = base + offsets[selected[row]!]!;
      const sent = {
        type: batch.type,
        rows,
        columns,
        timestamps,
        markCount,
        markRows,
        markTimes,
        key: undefined,
        keyHashes: undefined,
        origins,
      };
      for (const target of this.#writer.nextTargets()) this.#out.data(this.#output, target, sent);
    }
    this.rows = 0;
    this.#marks.markCount = 0;
  }

  #gather(batch: Batch): Batch["columns"] {
    const { columns } = createBatch(batch.type, this.rows);
    columns.forEach((column, index) => {
      for (let row = 0; row < this.rows; row++) setValue(column, row, valueAt(batch.columns[index]!, this.selected[row]!));
    });
    return columns;
  }
}
