// The faults of one machine's disk, decided operation by operation. Invariant: nothing is injected after heal().
import type { Operation, OperationKind, Verdict } from "../../src/testing/simulation/sim-files.ts";

interface Armed {
  readonly kinds: ReadonlySet<OperationKind>;
  /** Operations of these kinds that pass before. */
  skip: number;
  /** Operations that get the verdict. */
  times: number;
  readonly verdict: Verdict;
}

/** Armed at once; more are dropped. */
const MAX_ARMED = 8;

export class DiskFaults {
  #armed: Armed[] = [];
  /** Verdicts other than "ok" so far. */
  injected = 0;

  arm(kinds: readonly OperationKind[], verdict: Verdict, options: { readonly skip?: number; readonly times?: number } = {}): void {
    if (this.#armed.length < MAX_ARMED)
      this.#armed.push({ kinds: new Set(kinds), skip: options.skip ?? 0, times: options.times ?? 1, verdict });
  }

  decide(operation: Operation): Verdict {
    for (const armed of this.#armed) {
      if (!armed.kinds.has(operation.kind)) continue;
      if (armed.skip-- > 0) continue;
      if (--armed.times <= 0) this.#armed = this.#armed.filter((each) => each !== armed);
      this.injected++;
      return armed.verdict;
    }
    return "ok";
  }

  heal(): void {
    this.#armed = [];
  }
}
