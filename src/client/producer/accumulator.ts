// Collects records into one open batch per partition, within a limit of bytes. append() allocates nothing per record: a string compare, two
// array reads, a copy into the batch. A batch is sealed when the next record would make it larger than batchBytes.
import { murmur2 } from "../../bytes/murmur2.ts";
import { BatchWriter, MAX_RECORD_OVERHEAD_BYTES, type RecordHeader } from "../../protocol/records/batch-writer.ts";
import { BATCH_HEADER_BYTES } from "../../protocol/records/batch-header.ts";
import type { Clock, Random } from "../../env/clock.ts";
import { ClientError } from "../errors.ts";
import { ProducerBatch, type Completion } from "./batch.ts";
import { PartitionQueue } from "./partition-queue.ts";
import type { ProducerSettings } from "./options.ts";

/** Buffers of finished batches kept for the next ones while nothing is on its way; as many as the buffer limit allows while it is. */
const IDLE_SPARE_WRITERS = 8;
const FIRST_BATCH_BYTES = 4096;

export interface TopicQueues {
  readonly topic: string;
  /** 0 until the metadata is there. */
  partitions: number;
  readonly queues: (PartitionQueue | undefined)[];
  /** Where records without a key go until the batch is full. */
  sticky: number;
}

export interface AccumulatorEvents {
  /** A queue has a batch where it had none. */
  batchOpened(queue: PartitionQueue): void;
  /** A batch became full. */
  batchSealed(queue: PartitionQueue): void;
}

export class Accumulator {
  readonly #settings: ProducerSettings;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #events: AccumulatorEvents;
  readonly #topics = new Map<string, TopicQueues>();
  readonly #spare: BatchWriter[] = [];
  readonly #maxSpare: number;
  /** Queues with anything in them, in turn. */
  readonly active = new Set<PartitionQueue>();
  bufferedBytes = 0;
  #nextSerial = 0;
  #last: TopicQueues | undefined;

  constructor(settings: ProducerSettings, clock: Clock, random: Random, events: AccumulatorEvents) {
    this.#settings = settings;
    this.#maxSpare = Math.max(IDLE_SPARE_WRITERS, Math.ceil(settings.maxBufferedBytes / settings.batchBytes));
    this.#clock = clock;
    this.#random = random;
    this.#events = events;
  }

  topic(name: string): TopicQueues {
    const last = this.#last;
    if (last !== undefined && last.topic === name) return last;
    let topic = this.#topics.get(name);
    if (topic === undefined) this.#topics.set(name, (topic = { topic: name, partitions: 0, queues: [], sticky: -1 }));
    this.#last = topic;
    return topic;
  }

