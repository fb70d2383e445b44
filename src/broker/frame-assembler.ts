// Cuts a byte stream into length-prefixed frames, each copied once into a buffer of the pool, so that chunks can be freed at once. The buffer
// grows with what has arrived: a length alone never allocates much.
// Invariant: memory held is at most about twice the bytes received of the present frame, plus EAGER_BYTES.
import { BufferPool } from "../bytes/buffer-pool.ts";

/** Frames up to this size get their buffer at once; larger ones grow into it. Clients fill requests up to 1 MiB and what stands around it. */
const EAGER_BYTES = 1.25 * 1024 * 1024;
const PREFIX_BYTES = 4;

/** The length prefix cannot be one of a request: nothing after it makes sense. */
export class FrameLengthError extends Error {
  override readonly name = "FrameLengthError";
  readonly code = "BAD_FRAME_LENGTH";
}

export class FrameAssembler {
  readonly #maxBytes: number;
  readonly #frame: (frame: Uint8Array<ArrayBuffer>) => void;
  readonly #pool: BufferPool;
  readonly #prefix = new Uint8Array(PREFIX_BYTES);
  #prefixFilled = 0;
  #buffer: Uint8Array<ArrayBuffer> | undefined;
  #size = 0;
  #filled = 0;

  /** Who gets a frame may give it back to the pool: nothing else looks at its buffer. */
  constructor(maxBytes: number, frame: (frame: Uint8Array<ArrayBuffer>) => void, pool = new BufferPool(0)) {
    this.#maxBytes = maxBytes;
    this.#frame = frame;
    this.#pool = pool;
  }

  /**
   * Calls `frame` for every frame that is whole now. True: all of the chunk was copied, no frame is a view of it (the client's assembler may say
   * false). Throws a FrameLengthError at a length that is no request's.
   */
  push(chunk: Uint8Array): boolean {
    let at = 0;
    while (at < chunk.length) {
      if (this.#buffer !== undefined) at = this.#fill(chunk, at);
      else at = this.#begin(chunk, at);
    }
    return true;
  }

  #begin(chunk: Uint8Array, start: number): number {
    let at = start;
    if (this.#prefixFilled === 0 && chunk.length - at >= PREFIX_BYTES) {
      const size = this.#checked((chunk[at]! << 24) | (chunk[at + 1]! << 16) | (chunk[at + 2]! << 8) | chunk[at + 3]!);
      at += PREFIX_BYTES;
      this.#open(size);
      return at;
    }
    while (at < chunk.length && this.#prefixFilled < PREFIX_BYTES) this.#prefix[this.#prefixFilled++] = chunk[at++]!;
    if (this.#prefixFilled === PREFIX_BYTES) {
      const [a, b, c, d] = this.#prefix as unknown as [number, number, number, number];
      this.#prefixFilled = 0;
      this.#open(this.#checked((a << 24) | (b << 16) | (c << 8) | d));
    }
    return at;
  }

  #open(size: number): void {
    this.#size = size;
    this.#filled = 0;
    this.#buffer = this.#pool.take(Math.min(size, EAGER_BYTES));
  }

  #fill(chunk: Uint8Array, at: number): number {
    const take = Math.min(this.#size - this.#filled, chunk.length - at);
    let buffer = this.#buffer!;
    if (this.#filled + take > buffer.length) {
      const grown = this.#pool.take(Math.min(this.#size, Math.max(this.#filled + take, buffer.length * 2)));
      grown.set(buffer.subarray(0, this.#filled));
      this.#pool.give(buffer);
      this.#buffer = buffer = grown;
    }
    buffer.set(take === chunk.length ? chunk : chunk.subarray(at, at + take), this.#filled);
    this.#filled += take;
    if (this.#filled === this.#size) {
      this.#buffer = undefined;
      this.#frame(buffer);
    }
    return at + take;
  }

  #checked(size: number): number {
    if (size <= 0 || size > this.#maxBytes) {
      throw new FrameLengthError(
        `A request of ${size} bytes is announced; 1 to ${this.#maxBytes} are accepted (socket.request.max.bytes).`,
      );
    }
    return size;
  }
}
