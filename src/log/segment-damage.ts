// Walks a segment file whatever its state: sound batches are visited, damaged stretches are reported and stepped over to the next sound
// batch, so that one flipped bit costs one batch.
import type { FileHandle } from "../env/files.ts";
import {
  BATCH_HEADER_BYTES,
  BATCH_LENGTH_AT,
  BATCH_OVERHEAD_BYTES,
  int32At,
  int64At,
  MAGIC,
  MAGIC_AT,
} from "../protocol/records/batch-header.ts";
import { problemOfBatch, readFully, scanBatches, type VisitBatch } from "./batch-scan.ts";
import { MAX_RESYNC_BYTES, SCAN_CHUNK_BYTES } from "./limits.ts";

export interface SegmentDamage {
  /** From the first byte that makes no sound batch to the next one that does, or the end of the file. */
  readonly position: number;
  readonly endPosition: number;
  /** Offsets that may be lost: from the one expected to the next sound batch's first; undefined if none follows. */
  readonly fromOffset: number;
  readonly untilOffset: number | undefined;
  readonly problem: string;
}

export interface SegmentRange {
  readonly handle: FileHandle;
  readonly sizeBytes: number;
  readonly baseOffset: number;
  /** No batch ends above it: the next segment's first offset, Infinity if there is none. */
  readonly untilOffset: number;
}

export interface SegmentWalk {
  readonly damages: readonly SegmentDamage[];
  /** Behind the last sound batch. */
  readonly nextOffset: number;
}

/** The bytes given to `visit` are valid during the call only. Returning false ends the walk. */
export async function walkSegment(range: SegmentRange, visit: VisitBatch): Promise<SegmentWalk> {
  const { handle, sizeBytes, untilOffset } = range;
  const damages: SegmentDamage[] = [];
  let nextOffset = range.baseOffset;
  let stopped = false;
  for (let from = 0; from < sizeBytes && !stopped;) {
    // The checksum does not cover a batch's offset.
    let misplaced: { readonly position: number; readonly offset: number } | undefined;
    const result = await scanBatches({ handle, from, end: sizeBytes, nextOffset, checkCrcFrom: 0 }, (header, bytes, at, position) => {
      const lastOffset = header.baseOffset + header.lastOffsetDelta;
      if (lastOffset >= untilOffset) {
        misplaced = { position, offset: header.baseOffset };
        return false;
      }
      nextOffset = lastOffset + 1;
      stopped = visit(header, bytes, at, position) === false;
      return !stopped;
    });
    const problem = misplaced === undefined ? result.problem : `a batch has offset ${misplaced.offset}, what follows begins with ${untilOffset}`; // prettier-ignore
    if (problem === undefined) break;
    const position = misplaced?.position ?? result.position;
    const next = await nextSoundBatch(handle, position + 1, sizeBytes, { from: nextOffset, until: untilOffset });
    const endPosition = next?.position ?? sizeBytes;
    damages.push({ position, endPosition, fromOffset: nextOffset, untilOffset: next?.baseOffset, problem });
    from = endPosition;
  }
  return { damages, nextOffset };
}

interface FoundBatch {
  readonly position: number;
  readonly baseOffset: number;
}

/** The next position at which a whole batch with a right checksum and a possible offset begins. */
async function nextSoundBatch(
  handle: FileHandle,
  from: number,
  end: number,
  offsets: { readonly from: number; readonly until: number },
): Promise<FoundBatch | undefined> {
  for (let windowBytes = SCAN_CHUNK_BYTES; ; windowBytes *= 8) {
    const window = new Uint8Array(Math.max(0, Math.min(windowBytes, MAX_RESYNC_BYTES, end - from)));
    const filled = await readFully(handle, window, window.length, from);
    const found = soundBatchIn(window.subarray(0, filled), offsets);
    if (found !== undefined) return { position: from + found, baseOffset: int64At(window, found) };
    if (filled === end - from || windowBytes >= MAX_RESYNC_BYTES) return undefined;
  }
}

function soundBatchIn(bytes: Uint8Array, offsets: { readonly from: number; readonly until: number }): number | undefined {
  for (let at = 0; at + BATCH_HEADER_BYTES <= bytes.length; at++) {
    if (bytes[at + MAGIC_AT] !== MAGIC) continue;
    const sizeBytes = int32At(bytes, at + BATCH_LENGTH_AT) + BATCH_OVERHEAD_BYTES;
    if (sizeBytes < BATCH_HEADER_BYTES || at + sizeBytes > bytes.length) continue;
    const baseOffset = int64At(bytes, at);
    if (baseOffset < offsets.from || baseOffset >= offsets.until) continue;
    if (problemOfBatch(bytes, at, offsets.from, true) === undefined) return at;
  }
  return undefined;
}
