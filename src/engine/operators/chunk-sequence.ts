// The snapshot of an operator that has several parts: one after the other.
import type { StateChunk } from "../subtask/subtask.ts";
import type { OperatorSnapshot } from "./chain-operator.ts";

export class ChunkSequence implements OperatorSnapshot {
  readonly #parts: { next(): StateChunk | undefined; release?(): void }[];

  constructor(parts: readonly { next(): StateChunk | undefined; release?(): void }[]) {
    this.#parts = [...parts];
  }

  next(): StateChunk | undefined {
    while (this.#parts.length > 0) {
      const chunk = this.#parts[0]!.next();
      if (chunk !== undefined) return chunk;
      this.#parts.shift()!.release?.();
    }
    return undefined;
  }

  release(): void {
    for (const part of this.#parts.splice(0)) part.release?.();
  }
}
