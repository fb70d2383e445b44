// Where partitions begin and end, and which offset belongs to a time. Asked of each partition's leader, again where leaders moved.
import { newListOffsetsRequest } from "../protocol/generated/list-offsets.gen.ts";
import type { Cluster } from "./cluster.ts";
import { brokerError, ClientError } from "./errors.ts";
import { byTopic, partitionName, type TopicPartition } from "./topic-partition.ts";

export type Isolation = "read_committed" | "read_uncommitted";

/** "latest" is the last stable offset under read_committed, the high watermark otherwise. A number is a time in epoch ms. */
export type OffsetSpec = "earliest" | "latest" | "max-timestamp" | number;

export interface OffsetQuery extends TopicPartition {
  readonly at: OffsetSpec;
}

export interface FoundOffset extends TopicPartition {
  /** −1 if no record is as young as the time asked for. */
  readonly offset: number;
  /** Epoch ms; −1 if unknown. */
  readonly timestamp: number;
  readonly leaderEpoch: number;
}

export interface ListOffsetsOptions {
  readonly isolation?: Isolation;
  readonly signal?: AbortSignal | undefined;
}

const SPECS = { latest: -1, earliest: -2, "max-timestamp": -3 } as const;

export function isolationCode(isolation: Isolation): number {
  return isolation === "read_committed" ? 1 : 0;
}

/** In the order of the queries; one partition may be asked for several times. Rejects with UNKNOWN_TOPIC_OR_PARTITION, UNKNOWN_PARTITION, or what the brokers say. */
export async function listOffsets(
  cluster: Cluster,
  queries: readonly OffsetQuery[],
  options: ListOffsetsOptions = {},
): Promise<FoundOffset[]> {
  // A request may name a partition once.
  const seen = new Map<string, number>();
  const rounds: { query: OffsetQuery; index: number }[][] = [];
  queries.forEach((query, index) => {
    const round = seen.get(partitionName(query)) ?? 0;
    seen.set(partitionName(query), round + 1);
    (rounds[round] ??= []).push({ query, index });
  });
  const results: FoundOffset[] = [];
  for (const round of rounds) {
    const found = await listOnce(
      cluster,
      round.map(({ query }) => query),
      options,
    );
    for (const { query, index } of round) results[index] = found.get(partitionName(query))!;
  }
  return results;
}

/** Asks for different partitions, and again for those whose leaders did not answer. */
async function listOnce(cluster: Cluster, queries: readonly OffsetQuery[], options: ListOffsetsOptions): Promise<Map<string, FoundOffset>> {
  const found = new Map<string, FoundOffset>();
  let fresh = false;
  await cluster.retried(
    "Listing offsets",
    async () => {
      const open = queries.filter((query) => !found.has(partitionName(query)));
      const stale = fresh;
      fresh = true;
      for (const topic of byTopic(open).keys()) await cluster.topic(topic, { signal: options.signal, fresh: stale });
      const leaders = Map.groupBy(open, (query) => leaderOf(cluster, query));
      const results = await Promise.allSettled([...leaders].map(([nodeId, each]) => askLeader(cluster, nodeId, each, options, found)));
      const failed = results.find((result) => result.status === "rejected");
      if (failed !== undefined) throw failed.reason;
    },
    { signal: options.signal },
  );
  return found;
}

function leaderOf(cluster: Cluster, query: TopicPartition): number {
  const topic = cluster.topicNow(query.topic);
  if (topic !== undefined && topic.partitions[query.partition] === undefined)
    throw new ClientError(
      "UNKNOWN_PARTITION",
      `Topic "${query.topic}" has no partition ${query.partition}: it has ${topic.partitions.length}.`,
    );
  const leader = cluster.leaderNow(query.topic, query.partition);
  if (leader === undefined)
    throw new ClientError("LEADER_NOT_AVAILABLE", `Partition ${partitionName(query)} has no leader.`, { retriable: true });
  return leader.leaderId;
}

async function askLeader(
  cluster: Cluster,
  nodeId: number,
  queries: readonly OffsetQuery[],
  options: ListOffsetsOptions,
  found: Map<string, FoundOffset>,
): Promise<void> {
  const message = newListOffsetsRequest({
    replicaId: -1,
    isolationLevel: isolationCode(options.isolation ?? "read_committed"),
    topics: [...byTopic(queries)].map(([name, each]) => ({
      name,
      partitions: each.map(({ partition, at }) => ({
        partitionIndex: partition,
        currentLeaderEpoch: -1,
        timestamp: typeof at === "number" ? at : SPECS[at],
      })),
    })),
  });
  const response = await cluster.call({ to: "node", nodeId }, "ListOffsets", message, { signal: options.signal });
  let failure: ClientError | undefined;
  for (const topic of response.topics)
    for (const { partitionIndex, errorCode, offset, timestamp, leaderEpoch } of topic.partitions) {
      const name = { topic: topic.name, partition: partitionIndex };
      if (errorCode === 0) found.set(partitionName(name), { ...name, offset, timestamp, leaderEpoch });
      else failure ??= brokerError(errorCode, `Listing offsets of ${partitionName(name)} on ${cluster.nodeText(nodeId)}`);
    }
  if (failure !== undefined) throw failure;
}
