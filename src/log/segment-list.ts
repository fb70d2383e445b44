// The segments of one partition in offset order; the last one is active. Creating and deleting segment files, and finding the segment
// of an offset, are here; what is written into them is append-queue.ts's.
import type { LogContext } from "./log-context.ts";
import { Segment } from "./segment.ts";
import { ABORTED_INDEX_SUFFIX, LOG_SUFFIX, OFFSET_INDEX_SUFFIX, offsetFileName, TIME_INDEX_SUFFIX } from "./segment-files.ts";
import { SegmentIndexes } from "./segment-indexes.ts";

export class SegmentList {
  readonly directory: string;
  readonly #context: LogContext;
  #segments: Segment[];
  /** Rises when segments are replaced: positions, indexes and bytes of before and after do not mix. */
  #generation = 0;
  #replacing: Promise<void> | undefined;

  /** `segments` must not be empty, and the last one must have its indexes. */
  constructor(context: LogContext, directory: string, segments: Segment[]) {
    this.#context = context;
    this.directory = directory;
    this.#segments = segments;
  }

  get all(): readonly Segment[] {
    return this.#segments;
  }

  get active(): Segment {
    return this.#segments.at(-1)!;
  }

  /** Sum of the log files, in bytes. */
  get sizeBytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.sizeBytes, 0);
  }

  /** Index of the last segment that begins at or below `offset`; 0 if none does. */
  indexOf(offset: number): number {
    let low = 0;
    let high = this.#segments.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#segments[middle]!.baseOffset <= offset) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }

  /** Seals the active segment, all of which must be on disk, and begins a new one. If it rejects, nothing has changed. */
  async roll(): Promise<void> {
    const sealed = this.active;
    const segment = await createSegment(this.#context, this.directory, sealed.nextOffset);
    sealed.indexes!.seal();
    sealed.sealedMaxTimestamp = sealed.indexes!.maxTimestamp;
    this.#segments.push(segment);
  }

  /**
   * Puts one segment in the place of neighbours, around `rename`, which gives its files their names. Readers wait meanwhile. False if the
   * neighbours are not there any more: nothing was done.
   */
  async replace(old: readonly Segment[], segment: Segment, rename: () => Promise<void>): Promise<boolean> {
    const at = this.#segments.indexOf(old[0]!);
    if (at < 0 || old.some((part, i) => this.#segments[at + i] !== part)) return false;
    this.#generation++;
    let done!: () => void;
    this.#replacing = new Promise((resolve) => (done = resolve));
    try {
      await rename();
      for (const part of old) {
        this.#context.indexCache.remove(part);
        this.#context.files.forget(part.path);
      }
      // Only the front and the end of the list change meanwhile: deletions wait for this, rolls append.
      this.#segments = this.#segments.toSpliced(this.#segments.indexOf(old[0]!), old.length, segment);
      if (segment.indexes!.isSaved) this.#context.indexCache.touch(segment);
    } finally {
      this.#generation++;
      this.#replacing = undefined;
      done();
    }
    return true;
  }

  /** Runs a read of several steps again if segments were replaced meanwhile. */
  async consistently<T>(read: () => Promise<T>): Promise<T> {
    for (;;) {
      while (this.#replacing !== undefined) await this.#replacing;
      const generation = this.#generation;
      try {
        const result = await read();
        if (generation === this.#generation) return result;
      } catch (error) {
        if (generation === this.#generation) throw error;
      }
    }
  }

  /** Forgets the first `count` segments and deletes them, after `delayMs`. The caller has written a log start offset at or above their end. */
  async removeFirst(count: number, delayMs: number): Promise<void> {
    const removed = this.#segments.slice(0, count);
    this.#segments = this.#segments.slice(count);
    for (const segment of removed) {
      this.#context.indexCache.remove(segment);
      this.#context.files.forget(segment.path);
      await deleteSegmentFiles(this.#context, this.directory, segment.baseOffset, delayMs);
    }
    if (removed.length > 0) await this.#context.env.files.syncDirectory(this.directory);
  }
}

/** An empty segment whose file is there and whose directory entry is on disk. */
export async function createSegment(context: LogContext, directory: string, baseOffset: number): Promise<Segment> {
  const segment = new Segment(directory, baseOffset, 0, baseOffset);
  const file = await context.files.acquire(segment.path, "w+");
  file.release();
  try {
    await context.env.files.syncDirectory(directory);
  } catch (error) {
    throw context.fail(`flushing the directory ${directory}`, error);
  }
  segment.indexes = new SegmentIndexes(baseOffset);
  return segment;
}

export async function deleteSegmentFiles(context: LogContext, directory: string, baseOffset: number, delayMs = 0): Promise<void> {
  for (const suffix of [LOG_SUFFIX, OFFSET_INDEX_SUFFIX, TIME_INDEX_SUFFIX, ABORTED_INDEX_SUFFIX])
    await context.deletions.file(`${directory}/${offsetFileName(baseOffset, suffix)}`, delayMs);
}
