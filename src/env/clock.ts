// Time as the system sees it. Product code never reads the ambient clock or arms ambient timers:
// in a simulation both are virtual and one seed replays a run.

export interface Clock {
  /** Wall-clock time in epoch milliseconds (integral). May jump; never use it to measure durations. */
  now(): number;
  /** Monotonic time in milliseconds with a fraction, from an arbitrary origin. */
  monotonicMs(): number;
}

export interface Timer {
  /** Idempotent. A cancelled timer never fires. */
  cancel(): void;
}

export interface Timers {
  /** Calls `fn` once after `delayMs` (0 = as soon as possible, still asynchronously). `unref` lets the process exit while it is pending. */
  after(delayMs: number, fn: () => void, options?: { readonly unref?: boolean }): Timer;
  /** Calls `fn` after pending I/O callbacks have had a turn (setImmediate). */
  soon(fn: () => void): void;
  /** Resolves after `delayMs`; rejects with the signal's reason when aborted. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

export interface Random {
  /** Uniform in [0, 2^32). */
  uint32(): number;
  /** Uniform in [0, 1). */
  float(): number;
  bytes(length: number): Uint8Array;
}
