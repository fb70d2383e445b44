// The reading side of one partition: whole batches from an offset on, as one piece of bytes, never beyond a limit the caller gives
// (high watermark or last stable offset). From memory at the end of the log, else one read of the segment file, every batch of which is
// held against its checksum and its neighbours' offsets: damage costs the damaged batch, and is never returned.
import {
  BASE_OFFSET_AT,
  BATCH_HEADER_BYTES,
  BATCH_LENGTH_AT,
  BATCH_OVERHEAD_BYTES,
  computeCrc,
  CRC_AT,
  int32At,
  int64At,
  LAST_OFFSET_DELTA_AT,
  MAGIC,
  MAGIC_AT,
  patchLeaderEpoch,
} from "../protocol/records/batch-header.ts";
import { problemOfOffset, readFully } from "./batch-scan.ts";
import type { HotChunk, HotChunks } from "./hot-tail.ts";
import type { IndexLoader } from "./index-loader.ts";
import { MAX_READ_BYTES, MAX_READ_POSITIONS, MIN_READ_BYTES } from "./limits.ts";
import type { LogContext } from "./log-context.ts";
import { logError } from "./log-error.ts";
import type { SegmentDamage } from "./segment-damage.ts";
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

/** Where a walk to an offset begins. */
interface Start {
  readonly position: number;
  /** No batch from there on begins below it. */
  readonly nextOffset: number;
  /** Offset behind the batch there, if it is known. */
  readonly firstEnd: number | undefined;
  /** The batch there is the one that holds the offset. */
  readonly exact: boolean;
}

/** Bytes of a segment from a batch's beginning on. */
interface Window {
  readonly bytes: Uint8Array;
  readonly nextOffset: number;
  readonly firstEnd: number | undefined;
  /** Offset behind the window if it ends with the segment, else Infinity. */
  readonly endOffset: number;
  /** From the disk: not trusted. */
  readonly stored: boolean;
  readonly leaderEpoch: number | undefined;
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

/** Whole batches, and how to give their memory back. */
export interface ReadBytes {
  readonly bytes: Uint8Array;
  /** At most once, when nobody will look at `bytes` again. Not necessary: then the garbage collector has them. */
  release(): void;
}

const NOTHING: ReadBytes = { bytes: new Uint8Array(0), release: () => undefined };

export class PartitionReader {
  readonly #context: LogContext;
  readonly #segments: SegmentList;
  readonly #hotChunks: HotChunks;
  readonly #indexes: IndexLoader;
  /** Offset → where its batch begins: the ends of recent reads, least recently used first. */
  #places: Map<number, Place> | undefined;

  constructor(context: LogContext, segments: SegmentList, hotChunks: HotChunks, indexes: IndexLoader) {
    this.#context = context;
    this.#segments = segments;
    this.#hotChunks = hotChunks;
    this.#indexes = indexes;
  }

  /** `offset` is at or above the log's start; empty when it is at or above `untilOffset`. The bytes must not be modified. */
  async read(offset: number, limits: ReadLimits): Promise<ReadBytes> {
    if (offset >= limits.untilOffset) return NOTHING;
    const bounded = limits.maxBytes > MAX_READ_BYTES ? { ...limits, maxBytes: MAX_READ_BYTES } : limits;
    return this.#readHot(offset, bounded) ?? this.#readSegments(offset, bounded);
  }

  // From memory --------------------------------------------------------------------------------------------------------------------------

  #readHot(offset: number, limits: ReadLimits): ReadBytes | undefined {
    const { chunks } = this.#hotChunks;
    const first = this.#hotChunks.find(offset);
    if (first < 0) return undefined;
    this.#hotChunks.follow();
    const parts: Uint8Array[] = [];
    let total = 0;
    for (let i = first; i < chunks.length; i++) {
      const chunk = chunks.at(i)!;
      const left = { untilOffset: limits.untilOffset, maxBytes: limits.maxBytes - total, minOneBatch: limits.minOneBatch && total === 0 };
      const bytes = chunk.bytes();
      const whole = i > first && chunk.nextOffset <= left.untilOffset && bytes.length <= left.maxBytes;
      const slice = whole ? undefined : sliceOf(hotWindow(chunk, bytes), offset, left);
      const part = slice === undefined ? bytes : bytes.subarray(slice.from, slice.to);
      if (part.length > 0) parts.push(part);
      total += part.length;
      if (slice !== undefined && slice.to < bytes.length) break;
      if (total >= limits.maxBytes) break;
    }
    return this.#copied(parts, total);
  }

