// Keeps long work off the event loop's back: it is done in slices, with rests between them in which the broker answers its clients.
// Invariant: work that asks `due` at least every PACE_RECORDS records or PACE_BYTES bytes never holds the loop for longer than a slice
// and one such piece.
import type { Clock, Timers } from "../../env/clock.ts";
import { COMPACTION_REST_MS, COMPACTION_SLICE_MS } from "../limits.ts";

/** How often long work looks at the clock. */
export const PACE_RECORDS = 128;

/** The work was called off: its partition is closed or deleted. */
export class CancelledError extends Error {
  override readonly name = "CancelledError";
  readonly code = "CANCELLED";
}

export class Pacer {
  readonly #clock: Clock;
  readonly #timers: Timers;
  #sliceBegan: number;
  #cancelled = false;

  constructor(clock: Clock, timers: Timers) {
    this.#clock = clock;
    this.#timers = timers;
    this.#sliceBegan = clock.monotonicMs();
  }

  /** A new slice begins: something was waited for. */
  begin(): void {
    if (this.#cancelled) throw new CancelledError("The compaction was called off.");
    this.#sliceBegan = this.#clock.monotonicMs();
  }

  /** The slice is used up: await rest(). */
  get due(): boolean {
    return this.#cancelled || this.#clock.monotonicMs() - this.#sliceBegan >= COMPACTION_SLICE_MS;
  }

  /** Lets others run. Rejects with a CancelledError after cancel(). */
  async rest(): Promise<void> {
    if (!this.#cancelled) await new Promise<void>((resolve) => this.#timers.after(COMPACTION_REST_MS, resolve));
    this.begin();
  }

  cancel(): void {
    this.#cancelled = true;
  }
}
