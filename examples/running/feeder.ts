// The outside producer: a thread of its own that knows nothing of the server but its address, and sends a feed through the Kafka protocol.
// Records and the feed's position are one Kafka transaction, so a feeder that was killed repeats nothing and skips nothing.
import { parentPort, workerData } from "node:worker_threads";
import { createClient, type KafkaClient, type Producer } from "millrace/client";
import type { Feed, FeedOf, FeedRecord, FeedSource } from "./feed.ts";

export interface FeederOptions {
  readonly brokers: string;
  readonly example: string;
  readonly source: FeedSource;
  /** Address of the module that exports `feedOf`. */
  readonly feeds: string;
}

export type FeederMessage =
  | { readonly kind: "sent"; readonly position: number; readonly time: number }
  | { readonly kind: "done"; readonly position: number }
  | { readonly kind: "failed"; readonly message: string };

interface Position {
  readonly feed: string;
  readonly position: number;
  readonly done: boolean;
}

const POSITION_TOPIC = "feed-position";
const LIVE_TRANSACTION_MS = 100;
const POSITIONS_PER_TRANSACTION = 20_000;

class Feeder {
  readonly #feed: Feed;
  readonly #live: boolean;
  readonly #client: KafkaClient;
  readonly #producer: Producer;
  /** How many positions may be sent after `elapsedMs`. */
  readonly #due: (elapsedMs: number) => boolean;
  #startedAt = 0;
  #firstPosition = 0;
  #position = 0;
  #stopped = false;

  constructor(options: FeederOptions, feed: Feed) {
    this.#client = createClient({ brokers: options.brokers, clientId: "feeder" });
    this.#producer = this.#client.producer({ transactionalId: `${options.example}-feeder`, lingerMs: 5 });
    this.#feed = feed;
    const { source } = options;
    this.#live = source.kind === "live";
    if (source.kind === "live") this.#due = (elapsedMs) => this.#position - this.#firstPosition < (elapsedMs / 1000) * source.rate;
    else {
      let firstTime = Number.NaN;
      this.#due = (elapsedMs) => {
        if (Number.isNaN(firstTime)) firstTime = feed.time;
        return source.speed === Number.POSITIVE_INFINITY || !(feed.time - firstTime > elapsedMs * source.speed);
      };
    }
  }

  async run(): Promise<Position> {
    await this.#producer.beginTransaction();
    await this.#producer.abortTransaction();
    const last = await this.#lastPosition();
    if (last !== undefined && last.feed !== this.#feed.name)
      throw new Error(
        `This data directory was fed by "${last.feed}" and cannot go on with "${this.#feed.name}": the two would mix. Give the same options, or another directory with --data.`,
      );
    if (last?.done === true) return last;
    this.#position = this.#firstPosition = last?.position ?? 0;
    await this.#feed.seek(this.#position);
    this.#startedAt = performance.now();
    for (let more = true; more && !this.#stopped;) more = await this.#transaction();
    await this.#producer.close();
    await this.#client.close();
    return { feed: this.#feed.name, position: this.#position, done: !this.#stopped };
  }

  stop(): void {
    this.#stopped = true;
  }

  /** One transaction of records and the position after them. Resolves to false when the feed is at its end. */
  async #transaction(): Promise<boolean> {
    const start = performance.now();
    const first = this.#position;
    const records: FeedRecord[] = [];
    let more = true;
    while (more && this.#position - first < POSITIONS_PER_TRANSACTION && this.#due(performance.now() - this.#startedAt)) {
      const next = this.#feed.next(records);
      more = typeof next === "boolean" ? next : await next;
      if (more) this.#position++;
    }
    if (records.length > 0 || !more) {
      await this.#producer.beginTransaction();
      for (const record of records) await this.#append(record.topic, record.key, this.#live ? stamped(record) : record.value);
      const position: Position = { feed: this.#feed.name, position: this.#position, done: !more };
      await this.#append(POSITION_TOPIC, "position", JSON.stringify(position));
      await this.#producer.commitTransaction();
      parentPort?.postMessage({ kind: "sent", position: this.#position, time: this.#feed.time } satisfies FeederMessage);
    }
    const waitMs = this.#position - first < POSITIONS_PER_TRANSACTION && more ? LIVE_TRANSACTION_MS - (performance.now() - start) : 0;
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    return more;
  }

  async #append(topic: string, key: string, value: string): Promise<void> {
    while (!this.#producer.append(topic, -1, Date.now(), Buffer.from(key), Buffer.from(value))) await this.#producer.ready();
  }

  /** The newest committed position. Markers and aborted records lie between positions, so the tail is read in growing steps. */
  async #lastPosition(): Promise<Position | undefined> {
    const admin = this.#client.admin();
    const [end] = await admin.listOffsets([{ topic: POSITION_TOPIC, partition: 0, at: "latest" }]);
    let last: Position | undefined;
    for (let back = 64; end !== undefined && last === undefined; back *= 4) {
      const offset = Math.max(0, end.offset - back);
      if (end.offset === 0) break;
      const consumer = this.#client.consumer();
      await consumer.assign([{ topic: POSITION_TOPIC, partition: 0, offset }]);
      for await (const batch of consumer.batches({ until: "end" }))
        for (const record of batch.records) last = JSON.parse(Buffer.from(record.value!).toString()) as Position;
      await consumer.close();
      if (offset === 0) break;
    }
    return last;
  }
}

/** Live records carry the wall clock, so that the time from produce to result can be measured. */
function stamped(record: FeedRecord): string {
  if (record.stamped !== true) return record.value;
  return `${record.value.slice(0, -1)},"sentAt":${Date.now()}}`;
}

if (parentPort !== null) {
  const port = parentPort;
  const options = workerData as FeederOptions;
  const start = async (): Promise<Position> => {
    const { feedOf } = (await import(options.feeds)) as { feedOf: FeedOf };
    const feeder = new Feeder(options, feedOf(options.source));
    port.on("message", (message) => message === "stop" && feeder.stop());
    return feeder.run();
  };
  start().then(
    ({ position, done }) => {
      port.postMessage({ kind: "done", position: done ? position : -1 } satisfies FeederMessage);
      port.close();
    },
    (error: Error) => {
      port.postMessage({ kind: "failed", message: error.message } satisfies FeederMessage);
      port.close();
    },
  );
}
