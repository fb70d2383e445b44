// InitProducerId: who owns a transactional id from now on. A newcomer fences its predecessor and aborts what it left open, unless it asks to
// keep it: then it can do nothing but end it (KIP-939).
import { ErrorCode } from "../../../protocol/errors.ts";
import { abortAndFence } from "./end.ts";
import { persist, reply, type Outcome } from "./outcome.ts";
import { isExhausted, isPrepared, LAST_CLIENT_EPOCH, NO_PRODUCER_EPOCH, NO_PRODUCER_ID } from "./state.ts";
import type { InitEvent, TransactionData, TransactionState } from "./state.ts";

export function init(state: TransactionState, event: InitEvent, now: number): Outcome {
  const { data } = state;
  const refuse = (error: number): Outcome => reply(state, event.request, error, NO_PRODUCER_ID, NO_PRODUCER_EPOCH);
  if (state.pending !== undefined) return refuse(ErrorCode.CONCURRENT_TRANSACTIONS);
  if (event.expected !== undefined && !mayBe(data, event.expected)) return refuse(ErrorCode.PRODUCER_FENCED);
  if (isPrepared(data.status)) return refuse(ErrorCode.CONCURRENT_TRANSACTIONS);
  const epochs = nextEpochs(data, event);
  if (epochs === undefined) return refuse(ErrorCode.PRODUCER_FENCED);
  if (data.status === "Ongoing") return event.keepPrepared ? keep(state, event, epochs, now) : abortAndFence(state, now, event.request);
  const next: TransactionData = {
    ...data,
    ...epochs,
    nextProducerId: NO_PRODUCER_ID,
    keptEpoch: NO_PRODUCER_EPOCH,
    timeoutMs: event.timeoutMs,
    status: "Empty",
    partitions: new Set(),
    startedAt: -1,
    updatedAt: now,
  };
  return persist(state, next, event.request, ErrorCode.NONE);
}

/** The transaction stays as it is, under a new epoch. With the last epoch the former owner cannot be fenced: there is none left for it. */
function keep(state: TransactionState, event: InitEvent, epochs: Epochs, now: number): Outcome {
  const { data } = state;
  const { producerEpoch, keptEpoch } = data;
  const next: TransactionData = {
    ...data,
    producerEpoch: isExhausted(data) ? producerEpoch : epochs.producerEpoch,
    lastProducerEpoch: isExhausted(data) ? NO_PRODUCER_EPOCH : epochs.lastProducerEpoch,
    keptEpoch: keptEpoch === NO_PRODUCER_EPOCH ? producerEpoch : keptEpoch,
    timeoutMs: event.timeoutMs,
    updatedAt: now,
  };
  return persist(state, next, event.request, ErrorCode.NONE);
}

/** The producer that asks is the present one, or the one whose exhausted id was replaced and who did not hear of it. */
function mayBe(data: TransactionData, expected: NonNullable<InitEvent["expected"]>): boolean {
  if (data.producerEpoch === NO_PRODUCER_EPOCH || expected.producerId === data.producerId) return true;
  return expected.producerId === data.previousProducerId && expected.producerEpoch >= LAST_CLIENT_EPOCH;
}

type Epochs = Pick<TransactionData, "producerId" | "producerEpoch" | "lastProducerEpoch" | "previousProducerId">;

/** undefined: somebody else was initialised after the producer that asks. */
function nextEpochs(data: TransactionData, { expected, freshProducerId }: InitEvent): Epochs | undefined {
  const { producerId, producerEpoch, previousProducerId } = data;
  const continues = expected !== undefined && (producerEpoch === NO_PRODUCER_EPOCH || expected.producerEpoch === producerEpoch);
  if (expected !== undefined && !continues) {
    const retries = expected.producerEpoch === data.lastProducerEpoch;
    return retries ? { producerId, producerEpoch, lastProducerEpoch: data.lastProducerEpoch, previousProducerId } : undefined;
  }
  const lastProducerEpoch = continues ? producerEpoch : NO_PRODUCER_EPOCH;
  if (isExhausted(data)) return { producerId: freshProducerId, producerEpoch: 0, lastProducerEpoch, previousProducerId: producerId };
  return { producerId, producerEpoch: producerEpoch + 1, lastProducerEpoch, previousProducerId };
}
