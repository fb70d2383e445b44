// The writing side of one partition: queued appends go to the active segment in gathered writes, one at a time; the flush group brings
// them to disk; acknowledgements follow in offset order.
// Invariants: writtenOffset ≥ flushedOffset; everything below flushedOffset is on disk; only the active segment has unflushed bytes.
// A full disk rejects what is queued and truncates the file back (reads go on, the next append tries again); any other failed write and
// every failed flush is fail-stop.
import { buggify } from "../env/fault-points.ts";
import { isPlanted } from "../env/planted-faults.ts";
import { readBatchHeader, wholeBatchSizeAt } from "../protocol/records/batch-header.ts";
import type { KafkaError } from "../protocol/errors.ts";
import type { AbortedTransaction } from "./aborted-index.ts";
import { Fifo } from "./fifo.ts";
import type { CachedFile } from "./file-cache.ts";
import type { FlushTarget } from "./flush-group.ts";
import type { FileHandle } from "../env/files.ts";
import type { HotChunks } from "./hot-tail.ts";
import { MAX_WRITE_BYTES, MAX_WRITE_CHUNKS } from "./limits.ts";
import type { LogContext } from "./log-context.ts";
import { codeOf, isOutOfSpace, logError, messageOf } from "./log-error.ts";
import type { SegmentList } from "./segment-list.ts";
import type { TopicSettings } from "./topic-config.ts";

const MAX_RELATIVE_OFFSET = 0x7fffffff;
const NEXT_TURN = Promise.resolve();

/** Waits for its acknowledgement. A repeated batch (a duplicate) has no bytes: it waits for the original. */
export interface PendingAck {
  readonly nextOffset: number;
  acknowledge(): void;
  reject(error: KafkaError): void;
}

export interface PendingAppend extends PendingAck {
  readonly kind: "append";
  /** Whole batches with their final offsets. */
  readonly bytes: Uint8Array;
  readonly baseOffset: number;
  /** Of all batches. */
  readonly maxTimestamp: number;
  readonly batches: number;
  /** The transaction that an abort marker in `bytes` ends. */
  readonly aborted: AbortedTransaction | undefined;
}

/** Runs between two writes, when everything queued before it is written. */
interface Exclusive {
  readonly kind: "exclusive";
  run(): Promise<void>;
}

export interface AppendQueueOwner {
  readonly name: string;
  readonly settings: TopicSettings;
  readonly hotChunks: HotChunks;
  /** More bytes are readable, or on disk. */
  advanced(): void;
  /** Everything queued at or behind this offset was rejected and is not in the log: take back what was assumed. */
  rolledBack(writtenOffset: number): void;
}

export class AppendQueue implements FlushTarget {
  readonly #context: LogContext;
  readonly #owner: AppendQueueOwner;
  readonly #segments: SegmentList;
  readonly #items = new Fifo<PendingAppend | Exclusive>();
  readonly #acks = new Fifo<PendingAck>();
  #flushWaiters: { resolve(): void; reject(error: Error): void }[] = [];
  #running = false;
  /** Held from the first unflushed write until the flush that covers the last one. */
  #dirty: CachedFile | undefined;
  #flushing = 0;
  /** The active segment was cut back to its last whole batch: its length may not be on disk. */
  #cutBack = false;
  queuedBytes = 0;
  writtenOffset: number;
  flushedOffset: number;
  /** With durability "page-cache": appends below it were written while fewer than flush.messages records were unflushed. */
  #looseOffset: number;

  constructor(context: LogContext, owner: AppendQueueOwner, segments: SegmentList, endOffset: number) {
    this.#context = context;
    this.#owner = owner;
    this.#segments = segments;
    this.writtenOffset = endOffset;
    this.flushedOffset = endOffset;
    this.#looseOffset = endOffset;
  }

