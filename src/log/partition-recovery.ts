// Opens the files of one partition after whatever happened: finds the recovery point, walks the log behind it, cuts a torn tail off,
// and rebuilds indexes and producer state. A cleanly closed log is opened without reading its segments.
// Invariant: when it resolves, everything up to the returned end is on disk and every batch behind the recovery point had a right checksum.
import { buggifyPause } from "../env/fault-points.ts";
import { isPlanted } from "../env/planted-faults.ts";
import { int64At, MAX_TIMESTAMP_AT, BATCH_HEADER_BYTES } from "../protocol/records/batch-header.ts";
import { readFully, scanBatches } from "./batch-scan.ts";
import { recoverSwap } from "./compaction/segment-swap.ts";
import { isDeletedFile } from "./delayed-deletion.ts";
import type { LogContext } from "./log-context.ts";
import { codeOf, logError, messageOf } from "./log-error.ts";
import { fromBase64 } from "../bytes/base64.ts";
import { newerCheckpoint, type PartitionCheckpoint, type RecoveryPoint, readCheckpoint } from "./partition-checkpoint.ts";
import { decodeProducerSnapshot } from "./producer-snapshot.ts";
import type { ProducerEntry } from "./producer-state.ts";
import { Producers } from "./producers.ts";
import { Segment } from "./segment.ts";
import {
  ABORTED_INDEX_SUFFIX,
  CHECKPOINT_FILE,
  CLEANED_SUFFIX,
  LOG_SUFFIX,
  OFFSET_INDEX_SUFFIX,
  offsetFileName,
  offsetOfFileName,
  SNAPSHOT_SUFFIX,
  SWAP_SUFFIX,
  TEMPORARY_SUFFIX,
  TIME_INDEX_SUFFIX,
} from "./segment-files.ts";
import { SegmentIndexes } from "./segment-indexes.ts";
import { createSegment, deleteSegmentFiles } from "./segment-list.ts";
import { writeAgain } from "./suspect-pages.ts";

export interface RecoveredPartition {
  readonly segments: Segment[];
  readonly producers: Producers;
  readonly logStartOffset: number;
  /** Everything below was compacted; undefined if nothing ever was. */
  readonly cleanedOffset: number | undefined;
  readonly endOffset: number;
  readonly recoveryPoint: RecoveryPoint | undefined;
  /** Of the newest checkpoint. */
  readonly sequence: number;
  /** The newest checkpoint, if the shared file of recovery points has it. */
  readonly shared: PartitionCheckpoint | undefined;
}

/** What a recovery cut off, for the log line. */
interface Cut {
  readonly bytes: number;
  readonly reason: string;
}

/** `shared`: the partition's checkpoint in the shared file of recovery points. */
export async function recoverPartition(
  context: LogContext,
  directory: string,
  indexIntervalBytes: number,
  shared?: PartitionCheckpoint,
): Promise<RecoveredPartition> {
  return new Recovery(context, directory, indexIntervalBytes).run(shared);
}

class Recovery {
  readonly #context: LogContext;
  readonly #directory: string;
  readonly #intervalBytes: number;
  readonly #producers = new Producers();
  #segments: Segment[] = [];
  #logStartOffset = 0;
  #cleanedOffset: number | undefined;
  /** undefined once it turns out that the files do not bear it out. */
  #point: RecoveryPoint | undefined;
  /** Batches from this offset on are applied to the producers; aborted transactions from the second one on go into the index. */
  #producersFrom = 0;
  #snapshotOffset = 0;
  #noProducers = false;
  #inlineProducers: string | undefined;
  #abortedFrom = 0;
  /** Position in the recovery point's segment up to which its indexes are complete. */
  #indexedTo = 0;
  #cut: Cut | undefined;
  /** Producers of the snapshot, when the log is read from its start anyway: those whose batches were deleted are only known from it. */
  #forgotten: readonly ProducerEntry[] = [];

  constructor(context: LogContext, directory: string, intervalBytes: number) {
    this.#context = context;
    this.#directory = directory;
    this.#intervalBytes = intervalBytes;
  }

