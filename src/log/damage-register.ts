// Damage that was found in segments while they were in use: told once in the log, counted, and remembered, so that readers behind it step
// over it. What lies inside is read again when it is asked for: a file that was restored, or a reading error that went away, is served.
import type { Logger } from "../env/logger.ts";
import type { Segment } from "./segment.ts";
import type { SegmentDamage } from "./segment-damage.ts";

const NONE: readonly SegmentDamage[] = [];

export class DamageRegister {
  readonly #logger: Logger;
  readonly #damages = new WeakMap<Segment, readonly SegmentDamage[]>();
  #found = 0;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Damaged stretches found since the directory was opened. */
  get found(): number {
    return this.#found;
  }

  /** In the order of their positions. */
  of(segment: Segment): readonly SegmentDamage[] {
    return this.#damages.get(segment) ?? NONE;
  }

  at(segment: Segment, position: number): SegmentDamage | undefined {
    return this.of(segment).find((damage) => damage.position === position);
  }

  /** The segment was walked: this is all that is damaged in it. */
  replace(segment: Segment, damages: readonly SegmentDamage[]): void {
    for (const damage of damages) {
      if (this.at(segment, damage.position)?.endPosition === damage.endPosition) continue;
      this.#found++;
      this.#logger.log("error", "log-damage-found", {
        file: segment.path,
        position: damage.position,
        endPosition: damage.endPosition,
        fromOffset: damage.fromOffset,
        untilOffset: damage.untilOffset ?? segment.nextOffset,
        problem: damage.problem,
      });
    }
    this.#damages.set(segment, damages);
  }
}
