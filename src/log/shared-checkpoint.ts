// A checkpoint of all partitions at once: each brings to disk what its recovery point speaks of, then one file is replaced, then each is told.
// Invariant: one at a time; a partition that has moved on meanwhile, by a checkpoint of its own, is not set back.
import type { Files } from "../env/files.ts";
import { PARTITION_CONCURRENCY } from "./limits.ts";
import { inParallel } from "./parallel.ts";
import type { PartitionCheckpoint } from "./partition-checkpoint.ts";
import { type PartitionPoint, writeRecoveryPoints } from "./recovery-points.ts";

/** What a partition's keeper offers. */
export interface SharedRecoveryPoint {
  /** What the file holds of the partition. */
  readonly shared: PartitionCheckpoint | undefined;
  /** undefined if that is still right. */
  prepareShared(): Promise<PartitionCheckpoint | undefined>;
  sharedWritten(checkpoint: PartitionCheckpoint): Promise<void>;
}

export interface CheckpointedPartition {
  readonly topicId: string;
  readonly partition: number;
  readonly recoveryPoints: SharedRecoveryPoint;
}

/** Rejects if the file cannot be written; then nobody was told. */
export async function checkpointTogether(
  files: Files,
  metaDirectory: string,
  partitions: readonly CheckpointedPartition[],
  isStopped: () => boolean,
): Promise<void> {
  const prepared = new Map<CheckpointedPartition, PartitionCheckpoint>();
  await inParallel(partitions, PARTITION_CONCURRENCY, async (log) => {
    const checkpoint = await log.recoveryPoints.prepareShared();
    if (checkpoint !== undefined) prepared.set(log, checkpoint);
  });
  if (prepared.size === 0 || isStopped()) return;
  const points: PartitionPoint[] = [];
  for (const log of partitions) {
    const checkpoint = prepared.get(log) ?? log.recoveryPoints.shared;
    if (checkpoint !== undefined) points.push({ topicId: log.topicId, partition: log.partition, checkpoint });
  }
  await writeRecoveryPoints(files, metaDirectory, points);
  for (const [log, checkpoint] of prepared) await log.recoveryPoints.sharedWritten(checkpoint);
}
