// Which transactions of a partition are open, and up to where it is decided: the last stable offset (KIP-98).
// Invariant: `#ongoing` is ordered by first offset. A transaction whose marker is not yet on disk still holds the last stable offset back.
import type { AbortedTransaction } from "./aborted-index.ts";

export interface EndedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
  readonly markerOffset: number;
}

export class Transactions {
  /**
   * Producer id → first offset. Transactions begin in offset order, so insertion order is the order of first offsets. Made with the first one:
   * most partitions never see a transaction.
   */
  #ongoing: Map<number, number> | undefined;
  /** Ended, but their markers are not known to be on disk. */
  #undurable: EndedTransaction[] = [];

  get ongoingCount(): number {
    return this.#ongoing?.size ?? 0;
  }

  begin(producerId: number, firstOffset: number): void {
    (this.#ongoing ??= new Map<number, number>()).set(producerId, firstOffset);
  }

  /** Ends the producer's transaction, if one is open; returns what the aborted index must know. */
  end(producerId: number, markerOffset: number): AbortedTransaction | undefined {
    const firstOffset = this.#ongoing?.get(producerId);
    if (firstOffset === undefined) return undefined;
    this.#ongoing!.delete(producerId);
    this.#undurable.push({ producerId, firstOffset, markerOffset });
    const lastStableOffset = this.#earliestOngoing() ?? markerOffset + 1;
    return { producerId, firstOffset, lastOffset: markerOffset, lastStableOffset };
  }

  /** The first offset that is not decided, given that everything below `highWatermark` is on disk. */
  lastStableOffset(highWatermark: number): number {
    let stable = Math.min(highWatermark, this.#earliestOngoing() ?? highWatermark);
    for (const ended of this.#undurable) {
      if (ended.markerOffset >= highWatermark && ended.firstOffset < stable) stable = ended.firstOffset;
    }
    return stable;
  }

  /** Everything below `highWatermark` is on disk now. */
  durable(highWatermark: number): void {
    if (this.#undurable.length > 0) this.#undurable = this.#undurable.filter((ended) => ended.markerOffset >= highWatermark);
  }

  /** Starts again from the open transactions of `entries`, and forgets what ended at or after `endOffset` (a rejected write). */
  reset(entries: Iterable<{ readonly producerId: number; readonly transactionFirstOffset: number }>, endOffset: number): void {
    const open = [...entries].filter((entry) => entry.transactionFirstOffset >= 0);
    open.sort((a, b) => a.transactionFirstOffset - b.transactionFirstOffset);
    this.#ongoing = open.length === 0 ? undefined : new Map(open.map((entry) => [entry.producerId, entry.transactionFirstOffset]));
    this.#undurable = this.#undurable.filter((ended) => ended.markerOffset < endOffset);
  }

  #earliestOngoing(): number | undefined {
    if (this.#ongoing === undefined || this.#ongoing.size === 0) return undefined;
    for (const firstOffset of this.#ongoing.values()) return firstOffset;
    return undefined;
  }
}
