// The life of a transactional producer: begin, add partitions and offsets, commit or abort; which errors end the transaction and which end
// the producer. Two dialects (KIP-98, KIP-890): before transaction.version 2 partitions and groups are added by requests of their own and
// the epoch stays; from 2 on the first Produce or TxnOffsetCommit adds them and every EndTxn raises the epoch.
import { newAddOffsetsToTxnRequest } from "../../protocol/generated/add-offsets-to-txn.gen.ts";
import { newAddPartitionsToTxnRequest } from "../../protocol/generated/add-partitions-to-txn.gen.ts";
import { newEndTxnRequest } from "../../protocol/generated/end-txn.gen.ts";
import { newInitProducerIdRequest } from "../../protocol/generated/init-producer-id.gen.ts";
import { newTxnOffsetCommitRequest } from "../../protocol/generated/txn-offset-commit.gen.ts";
import { errorByCode } from "../../protocol/errors.ts";
import { abortable } from "../abortable.ts";
import { addressText } from "../address.ts";
import type { Cluster, Target } from "../cluster.ts";
import { brokerError, ClientError, messageOf, transactionError, TransactionError } from "../errors.ts";
import type { ProducerIdentity } from "./identity.ts";

export type TransactionState = "new" | "ready" | "open" | "committing" | "aborting" | "closed";

export interface OffsetToCommit {
  readonly topic: string;
  readonly partition: number;
  /** The next offset to read. */
  readonly offset: number;
  readonly leaderEpoch?: number;
  readonly metadata?: string;
}

/** With member and generation the broker fences members that were replaced (KIP-447). */
export interface GroupMetadata {
  readonly groupId: string;
  readonly generationId?: number;
  readonly memberId?: string;
  readonly groupInstanceId?: string | null;
}

/** Newest versions of the dialect without implicit adding. */
export const V1_END_TXN = 4;
const V1_TXN_OFFSET_COMMIT = 4;
/** Newer ones are spoken between brokers. */
const CLIENT_ADD_PARTITIONS = 3;
/** KIP-939: enable2Pc. */
const TWO_PHASE_INIT = 6;
/** Produce from this version on adds partitions by itself. */
const V2_PRODUCE = 12;

const FATAL = new Set([
  "PRODUCER_FENCED",
  "INVALID_PRODUCER_EPOCH",
  "INVALID_PRODUCER_ID_MAPPING",
  "INVALID_TXN_STATE",
  "INVALID_TRANSACTION_TIMEOUT",
  "TRANSACTIONAL_ID_AUTHORIZATION_FAILED",
  "CLUSTER_AUTHORIZATION_FAILED",
  "UNSUPPORTED_VERSION",
  "UNSUPPORTED_FOR_MESSAGE_FORMAT",
]);

/** Whether an error of the transaction coordinator ends the transaction or the producer. */
export function resolutionOf(code: string): "abort" | "close" {
  return FATAL.has(code) ? "close" : "abort";
}

export interface TransactionSettings {
  readonly transactionalId: string;
  readonly transactionTimeoutMs: number;
  readonly twoPhaseCommit: boolean;
}

export class Transaction {
  readonly #cluster: Cluster;
  readonly #settings: TransactionSettings;
  /** Called when something may be sent that could not be before. */
  readonly #wake: () => void;
  #state: TransactionState = "new";
  #identity: ProducerIdentity | undefined;
  #failure: TransactionError | undefined;
  #v2 = false;
  #bumpAfterAbort = false;
  #started = false;
  #added = new Set<string>();
  #toAdd = new Map<string, { topic: string; partition: number }>();
  #adding: Promise<void> | undefined;

  constructor(cluster: Cluster, settings: TransactionSettings, wake: () => void) {
    this.#cluster = cluster;
    this.#settings = settings;
    this.#wake = wake;
  }

  get state(): TransactionState {
    return this.#state;
  }

  get identity(): ProducerIdentity | undefined {
    return this.#identity;
  }

