// One partition's log: what the broker appends to and reads from. Decides (offsets, sequences, transactions) in memory at once, in the
// order of calls; writing, flushing, reading and checkpoints are done by its parts.
// Invariant: highWatermark ≤ writtenOffset ≤ logEndOffset, and nothing at or above the high watermark is ever returned by a read.
import { isPlanted } from "../env/planted-faults.ts";
import {
  BATCH_HEADER_BYTES,
  LOG_APPEND_TIME_FLAG,
  type BatchHeader,
  maxTimestampOf,
  patchBaseOffset,
  patchLeaderEpoch,
  readBatchHeader,
  stampCreateTime,
  stampLogAppendTime,
} from "../protocol/records/batch-header.ts";
import type { KafkaError } from "../protocol/errors.ts";
import { encodeTransactionMarker } from "../protocol/records/control-batch.ts";
import type { AbortedTransaction } from "./aborted-index.ts";
import { AppendQueue } from "./append-queue.ts";
import { PartitionCompactor } from "./compaction/partition-compactor.ts";
import { HotChunks } from "./hot-tail.ts";
import { IndexLoader } from "./index-loader.ts";
import { asksForIntake, IntakeQueue } from "./intake.ts";
import { MAX_QUEUED_BYTES } from "./limits.ts";
import type { LogContext } from "./log-context.ts";
import { logError, messageOf } from "./log-error.ts";
import type { PartitionCheckpoint } from "./partition-checkpoint.ts";
import { PartitionKeeper } from "./partition-keeper.ts";
import type { SharedRecoveryPoint } from "./shared-checkpoint.ts";
import { PartitionReader } from "./partition-reader.ts";
import { type RecoveredPartition, recoverPartition } from "./partition-recovery.ts";
import type { AppendedBatch, ProducerEntry } from "./producer-state.ts";
import type { Producers } from "./producers.ts";
import { SegmentList } from "./segment-list.ts";
import { type OffsetAndTimestamp, TimestampSearch } from "./timestamp-search.ts";
import type { TopicSettings } from "./topic-config.ts";

export interface AppendOptions {
  readonly leaderEpoch: number;
  /** "coordinator": the broker's own transactional batches, which carry no sequence. "replay": no producer checks at all. */
  readonly origin: "client" | "coordinator" | "replay";
  /** A producer that the partition does not know must begin with sequence 0: batches in transactions of version 2 (KIP-890). */
  readonly fromZero?: boolean;
  /** Of the one batch, if who appends has read it. */
  readonly header?: BatchHeader;
  /** The broker's clock, epoch milliseconds. */
  readonly now: number;
}

export interface AppendResult {
  readonly baseOffset: number;
  readonly lastOffset: number;
  /** −1 unless the topic stamps records with the time of the append. */
  readonly logAppendTime: number;
  readonly logStartOffset: number;
}

export interface MarkerOptions {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly commit: boolean;
  readonly coordinatorEpoch: number;
  readonly now: number;
}

export interface ReadOptions {
  readonly maxBytes: number;
  readonly minOneBatch: boolean;
  readonly isolation: "read_uncommitted" | "read_committed";
}

export interface ReadResult {
  /** Whole batches; the first may begin below the offset asked for. Not to be modified. */
  readonly bytes: Uint8Array;
  /** At most once, when nobody will look at `bytes` again: their memory is read into again. Not necessary. */
  readonly release: () => void;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  /** For read_committed: transactions with records in `bytes` that were aborted. */
  readonly abortedTransactions: readonly { readonly producerId: number; readonly firstOffset: number }[];
}

export interface PartitionIdentity {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  readonly directory: string;
}

const NO_ABORTED: readonly AbortedTransaction[] = [];

export class PartitionLog {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  /** "topic-partition". */
  readonly name: string;
  readonly directory: string;
  readonly hotChunks = new HotChunks();
  settings: TopicSettings;
  logEndOffset: number;
  highWatermark: number;
  lastStableOffset: number;

  readonly #context: LogContext;
  readonly #producers: Producers;
  readonly #segments: SegmentList;
  readonly #queue: AppendQueue;
  readonly #indexes: IndexLoader;
  readonly #reader: PartitionReader;
  readonly #timestamps: TimestampSearch;
  readonly #keeper: PartitionKeeper;
  /** For the log directory, which says when. */
  readonly compactor: PartitionCompactor;
  readonly #intake: IntakeQueue;
  #listeners: Set<() => void> | undefined;
  #closed: string | undefined;

