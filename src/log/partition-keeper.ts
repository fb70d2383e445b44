// Housekeeping of one partition: recovery points, retention, deleting records. One piece of work at a time.
// Invariants: a recovery point is written only after the log below it is on disk; segments are deleted only after a log start offset
// at or above their end is on disk, so that a crash in between leaves no hole, and after a recovery point behind them, whose snapshot
// keeps what they say of producers.
import { isPlanted } from "../env/planted-faults.ts";
import type { AppendQueue } from "./append-queue.ts";
import { writeFileAtomically } from "./atomic-file.ts";
import { decideSwap, finishSwap, removeCleaned, renameCleaned } from "./compaction/segment-swap.ts";
import type { IndexLoader } from "./index-loader.ts";
import { toBase64 } from "../bytes/base64.ts";
import { BURST_FACTOR, INLINE_INDEX_BYTES, INLINE_PRODUCER_BYTES, KEPT_SNAPSHOTS } from "./limits.ts";
import type { LogContext } from "./log-context.ts";
import { isOutOfSpace, logError, messageOf } from "./log-error.ts";
import { type PartitionCheckpoint, type RecoveryPoint, writeCheckpoint } from "./partition-checkpoint.ts";
import type { RecoveredPartition } from "./partition-recovery.ts";
import { encodeProducerSnapshot } from "./producer-snapshot.ts";
import type { ProducerEntry } from "./producer-state.ts";
import type { Producers } from "./producers.ts";
import { expiredSegments, type RetentionSegment } from "./retention.ts";
import { offsetFileName, offsetOfFileName, SNAPSHOT_SUFFIX, SWAP_SUFFIX } from "./segment-files.ts";
import type { Segment } from "./segment.ts";
import type { SegmentList } from "./segment-list.ts";
import type { TopicSettings } from "./topic-config.ts";

export interface KeptPartition {
  readonly name: string;
  readonly directory: string;
  readonly settings: TopicSettings;
  readonly highWatermark: number;
  readonly logEndOffset: number;
  segmentsRemoved(): void;
  expireProducers(now: number): void;
  /** Bytes in memory and remembered positions are no longer those of the files. */
  segmentsReplaced(): void;
}

export interface PartitionParts {
  readonly segments: SegmentList;
  readonly queue: AppendQueue;
  readonly producers: Producers;
  readonly indexes: IndexLoader;
}

export class PartitionKeeper {
  logStartOffset: number;
  /** Everything below was compacted. */
  cleanedOffset: number;
  readonly #context: LogContext;
  readonly #partition: KeptPartition;
  readonly #parts: PartitionParts;
  #recoveryPoint: RecoveryPoint | undefined;
  /** Of the newest checkpoint that was begun. */
  #sequence: number;
  /** The newest checkpoint on disk, if there is one. */
  #written: PartitionCheckpoint | undefined;
  /** The newest checkpoint that the shared file holds. */
  #shared: PartitionCheckpoint | undefined;
  /** The chain of work; never rejects. */
  #work: Promise<void> = Promise.resolve();
  #checkpointDue = false;
  /** Epoch milliseconds: flushIfOld() found or left nothing unflushed. */
  #flushedAtMs: number;

  constructor(context: LogContext, partition: KeptPartition, parts: PartitionParts, recovered: RecoveredPartition) {
    this.#flushedAtMs = context.env.clock.now();
    this.#context = context;
    this.#partition = partition;
    this.#parts = parts;
    this.logStartOffset = recovered.logStartOffset;
    this.cleanedOffset = recovered.cleanedOffset ?? 0;
    this.#recoveryPoint = recovered.recoveryPoint;
    this.#sequence = recovered.sequence;
    this.#written = recovered.shared;
    this.#shared = recovered.shared;
  }

  /** The partition was deleted. Resolves when no housekeeping is going on. */
  abandon(): Promise<void> {
    this.#context.bursts.release(this);
    return this.#work;
  }

  #queued<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#work.then(work);
    this.#work = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  }

