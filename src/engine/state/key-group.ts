// From a key's 32-bit hash to its key group and to the subtask that owns it: the arithmetic of Apache Flink's KeyGroupRangeAssignment,
// so that rows keyed by the hash land in the same groups there. Cannot change after the first savepoint (key-group.test.ts has vectors).

export const DEFAULT_MAX_PARALLELISM = 128;
/** As in Flink: a key group must fit into a short. */
export const MAX_MAX_PARALLELISM = 32768;

/** Murmur3's mixing of one 32-bit code, made non-negative. */
export function murmurOfHash(keyHash: number): number {
  let h = Math.imul(keyHash, 0xcc9e2d51);
  h = (h << 15) | (h >>> 17);
  h = Math.imul(h, 0x1b873593);
  h = (h << 13) | (h >>> 19);
  h = (Math.imul(h, 5) + 0xe6546b64) | 0;
  h ^= 4;
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  h ^= h >>> 16;
  if (h >= 0) return h;
  return h === -0x80000000 ? 0 : -h;
}

export function keyGroup(keyHash: number, maxParallelism: number): number {
  return murmurOfHash(keyHash) % maxParallelism;
}

/** The subtask that owns a key group. */
export function keyGroupOwner(group: number, parallelism: number, maxParallelism: number): number {
  return Math.floor((group * parallelism) / maxParallelism);
}

export interface KeyGroupRange {
  readonly first: number;
  /** Exclusive. */
  readonly end: number;
}

/** All groups g with keyGroupOwner(g) = index. */
export function keyGroupRange(index: number, parallelism: number, maxParallelism: number): KeyGroupRange {
  return { first: Math.ceil((index * maxParallelism) / parallelism), end: Math.ceil(((index + 1) * maxParallelism) / parallelism) };
}
