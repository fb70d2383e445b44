// The public producer: records in, acknowledgements out. Two ways in: send() answers for each record with a promise; append() takes ranges
// of bytes and allocates nothing, its errors come out of flush(). Transactions when it has a transactional id.
import { abortable, deferred, type Deferred } from "../abortable.ts";
import type { Timer } from "../../env/clock.ts";
import type { RecordHeader } from "../../protocol/records/batch-writer.ts";
import type { Cluster } from "../cluster.ts";
import { ClientError, TransactionError } from "../errors.ts";
import { Accumulator, type TopicQueues } from "./accumulator.ts";
import type { ProducerBatch } from "./batch.ts";
import { IdempotentIdentity, TransactionalIdentity } from "./identity-source.ts";
import { producerSettings, type ProducerOptions, type ProducerSettings } from "./options.ts";
import { recordOf, type OutgoingRecord, type RecordToSend } from "./outgoing-record.ts";
import { Sender } from "./sender.ts";
import { Transaction, type GroupMetadata, type OffsetToCommit } from "./transaction.ts";

/** send() calls that wait for metadata or for room; more are refused. */
const MAX_WAITING_SENDS = 100_000;
const CLOSED = new ClientError("CLIENT_CLOSED", "The producer was closed.");

export interface RecordPosition {
  readonly partition: number;
  /** −1 with acks 0, or when the broker no longer remembers a duplicate's offset. */
  readonly offset: number;
}

export interface TransactionalIdentityInfo {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly producerEpoch: number;
}

interface WaitingSend extends OutgoingRecord {
  readonly deadline: number;
  resolve(position: RecordPosition): void;
  reject(error: unknown): void;
}

export class Producer {
  readonly #cluster: Cluster;
  readonly #settings: ProducerSettings;
  readonly #accumulator: Accumulator;
  readonly #sender: Sender;
  readonly #transaction: Transaction | undefined;
  readonly #loading = new Map<string, Promise<void>>();
  readonly #waiting = new Map<string, WaitingSend[]>();
  readonly #closing = new AbortController();
  #waitingCount = 0;
  #room: Deferred<void> | undefined;
  #refusedBytes = 0;
  #appendError: unknown;
  #fatal: unknown;
  #blockTimer: Timer | undefined;
  #onClosed: () => void;

  constructor(cluster: Cluster, options: ProducerOptions = {}, onClosed: () => void = () => {}) {
    const settings = producerSettings(options);
    this.#cluster = cluster;
    this.#settings = settings;
    this.#onClosed = onClosed;
    const { env } = cluster;
    this.#accumulator = new Accumulator(settings, env.clock, env.random, {
      batchOpened: () => (settings.lingerMs === 0 ? this.#sender.wake() : this.#sender.wakeAt(env.clock.monotonicMs() + settings.lingerMs)),
      batchSealed: () => this.#sender.wake(),
    });
    const { transactionalId, transactionTimeoutMs, twoPhaseCommit } = settings;
    this.#transaction =
      transactionalId === undefined
        ? undefined
        : new Transaction(cluster, { transactionalId, transactionTimeoutMs, twoPhaseCommit }, () => this.#sender.wake());
    const identities =
      this.#transaction === undefined
        ? new IdempotentIdentity(cluster, (error) => this.#fail(error))
        : new TransactionalIdentity(this.#transaction);
    this.#sender = new Sender(cluster, settings, this.#accumulator, identities, this.#transaction, {
      settled: (batch, error) => this.#settled(batch, error),
    });
  }

  // ---------- records ----------

