// Names of the files of one partition, as Apache Kafka names them: the first offset in twenty digits and a suffix.

export const LOG_SUFFIX = ".log";
export const OFFSET_INDEX_SUFFIX = ".index";
export const TIME_INDEX_SUFFIX = ".timeindex";
export const ABORTED_INDEX_SUFFIX = ".txnindex";
export const SNAPSHOT_SUFFIX = ".snapshot";
export const TEMPORARY_SUFFIX = ".tmp";
/** A compacted file that has not taken the place of the original yet, behind the whole name of that (compaction/segment-swap.ts). */
export const CLEANED_SUFFIX = ".cleaned";
export const SWAP_SUFFIX = ".swap";
export const CHECKPOINT_FILE = "checkpoint.json";
/** Beside the topics' files (recovery-points.ts). */
export const META_DIRECTORY = "meta";
export const RECOVERY_POINTS_FILE = "recovery-points";

export function offsetFileName(offset: number, suffix: string): string {
  return String(offset).padStart(20, "0") + suffix;
}

/** The offset in a file name with this suffix, or −1 if the name is not of that form. */
export function offsetOfFileName(name: string, suffix: string): number {
  if (name.length !== 20 + suffix.length || !name.endsWith(suffix)) return -1;
  const digits = name.slice(0, 20);
  if (!/^\d{20}$/.test(digits)) return -1;
  const offset = Number(digits);
  return Number.isSafeInteger(offset) ? offset : -1;
}

export function partitionDirectoryName(topic: string, partition: number): string {
  return `${topic}-${partition}`;
}

/** Topic and partition of a directory name, undefined if it is not a partition's. */
export function parsePartitionDirectory(name: string): { readonly topic: string; readonly partition: number } | undefined {
  const dash = name.lastIndexOf("-");
  if (dash <= 0) return undefined;
  const digits = name.slice(dash + 1);
  if (!/^(0|[1-9]\d{0,8})$/.test(digits)) return undefined;
  return { topic: name.slice(0, dash), partition: Number(digits) };
}