  async flushIfOld(now: number): Promise<void> {
    const { queue } = this.#parts;
    if (queue.flushedOffset < queue.writtenOffset) {
      if (now - this.#flushedAtMs < this.#partition.settings.flushMs) return;
      await queue.flush();
    }
    this.#flushedAtMs = now;
  }

  // Recovery points ----------------------------------------------------------------------------------------------------------------------

  /** The log has grown: a recovery point is due when a crash would have much to read. */
  advanced(): void {
    if (this.#checkpointDue) return;
    const { checkpointBytes } = this.#context.options;
    const unscanned = this.#unscannedBytes();
    if (unscanned < checkpointBytes) return;
    if (unscanned < BURST_FACTOR * checkpointBytes && this.#context.bursts.take(this)) return;
    this.#checkpointDue = true;
    this.checkpoint()
      .catch((error: unknown) => this.#report("checkpoint", error))
      .finally(() => (this.#checkpointDue = false));
  }

  #unscannedBytes(): number {
    const { all } = this.#parts.segments;
    const point = this.#recoveryPoint;
    let bytes = 0;
    for (let i = all.length - 1; i >= 0; i--) {
      const segment = all[i]!;
      if (point !== undefined && segment.baseOffset < point.segmentBase) break;
      bytes += segment.sizeBytes - (segment.baseOffset === point?.segmentBase ? point.position : 0);
    }
    return bytes;
  }

  checkpoint(): Promise<void> {
    return this.#queued(() => this.#checkpoint());
  }

  async #checkpoint(): Promise<void> {
    try {
      const captured = await this.#captureIfDue(false);
      if (captured === undefined) return;
      await this.#writeCheckpoint(this.logStartOffset, captured);
      this.#recoveryPoint = captured;
      this.#context.bursts.release(this);
      if (captured.noProducers !== true) await this.#removeOldSnapshots();
    } catch (error) {
      this.#report("checkpoint", error);
    }
  }

  /**
   * The first half of a checkpoint in the shared file: what it speaks of is on disk. Ends with sharedWritten(). undefined: the shared file
   * has the newest already, or there is nothing to say.
   */
  prepareShared(): Promise<PartitionCheckpoint | undefined> {
    return this.#queued(async () => {
      try {
        const captured = await this.#captureIfDue(true);
        if (captured !== undefined) return this.#nextCheckpoint(this.logStartOffset, captured);
      } catch (error) {
        this.#report("checkpoint", error);
      }
      return this.#shared === this.#written ? undefined : this.#written;
    });
  }

  /** What the shared file says of this partition when nothing new is to be said. */
  get shared(): PartitionCheckpoint | undefined {
    return this.#shared;
  }

  /** The shared file with `checkpoint` is on disk. */
  async sharedWritten(checkpoint: PartitionCheckpoint): Promise<void> {
    this.#shared = checkpoint;
    if (checkpoint === this.#written || (this.#written?.sequence ?? 0) > (checkpoint.sequence ?? 0)) return;
    this.#written = checkpoint;
    this.#recoveryPoint = checkpoint.recoveryPoint;
    this.#context.bursts.release(this);
    if (checkpoint.recoveryPoint?.noProducers === true || checkpoint.recoveryPoint?.producers !== undefined) return;
    await this.#queued(() => this.#removeOldSnapshots()).catch((error: unknown) => this.#report("checkpoint", error));
  }

  async #captureIfDue(shared: boolean): Promise<RecoveryPoint | undefined> {
    const { queue, producers, segments } = this.#parts;
    const offset = this.#partition.logEndOffset;
    const point = this.#recoveryPoint;
    if (this.#context.failure !== undefined) return undefined;
    if (offset === point?.offset && point.segmentBase === segments.active.baseOffset) {
      await this.#saveRebuilt();
      return undefined;
    }
    // A log that never had a record is recovered from nothing.
    if (point === undefined && offset === 0) return undefined;
    this.#partition.expireProducers(this.#context.env.clock.now());
    const entries: ProducerEntry[] = [...producers.entries];
    const captured = await queue.exclusive(async () => this.#capture(offset, shared));
    if (captured === undefined) return undefined;
    await queue.flush(); // while appends go on
    await this.#saveIndexes(captured.unsaved !== undefined, shared);
    if (entries.length === 0) return { ...captured, noProducers: true };
    const snapshot = encodeProducerSnapshot(entries);
    if (shared && snapshot.length <= INLINE_PRODUCER_BYTES) return { ...captured, producers: toBase64(snapshot) };
    const { directory } = this.#partition;
    await writeFileAtomically(this.#context.env.files, directory, offsetFileName(offset, SNAPSHOT_SUFFIX), snapshot);
    return captured;
  }

  async #saveIndexes(exceptActive: boolean, syncDirectory: boolean): Promise<void> {
    const { segments } = this.#parts;
    const { files } = this.#context.env;
    const { directory } = this.#partition;
    let saved = false;
    for (const segment of segments.all) {
      if (segment.indexes === undefined || segment.indexes.isSaved || (exceptActive && segment === segments.active)) continue;
      await segment.indexes.save(files, directory, { onlyFilled: segment === segments.active });
      if (segment !== segments.active && segment.indexes.isSaved) this.#context.indexCache.touch(segment);
      saved = true;
    }
    if (saved && syncDirectory) await files.syncDirectory(directory);
  }

  /** Indexes that were made anew from the log get their files again, although the log has no news: else every start would read it again. */
  async #saveRebuilt(): Promise<void> {
    const { segments } = this.#parts;
    const { files } = this.#context.env;
    const { directory } = this.#partition;
    const rebuilt = segments.all.filter(({ indexes }) => indexes !== undefined && indexes !== segments.active.indexes && !indexes.isSaved);
    for (const segment of rebuilt) {
      await segment.indexes!.saveAnew(files, directory);
      this.#context.indexCache.touch(segment);
    }
    if (rebuilt.length > 0) await files.syncDirectory(directory);
  }

  #nextCheckpoint(logStartOffset: number, recoveryPoint: RecoveryPoint | undefined): PartitionCheckpoint {
    const { cleanedOffset } = this;
    const sequence = ++this.#sequence;
    return { logStartOffset, recoveryPoint, sequence, ...(cleanedOffset > 0 ? { cleanedOffset } : {}) };
  }

  async #writeCheckpoint(logStartOffset: number, recoveryPoint: RecoveryPoint | undefined): Promise<void> {
    const checkpoint = this.#nextCheckpoint(logStartOffset, recoveryPoint);
    await writeCheckpoint(this.#context.env.files, this.#partition.directory, checkpoint);
    this.#written = checkpoint;
  }

  /**
   * Where `offset` is, when all below it is written and nothing else; undefined if a rejected write took the offset back. `inline`: with the
   * index entries that are in no file, if they are few.
   */
  #capture(offset: number, inline: boolean): RecoveryPoint | undefined {
    const { queue, segments } = this.#parts;
    if (queue.writtenOffset !== offset) return undefined;
    const { active } = segments;
    const indexes = active.indexes!;
    const unsaved = inline ? indexes.unsaved(INLINE_INDEX_BYTES) : undefined;
    // Until the next entry the largest timestamp would be in memory only.
    if (unsaved === undefined) indexes.seal();
    const indexEntries = [indexes.offsets.count, indexes.times.count, indexes.aborted.count] as const;
    const point: RecoveryPoint = { offset, segmentBase: active.baseOffset, position: active.sizeBytes, indexEntries };
    const first = active.firstTimestamp === undefined ? point : { ...point, firstTimestamp: active.firstTimestamp };
    return unsaved === undefined ? first : { ...first, unsaved };
  }

  async #removeOldSnapshots(): Promise<void> {
    const { files } = this.#context.env;
    const { directory } = this.#partition;
    const names = (await files.list(directory)).filter((name) => offsetOfFileName(name, SNAPSHOT_SUFFIX) >= 0);
    for (const name of names.slice(0, -KEPT_SNAPSHOTS)) await files.remove(`${directory}/${name}`);
  }

