// One split of a source inside a host: polls its reader, says when it is worth polling again, and knows idleness by position: idle only
// after its reader has stood at the end of its log for idleAfterMs, never because of backpressure or a restart.
import { MAX_BATCH_ROWS } from "../../schema/batch.ts";
import { buggify } from "../../env/fault-points.ts";
import type { Json, SplitReader } from "../../stream/connector.ts";
import type { Alignment } from "../../stream/watermarks.ts";
import type { SplitStatus } from "../subtask/subtask.ts";
import type { SubtaskRunner } from "./subtask-runner.ts";

/** A split that may run ahead is looked at after so many rows. */
const ALIGNED_ROWS = 64;

export class SplitRunner {
  readonly source: string;
  readonly id: string;
  readonly runner: SubtaskRunner;
  readonly reader: SplitReader;
  readonly alignment: Alignment | undefined;
  readonly #idleAfterMs: number;
  readonly #wake: () => void;
  readonly #fail: (error: unknown) => void;
  #status: SplitStatus = "active";
  /** poll() is worth a call. */
  #readable = true;
  #awaiting = false;
  /** Since when the reader has stood at the end of its log (monotonic ms); NaN: it has not. */
  #atEndSince = NaN;

  constructor(
    options: {
      source: string;
      id: string;
      runner: SubtaskRunner;
      reader: SplitReader;
      idleAfterMs: number;
      alignment: Alignment | undefined;
    },
    wake: () => void,
    fail: (error: unknown, operator: string) => void,
  ) {
    this.source = options.source;
    this.id = options.id;
    this.runner = options.runner;
    this.reader = options.reader;
    this.alignment = options.alignment;
    this.#idleAfterMs = options.idleAfterMs;
    this.#wake = wake;
    this.#fail = (error) => fail(error, options.source);
  }

  get status(): SplitStatus {
    return this.#status;
  }

  get readable(): boolean {
    return this.#readable && this.#status !== "finished";
  }

  get watermark(): number {
    return this.runner.subtask.splitWatermark(this.id);
  }

  get position(): Json {
    return this.reader.position();
  }

  start(): void {
    this.runner.split(this.id, "active");
  }

  /** Reads one batch through the graph. False: there was nothing. */
  poll(now: number): boolean {
    let rows;
    try {
      const most = this.alignment === undefined ? MAX_BATCH_ROWS : ALIGNED_ROWS;
      rows = this.reader.poll(buggify("poll-of-one-row") ? 1 : most);
    } catch (error) {
      this.#fail(error);
      return false;
    }
    if (rows === undefined) {
      this.#nothing(now);
      return false;
    }
    this.#atEndSince = NaN;
    if (this.#status === "idle") this.#become("active");
    this.runner.sourceData(this.id, rows);
    return true;
  }

  /** Input is not being read: silence means nothing. */
  held(): void {
    this.#atEndSince = NaN;
  }

  /** Monotonic ms at which checkIdle() has something to decide; Infinity: never. */
  get idleAt(): number {
    return this.#status === "active" && this.#atEndSince === this.#atEndSince ? this.#atEndSince + this.#idleAfterMs : Infinity;
  }

  checkIdle(now: number): void {
    if (now < this.idleAt) return;
    if (this.reader.atEnd) this.#become("idle");
    else this.#atEndSince = NaN;
  }

  async drain(): Promise<void> {
    await this.reader.stopAtEnd();
    this.#readable = true;
    this.#wake();
  }

  #nothing(now: number): void {
    if (this.reader.finished) {
      this.#become("finished");
      return;
    }
    this.#readable = false;
    if (!this.reader.atEnd) this.#atEndSince = NaN;
    else if (Number.isNaN(this.#atEndSince)) this.#atEndSince = now;
    if (this.#awaiting) return;
    this.#awaiting = true;
    this.reader.available().then(
      () => {
        this.#awaiting = false;
        this.#readable = true;
        this.#wake();
      },
      (error: unknown) => this.#fail(error),
    );
  }

  #become(status: SplitStatus): void {
    this.#status = status;
    this.runner.split(this.id, status);
  }
}
