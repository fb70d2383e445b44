// Latency samples of this run, the newest few thousand.
const SAMPLES = 2_000;

export class Latency {
  /** Records of an earlier run tell nothing about the time to a result now. */
  readonly #since = Date.now();
  readonly #milliseconds: number[] = [];

  /** `sentAt`: the producer's clock; absent in a replayed file. */
  add(sentAt: number | null | undefined): void {
    if (sentAt === undefined || sentAt === null || sentAt < this.#since) return;
    if (this.#milliseconds.length >= SAMPLES) this.#milliseconds.splice(0, SAMPLES / 2);
    this.#milliseconds.push(Date.now() - sentAt);
  }

  /** The share `p` of the samples is at most the result; NaN without samples. */
  percentile(p: number): number {
    const sorted = this.#milliseconds.toSorted((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? Number.NaN;
  }

  text(p: number): string {
    const value = this.percentile(p);
    return Number.isNaN(value) ? "–" : `${value.toFixed(0)} ms`;
  }
}
