// The split reader behind the in-memory sources: a position that counts rows, an end that may be known, and optionally a pace.
// Pacing is by schedule, not by gaps: row n is due at start + n / rate, whatever happened before (so waiting shows up as lag).
import type { Clock, Timer, Timers } from "../../env/clock.ts";
import type { Batch } from "../../schema/batch.ts";
import type { Json, SourceBatch, SplitReader } from "../../stream/connector.ts";

export interface RowFiller {
  /** Makes the batch of rows [first, first + rows). It stays the filler's; valid until the next call. `dueMs(row)` = when the row was due. */
  fill(first: number, rows: number, dueMs: (row: number) => number): Batch;
}

export interface PacedReaderOptions {
  readonly position: Json | undefined;
  /** Rows of the split; Infinity: no end. */
  readonly count: number;
  /** Rows per second; Infinity: as fast as they are read. */
  readonly ratePerSecond: number;
}

export class PacedReader implements SplitReader {
  readonly #filler: RowFiller;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #rate: number;
  readonly #startMs: number;
  readonly #startRow: number;
  #count: number;
  #at: number;
  #offsets = new Float64Array(0);
  #waiting: { readonly timer: Timer | undefined; readonly resolve: () => void } | undefined;
  #closed = false;
  readonly #out: { batch: Batch; offsets: Float64Array; poison: undefined };

  constructor(filler: RowFiller, env: { readonly clock: Clock; readonly timers: Timers }, options: PacedReaderOptions) {
    this.#filler = filler;
    this.#clock = env.clock;
    this.#timers = env.timers;
    this.#rate = options.ratePerSecond / 1000;
    this.#count = options.count;
    this.#at = typeof options.position === "number" ? options.position : 0;
    this.#startRow = this.#at;
    this.#startMs = env.clock.now();
    this.#out = { batch: undefined as unknown as Batch, offsets: this.#offsets, poison: undefined };
  }

  poll(maxRows: number): SourceBatch | undefined {
    const rows = Math.min(maxRows, this.#due() - this.#at);
    if (rows <= 0) return undefined;
    const first = this.#at;
    this.#out.batch = this.#filler.fill(first, rows, (row) => Math.floor(this.#dueMs(row)));
    this.#out.offsets = this.#offsetsFrom(first, rows);
    this.#at += rows;
    return this.#out;
  }

  available(): Promise<void> {
    if (this.finished || this.#due() > this.#at) return Promise.resolve();
    return new Promise((resolve) => {
      const wait = this.#rate === Infinity ? Infinity : Math.max(1, this.#dueMs(this.#at) - this.#clock.now());
      const timer = wait === Infinity || this.#at >= this.#count ? undefined : this.#timers.after(wait, () => this.#wake());
      this.#waiting = { timer, resolve };
    });
  }

  position(): Json {
    return this.#at;
  }

  get atEnd(): boolean {
    return this.#due() <= this.#at;
  }

  get finished(): boolean {
    return this.#closed || this.#at >= this.#count;
  }

  stopAtEnd(): Promise<void> {
    this.#count = this.#rate === Infinity && this.#count === Infinity ? this.#at : this.#due();
    this.#wake();
    return Promise.resolve();
  }

  get pending(): number {
    const due = this.#due();
    return due === Infinity ? NaN : due - this.#at;
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#wake();
    return Promise.resolve();
  }

  /** Rows that may be read by now. */
  #due(): number {
    if (this.#rate === Infinity) return this.#count;
    return Math.min(this.#count, this.#startRow + Math.floor((this.#clock.now() - this.#startMs) * this.#rate));
  }

  #dueMs(row: number): number {
    return this.#rate === Infinity ? this.#clock.now() : this.#startMs + (row - this.#startRow + 1) / this.#rate;
  }

  #offsetsFrom(first: number, rows: number): Float64Array {
    if (this.#offsets.length < rows) this.#offsets = new Float64Array(rows);
    for (let i = 0; i < rows; i++) this.#offsets[i] = first + i;
    return this.#offsets;
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.timer?.cancel();
    waiting?.resolve();
  }
}