  get topicNames(): string[] {
    return [...this.#topics.keys()];
  }

  /** The partition of a record with this key: Kafka's murmur2; without a key one partition until its batch is full (KIP-480). */
  partitionFor(topic: TopicQueues, key: Uint8Array | null, keyStart: number, keyEnd: number): number {
    if (key !== null) return (murmur2(key, keyStart, keyEnd) & 0x7fffffff) % topic.partitions;
    if (topic.sticky < 0) topic.sticky = this.#random.uint32() % topic.partitions;
    return topic.sticky;
  }

  /** Throws RECORD_TOO_LARGE. */
  checkSize(topic: string, keyBytes: number, valueBytes: number): void {
    const sizeBytes = BATCH_HEADER_BYTES + MAX_RECORD_OVERHEAD_BYTES + keyBytes + valueBytes;
    if (sizeBytes > this.#settings.maxRequestBytes)
      throw new ClientError(
        "RECORD_TOO_LARGE",
        `A record of ${keyBytes + valueBytes} bytes for topic "${topic}" is over maxRequestBytes (${this.#settings.maxRequestBytes}). Raise it, and the topic's max.message.bytes.`,
      );
  }

  hasRoom(bytes: number): boolean {
    return this.bufferedBytes === 0 || this.bufferedBytes + bytes <= this.#settings.maxBufferedBytes;
  }

  /** The caller has checked size and room. */
  append(
    topic: TopicQueues,
    partition: number,
    timestamp: number,
    key: Uint8Array | null,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array | null,
    valueStart: number,
    valueEnd: number,
    headers: readonly RecordHeader[] | undefined,
  ): void {
    const recordBytes = MAX_RECORD_OVERHEAD_BYTES + (keyEnd - keyStart) + (valueEnd - valueStart);
    const batch = this.#batchFor(topic, partition, recordBytes + headerBytes(headers));
    const before = batch.writer.sizeBytes;
    if (headers === undefined) batch.writer.appendFrom(timestamp, key, keyStart, keyEnd, value, valueStart, valueEnd);
    else batch.writer.append(timestamp, key?.subarray(keyStart, keyEnd) ?? null, value?.subarray(valueStart, valueEnd) ?? null, headers);
    this.bufferedBytes += batch.writer.sizeBytes - before;
  }

  /** As append, for a record somebody waits for. */
  appendWaited(
    topic: TopicQueues,
    partition: number,
    timestamp: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: readonly RecordHeader[] | undefined,
    completion: Omit<Completion, "index">,
  ): void {
    const recordBytes = MAX_RECORD_OVERHEAD_BYTES + (key?.length ?? 0) + (value?.length ?? 0);
    const batch = this.#batchFor(topic, partition, recordBytes + headerBytes(headers));
    const before = batch.writer.sizeBytes;
    (batch.completions ??= []).push({ index: batch.count, resolve: completion.resolve, reject: completion.reject });
    batch.waitedCount++;
    batch.writer.append(timestamp, key, value, headers);
    this.bufferedBytes += batch.writer.sizeBytes - before;
  }

  #batchFor(topic: TopicQueues, partition: number, recordBytes: number): ProducerBatch {
    const queue = topic.queues[partition] ?? this.#newQueue(topic, partition);
    let batch = queue.open;
    if (batch !== undefined && batch.writer.sizeBytes + recordBytes > this.#settings.batchBytes) {
      queue.seal();
      if (topic.sticky === partition) topic.sticky = -1;
      this.#events.batchSealed(queue);
      batch = undefined;
    }
    return batch ?? this.#openBatch(queue);
  }

  #newQueue(topic: TopicQueues, partition: number): PartitionQueue {
    const queue = new PartitionQueue(topic.topic, partition);
    topic.queues[partition] = queue;
    return queue;
  }

  #openBatch(queue: PartitionQueue): ProducerBatch {
    const batch = new ProducerBatch(
      queue,
      this.#spare.pop() ?? new BatchWriter({ initialBytes: FIRST_BATCH_BYTES }),
      this.#clock.monotonicMs(),
      this.#nextSerial++,
    );
    queue.open = batch;
    this.bufferedBytes += batch.writer.sizeBytes;
    this.active.add(queue);
    this.#events.batchOpened(queue);
    return batch;
  }

  /** Acknowledged or failed: its bytes are free, its buffer is used again. */
  release(batch: ProducerBatch): void {
    this.bufferedBytes -= batch.writer.sizeBytes;
    const { queue } = batch;
    if (queue.isEmpty) this.active.delete(queue);
    if (this.active.size === 0) this.#spare.splice(IDLE_SPARE_WRITERS);
    else if (batch.isReusable && this.#spare.length < this.#maxSpare) {
      batch.writer.reset();
      this.#spare.push(batch.writer);
    }
  }

  /** Closes all open batches, so that they are sent without waiting for more. */
  sealAll(): void {
    for (const queue of this.active) queue.seal();
  }

  /** All batches not yet answered. */
  unanswered(): ProducerBatch[] {
    const batches: ProducerBatch[] = [];
    for (const queue of this.active) {
      batches.push(...queue.inFlight, ...queue.waiting);
      if (queue.open !== undefined) batches.push(queue.open);
    }
    return batches;
  }
}

/** At most. */
function headerBytes(headers: readonly RecordHeader[] | undefined): number {
  if (headers === undefined) return 0;
  return headers.reduce((sum, header) => sum + 10 + header.key.length * 3 + (header.value?.length ?? 0), 0);
}