  /** Offset below which appends are acknowledged and readable. */
  get stableOffset(): number {
    const isDurable = this.#context.options.durability === "disk" && !isPlanted("acknowledged-before-sync");
    return isDurable ? this.flushedOffset : Math.max(this.flushedOffset, this.#looseOffset);
  }

  push(append: PendingAppend): void {
    this.#items.push(append);
    this.#acks.push(append);
    this.queuedBytes += append.bytes.length;
    this.#start();
  }

  /** Acknowledged when everything below its offset is. */
  pushAck(ack: PendingAck): void {
    if (ack.nextOffset <= this.stableOffset) ack.acknowledge();
    else this.#acks.push({ nextOffset: this.#acks.last()?.nextOffset ?? ack.nextOffset, acknowledge: ack.acknowledge, reject: ack.reject });
  }

  /** Runs `work` when all that is queued now is written, before anything queued later is. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#items.push({ kind: "exclusive", run: () => work().then(resolve, reject) });
      this.#start();
    });
  }

  /** Resolves when all that is written now is on disk. */
  async flush(): Promise<void> {
    const until = this.writtenOffset;
    while (this.flushedOffset < until) {
      if (this.#context.failure !== undefined) throw this.#context.failure;
      await new Promise<void>((resolve, reject) => {
        this.#flushWaiters.push({ resolve, reject });
        this.#context.flush.request(this);
      });
    }
  }

  /** The log directory has failed: nobody is acknowledged any more. */
  fail(failure: Error): void {
    this.#rejectUnwritten(storageError(this.#owner.name, failure), this.stableOffset);
    const waiters = this.#flushWaiters;
    this.#flushWaiters = [];
    for (const waiter of waiters) waiter.reject(failure);
  }

  // Writing ------------------------------------------------------------------------------------------------------------------------------

  #start(): void {
    if (this.#running) return;
    this.#running = true;
    // Appends of the same turn of the event loop become one write.
    void NEXT_TURN.then(() => this.#run());
  }

  /** Works until the queue is empty; goes on later where something has to be waited for. */
  #run(): void {
    for (let item = this.#items.first(); item !== undefined; item = this.#items.first()) {
      const done = this.#work(item);
      if (done !== undefined) return void done.then(() => this.#run());
    }
    this.#running = false;
  }

  /** One piece of work. A promise if it takes longer than this turn; it never rejects. */
  #work(item: PendingAppend | Exclusive): Promise<void> | undefined {
    if (item.kind === "exclusive") {
      this.#items.shift();
      return item.run();
    }
    if (this.#context.failure !== undefined) return void this.fail(this.#context.failure);
    if (this.#mustRoll(item)) return this.#rollNow();
    const { path } = this.#segments.active;
    const file = this.#context.files.tryAcquire(path);
    return file === undefined ? this.#openAndWrite(path) : this.#writeSome(file);
  }

  async #rollNow(): Promise<void> {
    try {
      await this.roll();
    } catch (error) {
      this.#writeFailed("beginning a new segment", error);
    }
  }

  async #openAndWrite(path: string): Promise<void> {
    let file: CachedFile;
    try {
      file = await this.#context.files.acquire(path);
    } catch (error) {
      this.#writeFailed("writing", error);
      return;
    }
    await this.#writeSome(file);
  }

  #writeSome(file: CachedFile): Promise<void> | undefined {
    const taken = this.#take();
    try {
      if (file.handle.writeNow?.(taken, this.#segments.active.sizeBytes) !== true) return this.#writeLater(file, taken);
    } catch (error) {
      return this.#notWritten(file, error);
    }
    this.#allWritten(file, taken.length);
    return undefined;
  }

  async #writeLater(file: CachedFile, taken: readonly Uint8Array[]): Promise<void> {
    try {
      await file.handle.write(taken, this.#segments.active.sizeBytes);
    } catch (error) {
      return this.#notWritten(file, error);
    }
    this.#allWritten(file, taken.length);
  }

  async #notWritten(file: CachedFile, error: unknown): Promise<void> {
    await this.#truncateBack(file, error);
    this.#writeFailed("writing", error);
    file.release();
  }

  /** The first `count` appends of the queue are in the file. */
  #allWritten(file: CachedFile, count: number): void {
    if (this.#dirty === undefined) this.#dirty = file;
    else file.release();
    // Failed meanwhile: what was queued is rejected already.
    if (this.#context.failure !== undefined) return;
    if (this.#context.fullDisk.isFull) this.#context.fullDisk.written();
    for (let i = 0; i < count; i++) this.#written(this.#items.shift() as PendingAppend);
    if (this.#flushesNow()) this.#context.flush.request(this);
    else this.#looseOffset = this.writtenOffset;
    if (this.stableOffset === this.writtenOffset) this.#settle();
  }

  #flushesNow(): boolean {
    if (this.#context.options.durability === "disk") return true;
    return this.writtenOffset - this.flushedOffset >= this.#owner.settings.flushMessages;
  }

  /** The chunks of one gathered write: appends from the head of the queue that fit into the active segment. */
  #take(): Uint8Array[] {
    const room = this.#owner.settings.segmentBytes - this.#segments.active.sizeBytes;
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for (let i = 0; i < MAX_WRITE_CHUNKS; i++) {
      const item = this.#items.at(i);
      if (item === undefined || item.kind === "exclusive") break;
      if (i > 0 && buggify("write-of-one-append")) break;
      if (i > 0 && (bytes + item.bytes.length > Math.min(room, MAX_WRITE_BYTES) || this.#mustRoll(item))) break;
      chunks.push(item.bytes);
      bytes += item.bytes.length;
    }
    return chunks;
  }

  #written(append: PendingAppend): void {
    const segment = this.#segments.active;
    const bytes = append.bytes;
    const { indexIntervalBytes } = this.#owner.settings;
    if (append.batches === 1) segment.noteWritten(append.nextOffset - 1, append.maxTimestamp, bytes.length, indexIntervalBytes);
    else
      for (let at = 0; at < bytes.length; at += wholeBatchSizeAt(bytes, at))
        segment.noteBatch(readBatchHeader(bytes, at), indexIntervalBytes);
    if (append.aborted !== undefined) segment.indexes!.noteAborted(append.aborted);
    this.queuedBytes -= bytes.length;
    this.writtenOffset = append.nextOffset;
    const { hotChunks } = this.#owner;
    if (hotChunks.isFollowed(bytes.length)) this.#context.hotTail.push(hotChunks, append.baseOffset, append.nextOffset, bytes);
    else this.#context.hotTail.clear(hotChunks);
  }

  #mustRoll(append: PendingAppend): boolean {
    const { active } = this.#segments;
    if (active.sizeBytes === 0) return false;
    const { segmentBytes, segmentMs, segmentJitterMs, segmentIndexBytes } = this.#owner.settings;
    if (active.sizeBytes + append.bytes.length > segmentBytes) return true;
    if (append.nextOffset - active.baseOffset > MAX_RELATIVE_OFFSET) return true;
    if (buggify("segment-ends-early")) return true;
    if (active.indexes!.isFull(segmentIndexBytes)) return true;
    if (active.firstTimestamp === undefined) return false;
    return append.maxTimestamp - active.firstTimestamp > segmentMs - active.jitter(Math.min(segmentJitterMs, segmentMs));
  }

  /** Begins a new segment. Inside the queue's own turn or an exclusive one only. */
  async roll(): Promise<void> {
    await this.flush();
    if (this.#cutBack) await this.#flushLength();
    await this.#segments.roll();
  }

  /** A power cut could bring back what was cut off: a damaged tail in front of a segment that is sound. */
  async #flushLength(): Promise<void> {
    const file = await this.#context.files.acquire(this.#segments.active.path);
    try {
      await file.handle.datasync();
      this.#cutBack = false;
    } finally {
      file.release();
    }
  }

  async #truncateBack(file: CachedFile, cause: unknown): Promise<void> {
    if (!isOutOfSpace(cause)) return;
    try {
      await file.handle.truncate(this.#segments.active.sizeBytes);
      this.#cutBack = true;
    } catch (error) {
      this.#context.fail(`truncating ${this.#segments.active.path} after a full disk`, error);
    }
  }

  #writeFailed(what: string, error: unknown): void {
    const failure =
      this.#context.failure ?? (isOutOfSpace(error) ? undefined : this.#context.fail(`${what} in ${this.#segments.directory}`, error));
    this.#rejectUnwritten(storageError(this.#owner.name, failure ?? error), this.writtenOffset);
    if (failure === undefined) this.#context.fullDisk.refused(this.#owner.name, messageOf(error));
  }

  /** Rejects all that waits for an offset above `keptOffset`. */
  #rejectUnwritten(error: KafkaError, keptOffset: number): void {
    const kept: Exclusive[] = [];
    for (let item = this.#items.shift(); item !== undefined; item = this.#items.shift()) {
      if (item.kind === "exclusive") kept.push(item);
    }
    for (const item of kept) this.#items.push(item);
    this.queuedBytes = 0;
    const rejected: PendingAck[] = [];
    while (this.#acks.length > 0 && this.#acks.last()!.nextOffset > keptOffset) rejected.push(this.#acks.pop()!);
    this.#owner.rolledBack(this.writtenOffset);
    for (const ack of rejected.toReversed()) ack.reject(error);
  }

  // Flushing -----------------------------------------------------------------------------------------------------------------------------

  beginFlush(): FileHandle | undefined {
    if (this.#dirty === undefined) return undefined;
    this.#flushing = this.writtenOffset;
    return this.#dirty.handle;
  }

  endFlush(): void {
    this.flushedOffset = this.#flushing;
    if (this.flushedOffset === this.writtenOffset) {
      this.#dirty?.release();
      this.#dirty = undefined;
    }
    this.#settle();
    const waiters = this.#flushWaiters;
    if (waiters.length === 0) return;
    this.#flushWaiters = [];
    for (const waiter of waiters) waiter.resolve();
  }

  #settle(): void {
    const stable = this.stableOffset;
    this.#owner.advanced();
    for (let ack = this.#acks.first(); ack !== undefined && ack.nextOffset <= stable; ack = this.#acks.first()) {
      this.#acks.shift();
      ack.acknowledge();
    }
  }
}

function storageError(name: string, cause: unknown): KafkaError {
  const reason = isOutOfSpace(cause) ? noRoom(cause) : messageOf(cause);
  return logError("KAFKA_STORAGE_ERROR", `The append to ${name} was not written: ${reason}.`, cause);
}

function noRoom(cause: unknown): string {
  return codeOf(cause) === "EFBIG"
    ? `the file may not grow (${messageOf(cause)}): lower segment.bytes below the limit (ulimit -f), or raise that and start again`
    : `the disk is full (${messageOf(cause)}): free some space, then the log goes on by itself`;
}
