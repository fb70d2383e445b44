// What of a partition may and should be compacted now, and which segments may become one. Pure. Apache Kafka's rules: only sealed segments,
// nothing undecided (below the last stable offset), nothing younger than min.compaction.lag.ms.

/** An index holds offsets relative to its segment's first in 31 bits. */
const MAX_OFFSETS = 0x7fffffff;

export interface SealedSegment {
  readonly baseOffset: number;
  /** Offset behind its last batch, at or below the next segment's first. */
  readonly nextOffset: number;
  readonly sizeBytes: number;
  readonly maxTimestamp: number;
}

export interface CompactionSettings {
  readonly minCleanableDirtyRatio: number;
  readonly minCompactionLagMs: number;
  readonly maxCompactionLagMs: number;
}

export interface CompactionState {
  /** Everything below was compacted before. */
  readonly cleanedOffset: number;
  readonly lastStableOffset: number;
  readonly now: number;
  /** Time of the first uncompacted record, −1 if unknown. */
  readonly firstDirtyTimestamp: number;
}

export interface CompactionPlan {
  /** Keys from here on make older records superfluous. */
  readonly dirtyOffset: number;
  /** Behind the last segment that takes part. */
  readonly endOffset: number;
  /** Share of uncompacted bytes in what takes part. */
  readonly dirtyRatio: number;
  /** The ratio or the age of the uncompacted part asks for a compaction. */
  readonly due: boolean;
}

export function planCompaction(
  sealed: readonly SealedSegment[],
  settings: CompactionSettings,
  state: CompactionState,
): CompactionPlan | undefined {
  let cleanBytes = 0;
  let dirtyBytes = 0;
  let endOffset = -1;
  for (const segment of sealed) {
    const dirty = segment.nextOffset > state.cleanedOffset;
    if (segment.nextOffset > state.lastStableOffset) break;
    if (dirty && settings.minCompactionLagMs > 0 && segment.maxTimestamp > state.now - settings.minCompactionLagMs) break;
    if (dirty) dirtyBytes += segment.sizeBytes;
    else cleanBytes += segment.sizeBytes;
    if (dirty) endOffset = segment.nextOffset;
  }
  if (endOffset < 0 || dirtyBytes === 0) return undefined;
  const dirtyRatio = dirtyBytes / (cleanBytes + dirtyBytes);
  const overdue = state.firstDirtyTimestamp >= 0 && state.now - state.firstDirtyTimestamp > settings.maxCompactionLagMs;
  const dirtyOffset = Math.max(state.cleanedOffset, sealed[0]!.baseOffset);
  return { dirtyOffset, endOffset, dirtyRatio, due: overdue || dirtyRatio > settings.minCleanableDirtyRatio };
}

/** Whether a segment can go into the compacted one that has `bytes` bytes and begins at `baseOffset`, even if all of it stays. */
export function fitsBehind(
  baseOffset: number,
  bytes: number,
  segment: Pick<SealedSegment, "nextOffset" | "sizeBytes">,
  maxBytes: number,
): boolean {
  return bytes + segment.sizeBytes <= maxBytes && segment.nextOffset - baseOffset <= MAX_OFFSETS;
}
