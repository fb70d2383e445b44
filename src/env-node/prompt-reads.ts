// Reads without a thread, as long as the system has the bytes in memory: nothing tells beforehand, but a read that took long says that it had
// to wait for the disk. Then reads go to the thread pool for a while.
// Invariant: the event loop waits for the disk at most once per PAUSE_MS.

/** Larger reads keep everything else waiting for their copy alone. */
export const MAX_PROMPT_BYTES = 2 * 1024 * 1024;
/** What a copy out of the page cache stays below on a slow machine: as a base and per byte. */
const SLOW_MS = 1;
const SLOW_MS_PER_BYTE = 1e-6;
export const PAUSE_MS = 1_000;

export class PromptReads {
  readonly #now: () => number;
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
    if (end - begin > SLOW_MS + length * SLOW_MS_PER_BYTE) this.#pausedUntil = end + PAUSE_MS;
    return count;
  }
}
