// Loaded indexes of sealed segments, least recently used ones dropped above a number of bytes.
// Invariant: only indexes that are saved on disk are in the cache; the others stay in memory until a checkpoint has saved them.
import type { Segment } from "./segment.ts";

export class IndexCache {
  readonly #limitBytes: number;
  readonly #sizes = new Map<Segment, number>();
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The segment's indexes are loaded, saved and just used. */
  touch(segment: Segment): void {
    this.remove(segment);
    const bytes = segment.indexes!.memoryBytes;
    this.#sizes.set(segment, bytes);
    this.#bytes += bytes;
    for (const [oldest, size] of this.#sizes) {
      if (this.#bytes <= this.#limitBytes || oldest === segment) return;
      this.#sizes.delete(oldest);
      this.#bytes -= size;
      oldest.indexes = undefined;
    }
  }

  remove(segment: Segment): void {
    const size = this.#sizes.get(segment);
    if (size === undefined) return;
    this.#sizes.delete(segment);
    this.#bytes -= size;
  }
}
