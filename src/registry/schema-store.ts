// The topic behind the registry, with one writer. Changes are decided one after the other on the state in memory, written together, and
// answered when the broker has them on disk; reads wait while a write is on its way, so nobody sees what a crash could take back. The state
// holds the topic up to #appliedEnd: own writes get there first, what others write is read. Invariant: an own write begins at #appliedEnd, or
// somebody wrote in between and the state is made anew from the topic.
import { KafkaClient } from "../client/client.ts";
import { messageOf } from "../client/errors.ts";
import type { FetchedBatch } from "../client/fetched-batch.ts";
import type { Env } from "../env/env.ts";
import { readBatchHeader } from "../protocol/records/batch-header.ts";
import { BatchReader } from "../protocol/records/batch-reader.ts";
import { refuse } from "./registry-error.ts";
import { RegistryState } from "./registry-state.ts";
import { prepareTopic, SCHEMAS_TOPIC } from "./store-topic.ts";
import { TopicReader } from "./topic-reader.ts";
import { decodeRecord, encodeRecord, type EncodedRecord, type TopicRecord } from "./topic-record.ts";
import { isFenced, TopicWriter } from "./topic-writer.ts";

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
/** A batch is closed when it has this much. */
const BATCH_CHARS = 400_000;
/** Of a key and value: what a topic takes in a batch unless it is configured otherwise (1 MiB), less what surrounds it. */
const MAX_RECORD_BYTES = 1_000_000;
const REOPEN_PAUSE_MS = 500;
/** A broker forgets the epochs of who did not write for a day; after this long the topic is asked first whether somebody took over. */
const TRUSTED_MS = 3_600_000;
const decoder = new TextDecoder();

export class SchemaStore {
  readonly #env: Env;
  readonly #client: KafkaClient;
  readonly #topic: string;
  readonly #writer: TopicWriter;
  #state = new RegistryState();
  #reader: TopicReader | undefined;
  #appliedEnd = 0;
  /** Of the wall clock: when the topic last said that no other registry writes. */
  #provenAt = 0;
  #fenced = false;
  #closed = false;
  #loading = false;
  #readFailed = false;
  #waiting: WaitingChange[] = [];
  #writing: Promise<void> | undefined;
  /** A batch is on its way to the broker. */
  #inFlight: Promise<void> | undefined;

  constructor(env: Env, options: StoreOptions) {
    this.#env = env;
    this.#client = new KafkaClient(env, { brokers: options.bootstrapServers, clientId: "millrace-registry" });
    this.#topic = options.topic ?? SCHEMAS_TOPIC;
    this.#writer = new TopicWriter(this.#client.cluster, this.#topic);
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
    await this.#reader?.close();
    await this.#client.close().catch(() => {}); // all that was answered is written
  }

  // ---------- writing ----------

