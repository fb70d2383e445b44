// One partition being read: the position of the reader, the batches fetched ahead of it, and what is known of the log's end. The fetcher
// fills it, the reader polls it. Invariant: position ≤ every buffered batch's offsets ≤ fetchOffset.
import { deferred, type Deferred } from "./abortable.ts";
import type { FetchedBatch } from "./fetched-batch.ts";

export class PartitionCursor {
  readonly topic: string;
  readonly partition: number;
  /** The next offset poll() will deliver from. */
  position: number;
  /** The next offset to ask the broker for. */
  fetchOffset: number;
  bufferedBytes = 0;
  /** −1 until the first answer. */
  highWatermark = -1;
  lastStableOffset = -1;
  logStartOffset = -1;
  paused = false;
  /** Of the fetcher: a request for this partition is on its way. */
  inFlight = false;
  notBefore = 0;
  failures = 0;
  failingSince = -1;
  failure: unknown;
  removed = false;
  /** Changes with every seek: an answer to an older question is dropped. */
  generation = 0;
  readonly #buffer: FetchedBatch[] = [];
  readonly #readCommitted: boolean;
  readonly #drained: () => void;
  #waiting: Deferred<void> | undefined;

  /** `drained`: there may be room for more. */
  constructor(topic: string, partition: number, offset: number, readCommitted: boolean, drained: () => void) {
    this.topic = topic;
    this.partition = partition;
    this.position = offset;
    this.fetchOffset = offset;
    this.#readCommitted = readCommitted;
    this.#drained = drained;
  }

  get name(): string {
    return `${this.topic}-${this.partition}`;
  }

  /** As far as this reader can read now; −1 until the first answer. */
  get endOffset(): number {
    return this.#readCommitted ? this.lastStableOffset : this.highWatermark;
  }

  /** Everything up to the end of the log, as last told by the broker, has been polled. */
  get atEnd(): boolean {
    return this.endOffset >= 0 && this.position >= this.endOffset;
  }

  /** Offsets between the position and the end; NaN until the first answer. Some may hold no record. */
  get pending(): number {
    return this.endOffset < 0 ? Number.NaN : Math.max(0, this.endOffset - this.position);
  }

  get hasBatch(): boolean {
    return this.#buffer.length > 0 && !this.paused;
  }

  /** The next batch, without waiting. Throws the cause once nothing is buffered and the partition cannot be read any more. */
  poll(): FetchedBatch | undefined {
    if (this.paused) return undefined;
    const batch = this.#buffer.shift();
    if (batch === undefined) {
      if (this.failure !== undefined) throw this.failure;
      return undefined;
    }
    this.bufferedBytes -= batch.sizeBytes;
    this.position = batch.nextOffset;
    this.#drained();
    return batch;
  }

  /** Resolves when poll() has something, or the known end or position has changed; rejects with the cause of a failure. */
  available(): Promise<void> {
    if (this.hasBatch) return Promise.resolve();
    if (this.failure !== undefined) return Promise.reject(this.failure);
    this.#waiting ??= deferred();
    return this.#waiting.promise;
  }

  /** Of the fetcher. */
  deliver(batches: readonly FetchedBatch[], nextOffset: number): void {
    for (const batch of batches) {
      this.#buffer.push(batch);
      this.bufferedBytes += batch.sizeBytes;
    }
    this.fetchOffset = nextOffset;
    if (this.#buffer.length === 0) this.position = nextOffset;
    else if (batches.length === 0) this.#buffer.at(-1)!.nextOffset = nextOffset;
    this.wake();
  }

  fail(error: unknown): void {
    this.failure = error;
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }

  wake(): void {
    this.#waiting?.resolve();
    this.#waiting = undefined;
  }

  seek(offset: number): void {
    this.generation++;
    this.#buffer.length = 0;
    this.bufferedBytes = 0;
    this.position = offset;
    this.fetchOffset = offset;
    this.failure = undefined;
    this.failures = 0;
    this.failingSince = -1;
    this.notBefore = 0;
  }
}
