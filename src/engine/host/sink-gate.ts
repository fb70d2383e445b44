// Between a subtask and one sink writer. A writer that is not ready gets nothing: rows on their way wait here (copied), barriers stay
// behind them, and the host reads no more input until all gates are open. What was prepared stays listed until its commit resolved.
import { buggifyPause } from "../../env/fault-points.ts";
import { isPlanted } from "../../env/planted-faults.ts";
import type { Batch } from "../../schema/batch.ts";
import type { SinkWriter } from "../../stream/connector.ts";
import { SinkRowError } from "../../stream/sink-row-error.ts";
import { copyBatch } from "../exchange/copy-batch.ts";
import type { RefusedRows } from "./refused-rows.ts";
import type { TimeAccount, TimeMeter } from "./time-meter.ts";

/** Rows that one input batch may set free at once (windows firing) while the sink is not ready. */
const MAX_WAITING_ROWS = 16_000_000;

export interface SinkGateEvents {
  /** The gate opened again. */
  ready(): void;
  failed(error: unknown, operator: string): void;
}

type Waiting =
  | { readonly batch: Batch }
  | { readonly barrier: number; readonly done: (prepared: Promise<readonly Uint8Array[]>) => void }
  | { readonly end: true };

export class SinkGate {
  readonly operator: string;
  readonly account: TimeAccount = { busyMs: 0 };
  recordsIn = 0;
  readonly #writer: SinkWriter;
  readonly #events: SinkGateEvents;
  readonly #meter: TimeMeter;
  readonly #waiting: Waiting[] = [];
  #waitingRows = 0;
  #closed = false;
  #blocked = false;
  /** Takes the dead letters of this one: their barriers and their end come behind this one's rows. */
  readonly #letters: SinkGate | undefined;
  /** The gate is another one's `letters`. */
  #follows = false;
  readonly #refused: RefusedRows | undefined;
  /** Checkpoint → what it prepared, in order of checkpoints; removed when committed. */
  readonly #prepared = new Map<number, Promise<readonly Uint8Array[]>>();
  #commits: Promise<void> = Promise.resolve();

