// What an operator has refused because it came too late: how many elements, how late the worst was, and the last few of them.
const KEPT = 3;

export interface LateSample {
  element: unknown;
  /** Epoch ms of event time. */
  timestamp: number;
  watermark: number;
}

export class LateDrops {
  dropped = 0;
  /** How far behind the watermark the worst was, in ms. */
  worstMs = 0;
  readonly #last: LateSample[] = [];

  add(element: unknown, timestamp: number, watermark: number): void {
    const place = this.dropped++ % KEPT;
    if (watermark - timestamp > this.worstMs) this.worstMs = watermark - timestamp;
    const sample = this.#last[place];
    if (sample === undefined) this.#last.push({ element, timestamp, watermark });
    else {
      sample.element = element;
      sample.timestamp = timestamp;
      sample.watermark = watermark;
    }
  }

  /** The last ones, in no order. */
  get samples(): readonly LateSample[] {
    return this.#last;
  }
}
