// The split reader behind the in-memory sources: a position that counts rows, an end that may be known, and optionally a pace.
// Pacing is by schedule, not by gaps: row n is due at start + n / rate, whatever happened before (so waiting shows up as lag).
import type { Clock, Timer, Timers } from "../../env/clock.ts";
import type { Batch } from "../../schema/batch.ts";
import { MAX_BATCH_ROWS } from "../../schema/batch.ts";
import { BatchBuilder } from "../../schema/batch-builder.ts";
import { SchemaError } from "../../schema/schema-error.ts";
import type { TypeInfo } from "../../schema/type-info.ts";
import type { Json, PoisonRecord, SourceBatch, SplitReader } from "../../stream/connector.ts";

export interface RowFiller {
  /** Makes the batch of rows [first, first + rows). It stays the filler's; valid until the next call. `dueMs(row)` = when the row was due. */
  fill(first: number, rows: number, dueMs: (row: number) => number): Batch;
  /** Of the last fill(): rows that are not in the batch, because they are not of the schema. */
  readonly refused?: readonly PoisonRecord[];
}

/** Fills batches row by row. A row that is not of the schema goes where a record goes that cannot be decoded. */
export function fillRows(
  type: TypeInfo | undefined,
  rowOf: (at: number) => unknown,
  timestampOf: (at: number, dueMs: (row: number) => number) => number,
  origin: Pick<PoisonRecord, "topic" | "partition">,
): RowFiller {
  const builder = new BatchBuilder(type, MAX_BATCH_ROWS);
  let refused: PoisonRecord[] = [];
  return {
    get refused() {
      return refused;
    },
    fill(first, rows, dueMs) {
      builder.reset();
      refused = [];
      for (let at = first; at < first + rows; at++) {
        const row = rowOf(at);
        try {
          builder.append(row, timestampOf(at, dueMs));
        } catch (error) {
          if (!(error instanceof SchemaError)) throw error;
          const value = encoder.encode(textOf(row));
          refused.push({ row: builder.rows, error: error.message, ...origin, offset: at, timestamp: -1, key: null, value });
        }
      }
      return builder.finish();
    },
  };
}

const encoder = new TextEncoder();

function textOf(row: unknown): string {
  try {
    return JSON.stringify(row, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value)) ?? String(row);
  } catch {
    return String(row);
  }
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
  readonly #out: { batch: Batch; offsets: Float64Array; poison: readonly PoisonRecord[] | undefined };

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
    const { refused = [] } = this.#filler;
    this.#out.poison = refused.length === 0 ? undefined : refused;
    this.#out.offsets = this.#offsetsFrom(first, rows, refused);
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

  #offsetsFrom(first: number, rows: number, refused: readonly PoisonRecord[]): Float64Array {
    if (this.#offsets.length < rows) this.#offsets = new Float64Array(rows);
    const offsets = this.#offsets;
    if (refused.length === 0) {
      for (let row = 0; row < rows; row++) offsets[row] = first + row;
      return offsets;
    }
    const gone = new Set(refused.map(({ offset }) => offset));
    for (let at = first, row = 0; at < first + rows; at++) if (!gone.has(at)) offsets[row++] = at;
    return offsets;
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.timer?.cancel();
    waiting?.resolve();
  }
}
