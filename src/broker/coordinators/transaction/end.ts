// EndTxn and its server-side twin, the abort of a transaction whose producer is late or replaced.
// Invariant: the decision to commit or abort is on disk before any partition gets its marker, and it never changes afterwards.
import { ErrorCode } from "../../../protocol/errors.ts";
import { persist, reply, type Outcome } from "./outcome.ts";
import { isExhausted, LAST_CLIENT_EPOCH, NO_PRODUCER_EPOCH, NO_PRODUCER_ID } from "./state.ts";
import type { EndEvent, TransactionData, TransactionState } from "./state.ts";

export function end(state: TransactionState, event: EndEvent, now: number): Outcome {
  const answer = (error: number): Outcome => reply(state, event.request, error, state.data.producerId, state.data.producerEpoch);
  if (state.pending !== undefined) return answer(ErrorCode.CONCURRENT_TRANSACTIONS);
  const verdict = event.version === 2 ? judgeVersion2(state.data, event) : judgeVersion1(state.data, event);
  if (verdict !== "prepare") return answer(verdict);
  return persist(state, prepared(state.data, event, now), event.request, ErrorCode.NONE);
}

/**
 * Takes the id away from its producer and aborts. A request that waits for it is told to come back; that of the producer itself, in its old
 * epoch, is then answered with the new one.
 */
export function abortAndFence(state: TransactionState, now: number, request?: number): Outcome {
  const { data } = state;
  const next: TransactionData = {
    ...data,
    producerEpoch: data.producerEpoch + 1,
    lastProducerEpoch: data.producerEpoch,
    keptEpoch: NO_PRODUCER_EPOCH,
    status: "PrepareAbort",
    updatedAt: now,
  };
  return persist(state, next, request, ErrorCode.CONCURRENT_TRANSACTIONS);
}

type Verdict = "prepare" | number;

function judgeVersion1(data: TransactionData, { producerId, producerEpoch, commit }: EndEvent): Verdict {
  if (producerId !== data.producerId) return ErrorCode.INVALID_PRODUCER_ID_MAPPING;
  if (producerEpoch !== data.producerEpoch) return ErrorCode.PRODUCER_FENCED;
  switch (data.status) {
    case "Ongoing":
      return "prepare";
    case "CompleteCommit":
      return commit ? ErrorCode.NONE : ErrorCode.INVALID_TXN_STATE;
    case "CompleteAbort":
      return commit ? ErrorCode.INVALID_TXN_STATE : ErrorCode.NONE;
    default:
      return underway(data, commit);
  }
}

/** Version 2: the epoch tells a retry of the last transaction's end (one behind) from the end of this one. */
function judgeVersion2(data: TransactionData, { producerId, producerEpoch, commit }: EndEvent): Verdict {
  const retryOverRotation = producerId === data.previousProducerId && producerEpoch === LAST_CLIENT_EPOCH && data.producerEpoch === 0;
  const retry = retryOverRotation || (producerId === data.producerId && producerEpoch + 1 === data.producerEpoch);
  if (producerId !== data.producerId && !retryOverRotation) return ErrorCode.INVALID_PRODUCER_ID_MAPPING;
  if (producerEpoch !== data.producerEpoch && !retry) return ErrorCode.PRODUCER_FENCED;
  switch (data.status) {
    case "Ongoing":
      return retry ? ErrorCode.PRODUCER_FENCED : "prepare";
    case "Empty":
      if (retry) return ErrorCode.PRODUCER_FENCED;
      return commit ? ErrorCode.INVALID_TXN_STATE : "prepare";
    case "CompleteCommit":
      if (commit) return retry ? ErrorCode.NONE : ErrorCode.INVALID_TXN_STATE;
      return retry ? ErrorCode.INVALID_TXN_STATE : "prepare";
    case "CompleteAbort":
      if (commit) return ErrorCode.INVALID_TXN_STATE;
      return retry ? ErrorCode.NONE : "prepare";
    default:
      // The end of the transaction after the one that is being ended: its turn comes.
      return retry ? underway(data, commit) : ErrorCode.CONCURRENT_TRANSACTIONS;
  }
}

function underway(data: TransactionData, commit: boolean): number {
  if (data.status === "Empty") return ErrorCode.INVALID_TXN_STATE;
  return (data.status === "PrepareCommit") === commit ? ErrorCode.CONCURRENT_TRANSACTIONS : ErrorCode.INVALID_TXN_STATE;
}

function prepared(data: TransactionData, event: EndEvent, now: number): TransactionData {
  const bumps = event.version === 2;
  return {
    ...data,
    producerEpoch: bumps ? data.producerEpoch + 1 : data.producerEpoch,
    lastProducerEpoch: bumps ? data.producerEpoch : data.lastProducerEpoch,
    nextProducerId: bumps && isExhausted(data) ? event.freshProducerId : NO_PRODUCER_ID,
    keptEpoch: NO_PRODUCER_EPOCH,
    status: event.commit ? "PrepareCommit" : "PrepareAbort",
    startedAt: data.status === "Ongoing" ? data.startedAt : now, // ended without a partition: it never began
    updatedAt: now,
    clientVersion: event.version,
  };
}
