// Which of a partition's oldest segments have outlived the topic's retention. Pure. Only whole segments go, oldest first, and never
// one with records that are not on disk and readable yet.

export interface RetentionSegment {
  readonly sizeBytes: number;
  /** Offset behind its last batch. */
  readonly nextOffset: number;
  readonly maxTimestamp: number;
}

export interface RetentionSettings {
  readonly retentionMs: number;
  readonly retentionBytes: number;
}

/** How many segments from the start may be deleted; all of them means that the active one is to be rolled first. */
export function expiredSegments(
  segments: readonly RetentionSegment[],
  settings: RetentionSettings,
  highWatermark: number,
  now: number,
): number {
  const { retentionMs, retentionBytes } = settings;
  let excess = retentionBytes < 0 ? -1 : segments.reduce((sum, segment) => sum + segment.sizeBytes, 0) - retentionBytes;
  let count = 0;
  for (const [i, segment] of segments.entries()) {
    // The active segment may be empty; one before it is if a compaction left nothing of it.
    if (segment.nextOffset > highWatermark || (segment.sizeBytes === 0 && i === segments.length - 1)) break;
    const isOld = retentionMs >= 0 && now - segment.maxTimestamp > retentionMs;
    const isExcess = excess >= segment.sizeBytes && count < segments.length - 1;
    if (!isOld && !isExcess) break;
    excess -= segment.sizeBytes;
    count++;
  }
  return count;
}
