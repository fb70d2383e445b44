// A measurement's newest values, for its quantiles, and the sum of all: enough for what Apache Kafka's own histograms tell (of about as many
// samples, newest or not). Noting one allocates nothing.

/** Values remembered. */
const SAMPLES = 1024;

export class NewestSamples {
  readonly #newest = new Float32Array(SAMPLES);
  count = 0;
  total = 0;

  note(value: number): void {
    this.#newest[this.count % SAMPLES] = value;
    this.count++;
    this.total += value;
  }

  /** One value per share (0.5, 0.99, …); 0 without samples. */
  quantiles(shares: readonly number[]): number[] {
    const sorted = this.#newest.slice(0, Math.min(this.count, SAMPLES)).sort();
    return shares.map((share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  }
}
