// Partitions that may have more log behind their last recovery point than others: a burst stays in the page cache, where appends are not
// flushed anyway, instead of being brought to the disk piece by piece. Few at a time, so that a crash leaves little to read again.

export class CheckpointBursts {
  readonly #places: number;
  readonly #holders = new Set<object>();

  constructor(places: number) {
    this.#places = places;
  }

  /** Whether `partition` has a place, or gets one. */
  take(partition: object): boolean {
    if (this.#holders.has(partition)) return true;
    if (this.#holders.size >= this.#places) return false;
    this.#holders.add(partition);
    return true;
  }

  release(partition: object): void {
    this.#holders.delete(partition);
  }
}
