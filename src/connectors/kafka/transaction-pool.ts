// The transactional ids of one writer. Each id has at most one transaction that is not known to be over, and is used again only when no
// checkpoint can ask for its last one any more: after a commit it rests until a checkpoint that was begun later is durable. Ids are handed
// out lowest first, so those ever used are 0 … n without a gap (abort-leftovers.ts relies on it).
import type { KafkaClient } from "../../client/client.ts";
import type { Producer, TransactionalIdentityInfo } from "../../client/producer/producer.ts";
import type { OffsetRange } from "./committable.ts";
import { KafkaConnectorError } from "./kafka-connector-error.ts";

/** Prepared transactions pile up while checkpoints fail; beyond this the job fails and starts again from its last checkpoint. */
export const MAX_TRANSACTIONS = 64;
/** For aborting at close; recovery or the broker's timeout does it otherwise. */
const CLOSE_TIMEOUT_MS = 3000;
const BATCH_LINGER_MS = 5;

export interface PoolSettings {
  /** Ids are prefix + n. */
  readonly prefix: string;
  readonly topic: string;
  readonly timeoutMs: number;
  /** The broker keeps what is prepared, however long that takes (KIP-939). */
  readonly twoPhaseCommit: boolean;
  /** Ids that the restored checkpoint names: they rest until the first checkpoint of this run is durable. */
  readonly resting: ReadonlySet<string>;
}

/** A transaction from its first record to its end. */
export class PoolTransaction {
  readonly slot: Slot;
  readonly producer: Producer;
  records = 0;
  readonly #ranges = new Map<number, { firstOffset: number; lastOffset: number }>();
  /** Partitions of which some offsets are not known. */
  readonly #unknown = new Set<number>();

  constructor(slot: Slot, producer: Producer) {
    this.slot = slot;
    this.producer = producer;
  }

  get identity(): TransactionalIdentityInfo {
    return this.producer.identity;
  }

  get ranges(): OffsetRange[] {
    return [...this.#ranges].filter(([partition]) => !this.#unknown.has(partition)).map(([partition, range]) => ({ partition, ...range }));
  }

  acknowledged(partition: number, baseOffset: number, count: number): void {
    if (baseOffset < 0) {
      this.#unknown.add(partition);
      return;
    }
    const range = this.#ranges.get(partition);
    const lastOffset = baseOffset + count - 1;
    if (range === undefined) this.#ranges.set(partition, { firstOffset: baseOffset, lastOffset });
    else {
      range.firstOffset = Math.min(range.firstOffset, baseOffset);
      range.lastOffset = Math.max(range.lastOffset, lastOffset);
    }
  }
}

export interface Slot {
  readonly transactionalId: string;
  producer: Producer | undefined;
  /** Open, or prepared and not committed. */
  transaction: PoolTransaction | undefined;
  /** The newest checkpoint that may ask for the id's last transaction; undefined: none. */
  restsUntilAfter: number | undefined;
}

export class TransactionPool {
  readonly #client: KafkaClient;
  readonly #settings: PoolSettings;
  readonly #slots: Slot[] = [];

  constructor(client: KafkaClient, settings: PoolSettings) {
    this.#client = client;
    this.#settings = settings;
  }

  /** A transaction to write to; the broker hears of it with the first record. Rejects with TOO_MANY_TRANSACTIONS. */
  async begin(): Promise<PoolTransaction> {
    const slot = this.#freeSlot();
    slot.producer ??= this.#newProducer(slot);
    const transaction = new PoolTransaction(slot, slot.producer);
    slot.transaction = transaction;
    await slot.producer.partitionCount(this.#settings.topic);
    await slot.producer.beginTransaction();
    return transaction;
  }

  /** The transaction was committed (`epochStays`: under the epoch that the next one would have, too); checkpoints up to `checkpoint` may ask for it. */
  rest(transaction: PoolTransaction, epochStays: boolean, checkpoint: number): void {
    const { slot, producer } = transaction;
    slot.transaction = undefined;
    slot.restsUntilAfter = checkpoint;
    if (!epochStays) return;
    // Brokers without transaction.version 2 keep the epoch: a new producer raises it, so that an old committable never ends a new transaction.
    slot.producer = undefined;
    producer.close({ transaction: "leave" }).catch(() => {});
  }

  /** Checkpoint `id` is durable. */
  checkpointed(id: number): void {
    for (const slot of this.#slots) if (slot.restsUntilAfter !== undefined && slot.restsUntilAfter < id) slot.restsUntilAfter = undefined;
  }

  /** Aborts what is open, leaves what is prepared to whoever restores the checkpoint. */
  async close(open: PoolTransaction | undefined): Promise<void> {
    const { timers } = this.#client.cluster.env;
    const late = new AbortController();
    const timer = timers.after(CLOSE_TIMEOUT_MS, () => late.abort(new Error("The sink was closed.")));
    try {
      await Promise.allSettled(
        this.#slots.map((slot) =>
          slot.producer?.close({ transaction: slot.transaction === open ? "abort" : "leave", signal: late.signal }),
        ),
      );
    } finally {
      timer.cancel();
    }
  }

  #freeSlot(): Slot {
    for (let n = 0; n < MAX_TRANSACTIONS; n++) {
      const slot = (this.#slots[n] ??= this.#newSlot(n));
      if (slot.transaction === undefined && slot.restsUntilAfter === undefined) return slot;
    }
    throw new KafkaConnectorError(
      "TOO_MANY_TRANSACTIONS",
      `${MAX_TRANSACTIONS} transactions of "${this.#settings.prefix}…" wait for a checkpoint to complete. Find out why checkpoints fail or take long; the job's status shows the last failure.`,
    );
  }

  #newSlot(n: number): Slot {
    const transactionalId = `${this.#settings.prefix}${n}`;
    const restsUntilAfter = this.#settings.resting.has(transactionalId) ? -1 : undefined;
    return { transactionalId, producer: undefined, transaction: undefined, restsUntilAfter };
  }

  #newProducer(slot: Slot): Producer {
    return this.#client.producer({
      transactionalId: slot.transactionalId,
      transactionTimeoutMs: this.#settings.timeoutMs,
      twoPhaseCommit: this.#settings.twoPhaseCommit,
      lingerMs: BATCH_LINGER_MS,
      onAcknowledged: (_topic, partition, baseOffset, count) => slot.transaction?.acknowledged(partition, baseOffset, count),
    });
  }
}
