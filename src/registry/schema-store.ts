// The topic behind the registry. One writer: a transactional producer, so that a newer registry fences this one. Changes are decided one
// after the other on the state in memory, written together, and answered when they came back from the topic; reads wait while a write is
// on its way, so nobody sees what a crash could take back.
import { KafkaClient } from "../client/client.ts";
import { codeOf, messageOf } from "../client/errors.ts";
import { PartitionFetcher } from "../client/partition-fetcher.ts";
import type { PartitionCursor } from "../client/partition-cursor.ts";
import type { Producer } from "../client/producer/producer.ts";
import type { Env } from "../env/env.ts";
import { BatchReader } from "../protocol/records/batch-reader.ts";
import { refuse } from "./registry-error.ts";
import { RegistryState } from "./registry-state.ts";
import { prepareTopic, SCHEMAS_TOPIC } from "./store-topic.ts";
import { decodeRecord, encodeRecord, type TopicRecord } from "./topic-record.ts";

export interface StoreOptions {
  readonly bootstrapServers: string;
  /** Default "_schemas". */
  readonly topic?: string;
}

/** What a decision wants written, and what to answer when it is. */
export interface Change<T> {
  readonly records: readonly TopicRecord[];
  readonly result: T;
}

interface WaitingChange {
  readonly decide: (state: RegistryState) => Change<unknown>;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

const MAX_WAITING_CHANGES = 10_000;
const MAX_CHANGES_PER_WRITE = 256;
const REOPEN_PAUSE_MS = 500;
const FENCED = new Set(["PRODUCER_FENCED", "INVALID_PRODUCER_EPOCH"]);
const decoder = new TextDecoder();

export class SchemaStore {
  readonly #env: Env;
  readonly #client: KafkaClient;
  readonly #topic: string;
  #state = new RegistryState();
  #fetcher: PartitionFetcher | undefined;
  #cursor: PartitionCursor | undefined;
  #producer: Producer | undefined;
  #fenced = false;
  #closed = false;
  #waiting: WaitingChange[] = [];
  #writing: Promise<void> | undefined;
  readonly #positionWaiters = new Set<{
    readonly offset: number;
    readonly resolve: () => void;
    readonly reject: (error: unknown) => void;
  }>();
  #reading: Promise<void> = Promise.resolve();

  constructor(env: Env, options: StoreOptions) {
    this.#env = env;
    this.#client = new KafkaClient(env, { brokers: options.bootstrapServers, clientId: "millrace-registry" });
    this.#topic = options.topic ?? SCHEMAS_TOPIC;
  }

