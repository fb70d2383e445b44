// How long to wait before try n: doubling with ±20 % jitter, so that many clients do not come back in step.
import type { Random } from "../env/clock.ts";

export interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** `failures` ≥ 1: how many tries failed in a row. */
export function backoffMs(backoff: Backoff, failures: number, random: Random): number {
  const doubled = Math.min(backoff.maxMs, backoff.firstMs * 2 ** Math.min(30, failures - 1));
  return doubled * (0.8 + 0.4 * random.float());
}
