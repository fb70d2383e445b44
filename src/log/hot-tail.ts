// The newest written batches of the partitions that somebody reads as they grow, kept in memory so that those readers do not touch the disk.
// They are copied into blocks that are filled one after the other and used again, the oldest first: who appends gets its own memory back,
// and none is left to the garbage collector. Readers copy in the turn in which they look.
// Invariant: each partition's chunks are contiguous in offset up to its last written one.
import { Buffer } from "node:buffer";
import { Fifo } from "./fifo.ts";
import { FOLLOWED_BYTES } from "./limits.ts";

/** Larger than any batch that a topic takes unless it is told to. */
const BLOCK_BYTES = 2 * 1024 * 1024;

/** What one append wrote. */
export class HotChunk {
  readonly owner: HotChunks;
  readonly baseOffset: number;
  readonly nextOffset: number;
  readonly sizeBytes: number;
  readonly #block: Uint8Array;
  readonly #begin: number;

  constructor(owner: HotChunks, baseOffset: number, nextOffset: number, sizeBytes: number, block: Uint8Array, begin: number) {
    this.owner = owner;
    this.baseOffset = baseOffset;
    this.nextOffset = nextOffset;
    this.sizeBytes = sizeBytes;
    this.#block = block;
    this.#begin = begin;
  }

  /** To be used in this turn of the event loop only. */
  bytes(): Uint8Array {
    return this.#block.subarray(this.#begin, this.#begin + this.sizeBytes);
  }
}

/** One partition's part. */
export class HotChunks {
  readonly chunks = new Fifo<HotChunk>();
  /** Appended since somebody last stood at the end; before anybody did, enough that nobody is expected. */
  #unreadBytes = FOLLOWED_BYTES;

  /** Somebody reads, or waits, at the end of the partition: what is appended next is wanted. */
  follow(): void {
    this.#unreadBytes = 0;
  }

  /** To be asked once per append: whether a reader is near. Without one a copy for nobody is saved. */
  isFollowed(sizeBytes: number): boolean {
    this.#unreadBytes += sizeBytes;
    return this.#unreadBytes <= FOLLOWED_BYTES;
  }

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

interface Block {
  readonly memory: Uint8Array;
  filled: number;
  /** In the order of writing. */
  chunks: HotChunk[];
}

export class HotTail {
  readonly #maxBlocks: number;
  readonly #blockBytes: number;
  /** The last one is being filled. */
  readonly #blocks = new Fifo<Block>();
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#blockBytes = Math.min(limitBytes, BLOCK_BYTES);
    this.#maxBlocks = this.#blockBytes === 0 ? 0 : Math.floor(limitBytes / this.#blockBytes);
  }

  get bytes(): number {
    return this.#bytes;
  }

  push(owner: HotChunks, baseOffset: number, nextOffset: number, bytes: Uint8Array): void {
    if (bytes.length > this.#blockBytes) {
      this.clear(owner);
      return;
    }
    const block = this.#blockFor(bytes.length);
    block.memory.set(bytes, block.filled);
    const chunk = new HotChunk(owner, baseOffset, nextOffset, bytes.length, block.memory, block.filled);
    block.filled += bytes.length;
    block.chunks.push(chunk);
    owner.chunks.push(chunk);
    this.#bytes += bytes.length;
  }

  clear(owner: HotChunks): void {
    for (let chunk = owner.chunks.shift(); chunk !== undefined; chunk = owner.chunks.shift()) this.#bytes -= chunk.sizeBytes;
  }

  #blockFor(size: number): Block {
    const last = this.#blocks.last();
    if (last !== undefined && last.filled + size <= this.#blockBytes) return last;
    const block = this.#blocks.length < this.#maxBlocks ? newBlock(this.#blockBytes) : this.#emptied(this.#blocks.shift()!);
    this.#blocks.push(block);
    return block;
  }

  #emptied(block: Block): Block {
    for (const chunk of block.chunks) {
      const { chunks } = chunk.owner;
      // Another one after clear(): its bytes were given back then.
      if (chunks.first() !== chunk) continue;
      chunks.shift();
      this.#bytes -= chunk.sizeBytes;
    }
    block.chunks = [];
    block.filled = 0;
    return block;
  }
}

/** Not zeroed: only what was written is read. */
function newBlock(size: number): Block {
  return { memory: Buffer.allocUnsafeSlow(size), filled: 0, chunks: [] };
}
