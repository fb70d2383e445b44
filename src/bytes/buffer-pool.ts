// Buffers of kilobytes to megabytes that are used again. Left to the garbage collector, which sees only the sum of what lies outside of its
// heap, every ten or twenty megabytes of them cost a collection of the whole heap, and as many stay behind as memory.
// Invariants: a buffer is in the pool or with one taker, never both; the pool keeps at most `maxFreeBytes`, and none of a size that nobody asks
// for any more in place of one that somebody does.
import { Buffer } from "node:buffer";

/** Smaller ones are not worth it; larger ones would be the whole pool. */
const MIN_BYTES = 4 * 1024;
const MAX_BYTES = 4 * 1024 * 1024;
/** Sizes between two powers of two: at most a quarter of a buffer is unused. */
const STEPS = 4;
const CLASSES = STEPS * Math.log2(MAX_BYTES / MIN_BYTES) + 1;
const MIN_LOG2 = Math.log2(MIN_BYTES);

export class BufferPool {
  readonly #maxFreeBytes: number;
  readonly #free: ArrayBuffer[][] = Array.from({ length: CLASSES }, () => []);
  #freeBytes = 0;
  /** When a size was last asked for, in calls of take(). */
  readonly #askedAt = new Float64Array(CLASSES);
  #asks = 0;

  constructor(maxFreeBytes: number) {
    this.#maxFreeBytes = maxFreeBytes;
  }

  get freeBytes(): number {
    return this.#freeBytes;
  }

  /** `size` bytes with any contents. */
  take(size: number): Uint8Array<ArrayBuffer> {
    if (size < MIN_BYTES || size > MAX_BYTES) return new Uint8Array(uninitialised(size), 0, size);
    const index = classFor(size);
    this.#askedAt[index] = ++this.#asks;
    const free = this.#free[index]!.pop();
    if (free === undefined) return new Uint8Array(uninitialised(sizeOf(index)), 0, size);
    this.#freeBytes -= free.byteLength;
    return new Uint8Array(free, 0, size);
  }

  /** Bytes from take() that nobody will look at again, by whatever view. */
  give({ buffer }: Uint8Array<ArrayBuffer>): void {
    const size = buffer.byteLength;
    if (size < MIN_BYTES) return;
    const index = classFor(size);
    if (size > MAX_BYTES || size > this.#maxFreeBytes || sizeOf(index) !== size) return drop(buffer);
    while (this.#freeBytes + size > this.#maxFreeBytes) if (!this.#dropOlderThan(index)) return drop(buffer);
    this.#freeBytes += size;
    this.#free[index]!.push(buffer);
  }

  /** Drops a buffer of the size that was not asked for the longest; false: none has waited longer than the class `index`. */
  #dropOlderThan(index: number): boolean {
    let oldest = index;
    for (let each = 0; each < CLASSES; each++)
      if (this.#free[each]!.length > 0 && this.#askedAt[each]! < this.#askedAt[oldest]!) oldest = each;
    if (oldest === index) return false;
    drop(this.#free[oldest]!.pop()!);
    this.#freeBytes -= sizeOf(oldest);
    return true;
  }
}

/** Number of the smallest class that holds `size` bytes. */
function classFor(size: number): number {
  const log2 = 31 - Math.clz32(size - 1 || 1);
  const step = 2 ** log2 / STEPS;
  return size <= MIN_BYTES ? 0 : (log2 - MIN_LOG2) * STEPS + Math.ceil((size - 2 ** log2) / step);
}

function sizeOf(index: number): number {
  const power = 2 ** (MIN_LOG2 + Math.floor(index / STEPS));
  return power + ((index % STEPS) * power) / STEPS;
}

/** Its memory is free at once: a collection of the heap would begin when enough of them were left to it. */
function drop(buffer: ArrayBuffer): void {
  buffer.transfer(0);
}

/** Not zeroed. */
function uninitialised(size: number): ArrayBuffer {
  return Buffer.allocUnsafeSlow(size).buffer as ArrayBuffer;
}
