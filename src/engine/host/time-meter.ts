// Who uses the thread: every call into a subtask or sink is charged to it, without the calls it makes to others. Two clock reads per batch.
import type { Clock } from "../../env/clock.ts";

export interface TimeAccount {
  busyMs: number;
}

export class TimeMeter {
  readonly #clock: Clock;
  #current: TimeAccount | undefined;
  #since: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = clock.monotonicMs();
  }

  /** Time goes to `account` from now on; returns whom it went to before, for the switch back. */
  switchTo(account: TimeAccount | undefined): TimeAccount | undefined {
    const now = this.#clock.monotonicMs();
    const before = this.#current;
    if (before !== undefined) before.busyMs += now - this.#since;
    this.#current = account;
    this.#since = now;
    return before;
  }
}
