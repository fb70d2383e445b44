// The state of a chain as it was at a barrier: operators freeze at once, chunks are encoded one at a time when asked for.
import type { OperatorSnapshot } from "../operators/chain-operator.ts";
import type { ChainRuntime } from "./chain-runtime.ts";
import type { SnapshotCursor, StateChunk } from "./subtask.ts";

export class ChainSnapshot implements SnapshotCursor {
  readonly #ready: StateChunk[];
  readonly #operators: OperatorSnapshot[];

  constructor(runtime: ChainRuntime, ready: StateChunk[]) {
    this.#ready = ready;
    this.#operators = runtime.operators.filter((operator) => operator !== undefined).map((operator) => operator.snapshot());
  }

  next(): StateChunk | undefined {
    const ready = this.#ready.shift();
    if (ready !== undefined) return ready;
    while (this.#operators.length > 0) {
      const chunk = this.#operators[0]!.next();
      if (chunk !== undefined) return chunk;
      this.#operators.shift()!.release();
    }
    return undefined;
  }

  /** Lets the operators reuse what the snapshot held; next() has nothing more. */
  release(): void {
    this.#ready.length = 0;
    while (this.#operators.length > 0) this.#operators.shift()!.release();
  }
}