  async run(shared: PartitionCheckpoint | undefined): Promise<RecoveredPartition> {
    const { files } = this.#context.env;
    const names = await files.list(this.#directory);
    const own = names.includes(CHECKPOINT_FILE) ? await readCheckpoint(files, this.#directory) : undefined;
    const checkpoint = newerCheckpoint(own, shared);
    await this.#findSegments(names, checkpoint);
    await this.#checkPoint(checkpoint?.recoveryPoint);
    const first = await this.#prepare();
    let scannedBytes = 0;
    for (let i = first.segment; i < this.#segments.length && this.#cut === undefined; i++) {
      scannedBytes += await this.#scan(i, i === first.segment ? first.position : 0);
    }
    const pause = buggifyPause("recovery-late");
    if (pause !== undefined) await pause;
    this.#producers.adopt(this.#forgotten);
    await this.#finish(scannedBytes);
    const active = this.#segments.at(-1)!;
    this.#producers.written(active.nextOffset);
    this.#producers.transactions.durable(active.nextOffset);
    return {
      segments: this.#segments,
      producers: this.#producers,
      logStartOffset: this.#logStartOffset,
      cleanedOffset: this.#cleanedOffset,
      endOffset: active.nextOffset,
      recoveryPoint: this.#point,
      sequence: Math.max(own?.sequence ?? 0, shared?.sequence ?? 0),
      shared: checkpoint === shared ? shared : undefined,
    };
  }

  // Files --------------------------------------------------------------------------------------------------------------------------------

  /** Lists the segments, finishes deletions that a crash interrupted, and creates the first segment of a new partition. */
  async #findSegments(found: readonly string[], checkpoint: PartitionCheckpoint | undefined): Promise<void> {
    const { files } = this.#context.env;
    let names = found;
    if (names.some((name) => name.endsWith(CLEANED_SUFFIX) || name.endsWith(SWAP_SUFFIX))) {
      await recoverSwap(files, this.#directory, names);
      names = await files.list(this.#directory);
    }
    const bases = names.map((name) => offsetOfFileName(name, LOG_SUFFIX)).filter((base) => base >= 0);
    this.#cleanedOffset = checkpoint?.cleanedOffset;
    this.#logStartOffset = checkpoint?.logStartOffset ?? bases[0] ?? 0;
    let dead = 0;
    while (dead + 1 < bases.length && bases[dead + 1]! <= this.#logStartOffset) dead++;
    for (const base of bases.slice(0, dead)) await deleteSegmentFiles(this.#context, this.#directory, base);
    const alive = bases.slice(dead);
    await this.#removeStrays(names, new Set(alive), new Set(bases.slice(0, dead)));
    for (const [i, base] of alive.entries()) {
      const stat = await files.stat(`${this.#directory}/${offsetFileName(base, LOG_SUFFIX)}`);
      this.#segments.push(new Segment(this.#directory, base, stat?.size ?? 0, alive[i + 1] ?? base));
    }
    if (this.#segments.length === 0) {
      const base = Math.max(this.#logStartOffset, checkpoint?.recoveryPoint?.offset ?? 0);
      this.#segments.push(await createSegment(this.#context, this.#directory, base));
    }
    this.#logStartOffset = Math.max(this.#logStartOffset, this.#segments[0]!.baseOffset);
  }

  async #removeStrays(names: readonly string[], bases: ReadonlySet<number>, removed: ReadonlySet<number>): Promise<void> {
    for (const name of names) {
      const orphan = [OFFSET_INDEX_SUFFIX, TIME_INDEX_SUFFIX, ABORTED_INDEX_SUFFIX].some((suffix) => {
        const base = offsetOfFileName(name, suffix);
        return base >= 0 && !bases.has(base) && !removed.has(base);
      });
      if (orphan || name.endsWith(TEMPORARY_SUFFIX) || isDeletedFile(name))
        await this.#context.env.files.remove(`${this.#directory}/${name}`);
    }
  }

  /** Accepts the recovery point if the files can bear it out. */
  async #checkPoint(point: RecoveryPoint | undefined): Promise<void> {
    if (point === undefined) return;
    this.#snapshotOffset = point.offset;
    this.#noProducers = point.noProducers === true;
    this.#inlineProducers = point.producers;
    const first = this.#segments[0]!.baseOffset;
    if (point.segmentBase < first && point.offset <= first) {
      // Its segment was deleted since: everything that is left lies behind it.
      this.#point = { offset: first, segmentBase: first, position: 0, indexEntries: [0, 0, 0] };
      return;
    }
    const segment = this.#segments.find((candidate) => candidate.baseOffset === point.segmentBase);
    if (segment === undefined || segment.sizeBytes < point.position) {
      this.#context.env.logger.log("error", "log-shorter-than-recovery-point", {
        directory: this.#directory,
        recoveryPoint: point.offset,
        expectedBytes: point.position,
        foundBytes: segment?.sizeBytes ?? 0,
      });
      return;
    }
    this.#point = point;
  }

  // State before the scan ----------------------------------------------------------------------------------------------------------------

  /** Restores producers and the indexes of the recovery point's segment; returns where the scan must begin. */
  async #prepare(): Promise<{ segment: number; position: number }> {
    const point = this.#point;
    if (point === undefined) {
      for (const segment of this.#segments) segment.indexes = new SegmentIndexes(segment.baseOffset);
      return { segment: 0, position: 0 };
    }
    const at = this.#segments.findIndex((segment) => segment.baseOffset === point.segmentBase);
    const segment = this.#segments[at]!;
    const entries = this.#noProducers ? [] : await this.#readSnapshot(this.#snapshotOffset);
    if (entries !== undefined) this.#producers.restore(entries, point.offset);
    this.#producersFrom = entries === undefined ? 0 : point.offset;
    const indexes = await this.#loadIndexes(segment, point);
    segment.indexes = indexes ?? new SegmentIndexes(segment.baseOffset);
    segment.nextOffset = point.offset;
    segment.firstTimestamp = point.firstTimestamp;
    for (const later of this.#segments.slice(at + 1)) later.indexes = new SegmentIndexes(later.baseOffset);
    if (indexes !== undefined) {
      this.#abortedFrom = point.offset;
      this.#indexedTo = point.position;
    } else if (segment.baseOffset < point.offset) {
      // The aborted index of this segment needs the transactions that began before it: everything is read again.
      this.#producersFrom = 0;
      this.#producers.restore([], 0);
      this.#forgotten = entries ?? [];
      this.#abortedFrom = segment.baseOffset;
      this.#warnRebuild(segment, "its index files are missing or damaged");
    }
    if (this.#producersFrom === 0 && point.offset > this.#logStartOffset) return { segment: 0, position: 0 };
    return { segment: at, position: indexes === undefined ? 0 : point.position };
  }

  async #readSnapshot(offset: number): Promise<ReturnType<typeof decodeProducerSnapshot>> {
    if (this.#inlineProducers !== undefined) return decodeProducerSnapshot(fromBase64(this.#inlineProducers));
    const path = `${this.#directory}/${offsetFileName(offset, SNAPSHOT_SUFFIX)}`;
    const { files, logger } = this.#context.env;
    let bytes: Uint8Array | undefined;
    try {
      bytes = await files.readFile(path);
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error;
    }
    const entries = bytes && decodeProducerSnapshot(bytes);
    if (entries === undefined) logger.log("warn", "producer-snapshot-unusable", { path, there: bytes !== undefined });
    return entries;
  }

  /** The indexes as they were at the recovery point; undefined if the files are not what the checkpoint says. */
  async #loadIndexes(segment: Segment, point: RecoveryPoint): Promise<SegmentIndexes | undefined> {
    const [offsetEntries, timeEntries, abortedEntries] = point.indexEntries;
    const { unsaved } = point;
    const [inOffsets, inTimes, inAborted] = unsaved?.saved ?? point.indexEntries;
    const there = { offsets: inOffsets > 0, times: inTimes > 0, aborted: inAborted > 0 };
    const { files } = this.#context.env;
    const loaded = await SegmentIndexes.load(files, this.#directory, segment.baseOffset, segment.sizeBytes, there, unsaved);
    const { offsets, times, aborted } = loaded;
    if (offsets === undefined || times === undefined || aborted === undefined) return undefined;
    const found = [offsets.count, times.count, aborted.count];
    const indexes = new SegmentIndexes(segment.baseOffset, offsets, times, aborted);
    indexes.truncate(point.offset, point.position);
    if (offsets.count < offsetEntries || times.count < timeEntries || aborted.count < abortedEntries) return undefined;
    if (unsaved !== undefined) indexes.adopt(unsaved, loaded.found);
    else if (found[0] === offsets.count && found[1] === times.count && found[2] === aborted.count) indexes.markSaved(there);
    return indexes;
  }

  #warnRebuild(segment: Segment, reason: string): void {
    this.#context.env.logger.log("warn", "log-index-rebuilt", { segment: segment.path, reason });
  }

  // Scan ---------------------------------------------------------------------------------------------------------------------------------

  /** Reads the batches of one segment from `from` on; cuts the tail off if it is torn. Returns the bytes read. */
  async #scan(index: number, from: number): Promise<number> {
    const segment = this.#segments[index]!;
    const nextOffset = from === 0 ? segment.baseOffset : segment.nextOffset;
    if (from === segment.sizeBytes) {
      this.#endScan(index, nextOffset);
      return 0;
    }
    const point = this.#point;
    const trusted = this.#trustedBytes(segment);
    const indexedTo = segment.baseOffset === point?.segmentBase ? this.#indexedTo : 0;
    const file = await this.#context.files.acquire(segment.path);
    try {
      const now = this.#context.env.clock.now();
      const range = {
        handle: file.handle,
        from,
        end: segment.sizeBytes,
        nextOffset,
        checkCrcFrom: trusted,
      };
      const sizeBytes = segment.sizeBytes;
      const result = await scanBatches(range, (header, bytes, at, position) => {
        const aborted = header.baseOffset >= this.#producersFrom ? this.#producers.replay(header, bytes, at, now) : undefined;
        if (segment.indexes === undefined || position < indexedTo) return;
        segment.sizeBytes = position;
        segment.noteBatch(header, this.#intervalBytes);
        if (aborted !== undefined && aborted.lastOffset >= this.#abortedFrom) segment.indexes.noteAborted(aborted);
      });
      if (result.problem !== undefined && !isPlanted("torn-tail-kept"))
        await this.#cutTail(index, result.position, sizeBytes, result.problem, trusted);
      else segment.sizeBytes = sizeBytes;
      this.#endScan(index, result.nextOffset);
      return sizeBytes - from;
    } finally {
      file.release();
    }
  }

  #endScan(index: number, nextOffset: number): void {
    const segment = this.#segments[index]!;
    const next = this.#segments[index + 1];
    segment.nextOffset = Math.max(nextOffset, next?.baseOffset ?? 0);
    if (next !== undefined) segment.indexes?.seal();
  }

  /** Bytes of the segment below the recovery point. */
  #trustedBytes(segment: Segment): number {
    const point = this.#point;
    if (point === undefined || segment.baseOffset > point.segmentBase) return 0;
    return segment.baseOffset < point.segmentBase ? segment.sizeBytes : point.position;
  }

  async #cutTail(index: number, position: number, sizeBytes: number, reason: string, trusted: number): Promise<void> {
    const segment = this.#segments[index]!;
    if (position < trusted) {
      const message = `${segment.path} is damaged at byte ${position}, before its recovery point: ${reason}. Restore the file, or move its directory away to start the partition empty.`;
      throw logError("KAFKA_STORAGE_ERROR", message);
    }
    const later = this.#segments.splice(index + 1);
    for (const dropped of later) {
      this.#context.files.forget(dropped.path);
      await deleteSegmentFiles(this.#context, this.#directory, dropped.baseOffset);
    }
    const file = await this.#context.files.acquire(segment.path);
    try {
      await file.handle.truncate(position);
    } finally {
      file.release();
    }
    segment.sizeBytes = position;
    const bytes = sizeBytes - position + later.reduce((sum, dropped) => sum + dropped.sizeBytes, 0);
    this.#cut = { bytes, reason };
  }

  /** What was read was perhaps only in the page cache: it is on disk before anybody is shown it. */
  async #finish(scannedBytes: number): Promise<void> {
    const active = this.#segments.at(-1)!;
    if (active.sizeBytes > 0 && active.firstTimestamp === undefined) await this.#readFirstTimestamp(active);
    if ((scannedBytes > 0 || this.#cut !== undefined) && !isPlanted("recovered-tail-not-flushed")) await this.#flushAll();
    if (this.#cut !== undefined) {
      this.#context.env.logger.log("warn", "log-tail-truncated", {
        directory: this.#directory,
        endOffset: active.nextOffset,
        cutBytes: this.#cut.bytes,
        reason: this.#cut.reason,
      });
    }
    if (this.#logStartOffset > active.nextOffset) this.#logStartOffset = active.nextOffset;
  }

  async #flushAll(): Promise<void> {
    const from = this.#point?.segmentBase ?? 0;
    for (const segment of this.#segments.filter((candidate) => candidate.baseOffset >= from)) {
      const file = await this.#context.files.acquire(segment.path);
      try {
        if (this.#context.suspectPages.suspected && !isPlanted("suspect-pages-trusted"))
          await writeAgain(file.handle, this.#trustedBytes(segment), segment.sizeBytes);
        await file.handle.datasync();
      } catch (error) {
        await this.#context.suspectPages.remember();
        throw logError("KAFKA_STORAGE_ERROR", `Flushing ${segment.path} failed: ${messageOf(error)}.`, error);
      } finally {
        file.release();
      }
    }
    await this.#context.env.files.syncDirectory(this.#directory);
  }

  async #readFirstTimestamp(segment: Segment): Promise<void> {
    const file = await this.#context.files.acquire(segment.path);
    try {
      const header = new Uint8Array(BATCH_HEADER_BYTES);
      await readFully(file.handle, header, header.length, 0);
      segment.firstTimestamp = int64At(header, MAX_TIMESTAMP_AT);
    } finally {
      file.release();
    }
  }
}
