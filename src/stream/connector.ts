// The contract between the engine and what brings records in and out. The engine pulls (pull is backpressure), owns the checkpoint,
// and never knows which system is behind a connector. FLIP-27 (sources) and FLIP-143 (sinks) are the models.
import type { Env } from "../env/env.ts";
import type { Batch } from "../schema/batch.ts";
import type { TypeInfo } from "../schema/type-info.ts";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

export interface ConnectorContext {
  readonly env: Env;
  readonly job: string;
  /** The operator's name: the address of its state. */
  readonly operator: string;
  /** Process-wide settings that a connector may need: "kafka.brokers", "checkpoint.interval.ms", … */
  readonly settings: Readonly<Record<string, string>>;
  /** The job goes on from a checkpoint that has positions of this source: splits without one appeared since. */
  readonly restored?: boolean;
}

// ---------- sources ----------

/** What user code holds; frozen data plus the way to bring it to life. */
export interface Source<out T> {
  readonly "~out"?: { readonly of: T } | undefined;
  readonly connector: string;
  readonly type: TypeInfo | undefined;
  /** Goes into the plan and the graph hash: topic names, start position; no secrets, no addresses. */
  describe(): Json;
  create(context: ConnectorContext): SourceConnector;
}

export interface Split {
  /** Unique and stable within the source, such as "transactions-3". */
  readonly id: string;
  readonly data: Json;
}

export interface SourceConnector {
  /** More splits may come: the source does not end when all that it has are finished, but only when the job drains. Default false. */
  readonly continuous?: boolean;
  /** How often discover() is asked, in ms. Default: the job's setting (30 s). */
  readonly discoverEveryMs?: number | undefined;
  /** Refuses what can never be read (e.g. a registered schema that is not the declared type), before the job starts. */
  check?(): Promise<void>;
  /** Called at the start and now and then: all splits known now. */
  discover(): Promise<readonly Split[]>;
  /** `position` from a checkpoint, or undefined for the configured start. */
  open(split: Split, position: Json | undefined): Promise<SplitReader>;
  /** Checkpoint `id` with these positions is durable (e.g. commit offsets for monitoring). Failure is only logged. */
  checkpointed?(id: number, positions: ReadonlyMap<string, Json>): Promise<void>;
  close(): Promise<void>;
}

export interface SplitReader {
  /** Never waits. undefined: nothing now. A batch may hold poison rows only. At most `maxRows` rows. The batch is the caller's until the next poll(). */
  poll(maxRows: number): SourceBatch | undefined;
  /** Resolves when poll() is worth another call, or when atEnd/finished changed. One pending call at a time. Rejects: the job fails with this cause. */
  available(): Promise<void>;
  /** Where to resume so that nothing polled is read again and nothing is skipped. */
  position(): Json;
  /** The reader has delivered all that its log holds now (by position, not by silence). */
  readonly atEnd: boolean;
  /** Bounded and done: poll() returns undefined for ever. */
  readonly finished: boolean;
  /** Makes the split bounded: it finishes at the end that its log has now. */
  stopAtEnd(): Promise<void>;
  /** Records behind the log's end, for lag; NaN if unknown. */
  readonly pending: number;
  /** Records read since open() that only say that a key is gone: passed over, or made into rows. Undefined: the log has no such records. */
  readonly tombstones?: number;
  close(): Promise<void>;
}

export interface SourceBatch {
  readonly batch: Batch;
  /** Offset of each row in its split, for error reports. Undefined if there is none. */
  readonly offsets: Float64Array | undefined;
  /** What could not be decoded; goes where the source's error policy says. In order; `row` = the index of the row before which it stood. */
  readonly poison: readonly PoisonRecord[] | undefined;
  /** The source knows that no row before this time (epoch ms) comes any more in this split. Raises what the strategy makes of the rows. */
  readonly watermark?: number;
}

export interface PoisonRecord {
  readonly row: number;
  readonly error: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
}

// ---------- sinks ----------

export interface Sink<in T> {
  readonly "~in"?: ((event: T) => void) | undefined;
  readonly connector: string;
  readonly type: TypeInfo | undefined;
  describe(): Json;
  create(context: ConnectorContext): SinkConnector;
}

export interface Recovered {
  /** Parts that committables name: committed now, or before. */
  readonly committed: number;
  /** Parts that were left open. */
  readonly aborted: number;
}

export interface SinkConnector {
  /** Refuses a setup that could lose or duplicate (e.g. transaction timeout against checkpoint interval), before the job starts. */
  check?(): Promise<void>;
  /**
   * Resolves what the restored checkpoint had prepared (commits again; already committed is fine), and discards whatever was
   * left open after it. Runs before any writer opens. Rejects when a committable cannot be honoured: the job fails, nothing is skipped.
   * May tell how much it was, for who cancels a job.
   */
  recover(committables: readonly Uint8Array[]): Promise<Recovered | void>;
  writer(subtask: number, parallelism: number): Promise<SinkWriter>;
  close(): Promise<void>;
}

export interface SinkWriter {
  /** Takes all rows of the batch before it returns (copies what it keeps). false: wait for ready() before the next write. Throws SinkRowError at a row that cannot be written, with those before it taken; anything else that it throws fails the job. */
  write(batch: Batch): boolean;
  ready(): Promise<void>;
  /**
   * At barrier `id`. Synchronously, before its first await, everything written so far is sealed: later writes belong to the next
   * checkpoint. Resolves when the sealed part is durable and can be committed by any process that gets the returned committables.
   */
  prepare(id: number): Promise<readonly Uint8Array[]>;
  /** Nothing more will be written; the next prepare() is the last. What a sink holds back until later must be prepared with it. */
  endOfInput?(): void;
  /** Checkpoint `id` is durable: make its part visible. Resolves when it is. Idempotent. */
  commit(id: number): Promise<void>;
  /** Rejects when the writer failed in the background; resolves at close. */
  readonly failed: Promise<never>;
  /** Discards what is not prepared. */
  close(): Promise<void>;
}
