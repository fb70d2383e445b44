// Records of one partition on their way: filled by append, sealed, sent, perhaps sent again, acknowledged or failed once. The sequence is
// given at the first sending and stays through every retry, which is what lets the broker drop a duplicate (KIP-98).
import { stampProducer } from "../../protocol/records/batch-header.ts";
import type { BatchWriter } from "../../protocol/records/batch-writer.ts";
import type { ProducerIdentity } from "./identity.ts";
import type { PartitionQueue } from "./partition-queue.ts";

export const NO_SEQUENCE = -1;

/** Somebody waits for one record: send(). */
export interface Completion {
  readonly index: number;
  resolve(result: { readonly partition: number; readonly offset: number }): void;
  reject(error: unknown): void;
}

export class ProducerBatch {
  readonly queue: PartitionQueue;
  readonly writer: BatchWriter;
  readonly createdAt: number;
  /** Rises from batch to batch of a queue. */
  readonly serial: number;
  completions: Completion[] | undefined;
  /** How many of its records somebody waits for. */
  waitedCount = 0;
  /** Who waits for the whole batch: flush(). */
  watchers: (() => void)[] | undefined;
  identity: ProducerIdentity | undefined;
  sequence = NO_SEQUENCE;
  /** How often it was sent. */
  attempts = 0;
  lastError: unknown;
  /** The records compressed, when they are. */
  compressed: Uint8Array | undefined;
  #lent: Uint8Array | undefined;
  #lentAs = "";
  #written = false;

  constructor(queue: PartitionQueue, writer: BatchWriter, now: number, serial: number) {
    this.queue = queue;
    this.writer = writer;
    this.createdAt = now;
    this.serial = serial;
  }

  get count(): number {
    return this.writer.count;
  }

  get sizeBytes(): number {
    return this.compressed?.length ?? this.writer.sizeBytes;
  }

  /**
   * The bytes to send, under the identity and sequence it has now. They are lent to a socket: they change only in ways that leave a sending
   * under the same sequence as it was, and a batch that comes again under another one is copied first.
   */
  bytes(transactional: boolean): Uint8Array {
    const producerId = this.identity?.producerId ?? -1;
    const producerEpoch = this.identity?.producerEpoch ?? -1;
    const stamp = `${producerId}/${producerEpoch}/${this.sequence}`;
    if (this.#lent !== undefined && this.#lentAs === stamp) return this.#lent;
    let bytes: Uint8Array;
    if (this.#lent !== undefined || this.compressed !== undefined) {
      bytes = this.#lent === undefined ? this.compressed! : Uint8Array.from(this.#lent);
      stampProducer(bytes, 0, producerId, producerEpoch, this.sequence);
    } else bytes = this.writer.finish({ producerId, producerEpoch, baseSequence: this.sequence, transactional });
    this.#lent = bytes;
    this.#lentAs = stamp;
    return bytes;
  }

  /** Whether its buffer may be used again: sent once and answered, no broken connection can still hold it. */
  get isReusable(): boolean {
    return this.#written && this.attempts === 1;
  }

  /** `baseOffset` −1 when the broker did not say it (acks 0, or a duplicate it no longer remembers the offset of). */
  succeed(baseOffset: number): void {
    this.#written = true;
    const { partition } = this.queue;
    if (this.completions !== undefined)
      for (const completion of this.completions)
        completion.resolve({ partition, offset: baseOffset < 0 ? -1 : baseOffset + completion.index });
    this.#finish();
  }

  fail(error: unknown): void {
    if (this.completions !== undefined) for (const completion of this.completions) completion.reject(error);
    this.#finish();
  }

  #finish(): void {
    this.completions = undefined;
    const { watchers } = this;
    this.watchers = undefined;
    if (watchers !== undefined) for (const watcher of watchers) watcher();
  }
}
