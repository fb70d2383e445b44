// What a consumer can be told, with its defaults; Kafka's own names are given where they differ.
import type { Isolation } from "../list-offsets.ts";
import { ClientError } from "../errors.ts";
import type { TopicPartition } from "../topic-partition.ts";

export type AssignorName = "range" | "roundrobin";

export interface RebalanceListener {
  /** After the consumer got partitions, before their first batch. */
  assigned?(partitions: readonly TopicPartition[]): void | Promise<void>;
  /** Before partitions go to somebody else: the last moment to commit for them. Never during the processing of a batch. */
  revoked?(partitions: readonly TopicPartition[]): void | Promise<void>;
  /** They have already gone: the group threw this member out. Commits would be refused. */
  lost?(partitions: readonly TopicPartition[]): void | Promise<void>;
}

export interface ConsumerOptions {
  /** Needed for subscribe(), commit() and "committed". */
  readonly groupId?: string;
  /** Static membership (KIP-345): a restart within the session timeout causes no rebalance. */
  readonly groupInstanceId?: string;
  /** Default read_committed: records of open or aborted transactions are not seen. */
  readonly isolation?: Isolation;
  /** Where to begin without a committed offset, or when it is no longer in the log. Default "latest" (auto.offset.reset). */
  readonly startAt?: "earliest" | "latest" | "error";
  /** Commit what was processed every autoCommitIntervalMs, before a rebalance and at close. Default: true with a group. */
  readonly autoCommit?: boolean;
  /** Default 5,000. */
  readonly autoCommitIntervalMs?: number;
  /** Default 45,000. */
  readonly sessionTimeoutMs?: number;
  /** Default 3,000. */
  readonly heartbeatIntervalMs?: number;
  /** The longest time between two batches; then the group goes on without this member. Default 300,000 (max.poll.interval.ms). */
  readonly rebalanceTimeoutMs?: number;
  /** In order of preference; the group takes one that all members have. Default both, range first. */
  readonly assignors?: readonly AssignorName[];
  readonly onRebalance?: RebalanceListener;
  /** Default 1. */
  readonly minBytes?: number;
  /** Per answer of a broker. Default 8,388,608. */
  readonly maxBytes?: number;
  /** Per partition and answer. Default 1,048,576. */
  readonly maxPartitionBytes?: number;
  /** Fetched ahead of the processing. Default 33,554,432. */
  readonly maxBufferedBytes?: number;
  /** The largest decompressed batch; a larger one is an error (MESSAGE_TOO_LARGE), whatever its size was compressed. Default 16,777,216. */
  readonly maxBatchBytes?: number;
  /** How long a broker may hold a fetch that finds nothing. Default 500. */
  readonly maxWaitMs?: number;
}

export interface ConsumerSettings {
  readonly groupId: string | undefined;
  readonly groupInstanceId: string | null;
  readonly isolation: Isolation;
  readonly startAt: "earliest" | "latest" | "error";
  readonly autoCommit: boolean;
  readonly autoCommitIntervalMs: number;
  readonly sessionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly assignors: readonly AssignorName[];
  readonly onRebalance: RebalanceListener;
}

export function consumerSettings(options: ConsumerOptions): ConsumerSettings {
  if (options.groupId === "") throw new ClientError("INVALID_ARGUMENT", "Consumer options: groupId must not be empty.");
  if (options.autoCommit === true && options.groupId === undefined)
    throw new ClientError("INVALID_ARGUMENT", "Consumer options: autoCommit needs a groupId.");
  if (options.assignors?.length === 0) throw new ClientError("INVALID_ARGUMENT", "Consumer options: assignors must name at least one.");
  return {
    groupId: options.groupId,
    groupInstanceId: options.groupInstanceId ?? null,
    isolation: options.isolation ?? "read_committed",
    startAt: options.startAt ?? "latest",
    autoCommit: options.autoCommit ?? options.groupId !== undefined,
    autoCommitIntervalMs: options.autoCommitIntervalMs ?? 5000,
    sessionTimeoutMs: options.sessionTimeoutMs ?? 45_000,
    heartbeatIntervalMs: options.heartbeatIntervalMs ?? 3000,
    rebalanceTimeoutMs: options.rebalanceTimeoutMs ?? 300_000,
    assignors: options.assignors ?? ["range", "roundrobin"],
    onRebalance: options.onRebalance ?? {},
  };
}
