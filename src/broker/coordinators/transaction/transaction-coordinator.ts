// Runs the transactions: feeds events to decideTransaction, executes its actions, writes to __transaction_state and the markers.
// Invariant: per transactional id at most one transition is being written; a request that meets one waits for its end, for a while,
// instead of being sent back with CONCURRENT_TRANSACTIONS at once.
import { buggify, buggifyPause } from "../../../env/fault-points.ts";
import { isPlanted } from "../../../env/planted-faults.ts";
import type { Env } from "../../../env/env.ts";
import { ErrorCode } from "../../../protocol/errors.ts";
import type { Settings } from "../../settings.ts";
import { TRANSACTIONS_TOPIC, type Topics } from "../../topics.ts";
import { InternalTopic } from "../internal-topic.ts";
import { SteadyClock } from "../steady-clock.ts";
import { decideTransaction, isInTransaction, isOverdue, markersFor } from "./decide.ts";
import type { MarkerWriter } from "./marker-writer.ts";
import type { ProducerIds } from "./producer-ids.ts";
import { readTransactionKey, readTransactionValue, writeTransactionKey, writeTransactionValue } from "./records.ts";
import { isExhausted, isPrepared, newTransaction, NO_PRODUCER_EPOCH, NO_PRODUCER_ID, TWO_PHASE_TIMEOUT_MS } from "./state.ts";
import type { TransactionAction, TransactionEvent, TransactionReply, TransactionState, TransactionVersion } from "./state.ts";

/** Ongoing transactions older than this are named at the start, unless the broker's options say otherwise. */
export const OLD_TRANSACTION_MS = 60_000;
const MAX_NAMED = 20;
/** How long a request waits for the transition it met. */
const MAX_WAIT_MS = 1000;
/** Requests per transactional id that wait; further ones are sent back. */
const MAX_WAITING = 64;

/** KIP-939. */
export interface TwoPhaseRequest {
  /** The transactions of the id never time out. */
  readonly twoPhase: boolean;
  readonly keepPrepared: boolean;
}

export interface ProducerIdentity {
  readonly producerId: number;
  readonly producerEpoch: number;
}

export class TransactionCoordinator {
  readonly log: InternalTopic;
  readonly #env: Env;
  readonly #settings: Settings;
  readonly #clock: SteadyClock;
  readonly #ids: ProducerIds;
  readonly #markers: MarkerWriter;
  readonly #oldMs: number;
  readonly #states = new Map<string, TransactionState>();
  readonly #requests = new Map<number, (reply: TransactionReply) => void>();
  readonly #waiting = new Map<string, Set<() => void>>();
  #nextRequest = 0;
  #closed = false;

  constructor(env: Env, topics: Topics, settings: Settings, ids: ProducerIds, markers: MarkerWriter, oldMs = OLD_TRANSACTION_MS) {
    this.#env = env;
    this.#settings = settings;
    this.#clock = new SteadyClock(env.clock);
    this.#ids = ids;
    this.#markers = markers;
    this.#oldMs = oldMs;
    this.log = new InternalTopic(env, topics, TRANSACTIONS_TOPIC, settings.number("transaction.state.log.num.partitions"));
  }

  async load(): Promise<void> {
    await this.log.replay({
      record: (keyBytes, value) => {
        const transactionalId = readTransactionKey(keyBytes);
        if (transactionalId === undefined) return;
        if (value === null) this.#states.delete(transactionalId);
        else this.#states.set(transactionalId, { transactionalId, data: readTransactionValue(value), pending: undefined });
      },
      marker: () => {},
    });
    this.#nameOldOnes();
    if (!isPlanted("transaction-timeouts-not-renewed")) this.#renewTimeouts();
  }

