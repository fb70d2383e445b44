// What a checkpoint keeps of a prepared transaction: enough for any process to commit it, to look up in the log whether it was, and to say
// what is missing if it cannot be. JSON, so that a savepoint can be read by people.
import { KafkaConnectorError } from "./kafka-connector-error.ts";

export interface OffsetRange {
  readonly partition: number;
  readonly firstOffset: number;
  readonly lastOffset: number;
}

export interface KafkaCommittable {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly topic: string;
  readonly records: number;
  /** Where the records are; partitions whose offsets the broker did not tell are missing. */
  readonly ranges: readonly OffsetRange[];
}

const VERSION = 1;

export function encodeCommittable(committable: KafkaCommittable): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ version: VERSION, ...committable }));
}

/** Rejects what no Kafka sink of this version wrote: BAD_COMMITTABLE. */
export function decodeCommittable(bytes: Uint8Array, operator: string): KafkaCommittable {
  try {
    const value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as KafkaCommittable & { readonly version: number };
    const { transactionalId, producerId, producerEpoch, topic, records, ranges } = value;
    const whole = [producerId, producerEpoch, records, ...ranges.flatMap((each) => [each.partition, each.firstOffset, each.lastOffset])];
    if (value.version === VERSION && typeof transactionalId === "string" && typeof topic === "string" && whole.every(Number.isInteger))
      return { transactionalId, producerId, producerEpoch, topic, records, ranges };
  } catch {
    // Below.
  }
  throw new KafkaConnectorError(
    "BAD_COMMITTABLE",
    `The checkpoint holds ${bytes.length} bytes for sink "${operator}" that are no transaction of a Kafka sink of this version. Restore with the version that wrote it.`,
  );
}

/** "3 records at 17–19 of alerts-0, …" */
export function describeRecords({ topic, records, ranges }: KafkaCommittable): string {
  const where = ranges.map(({ partition, firstOffset, lastOffset }) => `${topic}-${partition} at ${firstOffset}–${lastOffset}`);
  return `${records} record${records === 1 ? "" : "s"}${where.length === 0 ? "" : ` (${where.join(", ")})`}`;
}
