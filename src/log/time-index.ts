// Sparse index from timestamp to offset of one segment. On disk as in Apache Kafka: per entry int64 timestamp, int32 relative
// offset, big-endian. An entry (t, o) says: no record up to offset o is younger than t, and the batch ending at o holds t.
// Invariant: timestamps and offsets strictly increase.

const ENTRY_BYTES = 12;
/** V8 keeps arrays of up to 64 bytes inside the heap: most of thousands of partitions have a few entries or none. */
const FIRST_CAPACITY = 8;
const NO_TIMESTAMPS = new Float64Array(0);
const NO_OFFSETS = new Int32Array(0);

export class TimeIndex {
  readonly baseOffset: number;
  #timestamps: Float64Array;
  #offsets: Int32Array;
  #count = 0;

  constructor(baseOffset: number, capacity = 0) {
    this.baseOffset = baseOffset;
    this.#timestamps = capacity === 0 ? NO_TIMESTAMPS : new Float64Array(capacity);
    this.#offsets = capacity === 0 ? NO_OFFSETS : new Int32Array(capacity);
  }

  get count(): number {
    return this.#count;
  }

  get memoryBytes(): number {
    return this.#timestamps.byteLength + this.#offsets.byteLength;
  }

  /** Largest timestamp in the index, −1 if it is empty. */
  get lastTimestamp(): number {
    return this.#count === 0 ? -1 : this.#timestamps[this.#count - 1]!;
  }

  /** Offset of the last entry, −1 if it is empty. */
  get lastOffset(): number {
    return this.#count === 0 ? -1 : this.baseOffset + this.#offsets[this.#count - 1]!;
  }

  /** Adds an entry if it is younger than the last one; otherwise nothing happens. */
  append(timestamp: number, offset: number): void {
    if (timestamp <= this.lastTimestamp || (this.#count > 0 && offset <= this.lastOffset)) return;
    if (this.#count === this.#offsets.length) {
      const capacity = this.#count === 0 ? FIRST_CAPACITY : Math.max(64, this.#count * 2);
      const timestamps = new Float64Array(capacity);
      const offsets = new Int32Array(capacity);
      timestamps.set(this.#timestamps);
      offsets.set(this.#offsets);
      this.#timestamps = timestamps;
      this.#offsets = offsets;
    }
    this.#timestamps[this.#count] = timestamp;
    this.#offsets[this.#count] = offset - this.baseOffset;
    this.#count++;
  }

  /** An offset not after the first record with `timestamp` or a later one: where to begin to look. */
  floor(timestamp: number): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#timestamps[middle]! <= timestamp) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? this.baseOffset : this.baseOffset + this.#offsets[low - 1]!;
  }

  /** Drops the entries at or after `offset`. */
  truncateToOffset(offset: number): void {
    while (this.#count > 0 && this.lastOffset >= offset) this.#count--;
  }

  encode(from = 0): Uint8Array {
    const bytes = new Uint8Array((this.#count - from) * ENTRY_BYTES);
    const view = new DataView(bytes.buffer);
    for (let i = from; i < this.#count; i++) {
      view.setBigInt64((i - from) * ENTRY_BYTES, BigInt(this.#timestamps[i]!));
      view.setInt32((i - from) * ENTRY_BYTES + 8, this.#offsets[i]!);
    }
    return bytes;
  }

  /** undefined if the bytes cannot be a time index: the caller rebuilds it from the log. */
  static decode(bytes: Uint8Array, baseOffset: number): TimeIndex | undefined {
    if (bytes.length % ENTRY_BYTES !== 0) return undefined;
    const count = bytes.length / ENTRY_BYTES;
    const index = new TimeIndex(baseOffset, count);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let offset = -1;
    for (let i = 0; i < count; i++) {
      const timestamp = Number(view.getBigInt64(i * ENTRY_BYTES));
      const nextOffset = view.getInt32(i * ENTRY_BYTES + 8);
      if (timestamp <= index.lastTimestamp || nextOffset <= offset) return undefined;
      index.append(timestamp, baseOffset + nextOffset);
      offset = nextOffset;
    }
    return index;
  }

  static readonly entryBytes = ENTRY_BYTES;
}
