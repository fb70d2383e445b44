// Walks the batches of a segment file from a position, in large reads. Stops at the first thing that is not a whole, sound batch:
// behind the last flush of a crashed log that is the torn tail.
import { isPlanted } from "../env/planted-faults.ts";
import type { FileHandle } from "../env/files.ts";
import {
  BATCH_HEADER_BYTES,
  BATCH_LENGTH_AT,
  BATCH_OVERHEAD_BYTES,
  type BatchHeader,
  computeCrc,
  int32At,
  int64At,
  LAST_OFFSET_DELTA_AT,
  MAGIC,
  readBatchHeader,
} from "../protocol/records/batch-header.ts";
import { SCAN_CHUNK_BYTES } from "./limits.ts";

const OFFSET_BYTES = 8;

export interface ScanRange {
  readonly handle: FileHandle;
  /** Position of a batch. */
  readonly from: number;
  /** Size of the file, or where to stop. */
  readonly end: number;
  /** No batch may begin below this offset. */
  readonly nextOffset: number;
  /** Checksums are verified from this position on. */
  readonly checkCrcFrom: number;
}

export interface ScanResult {
  /** Behind the last sound batch. */
  readonly position: number;
  /** Offset behind the last sound batch. */
  readonly nextOffset: number;
  /** Why the scan ended before `end`; undefined if it did not. */
  readonly problem: string | undefined;
}

/** `bytes` are only valid during the call. Returning false stops the scan behind this batch. */
export type VisitBatch = (header: BatchHeader, bytes: Uint8Array, at: number, position: number) => boolean | void;

export async function scanBatches(range: ScanRange, visit: VisitBatch): Promise<ScanResult> {
  let buffer = new Uint8Array(Math.min(SCAN_CHUNK_BYTES, Math.max(BATCH_HEADER_BYTES, range.end - range.from)));
  let position = range.from;
  let nextOffset = range.nextOffset;
  while (position < range.end) {
    const wanted = Math.min(buffer.length, range.end - position);
    const filled = await readFully(range.handle, buffer, wanted, position);
    if (filled < wanted) return { position, nextOffset, problem: `the file ends at byte ${position + filled}` };
    let at = 0;
    while (at < filled) {
      const left = filled - at;
      const more = position + filled < range.end;
      if (left < BATCH_HEADER_BYTES) {
        if (more) break;
        return { position: position + at, nextOffset, problem: `${left} bytes are too few for a batch` };
      }
      const sizeBytes = int32At(buffer, at + BATCH_LENGTH_AT) + BATCH_OVERHEAD_BYTES;
      if (sizeBytes < BATCH_HEADER_BYTES || sizeBytes > range.end - position - at) {
        return { position: position + at, nextOffset, problem: `a batch claims ${sizeBytes} bytes` };
      }
      // The offset behind it is needed, too.
      if (sizeBytes > left || (more && sizeBytes + OFFSET_BYTES > left)) break;
      const checkCrc = position + at >= range.checkCrcFrom && !isPlanted("no-checksum-at-recovery");
      const problem = problemOfBatch(buffer, at, nextOffset, checkCrc) ?? problemOfOffset(buffer, at, filled, nextOffset);
      if (problem !== undefined) return { position: position + at, nextOffset, problem };
      const header = readBatchHeader(buffer, at);
      nextOffset = header.baseOffset + header.lastOffsetDelta + 1;
      const goOn = visit(header, buffer, at, position + at);
      at += sizeBytes;
      if (goOn === false) return { position: position + at, nextOffset, problem: undefined };
    }
    if (at === 0) buffer = new Uint8Array(int32At(buffer, BATCH_LENGTH_AT) + BATCH_OVERHEAD_BYTES + OFFSET_BYTES);
    position += at;
  }
  return { position, nextOffset, problem: undefined };
}

/** Why the whole batch at `at` is not sound; undefined if it is. */
export function problemOfBatch(bytes: Uint8Array, at: number, nextOffset: number, checkCrc: boolean): string | undefined {
  const header = readBatchHeader(bytes, at);
  if (header.magic !== MAGIC) return `a batch has format ${header.magic}`;
  if (header.baseOffset < nextOffset) return `a batch has offset ${header.baseOffset}, at least ${nextOffset} was expected`;
  if (header.lastOffsetDelta < 0) return `a batch has the last offset delta ${header.lastOffsetDelta}`;
  if (checkCrc && computeCrc(bytes, at) !== header.crc) return `the batch at offset ${header.baseOffset} has a wrong checksum`;
  return undefined;
}

/**
 * The checksum does not cover a batch's offset. One that is larger than it was when it was written reaches over the offset of the batch
 * behind it, which follows what came before. `nextOffset`: behind the batch before.
 */
export function problemOfOffset(bytes: Uint8Array, at: number, end: number, nextOffset: number): string | undefined {
  const baseOffset = int64At(bytes, at);
  if (baseOffset === nextOffset) return undefined;
  const behind = at + int32At(bytes, at + BATCH_LENGTH_AT) + BATCH_OVERHEAD_BYTES;
  if (behind + OFFSET_BYTES > end) return undefined;
  const count = int32At(bytes, at + LAST_OFFSET_DELTA_AT) + 1;
  const following = int64At(bytes, behind);
  if (following >= baseOffset + count || following < nextOffset + count) return undefined;
  return `a batch has offset ${baseOffset}, the next one ${following}`;
}

/** Reads until `length` bytes are there or the file ends; returns how many. */
export async function readFully(handle: FileHandle, into: Uint8Array, length: number, position: number): Promise<number> {
  let filled = 0;
  while (filled < length) {
    const count = await handle.read(into, filled, length - filled, position + filled);
    if (count === 0) break;
    filled += count;
  }
  return filled;
}
