// What one partition remembers of one producer, and the decision whether its next batch may be appended (KIP-98, KIP-360, KIP-447).
// Pure: entries are frozen values, replaced and never changed, so that a rejected write is undone by putting the old entry back.
import { sequenceAfter } from "../protocol/records/batch-header.ts";
import type { ErrorName } from "../protocol/errors.ts";
import { PRODUCER_BATCHES } from "./limits.ts";

/** A batch as the client knows it (its sequence numbers) and where it went. */
export interface AppendedBatch {
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly timestamp: number;
}

export interface ProducerEntry {
  readonly producerId: number;
  readonly producerEpoch: number;
  /** The newest batches of this epoch, oldest first; at most PRODUCER_BATCHES. */
  readonly batches: readonly AppendedBatch[];
  /** Epoch of the coordinator that wrote the last marker, −1 if there was none. */
  readonly coordinatorEpoch: number;
  /** First offset of the ongoing transaction, −1 if there is none. */
  readonly transactionFirstOffset: number;
  /** When the newest batch or marker was appended, by the broker's clock: idleness must not depend on event time. */
  readonly lastAppendMs: number;
}

/** The part of a batch header the decision needs. */
export interface ProducerBatch {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly lastOffsetDelta: number;
  readonly maxTimestamp: number;
  readonly transactional: boolean;
  /** The broker's clock. */
  readonly appendMs: number;
}

export type AppendDecision =
  | { readonly kind: "append"; readonly entry: ProducerEntry }
  | { readonly kind: "duplicate"; readonly batch: AppendedBatch }
  | { readonly kind: "refuse"; readonly error: ErrorName; readonly reason: string };

/** "from-zero": as "all", and a producer that the partition does not know must begin with sequence 0 (transactions version 2, KIP-890). */
export type ProducerChecks = "from-zero" | "all" | "epoch" | "none";

/**
 * What happens to a data batch that would get `baseOffset`. `checks` is "epoch" for the coordinator's own batches (transactional offset
 * commits carry no sequence) and "none" when recovery replays what is already in the log. `lowestSequence`: the lowest one that was
 * verified before the producer's transaction begins here (verification-states.ts).
 */
export function decideAppend(
  entry: ProducerEntry | undefined,
  batch: ProducerBatch,
  baseOffset: number,
  checks: ProducerChecks,
  lowestSequence = Infinity,
): AppendDecision {
  if (checks !== "none" && entry !== undefined) {
    const refusal = checkEpochAndTransaction(entry, batch);
    if (refusal !== undefined) return refusal;
  }
  const lastSequence = batch.baseSequence < 0 ? -1 : sequenceAfter(batch.baseSequence, batch.lastOffsetDelta);
  if (checks === "all" || checks === "from-zero") {
    const known = entry?.producerEpoch === batch.producerEpoch ? repeated(entry.batches, batch.baseSequence, lastSequence) : undefined;
    if (known !== undefined) return { kind: "duplicate", batch: known };
    const refusal = checkOvertaking(batch, lowestSequence) ?? checkSequence(entry, batch, checks === "from-zero");
    if (refusal !== undefined) return refusal;
  }
  const appended: AppendedBatch = {
    firstSequence: batch.baseSequence,
    lastSequence,
    firstOffset: baseOffset,
    lastOffset: baseOffset + batch.lastOffsetDelta,
    timestamp: batch.maxTimestamp,
  };
  return { kind: "append", entry: withBatch(entry, batch, appended) };
}

function repeated(batches: readonly AppendedBatch[], first: number, last: number): AppendedBatch | undefined {
  for (const known of batches) if (known.firstSequence === first && known.lastSequence === last) return known;
  return undefined;
}

function checkEpochAndTransaction(entry: ProducerEntry, batch: ProducerBatch): AppendDecision | undefined {
  if (batch.producerEpoch < entry.producerEpoch) {
    return refuse(
      "INVALID_PRODUCER_EPOCH",
      `producer ${batch.producerId} wrote with epoch ${batch.producerEpoch}, but epoch ${entry.producerEpoch} has taken over`,
    );
  }
  if (entry.transactionFirstOffset >= 0 && !batch.transactional) {
    return refuse(
      "INVALID_TXN_STATE",
      `producer ${batch.producerId} has a transaction open since offset ${entry.transactionFirstOffset}, but sent a batch outside of it`,
    );
  }
  return undefined;
}

