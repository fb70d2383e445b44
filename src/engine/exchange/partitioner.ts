// Which subtasks an output leads to, by the partitioning of its edge. Pure: the sender, the channels of the receiver and the tests agree on it.
import type { Partitioning } from "../../stream/graph.ts";

/** Subtasks of the target that may get rows from subtask `index` of `parallelism`, when there are `targets`. */
export function reachable(kind: Partitioning["kind"], index: number, parallelism: number, targets: number): readonly number[] {
  if (kind === "forward" && parallelism === targets) return [index];
  if (kind === "global") return [0];
  const all = Array.from({ length: targets }, (_, target) => target);
  if (kind !== "rescale") return all;
  return parallelism <= targets
    ? all.filter((target) => Math.floor((target * parallelism) / targets) === index)
    : [Math.floor((index * targets) / parallelism)];
}

/** True if a watermark or barrier goes from subtask `from` to subtask `to`. A global edge joins all with all, though rows go to the first only. */
export function isConnected(kind: Partitioning["kind"], from: number, parallelism: number, to: number, targets: number): boolean {
  return kind === "global" || reachable(kind, from, parallelism, targets).includes(to);
}

/** Numbers from 0 to `below` − 1 in no visible order: xorshift32. The same seed gives the same numbers. */
export class Shuffle {
  readonly #below: number;
  #state: number;

  constructor(seed: number, below: number) {
    this.#state = seed | 0 || 0x9e3779b9;
    this.#below = below;
  }

  next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return (x >>> 0) % this.#below;
  }
}
