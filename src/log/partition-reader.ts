// The reading side of one partition: whole batches from an offset on, as one piece of bytes, never beyond a limit the caller gives
// (high watermark or last stable offset). From memory at the end of the log, else one read of the segment file.
import {
  BASE_OFFSET_AT,
  BATCH_HEADER_BYTES,
  BATCH_LENGTH_AT,
  BATCH_OVERHEAD_BYTES,
  int32At,
  int64At,
  LAST_OFFSET_DELTA_AT,
  MAGIC,
  MAGIC_AT,
} from "../protocol/records/batch-header.ts";
import { readFully } from "./batch-scan.ts";
import type { HotChunks } from "./hot-tail.ts";
import type { IndexLoader } from "./index-loader.ts";
import { MAX_READ_BYTES, MAX_READ_POSITIONS, MIN_READ_BYTES } from "./limits.ts";
import type { LogContext } from "./log-context.ts";
import { logError } from "./log-error.ts";
import type { Segment } from "./segment.ts";
import type { SegmentList } from "./segment-list.ts";

export interface ReadLimits {
  /** No batch that ends at or above this offset is returned. */
  readonly untilOffset: number;
  readonly maxBytes: number;
  /** The first batch is returned even if it is larger than maxBytes. */
  readonly minOneBatch: boolean;
}

interface Place {
  readonly segment: Segment;
  readonly position: number;
}

/** Part of a buffer: the batches that were asked for. */
interface Slice {
  readonly from: number;
  readonly to: number;
  /** Offset behind the last batch of the slice; the one asked for if it is empty. */
  readonly nextOffset: number;
  /** A whole batch does not fit in the buffer: its size. */
  readonly larger: number;
  readonly damaged: boolean;
  /** The limits end the slice, not the buffer. */
  readonly ended: boolean;
}

const NOTHING = new Uint8Array(0);

export class PartitionReader {
  readonly #context: LogContext;
  readonly #segments: SegmentList;
  readonly #hotChunks: HotChunks;
  readonly #indexes: IndexLoader;
  /** Offset → where its batch begins: the ends of recent reads, least recently used first. */
  readonly #places = new Map<number, Place>();

  constructor(context: LogContext, segments: SegmentList, hotChunks: HotChunks, indexes: IndexLoader) {
    this.#context = context;
    this.#segments = segments;
    this.#hotChunks = hotChunks;
    this.#indexes = indexes;
  }

  /** `offset` is at or above the log's start; empty when it is at or above `untilOffset`. The bytes must not be modified. */
  async read(offset: number, limits: ReadLimits): Promise<Uint8Array> {
    if (offset >= limits.untilOffset) return NOTHING;
    const bounded = limits.maxBytes > MAX_READ_BYTES ? { ...limits, maxBytes: MAX_READ_BYTES } : limits;
    return this.#readHot(offset, bounded) ?? this.#readSegments(offset, bounded);
  }

  // From memory --------------------------------------------------------------------------------------------------------------------------

