// A coordinator's own topic: created at its first record, appended to with the flush rules of every topic, replayed at start.
// Which partition a key lives in is Kafka's rule (the absolute value of Java's string hash modulo the number of partitions).
import type { Env } from "../../env/env.ts";
import type { PartitionLog } from "../../log/partition-log.ts";
import { KafkaError } from "../../protocol/errors.ts";
import { isControl, isTransactional, readBatchHeader, type BatchHeader } from "../../protocol/records/batch-header.ts";
import { BatchReader } from "../../protocol/records/batch-reader.ts";
import { BatchWriter, type FinishOptions } from "../../protocol/records/batch-writer.ts";
import { decodeControlRecord } from "../../protocol/records/control-batch.ts";
import type { Topics } from "../topics.ts";

const REPLAY_BYTES = 1024 * 1024;
const FIRST_BATCH_BYTES = 512;

export interface LogRecord {
  readonly key: Uint8Array;
  /** null: a tombstone. */
  readonly value: Uint8Array | null;
}

export interface Replay {
  /** `producerId` is given for records of a transaction, which count only if its marker commits. */
  record(key: Uint8Array, value: Uint8Array | null, producerId: number | undefined, offset: number): void;
  marker(producerId: number, commit: boolean): void;
}

export class InternalTopic {
  readonly name: string;
  readonly #env: Env;
  readonly #topics: Topics;
  readonly #partitions: number;

  constructor(env: Env, topics: Topics, name: string, partitions: number) {
    this.#env = env;
    this.#topics = topics;
    this.name = name;
    this.#partitions = partitions;
  }

  partitionOf(key: string): number {
    let hash = 0;
    for (let i = 0; i < key.length; i++) hash = (Math.imul(31, hash) + key.charCodeAt(i)) | 0;
    const count = this.#topics.byName(this.name)?.partitions.length ?? this.#partitions;
    return (hash === -0x80000000 ? 0 : Math.abs(hash)) % count;
  }

  /** Resolves to the offset of the first record once the records are durable. Rejects with a KafkaError. */
  async append(key: string, records: readonly LogRecord[], finish: FinishOptions = {}): Promise<number> {
    const log = this.#topics.partition(this.name, this.partitionOf(key)) ?? (await this.#create(key));
    return this.#append(log, records, finish);
  }

  /** The key's partition is there when this resolves. */
  async ensure(key: string): Promise<void> {
    if (this.#topics.partition(this.name, this.partitionOf(key)) === undefined) await this.#create(key);
  }

  /** As append, but in this very turn if the topic exists: for records whose order with the caller's next ones matters. */
  appendNow(key: string, records: readonly LogRecord[]): Promise<number> {
    const log = this.#topics.partition(this.name, this.partitionOf(key));
    return log === undefined ? this.append(key, records) : this.#append(log, records, {});
  }

  async replay(target: Replay): Promise<void> {
    const topic = this.#topics.byName(this.name);
    for (const log of topic?.partitions ?? []) await replayPartition(log, target);
  }

  async #create(key: string): Promise<PartitionLog> {
    const topic = await this.#topics.ensureInternal(this.name);
    return topic.partitions[this.partitionOf(key)]!;
  }

  async #append(log: PartitionLog, records: readonly LogRecord[], finish: FinishOptions): Promise<number> {
    const now = this.#env.clock.now();
    const writer = new BatchWriter({ initialBytes: FIRST_BATCH_BYTES });
    for (const { key, value } of records) writer.append(now, key, value);
    const appended = await log.append(writer.finish(finish), { leaderEpoch: 0, origin: "coordinator", now });
    return appended.baseOffset;
  }
}

async function replayPartition(log: PartitionLog, target: Replay): Promise<void> {
  const reader = new BatchReader();
  let offset = log.logStartOffset;
  while (offset < log.logEndOffset) {
    const { bytes } = await log.read(offset, { maxBytes: REPLAY_BYTES, minOneBatch: true, isolation: "read_uncommitted" });
    if (bytes.length === 0)
      throw new KafkaError("KAFKA_STORAGE_ERROR", `${log.topic}-${log.partition} ends at ${offset}, before ${log.logEndOffset}`);
    for (let at = 0; at < bytes.length;) {
      const header = readBatchHeader(bytes, at);
      offset = header.baseOffset + header.lastOffsetDelta + 1;
      at = replayBatch(reader, bytes, at, header, target);
    }
  }
}

function replayBatch(reader: BatchReader, bytes: Uint8Array, at: number, header: BatchHeader, target: Replay): number {
  const end = reader.reset(bytes, at);
  const transactional = isTransactional(header.attributes);
  while (reader.next()) {
    if (isControl(header.attributes)) {
      const control = decodeControlRecord(reader);
      if (control.type !== "other") target.marker(header.producerId, control.type === "commit");
      continue;
    }
    const key = reader.key();
    if (key !== null) target.record(key, reader.value(), transactional ? header.producerId : undefined, reader.offset);
  }
  return end;
}
