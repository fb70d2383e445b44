// The one writer of the registry's topic: plain batches, one per write, acknowledged when they are on disk. Its producer id belongs to a
// transactional id, so a registry that takes over gets the same producer id with a higher epoch (KIP-98), and from the first batch of that
// epoch on the partition's leader refuses all older ones: no transaction is needed to keep two registries apart. A batch is there whole or
// not at all, and a repeated one is known by its sequence number.
import type { Cluster } from "../client/cluster.ts";
import { brokerError, ClientError, codeOf } from "../client/errors.ts";
import { newInitProducerIdRequest } from "../protocol/generated/init-producer-id.gen.ts";
import { newProduceRequest, type PartitionProduceResponse, type ProduceResponse } from "../protocol/generated/produce.gen.ts";
import { ZERO_UUID } from "../protocol/primitives.ts";
import { sequenceAfter } from "../protocol/records/batch-header.ts";
import { BatchWriter } from "../protocol/records/batch-writer.ts";
import type { EncodedRecord } from "./topic-record.ts";

/** The partition's leader knows a higher epoch: another registry took over. */
const FENCED = new Set(["PRODUCER_FENCED", "INVALID_PRODUCER_EPOCH"]);
const ACKS_ALL = -1;
/** Of transactions, of which there are none; must be positive. */
const UNUSED_TIMEOUT_MS = 60_000;
/** The broker's own timeout ends first. */
const TIMEOUT_SLACK_MS = 2000;
const LANE = "registry";
/** Produce names topics up to here, and by id beyond (KIP-516). */
const LAST_VERSION_WITH_NAMES = 12;
const encoder = new TextEncoder();

export interface WriterIdentity {
  readonly producerId: number;
  readonly producerEpoch: number;
}

export class TopicWriter {
  readonly #cluster: Cluster;
  readonly #topic: string;
  readonly #batch = new BatchWriter();
  #identity: WriterIdentity | undefined;
  #sequence = 0;

  constructor(cluster: Cluster, topic: string) {
    this.#cluster = cluster;
    this.#topic = topic;
  }

  get identity(): WriterIdentity | undefined {
    return this.#identity;
  }

  /** Takes the next epoch. The writers before are shut out by the first write() after it. Rejects with the client's errors. */
  async takeOver(): Promise<void> {
    const transactionalId = `millrace-registry-${this.#topic}`;
    this.#identity = await this.#cluster.retriedCall(
      { to: "coordinator", kind: "transaction", key: transactionalId },
      "InitProducerId",
      newInitProducerIdRequest({ transactionalId, transactionTimeoutMs: UNUSED_TIMEOUT_MS }),
      ({ errorCode, producerId, producerEpoch }, where) => {
        if (errorCode !== 0) throw brokerError(errorCode, where);
        return { producerId, producerEpoch };
      },
      { what: `Taking over the topic "${this.#topic}"` },
    );
    this.#sequence = 0;
  }

  /**
   * Writes the records as one batch and answers the offset of the first. One call at a time. After a rejection it is unknown whether they
   * were written, unless isFenced(error): takeOver() before the next write.
   */
  async write(records: readonly EncodedRecord[], now: number): Promise<number> {
    const bytes = this.#encode(records, now);
    const what = `Writing to the topic "${this.#topic}"`;
    return await this.#cluster.retried(what, async () => {
      try {
        return await this.#produce(bytes, records.length);
      } catch (error) {
        // The leader may be another one by now.
        if (error instanceof ClientError && error.retriable) await this.#cluster.refresh([this.#topic]).catch(() => {});
        throw error;
      }
    });
  }

  #encode(records: readonly EncodedRecord[], now: number): Uint8Array {
    const batch = this.#batch;
    batch.reset();
    for (const { key, value, timestamp = now } of records)
      batch.append(timestamp, encoder.encode(key), value === null ? null : encoder.encode(value));
    const { producerId, producerEpoch } = this.#identity!;
    return batch.finish({ producerId, producerEpoch, baseSequence: this.#sequence }).slice();
  }

  async #produce(bytes: Uint8Array, count: number): Promise<number> {
    const cluster = this.#cluster;
    const { id, partitions } = await cluster.topic(this.#topic);
    const leader = { to: "node", nodeId: partitions[0]!.leaderId } as const;
    const connection = await cluster.connection(leader, LANE);
    const response = await connection.request(
      "Produce",
      (version) => {
        const topicId = version > LAST_VERSION_WITH_NAMES ? id : ZERO_UUID;
        const topicData = [{ name: this.#topic, topicId, partitionData: [{ index: 0, records: bytes }] }];
        return newProduceRequest({ acks: ACKS_ALL, timeoutMs: cluster.options.requestTimeoutMs, topicData });
      },
      {
        maxVersion: id === ZERO_UUID ? LAST_VERSION_WITH_NAMES : undefined,
        sizeHintBytes: bytes.length,
        timeoutMs: cluster.options.requestTimeoutMs + TIMEOUT_SLACK_MS,
      },
    );
    const { errorCode, errorMessage, baseOffset } = answerIn(response);
    if (errorCode !== 0) throw brokerError(errorCode, `Produce to ${this.#topic}-0 on ${cluster.nodeText(leader.nodeId)}`, errorMessage);
    this.#sequence = sequenceAfter(this.#sequence, count);
    return baseOffset;
  }
}

/** Whether an error of write() says that another registry took over; then nothing was written. */
export function isFenced(error: unknown): boolean {
  return FENCED.has(codeOf(error));
}

function answerIn(response: ProduceResponse): PartitionProduceResponse {
  const answer = response.responses[0]?.partitionResponses[0];
  if (answer === undefined)
    throw new ClientError("MALFORMED_RESPONSE", "The broker's answer to Produce says nothing of the partition.", { retriable: true });
  return answer;
}
