// The three ways a transaction decision ends: an answer, a transition to be written, nothing.
import type { TransactionData, TransactionDecision, TransactionState } from "./state.ts";

export type Outcome = TransactionDecision;

export function nothing(state: TransactionState): Outcome {
  return [state, []];
}

export function reply(state: TransactionState, request: number, error: number, producerId: number, producerEpoch: number): Outcome {
  return [state, [{ kind: "reply", request, error, producerId, producerEpoch }]];
}

/** The transition becomes true with the "persisted" event; until then everything else is told to come back. */
export function persist(state: TransactionState, next: TransactionData, request: number | undefined, error: number): Outcome {
  return [{ ...state, pending: { next, request, error } }, [{ kind: "persist", data: next, answers: true }]];
}
