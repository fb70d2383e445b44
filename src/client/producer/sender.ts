// Moves batches from the queues to the brokers: which may go now, grouped by leader into requests, at most maxInFlight requests per broker;
// then decides from each answer whether a batch is done, comes again, or has failed. Nothing here runs per record.
import type { ByteWriter } from "../../bytes/writer.ts";
import type { Timer } from "../../env/clock.ts";
import { buggify } from "../../env/fault-points.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import {
  newProduceRequest,
  type PartitionProduceResponse,
  type ProduceRequest,
  type ProduceResponse,
} from "../../protocol/generated/produce.gen.ts";
import { ZERO_UUID } from "../../protocol/primitives.ts";
import { compressBatch } from "../../protocol/records/compress.ts";
import { backoffMs } from "../backoff.ts";
import type { Cluster } from "../cluster.ts";
import type { BrokerConnection } from "../connection.ts";
import { brokerError, ClientError, isRetriable, messageOf, TransactionError } from "../errors.ts";
import type { Accumulator } from "./accumulator.ts";
import type { ProducerBatch } from "./batch.ts";
import type { IdentitySource } from "./identity-source.ts";
import type { ProducerSettings } from "./options.ts";
import type { PartitionQueue } from "./partition-queue.ts";
import { produceFrame } from "./produce-frame.ts";
import { judge } from "./verdict.ts";
import type { Transaction } from "./transaction.ts";

const PRODUCE_LANE = "produce";
/** Produce without implicit adding to transactions (KIP-890) ends here. */
const V1_PRODUCE = 11;
/** Produce names topics up to here, and by id beyond (KIP-516). */
const LAST_VERSION_WITH_NAMES = 12;
/** The broker's own timeout ends first. */
const TIMEOUT_SLACK_MS = 2000;
/** What a partition takes in a request beside its records. */
const PARTITION_BYTES = 64;
/** Stands in where encode() writes the message. */
const NO_MESSAGE = newProduceRequest();
const MIN_REFRESH_PAUSE_MS = 50;

export interface SenderEvents {
  /** The batch is answered, or given up. Called before its buffer is used again. */
  settled(batch: ProducerBatch, error: unknown): void;
}

export class Sender {
  readonly #cluster: Cluster;
  readonly #settings: ProducerSettings;
  readonly #accumulator: Accumulator;
  readonly #identities: IdentitySource;
  readonly #transaction: Transaction | undefined;
  readonly #events: SenderEvents;
  readonly #requests = new Map<number, number>();
  readonly #connecting = new Set<number>();
  readonly #compressing = new Set<PartitionQueue>();
  readonly #toRefresh = new Set<string>();
  #refreshing = false;
  #refreshNotBefore = 0;
  #refreshFailures = 0;
  #soon = false;
  #timer: Timer | undefined;
  #timerAt = Infinity;
  #closed = false;

  constructor(
    cluster: Cluster,
    settings: ProducerSettings,
    accumulator: Accumulator,
    identities: IdentitySource,
    transaction: Transaction | undefined,
    events: SenderEvents,
  ) {
    this.#cluster = cluster;
    this.#settings = settings;
    this.#accumulator = accumulator;
    this.#identities = identities;
    this.#transaction = transaction;
    this.#events = events;
  }

