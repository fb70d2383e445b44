// Aborted transactions whose abort marker lies in one segment, in the order of their markers. On disk as in Apache Kafka (KIP-98):
// per entry int16 version 0, int64 producer id, first offset, last offset (the marker's), last stable offset, big-endian.

export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
  /** Offset of the abort marker. */
  readonly lastOffset: number;
  /** Last stable offset when the transaction ended: no later entry concerns a fetch that stays below it. */
  readonly lastStableOffset: number;
}

const ENTRY_BYTES = 34;

export class AbortedIndex {
  #entries: AbortedTransaction[] = [];

  get count(): number {
    return this.#entries.length;
  }

  get memoryBytes(): number {
    return this.#entries.length * 64;
  }

  append(transaction: AbortedTransaction): void {
    this.#entries.push(transaction);
  }

  /** Drops the transactions whose marker is at or after `offset`. */
  truncateToOffset(offset: number): void {
    while (this.#entries.length > 0 && this.#entries.at(-1)!.lastOffset >= offset) this.#entries.pop();
  }

  /** Adds to `into` what concerns a fetch of [from, until). True when no later segment can add anything. */
  collect(from: number, until: number, into: AbortedTransaction[]): boolean {
    for (const entry of this.#entries) {
      if (entry.lastOffset >= from && entry.firstOffset < until) into.push(entry);
      if (entry.lastStableOffset >= until) return true;
    }
    return false;
  }

  encode(from = 0): Uint8Array {
    const bytes = new Uint8Array((this.#entries.length - from) * ENTRY_BYTES);
    const view = new DataView(bytes.buffer);
    for (let i = from; i < this.#entries.length; i++) {
      const entry = this.#entries[i]!;
      const at = (i - from) * ENTRY_BYTES;
      view.setInt16(at, 0);
      view.setBigInt64(at + 2, BigInt(entry.producerId));
      view.setBigInt64(at + 10, BigInt(entry.firstOffset));
      view.setBigInt64(at + 18, BigInt(entry.lastOffset));
      view.setBigInt64(at + 26, BigInt(entry.lastStableOffset));
    }
    return bytes;
  }

  /** undefined if the bytes cannot be the aborted index of a segment that begins at `baseOffset`. */
  static decode(bytes: Uint8Array, baseOffset: number): AbortedIndex | undefined {
    if (bytes.length % ENTRY_BYTES !== 0) return undefined;
    const index = new AbortedIndex();
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let last = baseOffset - 1;
    for (let at = 0; at < bytes.length; at += ENTRY_BYTES) {
      const entry: AbortedTransaction = {
        producerId: Number(view.getBigInt64(at + 2)),
        firstOffset: Number(view.getBigInt64(at + 10)),
        lastOffset: Number(view.getBigInt64(at + 18)),
        lastStableOffset: Number(view.getBigInt64(at + 26)),
      };
      if (view.getInt16(at) !== 0 || entry.lastOffset <= last || entry.firstOffset > entry.lastOffset) return undefined;
      index.append(entry);
      last = entry.lastOffset;
    }
    return index;
  }

  static readonly entryBytes = ENTRY_BYTES;
}
