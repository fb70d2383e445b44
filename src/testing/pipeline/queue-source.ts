// The source of a step-by-step test: rows and watermarks that the test gives, in order. It says when everything given was taken.
import { MAX_BATCH_ROWS, NO_TIMESTAMP } from "../../schema/batch.ts";
import { BatchBuilder } from "../../schema/batch-builder.ts";
import type { TypeInfo } from "../../schema/type-info.ts";
import type { Json, Source, SourceBatch, SplitReader } from "../../stream/connector.ts";

type Given = { readonly row: unknown; readonly timestamp: number } | { readonly watermark: number };

export class RowQueue {
  readonly type: TypeInfo | undefined;
  /** All that was ever given: a job that goes on from a checkpoint finds its place. */
  readonly given: Given[] = [];
  /** The reader stands at the end and waits. */
  waiting = false;
  #wake: (() => void) | undefined;

  constructor(type: TypeInfo | undefined) {
    this.type = type;
  }

  push(given: readonly Given[]): void {
    for (const each of given) this.given.push(each);
    this.waiting = false;
    this.wake();
  }

  wake(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  /** Resolves when more was given. */
  more(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }
}

/** In the place of `source`: the same name and type in the plan. */
export function queueSource(queue: RowQueue, source: Source<unknown>): Source<unknown> {
  return Object.freeze({
    connector: source.connector,
    type: source.type,
    describe: () => source.describe(),
    create: () => ({
      discover: () => Promise.resolve([{ id: "test-0", data: null }]),
      open: (_split, position) => Promise.resolve(new QueueReader(queue, typeof position === "number" ? position : 0)),
      close: () => Promise.resolve(),
    }),
  } satisfies Source<unknown>);
}

class QueueReader implements SplitReader {
  readonly #queue: RowQueue;
  readonly #builder: BatchBuilder;
  #at: number;
  #last = false;
  #closed = false;

  constructor(queue: RowQueue, at: number) {
    this.#queue = queue;
    this.#builder = new BatchBuilder(queue.type, MAX_BATCH_ROWS);
    this.#at = at;
    queue.waiting = false;
  }

  poll(maxRows: number): SourceBatch | undefined {
    const { given } = this.#queue;
    if (this.finished || this.#at === given.length) return undefined;
    const builder = this.#builder;
    builder.reset();
    let watermark: number | undefined;
    while (this.#at < given.length && builder.rows < maxRows && watermark === undefined) {
      const next = given[this.#at++]!;
      if ("watermark" in next) watermark = next.watermark;
      else builder.append(next.row, next.timestamp);
    }
    return { batch: builder.finish(), offsets: undefined, poison: undefined, ...(watermark !== undefined && { watermark }) };
  }

  async available(): Promise<void> {
    if (this.finished || this.#at < this.#queue.given.length) return;
    this.#queue.waiting = true;
    await this.#queue.more();
  }

  position(): Json {
    return this.#at;
  }

  /** Silence in a test is no idleness: time passes only when the test says so. */
  get atEnd(): boolean {
    return this.finished;
  }

  get finished(): boolean {
    return this.#closed || (this.#last && this.#at === this.#queue.given.length);
  }

  stopAtEnd(): Promise<void> {
    this.#last = true;
    this.#queue.wake();
    return Promise.resolve();
  }

  get pending(): number {
    return this.#queue.given.length - this.#at;
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#queue.wake();
    return Promise.resolve();
  }
}

export const NO_TIME = NO_TIMESTAMP;
