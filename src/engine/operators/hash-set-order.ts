// The order in which a java.util.HashSet gives time windows, and so the order in which Apache Flink's heap state puts the elements of
// merged sessions behind each other: by the bucket of a mixed hash of start + end, and within a bucket as they were put in.
import type { Bounds } from "./window-assigner.ts";

const MIN_BUCKETS = 16;
const FULL = 0.75;

/** `windows` in the order of being put in; `added`: how many were in the set at its fullest. */
export function inHashSetOrder<W extends Bounds>(windows: readonly W[], added: number): readonly W[] {
  let buckets = MIN_BUCKETS;
  while (added > buckets * FULL) buckets *= 2;
  const placed = windows.map((window) => ({ window, bucket: spread(hashOf(window)) & (buckets - 1) }));
  return placed.toSorted((a, b) => a.bucket - b.bucket).map(({ window }) => window);
}

function spread(hash: number): number {
  return hash ^ (hash >>> 16);
}

/** splitmix64's finisher over start + end, cut to 32 bits. */
function hashOf({ start, end }: Bounds): number {
  let mixed = BigInt.asIntN(64, BigInt(start) + BigInt(end));
  mixed = BigInt.asIntN(64, (mixed ^ unsignedShift(mixed, 30n)) * 0xbf58476d1ce4e5b9n);
  mixed = BigInt.asIntN(64, (mixed ^ unsignedShift(mixed, 27n)) * 0x94d049bb133111ebn);
  return Number(BigInt.asIntN(32, mixed ^ unsignedShift(mixed, 31n)));
}

function unsignedShift(value: bigint, by: bigint): bigint {
  return BigInt.asUintN(64, value) >> by;
}
