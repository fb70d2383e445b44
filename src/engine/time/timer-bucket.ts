// The entries of one bucket of a timer wheel: chunks of a fixed size, filled one after the other. Chunks of buckets that are empty again
// are used for others, so a steady flow of timers allocates nothing, and a burst does not keep its memory.

export const CHUNK_ENTRIES = 256;
/** Free chunks that a thread keeps: 4 MB. */
const MAX_SPARE_CHUNKS = 1024;

export interface TimerChunk {
  readonly times: Float64Array;
  /** Two numbers per entry. */
  readonly entries: Int32Array;
  /** Entries in use. */
  size: number;
}

const spare: TimerChunk[] = [];

export class TimerBucket {
  chunks: TimerChunk[] = [];
  #last: TimerChunk | undefined;

  get isEmpty(): boolean {
    return this.#last === undefined;
  }

  get size(): number {
    return this.#last === undefined ? 0 : (this.chunks.length - 1) * CHUNK_ENTRIES + this.#last.size;
  }

  put(time: number, a: number, b: number): void {
    let last = this.#last;
    if (last === undefined || last.size === CHUNK_ENTRIES) last = this.#addChunk();
    const at = last.size++;
    last.times[at] = time;
    last.entries[at * 2] = a;
    last.entries[at * 2 + 1] = b;
  }

  #addChunk(): TimerChunk {
    const chunk = spare.pop() ?? { times: new Float64Array(CHUNK_ENTRIES), entries: new Int32Array(CHUNK_ENTRIES * 2), size: 0 };
    this.chunks.push(chunk);
    this.#last = chunk;
    return chunk;
  }

  /** Takes all chunks out; whoever has read them gives them back. */
  take(): readonly TimerChunk[] {
    const { chunks } = this;
    this.chunks = [];
    this.#last = undefined;
    return chunks;
  }

  /** The smallest of what `of` says; Infinity: it is empty. */
  least(of: (time: number, a: number, b: number) => number): number {
    let least = Infinity;
    for (const { times, entries, size } of this.chunks) {
      for (let at = 0; at < size; at++) least = Math.min(least, of(times[at]!, entries[at * 2]!, entries[at * 2 + 1]!));
    }
    return least;
  }

  /** Drops the entries for which `keep` is false. */
  filter(keep: (time: number, a: number, b: number) => boolean): void {
    const chunks = this.take();
    for (const { times, entries, size } of chunks) {
      for (let at = 0; at < size; at++) {
        const time = times[at]!;
        const a = entries[at * 2]!;
        const b = entries[at * 2 + 1]!;
        if (keep(time, a, b)) this.put(time, a, b);
      }
    }
    giveBack(chunks);
  }
}

export function giveBack(chunks: readonly TimerChunk[]): void {
  for (const chunk of chunks) {
    chunk.size = 0;
    if (spare.length < MAX_SPARE_CHUNKS) spare.push(chunk);
  }
}
