// Transactions as a compaction meets them, batch by batch in offset order: which data batches belong to an aborted one and are dropped,
// and which markers have nothing left to mark (KIP-98).
// Invariant: a marker is superfluous only if no batch of its transaction, not even an empty one, was met in the same pass.
import type { AbortedTransaction } from "../aborted-index.ts";

export class CleanedTransactions {
  /** Those not yet begun, by first offset. */
  readonly #coming: readonly AbortedTransaction[];
  #next = 0;
  readonly #aborting = new Map<number, { readonly transaction: AbortedTransaction; seen: boolean }>();
  /** Producers with a batch of a transaction that will commit. */
  readonly #committing = new Set<number>();

  constructor(aborted: readonly AbortedTransaction[]) {
    this.#coming = aborted.toSorted((a, b) => a.firstOffset - b.firstOffset);
  }

  /** A transactional data batch. True if its transaction was aborted. */
  isAborted(producerId: number, lastOffset: number): boolean {
    this.#advance(lastOffset);
    const aborting = this.#aborting.get(producerId);
    if (aborting === undefined) {
      this.#committing.add(producerId);
      return false;
    }
    aborting.seen = true;
    return true;
  }

  /** A marker. `superfluous`: none of its transaction's batches are left; `aborted`: what the index must still know. */
  marker(producerId: number, offset: number, commit: boolean): { superfluous: boolean; aborted: AbortedTransaction | undefined } {
    this.#advance(offset);
    if (commit) return { superfluous: !this.#committing.delete(producerId), aborted: undefined };
    const aborting = this.#aborting.get(producerId);
    this.#aborting.delete(producerId);
    return aborting?.seen === true
      ? { superfluous: false, aborted: aborting.transaction }
      : { superfluous: !this.#committing.delete(producerId), aborted: undefined };
  }

  #advance(offset: number): void {
    for (; this.#next < this.#coming.length && this.#coming[this.#next]!.firstOffset <= offset; this.#next++) {
      const transaction = this.#coming[this.#next]!;
      this.#aborting.set(transaction.producerId, { transaction, seen: false });
    }
  }
}