  #startWriting(): void {
    if (this.#writing !== undefined || this.#closed || !this.#hasWork()) return;
    this.#writing = this.#writeNext().finally(() => {
      this.#writing = undefined;
      // Those who wait to read go first: their continuations run before this timer.
      if (this.#hasWork()) this.#env.timers.soon(() => this.#startWriting());
    });
  }

  #hasWork(): boolean {
    return this.#waiting.length > 0 || this.#readFailed;
  }

  async #writeNext(): Promise<void> {
    if (this.#readFailed) await this.#recover();
    await this.#proveWriter();
    const changes: WaitingChange[] = [];
    const batches: EncodedRecord[][] = [[]];
    const settle: (() => void)[] = [];
    while (this.#waiting.length > 0 && changes.length < MAX_CHANGES_PER_WRITE && batches.length === 1) {
      const waiting = this.#waiting.shift()!;
      changes.push(waiting);
      try {
        if (this.#fenced) throw refuse.notTheWriter();
        const change = waiting.decide(this.#state);
        const encoded = change.records.map(encodeRecord);
        encoded.forEach(checkSize);
        for (const record of change.records) this.#state.apply(record);
        fillBatches(batches, encoded);
        settle.push(() => waiting.resolve(change.result));
      } catch (error) {
        settle.push(() => waiting.reject(error));
      }
    }
    try {
      for (const batch of batches) if (batch.length > 0) await this.#write(batch);
      for (const each of settle) each();
    } catch (error) {
      const failure = this.#fenced ? refuse.notTheWriter() : refuse.store(messageOf(error), error);
      for (const { reject } of changes) reject(failure);
      this.#log("error", "registry-write-failed", error);
      this.#readFailed = true;
    }
    if (this.#readFailed) await this.#recover();
  }

  async #write(batch: readonly EncodedRecord[]): Promise<void> {
    const expected = this.#appliedEnd;
    const offset = await this.#send(batch);
    this.#provenAt = this.#env.clock.now();
    if (offset === expected) this.#appliedEnd = offset + batch.length;
    else {
      // What was decided is in the topic, behind something this registry did not know of.
      this.#log("warn", "registry-foreign-record", `Somebody else wrote between ${expected} and ${offset}.`);
      this.#readFailed = true;
    }
  }

  async #send(batch: readonly EncodedRecord[]): Promise<number> {
    const sent = this.#writer.write(batch, this.#env.clock.now());
    const done = sent.then(
      () => {},
      () => {},
    );
    this.#inFlight = done;
    try {
      return await sent;
    } catch (error) {
      if (isFenced(error)) this.#fenced = true;
      throw error;
    } finally {
      this.#inFlight = undefined;
    }
  }

  /** Finds out whether another registry took over while this one had nothing to write, or did not run at all. */
  async #proveWriter(): Promise<void> {
    if (this.#fenced || Math.abs(this.#env.clock.now() - this.#provenAt) < TRUSTED_MS) return;
    try {
      await this.#reader!.catchUp();
      this.#provenAt = this.#env.clock.now();
    } catch (error) {
      this.#log("warn", "registry-read-failed", error);
      await this.#recover();
    }
  }

  // ---------- reading ----------

  /** What is in the state may not be in the topic, or the topic is not read any more: begins anew from what is there. */
  async #recover(): Promise<void> {
    while (!this.#closed) {
      try {
        await this.#reader?.close();
        await this.#load();
        return;
      } catch (error) {
        this.#log("warn", "registry-reload-failed", error);
        for (const { reject } of this.#waiting.splice(0)) reject(refuse.store(messageOf(error), error));
        await this.#env.timers.sleep(REOPEN_PAUSE_MS);
      }
    }
  }

  async #load(): Promise<void> {
    this.#loading = true;
    this.#readFailed = false;
    try {
      const state = new RegistryState();
      this.#state = state;
      this.#appliedEnd = 0;
      const reader = new TopicReader(this.#client.cluster, this.#topic, {
        hold: () => this.#inFlight,
        apply: (batch) => this.#apply(batch, state),
        reached: (position) => {
          this.#appliedEnd = Math.max(this.#appliedEnd, position);
        },
        failed: (error) => this.#failed(error),
      });
      this.#reader = reader;
      if (!this.#fenced) await this.#writer.takeOver();
      await reader.open();
      if (!this.#fenced) await this.#shutOthersOut(reader);
    } finally {
      this.#loading = false;
    }
  }

  /**
   * The first batch of this writer's epoch. Whatever was written in front of it since the topic was read, is read now; then the record is
   * written once more, for it must keep the highest ids of all that is in front of it.
   */
  async #shutOthersOut(reader: TopicReader): Promise<void> {
    let expected: number;
    let offset: number;
    do {
      expected = this.#appliedEnd;
      try {
        offset = await this.#send([encodeRecord({ kind: "noop", maxIds: this.#state.maxIds() })]);
      } catch (error) {
        if (isFenced(error)) return this.#log("warn", "registry-not-the-writer", error);
        throw error;
      }
      await reader.readPast(offset);
    } while (offset !== expected);
    this.#provenAt = this.#env.clock.now();
  }

  #failed(error: unknown): void {
    this.#readFailed = true;
    if (this.#closed || this.#loading) return;
    this.#log("warn", "registry-read-failed", error);
    this.#startWriting();
  }

  #apply(batch: FetchedBatch, state: RegistryState): void {
    const { producerId, producerEpoch } = readBatchHeader(batch.bytes, batch.at);
    const own = this.#writer.identity;
    if (own?.producerId === producerId && producerEpoch > own.producerEpoch) this.#fenced = true;
    const reader = new BatchReader();
    reader.reset(batch.bytes, batch.at);
    const from = Math.max(batch.fromOffset, this.#appliedEnd);
    while (reader.next()) {
      if (reader.offset < from || reader.keyStart < 0) continue;
      try {
        const key = decoder.decode(batch.bytes.subarray(reader.keyStart, reader.keyEnd));
        const value = reader.valueStart < 0 ? null : decoder.decode(batch.bytes.subarray(reader.valueStart, reader.valueEnd));
        const record = decodeRecord(key, value, reader.timestamp);
        if (record !== undefined) state.apply(record);
      } catch (error) {
        this.#log("warn", "registry-record-skipped", error, { offset: reader.offset });
      }
    }
  }

  #log(level: "warn" | "error", event: string, error: unknown, more: { readonly offset?: number } = {}): void {
    this.#env.logger.log(level, event, { topic: this.#topic, ...more, error: typeof error === "string" ? error : messageOf(error) });
  }
}

/** Throws 42209. */
function checkSize({ key, value }: EncodedRecord): void {
  if (value === null || value.length < MAX_RECORD_BYTES / 3) return;
  const bytes = Buffer.byteLength(key) + Buffer.byteLength(value);
  if (bytes > MAX_RECORD_BYTES) throw refuse.schemaTooLarge(bytes, MAX_RECORD_BYTES, "bytes with all that belongs to it");
}

/** Adds to the last batch, and begins another when it is full. */
function fillBatches(batches: EncodedRecord[][], records: readonly EncodedRecord[]): void {
  let chars = batches.at(-1)!.reduce((sum, each) => sum + charsOf(each), 0);
  for (const record of records) {
    const more = charsOf(record);
    if (chars > 0 && chars + more > BATCH_CHARS) {
      batches.push([]);
      chars = 0;
    }
    batches.at(-1)!.push(record);
    chars += more;
  }
}

function charsOf({ key, value }: EncodedRecord): number {
  return key.length + (value?.length ?? 0) + 16;
}
