// All producers one partition knows, and its open transactions: applies the decisions of producer-state.ts batch by batch, and takes
// them back when a write is rejected.
import { isPlanted } from "../env/planted-faults.ts";
import { FrameError } from "../bytes/frame-error.ts";
import { type BatchHeader, isControl, isTransactional } from "../protocol/records/batch-header.ts";
import { BatchReader } from "../protocol/records/batch-reader.ts";
import { type ControlRecord, decodeControlRecord } from "../protocol/records/control-batch.ts";
import type { AbortedTransaction } from "./aborted-index.ts";
import { MAX_PRODUCERS } from "./limits.ts";
import { logError } from "./log-error.ts";
import {
  type AppendDecision,
  type AppendedBatch,
  decideAppend,
  type ProducerChecks,
  decideMarker,
  type ProducerEntry,
  type ProducerMarker,
} from "./producer-state.ts";
import { Transactions } from "./transactions.ts";
import { VerificationStates } from "./verification-states.ts";

/** What a rejected append puts back: the producer's entry before it. */
interface Undo {
  readonly endOffset: number;
  readonly producerId: number;
  readonly previous: ProducerEntry | undefined;
}

export class Producers {
  readonly transactions = new Transactions();
  readonly #verifications = new VerificationStates();
  #entries = new Map<number, ProducerEntry>();
  /** Changes by appends that are not written yet, oldest first. */
  #undo: Undo[] = [];

  get entries(): Iterable<ProducerEntry> {
    return this.#entries.values();
  }

  get count(): number {
    return this.#entries.size;
  }

  entry(producerId: number): ProducerEntry | undefined {
    return this.#entries.get(producerId);
  }

