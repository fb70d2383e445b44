// Latencies as a histogram with 64 buckets per doubling: within 1.6 %, one addition per sample.
const SUB = 64;
const LOWEST_MS = 1 / 64;

export class Latencies {
  readonly #buckets = new Float64Array(SUB * 30);
  #samples = 0;

  add(ms: number): void {
    const at = ms <= LOWEST_MS ? 0 : Math.min(this.#buckets.length - 1, Math.floor(Math.log2(ms / LOWEST_MS) * SUB));
    this.#buckets[at]!++;
    this.#samples++;
  }

  get samples(): number {
    return this.#samples;
  }

  /** NaN without samples. */
  percentile(share: number): number {
    let seen = 0;
    for (let at = 0; at < this.#buckets.length; at++) {
      seen += this.#buckets[at]!;
      if (seen >= this.#samples * share && seen > 0) return LOWEST_MS * 2 ** ((at + 1) / SUB);
    }
    return NaN;
  }
}