  /** Why the transaction must be aborted, or the producer closed. */
  get failure(): TransactionError | undefined {
    return this.#failure;
  }

  /** KIP-890: the broker adds partitions by itself. */
  get isV2(): boolean {
    return this.#v2;
  }

  /** Whether anything was added to the open transaction. */
  get started(): boolean {
    return this.#started;
  }

  // ---------- begin ----------

  /** Gets the producer's identity; an older producer with this id is fenced and its open transaction aborted. */
  async init(signal?: AbortSignal): Promise<void> {
    if (this.#state !== "new") return;
    await this.#initProducerId(undefined, signal);
    this.#state = "ready";
  }

  begin(): void {
    this.#failIfClosed();
    if (this.#state !== "ready") throw this.#wrongState("begin a transaction", "Commit or abort the open one first.");
    this.#state = "open";
    this.#failure = undefined;
  }

  async #initProducerId(current: ProducerIdentity | undefined, signal?: AbortSignal): Promise<void> {
    const connection = await this.#retried(
      "Finding the transaction coordinator",
      () => this.#cluster.connection(this.#coordinator, undefined, signal),
      signal,
    );
    this.#v2 = connection.versions.feature("transaction.version") >= 2 && connection.versions.supports("Produce", V2_PRODUCE);
    const { transactionalId, transactionTimeoutMs, twoPhaseCommit } = this.#settings;
    if (twoPhaseCommit && !connection.versions.supports("InitProducerId", TWO_PHASE_INIT)) {
      const remedy = "It needs unstable.api.versions.enable and transaction.two.phase.commit.enable.";
      throw new ClientError(
        "UNSUPPORTED_VERSION",
        `The broker ${addressText(connection.address)} does not offer two-phase commit. ${remedy}`,
      );
    }
    const message = newInitProducerIdRequest({
      transactionalId,
      transactionTimeoutMs,
      enable2Pc: twoPhaseCommit,
      ...(current === undefined ? {} : { producerId: current.producerId, producerEpoch: current.producerEpoch }),
    });
    this.#identity = await this.#cluster.retriedCall(
      this.#coordinator,
      "InitProducerId",
      message,
      (response, where) => {
        this.#check(response.errorCode, where);
        return { producerId: response.producerId, producerEpoch: response.producerEpoch };
      },
      {
        what: `Initialising transactional id "${transactionalId}"`,
        signal,
        maxVersion: twoPhaseCommit ? TWO_PHASE_INIT : undefined,
      },
    );
  }

  // ---------- partitions and offsets ----------

  /** Whether records may be sent to the partition now. If not, it is being added, and wake() follows. */
  mayProduce(topic: string, partition: number): boolean {
    if (this.#failure !== undefined || (this.#state !== "open" && this.#state !== "committing")) return false;
    const name = `${topic}-${partition}`;
    if (this.#added.has(name)) return true;
    if (this.#v2) {
      this.#added.add(name);
      this.#started = true;
      return true;
    }
    this.#toAdd.set(name, { topic, partition });
    this.#adding ??= this.#addPartitions().finally(() => {
      this.#adding = undefined;
      this.#wake();
    });
    return false;
  }

  async #addPartitions(): Promise<void> {
    // All partitions that the same round of sending asks for go into one request.
    await Promise.resolve();
    while (this.#toAdd.size > 0 && this.#failure === undefined) {
      const batch = [...this.#toAdd.values()];
      try {
        await this.#addPartitionBatch(batch);
      } catch (error) {
        this.fail(error);
        return;
      }
      for (const { topic, partition } of batch) {
        this.#toAdd.delete(`${topic}-${partition}`);
        this.#added.add(`${topic}-${partition}`);
      }
      this.#started = true;
    }
  }

  #addPartitionBatch(batch: readonly { topic: string; partition: number }[]): Promise<void> {
    const topics = new Map<string, number[]>();
    for (const { topic, partition } of batch) {
      const partitions = topics.get(topic);
      if (partitions === undefined) topics.set(topic, [partition]);
      else partitions.push(partition);
    }
    const { transactionalId } = this.#settings;
    const identity = this.#identity!;
    const message = newAddPartitionsToTxnRequest({
      v3AndBelowTransactionalId: transactionalId,
      v3AndBelowProducerId: identity.producerId,
      v3AndBelowProducerEpoch: identity.producerEpoch,
      v3AndBelowTopics: [...topics].map(([name, partitions]) => ({ name, partitions })),
    });
    return this.#cluster.retriedCall(
      this.#coordinator,
      "AddPartitionsToTxn",
      message,
      (response, where) => {
        for (const topic of response.resultsByTopicV3AndBelow)
          for (const { partitionIndex, partitionErrorCode } of topic.resultsByPartition) {
            if (errorByCode(partitionErrorCode).name === "OPERATION_NOT_ATTEMPTED") continue;
            this.#check(partitionErrorCode, `${where}, partition ${topic.name}-${partitionIndex},`);
          }
      },
      { what: `Adding partitions to transaction "${transactionalId}"`, maxVersion: CLIENT_ADD_PARTITIONS },
    );
  }

  /** Offsets of a consumer group become part of the transaction. */
  async sendOffsets(offsets: readonly OffsetToCommit[], group: GroupMetadata, signal?: AbortSignal): Promise<void> {
    this.#failIfClosed();
    if (this.#state !== "open") throw this.#wrongState("send offsets", "Begin a transaction first.");
    if (this.#failure !== undefined) throw this.#failure;
    try {
      if (!this.#v2) await this.#addOffsets(group.groupId, signal);
      this.#started = true;
      await this.#commitOffsets(offsets, group, signal);
    } catch (error) {
      signal?.throwIfAborted();
      throw this.fail(error);
    }
  }

  #addOffsets(groupId: string, signal?: AbortSignal): Promise<void> {
    const { transactionalId } = this.#settings;
    return this.#cluster.retriedCall(
      this.#coordinator,
      "AddOffsetsToTxn",
      newAddOffsetsToTxnRequest({ transactionalId, ...this.#identity!, groupId }),
      (response, where) => this.#check(response.errorCode, where),
      { what: `Adding group "${groupId}" to transaction "${transactionalId}"`, signal },
    );
  }

  #commitOffsets(offsets: readonly OffsetToCommit[], group: GroupMetadata, signal?: AbortSignal): Promise<void> {
    const topics = new Map<string, OffsetToCommit[]>();
    for (const offset of offsets) topics.set(offset.topic, [...(topics.get(offset.topic) ?? []), offset]);
    const { transactionalId } = this.#settings;
    const message = newTxnOffsetCommitRequest({
      transactionalId,
      ...this.#identity!,
      groupId: group.groupId,
      generationId: group.generationId ?? -1,
      memberId: group.memberId ?? "",
      groupInstanceId: group.groupInstanceId ?? null,
      topics: [...topics].map(([name, each]) => ({
        name,
        partitions: each.map(({ partition, offset, leaderEpoch, metadata }) => ({
          partitionIndex: partition,
          committedOffset: offset,
          committedLeaderEpoch: leaderEpoch ?? -1,
          committedMetadata: metadata ?? null,
        })),
      })),
    });
    return this.#cluster.retriedCall(
      { to: "coordinator", kind: "group", key: group.groupId },
      "TxnOffsetCommit",
      message,
      (response, where) => {
        for (const topic of response.topics)
          for (const { partitionIndex, errorCode } of topic.partitions)
            this.#check(errorCode, `${where}, partition ${topic.name}-${partitionIndex},`);
      },
      {
        what: `Committing offsets of group "${group.groupId}" in transaction "${transactionalId}"`,
        signal,
        maxVersion: this.#v2 ? undefined : V1_TXN_OFFSET_COMMIT,
      },
    );
  }

  // ---------- end ----------

  /** No more records: what is buffered is flushed next. May be called again after a commit whose outcome is unknown. */
  startCommit(): void {
    this.#failIfClosed();
    if (this.#state !== "open" && this.#state !== "committing") throw this.#wrongState("commit", "Begin a transaction first.");
    if (this.#failure !== undefined) throw this.#failure;
    this.#state = "committing";
  }

  startAbort(): void {
    this.#failIfClosed();
    if (this.#state !== "open" && this.#state !== "committing" && this.#state !== "aborting")
      throw this.#wrongState("abort", "No transaction is open.");
    this.#state = "aborting";
    this.#toAdd.clear();
  }

  /** All records are answered. Ends the transaction at the coordinator; retriable failures leave it where it is, to be tried again. */
  async end(signal?: AbortSignal): Promise<void> {
    const commit = this.#state === "committing";
    if (commit && this.#failure !== undefined) throw this.#failure;
    if (this.#adding !== undefined) await abortable(this.#adding, signal);
    if (this.#started) await this.#endTxn(commit, signal);
    if (!commit && this.#bumpAfterAbort && !this.#v2) await this.#initProducerId(this.#identity, signal);
    this.#reset();
  }

  async #endTxn(commit: boolean, signal?: AbortSignal): Promise<void> {
    const { transactionalId } = this.#settings;
    const message = newEndTxnRequest({ transactionalId, ...this.#identity!, committed: commit });
    try {
      this.#identity = await this.#cluster.retriedCall(
        this.#coordinator,
        "EndTxn",
        message,
        (response, where) => {
          this.#check(response.errorCode, where);
          return response.producerId >= 0 ? { producerId: response.producerId, producerEpoch: response.producerEpoch } : this.#identity!;
        },
        {
          what: `${commit ? "Committing" : "Aborting"} transaction "${transactionalId}"`,
          signal,
          maxVersion: this.#v2 ? undefined : V1_END_TXN,
        },
      );
    } catch (error) {
      if (error instanceof TransactionError) throw this.fail(error);
      throw error;
    }
  }

  #reset(): void {
    this.#state = "ready";
    this.#failure = undefined;
    this.#bumpAfterAbort = false;
    this.#started = false;
    this.#added.clear();
    this.#toAdd.clear();
  }

  // ---------- failures ----------

  /** Something of the transaction went wrong: returns the error that the producer reports from now on. */
  fail(error: unknown): TransactionError {
    const code = error instanceof ClientError ? error.code : "INVALID_STATE";
    const resolution = error instanceof TransactionError ? error.resolution : "abort";
    const hint = resolution === "abort" ? " Call abortTransaction()." : " Close this producer.";
    const failure =
      error instanceof TransactionError ? error : new TransactionError(code, `${messageOf(error)}${hint}`, resolution, { cause: error });
    if (this.#failure === undefined || (resolution === "close" && this.#failure.resolution !== "close")) this.#failure = failure;
    if (resolution === "close") this.#state = "closed";
    else this.#bumpAfterAbort = true;
    this.#wake();
    return this.#failure;
  }

  /** A batch that was sent and never answered is dropped: only a new epoch keeps it from leaving a gap, or from coming late. */
  requireNewEpoch(): void {
    this.#bumpAfterAbort = true;
  }

  #failIfClosed(): void {
    if (this.#state === "closed") throw this.#failure!;
  }

  #check(errorCode: number, where: string): void {
    if (errorCode === 0) return;
    const { name, retriable } = errorByCode(errorCode);
    if (retriable) throw brokerError(errorCode, where);
    throw transactionError(errorCode, where, resolutionOf(name));
  }

  get #coordinator(): Target {
    return { to: "coordinator", kind: "transaction", key: this.#settings.transactionalId };
  }

  #retried<T>(what: string, attempt: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#cluster.retried(what, attempt, { signal, target: this.#coordinator });
  }

  #wrongState(action: string, hint: string): ClientError {
    return new ClientError(
      "INVALID_STATE",
      `Cannot ${action}: the transaction of "${this.#settings.transactionalId}" is ${this.#state}. ${hint}`,
    );
  }
}
