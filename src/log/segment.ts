// One segment of a partition: a log file named after its first offset, and its indexes while they are in memory.
import { murmur2 } from "../bytes/murmur2.ts";
import type { BatchHeader } from "../protocol/records/batch-header.ts";
import { LOG_SUFFIX, offsetFileName } from "./segment-files.ts";
import type { SegmentIndexes } from "./segment-indexes.ts";

export class Segment {
  readonly baseOffset: number;
  readonly path: string;
  /** Bytes written. Only the active segment grows. */
  sizeBytes: number;
  /** Offset behind the last written batch. */
  nextOffset: number;
  /** Timestamp of the first batch, from which the age of the segment counts; undefined while it is empty. */
  firstTimestamp: number | undefined;
  /** Largest timestamp of a sealed segment, once its indexes were in memory. */
  sealedMaxTimestamp: number | undefined;
  /** Always present in the active segment; otherwise loaded when asked for (index-cache.ts). */
  indexes: SegmentIndexes | undefined;
  #hash: number | undefined;

  constructor(directory: string, baseOffset: number, sizeBytes: number, nextOffset: number) {
    this.baseOffset = baseOffset;
    this.path = `${directory}/${offsetFileName(baseOffset, LOG_SUFFIX)}`;
    this.sizeBytes = sizeBytes;
    this.nextOffset = nextOffset;
  }

  /** A time of this segment's own, from 0 to below `limitMs`, the same whenever it is asked for. */
  jitter(limitMs: number): number {
    if (limitMs === 0) return 0;
    return ((this.#hash ??= murmur2(new TextEncoder().encode(this.path)) >>> 0) / 2 ** 32) * limitMs;
  }

  /** The batch was written at the end of the file. */
  noteBatch({ baseOffset, lastOffsetDelta, maxTimestamp, sizeBytes }: BatchHeader, intervalBytes: number): void {
    this.noteWritten(baseOffset + lastOffsetDelta, maxTimestamp, sizeBytes, intervalBytes);
  }

  /** A batch that ends with `lastOffset` was written at the end of the file. */
  noteWritten(lastOffset: number, maxTimestamp: number, sizeBytes: number, intervalBytes: number): void {
    this.indexes!.noteBatch(lastOffset, maxTimestamp, this.sizeBytes, sizeBytes, intervalBytes);
    this.firstTimestamp ??= maxTimestamp;
    this.sizeBytes += sizeBytes;
    this.nextOffset = lastOffset + 1;
  }
}
