// Producers whose next transactional batch is being verified with the coordinator, before the partition knows a transaction of theirs
// (KIP-890): the lowest first sequence they came with. A batch behind it would overtake one that was refused and will be sent again.
// Memory only, as in Apache Kafka.
import { MAX_VERIFICATIONS } from "./limits.ts";

interface Verification {
  lowestSequence: number;
  epoch: number;
  /** The producer speaks transactions of version 2. */
  readonly fromZero: boolean;
  readonly startedMs: number;
}

export class VerificationStates {
  /** Made with the first one: most partitions never see a transaction. */
  #states: Map<number, Verification> | undefined;

  /** A batch with this first sequence is about to be verified. */
  begin(producerId: number, epoch: number, sequence: number, fromZero: boolean, now: number): void {
    const states = (this.#states ??= new Map<number, Verification>());
    const state = states.get(producerId);
    if (state === undefined) {
      if (states.size >= MAX_VERIFICATIONS) states.delete(states.keys().next().value!);
      states.set(producerId, { lowestSequence: sequence, epoch, fromZero, startedMs: now });
    } else if (epoch > state.epoch || (epoch === state.epoch && sequence < state.lowestSequence)) {
      state.epoch = epoch;
      state.lowestSequence = sequence;
    }
  }

  /** Infinity: nothing was verified. */
  lowestSequence(producerId: number): number {
    return this.#states?.get(producerId)?.lowestSequence ?? Infinity;
  }

  /** A transactional batch was appended. */
  appended(producerId: number): void {
    this.#states?.delete(producerId);
  }

  /** A transaction of `epoch` ended. One of version 2 has another epoch than the next: what verifies that stays. */
  ended(producerId: number, epoch: number): void {
    const state = this.#states?.get(producerId);
    if (state !== undefined && !(state.fromZero && state.epoch === epoch)) this.#states!.delete(producerId);
  }

  expire(before: number): void {
    for (const [producerId, { startedMs }] of this.#states ?? []) if (startedMs < before) this.#states!.delete(producerId);
  }
}
