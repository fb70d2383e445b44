// One segment of a partition: a log file named after its first offset, and its indexes while they are in memory.
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

  constructor(directory: string, baseOffset: number, sizeBytes: number, nextOffset: number) {
    this.baseOffset = baseOffset;
    this.path = `${directory}/${offsetFileName(baseOffset, LOG_SUFFIX)}`;
    this.sizeBytes = sizeBytes;
    this.nextOffset = nextOffset;
  }

  /** The batch was written at the end of the file. */
  noteBatch(header: BatchHeader, intervalBytes: number): void {
    const lastOffset = header.baseOffset + header.lastOffsetDelta;
    this.indexes!.noteBatch(lastOffset, header.maxTimestamp, this.sizeBytes, header.sizeBytes, intervalBytes);
    this.firstTimestamp ??= header.maxTimestamp;
    this.sizeBytes += header.sizeBytes;
    this.nextOffset = lastOffset + 1;
  }
}