  /** `shared`: what the shared file of recovery points says of the partition. */
  static async open(
    context: LogContext,
    identity: PartitionIdentity,
    settings: TopicSettings,
    shared?: PartitionCheckpoint,
  ): Promise<PartitionLog> {
    const recovered = await recoverPartition(context, identity.directory, settings.indexIntervalBytes, shared);
    return new PartitionLog(context, identity, settings, recovered);
  }

  private constructor(context: LogContext, identity: PartitionIdentity, settings: TopicSettings, recovered: RecoveredPartition) {
    this.topic = identity.topic;
    this.topicId = identity.topicId;
    this.partition = identity.partition;
    this.name = `${identity.topic}-${identity.partition}`;
    this.directory = identity.directory;
    this.settings = settings;
    this.logEndOffset = recovered.endOffset;
    this.highWatermark = recovered.endOffset;
    this.#context = context;
    this.#producers = recovered.producers;
    const stable = this.#producers.transactions.lastStableOffset(this.highWatermark);
    this.lastStableOffset = Math.max(stable, recovered.logStartOffset);
    this.#intake = new IntakeQueue(this.name, context.env.compression);
    this.#segments = new SegmentList(context, identity.directory, recovered.segments);
    this.#queue = new AppendQueue(context, this, this.#segments, recovered.endOffset);
    this.#indexes = new IndexLoader(context, this.#segments, () => this.settings.indexIntervalBytes);
    this.#reader = new PartitionReader(context, this.#segments, this.hotChunks, this.#indexes);
    this.#timestamps = new TimestampSearch(context, this.#segments, this.#indexes);
    const parts = { segments: this.#segments, queue: this.#queue, producers: this.#producers, indexes: this.#indexes };
    this.#keeper = new PartitionKeeper(context, this, parts, recovered);
    this.compactor = new PartitionCompactor(context, this, { ...parts, keeper: this.#keeper });
  }

  get logStartOffset(): number {
    return this.#keeper.logStartOffset;
  }

  /** Bytes of all log files. */
  get sizeBytes(): number {
    return this.#segments.sizeBytes;
  }

  get segmentCount(): number {
    return this.#segments.all.length;
  }

  // Appending ----------------------------------------------------------------------------------------------------------------------------

  /**
   * `batches`: one or more whole, validated record batches, owned by the log from now on: offsets and leader epoch are patched in place.
   * Resolves when they are on disk ("disk") or written ("page-cache"); a repeated idempotent batch resolves with its first offsets.
   * Rejects with a KafkaError: OUT_OF_ORDER_SEQUENCE_NUMBER, INVALID_PRODUCER_EPOCH, INVALID_TXN_STATE, MESSAGE_TOO_LARGE,
   * RECORD_LIST_TOO_LARGE, INVALID_TIMESTAMP, INVALID_RECORD (no key, on a compacted topic), KAFKA_STORAGE_ERROR (retriable), UNKNOWN_TOPIC_OR_PARTITION (deleted meanwhile).
   */
  append(batches: Uint8Array, options: AppendOptions): Promise<AppendResult> {
    if (options.origin !== "client") return this.#append(batches, options);
    const { settings } = this;
    if (this.#intake.isIdle && !asksForIntake(batches, settings, options.now)) return this.#append(batches, options);
    const { header: _ofOtherBytes, ...others } = options;
    return this.#intake.admit({ batches, settings, now: options.now }, (taken) => this.#append(taken, others));
  }

  /**
   * To be called before the coordinator is asked whether this transactional batch may be appended, in the turn of the append: what comes
   * after a batch that was refused must not overtake it (KIP-890). Throws INVALID_PRODUCER_EPOCH.
   */
  verify(header: BatchHeader, fromZero: boolean, now: number): void {
    this.#producers.verify(header, fromZero, now, this.name);
  }

  #append(batches: Uint8Array, options: AppendOptions): Promise<AppendResult> {
    const begin = this.logEndOffset;
    try {
      this.#checkWritable();
      const headers = this.#checkBatches(batches, options.now, options.header);
      const duplicate = this.#place(headers, batches, options);
      if (duplicate !== undefined) return this.#enqueueDuplicate(duplicate);
      const logAppendTime = this.settings.timestampType === "LogAppendTime" ? options.now : -1;
      return this.#enqueue(batches, headers.length, begin, logAppendTime < 0 ? maxTimestampOf(headers) : logAppendTime, logAppendTime);
    } catch (error) {
      this.logEndOffset = begin;
      this.#producers.rollBack(begin);
      return Promise.reject(error);
    }
  }

  /**
   * Writes a commit or abort marker, which ends the producer's ongoing transaction here.
   * Rejects with a KafkaError: INVALID_PRODUCER_EPOCH, TRANSACTION_COORDINATOR_FENCED, KAFKA_STORAGE_ERROR.
   */
  appendMarker(marker: MarkerOptions): Promise<{ readonly offset: number }> {
    const begin = this.logEndOffset;
    try {
      this.#checkWritable();
      const bytes = encodeTransactionMarker({ ...marker, timestamp: marker.now });
      const aborted = this.#producers.applyMarker({ ...marker, appendMs: marker.now }, begin, true, this.name);
      patchBaseOffset(bytes, 0, begin);
      patchLeaderEpoch(bytes, 0, 0);
      this.logEndOffset = begin + 1;
      return this.#enqueue(bytes, 1, begin, marker.now, -1, aborted).then((result) => ({ offset: result.baseOffset }));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #checkWritable(): void {
    const { failure } = this.#context;
    if (failure !== undefined)
      throw logError("KAFKA_STORAGE_ERROR", `The append to ${this.name} was refused: ${messageOf(failure)}.`, failure);
    if (this.#closed !== undefined) throw logError("UNKNOWN_TOPIC_OR_PARTITION", `${this.name} ${this.#closed}.`);
    if (this.#queue.queuedBytes > MAX_QUEUED_BYTES) {
      throw logError(
        "KAFKA_STORAGE_ERROR",
        `${this.#queue.queuedBytes} bytes wait to be written to ${this.name}: the disk is slower than the producers.`,
      );
    }
  }

  #checkBatches(batches: Uint8Array, now: number, known: BatchHeader | undefined): BatchHeader[] {
    const { maxMessageBytes, segmentBytes } = this.settings;
    if (batches.length > segmentBytes) {
      throw logError(
        "RECORD_LIST_TOO_LARGE",
        `${batches.length} bytes for ${this.name} are more than a segment holds (segment.bytes=${segmentBytes}).`,
      );
    }
    const headers: BatchHeader[] = [];
    for (let at = 0; at < batches.length;) {
      const header = at === 0 && known !== undefined ? known : readBatchHeader(batches, at);
      if (header.sizeBytes < BATCH_HEADER_BYTES || at + header.sizeBytes > batches.length)
        throw new RangeError("append() takes whole record batches only.");
      if (header.sizeBytes > maxMessageBytes) {
        throw logError(
          "MESSAGE_TOO_LARGE",
          `A batch of ${header.sizeBytes} bytes for ${this.name} is larger than max.message.bytes=${maxMessageBytes}.`,
        );
      }
      this.#checkTimestamps(header, now);
      headers.push(header);
      at += header.sizeBytes;
    }
    if (headers.length === 0) throw new RangeError("append() takes at least one record batch.");
    return headers;
  }

  #checkTimestamps(header: BatchHeader, now: number): void {
    const { timestampType, timestampAfterMaxMs } = this.settings;
    if (timestampType === "LogAppendTime" || header.maxTimestamp < 0) return;
    if (header.maxTimestamp - now > timestampAfterMaxMs) {
      const limit = `message.timestamp.after.max.ms=${timestampAfterMaxMs}`;
      throw logError(
        "INVALID_TIMESTAMP",
        `A record for ${this.name} has timestamp ${header.maxTimestamp}, ${limit} after ${now} is the limit.`,
      );
    }
  }

  /** Gives the batches their offsets and takes note of their producers; the original, if they are a repetition. */
  #place(headers: readonly BatchHeader[], bytes: Uint8Array, options: AppendOptions): AppendedBatch | undefined {
    const asked = options.fromZero === true ? "from-zero" : "all";
    const checks = options.origin === "client" ? asked : options.origin === "coordinator" ? "epoch" : "none";
    let at = 0;
    for (const header of headers) {
      if (header.producerId >= 0) {
        const duplicate = this.#producers.apply(header, this.logEndOffset, checks, options.now, this.name);
        if (duplicate !== undefined) {
          if (at === 0) return duplicate;
          throw logError("DUPLICATE_SEQUENCE_NUMBER", `A batch for ${this.name} repeats one already written, behind a new one.`);
        }
      }
      patchBaseOffset(bytes, at, this.logEndOffset);
      patchLeaderEpoch(bytes, at, options.leaderEpoch);
      if (this.settings.timestampType === "LogAppendTime") stampLogAppendTime(bytes, at, options.now);
      else if (options.origin === "client" && (header.attributes & LOG_APPEND_TIME_FLAG) !== 0) stampCreateTime(bytes, at);
      this.logEndOffset += header.lastOffsetDelta + 1;
      at += header.sizeBytes;
    }
    return undefined;
  }

  #enqueue(
    bytes: Uint8Array,
    batches: number,
    baseOffset: number,
    maxTimestamp: number,
    logAppendTime: number,
    aborted?: AbortedTransaction,
  ): Promise<AppendResult> {
    const nextOffset = this.logEndOffset;
    return new Promise((resolve, reject: (error: KafkaError) => void) => {
      const acknowledge = (): void =>
        resolve({ baseOffset, lastOffset: nextOffset - 1, logAppendTime, logStartOffset: this.logStartOffset });
      this.#queue.push({ kind: "append", bytes, batches, baseOffset, nextOffset, maxTimestamp, aborted, acknowledge, reject });
    });
  }

  #enqueueDuplicate(original: AppendedBatch): Promise<AppendResult> {
    const { firstOffset: baseOffset, lastOffset, timestamp } = original;
    const logAppendTime = this.settings.timestampType === "LogAppendTime" ? timestamp : -1;
    return new Promise((resolve, reject: (error: KafkaError) => void) => {
      const acknowledge = (): void => resolve({ baseOffset, lastOffset, logAppendTime, logStartOffset: this.logStartOffset });
      this.#queue.pushAck({ nextOffset: lastOffset + 1, acknowledge, reject });
    });
  }

