// Bytes of requests that are in work, over all connections (queued.max.request.bytes). Above the limit connections stop reading;
// those that waited go on, oldest first, when there is room again.

export class RequestMemory {
  readonly #maxBytes: number;
  readonly #waiting = new Set<() => void>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get isFull(): boolean {
    return this.#bytes >= this.#maxBytes;
  }

  take(bytes: number): void {
    this.#bytes += bytes;
  }

  give(bytes: number): void {
    this.#bytes -= bytes;
    if (this.#waiting.size === 0) return;
    for (const resume of this.#waiting) {
      if (this.isFull) return;
      this.#waiting.delete(resume);
      resume();
    }
  }

  /** Calls `resume` once when there is room. */
  wait(resume: () => void): void {
    this.#waiting.add(resume);
  }

  forget(resume: () => void): void {
    this.#waiting.delete(resume);
  }
}
