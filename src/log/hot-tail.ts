// The newest written batches of all partitions, kept in memory so that readers at the end of the log do not touch the disk.
// Invariant: each partition's chunks are contiguous in offset up to its last written one; the oldest chunk of all goes first.
import { Fifo } from "./fifo.ts";

export interface HotChunk {
  readonly baseOffset: number;
  readonly nextOffset: number;
  readonly bytes: Uint8Array;
}

/** One partition's part. */
export class HotChunks {
  readonly chunks = new Fifo<HotChunk>();

  /** Index of the chunk that holds `offset`, −1 if it is not in memory. */
  find(offset: number): number {
    const first = this.chunks.first();
    if (first === undefined || offset < first.baseOffset || offset >= this.chunks.last()!.nextOffset) return -1;
    let low = 0;
    let high = this.chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.chunks.at(middle)!.nextOffset <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

export class HotTail {
  readonly #limitBytes: number;
  /** Owner of each chunk in the order of writing. */
  readonly #order = new Fifo<HotChunks>();
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  push(owner: HotChunks, baseOffset: number, nextOffset: number, bytes: Uint8Array): void {
    if (bytes.length > this.#limitBytes) {
      this.clear(owner);
      return;
    }
    owner.chunks.push({ baseOffset, nextOffset, bytes: unpinned(bytes) });
    this.#order.push(owner);
    this.#bytes += bytes.length;
    while (this.#bytes > this.#limitBytes) {
      const chunk = this.#order.shift()!.chunks.shift();
      // Undefined after clear(): its bytes were given back then.
      if (chunk !== undefined) this.#bytes -= chunk.bytes.length;
    }
  }

  clear(owner: HotChunks): void {
    for (let chunk = owner.chunks.shift(); chunk !== undefined; chunk = owner.chunks.shift()) this.#bytes -= chunk.bytes.length;
  }
}

/** A small view keeps its whole network buffer alive: such bytes are copied. */
function unpinned(bytes: Uint8Array): Uint8Array {
  return bytes.length * 2 >= bytes.buffer.byteLength ? bytes : bytes.slice();
}