  /** From a snapshot of the state at `endOffset`. */
  restore(entries: readonly ProducerEntry[], endOffset: number): void {
    this.#entries = new Map(entries.map((entry) => [entry.producerId, entry]));
    this.#undo = [];
    this.transactions.reset(this.#entries.values(), endOffset);
  }

  /** Adds producers without an open transaction that are not known yet. */
  adopt(entries: readonly ProducerEntry[]): void {
    for (const entry of entries) {
      if (entry.transactionFirstOffset < 0 && !this.#entries.has(entry.producerId)) this.#entries.set(entry.producerId, entry);
    }
  }

  /**
   * A transactional batch is about to be verified with the coordinator. Throws INVALID_PRODUCER_EPOCH if its epoch is over.
   */
  verify({ producerId, producerEpoch, baseSequence }: BatchHeader, fromZero: boolean, now: number, partition: string): void {
    const entry = this.#entries.get(producerId);
    if (entry !== undefined && producerEpoch < entry.producerEpoch) {
      const reason = `producer ${producerId} wrote with epoch ${producerEpoch}, but epoch ${entry.producerEpoch} has taken over`;
      throw logError("INVALID_PRODUCER_EPOCH", `Append to ${partition}: ${reason}.`);
    }
    const isOngoing = entry !== undefined && entry.transactionFirstOffset >= 0 && entry.producerEpoch === producerEpoch;
    if (!isOngoing) this.#verifications.begin(producerId, producerEpoch, baseSequence, fromZero, now);
  }

  /** Applies a data batch that will get `baseOffset`. Returns the original if it is a duplicate; throws KafkaError if it is refused. */
  apply(header: BatchHeader, baseOffset: number, checks: ProducerChecks, appendMs: number, partition: string): AppendedBatch | undefined {
    const previous = this.#entries.get(header.producerId);
    const batch = {
      producerId: header.producerId,
      producerEpoch: header.producerEpoch,
      baseSequence: header.baseSequence,
      lastOffsetDelta: header.lastOffsetDelta,
      maxTimestamp: header.maxTimestamp,
      transactional: isTransactional(header.attributes),
      appendMs,
    };
    const checked = isPlanted("no-deduplication") ? "none" : checks;
    const decision: AppendDecision = decideAppend(
      previous,
      batch,
      baseOffset,
      checked,
      this.#verifications.lowestSequence(header.producerId),
    );
    if (decision.kind === "duplicate") return decision.batch;
    if (decision.kind === "refuse") throw logError(decision.error, `Append to ${partition}: ${decision.reason}.`);
    if (batch.transactional) this.#verifications.appended(header.producerId);
    this.#put(decision.entry, previous, baseOffset + header.lastOffsetDelta + 1);
    if (decision.entry.transactionFirstOffset === baseOffset) this.transactions.begin(header.producerId, baseOffset);
    return undefined;
  }

  /** Applies a commit or abort marker at `offset`. Returns the aborted transaction, if the marker aborts one. */
  applyMarker(
    marker: ProducerMarker & { readonly commit: boolean },
    offset: number,
    checked: boolean,
    partition: string,
  ): AbortedTransaction | undefined {
    const previous = this.#entries.get(marker.producerId);
    const decision = decideMarker(previous, marker, checked);
    if (decision.kind === "refuse") throw logError(decision.error, `Marker for ${partition}: ${decision.reason}.`);
    this.#verifications.ended(marker.producerId, marker.producerEpoch);
    this.#put(decision.entry, previous, offset + 1);
    const ended = this.transactions.end(marker.producerId, offset);
    return marker.commit ? undefined : ended;
  }

  /** Applies a batch that is in the log already (recovery); `bytes` holds the whole batch at `at`. */
  replay(header: BatchHeader, bytes: Uint8Array, at: number, appendMs: number): AbortedTransaction | undefined {
    if (header.producerId < 0) return undefined;
    if (!isControl(header.attributes)) {
      this.apply(header, header.baseOffset, "none", appendMs, "");
      return undefined;
    }
    // A marker that a compaction emptied: nothing of its transaction is left.
    if (header.recordCount === 0) return undefined;
    const record = controlRecordOf(bytes, at, header.sizeBytes);
    if (record.type === "other") return undefined;
    const { producerId, producerEpoch } = header;
    const marker = { producerId, producerEpoch, appendMs, coordinatorEpoch: record.coordinatorEpoch, commit: record.type === "commit" };
    return this.applyMarker(marker, header.baseOffset, false, "");
  }

  #put(entry: ProducerEntry, previous: ProducerEntry | undefined, endOffset: number): void {
    this.#entries.set(entry.producerId, entry);
    this.#undo.push({ endOffset, producerId: entry.producerId, previous });
  }

  /** Everything below `offset` is written and stays. */
  written(offset: number): void {
    let count = 0;
    while (count < this.#undo.length && this.#undo[count]!.endOffset <= offset) count++;
    if (count === this.#undo.length) this.#undo.length = 0;
    else if (count > 0) this.#undo.splice(0, count);
  }

  /** Takes back everything at or behind `offset`. */
  rollBack(offset: number): void {
    let changed = false;
    for (let undo = this.#undo.at(-1); undo !== undefined && undo.endOffset > offset; undo = this.#undo.at(-1)) {
      this.#undo.pop();
      if (undo.previous === undefined) this.#entries.delete(undo.producerId);
      else this.#entries.set(undo.producerId, undo.previous);
      changed = true;
    }
    if (changed) this.transactions.reset(this.#entries.values(), offset);
  }

  /** Forgets producers without an open transaction that were last heard of before `before`, and the idlest ones above the limit. */
  expire(before: number): void {
    this.#verifications.expire(before);
    for (const entry of this.#entries.values()) {
      if (entry.transactionFirstOffset < 0 && entry.lastAppendMs < before) this.#entries.delete(entry.producerId);
    }
    if (this.#entries.size <= MAX_PRODUCERS) return;
    const idle = [...this.#entries.values()].filter((entry) => entry.transactionFirstOffset < 0);
    idle.sort((a, b) => a.lastAppendMs - b.lastAppendMs);
    for (const entry of idle.slice(0, this.#entries.size - MAX_PRODUCERS)) this.#entries.delete(entry.producerId);
  }
}

const controlReader = new BatchReader();

function controlRecordOf(bytes: Uint8Array, at: number, sizeBytes: number): ControlRecord {
  controlReader.reset(bytes.subarray(at, at + sizeBytes));
  if (!controlReader.next()) throw new FrameError("BAD_LENGTH", "A control batch has no record.");
  return decodeControlRecord(controlReader);
}
