// What a read_committed reader sees of a fetched range: batches of aborted transactions and control batches are left out, everything else
// stays. The broker's list of aborted transactions belongs to one answer; each begins at its first offset and ends at its abort marker. KIP-98.
import {
  ATTRIBUTES_AT,
  BASE_OFFSET_AT,
  int16At,
  int64At,
  isControl,
  isTransactional,
  LAST_OFFSET_DELTA_AT,
  int32At,
  PRODUCER_ID_AT,
} from "../protocol/records/batch-header.ts";
import { BatchReader } from "../protocol/records/batch-reader.ts";
import { decodeControlRecord } from "../protocol/records/control-batch.ts";

export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

export class CommittedFilter {
  /** Those not yet begun, latest first. */
  readonly #coming: AbortedTransaction[];
  readonly #aborted = new Set<number>();
  readonly #reader = new BatchReader();

  constructor(aborted: readonly AbortedTransaction[]) {
    this.#coming = [...aborted].sort((a, b) => b.firstOffset - a.firstOffset);
  }

  /** Whether the whole batch at `at` holds records for the reader. Batches must come in offset order. */
  keeps(bytes: Uint8Array, at: number): boolean {
    const attributes = int16At(bytes, at + ATTRIBUTES_AT);
    if (!isTransactional(attributes)) return !isControl(attributes);
    const producerId = int64At(bytes, at + PRODUCER_ID_AT);
    const lastOffset = int64At(bytes, at + BASE_OFFSET_AT) + int32At(bytes, at + LAST_OFFSET_DELTA_AT);
    for (let next = this.#coming.at(-1); next !== undefined && next.firstOffset <= lastOffset; next = this.#coming.at(-1)) {
      this.#aborted.add(next.producerId);
      this.#coming.pop();
    }
    if (!isControl(attributes)) return !this.#aborted.has(producerId);
    this.#reader.reset(bytes, at);
    if (this.#reader.next() && decodeControlRecord(this.#reader).type === "abort") this.#aborted.delete(producerId);
    return false;
  }
}
