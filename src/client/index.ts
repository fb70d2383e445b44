// millrace/client: a Kafka client for any Kafka broker, Apache Kafka's or Millrace's. Producers are idempotent unless told otherwise,
// consumers read committed records, transactions can be ended by another process.
import { createNodeEnv } from "../env-node/node-env.ts";
import type { Env } from "../env/env.ts";
import { KafkaClient, type ClientOptions } from "./client.ts";

/** Nothing is connected before the first use. `await client.close()` ends everything it made. */
export function createClient(
  options: ClientOptions & { /** Clock, timers and network; the real ones unless given. */ readonly env?: Env },
): KafkaClient {
  return new KafkaClient(options.env ?? createNodeEnv(), options);
}

export { KafkaClient, type ClientOptions } from "./client.ts";
export { Producer, type RecordPosition, type TransactionalIdentityInfo } from "./producer/producer.ts";
export type { Partitioner, ProducerCompression, ProducerOptions } from "./producer/options.ts";
export type { RecordToSend } from "./producer/outgoing-record.ts";
export type { GroupMetadata, OffsetToCommit } from "./producer/transaction.ts";
export { Consumer, type PartitionAssignment, type StartOffset } from "./consumer/consumer.ts";
export { type ConsumedBatch, type ConsumedRecord } from "./consumer/consumed-batch.ts";
export type { AssignorName, ConsumerOptions, RebalanceListener } from "./consumer/options.ts";
export {
  Admin,
  type ClusterDescription,
  type ConfigEntry,
  type DescribedTransaction,
  type ListedTopic,
  type ListedTransaction,
  type NewTopic,
} from "./admin.ts";
export type { DescribedGroup, GroupMember, ListedGroup } from "./describe-groups.ts";
export { resumeTransaction, type ResumableTransaction } from "./resume-transaction.ts";
export { PartitionFetcher, type FetcherOptions } from "./partition-fetcher.ts";
export { type PartitionCursor } from "./partition-cursor.ts";
export { type FetchedBatch } from "./fetched-batch.ts";
export type { CommittedOffset, OffsetCommit } from "./group-offsets.ts";
export type { FoundOffset, Isolation, OffsetQuery, OffsetSpec } from "./list-offsets.ts";
export type { PartitionMetadata, TopicMetadata } from "./metadata-cache.ts";
export type { TopicPartition } from "./topic-partition.ts";
export { ClientError, TransactionError, type ClientErrorCode } from "./errors.ts";
