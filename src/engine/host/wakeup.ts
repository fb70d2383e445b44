// The bell of a host's loop: it sleeps until somebody rings or a time has passed. Ringing while it is awake makes the next sleep end at once.
import type { Timer, Timers } from "../../env/clock.ts";

/** Timers further away are looked at again after a day (real timers hold 24 days). */
const MAX_TIMER_MS = 86_400_000;

export class Wakeup {
  readonly #timers: Timers;
  #rung = false;
  #resolve: (() => void) | undefined;

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  wake(): void {
    this.#rung = true;
    this.#resolve?.();
  }

  /** Resolves at the next wake() or after `ms`; Infinity: only when rung. One sleeper at a time. */
  async sleep(ms: number): Promise<void> {
    if (!this.#rung && ms > 0) {
      let timer: Timer | undefined;
      await new Promise<void>((resolve) => {
        this.#resolve = resolve;
        if (ms < Infinity) timer = this.#timers.after(Math.ceil(Math.min(ms, MAX_TIMER_MS)), resolve);
      });
      timer?.cancel();
      this.#resolve = undefined;
    }
    this.#rung = false;
  }
}
