// Exactly once: everything between two barriers is one transaction. prepare() seals and flushes it, the checkpoint keeps its identity,
// commit() ends it (DESIGN §5; FLIP-143). A new transaction sends nothing before the sealed one is flushed, so records of a key stay in
// order in their partition; rows that come meanwhile wait in the feed.
import { isPlanted } from "../../env/planted-faults.ts";
import type { Batch } from "../../schema/batch.ts";
import type { SinkWriter } from "../../stream/connector.ts";
import { SinkRowError } from "../../stream/sink-row-error.ts";
import { encodeCommittable, type KafkaCommittable } from "./committable.ts";
import type { RecordFeed } from "./record-feed.ts";
import type { PoolTransaction, TransactionPool } from "./transaction-pool.ts";

interface Prepared {
  readonly transaction: PoolTransaction;
  /** Of the producer while the transaction was open. */
  readonly epoch: number;
  /** Once it is flushed. */
  committable: KafkaCommittable | undefined;
}

export interface WriterHooks {
  /** Runs `fn` after everything that awaits something resolved by now has gone on. */
  afterwards(fn: () => void): void;
  /** Resolves when read_committed readers see the committed transaction, or after a time. */
  visible(committable: KafkaCommittable): Promise<void>;
}

export class TransactionalWriter implements SinkWriter {
  readonly failed: Promise<never>;
  readonly #topic: string;
  readonly #pool: TransactionPool;
  readonly #feed: RecordFeed;
  readonly #hooks: WriterHooks;
  readonly #prepared = new Map<number, Prepared>();
  /** Undefined while the next one is being begun. */
  #open: PoolTransaction | undefined;
  #opening: Promise<void> | undefined;
  #lastBarrier = -1;
  #lastCommitted: KafkaCommittable | undefined;
  /** Rows in the feed that will be the next transaction's. */
  #waitingRecords = 0;

  /** `open`: the first transaction, begun. */
  constructor(topic: string, pool: TransactionPool, feed: RecordFeed, open: PoolTransaction, hooks: WriterHooks) {
    this.#topic = topic;
    this.#pool = pool;
    this.#feed = feed;
    this.#open = open;
    this.#hooks = hooks;
    this.failed = new Promise<never>(() => {});
  }

  write(batch: Batch): boolean {
    try {
      const taken = this.#feed.feed(batch, this.#open?.producer);
      this.#count(batch.rows);
      return taken;
    } catch (error) {
      if (error instanceof SinkRowError) this.#count(error.row);
      throw error;
    }
  }

  #count(rows: number): void {
    if (this.#open !== undefined) this.#open.records += rows;
    else this.#waitingRecords += rows;
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
    const { identity } = sealed;
    const prepared: Prepared = { transaction: sealed, epoch: identity.producerEpoch, committable: undefined };
    this.#prepared.set(id, prepared);
    if (!isPlanted("prepared-before-flush")) await flushed;
    prepared.committable = { ...identity, topic: this.#topic, records: sealed.records, ranges: sealed.ranges };
    return [encodeCommittable(prepared.committable)];
  }

  async commit(id: number): Promise<void> {
    this.#pool.checkpointed(id);
    const prepared = this.#prepared.get(id);
    if (prepared === undefined) return;
    await prepared.transaction.producer.commitTransaction();
    if (!this.#prepared.delete(id)) return;
    const { transaction, epoch } = prepared;
    this.#lastCommitted = prepared.committable;
    const epochStays = transaction.identity.producerEpoch === epoch;
    // A barrier until the caller has heard of this commit may still list the transaction in its checkpoint.
    this.#hooks.afterwards(() => this.#pool.rest(transaction, epochStays, this.#lastBarrier));
  }

  /** Brokers answer a commit before its markers are in the partitions: a job that has finished has waited for them. */
  async close(): Promise<void> {
    const committed = this.#lastCommitted;
    this.#lastCommitted = undefined;
    if (committed !== undefined) await this.#hooks.visible(committed);
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
