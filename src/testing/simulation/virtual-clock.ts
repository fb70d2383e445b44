// Virtual time: a clock all processes of a simulation share, and the timers of one process.
import type { Clock, Timers } from "../../env/clock.ts";
import type { Scheduler } from "./scheduler.ts";
import type { SimProcess } from "./sim-process.ts";

/** 2023-11-14T22:13:20Z: a date that is neither 0 nor today. */
const START_EPOCH_MS = 1_700_000_000_000;

export class VirtualClock implements Clock {
  readonly #scheduler: Scheduler;
  #offsetMs = START_EPOCH_MS;
  #frozenAt: number | undefined;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  now(): number {
    return this.#frozenAt ?? this.#running();
  }

  #running(): number {
    return Math.floor(this.#offsetMs + this.#scheduler.nowMs);
  }

  /** The wall clock stands still until the returned function is called; then it shows the right time again at once. */
  freezeWallClock(): () => void {
    this.#frozenAt ??= this.#running();
    return () => {
      this.#frozenAt = undefined;
    };
  }

  monotonicMs(): number {
    return this.#scheduler.nowMs;
  }

  /** The wall clock is set forward or back; monotonic time and timers do not notice. */
  jumpWallClock(byMs: number): void {
    this.#offsetMs += byMs;
    if (this.#frozenAt !== undefined) this.#frozenAt += byMs;
  }
}

export function createVirtualTimers(scheduler: Scheduler, process: SimProcess): Timers {
  const timers: Timers = {
    after(delayMs, fn, options) {
      if (Number.isNaN(delayMs)) throw new RangeError("The delay of a timer is NaN.");
      const keepsAlive = options?.unref !== true;
      if (keepsAlive) process.pendingTimers++;
      let pending = true;
      const done = (): boolean => {
        const was = pending;
        pending = false;
        if (was && keepsAlive) process.pendingTimers--;
        return was;
      };
      const fire = (): void => {
        if (done()) process.enter(fn);
      };
      const event = scheduler.after(delayMs, "timer", fire, keepsAlive);
      return {
        cancel() {
          if (done()) scheduler.cancel(event);
        },
      };
    },
    soon(fn) {
      timers.after(0, fn);
    },
    sleep(delayMs, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted === true) return reject(signal.reason as Error);
        const onAbort = (): void => {
          timer.cancel();
          reject(signal!.reason as Error);
        };
        const timer = timers.after(delayMs, () => {
          signal?.removeEventListener("abort", onAbort);
          resolve();
        });
        signal?.addEventListener("abort", onAbort, { once: true });
      });
    },
  };
  return timers;
}
