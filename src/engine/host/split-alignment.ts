// Watermark alignment (FLIP-182, FLIP-217): a split is not read while its watermark is more than maxDrift ahead of the slowest active split
// of its group, of whatever source. Idle and finished splits hold nobody back; one that waits for its turn is not idle. Pure.
import type { Alignment } from "../../stream/watermarks.ts";
import type { SplitStatus } from "../subtask/subtask.ts";

export interface AlignedSplit {
  readonly alignment: Alignment | undefined;
  readonly status: SplitStatus;
  /** −Infinity before its first record: then the others wait, too, once they have a watermark. */
  readonly watermark: number;
}

export function isAhead(split: AlignedSplit, all: readonly AlignedSplit[]): boolean {
  const { alignment } = split;
  if (alignment === undefined) return false;
  const limit = split.watermark - alignment.maxDriftMs;
  return all.some((other) => other.alignment?.group === alignment.group && other.status === "active" && other.watermark < limit);
}
