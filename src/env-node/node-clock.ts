// Node's clock and timers behind the Env interfaces.
import type { Clock, Timer, Timers } from "../env/clock.ts";

/** setTimeout takes an int32; longer delays are armed in pieces. */
const LONGEST_TIMEOUT_MS = 0x7fffffff;

export const nodeClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
};

class NodeTimer implements Timer {
  #fn: (() => void) | undefined;
  #timeout: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;
  readonly #unref: boolean;

  constructor(delayMs: number, fn: () => void, unref: boolean) {
    this.#fn = fn;
    this.#unref = unref;
    if (delayMs > 0) this.#arm(delayMs);
    else {
      this.#immediate = setImmediate(() => this.#fire());
      if (unref) this.#immediate.unref();
    }
  }

  cancel(): void {
    this.#fn = undefined;
    clearTimeout(this.#timeout);
    clearImmediate(this.#immediate);
  }

  #arm(delayMs: number): void {
    const step = Math.min(delayMs, LONGEST_TIMEOUT_MS);
    this.#timeout = setTimeout(() => (delayMs > step ? this.#arm(delayMs - step) : this.#fire()), Math.ceil(step));
    if (this.#unref) this.#timeout.unref();
  }

  #fire(): void {
    const fn = this.#fn;
    this.#fn = undefined;
    fn?.();
  }
}

export const nodeTimers: Timers = {
  after(delayMs, fn, options) {
    if (Number.isNaN(delayMs)) throw new RangeError("The delay of a timer is NaN.");
    return new NodeTimer(delayMs, fn, options?.unref === true);
  },
  soon(fn) {
    setImmediate(fn);
  },
  sleep(delayMs, signal) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason as Error);
      const timer = nodeTimers.after(delayMs, () => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      });
      function onAbort(): void {
        timer.cancel();
        reject(signal!.reason as Error);
      }
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  },
};