  /** A full disk harms no housekeeping: it is done later. Anything else means that the disk cannot be trusted: fail-stop. */
  #report(work: string, error: unknown): void {
    if (this.#context.failure !== undefined) return;
    if (!isOutOfSpace(error)) {
      this.#context.fail(`the ${work} of ${this.#partition.directory}`, error);
      return;
    }
    this.#context.env.logger.log("warn", "log-housekeeping-failed", { partition: this.#partition.name, work, cause: messageOf(error) });
  }

  // Retention ----------------------------------------------------------------------------------------------------------------------------

  applyRetention(now: number): Promise<void> {
    return this.#queued(() => this.#applyRetention(now));
  }

  async #applyRetention(now: number): Promise<void> {
    const { segments, queue, indexes } = this.#parts;
    await this.#removeBelowStart();
    if (!this.#partition.settings.deletes || this.#context.failure !== undefined) return;
    const { all } = segments;
    const described: RetentionSegment[] = [];
    for (const segment of all) {
      const maxTimestamp = segment.sizeBytes === 0 ? -1 : await indexes.maxTimestampOf(segment);
      described.push({ sizeBytes: segment.sizeBytes, nextOffset: segment.nextOffset, maxTimestamp });
    }
    const count = expiredSegments(described, this.#partition.settings, this.#partition.highWatermark, now);
    if (count === 0) return;
    const last = all[count - 1]!;
    if (count === all.length) {
      const rolled = await queue.exclusive(async () => {
        if (last.nextOffset !== described[count - 1]!.nextOffset) return false;
        await queue.roll();
        return true;
      });
      if (!rolled) return;
    }
    await this.#deleteBefore(last.nextOffset);
  }

  deleteBefore(offset: number): Promise<void> {
    return this.#queued(() => this.#deleteBefore(offset));
  }

  async #deleteBefore(offset: number): Promise<void> {
    if (offset <= this.logStartOffset) return;
    const { segments } = this.#parts;
    const firstKept = segments.all[segments.indexOf(offset)]!;
    // What segments that go away say of producers and open transactions is in the snapshot of a recovery point behind them first.
    const isBehindPoint = (): boolean =>
      firstKept === segments.all[0] || (this.#recoveryPoint !== undefined && this.#recoveryPoint.segmentBase >= firstKept.baseOffset);
    if (!isBehindPoint()) await this.#checkpoint();
    if (!isBehindPoint()) {
      throw logError(
        "KAFKA_STORAGE_ERROR",
        `Records of ${this.#partition.name} were not deleted: no recovery point could be written behind them. Try again.`,
      );
    }
    try {
      if (!isPlanted("log-start-not-kept")) await this.#writeCheckpoint(offset, this.#recoveryPoint);
      this.logStartOffset = offset;
      await this.#removeBelowStart();
    } catch (error) {
      this.#report("deletion of records", error);
      throw logError("KAFKA_STORAGE_ERROR", `Records of ${this.#partition.name} were not deleted: ${messageOf(error)}.`, error);
    }
  }

  async #removeBelowStart(): Promise<void> {
    const { all } = this.#parts.segments;
    let count = 0;
    while (count + 1 < all.length && all[count + 1]!.baseOffset <= this.logStartOffset) count++;
    if (count === 0) return;
    const bytes = all.slice(0, count).reduce((sum, segment) => sum + segment.sizeBytes, 0);
    await this.#parts.segments.removeFirst(count, this.#partition.settings.fileDeleteDelayMs);
    this.#partition.segmentsRemoved();
    this.#context.env.logger.log("info", "log-segments-deleted", {
      partition: this.#partition.name,
      segments: count,
      bytes,
      logStartOffset: this.logStartOffset,
    });
  }

  // Compaction ---------------------------------------------------------------------------------------------------------------------------

  /** Seals the active segment if it still ends at `endOffset`. */
  sealActive(endOffset: number): Promise<void> {
    const { queue, segments } = this.#parts;
    return this.#queued(() =>
      queue.exclusive(async () => {
        if (segments.active.nextOffset === endOffset && segments.active.sizeBytes > 0) await queue.roll();
      }),
    );
  }

  /**
   * Puts a compacted segment, whose files are written aside, in the place of those it was made of. False if one of them was deleted
   * meanwhile, or no recovery point could be written behind them: nothing was done.
   */
  swapSegments(old: readonly Segment[], segment: Segment): Promise<boolean> {
    return this.#queued(() => this.#swapSegments(old, segment));
  }

  async #swapSegments(old: readonly Segment[], segment: Segment): Promise<boolean> {
    const { segments } = this.#parts;
    const { files } = this.#context.env;
    const { directory } = this.#partition;
    const present = (): boolean => old.every((part) => segments.all.includes(part)) && this.#context.failure === undefined;
    const isBelowPoint = (): boolean => (this.#recoveryPoint?.segmentBase ?? -1) > old.at(-1)!.baseOffset;
    if (present() && !isBelowPoint()) await this.#checkpoint();
    if (!present() || !isBelowPoint()) return false;
    const swap = { bases: old.map((part) => part.baseOffset) };
    try {
      await decideSwap(files, directory, swap);
    } catch (error) {
      // With a full disk nothing is decided if the words of the decision did not fit.
      const decided = (await files.stat(`${directory}/${offsetFileName(segment.baseOffset, SWAP_SUFFIX)}`)) !== undefined;
      if (decided || !isOutOfSpace(error)) this.#context.fail(`the compaction of ${directory}`, error);
      throw error;
    }
    try {
      const swapped = await segments.replace(old, segment, async () => {
        await renameCleaned(files, directory, swap);
        this.#partition.segmentsReplaced();
      });
      await finishSwap(files, directory, swap);
      return swapped;
    } catch (error) {
      throw this.#context.fail(`the compaction of ${directory}`, error);
    }
  }

  /** Everything below `offset` is compacted. */
  noteCompacted(offset: number): Promise<void> {
    return this.#queued(async () => {
      this.cleanedOffset = offset;
      if (this.#context.failure !== undefined) return;
      try {
        await this.#writeCheckpoint(this.logStartOffset, this.#recoveryPoint);
      } catch (error) {
        this.#report("compaction", error);
      }
    });
  }

  /** A compaction was given up: what it wrote aside goes. */
  discardCompaction(): Promise<void> {
    return this.#queued(() => removeCleaned(this.#context.env.files, this.#partition.directory));
  }
}
