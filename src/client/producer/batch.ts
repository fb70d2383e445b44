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

  /** The bytes to send, under the identity and sequence it has now. */
  bytes(transactional: boolean): Uint8Array {
    const producerId = this.identity?.producerId ?? -1;
    const producerEpoch = this.identity?.producerEpoch ?? -1;
    if (this.compressed === undefined) return this.writer.finish({ producerId, producerEpoch, baseSequence: this.sequence, transactional });
    stampProducer(this.compressed, 0, producerId, producerEpoch, this.sequence);
    return this.compressed;
  }

  /** `baseOffset` −1 when the broker did not say it (acks 0, or a duplicate it no longer remembers the offset of). */
  succeed(baseOffset: number): void {
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
