// Events per second over the last half minute to minute: two windows of 30 s, the older one whole, as Apache Kafka's rates are.

const WINDOW_MS = 30_000;

export class WindowedRate {
  #begin: number;
  #older = 0;
  #newer = 0;

  constructor(now: number) {
    this.#begin = now;
  }

  note(now: number): void {
    this.#roll(now);
    this.#newer++;
  }

  perSecond(now: number): number {
    this.#roll(now);
    return (this.#older + this.#newer) / ((now - this.#begin + WINDOW_MS) / 1000);
  }

  #roll(now: number): void {
    const windows = Math.floor((now - this.#begin) / WINDOW_MS);
    if (windows < 1) return;
    this.#older = windows === 1 ? this.#newer : 0;
    this.#newer = 0;
    this.#begin += windows * WINDOW_MS;
  }
}
