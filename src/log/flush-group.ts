// Group commit: the one place of a log directory that calls fdatasync for appended batches. Whoever has written asks for a flush; all
// writes of a file until its flush begins share that flush, files are flushed side by side, and writes go on meanwhile.
// Invariant: a failed fdatasync is never retried (the kernel may have dropped the dirty pages): it is reported once and nothing is
// flushed any more.
import { buggifyPause } from "../env/fault-points.ts";
import { isPlanted } from "../env/planted-faults.ts";
import type { Clock } from "../env/clock.ts";
import type { FileHandle } from "../env/files.ts";
import { NewestSamples } from "./newest-samples.ts";

export interface FlushTarget {
  /** Notes how far the file is written and gives the handle to flush, undefined if nothing is unflushed any more. */
  beginFlush(): FileHandle | undefined;
  /** What was written when beginFlush was called is on disk. */
  endFlush(): void;
}

export interface FlushMetrics {
  /** Calls of fdatasync. */
  readonly flushes: number;
  /** Their durations in ms, and the longest. */
  readonly times: NewestSamples;
  readonly longestFlushMs: number;
  /** Files waiting for, or in, a flush now. */
  readonly pending: number;
}

export class FlushGroup {
  readonly #clock: Clock;
  readonly #concurrency: number;
  readonly #onFailure: (error: unknown) => void;
  /** Waiting targets, in the order they asked; a set, since one flush covers all who ask before it begins. */
  readonly #waiting = new Set<FlushTarget>();
  readonly #running = new Set<FlushTarget>();
  #failed = false;
  readonly #times = new NewestSamples();
  #longestFlushMs = 0;

  constructor(clock: Clock, concurrency: number, onFailure: (error: unknown) => void) {
    this.#clock = clock;
    this.#concurrency = concurrency;
    this.#onFailure = onFailure;
  }

  /** Asks for a flush of everything the target has written by now. */
  request(target: FlushTarget): void {
    this.#waiting.add(target);
    this.#pump();
  }

  /** No further flush begins. */
  stop(): void {
    this.#failed = true;
    this.#waiting.clear();
  }

  get metrics(): FlushMetrics {
    return {
      flushes: this.#times.count,
      times: this.#times,
      longestFlushMs: this.#longestFlushMs,
      pending: this.#waiting.size + this.#running.size,
    };
  }

  #pump(): void {
    if (this.#failed || this.#running.size >= this.#concurrency) return;
    for (const target of this.#waiting) {
      // One flush per file at a time: what was written meanwhile is covered by the next one.
      if (this.#running.has(target)) continue;
      this.#waiting.delete(target);
      const handle = target.beginFlush();
      if (handle !== undefined) this.#flush(target, handle);
      if (this.#running.size >= this.#concurrency) return;
    }
  }

  #flush(target: FlushTarget, handle: FileHandle): void {
    this.#running.add(target);
    const begin = this.#clock.monotonicMs();
    (isPlanted("no-fsync") ? Promise.resolve() : datasync(handle)).then(
      () => {
        const tookMs = this.#clock.monotonicMs() - begin;
        this.#times.note(tookMs);
        if (tookMs > this.#longestFlushMs) this.#longestFlushMs = tookMs;
        this.#running.delete(target);
        target.endFlush();
        this.#pump();
      },
      (error: unknown) => {
        this.#running.delete(target);
        if (this.#failed) return;
        this.stop();
        this.#onFailure(error);
      },
    );
  }
}

function datasync(handle: FileHandle): Promise<void> {
  return buggifyPause("flush-late")?.then(() => handle.datasync()) ?? handle.datasync();
}
