// Compaction over all partitions of a log directory: one at a time, the one with the largest uncompacted share first.
import type { PartitionLog } from "../partition-log.ts";

/** Compacts every partition that is due once; `stopped` is asked between two of them. */
export async function compactAll(logs: Iterable<PartitionLog>, now: number, stopped: () => boolean): Promise<void> {
  const due: { readonly log: PartitionLog; readonly ratio: number }[] = [];
  for (const log of logs) {
    if (stopped()) return;
    if (!log.settings.compacts) continue;
    const plan = await log.compactor.plan(now);
    if (plan?.due === true) due.push({ log, ratio: plan.dirtyRatio });
  }
  due.sort((a, b) => b.ratio - a.ratio);
  for (const { log } of due) {
    // Anew: the partition may have changed while others were compacted.
    const plan = stopped() ? undefined : await log.compactor.plan(now);
    if (plan?.due === true && !stopped()) await log.compactor.run(plan, now);
  }
}
