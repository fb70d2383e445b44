// Reducing and aggregating state: a value state whose value is made of the values that were added. In a checkpoint it is a value state.
import type { FoldSpec, StateSpec } from "../../stream/graph.ts";
import type { StateHandle } from "../state/state-handle.ts";

interface ValueHandle extends StateHandle {
  get(): unknown;
  set(value: unknown): undefined;
}

/** What user code holds: the handle itself, or one that folds. */
export function folding(spec: StateSpec, handle: StateHandle): StateHandle {
  return spec.kind === "value" && spec.fold !== undefined ? new FoldingState(handle as ValueHandle, spec.fold) : handle;
}

class FoldingState implements StateHandle {
  readonly #value: ValueHandle;
  readonly #fold: FoldSpec;

  constructor(value: ValueHandle, fold: FoldSpec) {
    this.#value = value;
    this.#fold = fold;
  }

  get(): unknown {
    const kept = this.#value.get();
    return kept === undefined ? undefined : this.#fold.result(kept);
  }

  add(value: unknown): undefined {
    const { create, add } = this.#fold;
    const kept = this.#value.get();
    if (kept !== undefined) this.#value.set(add(kept, value));
    else this.#value.set(create === undefined ? value : add(create(), value));
  }

  clear(): undefined {
    this.#value.clear();
  }

  expire(): undefined {
    this.#value.expire();
  }
}