  /** For the append queue. */
  advanced(): void {
    this.#producers.written(this.#queue.writtenOffset);
    const { transactions } = this.#producers;
    const highWatermark = isPlanted("high-watermark-before-sync") ? this.#queue.writtenOffset : this.#queue.stableOffset;
    const lastStableOffset = Math.max(this.logStartOffset, transactions.lastStableOffset(highWatermark));
    transactions.durable(highWatermark);
    if (highWatermark === this.highWatermark && lastStableOffset === this.lastStableOffset) return;
    this.highWatermark = highWatermark;
    this.lastStableOffset = lastStableOffset;
    this.#keeper.advanced();
    if (this.#listeners !== undefined) for (const listener of this.#listeners) listener();
  }

  /** For the append queue. */
  rolledBack(writtenOffset: number): void {
    this.#producers.written(writtenOffset);
    this.#producers.rollBack(writtenOffset);
    this.logEndOffset = writtenOffset;
  }

  // Reading ------------------------------------------------------------------------------------------------------------------------------

  /** Rejects with OFFSET_OUT_OF_RANGE, KAFKA_STORAGE_ERROR; empty `bytes` at the end of what may be read. */
  async read(offset: number, options: ReadOptions): Promise<ReadResult> {
    const { highWatermark, lastStableOffset } = this;
    this.#checkRange(offset);
    const committed = options.isolation === "read_committed";
    const limits = {
      untilOffset: committed && !isPlanted("open-transactions-shown") ? lastStableOffset : highWatermark,
      maxBytes: options.maxBytes,
      minOneBatch: options.minOneBatch,
    };
    try {
      return await this.#segments.consistently(async () => {
        const { bytes, release } = await this.#reader.read(offset, limits);
        const abortedTransactions =
          committed && bytes.length > 0 && !isPlanted("aborted-not-told") ? await this.#abortedIn(offset, bytes) : NO_ABORTED;
        return { bytes, release, highWatermark, lastStableOffset, logStartOffset: this.logStartOffset, abortedTransactions };
      });
    } catch (error) {
      // The segment may have been deleted by retention meanwhile.
      this.#checkRange(offset);
      throw error;
    }
  }

  #checkRange(offset: number): void {
    if (this.#closed !== undefined) throw logError("UNKNOWN_TOPIC_OR_PARTITION", `${this.name} ${this.#closed}.`);
    if (offset >= this.logStartOffset && offset <= this.logEndOffset) return;
    throw logError(
      "OFFSET_OUT_OF_RANGE",
      `${this.name} holds offsets ${this.logStartOffset} to ${this.logEndOffset}, asked for was ${offset}.`,
    );
  }

  async #abortedIn(offset: number, bytes: Uint8Array): Promise<readonly AbortedTransaction[]> {
    const until = endOffsetOf(bytes);
    const aborted: AbortedTransaction[] = [];
    const { all } = this.#segments;
    for (const segment of all.slice(this.#segments.indexOf(offset))) {
      const indexes = segment.indexes ?? (await this.#indexes.indexesOf(segment));
      if (indexes.aborted.collect(offset, until, aborted)) break;
    }
    return aborted;
  }

  /** The first readable record at or after a time, epoch milliseconds. */
  offsetForTimestamp(timestamp: number): Promise<OffsetAndTimestamp | undefined> {
    return this.#segments.consistently(() => this.#timestamps.firstAtOrAfter(timestamp, this.logStartOffset, this.highWatermark));
  }

  /** The first record with the largest timestamp (ListOffsets −3, KIP-734). */
  offsetOfMaxTimestamp(): Promise<OffsetAndTimestamp | undefined> {
    return this.#segments.consistently(() => this.#timestamps.firstOfLargest(this.logStartOffset, this.highWatermark));
  }

  /** Calls back whenever the high watermark or the last stable offset has moved. Returns how to stop it. */
  onAdvance(callback: () => void): () => void {
    this.hotChunks.follow();
    const listeners = (this.#listeners ??= new Set());
    listeners.add(callback);
    return () => listeners.delete(callback);
  }

  activeProducers(): Iterable<ProducerEntry> {
    return this.#producers.entries;
  }

  // Keeping ------------------------------------------------------------------------------------------------------------------------------

  /** Makes `offset` the log's start (−1: the high watermark). Rejects with OFFSET_OUT_OF_RANGE, KAFKA_STORAGE_ERROR. */
  async deleteRecordsBefore(offset: number): Promise<void> {
    const start = offset === -1 ? this.highWatermark : offset;
    if (start < 0 || start > this.highWatermark) {
      throw logError("OFFSET_OUT_OF_RANGE", `Records of ${this.name} can be deleted up to ${this.highWatermark}, asked for was ${offset}.`);
    }
    await this.#keeper.deleteBefore(start);
    this.advanced();
  }

  /** Deletes the segments that the topic's retention does not keep. */
  applyRetention(now: number): Promise<void> {
    return this.#keeper.applyRetention(now);
  }

  /** Forgets producers that were silent for longer than the options say, but for those with an open transaction. */
  expireProducers(now: number): void {
    this.#producers.expire(now - this.#context.options.producerExpirationMs());
  }

  /** Flushes what was written if the last flush by this is flush.ms ago. */
  flushIfOld(now: number): Promise<void> {
    return this.#keeper.flushIfOld(now);
  }

  /** Writes a recovery point at the present end of the log, if there is anything behind the last one. */
  checkpoint(): Promise<void> {
    return this.#keeper.checkpoint();
  }

  /** For the log directory, which writes the recovery points of all partitions into one file. */
  get recoveryPoints(): SharedRecoveryPoint {
    return this.#keeper;
  }

  /** For the log directory: readers may hold places in files that are gone. */
  segmentsRemoved(): void {
    this.#reader.forgetPlaces();
  }

  /** For the keeper: older batches in memory may be of transactions whose end is not in the index any more. */
  segmentsReplaced(): void {
    this.#reader.forgetPlaces();
    this.#context.hotTail.clear(this.hotChunks);
  }

  /** For the log directory: after a fatal error nothing is acknowledged. */
  fail(failure: Error): void {
    this.#queue.fail(failure);
  }

  /** Appends are refused from now on; resolves when no compaction is going on. The log directory then writes the last recovery points. */
  async close(): Promise<void> {
    this.#closed = "is closed";
    await this.compactor.stop();
    this.#context.hotTail.clear(this.hotChunks);
  }

  /** Appends and reads are refused from now on; resolves when no write is going on, so that the files may be deleted. */
  async abandon(): Promise<void> {
    this.#closed = "was deleted";
    await this.compactor.stop();
    await this.#queue.exclusive(() => this.#queue.flush()).catch(() => undefined);
    await this.#keeper.abandon();
    this.#context.hotTail.clear(this.hotChunks);
    for (const segment of this.#segments.all) {
      this.#context.indexCache.remove(segment);
      this.#context.files.forget(segment.path);
    }
  }
}

/** Offset behind the last batch of whole batches. */
function endOffsetOf(bytes: Uint8Array): number {
  let end = 0;
  for (let at = 0; at < bytes.length;) {
    const header = readBatchHeader(bytes, at);
    end = header.baseOffset + header.lastOffsetDelta + 1;
    at += header.sizeBytes;
  }
  return end;
}
