// What a producer can be told, with its defaults; Kafka's own names are given where they differ.
import { ClientError } from "../errors.ts";

export type ProducerCompression = "none" | "gzip" | "snappy" | "lz4" | "zstd";

/** Which partition a record goes to. Return −1 to leave it to the default (by key, else one partition per batch in turn). */
export type Partitioner = (record: {
  readonly topic: string;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly partitions: number;
}) => number;

export interface ProducerOptions {
  /** How long a batch waits for more records while it is not full. Default 5 (linger.ms). */
  readonly lingerMs?: number;
  /** A batch is closed at this size. Default 262,144 (batch.size). */
  readonly batchBytes?: number;
  /** All records not yet acknowledged; append() answers false and send() waits beyond. Default 33,554,432 (buffer.memory). */
  readonly maxBufferedBytes?: number;
  /** Default 1,048,576 (max.request.size). A single larger record is refused. */
  readonly maxRequestBytes?: number;
  /** "all" (default) waits for the in-sync replicas, 1 for the leader, 0 for nobody: records may be lost without an error. */
  readonly acks?: "all" | 0 | 1;
  /** Default: true with acks "all". Each record is written once and in order, whatever the connection does (KIP-98). */
  readonly idempotent?: boolean;
  /** Produce requests on their way to one broker. Default 5, which is also the most that keeps order with idempotence. */
  readonly maxInFlight?: number;
  readonly compression?: ProducerCompression;
  readonly partitioner?: Partitioner;
  /** From append() or send() to the acknowledgement; then the record fails with DELIVERY_TIMEOUT. Default 120,000. */
  readonly deliveryTimeoutMs?: number;
  /** How long send() waits for metadata or room in the buffer. Default 60,000 (max.block.ms). */
  readonly maxBlockMs?: number;
  /** Create unknown topics, if the broker allows it. Default true. */
  readonly autoCreateTopics?: boolean;
  /** Makes the producer transactional: one living producer per id; a newer one fences the older. */
  readonly transactionalId?: string;
  /** The broker aborts a transaction that is open for longer. Default 60,000. */
  readonly transactionTimeoutMs?: number;
  /**
   * Transactions never time out: whoever prepared one ends it, however long that takes (KIP-939). Needs a broker with InitProducerId version 6
   * (unstable.api.versions.enable) and transaction.two.phase.commit.enable. Default false.
   */
  readonly twoPhaseCommit?: boolean;
  /** Told of every batch that the broker acknowledged: `count` records from `baseOffset` on (−1: the broker did not say). Must not throw. */
  readonly onAcknowledged?: (topic: string, partition: number, baseOffset: number, count: number) => void;
}

export interface ProducerSettings {
  readonly lingerMs: number;
  readonly batchBytes: number;
  readonly maxBufferedBytes: number;
  readonly maxRequestBytes: number;
  /** As on the wire: −1 is all. */
  readonly acks: -1 | 0 | 1;
  readonly idempotent: boolean;
  readonly maxInFlight: number;
  readonly compression: ProducerCompression;
  readonly partitioner: Partitioner | undefined;
  readonly deliveryTimeoutMs: number;
  readonly maxBlockMs: number;
  readonly autoCreateTopics: boolean;
  readonly transactionalId: string | undefined;
  readonly transactionTimeoutMs: number;
  readonly twoPhaseCommit: boolean;
  readonly onAcknowledged: ProducerOptions["onAcknowledged"];
}

const MAX_IN_FLIGHT_IN_ORDER = 5;

export function producerSettings(options: ProducerOptions): ProducerSettings {
  const acks = options.acks === 0 ? 0 : options.acks === 1 ? 1 : -1;
  const idempotent = options.idempotent ?? acks === -1;
  const settings: ProducerSettings = {
    lingerMs: options.lingerMs ?? 5,
    batchBytes: options.batchBytes ?? 256 * 1024,
    maxBufferedBytes: options.maxBufferedBytes ?? 32 * 1024 * 1024,
    maxRequestBytes: options.maxRequestBytes ?? 1024 * 1024,
    acks,
    idempotent,
    maxInFlight: options.maxInFlight ?? MAX_IN_FLIGHT_IN_ORDER,
    compression: options.compression ?? "none",
    partitioner: options.partitioner,
    deliveryTimeoutMs: options.deliveryTimeoutMs ?? 120_000,
    maxBlockMs: options.maxBlockMs ?? 60_000,
    autoCreateTopics: options.autoCreateTopics ?? true,
    transactionalId: options.transactionalId,
    transactionTimeoutMs: options.transactionTimeoutMs ?? 60_000,
    twoPhaseCommit: options.twoPhaseCommit ?? false,
    onAcknowledged: options.onAcknowledged,
  };
  if (idempotent && acks !== -1) throw invalid('idempotent needs acks: "all"');
  if (settings.transactionalId !== undefined && !idempotent) throw invalid("transactionalId needs an idempotent producer");
  if (settings.twoPhaseCommit && settings.transactionalId === undefined) throw invalid("twoPhaseCommit needs a transactionalId");
  if (settings.transactionalId === "") throw invalid("transactionalId must not be empty");
  if (idempotent && settings.maxInFlight > MAX_IN_FLIGHT_IN_ORDER)
    throw invalid(`maxInFlight must be at most ${MAX_IN_FLIGHT_IN_ORDER} with idempotence`);
  if (settings.maxInFlight < 1) throw invalid("maxInFlight must be at least 1");
  if (settings.batchBytes < 256) throw invalid("batchBytes must be at least 256");
  return settings;
}

function invalid(text: string): ClientError {
  return new ClientError("INVALID_ARGUMENT", `Producer options: ${text}.`);
}
