// Reads without a thread, as long as the system has the bytes in memory: nothing tells beforehand, but a read that took long says that it
// probably waited for the disk. Then reads go to the thread pool for a while, for longer each time that the next try is slow as well: a busy
// machine makes a read slow now and then, a disk each of them.
// Invariant: with a disk that is slow the event loop waits for it at most once per MAX_PAUSE_MS, after a few tries.

/** Larger reads keep everything else waiting for their copy alone. */
export const MAX_PROMPT_BYTES = 2 * 1024 * 1024;
/** What a copy out of the page cache stays below on a slow machine: as a base and per byte. */
const SLOW_MS = 1;
const SLOW_MS_PER_BYTE = 1e-6;
const FIRST_PAUSE_MS = 20;
const PAUSE_FACTOR = 4;
export const MAX_PAUSE_MS = 1_280;

export class PromptReads {
  readonly #now: () => number;
  #pauseMs = FIRST_PAUSE_MS;
  #pausedUntil = -Infinity;

  /** `now`: monotonic milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** What `read` returns; undefined if it was not called. */
  attempt(length: number, read: () => number): number | undefined {
    if (length > MAX_PROMPT_BYTES) return undefined;
    const begin = this.#now();
    if (begin < this.#pausedUntil) return undefined;
    const count = read();
    const end = this.#now();
    if (end - begin > SLOW_MS + length * SLOW_MS_PER_BYTE) {
      this.#pausedUntil = end + this.#pauseMs;
      this.#pauseMs = Math.min(MAX_PAUSE_MS, this.#pauseMs * PAUSE_FACTOR);
    } else this.#pauseMs = FIRST_PAUSE_MS;
    return count;
  }
}