  constructor(
    operator: string,
    writer: SinkWriter,
    meter: TimeMeter,
    events: SinkGateEvents,
    { refused, letters }: { readonly refused?: RefusedRows; readonly letters?: SinkGate | undefined } = {},
  ) {
    this.#refused = refused;
    this.#letters = letters;
    if (letters !== undefined) letters.#follows = true;
    this.operator = operator;
    this.#writer = writer;
    this.#events = events;
    this.#meter = meter;
    writer.failed.catch((error: unknown) => this.#fail(error));
  }

  /** The writer is not ready: read no more input. */
  get blocked(): boolean {
    return this.#blocked;
  }

  get skipped(): number {
    return this.#refused?.skipped ?? 0;
  }

  get deadLettered(): number {
    return this.#refused?.deadLettered ?? 0;
  }

  /** Of the last row that was refused and did not fail the job. */
  get lastError(): unknown {
    return this.#refused?.last;
  }

  write(batch: Batch): void {
    if (this.#closed || batch.rows === 0) return;
    this.recordsIn += batch.rows;
    if (this.#blocked) return this.#keep(batch);
    this.#writeNow(batch);
  }

  /** Seals what was written before it; behind waiting rows, as soon as they are written. */
  prepare(id: number): void {
    if (this.#closed) return;
    if (!this.#blocked || isPlanted("barrier-overtakes-row")) {
      this.#remember(id, this.#prepareNow(id));
      this.#letters?.prepare(id);
      return;
    }
    const { promise, resolve } = Promise.withResolvers<readonly Uint8Array[]>();
    const prepareLetters = this.#letters?.prepareLater(id);
    const done = (prepared: Promise<readonly Uint8Array[]>): void => {
      resolve(prepared);
      prepareLetters?.();
    };
    this.#waiting.push({ barrier: id, done });
    this.#remember(id, promise);
  }

  /** As prepare(), with a barrier that comes when the answer is called. */
  prepareLater(id: number): () => void {
    const { promise, resolve } = Promise.withResolvers<readonly Uint8Array[]>();
    this.#remember(id, promise);
    return () => {
      if (this.#closed) return;
      if (this.#blocked) this.#waiting.push({ barrier: id, done: resolve });
      else resolve(this.#prepareNow(id));
    };
  }

  /** All rows have come; the rest waits here for the writer at most. */
  endOfInput(): void {
    if (!this.#follows) this.#end();
  }

  #end(): void {
    if (this.#closed) return;
    if (this.#blocked) this.#waiting.push({ end: true });
    else this.#endNow();
  }

  #endNow(): void {
    this.#writer.endOfInput?.();
    if (this.#letters !== undefined) this.#letters.#end();
  }

  /**
   * Everything prepared up to checkpoint `id` and not known to be committed when the last of it is prepared, oldest first: by then the writer
   * has heard of this barrier, and knows that what it commits later is listed here. Rejects when preparing failed.
   */
  async committables(id: number): Promise<readonly Uint8Array[]> {
    const upTo = [...this.#prepared].filter(([checkpoint]) => checkpoint <= id);
    const parts = await Promise.all(upTo.map(([, prepared]) => prepared));
    return parts.filter((_, index) => this.#prepared.has(upTo[index]![0])).flat();
  }

  /** Checkpoint `id` is durable: makes it and everything prepared before it visible, in order. */
  commit(id: number): Promise<void> {
    this.#commits = this.#commits.then(async () => {
      for (const checkpoint of this.#prepared.keys()) {
        if (checkpoint > id) continue;
        await this.#prepared.get(checkpoint);
        const pause = buggifyPause("commit-late");
        if (pause !== undefined) await pause;
        await this.#writer.commit(checkpoint);
        this.#prepared.delete(checkpoint);
      }
    });
    return this.#commits;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#waiting.length = 0;
    await this.#writer.close();
  }

  #keep(batch: Batch): void {
    this.#waitingRows += batch.rows;
    if (this.#waitingRows > MAX_WAITING_ROWS) {
      this.#fail(
        new Error(`More than ${MAX_WAITING_ROWS} rows wait for the sink. Raise the parallelism, or let fewer windows end at once.`),
      );
      return;
    }
    this.#waiting.push({ batch: copyBatch(batch) });
  }

  #writeNow(batch: Batch): void {
    const before = this.#meter.switchTo(this.account);
    try {
      const isReady = this.#offer(batch);
      const pause = buggifyPause("sink-busy");
      if (!isReady || pause !== undefined) this.#wait(pause);
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#meter.switchTo(before);
    }
  }

  /** Writes what can be written; the rest of a batch may have to wait. */
  #offer(batch: Batch): boolean {
    for (let from = 0; from < batch.rows;) {
      const part = from === 0 ? batch : copyBatch(batch, from);
      try {
        return this.#writer.write(part);
      } catch (error) {
        if (!(error instanceof SinkRowError)) throw error;
        if (this.#refused === undefined) throw error.cause;
        this.#refused.refuse(part, error.row, error.cause);
        from += error.row + 1;
        if (error.ready) continue;
        if (from < batch.rows) this.#putBack(copyBatch(batch, from));
        return false;
      }
    }
    return true;
  }

  /** In front of all that waits. */
  #putBack(batch: Batch): void {
    this.#waitingRows += batch.rows;
    this.#waiting.unshift({ batch });
  }

  #wait(pause: Promise<void> | undefined): void {
    this.#blocked = true;
    const ready = pause === undefined ? this.#writer.ready() : pause.then(() => this.#writer.ready());
    ready.then(
      () => this.#drain(),
      (error: unknown) => this.#fail(error),
    );
  }

  #drain(): void {
    this.#blocked = false;
    while (!this.#closed && !this.#blocked) {
      const next = this.#waiting.shift();
      if (next === undefined) {
        this.#events.ready();
        return;
      }
      if ("barrier" in next) {
        next.done(this.#prepareNow(next.barrier));
        continue;
      }
      if ("end" in next) {
        this.#endNow();
        continue;
      }
      this.#waitingRows -= next.batch.rows;
      this.#writeNow(next.batch);
    }
  }

  /** The writer seals synchronously inside this call. */
  async #prepareNow(id: number): Promise<readonly Uint8Array[]> {
    return await this.#writer.prepare(id);
  }

  #remember(id: number, prepared: Promise<readonly Uint8Array[]>): void {
    this.#prepared.set(id, prepared);
    prepared.catch((error: unknown) => this.#fail(error));
  }

  #fail(error: unknown): void {
    if (this.#closed) return;
    this.#events.failed(error, this.operator);
  }
}
