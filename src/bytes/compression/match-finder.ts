// Finds earlier occurrences of four bytes with one small hash table: what LZ4 and Snappy compress with. One table is enough, as
// compression runs to its end in one turn.

const HASH_BITS = 14;

export class MatchFinder {
  /** Position + 1 of the newest occurrence of a hash; 0: none. */
  readonly #table = new Int32Array(1 << HASH_BITS);

  reset(): void {
    this.#table.fill(0);
  }

  /** Notes the four bytes at `at` (as a number: `word`) and returns where they were seen before, −1 if nowhere. The bytes may differ. */
  exchange(word: number, at: number): number {
    const slot = Math.imul(word, 0x9e3779b1) >>> (32 - HASH_BITS);
    const earlier = this.#table[slot]! - 1;
    this.#table[slot] = at + 1;
    return earlier;
  }
}

export function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

/** How many bytes from `at` on are the same as those from `earlier` on, not looking at or behind `end`. */
export function matchLength(bytes: Uint8Array, earlier: number, at: number, end: number): number {
  let length = 0;
  while (at + length < end && bytes[earlier + length] === bytes[at + length]) length++;
  return length;
}

export const finder = new MatchFinder();
