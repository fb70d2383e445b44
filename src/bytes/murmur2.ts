// MurmurHash2 (Austin Appleby, 32 bit, public domain) with Kafka's seed: the default partitioner's hash of a key.
// Invariant: every Kafka client maps the same key bytes to the same partition; the vectors in murmur2.test.ts guard it.

const SEED = 0x9747b28c | 0;
const MULTIPLIER = 0x5bd1e995;

/** Signed 32-bit hash of `bytes[start, end)`. */
export function murmur2(bytes: Uint8Array, start = 0, end: number = bytes.length): number {
  const length = end - start;
  let hash = SEED ^ length;
  let at = start;
  for (const last = end - 4; at <= last; at += 4) {
    let word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    word = Math.imul(word, MULTIPLIER);
    word ^= word >>> 24;
    hash = Math.imul(hash, MULTIPLIER) ^ Math.imul(word, MULTIPLIER);
  }
  const tail = end - at;
  if (tail > 0) {
    if (tail === 3) hash ^= bytes[at + 2]! << 16;
    if (tail >= 2) hash ^= bytes[at + 1]! << 8;
    hash = Math.imul(hash ^ bytes[at]!, MULTIPLIER);
  }
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER);
  return hash ^ (hash >>> 15);
}

/** The partition Kafka's default partitioner gives a key among `partitions`. */
export function kafkaPartition(key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions;
}