  #readHot(offset: number, limits: ReadLimits): Uint8Array | undefined {
    const { chunks } = this.#hotChunks;
    const first = this.#hotChunks.find(offset);
    if (first < 0) return undefined;
    const parts: Uint8Array[] = [];
    let total = 0;
    for (let i = first; i < chunks.length; i++) {
      const chunk = chunks.at(i)!;
      const left = { untilOffset: limits.untilOffset, maxBytes: limits.maxBytes - total, minOneBatch: limits.minOneBatch && total === 0 };
      const whole = i > first && chunk.nextOffset <= left.untilOffset && chunk.bytes.length <= left.maxBytes;
      const slice = whole ? undefined : sliceOf(chunk.bytes, 0, chunk.bytes.length, offset, left);
      const part = slice === undefined ? chunk.bytes : chunk.bytes.subarray(slice.from, slice.to);
      if (part.length > 0) parts.push(part);
      total += part.length;
      if (slice !== undefined && slice.to < chunk.bytes.length) break;
      if (total >= limits.maxBytes) break;
    }
    return concatenate(parts, total);
  }

  // From disk ----------------------------------------------------------------------------------------------------------------------------

  async #readSegments(offset: number, limits: ReadLimits): Promise<Uint8Array> {
    for (let index = this.#segments.indexOf(offset); index < this.#segments.all.length; index++) {
      const segment = this.#segments.all[index]!;
      const bytes = await this.#readSegment(segment, offset, limits);
      if (bytes !== undefined) return bytes;
    }
    return NOTHING;
  }

  /** undefined: nothing at or behind the offset is in this segment. */
  async #readSegment(segment: Segment, offset: number, limits: ReadLimits): Promise<Uint8Array | undefined> {
    const known = this.#places.get(offset);
    let exact = known?.segment === segment;
    let position = exact ? known!.position : (await this.#indexes.indexesOf(segment)).offsets.floor(offset);
    let rebuilt = false;
    let wanted = limits.maxBytes;
    while (position < segment.sizeBytes) {
      const length = Math.min(segment.sizeBytes - position, Math.max(exact ? wanted : wanted + MIN_READ_BYTES / 2, MIN_READ_BYTES));
      const buffer = await this.#readAt(segment, position, length);
      const slice = sliceOf(buffer, 0, buffer.length, offset, limits);
      if (slice.damaged) {
        if (rebuilt || exact || segment === this.#segments.active) throw damaged(segment, position + slice.to);
        await this.#indexes.rebuild(segment);
        rebuilt = true;
        position = segment.indexes!.offsets.floor(offset);
        continue;
      }
      if (slice.to > slice.from) {
        this.#remember(slice.nextOffset, segment, position + slice.to);
        return buffer.subarray(slice.from, slice.to);
      }
      if (slice.ended) return NOTHING;
      if (slice.larger > segment.sizeBytes - position - slice.to) throw damaged(segment, position + slice.to);
      // Either all batches of the buffer lie before the offset, or the first one does not fit in it.
      position += slice.to;
      if (slice.larger > 0) {
        wanted = Math.max(slice.larger, wanted);
        exact = true;
      }
    }
    return undefined;
  }

  async #readAt(segment: Segment, position: number, length: number): Promise<Uint8Array> {
    const file = this.#context.files.tryAcquire(segment.path) ?? (await this.#context.files.acquire(segment.path));
    try {
      const buffer = new Uint8Array(length);
      const filled = await readFully(file.handle, buffer, length, position);
      if (filled === length) return buffer;
      throw logError(
        "KAFKA_STORAGE_ERROR",
        `${segment.path} ends at byte ${position + filled}, ${segment.sizeBytes} were written: it was changed by somebody else.`,
      );
    } finally {
      file.release();
    }
  }

  #remember(offset: number, segment: Segment, position: number): void {
    this.#places.delete(offset);
    this.#places.set(offset, { segment, position });
    if (this.#places.size <= MAX_READ_POSITIONS) return;
    for (const oldest of this.#places.keys()) {
      this.#places.delete(oldest);
      return;
    }
  }

  /** Segments were deleted or cut: remembered places may be wrong. */
  forgetPlaces(): void {
    this.#places.clear();
  }
}

/** The batches of bytes[from, end) that hold `offset` or follow it, within the limits. `from` is where a batch begins. */
function sliceOf(bytes: Uint8Array, from: number, end: number, offset: number, limits: ReadLimits): Slice {
  let at = from;
  let begin = -1;
  let nextOffset = offset;
  while (at + BATCH_HEADER_BYTES <= end) {
    const sizeBytes = int32At(bytes, at + BATCH_LENGTH_AT) + BATCH_OVERHEAD_BYTES;
    if (sizeBytes < BATCH_HEADER_BYTES || bytes[at + MAGIC_AT] !== MAGIC)
      return { from: at, to: at, nextOffset, larger: 0, damaged: true, ended: false };
    const behind = int64At(bytes, at + BASE_OFFSET_AT) + int32At(bytes, at + LAST_OFFSET_DELTA_AT) + 1;
    if (behind <= offset) {
      if (at + sizeBytes > end) break;
      at += sizeBytes;
      continue;
    }
    const first = begin < 0;
    const fits = at + sizeBytes - (first ? at : begin) <= limits.maxBytes || (first && limits.minOneBatch);
    if (behind > limits.untilOffset || !fits)
      return { from: first ? at : begin, to: at, nextOffset, larger: 0, damaged: false, ended: true };
    if (at + sizeBytes > end) {
      return { from: first ? at : begin, to: at, nextOffset, larger: sizeBytes, damaged: false, ended: false };
    }
    if (first) begin = at;
    at += sizeBytes;
    nextOffset = behind;
  }
  // A header cut by the end of the buffer is read again from its beginning.
  const cut = begin < 0 && at < end ? Math.max(BATCH_HEADER_BYTES, sizeAt(bytes, at, end)) : 0;
  return { from: begin < 0 ? at : begin, to: at, nextOffset, larger: cut, damaged: false, ended: false };
}

function sizeAt(bytes: Uint8Array, at: number, end: number): number {
  return at + BATCH_OVERHEAD_BYTES <= end ? int32At(bytes, at + BATCH_LENGTH_AT) + BATCH_OVERHEAD_BYTES : 0;
}

function concatenate(parts: readonly Uint8Array[], total: number): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const bytes = new Uint8Array(total);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function damaged(segment: Segment, position: number): Error {
  return logError("KAFKA_STORAGE_ERROR", `${segment.path} is damaged at byte ${position}: no batch begins there.`);
}
