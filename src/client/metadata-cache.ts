// What the client knows of the cluster: brokers, topics, leaders. Pure. An answer with an older leader epoch never replaces a newer one of
// the same topic (KIP-320), a topic made anew under the same name has another id (KIP-516) and starts afresh.
import type { Address } from "../env/network.ts";
import { ErrorCode } from "../protocol/errors.ts";
import type { MetadataResponse, MetadataResponseTopic } from "../protocol/generated/metadata.gen.ts";
import { type Uuid } from "../protocol/primitives.ts";

export interface PartitionMetadata {
  readonly partition: number;
  /** −1 while there is none. */
  readonly leaderId: number;
  readonly leaderEpoch: number;
  readonly replicas: readonly number[];
  readonly inSyncReplicas: readonly number[];
  readonly errorCode: number;
}

export interface TopicMetadata {
  readonly name: string;
  readonly id: Uuid;
  readonly internal: boolean;
  /** Dense: partitions[i].partition === i. */
  readonly partitions: readonly PartitionMetadata[];
}

export class MetadataCache {
  readonly #topics = new Map<string, TopicMetadata>();
  #brokers = new Map<number, Address>();
  #clusterId: string | null = null;
  #controllerId = -1;

  get clusterId(): string | null {
    return this.#clusterId;
  }

  get controllerId(): number {
    return this.#controllerId;
  }

  get brokers(): ReadonlyMap<number, Address> {
    return this.#brokers;
  }

  get topicNames(): string[] {
    return [...this.#topics.keys()];
  }

  topic(name: string): TopicMetadata | undefined {
    return this.#topics.get(name);
  }

  topicById(id: Uuid): TopicMetadata | undefined {
    for (const topic of this.#topics.values()) if (topic.id === id) return topic;
    return undefined;
  }

  /** undefined while the partition or its leader is not known. */
  leader(topic: string, partition: number): PartitionMetadata | undefined {
    const known = this.#topics.get(topic)?.partitions[partition];
    return known === undefined || known.leaderId < 0 || !this.#brokers.has(known.leaderId) ? undefined : known;
  }

  forget(topic: string): void {
    this.#topics.delete(topic);
  }

  /** Returns the error code of each topic that has one. */
  apply(response: MetadataResponse): Map<string, number> {
    const errors = new Map<string, number>();
    this.#brokers = new Map(response.brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]));
    this.#clusterId = response.clusterId;
    this.#controllerId = response.controllerId;
    for (const topic of response.topics) {
      const name = topic.name ?? "";
      if (topic.errorCode === 0) this.#topics.set(name, merged(this.#topics.get(name), topic));
      else {
        errors.set(name, topic.errorCode);
        if (topic.errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) this.#topics.delete(name);
      }
    }
    return errors;
  }
}

function merged(known: TopicMetadata | undefined, topic: MetadataResponseTopic): TopicMetadata {
  const same = known !== undefined && known.id === topic.topicId;
  const partitions: PartitionMetadata[] = [];
  for (const each of [...topic.partitions].sort((a, b) => a.partitionIndex - b.partitionIndex)) {
    const older = same ? known.partitions[each.partitionIndex] : undefined;
    if (older !== undefined && older.leaderEpoch > each.leaderEpoch && each.leaderEpoch >= 0) partitions.push(older);
    else
      partitions.push({
        partition: each.partitionIndex,
        leaderId: each.leaderId,
        leaderEpoch: each.leaderEpoch,
        replicas: each.replicaNodes,
        inSyncReplicas: each.isrNodes,
        errorCode: each.errorCode,
      });
  }
  return { name: topic.name ?? "", id: topic.topicId, internal: topic.isInternal, partitions };
}