  /** Looks for something to send as soon as the current work is done. */
  wake(): void {
    if (this.#soon || this.#closed) return;
    this.#soon = true;
    this.#cluster.env.timers.soon(() => {
      this.#soon = false;
      this.#pump();
    });
  }

  /** Looks for something to send at this monotonic time, at the latest. */
  wakeAt(at: number): void {
    if (at >= this.#timerAt || this.#closed) return;
    this.#timer?.cancel();
    this.#timerAt = at;
    this.#timer = this.#cluster.env.timers.after(Math.max(0, at - this.#now()), () => {
      this.#timer = undefined;
      this.#timerAt = Infinity;
      this.#pump();
    });
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #now(): number {
    return this.#cluster.env.clock.monotonicMs();
  }

  // ---------- what may go now ----------

  #pump(): void {
    if (this.#closed || this.#accumulator.active.size === 0) return;
    if (this.#transaction?.failure !== undefined) return this.failWaiting(this.#transaction.failure);
    const now = this.#now();
    this.#expire(now);
    if (this.#settings.idempotent && this.#identities.current === undefined) return this.#identities.acquire(() => this.wake());
    const byNode = new Map<number, PartitionQueue[]>();
    for (const queue of this.#accumulator.active) {
      const leaderId = this.#readyFor(queue, now);
      if (leaderId < 0) continue;
      const queues = byNode.get(leaderId);
      if (queues === undefined) byNode.set(leaderId, [queue]);
      else queues.push(queue);
    }
    for (const [nodeId, queues] of byNode) this.#sendTo(nodeId, queues);
    this.#refresh();
  }

  /** The node a batch of the queue should go to now; −1 if nothing can, in which case something wakes the sender later. */
  #readyFor(queue: PartitionQueue, now: number): number {
    if (queue.open !== undefined && queue.waiting.length === 0) {
      const lingersUntil = queue.open.createdAt + this.#settings.lingerMs;
      if (lingersUntil <= now || buggify("batch-sent-early")) queue.seal();
      else this.wakeAt(lingersUntil);
    }
    if (queue.needsNewIdentity) {
      if (!this.#identities.bump(() => this.wake())) return -1;
      queue.restartSequences();
    }
    const batch = queue.next();
    if (batch === undefined) return -1;
    if (queue.notBefore > now) {
      this.wakeAt(queue.notBefore);
      return -1;
    }
    const leader = this.#cluster.leaderNow(queue.topic, queue.partition);
    if (leader === undefined || this.#cluster.isStale(queue.topic)) this.#toRefresh.add(queue.topic);
    if (leader === undefined) return -1;
    if (queue.inFlight.length > 0 && queue.sentTo !== leader.leaderId) return -1;
    if (this.#transaction !== undefined && !this.#transaction.mayProduce(queue.topic, queue.partition)) return -1;
    if (this.#settings.compression !== "none" && batch.compressed === undefined) {
      this.#compress(queue, batch);
      return -1;
    }
    return leader.leaderId;
  }

  #compress(queue: PartitionQueue, batch: ProducerBatch): void {
    if (this.#compressing.has(queue) || this.#settings.compression === "none") return;
    this.#compressing.add(queue);
    compressBatch(
      this.#cluster.env.compression,
      this.#settings.compression,
      batch.writer.finish({ transactional: this.#transaction !== undefined }),
    )
      .then(
        (bytes) => {
          batch.compressed = bytes;
        },
        (error: unknown) =>
          this.#fail(
            batch,
            new ClientError("INVALID_STATE", `Compressing a batch for ${queue.name} failed: ${messageOf(error)}`, { cause: error }),
          ),
      )
      .finally(() => {
        this.#compressing.delete(queue);
        this.wake();
      });
  }

  // ---------- sending ----------

  #sendTo(nodeId: number, queues: readonly PartitionQueue[]): void {
    const connection = this.#cluster.openConnection(nodeId, PRODUCE_LANE);
    if (connection === undefined) return this.#connect(nodeId, queues);
    let remaining = [...queues];
    while (remaining.length > 0 && (this.#requests.get(nodeId) ?? 0) < this.#settings.maxInFlight) {
      const batches: ProducerBatch[] = [];
      const next: PartitionQueue[] = [];
      let sizeBytes = 0;
      for (const queue of remaining) {
        const batch = queue.next();
        if (batch === undefined || (this.#settings.compression !== "none" && batch.compressed === undefined)) continue;
        if (batches.length > 0 && sizeBytes + batch.sizeBytes > this.#settings.maxRequestBytes) {
          next.push(queue);
          continue;
        }
        sizeBytes += batch.sizeBytes;
        batches.push(queue.take(this.#settings.idempotent ? this.#identities.current : undefined, nodeId));
        this.#moveToEnd(queue);
        next.push(queue);
      }
      if (batches.length === 0) return;
      this.#send(nodeId, connection, batches, sizeBytes);
      remaining = next;
    }
  }

  /** Whoever was served goes to the end of the line. */
  #moveToEnd(queue: PartitionQueue): void {
    this.#accumulator.active.delete(queue);
    this.#accumulator.active.add(queue);
  }

  #connect(nodeId: number, queues: readonly PartitionQueue[]): void {
    if (this.#connecting.has(nodeId)) return;
    this.#connecting.add(nodeId);
    this.#cluster
      .connection({ to: "node", nodeId }, PRODUCE_LANE)
      .catch((error: unknown) => {
        for (const queue of queues) {
          const batch = queue.next();
          if (batch !== undefined) batch.lastError = error;
          this.#toRefresh.add(queue.topic);
        }
      })
      .finally(() => {
        this.#connecting.delete(nodeId);
        this.wake();
      });
  }

  #send(nodeId: number, connection: BrokerConnection, batches: readonly ProducerBatch[], sizeBytes: number): void {
    const { acks } = this.#settings;
    this.#requests.set(nodeId, (this.#requests.get(nodeId) ?? 0) + 1);
    const byName = batches.some(({ queue }) => (this.#cluster.topicNow(queue.topic)?.id ?? ZERO_UUID) === ZERO_UUID);
    const maxVersion =
      this.#transaction !== undefined && !this.#transaction.isV2 ? V1_PRODUCE : byName ? LAST_VERSION_WITH_NAMES : undefined;
    const options = {
      maxVersion,
      sizeHintBytes: acks === 0 ? sizeBytes : batches.length * PARTITION_BYTES,
      timeoutMs: this.#cluster.options.requestTimeoutMs + TIMEOUT_SLACK_MS,
      noResponse: acks === 0,
    };
    // Without an answer nobody knows when the socket is done with the batches, so they are copied into the frame then.
    const message = (version: number): ProduceRequest => this.#message(batches, version);
    const encode = (w: ByteWriter, version: number): Uint8Array[] => produceFrame(w, message(version), version);
    const answered = connection.request("Produce", acks === 0 ? message : NO_MESSAGE, acks === 0 ? options : { ...options, encode });
    answered
      .then(
        (response) => (acks === 0 ? this.#succeedAll(batches) : this.#answer(connection, batches, response)),
        (error: unknown) => {
          for (const batch of batches) this.#requestFailed(batch, error);
        },
      )
      .finally(() => {
        this.#requests.set(nodeId, this.#requests.get(nodeId)! - 1);
        this.wake();
      });
  }

  #message(batches: readonly ProducerBatch[], version: number): ProduceRequest {
    const message = newProduceRequest({
      transactionalId: this.#settings.transactionalId ?? null,
      acks: this.#settings.acks,
      timeoutMs: this.#cluster.options.requestTimeoutMs,
    });
    const transactional = this.#transaction !== undefined;
    const topics = new Map<string, ProduceRequest["topicData"][number]>();
    for (const batch of batches) {
      const { topic, partition } = batch.queue;
      let data = topics.get(topic);
      if (data === undefined) {
        const topicId = version > LAST_VERSION_WITH_NAMES ? this.#cluster.topicNow(topic)!.id : ZERO_UUID;
        topics.set(topic, (data = { name: topic, topicId, partitionData: [] }));
        message.topicData.push(data);
      }
      data.partitionData.push({ index: partition, records: batch.bytes(transactional) });
    }
    return message;
  }

  // ---------- answers ----------

  #succeedAll(batches: readonly ProducerBatch[]): void {
    for (const batch of batches) this.#succeed(batch, -1);
  }

  #answer(connection: BrokerConnection, batches: readonly ProducerBatch[], response: ProduceResponse): void {
    for (const batch of batches) {
      const { topic, partition } = batch.queue;
      const id = this.#cluster.topicNow(topic)?.id;
      const result = response.responses
        .find((each) => each.name === topic || (each.name === "" && (each.topicId === id || response.responses.length === 1)))
        ?.partitionResponses.find((each) => each.index === partition);
      if (result === undefined)
        this.#retry(
          batch,
          new ClientError("MALFORMED_RESPONSE", `The broker's answer to Produce says nothing of ${batch.queue.name}.`, { retriable: true }),
        );
      else if (result.errorCode === 0) this.#succeed(batch, result.baseOffset);
      else this.#handle(batch, result, connection);
    }
  }

  #handle(batch: ProducerBatch, result: PartitionProduceResponse, connection: BrokerConnection): void {
    const { queue } = batch;
    const detail = result.recordErrors[0]?.batchIndexErrorMessage ?? result.errorMessage;
    const error = brokerError(
      result.errorCode,
      `Produce to ${queue.name} on ${connection.address.host}:${connection.address.port}`,
      detail,
    );
    const verdict = judge(result.errorCode, {
      idempotent: this.#settings.idempotent,
      transactional: this.#transaction !== undefined,
      firstUnanswered: queue.isFirstUnanswered(batch),
      trackLost: queue.trackLost,
    });
    switch (verdict) {
      case "written":
        return this.#succeed(batch, result.baseOffset);
      case "again":
        return this.#retry(batch, error);
      case "again-as-new":
        queue.breakSequence();
        return this.#retry(batch, error);
      case "fenced":
        return this.#fail(batch, new TransactionError(error.code, error.message, "close", { cause: error, errorCode: result.errorCode }));
      case "failed":
        if (this.#settings.idempotent && this.#transaction === undefined && result.errorCode !== ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER)
          queue.breakSequence();
        return this.#fail(batch, error);
    }
  }

  #succeed(batch: ProducerBatch, baseOffset: number): void {
    batch.queue.remove(batch);
    batch.queue.failures = 0;
    this.#settings.onAcknowledged?.(batch.queue.topic, batch.queue.partition, baseOffset, batch.count);
    batch.succeed(baseOffset);
    this.#settle(batch, undefined);
  }

  #requestFailed(batch: ProducerBatch, error: unknown): void {
    if (isRetriable(error)) return this.#retry(batch, error);
    this.#loseTrack(batch);
    this.#fail(batch, error);
  }

  #retry(batch: ProducerBatch, error: unknown): void {
    const { queue } = batch;
    batch.lastError = error;
    if (this.#transaction?.state === "aborting") {
      this.#transaction.requireNewEpoch();
      return this.#fail(batch, error);
    }
    queue.putBack(batch);
    queue.failures++;
    queue.notBefore = this.#now() + backoffMs(this.#cluster.options.retryBackoff, queue.failures, this.#cluster.env.random);
    this.#toRefresh.add(queue.topic);
  }

  /** Given up though it may have been written. A transaction is aborted then; otherwise what follows waits for a new epoch. */
  #loseTrack(batch: ProducerBatch): void {
    if (this.#settings.idempotent && this.#transaction === undefined) batch.queue.loseTrack();
  }

  /** The batch is given up. In a transaction that means: abort. */
  #fail(batch: ProducerBatch, error: unknown): void {
    batch.queue.remove(batch);
    const reported = this.#transaction === undefined ? error : this.#transaction.fail(error);
    batch.fail(reported);
    this.#settle(batch, reported);
  }

  #settle(batch: ProducerBatch, error: unknown): void {
    this.#events.settled(batch, error);
    this.#accumulator.release(batch);
  }

  /** Gives up what waited too long, from the front. */
  #expire(now: number): void {
    const { deliveryTimeoutMs } = this.#settings;
    for (const queue of this.#accumulator.active) {
      for (let batch = queue.waiting[0] ?? queue.open; batch !== undefined; batch = queue.waiting[0] ?? queue.open) {
        if (batch.createdAt + deliveryTimeoutMs > now) {
          this.wakeAt(batch.createdAt + deliveryTimeoutMs);
          break;
        }
        queue.seal();
        if (batch.attempts > 0) this.#loseTrack(batch);
        batch.lastError ??= this.#identities.lastError;
        this.#fail(batch, expired(batch, deliveryTimeoutMs));
      }
    }
  }

  /** Fails everything that is not on its way. */
  failWaiting(error: unknown): void {
    for (const queue of this.#accumulator.active) {
      queue.seal();
      for (let batch = queue.waiting[0]; batch !== undefined; batch = queue.waiting[0]) {
        queue.remove(batch);
        if (batch.attempts > 0) this.#transaction?.requireNewEpoch();
        batch.fail(error);
        this.#settle(batch, error);
      }
    }
  }

  // ---------- metadata ----------

  #refresh(): void {
    if (this.#refreshing || this.#toRefresh.size === 0) return;
    if (this.#refreshNotBefore > this.#now()) return this.wakeAt(this.#refreshNotBefore);
    this.#refreshing = true;
    const topics = [...this.#toRefresh];
    this.#toRefresh.clear();
    this.#cluster
      .refresh(topics)
      .then(
        () => {
          this.#refreshFailures = 0;
          for (const name of topics) {
            const known = this.#cluster.topicNow(name);
            if (known !== undefined) this.#accumulator.topic(name).partitions = known.partitions.length;
          }
        },
        () => {
          this.#refreshFailures++;
        },
      )
      .finally(() => {
        this.#refreshing = false;
        const { retryBackoff } = this.#cluster.options;
        const pauseMs =
          this.#refreshFailures === 0 ? MIN_REFRESH_PAUSE_MS : backoffMs(retryBackoff, this.#refreshFailures, this.#cluster.env.random);
        this.#refreshNotBefore = this.#now() + pauseMs;
        this.wake();
      });
  }
}

function expired(batch: ProducerBatch, timeoutMs: number): ClientError {
  const { queue, attempts, lastError } = batch;
  const tried =
    attempts === 0 ? "It was never sent" : `It was sent ${attempts} time${attempts === 1 ? "" : "s"}, so it may have been written`;
  const last = lastError === undefined ? "" : ` Last error: ${messageOf(lastError)}`;
  return new ClientError(
    "DELIVERY_TIMEOUT",
    `A batch of ${batch.count} records for ${queue.name} was not acknowledged within ${timeoutMs} ms (deliveryTimeoutMs). ${tried}.${last}`,
    { cause: lastError },
  );
}
