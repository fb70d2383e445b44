// Reads and writes without a thread, as long as they are copies from and into the system's page cache: nothing tells beforehand, but one that
// took long says that it probably waited for the disk. Then they go to the thread pool for a while, for longer each time that the next try
// is slow as well: a busy machine makes a copy slow now and then, a disk each of them.
// Invariant: with a disk that is slow the event loop waits for it at most once per MAX_PAUSE_MS, after a few tries.

/** What a copy stays below on a slow machine: as a base and per byte. */
const SLOW_MS = 1;
const SLOW_MS_PER_BYTE = 1e-6;
const FIRST_PAUSE_MS = 20;
const PAUSE_FACTOR = 4;
export const MAX_PAUSE_MS = 1_280;

export class PromptCopies {
  readonly #now: () => number;
  readonly #maxBytes: number;
  #pauseMs = FIRST_PAUSE_MS;
  #pausedUntil = -Infinity;

  /** `now`: monotonic milliseconds. Copies of more bytes are not made: they keep everything else waiting. */
  constructor(now: () => number, maxBytes: number) {
    this.#now = now;
    this.#maxBytes = maxBytes;
  }

  /** What `copy` returns; undefined if it was not called. */
  attempt(length: number, copy: () => number): number | undefined {
    if (length > this.#maxBytes) return undefined;
    const begin = this.#now();
    if (begin < this.#pausedUntil) return undefined;
    const count = copy();
    const end = this.#now();
    if (end - begin > SLOW_MS + length * SLOW_MS_PER_BYTE) {
      this.#pausedUntil = end + this.#pauseMs;
      this.#pauseMs = Math.min(MAX_PAUSE_MS, this.#pauseMs * PAUSE_FACTOR);
    } else this.#pauseMs = FIRST_PAUSE_MS;
    return count;
  }
}
