// Makes a damaged partition usable again: damaged stretches are cut out of their segments (offsets stay, a gap remains), files that the
// broker makes anew are removed. The original of every changed segment stays beside it (.damaged). The directory's lock must be held.
// Crash-safe: the new segment is written aside and renamed over the old one after the recovery point, which counts bytes, is gone.
import type { Files } from "../../env/files.ts";
import { SCAN_CHUNK_BYTES } from "../limits.ts";
import { readFully } from "../batch-scan.ts";
import { logError } from "../log-error.ts";
import { newerCheckpoint, readCheckpoint, writeCheckpoint } from "../partition-checkpoint.ts";
import { readSharedCheckpoint } from "../recovery-points.ts";
import type { SegmentDamage } from "../segment-damage.ts";
import { ABORTED_INDEX_SUFFIX, OFFSET_INDEX_SUFFIX, TEMPORARY_SUFFIX, TIME_INDEX_SUFFIX } from "../segment-files.ts";
import type { Finding, PartitionReport } from "./verify-partition.ts";

export const DAMAGED_SUFFIX = ".damaged";

/** What repairPartition does about a finding, in a sentence without its end; undefined if it can do nothing. */
export function repairOf(finding: Finding): string | undefined {
  switch (finding.kind) {
    case "torn-tail":
      return "Left to the next start, which cuts it off";
    case "recovery-points":
      return "Left to the next start, which reads the log and writes it anew";
    case "damage":
      return `Cut out; the original is kept as ${finding.path}${DAMAGED_SUFFIX}`;
    case "index":
    case "snapshot":
    case "checkpoint":
      return "Removed; the next start makes it anew";
    case "swap":
      return undefined;
  }
}

/** Rejects with KAFKA_STORAGE_ERROR if something cannot be repaired; nothing has changed then. */
export async function repairPartition(files: Files, directory: string, report: PartitionReport): Promise<void> {
  const hopeless = report.findings.find((finding) => repairOf(finding) === undefined);
  if (hopeless !== undefined)
    throw logError("KAFKA_STORAGE_ERROR", `${hopeless.path}: ${hopeless.problem}. Restore it, or move the partition's directory away.`);
  const damaged = new Map<string, SegmentDamage[]>();
  for (const { kind, path, damage } of report.findings) {
    if (kind === "damage") damaged.set(path, [...(damaged.get(path) ?? []), damage!]);
    else if (kind !== "torn-tail" && kind !== "recovery-points") await files.remove(path);
  }
  if (damaged.size > 0) await forgetRecoveryPoint(files, directory);
  for (const [path, damages] of damaged) await cutOut(files, directory, path, damages);
  if (report.findings.length > 0) await files.syncDirectory(directory);
}

async function forgetRecoveryPoint(files: Files, directory: string): Promise<void> {
  const own = await readCheckpoint(files, directory);
  const { checkpoint: shared } = await readSharedCheckpoint(files, directory);
  const checkpoint = newerCheckpoint(own, shared);
  if (checkpoint === undefined) return;
  const sequence = Math.max(own?.sequence ?? 0, shared?.sequence ?? 0) + 1;
  await writeCheckpoint(files, directory, { ...checkpoint, recoveryPoint: undefined, sequence });
}

async function cutOut(files: Files, directory: string, path: string, damages: readonly SegmentDamage[]): Promise<void> {
  const size = (await files.stat(path))!.size;
  // A leftover of an earlier repair is the older, truer original.
  const keep = (await files.stat(path + DAMAGED_SUFFIX)) === undefined;
  if (keep) await copyRanges(files, path, path + DAMAGED_SUFFIX, [{ from: 0, to: size }]);
  const sound: { from: number; to: number }[] = [];
  let from = 0;
  for (const { position, endPosition } of damages) {
    sound.push({ from, to: position });
    from = endPosition;
  }
  sound.push({ from, to: size });
  await copyRanges(files, path, path + TEMPORARY_SUFFIX, sound);
  for (const suffix of [OFFSET_INDEX_SUFFIX, TIME_INDEX_SUFFIX, ABORTED_INDEX_SUFFIX]) {
    const index = path.replace(/\.log$/, suffix);
    if ((await files.stat(index)) !== undefined) await files.remove(index);
  }
  await files.syncDirectory(directory);
  await files.rename(path + TEMPORARY_SUFFIX, path);
  await files.syncDirectory(directory);
}

async function copyRanges(files: Files, from: string, to: string, ranges: readonly { from: number; to: number }[]): Promise<void> {
  const source = await files.open(from, "r");
  const target = await files.open(to, "w+");
  try {
    const piece = new Uint8Array(SCAN_CHUNK_BYTES);
    let written = 0;
    for (const range of ranges) {
      for (let at = range.from; at < range.to;) {
        const count = await readFully(source, piece, Math.min(piece.length, range.to - at), at);
        if (count === 0) throw logError("KAFKA_STORAGE_ERROR", `${from} is shorter than it was.`);
        await target.write([piece.subarray(0, count)], written);
        at += count;
        written += count;
      }
    }
    await target.datasync();
  } finally {
    await source.close();
    await target.close();
  }
}
