// A segment file walked without a broker, for the commands that look into a data directory (../segment-damage.ts does the walking).
import type { Files } from "../../env/files.ts";
import type { BatchHeader } from "../../protocol/records/batch-header.ts";
import { type SegmentDamage, walkSegment } from "../segment-damage.ts";

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
    const walk = await walkSegment({ handle, sizeBytes, ...range }, (header, bytes, at, position) =>
      visit(header, bytes.subarray(at, at + header.sizeBytes), position),
    );
    return { sizeBytes, ...walk };
  } finally {
    await handle.close();
  }
}
