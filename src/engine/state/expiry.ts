// Time to live of state: what was last written `ttl` ago is never seen again. Each written value (element of a list, entry of a map)
// carries the time of its write as a stamp. Processing time is the clock at the call; event time is the later of the element's timestamp
// and the watermark, for an event-time timer the later of its own time and the watermark before it fell due. What a call finds expired is gone for good.
// A stamp of NaN: the time of the write is not known (no event time yet, or a ttl declared later); it is taken at the next access.
import type { StateTtl } from "../../stream/graph.ts";

/** As of the call at hand; −Infinity: unknown. */
export interface StateClock {
  eventTime: number;
  processingTime: number;
}

export class Expiry {
  readonly #clock: Readonly<StateClock>;
  readonly #ms: number;
  readonly #isEventTime: boolean;

  constructor(clock: Readonly<StateClock>, ttl: StateTtl) {
    this.#clock = clock;
    this.#ms = ttl.ms;
    this.#isEventTime = ttl.domain === "event-time";
  }

  get #now(): number {
    return this.#isEventTime ? this.#clock.eventTime : this.#clock.processingTime;
  }

  /** The stamp of what is written now. */
  stamp(): number {
    const now = this.#now;
    return now > -Infinity ? now : NaN;
  }

  expired(stamp: number): boolean {
    return stamp + this.#ms <= this.#now;
  }
}
