// Follows the registry's topic from its start: batches in order to a sink, and promises that resolve when all up to an offset was given to
// it. Nothing is given while `hold` answers a promise.
import type { Cluster } from "../client/cluster.ts";
import type { FetchedBatch } from "../client/fetched-batch.ts";
import { listOffsets } from "../client/list-offsets.ts";
import type { PartitionCursor } from "../client/partition-cursor.ts";
import { PartitionFetcher } from "../client/partition-fetcher.ts";

const PARTITION_BYTES = 8 << 20;
const ANSWER_BYTES = 16 << 20;

export interface ReaderEvents {
  /** While it is pending nothing is given to apply. */
  hold(): Promise<void> | undefined;
  apply(batch: FetchedBatch): void;
  /** All offsets below this one were given to apply, or hold no record. */
  reached(position: number): void;
  /** The topic cannot be read any more. Not after close(). */
  failed(error: unknown): void;
}

interface Waiter {
  readonly offset: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class TopicReader {
  readonly #cluster: Cluster;
  readonly #topic: string;
  readonly #events: ReaderEvents;
  readonly #fetcher: PartitionFetcher;
  readonly #waiters = new Set<Waiter>();
  #position = -1;
  #failure: { readonly error: unknown } | undefined;
  #following: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(cluster: Cluster, topic: string, events: ReaderEvents) {
    this.#cluster = cluster;
    this.#topic = topic;
    this.#events = events;
    this.#fetcher = new PartitionFetcher(cluster, { maxPartitionBytes: PARTITION_BYTES, maxBytes: ANSWER_BYTES });
  }

  /** Begins, and resolves when everything that is in the topic now was read. */
  async open(): Promise<void> {
    const start = await this.#offset("earliest");
    this.#position = start;
    this.#following = this.#follow(this.#fetcher.add(this.#topic, 0, start));
    await this.catchUp();
  }

  /** Resolves when everything that is in the topic now was read. */
  async catchUp(): Promise<void> {
    await this.readPast((await this.#offset("latest")) - 1);
  }

  /** Resolves when the record at `offset` was read. Rejects with the cause when the topic cannot be read. */
  readPast(offset: number): Promise<void> {
    if (this.#position > offset) return Promise.resolve();
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error);
    return new Promise((resolve, reject) => this.#waiters.add({ offset, resolve, reject }));
  }

  /** Idempotent. Waits for apply() to come back. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#fetcher.close();
    await this.#following;
  }

  async #offset(at: "earliest" | "latest"): Promise<number> {
    const [found] = await listOffsets(this.#cluster, [{ topic: this.#topic, partition: 0, at }]);
    return found!.offset;
  }

  async #follow(cursor: PartitionCursor): Promise<void> {
    try {
      for (;;) {
        await this.#events.hold();
        if (this.#closed) return;
        const batch = cursor.poll();
        if (batch !== undefined) this.#events.apply(batch);
        this.#move(cursor.position);
        if (batch === undefined) await cursor.available();
      }
    } catch (error) {
      this.#failure = { error };
      for (const waiter of this.#waiters) waiter.reject(error);
      this.#waiters.clear();
      if (!this.#closed) this.#events.failed(error);
    }
  }

  #move(position: number): void {
    this.#position = position;
    this.#events.reached(position);
    for (const waiter of this.#waiters) {
      if (position <= waiter.offset) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }
}
