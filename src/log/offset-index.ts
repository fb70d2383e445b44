// Sparse index from offset to file position of one segment. On disk as in Apache Kafka: per entry int32 offset relative to the
// segment's first, int32 position, big-endian. An entry (o, p) says: the batch that begins at p ends with offset o.
// Invariant: offsets and positions strictly increase.

const ENTRY_BYTES = 8;
/** V8 keeps arrays of up to 64 bytes inside the heap: most of thousands of partitions have a few entries or none. */
const FIRST_CAPACITY = 8;
const NO_ENTRIES = new Int32Array(0);

export class OffsetIndex {
  readonly baseOffset: number;
  #entries: Int32Array;
  #count = 0;

  constructor(baseOffset: number, capacity = 0) {
    this.baseOffset = baseOffset;
    this.#entries = capacity === 0 ? NO_ENTRIES : new Int32Array(capacity * 2);
  }

  /** Number of entries. */
  get count(): number {
    return this.#count;
  }

  get memoryBytes(): number {
    return this.#entries.byteLength;
  }

  append(lastOffset: number, position: number): void {
    if (this.#count * 2 === this.#entries.length) {
      const larger = new Int32Array(this.#count === 0 ? FIRST_CAPACITY * 2 : Math.max(128, this.#entries.length * 2));
      larger.set(this.#entries);
      this.#entries = larger;
    }
    this.#entries[this.#count * 2] = lastOffset - this.baseOffset;
    this.#entries[this.#count * 2 + 1] = position;
    this.#count++;
  }

  /** A position at or before the batch that holds `offset`: that of the last entry not above it, 0 if there is none. */
  floor(offset: number): number {
    const relative = offset - this.baseOffset;
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#entries[middle * 2]! <= relative) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? 0 : this.#entries[low * 2 - 1]!;
  }

  /** Offset behind the batch that begins at `position`; undefined if there is no entry of it. */
  endOffsetAt(position: number): number | undefined {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#entries[middle * 2 + 1]! < position) low = middle + 1;
      else high = middle;
    }
    const found = low < this.#count && this.#entries[low * 2 + 1] === position;
    return found ? this.baseOffset + this.#entries[low * 2]! + 1 : undefined;
  }

  /** Drops the entries of batches that begin at or after `position`. */
  truncateToPosition(position: number): void {
    while (this.#count > 0 && this.#entries[this.#count * 2 - 1]! >= position) this.#count--;
  }

  /** Entries from number `from` on, in the file's format. */
  encode(from = 0): Uint8Array {
    const bytes = new Uint8Array((this.#count - from) * ENTRY_BYTES);
    const view = new DataView(bytes.buffer);
    for (let i = from * 2; i < this.#count * 2; i++) view.setInt32((i - from * 2) * 4, this.#entries[i]!);
    return bytes;
  }

  /** undefined if the bytes cannot be the index of a segment of `sizeBytes` bytes: the caller rebuilds it from the log. */
  static decode(bytes: Uint8Array, baseOffset: number, sizeBytes: number): OffsetIndex | undefined {
    if (bytes.length % ENTRY_BYTES !== 0) return undefined;
    const count = bytes.length / ENTRY_BYTES;
    const index = new OffsetIndex(baseOffset, count);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let offset = -1;
    let position = -1;
    for (let i = 0; i < count; i++) {
      const nextOffset = view.getInt32(i * ENTRY_BYTES);
      const nextPosition = view.getInt32(i * ENTRY_BYTES + 4);
      if (nextOffset <= offset || nextPosition <= position || nextPosition >= sizeBytes) return undefined;
      index.append(baseOffset + nextOffset, nextPosition);
      offset = nextOffset;
      position = nextPosition;
    }
    return index;
  }

  static readonly entryBytes = ENTRY_BYTES;
}
