// What becomes of rows that a sink cannot write, as the sink's policy says: the job fails with the record's name, or they are counted, or go as
// dead letters to a gate of their own.
import type { Batch } from "../../schema/batch.ts";
import { BatchBuilder } from "../../schema/batch-builder.ts";
import { rowAt, timestampAt } from "../../schema/columns.ts";
import { DeadLetterSchema } from "../../stream/dead-letter.ts";
import type { DeadLetter, ErrorPolicy } from "../../stream/graph.ts";
import { userFrame } from "../coordinator/user-frame.ts";
import { originOfSplit, valueText } from "../subtask/dead-letter-row.ts";
import { errorText, OperatorError } from "../subtask/operator-error.ts";
import type { SplitNumbers } from "../subtask/row-origins.ts";

export interface LetterBox {
  write(batch: Batch): void;
}

export class RefusedRows {
  readonly #operator: string;
  readonly #policy: ErrorPolicy;
  readonly #splits: SplitNumbers;
  readonly #letters: LetterBox | undefined;
  skipped = 0;
  deadLettered = 0;
  /** Of the last row that did not fail the job. */
  last: unknown;

  constructor(operator: string, policy: ErrorPolicy, splits: SplitNumbers, letters: LetterBox | undefined) {
    this.#operator = operator;
    this.#policy = policy;
    this.#splits = splits;
    this.#letters = letters;
  }

  /** Throws the error that ends the job, if the policy is "fail". */
  refuse(batch: Batch, row: number, cause: unknown): void {
    const origin = this.#splits.originOf(batch.origins?.[row] ?? NaN);
    if (this.#policy === "fail")
      throw new OperatorError({ operator: this.#operator, key: undefined, split: origin?.split, offset: origin?.offset }, cause);
    this.last = cause;
    if (this.#policy === "skip") {
      this.skipped++;
      return;
    }
    this.deadLettered++;
    const letter: DeadLetter = {
      operator: this.#operator,
      error: errorText(cause),
      ...originOfSplit(origin?.split),
      offset: origin?.offset ?? -1,
      timestamp: timestampAt(batch, row) ?? -1,
      key: "",
      value: valueText(rowAt(batch, row)),
      place: cause instanceof Error ? userFrame(cause.stack) : undefined,
    };
    this.#letters?.write(batchOf(letter));
  }
}

function batchOf(letter: DeadLetter): Batch {
  const builder = new BatchBuilder(DeadLetterSchema.type, 1);
  builder.append(letter, letter.timestamp);
  return builder.finish();
}
