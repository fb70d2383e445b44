// Which of the unsynced changes a crash leaves. Everything between "none" and "all" is allowed by POSIX, so the seed chooses, with weight
// on the ends and on what a journal would do (all changes up to a moment).
import type { Prng } from "./prng.ts";

/** "lose": none. "keep": all. "prefix": all up to some operation. "random": each by a coin. */
export type CrashStyle = "lose" | "keep" | "prefix" | "random";

export interface Crash {
  readonly style: CrashStyle;
  /** For "prefix": the last operation that is kept. */
  readonly lastIndex: number;
  /** For "random": how likely each change survives. */
  readonly survival: number;
  /** Sectors of a grown file that were never written hold garbage instead of zeros. */
  readonly garbage: boolean;
  readonly random: Prng;
}

export function drawCrash(random: Prng, operations: number, garbageProbability: number, style?: CrashStyle): Crash {
  const draw = random.float();
  const drawn: CrashStyle = draw < 0.2 ? "lose" : draw < 0.3 ? "keep" : draw < 0.55 ? "prefix" : "random";
  return {
    style: style ?? drawn,
    // Recent operations are the ones that are still unsynced.
    lastIndex: operations - 1 - Math.floor(random.float() ** 2 * 40),
    survival: random.pick([0.1, 0.5, 0.9]),
    garbage: random.chance(garbageProbability),
    random,
  };
}

/** Whether a change that operation `index` made survives. */
export function survives(crash: Crash, index: number): boolean {
  if (crash.style === "lose") return false;
  if (crash.style === "keep") return true;
  return crash.style === "prefix" ? index <= crash.lastIndex : crash.random.chance(crash.survival);
}
