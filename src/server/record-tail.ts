// The newest committed records of a topic as text, for the console. One consumer per viewed topic, which closes when nobody looks.
import type { Clock } from "../env/clock.ts";
import type { Consumer } from "../client/consumer/consumer.ts";
import type { KafkaClient } from "../client/client.ts";

export interface TailRecord {
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: string | null;
  readonly value: string | null;
}

const KEPT_RECORDS = 50;
const MAX_TEXT = 2_000;
const MAX_TAILS = 8;
const UNVIEWED_MS = 30_000;
const decoder = new TextDecoder();

interface Tail {
  readonly consumer: Consumer;
  readonly records: TailRecord[];
  viewedAt: number;
}

export class RecordTails {
  readonly #client: KafkaClient;
  readonly #clock: Clock;
  readonly #tails = new Map<string, Promise<Tail>>();

  constructor(client: KafkaClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /** Newest first, at most `count`. */
  async newest(topic: string, count: number): Promise<readonly TailRecord[]> {
    await this.#closeUnviewed();
    let opening = this.#tails.get(topic);
    if (opening === undefined) {
      opening = this.#open(topic);
      this.#tails.set(topic, opening);
      opening.catch(() => this.#tails.delete(topic));
    }
    const tail = await opening;
    tail.viewedAt = this.#clock.now();
    return tail.records.slice(-count).toReversed();
  }

  async close(): Promise<void> {
    const tails = await Promise.allSettled(this.#tails.values());
    this.#tails.clear();
    await Promise.allSettled(tails.map((tail) => (tail.status === "fulfilled" ? tail.value.consumer.close() : undefined)));
  }

  async #open(topic: string): Promise<Tail> {
    const admin = this.#client.admin();
    const [description] = await admin.describeTopics([topic]);
    const partitions = description?.partitions.map(({ partition }) => partition) ?? [];
    const [ends, starts] = await Promise.all([
      admin.listOffsets(partitions.map((partition) => ({ topic, partition, at: "latest" as const }))),
      admin.listOffsets(partitions.map((partition) => ({ topic, partition, at: "earliest" as const }))),
    ]);
    const consumer = this.#client.consumer();
    await consumer.assign(
      ends.map(({ partition, offset }) => {
        const start = starts.find((s) => s.partition === partition)?.offset ?? 0;
        return { topic, partition, offset: Math.max(start, offset - 2 * KEPT_RECORDS) };
      }),
    );
    const tail: Tail = { consumer, records: [], viewedAt: this.#clock.now() };
    void this.#follow(topic, tail);
    return tail;
  }

  async #follow(topic: string, tail: Tail): Promise<void> {
    try {
      for await (const batch of tail.consumer) {
        for (const record of batch.records) {
          tail.records.push({
            partition: batch.partition,
            offset: record.offset,
            timestamp: record.timestamp,
            key: text(record.key),
            value: text(record.value),
          });
        }
        tail.records.sort((a, b) => a.timestamp - b.timestamp);
        if (tail.records.length > KEPT_RECORDS) tail.records.splice(0, tail.records.length - KEPT_RECORDS);
      }
    } catch {
      // The topic was deleted or the broker went away: the next look opens a new tail.
    } finally {
      this.#tails.delete(topic);
    }
  }

  async #closeUnviewed(): Promise<void> {
    const now = this.#clock.now();
    const entries = [...this.#tails];
    for (const [topic, opening] of entries) {
      const tail = await opening.catch(() => undefined);
      if (tail === undefined) continue;
      if (now - tail.viewedAt <= UNVIEWED_MS && this.#tails.size <= MAX_TAILS) continue;
      this.#tails.delete(topic);
      await tail.consumer.close();
    }
  }
}

function text(bytes: Uint8Array | null): string | null {
  if (bytes === null) return null;
  const decoded = decoder.decode(bytes.length > MAX_TEXT ? bytes.subarray(0, MAX_TEXT) : bytes);
  return bytes.length > MAX_TEXT ? `${decoded}… (${bytes.length} bytes)` : decoded;
}
