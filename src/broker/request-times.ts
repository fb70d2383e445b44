// How long the newest requests of one API took: enough for the quantiles that Apache Kafka's own metrics tell (of about as many samples, newest
// or not). Noting one allocates nothing.

/** Requests remembered. */
const SAMPLES = 1024;

export class RequestTimes {
  readonly #newest = new Float32Array(SAMPLES);
  count = 0;
  totalMs = 0;

  note(ms: number): void {
    this.#newest[this.count % SAMPLES] = ms;
    this.count++;
    this.totalMs += ms;
  }

  /** Milliseconds, one per share (0.5, 0.99, …); 0 without requests. */
  quantiles(shares: readonly number[]): number[] {
    const sorted = this.#newest.slice(0, Math.min(this.count, SAMPLES)).sort();
    return shares.map((share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  }
}
