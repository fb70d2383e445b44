// The transaction coordinator as one pure function: (state, event, now) -> [state, actions]. No I/O, no clock, no random.
import { ErrorCode } from "../../../protocol/errors.ts";
import { abortAndFence, end } from "./end.ts";
import { init } from "./init.ts";
import { nothing, persist, reply, type Outcome } from "./outcome.ts";
import { isPrepared, NO_PRODUCER_EPOCH, NO_PRODUCER_ID, TWO_PHASE_TIMEOUT_MS } from "./state.ts";
import type { AddPartitionsEvent, TransactionAction, TransactionData, TransactionEvent, TransactionState } from "./state.ts";

export function decideTransaction(state: TransactionState, event: TransactionEvent, now: number): Outcome {
  switch (event.kind) {
    case "init":
      return init(state, event, now);
    case "add-partitions":
      return addPartitions(state, event, now);
    case "end":
      return end(state, event, now);
    case "tick":
      return isOverdue(state, now) ? abortAndFence(state, now) : nothing(state);
    case "persisted":
      return transitionWritten(state, event.error);
    case "markers-written":
      return complete(state, now);
  }
}

export function isOverdue(state: TransactionState, now: number): boolean {
  const { data } = state;
  return (
    data.status === "Ongoing" &&
    state.pending === undefined &&
    data.timeoutMs !== TWO_PHASE_TIMEOUT_MS &&
    Math.max(data.startedAt, state.timeoutFrom ?? data.startedAt) + data.timeoutMs < now
  );
}

/** Is the partition part of this producer's ongoing transaction? For requests that only verify. */
export function isInTransaction(state: TransactionState, producerId: number, producerEpoch: number, partition: string): number {
  const { data } = state;
  if (state.pending !== undefined || isPrepared(data.status)) return ErrorCode.CONCURRENT_TRANSACTIONS;
  if (producerId !== data.producerId) return ErrorCode.INVALID_PRODUCER_ID_MAPPING;
  if (producerEpoch !== data.producerEpoch) return ErrorCode.PRODUCER_FENCED;
  const open = data.status === "Ongoing" && data.keptEpoch === NO_PRODUCER_EPOCH;
  return open && data.partitions.has(partition) ? ErrorCode.NONE : ErrorCode.TRANSACTION_ABORTABLE;
}

/** What has to be done for a prepared transaction: after its decision is on disk, and again after a restart. */
export function markersFor(data: TransactionData): TransactionAction {
  const { producerId, producerEpoch, partitions } = data;
  return { kind: "write-markers", producerId, producerEpoch, commit: data.status === "PrepareCommit", partitions };
}

function addPartitions(state: TransactionState, event: AddPartitionsEvent, now: number): Outcome {
  const { data } = state;
  const answer = (error: number): Outcome => reply(state, event.request, error, data.producerId, data.producerEpoch);
  if (state.pending !== undefined) return answer(ErrorCode.CONCURRENT_TRANSACTIONS);
  if (event.producerId !== data.producerId) return answer(ErrorCode.INVALID_PRODUCER_ID_MAPPING);
  if (event.producerEpoch !== data.producerEpoch) return answer(ErrorCode.PRODUCER_FENCED);
  if (isPrepared(data.status)) return answer(ErrorCode.CONCURRENT_TRANSACTIONS);
  // What was kept was written under another epoch: its new owner can only end it.
  if (data.keptEpoch !== NO_PRODUCER_EPOCH) return answer(ErrorCode.INVALID_TXN_STATE);
  const ongoing = data.status === "Ongoing";
  if (ongoing && event.partitions.every((partition) => data.partitions.has(partition))) return answer(ErrorCode.NONE);
  const next: TransactionData = {
    ...data,
    status: "Ongoing",
    partitions: new Set([...(ongoing ? data.partitions : []), ...event.partitions]),
    startedAt: ongoing ? data.startedAt : now,
    updatedAt: now,
    clientVersion: event.version,
  };
  return persist(state, next, event.request, ErrorCode.NONE);
}

function transitionWritten(state: TransactionState, error: number): Outcome {
  const { pending } = state;
  if (pending === undefined) throw new Error(`Transactional id ${state.transactionalId} has no transition that could have been written`);
  const actions: TransactionAction[] = [];
  const failed = error !== ErrorCode.NONE;
  const data = failed ? state.data : pending.next;
  if (pending.request !== undefined) {
    const told = failed ? error : pending.error;
    const rotated = data.nextProducerId !== NO_PRODUCER_ID;
    const [producerId, producerEpoch] = rotated ? [data.nextProducerId, 0] : [data.producerId, data.producerEpoch];
    actions.push({ kind: "reply", request: pending.request, error: told, producerId, producerEpoch });
  }
  if (!failed && isPrepared(data.status)) actions.push(markersFor(data));
  return [{ ...state, data, pending: undefined }, actions];
}

/**
 * The completion need not be on disk before the next transaction begins: whatever that one writes to the log comes after it,
 * and if both are lost, the markers are written again.
 */
function complete(state: TransactionState, now: number): Outcome {
  const { data } = state;
  if (!isPrepared(data.status)) return nothing(state);
  const rotates = data.nextProducerId !== NO_PRODUCER_ID;
  const next: TransactionData = {
    ...data,
    producerId: rotates ? data.nextProducerId : data.producerId,
    producerEpoch: rotates ? 0 : data.producerEpoch,
    lastProducerEpoch: rotates ? NO_PRODUCER_EPOCH : data.lastProducerEpoch,
    previousProducerId: rotates ? data.producerId : data.previousProducerId,
    nextProducerId: NO_PRODUCER_ID,
    status: data.status === "PrepareCommit" ? "CompleteCommit" : "CompleteAbort",
    partitions: new Set(),
    updatedAt: now,
  };
  return [{ ...state, data: next }, [{ kind: "persist", data: next, answers: false }]];
}
