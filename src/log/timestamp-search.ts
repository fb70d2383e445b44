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

  /** The record of [from, until) with the largest timestamp, the first of several. */
  async firstOfLargest(from: number, until: number): Promise<OffsetAndTimestamp | undefined> {
    const timestamp = await this.#maxTimestamp(from, (segment) => this.#indexes.maxTimestampOf(segment));
    const found = timestamp < 0 ? undefined : await this.firstAtOrAfter(timestamp, from, until);
    if (found !== undefined || timestamp < 0) return found;
    // The index's largest is of a record in front of `from`, in the segment that `from` is in.
    const rest = await this.#maxTimestamp(from, (segment) =>
      segment.baseOffset < from ? this.#maxTimestampFrom(segment, from) : this.#indexes.maxTimestampOf(segment),
    );
    return rest < 0 ? undefined : this.firstAtOrAfter(rest, from, until);
  }

  /** −1 if nothing is there. */
  async #maxTimestamp(from: number, ofSegment: (segment: Segment) => Promise<number>): Promise<number> {
    let max = -1;
    for (const segment of this.#segments.all.slice(this.#segments.indexOf(from))) {
      if (segment.sizeBytes > 0) max = Math.max(max, await ofSegment(segment));
    }
    return max;
  }

  /** Of the segment's records from `from` on, by reading their batches' headers. */
  async #maxTimestampFrom(segment: Segment, from: number): Promise<number> {
    const indexes = await this.#indexes.indexesOf(segment);
    const file = await this.#context.files.acquire(segment.path);
    let max = -1;
    let first: { readonly header: BatchHeader; readonly bytes: Uint8Array } | undefined;
    try {
      const at = indexes.offsets.floor(from);
      const range = { handle: file.handle, from: at, end: segment.sizeBytes, nextOffset: segment.baseOffset, checkCrcFrom: 0 };
      const result = await scanBatches(range, (header, bytes, position) => {
        if (header.baseOffset >= from) max = Math.max(max, header.maxTimestamp);
        else if (header.baseOffset + header.lastOffsetDelta >= from)
          first = { header, bytes: bytes.slice(position, position + header.sizeBytes) };
        return true;
      });
      if (result.problem !== undefined) throw damaged(result.position, segment, result.problem);
    } finally {
      file.release();
    }
    return first === undefined ? max : Math.max(max, await this.#maxOfBatch(first.bytes, first.header, from));
  }

  async #maxOfBatch(batch: Uint8Array, header: BatchHeader, from: number): Promise<number> {
    const records = await this.#uncompressed(batch, header);
    if (records === undefined) return header.maxTimestamp;
    let max = -1;
    const reader = new BatchReader();
    reader.reset(records);
    while (reader.next()) if (reader.offset >= from) max = Math.max(max, reader.timestamp);
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
        if (result.problem !== undefined) throw damaged(result.position, segment, result.problem);
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

function damaged(position: number, segment: Segment, problem: string): Error {
  return logError("CORRUPT_MESSAGE", `A lookup by time met damage at byte ${position} of ${segment.path}: ${problem}.`);
}
