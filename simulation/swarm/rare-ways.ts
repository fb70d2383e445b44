// The fault points of the product (src/env/fault-points.ts) for one run: which are on, how often they strike, how long they wait, all from
// the seed. Invariant: nothing strikes before begin() and after heal().
import type { Env } from "../../src/env/env.ts";
import { FAULT_POINTS, switchFaultPoints, type FaultPoint } from "../../src/env/fault-points.ts";
import type { Prng } from "../../src/testing/simulation/prng.ts";

/** The engine comes to its points a hundred times less often than the log and the broker to theirs. */
const ENGINE_FACTOR = 4;

export interface RareWaysPlan {
  readonly points: readonly FaultPoint[];
  /** Probability that a point that is on strikes where it is met. */
  readonly chance: number;
  readonly pauseMs: number;
}

export function drawRareWays(random: Prng): RareWaysPlan {
  const share = random.pick([0, 0.3, 0.6]);
  const names = Object.keys(FAULT_POINTS) as FaultPoint[];
  return { points: names.filter(() => random.chance(share)), chance: random.pick([0.01, 0.05, 0.2]), pauseMs: random.pick([1, 10, 80]) };
}

export class RareWays {
  /** How often each struck. */
  readonly counts = new Map<FaultPoint, number>();
  readonly #random: Prng;
  readonly #plan: RareWaysPlan;
  readonly #points: ReadonlySet<FaultPoint>;
  readonly #driver: Env;
  #on = false;

  constructor(plan: RareWaysPlan, random: Prng, driver: Env) {
    this.#plan = plan;
    this.#points = new Set(plan.points);
    this.#random = random;
    this.#driver = driver;
  }

  /** Runs `body`, in which begin() turns the points on; they are off again whatever comes of it. */
  async during<T>(body: () => Promise<T>): Promise<T> {
    switchFaultPoints({ strikes: (point) => this.#strikes(point), pause: () => this.#pause() });
    try {
      return await body();
    } finally {
      switchFaultPoints(undefined);
    }
  }

  begin(): void {
    this.#on = true;
  }

  heal(): void {
    this.#on = false;
  }

  #strikes(point: FaultPoint): boolean {
    if (!this.#on || !this.#points.has(point)) return false;
    const factor = FAULT_POINTS[point].startsWith("engine") ? ENGINE_FACTOR : 1;
    if (!this.#random.chance(this.#plan.chance * factor)) return false;
    this.counts.set(point, (this.counts.get(point) ?? 0) + 1);
    return true;
  }

  #pause(): Promise<void> {
    return this.#driver.timers.sleep(this.#random.between(0, this.#plan.pauseMs * 2));
  }
}
