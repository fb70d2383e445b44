// Rows on their way into a producer. What the producer does not take now (its buffer is full, or its transaction may not begin yet) is
// kept here as bytes, in order, so that a batch is always taken whole. Bounded by one batch: nothing is fed while something is kept.
import type { Producer } from "../../client/producer/producer.ts";
import type { Clock } from "../../env/clock.ts";
import type { Batch } from "../../schema/batch.ts";
import { EncodeBuffer } from "../../schema/encode-buffer.ts";
import { SchemaError } from "../../schema/schema-error.ts";
import { SinkRowError } from "../../stream/sink-row-error.ts";
import { KafkaConnectorError } from "./kafka-connector-error.ts";
import { RecordEncoder, type TopicEncodings } from "./record-encoder.ts";
import type { RecordParts } from "./record-parts.ts";
import type { Topic } from "./topic.ts";

const LAST_TIMESTAMP = 8.64e15;
const BY_KEY = -1;

export class RecordFeed {
  readonly #topic: string;
  readonly #clock: Clock;
  readonly #encoder: RecordEncoder;
  readonly #kept = new EncodeBuffer(4096);
  /** Per kept row: timestamp, end of the key (−1: none), end of the value. */
  #layout = new Float64Array(3 * 64);
  /** Per kept row, where functions say so. */
  #partsLayout: Pick<RecordParts, "partition" | "headers" | "isTombstone">[] = [];
  #keptRows = 0;
  #fedRows = 0;

  constructor(topic: Topic<unknown, unknown>, clock: Clock, parts?: RecordParts, encodings?: TopicEncodings) {
    this.#topic = topic.name;
    this.#clock = clock;
    this.#encoder = new RecordEncoder(topic, parts, encodings);
  }

  get isEmpty(): boolean {
    return this.#fedRows === this.#keptRows;
  }

  /** Takes all rows; false: some are kept, call drain() when the producer takes more. `producer` undefined: keeps all. Throws SinkRowError. */
  feed(batch: Batch, producer: Producer | undefined): boolean {
    if (!this.isEmpty) throw new Error("The sink was written to while it was not ready.");
    const encoder = this.#encoder;
    const topic = this.#topic;
    const now = this.#clock.now();
    encoder.begin(batch);
    let row = 0;
    for (; producer !== undefined && row < batch.rows; row++) {
      this.#encode(batch, row, true);
      const { keyBytes, keyStart, keyEnd, value, parts } = encoder;
      const timestamp = recordTimestamp(batch.timestamps[row]!, now);
      const partition = parts?.partition ?? BY_KEY;
      const isNull = parts?.isTombstone === true;
      const bytes = isNull ? null : value.bytes;
      if (!producer.append(topic, partition, timestamp, keyBytes, bytes, keyStart, keyEnd, 0, isNull ? 0 : value.at, parts?.headers)) break;
    }
    if (row === batch.rows) return true;
    this.#kept.at = 0;
    this.#partsLayout = [];
    this.#keptRows = 0;
    this.#fedRows = 0;
    for (; row < batch.rows; row++) {
      this.#encode(batch, row, this.#keptRows === 0);
      this.#keep(recordTimestamp(batch.timestamps[row]!, now));
    }
    return false;
  }

  /** Hands kept rows on. False: the producer took only some. */
  drain(producer: Producer): boolean {
    const layout = this.#layout;
    const { bytes } = this.#kept;
    for (; this.#fedRows < this.#keptRows; this.#fedRows++) {
      const at = this.#fedRows * 3;
      const start = at === 0 ? 0 : layout[at - 1]!;
      const keyEnd = layout[at + 1]!;
      const valueStart = keyEnd < 0 ? start : keyEnd;
      const key = keyEnd < 0 ? null : bytes;
      const parts = this.#partsLayout[this.#fedRows];
      const partition = parts?.partition ?? BY_KEY;
      const valueEnd = layout[at + 2]!;
      const value = parts?.isTombstone === true ? null : bytes;
      if (!producer.append(this.#topic, partition, layout[at]!, key, value, start, valueStart, valueStart, valueEnd, parts?.headers))
        return false;
    }
    return true;
  }

  /** `ready`: nothing of the batch is kept so far. */
  #encode(batch: Batch, row: number, ready: boolean): void {
    try {
      this.#encoder.encode(batch, row);
    } catch (error) {
      if (!(error instanceof SchemaError)) throw new SinkRowError(row, error, ready);
      const text = `An element cannot be written to topic "${this.#topic}": ${error.message}`;
      throw new SinkRowError(row, new KafkaConnectorError("SINK_ROW", text, { cause: error }), ready);
    }
  }

  #keep(timestamp: number): void {
    const { keyBytes, keyStart, keyEnd, value, parts } = this.#encoder;
    const kept = this.#kept;
    const valueBytes = parts?.isTombstone === true ? 0 : value.at;
    if (parts !== undefined) {
      const { partition, headers, isTombstone } = parts;
      this.#partsLayout.push({ partition, headers, isTombstone });
    }
    kept.ensure(valueBytes + (keyEnd - keyStart));
    let keptKeyEnd = -1;
    if (keyBytes !== null) {
      kept.bytes.set(keyBytes.subarray(keyStart, keyEnd), kept.at);
      kept.at += keyEnd - keyStart;
      keptKeyEnd = kept.at;
    }
    kept.bytes.set(value.bytes.subarray(0, valueBytes), kept.at);
    kept.at += valueBytes;
    const at = this.#keptRows++ * 3;
    if (at + 3 > this.#layout.length) {
      const layout = new Float64Array(this.#layout.length * 2);
      layout.set(this.#layout);
      this.#layout = layout;
    }
    this.#layout[at] = timestamp;
    this.#layout[at + 1] = keptKeyEnd;
    this.#layout[at + 2] = kept.at;
  }
}

/** Kafka knows no times before 1970. */
function recordTimestamp(eventTime: number, now: number): number {
  return eventTime >= 0 && eventTime <= LAST_TIMESTAMP ? Math.floor(eventTime) : now;
}
