// What a consumer hands out: the records of one fetched batch, decoded as they are iterated.
import { BatchReader } from "../../protocol/records/batch-reader.ts";
import type { RecordHeader } from "../../protocol/records/batch-writer.ts";
import type { FetchedBatch } from "../fetched-batch.ts";

export interface ConsumedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Epoch ms. */
  readonly timestamp: number;
  /** Views into the batch: copy what you keep, or the whole batch stays in memory. */
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly RecordHeader[];
}

export class ConsumedBatch {
  readonly topic: string;
  readonly partition: number;
  /** The end of the partition's log when this was fetched. */
  readonly highWatermark: number;
  /** The position after this batch: what to commit when all of it is processed. */
  readonly nextOffset: number;
  /** The undecoded records, for those who read them with BatchReader. */
  readonly raw: FetchedBatch;

  constructor(raw: FetchedBatch) {
    this.raw = raw;
    this.topic = raw.topic;
    this.partition = raw.partition;
    this.highWatermark = raw.highWatermark;
    this.nextOffset = raw.nextOffset;
  }

  /** In offset order; may be iterated again. */
  get records(): Iterable<ConsumedRecord> {
    const { raw } = this;
    return { [Symbol.iterator]: () => recordsOf(raw) };
  }
}

function* recordsOf(raw: FetchedBatch): Generator<ConsumedRecord, void, undefined> {
  const { topic, partition } = raw;
  const reader = new BatchReader();
  reader.reset(raw.bytes, raw.at);
  while (reader.next()) {
    if (reader.offset < raw.fromOffset) continue;
    yield {
      topic,
      partition,
      offset: reader.offset,
      timestamp: reader.timestamp,
      key: reader.key(),
      value: reader.value(),
      headers: reader.headers(),
    };
  }
}