  #copied(parts: readonly Uint8Array[], total: number): ReadBytes {
    const bytes = this.#context.buffers.take(total);
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return this.#lent(bytes, 0, total);
  }

  #lent(buffer: Uint8Array<ArrayBuffer>, from: number, to: number): ReadBytes {
    let isLent = true;
    const release = (): void => {
      if (isLent) this.#context.buffers.give(buffer);
      isLent = false;
    };
    return { bytes: buffer.subarray(from, to), release };
  }

  // From disk ----------------------------------------------------------------------------------------------------------------------------

  async #readSegments(offset: number, limits: ReadLimits): Promise<ReadBytes> {
    for (let index = this.#segments.indexOf(offset); index < this.#segments.all.length; index++) {
      const segment = this.#segments.all[index]!;
      const bytes = await this.#readSegment(segment, offset, limits);
      if (bytes !== undefined) return bytes;
    }
    return NOTHING;
  }

  /** undefined: nothing at or behind the offset is in this segment. Every batch that is returned has a right checksum. */
  async #readSegment(segment: Segment, offset: number, limits: ReadLimits): Promise<ReadBytes | undefined> {
    let start = await this.#startOf(segment, offset);
    let inspected = false;
    let wanted = limits.maxBytes;
    while (start.position < segment.sizeBytes) {
      const { position, exact } = start;
      const left = segment.sizeBytes - position;
      const length = Math.min(left, Math.max(exact ? wanted + BATCH_HEADER_BYTES : wanted + MIN_READ_BYTES / 2, MIN_READ_BYTES));
      const endOffset = length === left ? segment.nextOffset : Infinity;
      const bytes = await this.#readAt(segment, position, length);
      const { nextOffset, firstEnd } = start;
      const window = { bytes, nextOffset, firstEnd, endOffset, stored: true, leaderEpoch: this.#context.options.leaderEpoch };
      const slice = sliceOf(window, offset, limits);
      if (slice.damaged || (slice.to === slice.from && slice.larger > left - slice.to)) {
        const known = this.#context.damages.at(segment, position + slice.to);
        if (known !== undefined) throw damagedRecords(segment, known);
        if (inspected) throw damaged(segment, position + slice.to);
        await this.#indexes.inspect(segment);
        inspected = true;
        this.forgetPlaces();
        start = await this.#startOf(segment, offset);
        continue;
      }
      if (slice.to > slice.from) {
        this.#remember(slice.nextOffset, segment, position + slice.to);
        if (slice.nextOffset >= limits.untilOffset) this.#hotChunks.follow();
        return this.#lent(bytes, slice.from, slice.to);
      }
      this.#context.buffers.give(bytes);
      if (slice.ended) return NOTHING;
      // Either all batches of the buffer lie before the offset, or the first one does not fit in it.
      if (slice.larger > 0) wanted = Math.max(slice.larger, wanted);
      const unmoved = slice.to === 0 ? firstEnd : undefined;
      start = { position: position + slice.to, nextOffset: slice.nextOffset, firstEnd: unmoved, exact: exact || slice.larger > 0 };
    }
    return undefined;
  }

  /** A place at or before the batch that holds the offset, behind all known damage before it. */
  async #startOf(segment: Segment, offset: number): Promise<Start> {
    const known = this.#places?.get(offset);
    if (known?.segment === segment) return startAt(known.position, offset, true);
    const { offsets } = segment.indexes ?? (await this.#indexes.indexesOf(segment));
    const position = offsets.floor(offset);
    let start: Start = { position, nextOffset: segment.baseOffset, firstEnd: offsets.endOffsetAt(position), exact: false };
    for (const damage of this.#context.damages.of(segment)) {
      const { endPosition, fromOffset, untilOffset = Infinity } = damage;
      if (offset >= untilOffset && endPosition > start.position) start = startAt(endPosition, untilOffset, false);
      else if (offset >= fromOffset && offset < untilOffset) return startAt(damage.position, fromOffset, true);
    }
    return start;
  }

  async #readAt(segment: Segment, position: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const file = this.#context.files.tryAcquire(segment.path) ?? (await this.#context.files.acquire(segment.path));
    try {
      const buffer = this.#context.buffers.take(length);
      let filled = file.handle.readNow?.(buffer, 0, length, position) ?? 0;
      if (filled < length) filled += await readFully(file.handle, buffer.subarray(filled), length - filled, position + filled);
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
    const places = (this.#places ??= new Map<number, Place>());
    places.delete(offset);
    places.set(offset, { segment, position });
    if (places.size <= MAX_READ_POSITIONS) return;
    for (const oldest of places.keys()) {
      places.delete(oldest);
      return;
    }
  }

  /** Segments were deleted or cut: remembered places may be wrong. */
  forgetPlaces(): void {
    this.#places?.clear();
  }
}