  /** Open transactions hold the last stable offset back: readers of committed records wait for them. */
  #nameOldOnes(): void {
    const now = this.#env.clock.now();
    const old = [...this.#states.values()].filter(({ data }) => data.status === "Ongoing" && now - data.startedAt > this.#oldMs);
    for (const { transactionalId, data } of old.slice(0, MAX_NAMED)) {
      const remedy = `they hold back readers of committed records; see: millrace txn describe ${transactionalId}`;
      const partitions = [...data.partitions].slice(0, MAX_NAMED);
      const endsByItself = data.timeoutMs !== TWO_PHASE_TIMEOUT_MS;
      this.#env.logger.log("warn", "transaction-open-at-start", {
        transactionalId,
        ageMs: now - data.startedAt,
        endsByItself,
        partitions,
        remedy,
      });
    }
    if (old.length > MAX_NAMED) this.#env.logger.log("warn", "transactions-open-at-start", { more: old.length - MAX_NAMED });
  }

  /**
   * An ongoing transaction gets its whole timeout again after a restart: while the broker was away, or because the wall clock was set
   * meanwhile, nobody could end it, and aborting what a two-phase commit has prepared would lose it. It keeps its age, unless it would
   * have begun in the future.
   */
  #renewTimeouts(): void {
    const timeoutFrom = this.#clock.now();
    for (const [transactionalId, state] of this.#states) {
      const { data } = state;
      if (data.status !== "Ongoing" || data.timeoutMs === TWO_PHASE_TIMEOUT_MS) continue;
      const startedAt = Math.min(data.startedAt, timeoutFrom);
      this.#states.set(transactionalId, { ...state, data: { ...data, startedAt }, timeoutFrom });
    }
  }

  /** Finishes what was decided before the last stop: the markers of prepared transactions. */
  resume(): void {
    for (const { transactionalId, data } of this.#states.values()) {
      if (isPrepared(data.status)) this.#act(transactionalId, markersFor(data));
    }
  }

  close(): void {
    this.#closed = true;
    for (const waiting of this.#waiting.values()) for (const wake of waiting) wake();
  }

  state(transactionalId: string): TransactionState | undefined {
    return this.#states.get(transactionalId);
  }

  states(): Iterable<TransactionState> {
    return this.#states.values();
  }

  async init(
    transactionalId: string | null,
    askedTimeoutMs: number,
    expected: ProducerIdentity | undefined,
    { twoPhase, keepPrepared }: TwoPhaseRequest = { twoPhase: false, keepPrepared: false },
  ): Promise<TransactionReply & { readonly keptEpoch?: number }> {
    const refuse = (error: number): TransactionReply => refusal(error);
    if (transactionalId === null) return { ...refusal(ErrorCode.NONE), producerId: await this.#ids.allocate(), producerEpoch: 0 };
    if (transactionalId === "") return refuse(ErrorCode.INVALID_REQUEST);
    if (twoPhase && !this.#settings.boolean("transaction.two.phase.commit.enable"))
      return refuse(ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
    if (!twoPhase && (askedTimeoutMs <= 0 || askedTimeoutMs > this.#settings.number("transaction.max.timeout.ms")))
      return refuse(ErrorCode.INVALID_TRANSACTION_TIMEOUT);
    const timeoutMs = twoPhase ? TWO_PHASE_TIMEOUT_MS : askedTimeoutMs;
    const known = this.#states.get(transactionalId);
    const freshProducerId = known === undefined || isExhausted(known.data) ? await this.#ids.allocate() : NO_PRODUCER_ID;
    if (!this.#states.has(transactionalId)) {
      this.#states.set(transactionalId, newTransaction(transactionalId, freshProducerId, timeoutMs, this.#clock.now()));
    }
    const reply = await this.#ask(transactionalId, (request) => ({
      kind: "init",
      request,
      timeoutMs,
      expected,
      freshProducerId,
      keepPrepared,
    }));
    const data = this.#states.get(transactionalId)?.data;
    const kept = keepPrepared && data?.producerEpoch === reply.producerEpoch && data.keptEpoch !== NO_PRODUCER_EPOCH;
    return kept ? { ...reply, keptEpoch: data.keptEpoch } : reply;
  }

  /** Error code for all partitions ("topic-partition"). */
  async addPartitions(
    transactionalId: string,
    producer: ProducerIdentity,
    partitions: readonly string[],
    version: TransactionVersion,
  ): Promise<number> {
    if (transactionalId === "") return ErrorCode.INVALID_REQUEST;
    if (!this.#states.has(transactionalId)) return ErrorCode.INVALID_PRODUCER_ID_MAPPING;
    const reply = await this.#ask(transactionalId, (request) => ({ kind: "add-partitions", request, ...producer, partitions, version }));
    return reply.error;
  }

  /** Whether the partition is part of the producer's ongoing transaction: an error code, at once. */
  verify(transactionalId: string, producer: ProducerIdentity, partition: string): number {
    if (transactionalId === "") return ErrorCode.INVALID_REQUEST;
    const state = this.#states.get(transactionalId);
    if (state === undefined) return ErrorCode.INVALID_PRODUCER_ID_MAPPING;
    return isInTransaction(state, producer.producerId, producer.producerEpoch, partition);
  }

  async end(transactionalId: string, producer: ProducerIdentity, commit: boolean, version: TransactionVersion): Promise<TransactionReply> {
    if (transactionalId === "") return refusal(ErrorCode.INVALID_REQUEST);
    const known = this.#states.get(transactionalId);
    if (known === undefined) return refusal(ErrorCode.INVALID_PRODUCER_ID_MAPPING);
    const freshProducerId = version === 2 && isExhausted(known.data) ? await this.#ids.allocate() : NO_PRODUCER_ID;
    return this.#ask(transactionalId, (request) => ({ kind: "end", request, ...producer, commit, version, freshProducerId }));
  }

  /** Aborts the transactions whose time is over. */
  abortOverdue(): void {
    const now = this.#clock.now();
    for (const state of this.#states.values()) if (isOverdue(state, now)) this.#apply(state.transactionalId, { kind: "tick" });
  }

  /** Forgets ids that were not used for transactional.id.expiration.ms. */
  async expireIds(): Promise<void> {
    const limit = this.#clock.now() - this.#settings.number("transactional.id.expiration.ms");
    for (const state of this.#states.values()) {
      const { transactionalId, data, pending } = state;
      if (pending !== undefined || data.status === "Ongoing" || isPrepared(data.status) || data.updatedAt > limit) continue;
      await this.log.append(transactionalId, [{ key: writeTransactionKey(transactionalId), value: null }]);
      if (this.#states.get(transactionalId) === state) this.#states.delete(transactionalId);
    }
  }

  async #ask(transactionalId: string, event: (request: number) => TransactionEvent): Promise<TransactionReply> {
    if (buggify("transaction-busy")) return refusal(ErrorCode.CONCURRENT_TRANSACTIONS);
    const deadline = this.#clock.now() + MAX_WAIT_MS;
    for (;;) {
      const reply = await this.#askOnce(transactionalId, event);
      if (reply.error !== ErrorCode.CONCURRENT_TRANSACTIONS || this.#clock.now() >= deadline || this.#closed) return reply;
      if (!this.#isInTransition(transactionalId)) continue;
      if (!(await this.#transitionEnded(transactionalId, deadline))) return reply;
    }
  }

  #askOnce(transactionalId: string, event: (request: number) => TransactionEvent): Promise<TransactionReply> {
    return new Promise((resolve) => {
      const request = this.#nextRequest++;
      this.#requests.set(request, resolve);
      this.#apply(transactionalId, event(request));
    });
  }

  #isInTransition(transactionalId: string): boolean {
    const state = this.#states.get(transactionalId);
    return state !== undefined && (state.pending !== undefined || isPrepared(state.data.status));
  }

  /** false: too many wait, or it takes too long. */
  #transitionEnded(transactionalId: string, deadline: number): Promise<boolean> {
    let waiting = this.#waiting.get(transactionalId);
    if (waiting === undefined) this.#waiting.set(transactionalId, (waiting = new Set()));
    if (waiting.size >= MAX_WAITING) return Promise.resolve(false);
    return new Promise((resolve) => {
      const done = (ended: boolean): void => {
        timer.cancel();
        waiting.delete(wake);
        resolve(ended);
      };
      const wake = (): void => done(true);
      const timer = this.#env.timers.after(Math.max(0, deadline - this.#clock.now()), () => done(false), { unref: true });
      waiting.add(wake);
    });
  }

  #apply(transactionalId: string, event: TransactionEvent): void {
    const before = this.#states.get(transactionalId);
    if (before === undefined) throw new Error(`Transactional id ${transactionalId} is not known`);
    const [state, actions] = decideTransaction(before, event, this.#clock.now());
    this.#states.set(transactionalId, state);
    for (const action of actions) this.#act(transactionalId, action);
    if (this.#isInTransition(transactionalId)) return;
    const waiting = this.#waiting.get(transactionalId);
    this.#waiting.delete(transactionalId);
    for (const wake of waiting ?? []) wake();
  }

  #act(transactionalId: string, action: TransactionAction): void {
    switch (action.kind) {
      case "reply": {
        const resolve = this.#requests.get(action.request);
        this.#requests.delete(action.request);
        resolve?.(action);
        break;
      }
      case "persist":
        void this.#persist(transactionalId, action);
        break;
      case "write-markers":
        void this.#markers.write(action).then((written) => {
          if (written && !this.#closed) this.#apply(transactionalId, { kind: "markers-written" });
        });
        break;
    }
  }

  async #persist(transactionalId: string, { data, answers }: Extract<TransactionAction, { kind: "persist" }>): Promise<void> {
    let error: number = ErrorCode.NONE;
    try {
      await this.log.appendNow(transactionalId, [{ key: writeTransactionKey(transactionalId), value: writeTransactionValue(data) }]);
    } catch (cause) {
      error = ErrorCode.COORDINATOR_NOT_AVAILABLE;
      this.#env.logger.log("warn", "transaction-not-written", { transactionalId, error: cause });
    }
    const pause = buggifyPause("transaction-answer-late");
    if (pause !== undefined) await pause;
    if (answers && !this.#closed) this.#apply(transactionalId, { kind: "persisted", error });
  }
}

function refusal(error: number): TransactionReply {
  return { kind: "reply", request: -1, error, producerId: NO_PRODUCER_ID, producerEpoch: NO_PRODUCER_EPOCH };
}