  /** Resolves when the broker has acknowledged the record, to where it is. Waits for metadata and for room up to maxBlockMs. */
  send(record: RecordToSend): Promise<RecordPosition> {
    let outgoing: OutgoingRecord;
    try {
      this.#checkWritable();
      outgoing = recordOf(record, this.#cluster.env.clock.now());
      this.#accumulator.checkSize(outgoing.topic, outgoing.key?.length ?? 0, outgoing.value?.length ?? 0);
    } catch (error) {
      return Promise.reject(error);
    }
    return new Promise((resolve, reject) => {
      const send: WaitingSend = {
        ...outgoing,
        deadline: this.#cluster.env.clock.monotonicMs() + this.#settings.maxBlockMs,
        resolve,
        reject,
      };
      if (!this.#waiting.has(send.topic) && this.#appendSend(send)) return;
      this.#wait(send);
    });
  }

  /**
   * Copies a record into its batch. No promise and no object per record. `partition` −1: by key, or one partition per batch without a key.
   * `timestamp` in epoch ms. false: nothing was taken; await ready() and call again. Failures come out of flush().
   * Throws at once: RECORD_TOO_LARGE, UNKNOWN_PARTITION, CLIENT_CLOSED, or the transaction's error.
   */
  append(
    topic: string,
    partition: number,
    timestamp: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    keyStart = 0,
    keyEnd: number = key === null ? 0 : key.length,
    valueStart = 0,
    valueEnd: number = value === null ? 0 : value.length,
    headers?: readonly RecordHeader[],
  ): boolean {
    this.#checkWritable();
    const accumulator = this.#accumulator;
    const queues = accumulator.topic(topic);
    if (queues.partitions === 0) {
      void this.#load(topic).catch(() => {});
      return false;
    }
    const bytes = keyEnd - keyStart + valueEnd - valueStart;
    if (bytes > 4096) accumulator.checkSize(topic, keyEnd - keyStart, valueEnd - valueStart);
    if (!accumulator.hasRoom(bytes)) {
      this.#refusedBytes = bytes;
      return false;
    }
    const target = partition >= 0 ? partition : accumulator.partitionFor(queues, key, keyStart, keyEnd);
    if (target >= queues.partitions) throw unknownPartition(queues, target);
    accumulator.append(queues, target, timestamp, key, keyStart, keyEnd, value, valueStart, valueEnd, headers);
    return true;
  }

  /** Resolves when append() is worth another call: metadata is there, the buffer has room. Rejects with the cause if it never will be. */
  async ready(signal?: AbortSignal): Promise<void> {
    this.#checkWritable();
    if (this.#loading.size > 0) await abortable(Promise.all(this.#loading.values()), signal);
    if (this.#accumulator.hasRoom(this.#refusedBytes)) return;
    this.#accumulator.sealAll();
    this.#sender.wake();
    this.#room ??= deferred();
    await abortable(this.#room.promise, signal);
  }

  /** Number of partitions of a topic. */
  async partitionCount(topic: string, signal?: AbortSignal): Promise<number> {
    await abortable(this.#load(topic), signal);
    return this.#accumulator.topic(topic).partitions;
  }

  /** Sends what is buffered without lingering and resolves when all of it is acknowledged. Rejects with the first error of append()ed records since the last flush. */
  async flush(signal?: AbortSignal): Promise<void> {
    while (this.#waitingCount > 0) {
      const last = [...this.#waiting.values()].flat();
      await abortable(Promise.allSettled(this.#loading.values()), signal);
      this.#drainWaiting();
      if (this.#waitingCount === 0 || last.length === 0) break;
      await this.ready(signal);
    }
    await this.#flushBatches(signal);
    const error = this.#appendError;
    this.#appendError = undefined;
    if (error !== undefined) throw error;
    if (this.#fatal !== undefined) throw this.#fatal;
  }

  /** Bytes of records not yet acknowledged. */
  get bufferedBytes(): number {
    return this.#accumulator.bufferedBytes;
  }

  /** Flushes, then ends. An open transaction is aborted; with `transaction: "leave"` it stays open at the broker for resumeTransaction(). */
  async close(options: { readonly transaction?: "abort" | "leave"; readonly signal?: AbortSignal } = {}): Promise<void> {
    if (this.#closing.signal.aborted) return;
    const transaction = this.#transaction;
    try {
      const open =
        transaction !== undefined &&
        (transaction.state === "open" || transaction.state === "committing" || transaction.state === "aborting");
      if (transaction === undefined && this.#fatal === undefined && !this.#cluster.closed) await this.flush(options.signal);
      else if (open && options.transaction !== "leave" && !this.#cluster.closed) await this.abortTransaction(options.signal);
    } finally {
      this.#closing.abort(CLOSED);
      this.#sender.failWaiting(CLOSED);
      this.#sender.close();
      this.#rejectWaiting(CLOSED);
      this.#room?.reject(CLOSED);
      this.#blockTimer?.cancel();
      this.#onClosed();
    }
  }

  // ---------- transactions ----------

  /** The identity of the transaction, for resumeTransaction() in any process. Throws INVALID_STATE before the first beginTransaction(). */
  get identity(): TransactionalIdentityInfo {
    const identity = this.#needTransaction().identity;
    if (identity === undefined)
      throw new ClientError("INVALID_STATE", "The producer has no identity before initTransactions() or beginTransaction().");
    return { transactionalId: this.#settings.transactionalId!, ...identity };
  }

  /** Takes over the transactional id: fences older producers and aborts what they left open. beginTransaction() does it if need be. */
  initTransactions(signal?: AbortSignal): Promise<void> {
    return this.#needTransaction().init(signal);
  }

  async beginTransaction(signal?: AbortSignal): Promise<void> {
    const transaction = this.#needTransaction();
    await transaction.init(signal);
    transaction.begin();
    this.#appendError = undefined;
  }

  /** The group's offsets are committed with the transaction. `group` as the consumer's groupMetadata(), or its id alone. */
  sendOffsets(offsets: readonly OffsetToCommit[], group: string | GroupMetadata, signal?: AbortSignal): Promise<void> {
    return this.#needTransaction().sendOffsets(offsets, typeof group === "string" ? { groupId: group } : group, signal);
  }

  /** Flushes and commits. After a retriable error (the coordinator could not be reached) it may be called again: it never commits twice. */
  async commitTransaction(signal?: AbortSignal): Promise<void> {
    const transaction = this.#needTransaction();
    transaction.startCommit();
    await this.#flushBatches(signal);
    this.#appendError = undefined;
    await transaction.end(signal);
  }

  /** Drops what was not sent and aborts. Pending send() promises reject with TRANSACTION_ABORTED. */
  async abortTransaction(signal?: AbortSignal): Promise<void> {
    const transaction = this.#needTransaction();
    transaction.startAbort();
    const aborted = new TransactionError(
      "TRANSACTION_ABORTED",
      `The transaction of "${this.#settings.transactionalId}" was aborted.`,
      "abort",
    );
    this.#rejectWaiting(aborted);
    this.#sender.failWaiting(aborted);
    await this.#flushBatches(signal);
    this.#appendError = undefined;
    await transaction.end(signal);
  }

  // ---------- inside ----------

  #needTransaction(): Transaction {
    if (this.#transaction === undefined)
      throw new ClientError("INVALID_STATE", "The producer has no transactionalId: give one in its options.");
    if (this.#closing.signal.aborted) throw CLOSED;
    return this.#transaction;
  }

  #checkWritable(): void {
    if (this.#closing.signal.aborted) throw CLOSED;
    if (this.#fatal !== undefined) throw this.#fatal;
    const transaction = this.#transaction;
    if (transaction === undefined) return;
    if (transaction.failure !== undefined) throw transaction.failure;
    if (transaction.state !== "open")
      throw new ClientError(
        "INVALID_STATE",
        `The transaction of "${this.#settings.transactionalId}" is ${transaction.state}: begin one first.`,
      );
  }

  async #flushBatches(signal?: AbortSignal): Promise<void> {
    this.#accumulator.sealAll();
    this.#sender.wake();
    const batches = this.#accumulator.unanswered();
    if (batches.length === 0) return;
    const done = deferred<void>();
    let left = batches.length;
    const watcher = (): void => {
      if (--left === 0) done.resolve();
    };
    for (const batch of batches) (batch.watchers ??= []).push(watcher);
    await abortable(done.promise, signal);
  }

  #settled(batch: ProducerBatch, error: unknown): void {
    // What send() promised is told through its promise; flush() tells of the rest.
    if (error !== undefined && batch.count > batch.waitedCount) this.#appendError ??= error;
    this.#makeRoom();
  }

  /** Called before the batch's bytes are given back, so it looks again when they are. */
  #makeRoom(): void {
    if (this.#room === undefined && this.#waitingCount === 0) return;
    void Promise.resolve().then(() => {
      this.#drainWaiting();
      if (this.#room === undefined || !this.#accumulator.hasRoom(this.#refusedBytes)) return;
      this.#room.resolve();
      this.#room = undefined;
    });
  }

  /** Nothing can be sent any more. */
  #fail(error: unknown): void {
    this.#fatal = error;
    this.#sender.failWaiting(error);
    this.#rejectWaiting(error);
    this.#room?.reject(error);
  }

  #load(topic: string): Promise<void> {
    if (this.#accumulator.topic(topic).partitions > 0) return Promise.resolve();
    let loading = this.#loading.get(topic);
    if (loading !== undefined) return loading;
    loading = this.#cluster
      .topic(topic, { autoCreate: this.#settings.autoCreateTopics, signal: this.#closing.signal })
      .then((metadata) => {
        this.#accumulator.topic(topic).partitions = metadata.partitions.length;
      })
      .finally(() => this.#loading.delete(topic));
    this.#loading.set(topic, loading);
    loading.then(
      () => this.#drainWaiting(),
      (error: unknown) => this.#rejectWaiting(error, topic),
    );
    return loading;
  }

  // ---------- sends that wait ----------

  #appendSend(send: WaitingSend): boolean {
    const accumulator = this.#accumulator;
    const queues = accumulator.topic(send.topic);
    if (queues.partitions === 0) {
      void this.#load(send.topic).catch(() => {});
      return false;
    }
    const bytes = (send.key?.length ?? 0) + (send.value?.length ?? 0);
    if (!accumulator.hasRoom(bytes)) {
      this.#refusedBytes = bytes;
      accumulator.sealAll();
      this.#sender.wake();
      return false;
    }
    const partition = this.#partitionOf(send, queues);
    if (partition >= queues.partitions) send.reject(unknownPartition(queues, partition));
    else accumulator.appendWaited(queues, partition, send.timestamp, send.key, send.value, send.headers, send);
    return true;
  }

  #partitionOf(send: OutgoingRecord, queues: TopicQueues): number {
    if (send.partition >= 0) return send.partition;
    const { partitioner } = this.#settings;
    const chosen =
      partitioner === undefined ? -1 : partitioner({ topic: send.topic, key: send.key, value: send.value, partitions: queues.partitions });
    return chosen >= 0 ? chosen : this.#accumulator.partitionFor(queues, send.key, 0, send.key?.length ?? 0);
  }

  #wait(send: WaitingSend): void {
    if (this.#waitingCount >= MAX_WAITING_SENDS)
      return send.reject(
        new ClientError(
          "BUFFER_FULL",
          `${MAX_WAITING_SENDS} records already wait for room in the producer's buffer. Await send() now and then.`,
          { retriable: true },
        ),
      );
    const waiting = this.#waiting.get(send.topic);
    if (waiting === undefined) this.#waiting.set(send.topic, [send]);
    else waiting.push(send);
    this.#waitingCount++;
    this.#blockTimer ??= this.#cluster.env.timers.after(this.#settings.maxBlockMs, () => this.#expireWaiting());
  }

  #drainWaiting(): void {
    for (const [topic, waiting] of this.#waiting) {
      let sent = 0;
      while (sent < waiting.length && this.#appendSend(waiting[sent]!)) sent++;
      waiting.splice(0, sent);
      this.#waitingCount -= sent;
      if (waiting.length === 0) this.#waiting.delete(topic);
    }
    if (this.#waitingCount > 0) return;
    this.#blockTimer?.cancel();
    this.#blockTimer = undefined;
  }

  #expireWaiting(): void {
    const now = this.#cluster.env.clock.monotonicMs();
    let next = Infinity;
    for (const [topic, waiting] of this.#waiting) {
      while (waiting.length > 0 && waiting[0]!.deadline <= now) {
        this.#waitingCount--;
        const { maxBlockMs } = this.#settings;
        waiting
          .shift()!
          .reject(
            new ClientError(
              "BUFFER_FULL",
              `A record for topic "${topic}" waited ${maxBlockMs} ms (maxBlockMs) for metadata or room in the buffer.`,
              { retriable: true },
            ),
          );
      }
      if (waiting.length === 0) this.#waiting.delete(topic);
      else next = Math.min(next, waiting[0]!.deadline);
    }
    this.#blockTimer = next === Infinity ? undefined : this.#cluster.env.timers.after(next - now, () => this.#expireWaiting());
  }

  #rejectWaiting(error: unknown, only?: string): void {
    for (const [topic, waiting] of this.#waiting) {
      if (only !== undefined && topic !== only) continue;
      this.#waiting.delete(topic);
      this.#waitingCount -= waiting.length;
      for (const send of waiting) send.reject(error);
    }
  }
}

function unknownPartition(queues: TopicQueues, partition: number): ClientError {
  return new ClientError(
    "UNKNOWN_PARTITION",
    `Topic "${queues.topic}" has no partition ${partition}: it has ${queues.partitions}, 0 to ${queues.partitions - 1}.`,
  );
}