/** The batches that hold `offset` or follow it, within the limits; a damaged one ends them, and is named if it is the first. */
function sliceOf(window: Window, offset: number, limits: ReadLimits): Slice {
  const { bytes } = window;
  const end = bytes.length;
  let at = 0;
  let begin = -1;
  let skipped = -1;
  let { nextOffset } = window;
  const slice = (more: Partial<Slice> = {}): Slice => {
    return { from: begin < 0 ? at : begin, to: at, nextOffset, larger: 0, damaged: false, ended: false, ...more };
  };
  const damagedHere = (): Slice => slice(begin < 0 ? { damaged: true } : { ended: true });
  while (at + BATCH_HEADER_BYTES <= end) {
    const sizeBytes = int32At(bytes, at + BATCH_LENGTH_AT) + BATCH_OVERHEAD_BYTES;
    const baseOffset = int64At(bytes, at + BASE_OFFSET_AT);
    if (sizeBytes < BATCH_HEADER_BYTES || bytes[at + MAGIC_AT] !== MAGIC) return damagedHere();
    const behind = baseOffset + int32At(bytes, at + LAST_OFFSET_DELTA_AT) + 1;
    if (baseOffset < nextOffset || behind <= baseOffset) return damagedHere();
    if (at === 0 && window.firstEnd !== undefined && behind !== window.firstEnd) return damagedHere();
    if (behind <= offset) {
      if (at + sizeBytes > end) break;
      skipped = at;
      at += sizeBytes;
      nextOffset = behind;
      continue;
    }
    const first = begin < 0;
    // The batch before must really end before the offset, unless this one holds it.
    if (window.stored && first && skipped >= 0 && baseOffset > offset && !isSound(bytes, skipped)) {
      at = skipped;
      return damagedHere();
    }
    const fits = at + sizeBytes - (first ? at : begin) <= limits.maxBytes || (first && limits.minOneBatch);
    if (!fits || (!first && behind > limits.untilOffset)) return slice({ ended: true });
    if (at + sizeBytes > end) return slice({ larger: sizeBytes });
    if (window.stored && !isSoundHere(window, at, nextOffset, behind)) return damagedHere();
    // No limit lies inside of a batch.
    if (behind > limits.untilOffset) return slice({ ended: true });
    if (window.leaderEpoch !== undefined) patchLeaderEpoch(bytes, at, window.leaderEpoch);
    if (first) begin = at;
    at += sizeBytes;
    nextOffset = behind;
  }
  // A header cut by the end of the buffer is read again from its beginning.
  const cut = begin < 0 && at < end ? Math.max(BATCH_HEADER_BYTES, sizeAt(bytes, at, end)) : 0;
  return slice({ larger: cut });
}

function isSoundHere({ bytes, firstEnd, endOffset }: Window, at: number, nextOffset: number, behind: number): boolean {
  const end = at + int32At(bytes, at + BATCH_LENGTH_AT) + BATCH_OVERHEAD_BYTES;
  if (end === bytes.length && behind > endOffset) return false;
  const isKnown = at === 0 && firstEnd !== undefined;
  return (isKnown || problemOfOffset(bytes, at, bytes.length, nextOffset) === undefined) && isSound(bytes, at);
}

function hotWindow({ baseOffset, nextOffset }: HotChunk, bytes: Uint8Array): Window {
  return { bytes, nextOffset: baseOffset, firstEnd: undefined, endOffset: nextOffset, stored: false, leaderEpoch: undefined };
}

function startAt(position: number, nextOffset: number, exact: boolean): Start {
  return { position, nextOffset, firstEnd: undefined, exact };
}

function isSound(bytes: Uint8Array, at: number): boolean {
  return computeCrc(bytes, at) === int32At(bytes, at + CRC_AT) >>> 0;
}

function sizeAt(bytes: Uint8Array, at: number, end: number): number {
  return at + BATCH_OVERHEAD_BYTES <= end ? int32At(bytes, at + BATCH_LENGTH_AT) + BATCH_OVERHEAD_BYTES : 0;
}

function damaged(segment: Segment, position: number): Error {
  return logError("KAFKA_STORAGE_ERROR", `${segment.path} is damaged at byte ${position}: no batch begins there.`);
}

function damagedRecords(segment: Segment, damage: SegmentDamage): Error {
  const { position, endPosition, fromOffset, untilOffset = segment.nextOffset, problem } = damage;
  const where = `offsets ${fromOffset} to ${untilOffset - 1} in bytes ${position} to ${endPosition - 1} of ${segment.path}`;
  return logError("CORRUPT_MESSAGE", `The records with ${where} are damaged: ${problem}. Read on from offset ${untilOffset}.`);
}
