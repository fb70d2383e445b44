// Walks a segment file whatever its state: sound batches are visited, damaged stretches are reported and stepped over to the next sound
// batch, so that one flipped bit costs one batch.
import type { FileHandle, Files } from "../../env/files.ts";
import {
  BATCH_HEADER_BYTES,
  BATCH_LENGTH_AT,
  BATCH_OVERHEAD_BYTES,
  type BatchHeader,
  int32At,
  MAGIC,
  MAGIC_AT,
} from "../../protocol/records/batch-header.ts";
import { problemOfBatch, readFully, scanBatches } from "../batch-scan.ts";
import { MAX_RESYNC_BYTES } from "../limits.ts";

export interface SegmentDamage {
  /** From the first byte that makes no sound batch to the next one that does, or the end of the file. */
  readonly position: number;
  readonly endPosition: number;
  /** Offsets that may be lost: from the one expected to the next sound batch's first; undefined if none follows. */
  readonly fromOffset: number;
  readonly untilOffset: number | undefined;
  readonly problem: string;
}

/** `batch` is valid during the call only. Returning false ends the walk. */
export type VisitSoundBatch = (header: BatchHeader, batch: Uint8Array, position: number) => boolean | void;

export interface SegmentScan {
  readonly sizeBytes: number;
  readonly damages: readonly SegmentDamage[];
  /** Behind the last sound batch. */
  readonly nextOffset: number;
}

/** `untilOffset`: the next segment's first offset, Infinity for the last one. */
export async function scanSegment(
  files: Files,
  path: string,
  range: { readonly baseOffset: number; readonly untilOffset: number },
  visit: VisitSoundBatch,
): Promise<SegmentScan> {
  const handle = await files.open(path, "r");
  try {
    const sizeBytes = await handle.size();
    const damages: SegmentDamage[] = [];
    let nextOffset = range.baseOffset;
    let stopped = false;
    for (let from = 0; from < sizeBytes && !stopped;) {
      // The checksum does not cover a batch's offset.
      let misplaced: { readonly position: number; readonly offset: number } | undefined;
      const result = await scanBatches({ handle, from, end: sizeBytes, nextOffset, checkCrcFrom: 0 }, (header, bytes, at, position) => {
        const lastOffset = header.baseOffset + header.lastOffsetDelta;
        if (lastOffset >= range.untilOffset) {
          misplaced = { position, offset: header.baseOffset };
          return false;
        }
        nextOffset = lastOffset + 1;
        stopped = visit(header, bytes.subarray(at, at + header.sizeBytes), position) === false;
        return !stopped;
      });
      const problem = misplaced === undefined ? result.problem : `a batch has offset ${misplaced.offset}, the next segment begins with ${range.untilOffset}`; // prettier-ignore
      if (problem === undefined) break;
      const position = misplaced?.position ?? result.position;
      const next = await nextSoundBatch(handle, position + 1, sizeBytes, { from: nextOffset, until: range.untilOffset });
      const endPosition = next?.position ?? sizeBytes;
      damages.push({ position, endPosition, fromOffset: nextOffset, untilOffset: next?.baseOffset, problem });
      from = endPosition;
    }
    return { sizeBytes, damages, nextOffset };
  } finally {
    await handle.close();
  }
}

/** The next position at which a whole batch with a right checksum and a possible offset begins. */
async function nextSoundBatch(
  handle: FileHandle,
  from: number,
  end: number,
  offsets: { readonly from: number; readonly until: number },
): Promise<{ readonly position: number; readonly baseOffset: number } | undefined> {
  const window = new Uint8Array(Math.min(MAX_RESYNC_BYTES, end - from));
  const filled = await readFully(handle, window, window.length, from);
  for (let at = 0; at + BATCH_HEADER_BYTES <= filled; at++) {
    if (window[at + MAGIC_AT] !== MAGIC) continue;
    const sizeBytes = int32At(window, at + BATCH_LENGTH_AT) + BATCH_OVERHEAD_BYTES;
    if (sizeBytes < BATCH_HEADER_BYTES || at + sizeBytes > filled) continue;
    const baseOffset = offsetAt(window, at);
    if (baseOffset < offsets.from || baseOffset >= offsets.until) continue;
    if (problemOfBatch(window, at, offsets.from, true) === undefined) return { position: from + at, baseOffset };
  }
  return undefined;
}

function offsetAt(bytes: Uint8Array, at: number): number {
  return int32At(bytes, at) * 0x1_0000_0000 + (int32At(bytes, at + 4) >>> 0);
}
