// The batches of one partition in order, and what may be sent now. Pure: no clock, no I/O. Invariants: batches leave in the order they were
// opened; a sequence, once given, stays with its batch until the identity changes with nothing in flight; while a batch waits to be sent
// again, nothing behind it is sent (KIP-98; with up to five batches in flight the broker's last five sequences catch every duplicate).
import { advanceSequence, type ProducerIdentity } from "./identity.ts";
import { NO_SEQUENCE, type ProducerBatch } from "./batch.ts";

/**
 * What must happen before batches without a sequence may go on. "resequence": those behind a batch that certainly was not written begin
 * anew. "settle": a batch was given up whose outcome is unknown, so those already sent keep their sequences and live or die first.
 */
type Break = "none" | "resequence" | "settle";

export class PartitionQueue {
  readonly topic: string;
  readonly partition: number;
  /** Being filled. */
  open: ProducerBatch | undefined;
  /** Sealed, in order. Those sent before stand first. */
  readonly waiting: ProducerBatch[] = [];
  /** Sent, not answered; in order. */
  readonly inFlight: ProducerBatch[] = [];
  /** The broker the batches in flight went to. */
  sentTo = -1;
  /** Not before this time, after a failure. */
  notBefore = 0;
  failures = 0;
  #identity: ProducerIdentity | undefined;
  #nextSequence = 0;
  #break: Break = "none";

  constructor(topic: string, partition: number) {
    this.topic = topic;
    this.partition = partition;
  }

  get name(): string {
    return `${this.topic}-${this.partition}`;
  }

  get isEmpty(): boolean {
    return this.open === undefined && this.waiting.length === 0 && this.inFlight.length === 0;
  }

  seal(): void {
    if (this.open === undefined) return;
    this.waiting.push(this.open);
    this.open = undefined;
  }

  /** Whether the next batch has been sent before and comes again. */
  get #retryPending(): boolean {
    return this.waiting.length > 0 && this.waiting[0]!.sequence !== NO_SEQUENCE;
  }

  /** An epoch bump is due: nothing is in flight, and what was sent under the old identity is settled. */
  get needsNewIdentity(): boolean {
    if (this.#break === "none" || this.inFlight.length > 0) return false;
    return this.#break === "resequence" || !this.#retryPending;
  }

  /** The bump has happened: all waiting batches get sequences from 0 on under the identity that next() will be given. */
  restartSequences(): void {
    for (const batch of this.waiting) {
      batch.sequence = NO_SEQUENCE;
      batch.identity = undefined;
    }
    this.#identity = undefined;
    this.#nextSequence = 0;
    this.#break = "none";
  }

  /** The batch that may be sent now, without taking it. `identity` undefined: not idempotent, no order to keep. */
  next(): ProducerBatch | undefined {
    const batch = this.waiting[0];
    if (batch === undefined) return undefined;
    if (this.#break === "resequence") return undefined;
    if (batch.sequence !== NO_SEQUENCE) return this.inFlight.length === 0 ? batch : undefined;
    return this.#break === "settle" ? undefined : batch;
  }

  /** Takes what next() returned: it is in flight now, with a sequence if there is an identity. */
  take(identity: ProducerIdentity | undefined, nodeId: number): ProducerBatch {
    const batch = this.waiting.shift()!;
    if (identity !== undefined && batch.sequence === NO_SEQUENCE) {
      const changed = this.#identity?.producerId !== identity.producerId || this.#identity.producerEpoch !== identity.producerEpoch;
      if (changed && this.inFlight.length === 0) {
        this.#identity = identity;
        this.#nextSequence = 0;
      }
      batch.identity = this.#identity;
      batch.sequence = this.#nextSequence;
      this.#nextSequence = advanceSequence(this.#nextSequence, batch.count);
    }
    batch.attempts++;
    this.sentTo = nodeId;
    this.inFlight.push(batch);
    return batch;
  }

  /** Answered for good, written or not. */
  remove(batch: ProducerBatch): void {
    const at = this.inFlight.indexOf(batch);
    if (at >= 0) this.inFlight.splice(at, 1);
    const waitingAt = this.waiting.indexOf(batch);
    if (waitingAt >= 0) this.waiting.splice(waitingAt, 1);
  }

  /** Not written, or not known to be: back to its place in front. */
  putBack(batch: ProducerBatch): void {
    this.remove(batch);
    let at = 0;
    while (at < this.waiting.length && this.waiting[at]!.serial < batch.serial) at++;
    this.waiting.splice(at, 0, batch);
  }

  /** No batch in front of it is unanswered or waits to be sent again: a gap before it is not one of ours. */
  isFirstUnanswered(batch: ProducerBatch): boolean {
    return this.inFlight.every((other) => other.serial >= batch.serial) && !(this.#retryPending && this.waiting[0]!.serial < batch.serial);
  }

  /** `batch` was certainly not written and is not sent again: those behind it must not leave a gap. */
  breakSequence(): void {
    this.#break = "resequence";
  }

  /** A batch that may or may not have been written was given up. */
  loseTrack(): void {
    if (this.#break === "none") this.#break = "settle";
  }

  get trackLost(): boolean {
    return this.#break === "settle";
  }
}