  /** Creates the topic if need be, takes over as its writer and reads all of it. Rejects with the client's errors. */
  async open(): Promise<void> {
    try {
      await prepareTopic(this.#client.admin(), this.#topic);
      await this.#load();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  clusterId(): Promise<string | null> {
    return this.#client
      .admin()
      .describeCluster()
      .then(({ clusterId }) => clusterId);
  }

  /** Asks the state, when nothing undecided is in it. `query` must not keep the state. */
  async read<T>(query: (state: RegistryState) => T): Promise<T> {
    while (this.#writing !== undefined) await this.#writing;
    return query(this.#state);
  }

  /**
   * Decides on the state (with all earlier changes in it) and resolves when the records are in the topic. `decide` may throw: nothing
   * happens then. Rejects with RegistryError 50001 (unwritten, or unknown whether) and 50004 (another registry writes now).
   */
  change<T>(decide: (state: RegistryState) => Change<T>): Promise<T> {
    if (this.#closed) return Promise.reject(refuse.store("the registry was closed"));
    if (this.#waiting.length >= MAX_WAITING_CHANGES)
      return Promise.reject(refuse.store("too many changes wait to be written; try again later"));
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ decide, resolve: resolve as (result: unknown) => void, reject });
      if (this.#waiting.length === 1 && this.#writing === undefined) this.#env.timers.soon(() => this.#startWriting());
    });
  }

  /** Waits for the write on its way. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const { reject } of this.#waiting.splice(0)) reject(refuse.store("the registry was closed"));
    await this.#writing;
    this.#fetcher?.close();
    await this.#reading;
    await this.#client.close().catch(() => {}); // all that was answered is written
  }

  // ---------- writing ----------

  #startWriting(): void {
    if (this.#writing !== undefined || this.#waiting.length === 0) return;
    this.#writing = this.#writeNext().finally(() => {
      this.#writing = undefined;
      // Those who wait to read go first: their continuations run before this timer.
      if (this.#waiting.length > 0) this.#env.timers.soon(() => this.#startWriting());
    });
  }

  async #writeNext(): Promise<void> {
    const changes = this.#waiting.splice(0, MAX_CHANGES_PER_WRITE);
    const records: TopicRecord[] = [];
    const settle: (() => void)[] = [];
    for (const { decide, resolve, reject } of changes) {
      try {
        if (this.#fenced) throw refuse.notTheWriter();
        const change = decide(this.#state);
        for (const record of change.records) this.#state.apply(record);
        records.push(...change.records);
        settle.push(() => resolve(change.result));
      } catch (error) {
        settle.push(() => reject(error));
      }
    }
    try {
      if (records.length > 0) await this.#write(records);
      for (const each of settle) each();
    } catch (error) {
      const failure = this.#fenced ? refuse.notTheWriter() : refuse.store(messageOf(error), error);
      for (const { reject } of changes) reject(failure);
      this.#env.logger.log("error", "registry-write-failed", { topic: this.#topic, error: messageOf(error) });
      await this.#recover();
    }
  }

  async #write(records: readonly TopicRecord[]): Promise<void> {
    const producer = this.#producer!;
    try {
      await producer.beginTransaction();
      const sent = records.map((record) => producer.send({ topic: this.#topic, partition: 0, ...encodeRecord(record) }));
      const positions = await Promise.all(sent);
      await producer.commitTransaction();
      await this.#readPast(Math.max(...positions.map(({ offset }) => offset)));
    } catch (error) {
      if (FENCED.has(codeOf(error))) this.#fenced = true;
      throw error;
    }
  }

  /** What is in the state may not be in the topic: begin anew from what is there. */
  async #recover(): Promise<void> {
    while (!this.#closed) {
      try {
        await this.#producer?.close().catch(() => {});
        this.#fetcher?.close();
        await this.#reading;
        this.#state = new RegistryState();
        await this.#load();
        return;
      } catch (error) {
        this.#env.logger.log("warn", "registry-reload-failed", { topic: this.#topic, error: messageOf(error) });
        for (const { reject } of this.#waiting.splice(0)) reject(refuse.store(messageOf(error), error));
        await this.#env.timers.sleep(REOPEN_PAUSE_MS);
      }
    }
  }

  // ---------- reading ----------

  async #load(): Promise<void> {
    if (!this.#fenced) {
      this.#producer = this.#client.producer({ transactionalId: `millrace-registry-${this.#topic}`, lingerMs: 0 });
      await this.#producer.initTransactions();
    }
    const [end] = await this.#client.admin().listOffsets([{ topic: this.#topic, partition: 0, at: "latest" }]);
    const [start] = await this.#client.admin().listOffsets([{ topic: this.#topic, partition: 0, at: "earliest" }]);
    this.#fetcher = new PartitionFetcher(this.#client.cluster, { maxPartitionBytes: 8 << 20, maxBytes: 16 << 20 });
    const cursor = this.#fetcher.add(this.#topic, 0, start!.offset);
    this.#cursor = cursor;
    this.#reading = this.#follow(cursor, this.#state);
    if (end!.offset > start!.offset) await this.#readPast(end!.offset - 1);
  }

  async #follow(cursor: PartitionCursor, state: RegistryState): Promise<void> {
    try {
      for (;;) {
        const batch = cursor.poll();
        if (batch === undefined) {
          this.#wakeWaiters(cursor.position);
          await cursor.available();
        } else applyBatch(batch, state, (offset, error) => this.#undecodable(offset, error));
      }
    } catch (error) {
      for (const waiter of this.#positionWaiters) waiter.reject(error);
      this.#positionWaiters.clear();
      if (this.#closed || this.#writing !== undefined || this.#cursor !== cursor) return;
      this.#env.logger.log("warn", "registry-read-failed", { topic: this.#topic, error: messageOf(error) });
      this.#writing = this.#recover().finally(() => {
        this.#writing = undefined;
        this.#startWriting();
      });
    }
  }

  #readPast(offset: number): Promise<void> {
    if (this.#cursor !== undefined && this.#cursor.position > offset && !this.#cursor.hasBatch) return Promise.resolve();
    return new Promise((resolve, reject) => this.#positionWaiters.add({ offset, resolve, reject }));
  }

  #wakeWaiters(position: number): void {
    for (const waiter of this.#positionWaiters) {
      if (position <= waiter.offset) continue;
      this.#positionWaiters.delete(waiter);
      waiter.resolve();
    }
  }

  #undecodable(offset: number, error: unknown): void {
    this.#env.logger.log("warn", "registry-record-skipped", { topic: this.#topic, offset, error: messageOf(error) });
  }
}

function applyBatch(
  batch: { readonly bytes: Uint8Array; readonly at: number; readonly fromOffset: number },
  state: RegistryState,
  skipped: (offset: number, error: unknown) => void,
): void {
  const reader = new BatchReader();
  reader.reset(batch.bytes, batch.at);
  while (reader.next()) {
    if (reader.offset < batch.fromOffset || reader.keyStart < 0) continue;
    try {
      const key = decoder.decode(batch.bytes.subarray(reader.keyStart, reader.keyEnd));
      const value = reader.valueStart < 0 ? null : decoder.decode(batch.bytes.subarray(reader.valueStart, reader.valueEnd));
      const record = decodeRecord(key, value, reader.timestamp);
      if (record !== undefined) state.apply(record);
    } catch (error) {
      skipped(reader.offset, error);
    }
  }
}