/** A batch of the producer with a lower sequence was refused and is sent again: this one must not come before it. */
function checkOvertaking({ producerId, baseSequence }: ProducerBatch, lowestSequence: number): AppendDecision | undefined {
  if (baseSequence <= lowestSequence) return undefined;
  const reason = `producer ${producerId} sent sequence ${baseSequence} after ${lowestSequence}, which was not appended`;
  return refuse("OUT_OF_ORDER_SEQUENCE_NUMBER", reason);
}

function checkSequence(entry: ProducerEntry | undefined, batch: ProducerBatch, fromZero: boolean): AppendDecision | undefined {
  const first = batch.baseSequence;
  if (entry === undefined) {
    // It may begin anywhere: retention may have taken what it wrote before (KIP-360). Where every transaction is an epoch, it may not.
    if (!fromZero || first === 0) return undefined;
    return refuse("OUT_OF_ORDER_SEQUENCE_NUMBER", `producer ${batch.producerId} began with sequence ${first} instead of 0`);
  }
  if (batch.producerEpoch !== entry.producerEpoch) {
    if (first === 0) return undefined;
    return refuse(
      "OUT_OF_ORDER_SEQUENCE_NUMBER",
      `producer ${batch.producerId} began epoch ${batch.producerEpoch} with sequence ${first} instead of 0`,
    );
  }
  const last = entry.batches.length === 0 ? -1 : entry.batches.at(-1)!.lastSequence;
  const expected = last < 0 ? 0 : sequenceAfter(last, 1);
  if (first === expected) return undefined;
  return refuse(
    "OUT_OF_ORDER_SEQUENCE_NUMBER",
    `producer ${batch.producerId} (epoch ${batch.producerEpoch}) sent sequence ${first}, expected was ${expected}`,
  );
}

function refuse(error: ErrorName, reason: string): AppendDecision {
  return { kind: "refuse", error, reason };
}

function withBatch(entry: ProducerEntry | undefined, batch: ProducerBatch, appended: AppendedBatch): ProducerEntry {
  const sameEpoch = entry !== undefined && entry.producerEpoch === batch.producerEpoch;
  let batches: readonly AppendedBatch[] = sameEpoch ? entry.batches : [];
  if (appended.firstSequence >= 0) {
    batches = [...(batches.length < PRODUCER_BATCHES ? batches : batches.slice(1 - PRODUCER_BATCHES)), appended];
  }
  const open = entry?.transactionFirstOffset ?? -1;
  return {
    producerId: batch.producerId,
    producerEpoch: batch.producerEpoch,
    batches,
    coordinatorEpoch: entry?.coordinatorEpoch ?? -1,
    transactionFirstOffset: open >= 0 || !batch.transactional ? open : appended.firstOffset,
    lastAppendMs: batch.appendMs,
  };
}

export interface ProducerMarker {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly coordinatorEpoch: number;
  readonly appendMs: number;
}

export type MarkerDecision = Exclude<AppendDecision, { kind: "duplicate" }>;

/** What a commit or abort marker does to the producer's entry. A marker of a newer epoch fences the older one. */
export function decideMarker(entry: ProducerEntry | undefined, marker: ProducerMarker, checked: boolean): MarkerDecision {
  if (checked && entry !== undefined) {
    if (marker.producerEpoch < entry.producerEpoch) {
      const reason = `the marker of producer ${marker.producerId} has epoch ${marker.producerEpoch}, the partition knows epoch ${entry.producerEpoch}`;
      return { kind: "refuse", error: "INVALID_PRODUCER_EPOCH", reason };
    }
    if (marker.coordinatorEpoch < entry.coordinatorEpoch) {
      const reason = `the marker comes from coordinator epoch ${marker.coordinatorEpoch}, but epoch ${entry.coordinatorEpoch} has taken over`;
      return { kind: "refuse", error: "TRANSACTION_COORDINATOR_FENCED", reason };
    }
  }
  const sameEpoch = entry !== undefined && entry.producerEpoch === marker.producerEpoch;
  return {
    kind: "append",
    entry: {
      producerId: marker.producerId,
      producerEpoch: marker.producerEpoch,
      batches: sameEpoch ? entry.batches : [],
      coordinatorEpoch: marker.coordinatorEpoch,
      transactionFirstOffset: -1,
      lastAppendMs: marker.appendMs,
    },
  };
}
