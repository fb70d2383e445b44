// At least once, or nothing promised: an idempotent producer without transactions. With "at-least-once" a checkpoint waits until everything
// before its barrier is acknowledged; with "none" nobody waits, and a write that failed still fails the job.
import type { Producer } from "../../client/producer/producer.ts";
import type { Timers } from "../../env/clock.ts";
import type { Batch } from "../../schema/batch.ts";
import type { SinkWriter } from "../../stream/connector.ts";
import type { RecordFeed } from "./record-feed.ts";

/** What is buffered at close is still sent, for so long. */
const CLOSE_TIMEOUT_MS = 3000;

export class FlushingWriter implements SinkWriter {
  readonly failed: Promise<never>;
  readonly #producer: Producer;
  readonly #feed: RecordFeed;
  readonly #timers: Timers;
  readonly #waits: boolean;
  #fail: (error: unknown) => void = () => {};

  /** `waits`: prepare() is resolved by the acknowledgements. */
  constructor(producer: Producer, feed: RecordFeed, timers: Timers, waits: boolean) {
    this.#producer = producer;
    this.#feed = feed;
    this.#timers = timers;
    this.#waits = waits;
    this.failed = new Promise<never>((_resolve, reject) => {
      this.#fail = reject;
    });
    this.failed.catch(() => {});
  }

  write(batch: Batch): boolean {
    return this.#feed.feed(batch, this.#producer);
  }

  async ready(): Promise<void> {
    while (!this.#feed.drain(this.#producer)) await this.#producer.ready();
  }

  async prepare(): Promise<readonly Uint8Array[]> {
    const flushed = this.#producer.flush();
    if (this.#waits) await flushed;
    else flushed.catch(this.#fail);
    return [];
  }

  commit(): Promise<void> {
    return Promise.resolve();
  }

  async close(): Promise<void> {
    const late = new AbortController();
    const timer = this.#timers.after(CLOSE_TIMEOUT_MS, () => late.abort(new Error("The sink was closed.")));
    try {
      await this.#producer.close({ signal: late.signal });
    } finally {
      timer.cancel();
    }
  }
}
