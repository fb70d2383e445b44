// The accumulators of one window: a keyed store of its own, emptied as a whole when the window is over and then used for another one,
// so that any number of keys passing through windows keeps memory flat.
import type { StateSpec } from "../../stream/graph.ts";
import { KeyedStore } from "../state/keyed-store.ts";

/** Empty panes kept for reuse. */
const MAX_SPARE_PANES = 4;

export class Pane {
  start: number;
  end: number;
  /** Something was added since it last fired. */
  changed = false;
  /** Of a slice: the end of the earliest window with it that has not fired. */
  next = Infinity;
  readonly store: KeyedStore;

  constructor(start: number, end: number, store: KeyedStore) {
    this.start = start;
    this.end = end;
    this.store = store;
  }
}

export class PanePool {
  readonly #specs: readonly StateSpec[];
  readonly #maxParallelism: number;
  readonly #spare: Pane[] = [];

  constructor(specs: readonly StateSpec[], maxParallelism: number) {
    this.#specs = specs;
    this.#maxParallelism = maxParallelism;
  }

  take(start: number, end: number): Pane {
    const pane = this.#spare.pop();
    if (pane === undefined) return new Pane(start, end, new KeyedStore(this.#specs, this.#maxParallelism, { forgets: false }));
    pane.start = start;
    pane.end = end;
    pane.changed = false;
    return pane;
  }

  /** The pane is over. A pane of which a snapshot is open is left to the garbage collector. */
  giveBack(pane: Pane): void {
    if (this.#spare.length >= MAX_SPARE_PANES || pane.store.isFrozen) return;
    pane.store.reset();
    this.#spare.push(pane);
  }
}
