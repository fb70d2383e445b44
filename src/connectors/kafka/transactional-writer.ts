// Exactly once: everything between two barriers is one transaction. prepare() seals and flushes it, the checkpoint keeps its identity,
// commit() ends it (DESIGN §5; FLIP-143). A new transaction sends nothing before the sealed one is flushed, so records of a key stay in
// order in their partition; rows that come meanwhile wait in the feed.
import type { Batch } from "../../schema/batch.ts";
import type { SinkWriter } from "../../stream/connector.ts";
import { encodeCommittable } from "./committable.ts";
import type { RecordFeed } from "./record-feed.ts";
import type { PoolTransaction, TransactionPool } from "./transaction-pool.ts";

interface Prepared {
  readonly transaction: PoolTransaction;
  /** Of the producer while the transaction was open. */
  readonly epoch: number;
}

export class TransactionalWriter implements SinkWriter {
  readonly failed: Promise<never>;
  readonly #topic: string;
  readonly #pool: TransactionPool;
  readonly #feed: RecordFeed;
  /** After what an await continues with has run. */
  readonly #afterwards: (fn: () => void) => void;
  readonly #prepared = new Map<number, Prepared>();
  /** Undefined while the next one is being begun. */
  #open: PoolTransaction | undefined;
  #opening: Promise<void> | undefined;
  #lastBarrier = -1;
  /** Rows in the feed that will be the next transaction's. */
  #waitingRecords = 0;

  /** `open`: the first transaction, begun. */
  constructor(topic: string, pool: TransactionPool, feed: RecordFeed, open: PoolTransaction, afterwards: (fn: () => void) => void) {
    this.#topic = topic;
    this.#pool = pool;
    this.#feed = feed;
    this.#open = open;
    this.#afterwards = afterwards;
    this.failed = new Promise<never>(() => {});
  }

  write(batch: Batch): boolean {
    const taken = this.#feed.feed(batch, this.#open?.producer);
    if (this.#open !== undefined) this.#open.records += batch.rows;
    else this.#waitingRecords += batch.rows;
    return taken;
  }

  async ready(): Promise<void> {
    await this.#opening;
    const open = this.#open!;
    while (!this.#feed.drain(open.producer)) await open.producer.ready();
  }

  async prepare(id: number): Promise<readonly Uint8Array[]> {
    this.#lastBarrier = id;
    if (!this.#feed.isEmpty) throw new Error("A barrier came while the sink was not ready.");
    const sealed = this.#open;
    if (sealed === undefined || sealed.records === 0) return [];
    this.#open = undefined;
    const flushed = sealed.producer.flush();
    this.#opening = this.#begin(flushed);
    this.#opening.catch(() => {});
    this.#prepared.set(id, { transaction: sealed, epoch: sealed.identity.producerEpoch });
    const { identity } = sealed;
    await flushed;
    return [encodeCommittable({ ...identity, topic: this.#topic, records: sealed.records, ranges: sealed.ranges })];
  }

  async commit(id: number): Promise<void> {
    this.#pool.checkpointed(id);
    const prepared = this.#prepared.get(id);
    if (prepared === undefined) return;
    await prepared.transaction.producer.commitTransaction();
    if (!this.#prepared.delete(id)) return;
    // A barrier until the caller has heard of this commit may still list the transaction in its checkpoint.
    this.#afterwards(() => this.#pool.rest(prepared.transaction, prepared.epoch, this.#lastBarrier));
  }

  async close(): Promise<void> {
    await this.#pool.close(this.#open);
  }

  async #begin(flushed: Promise<void>): Promise<void> {
    await flushed;
    const open = await this.#pool.begin();
    open.records = this.#waitingRecords;
    this.#waitingRecords = 0;
    this.#open = open;
    this.#opening = undefined;
  }
}
