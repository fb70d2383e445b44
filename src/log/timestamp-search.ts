// The first record at or after a time: by time index to a segment and place, by batch headers to a batch, then record by record.
import { type BatchHeader, compressionCodeOf } from "../protocol/records/batch-header.ts";
import { BatchReader } from "../protocol/records/batch-reader.ts";
import { decompressBatch } from "../protocol/records/decompress.ts";
import { KafkaError } from "../protocol/errors.ts";
import { scanBatches } from "./batch-scan.ts";
import type { IndexLoader } from "./index-loader.ts";
import { MAX_DECOMPRESSED_BYTES } from "./limits.ts";
import { logError } from "./log-error.ts";
import type { LogContext } from "./log-context.ts";
import type { Segment } from "./segment.ts";
import type { SegmentList } from "./segment-list.ts";

export interface OffsetAndTimestamp {
  readonly offset: number;
  readonly timestamp: number;
}

export class TimestampSearch {
  readonly #context: LogContext;
  readonly #segments: SegmentList;
  readonly #indexes: IndexLoader;

  constructor(context: LogContext, segments: SegmentList, indexes: IndexLoader) {
    this.#context = context;
    this.#segments = segments;
    this.#indexes = indexes;
  }

  /** Among the records of [from, until): the first whose timestamp is at least `timestamp`. */
  async firstAtOrAfter(timestamp: number, from: number, until: number): Promise<OffsetAndTimestamp | undefined> {
    for (const segment of this.#segments.all.slice(this.#segments.indexOf(from))) {
      if (segment.baseOffset >= until) return undefined;
      if (segment.sizeBytes === 0 || (await this.#indexes.maxTimestampOf(segment)) < timestamp) continue;
      const found = await this.#searchSegment(segment, timestamp, from, until);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Largest timestamp of the log, −1 if it is empty. */
  async maxTimestamp(): Promise<number> {
    let max = -1;
    for (const segment of this.#segments.all) {
      if (segment.sizeBytes > 0) max = Math.max(max, await this.#indexes.maxTimestampOf(segment));
    }
    return max;
  }

  async #searchSegment(segment: Segment, timestamp: number, from: number, until: number): Promise<OffsetAndTimestamp | undefined> {
    const indexes = await this.#indexes.indexesOf(segment);
    let at = indexes.offsets.floor(Math.max(from, indexes.times.floor(timestamp)));
    const file = await this.#context.files.acquire(segment.path);
    try {
      for (;;) {
        let batch: Uint8Array | undefined;
        let header: BatchHeader | undefined;
        const range = { handle: file.handle, from: at, end: segment.sizeBytes, nextOffset: segment.baseOffset, checkCrcFrom: 0 };
        const result = await scanBatches(range, (candidate, bytes, position) => {
          const lastOffset = candidate.baseOffset + candidate.lastOffsetDelta;
          if (candidate.maxTimestamp < timestamp || lastOffset < from) return true;
          header = candidate;
          batch = bytes.slice(position, position + candidate.sizeBytes);
          return false;
        });
        if (result.problem !== undefined) {
          const message = `A lookup by time met damage at byte ${result.position} of ${segment.path}: ${result.problem}.`;
          throw logError("CORRUPT_MESSAGE", message);
        }
        if (batch === undefined || header === undefined || header.baseOffset >= until) return undefined;
        const found = await this.#searchBatch(batch, header, timestamp, from);
        if (found !== undefined) return found.offset < until ? found : undefined;
        at = result.position;
      }
    } finally {
      file.release();
    }
  }

  async #searchBatch(batch: Uint8Array, header: BatchHeader, timestamp: number, from: number): Promise<OffsetAndTimestamp | undefined> {
    const records = await this.#uncompressed(batch, header);
    // A compression that is not read here: the batch's first offset is a place from which nothing is missed.
    if (records === undefined) return { offset: Math.max(from, header.baseOffset), timestamp: header.maxTimestamp };
    const reader = new BatchReader();
    reader.reset(records);
    while (reader.next()) {
      if (reader.timestamp >= timestamp && reader.offset >= from) return { offset: reader.offset, timestamp: reader.timestamp };
    }
    return undefined;
  }

  async #uncompressed(batch: Uint8Array, header: BatchHeader): Promise<Uint8Array | undefined> {
    if (compressionCodeOf(header.attributes) === 0) return batch;
    try {
      return await decompressBatch(this.#context.env.compression, batch, 0, MAX_DECOMPRESSED_BYTES);
    } catch (error) {
      if (error instanceof KafkaError) return undefined;
      throw error;
    }
  }
}
