// Wall-clock time that does not jump: the wall clock at start plus monotonic time since. Deadlines of sessions and transactions use
// it, so that a corrected system clock neither expires nor revives anybody.
import type { Clock } from "../../env/clock.ts";

export class SteadyClock {
  readonly #clock: Clock;
  readonly #offset: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#offset = clock.now() - clock.monotonicMs();
  }

  /** Epoch ms, integral. */
  now(): number {
    return Math.floor(this.#offset + this.#clock.monotonicMs());
  }
}
