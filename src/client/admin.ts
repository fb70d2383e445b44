// Topics, offsets, groups, settings and transactions of a cluster. Every call retries what can be retried within the client's apiTimeoutMs.
import type { ApiName, RequestOf, ResponseOf } from "../protocol/apis.ts";
import { newCreatePartitionsRequest } from "../protocol/generated/create-partitions.gen.ts";
import { newCreatableTopic, newCreateTopicsRequest } from "../protocol/generated/create-topics.gen.ts";
import { newDeleteGroupsRequest } from "../protocol/generated/delete-groups.gen.ts";
import { newDeleteRecordsRequest } from "../protocol/generated/delete-records.gen.ts";
import { newDeleteTopicsRequest, newDeleteTopicState } from "../protocol/generated/delete-topics.gen.ts";
import { newDescribeConfigsRequest } from "../protocol/generated/describe-configs.gen.ts";
import { newDescribeTransactionsRequest } from "../protocol/generated/describe-transactions.gen.ts";
import { newIncrementalAlterConfigsRequest } from "../protocol/generated/incremental-alter-configs.gen.ts";
import { newListTransactionsRequest } from "../protocol/generated/list-transactions.gen.ts";
import { newMetadataRequest } from "../protocol/generated/metadata.gen.ts";
import type { Address } from "../env/network.ts";
import { commitGroupOffsets, fetchGroupOffsets, type CommittedOffset, type OffsetCommit } from "./group-offsets.ts";
import type { Cluster, Target } from "./cluster.ts";
import { describeGroup, type DescribedGroup, type ListedGroup, listGroupsOf } from "./describe-groups.ts";
import { brokerError, ClientError } from "./errors.ts";
import { listOffsets, type FoundOffset, type ListOffsetsOptions, type OffsetQuery } from "./list-offsets.ts";
import type { TopicMetadata } from "./metadata-cache.ts";
import { byTopic, partitionName, type TopicPartition } from "./topic-partition.ts";

export interface NewTopic {
  readonly name: string;
  /** The broker's num.partitions if left out. */
  readonly partitions?: number;
  /** The broker's default if left out. */
  readonly replicationFactor?: number;
  /** Kafka's names, such as "retention.ms". */
  readonly config?: Readonly<Record<string, string>>;
}

export interface ConfigEntry {
  readonly name: string;
  /** null for secrets. */
  readonly value: string | null;
  readonly readOnly: boolean;
  readonly sensitive: boolean;
  /** Where the value comes from. */
  readonly source: "topic" | "broker" | "cluster" | "file" | "default" | "other";
}

export interface ListedTopic {
  readonly name: string;
  readonly internal: boolean;
  readonly partitions: number;
}

export interface ListedTransaction {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly state: string;
}

export interface DescribedTransaction extends ListedTransaction {
  readonly producerEpoch: number;
  readonly timeoutMs: number;
  /** −1 if none is open. */
  readonly startedAt: number;
  readonly partitions: readonly TopicPartition[];
}

export interface ClusterDescription {
  readonly clusterId: string | null;
  readonly controllerId: number;
  readonly brokers: readonly (Address & { readonly nodeId: number })[];
}

export interface CallSettings {
  readonly signal?: AbortSignal;
}

export interface AlterConfigsSettings extends CallSettings {
  /** Only ask whether the broker would take it: rejects as the change would. */
  readonly validateOnly?: boolean;
}

const TOPIC_RESOURCE = 2;
const BROKER_RESOURCE = 4;
const SET = 0;
const DELETE = 1;
/** From this version on topics are deleted by name or by id. */
const DELETE_TOPICS_BY_STATE = 6;
const SOURCES: Readonly<Record<number, ConfigEntry["source"]>> = { 1: "topic", 2: "broker", 3: "cluster", 4: "file", 5: "default" };
const CONTROLLER: Target = { to: "controller" };

export class Admin {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  // ---------- cluster ----------

  async describeCluster(settings: CallSettings = {}): Promise<ClusterDescription> {
    await this.#cluster.retried("Describing the cluster", () => this.#cluster.refresh([], settings.signal), settings);
    const { clusterId, controllerId, brokers } = this.#cluster.metadata;
    return { clusterId, controllerId, brokers: [...brokers].map(([nodeId, address]) => ({ nodeId, ...address })) };
  }

  // ---------- topics ----------

  /** Rejects with TOPIC_ALREADY_EXISTS and others, naming the first topic concerned; the others may have been created. */
  async createTopics(topics: readonly NewTopic[], settings: CallSettings = {}): Promise<void> {
    const message = newCreateTopicsRequest({
      timeoutMs: this.#cluster.options.requestTimeoutMs,
      topics: topics.map(({ name, partitions, replicationFactor, config }) =>
        newCreatableTopic({
          name,
          numPartitions: partitions ?? -1,
          replicationFactor: replicationFactor ?? -1,
          configs: Object.entries(config ?? {}).map(([key, value]) => ({ name: key, value })),
        }),
      ),
    });
    await this.#controllerCall("Creating topics", "CreateTopics", settings, message, (response) => {
      for (const { name, errorCode, errorMessage } of response.topics) check(errorCode, `Creating topic "${name}"`, errorMessage);
    });
    await this.#settle(
      topics.map(({ name }) => name),
      settings,
    );
  }

  /** Returns when the brokers know the topics, so that the next call finds them. */
  async #settle(topics: readonly string[], settings: CallSettings): Promise<void> {
    for (const topic of topics) await this.#cluster.topic(topic, { signal: settings.signal, fresh: true });
  }

  async deleteTopics(names: readonly string[], settings: CallSettings = {}): Promise<void> {
    const timeoutMs = this.#cluster.options.requestTimeoutMs;
    await this.#controllerCall(
      "Deleting topics",
      "DeleteTopics",
      settings,
      (version) =>
        newDeleteTopicsRequest(
          version >= DELETE_TOPICS_BY_STATE
            ? { timeoutMs, topics: names.map((name) => newDeleteTopicState({ name })) }
            : { timeoutMs, topicNames: [...names] },
        ),
      (response) => {
        for (const { name, errorCode, errorMessage } of response.responses) checkOnce(errorCode, `Deleting topic "${name}"`, errorMessage);
      },
    );
    for (const name of names) this.#cluster.metadata.forget(name);
  }

  /** Raises the number of partitions of a topic to `total`. */
  async createPartitions(topic: string, total: number, settings: CallSettings = {}): Promise<void> {
    const message = newCreatePartitionsRequest({
      timeoutMs: this.#cluster.options.requestTimeoutMs,
      topics: [{ name: topic, count: total, assignments: null }],
    });
    await this.#controllerCall("Adding partitions", "CreatePartitions", settings, message, (response) => {
      for (const { name, errorCode, errorMessage } of response.results)
        checkOnce(errorCode, `Adding partitions to topic "${name}"`, errorMessage);
    });
    await this.#settle([topic], settings);
  }

  async listTopics(settings: CallSettings = {}): Promise<ListedTopic[]> {
    const message = newMetadataRequest({ topics: null, allowAutoTopicCreation: false });
    return this.#cluster.retriedCall(
      { to: "any" },
      "Metadata",
      message,
      (response, where) => {
        check(response.errorCode, where);
        const topics = response.topics.filter((topic) => topic.errorCode === 0 && topic.name !== null);
        return topics
          .map((topic) => ({ name: topic.name!, internal: topic.isInternal, partitions: topic.partitions.length }))
          .sort((a, b) => (a.name < b.name ? -1 : 1));
      },
      { what: "Listing topics", signal: settings.signal },
    );
  }

  /** Leaders, replicas and ids. Rejects with UNKNOWN_TOPIC_OR_PARTITION at once for a topic that does not exist. */
  async describeTopics(names: readonly string[], settings: CallSettings = {}): Promise<TopicMetadata[]> {
    return this.#cluster.retried(
      "Describing topics",
      async () => {
        const errors = await this.#cluster.refresh(names, settings.signal);
        for (const [name, errorCode] of errors) checkOnce(errorCode, `Describing topic "${name}"`);
        return names.map((name) => this.#cluster.topicNow(name)!);
      },
      settings,
    );
  }

  /** In the order of the queries. */
  listOffsets(queries: readonly OffsetQuery[], options: ListOffsetsOptions = {}): Promise<FoundOffset[]> {
    return listOffsets(this.#cluster, queries, options);
  }

  /** Removes the records below these offsets; −1 is the high watermark. */
  async deleteRecords(until: readonly (TopicPartition & { readonly offset: number })[], settings: CallSettings = {}): Promise<void> {
    await this.#cluster.retried(
      "Deleting records",
      async () => {
        for (const name of byTopic(until).keys()) await this.#cluster.topic(name, settings);
        const leaders = Map.groupBy(until, ({ topic, partition }) => this.#leaderId(topic, partition));
        for (const [nodeId, each] of leaders) {
          const topics = [...byTopic(each)].map(([name, partitions]) => ({
            name,
            partitions: partitions.map(({ partition, offset }) => ({ partitionIndex: partition, offset })),
          }));
          const message = newDeleteRecordsRequest({ timeoutMs: this.#cluster.options.requestTimeoutMs, topics });
          const response = await this.#cluster.call({ to: "node", nodeId }, "DeleteRecords", message, settings);
          for (const { name, partitions } of response.topics)
            for (const { partitionIndex, errorCode } of partitions)
              check(errorCode, `Deleting records of ${partitionName({ topic: name, partition: partitionIndex })}`);
        }
      },
      settings,
    );
  }

  #leaderId(topic: string, partition: number): number {
    const known = this.#cluster.topicNow(topic);
    if (known !== undefined && known.partitions[partition] === undefined)
      throw new ClientError("UNKNOWN_PARTITION", `Topic "${topic}" has no partition ${partition}: it has ${known.partitions.length}.`);
    const leader = this.#cluster.leaderNow(topic, partition);
    if (leader === undefined)
      throw new ClientError("LEADER_NOT_AVAILABLE", `Partition ${topic}-${partition} has no leader.`, { retriable: true });
    return leader.leaderId;
  }

  // ---------- settings ----------

  describeTopicConfigs(topic: string, settings: CallSettings = {}): Promise<ConfigEntry[]> {
    return this.#describeConfigs({ to: "any" }, TOPIC_RESOURCE, topic, settings);
  }

  /** Settings of one broker (any, unless named). */
  async describeBrokerConfigs(nodeId?: number, settings: CallSettings = {}): Promise<ConfigEntry[]> {
    const id = nodeId ?? (await this.describeCluster(settings)).brokers[0]?.nodeId ?? -1;
    return this.#describeConfigs({ to: "node", nodeId: id }, BROKER_RESOURCE, String(id), settings);
  }

  #describeConfigs(target: Target, resourceType: number, resourceName: string, settings: CallSettings): Promise<ConfigEntry[]> {
    const message = newDescribeConfigsRequest({ resources: [{ resourceType, resourceName, configurationKeys: null }] });
    const what = `Describing the settings of ${resourceType === TOPIC_RESOURCE ? `topic "${resourceName}"` : `broker ${resourceName}`}`;
    return this.#cluster.retriedCall(
      target,
      "DescribeConfigs",
      message,
      (response) => {
        const result = response.results[0];
        if (result === undefined) throw new ClientError("MALFORMED_RESPONSE", `${what}: the answer is empty.`);
        checkOnce(result.errorCode, what, result.errorMessage);
        return result.configs.map(({ name, value, readOnly, isSensitive, configSource }) => ({
          name,
          value,
          readOnly,
          sensitive: isSensitive,
          source: SOURCES[configSource] ?? "other",
        }));
      },
      { what, signal: settings.signal },
    );
  }

  /** Sets topic settings; null takes one back to its default. */
  alterTopicConfigs(topic: string, config: Readonly<Record<string, string | null>>, settings: AlterConfigsSettings = {}): Promise<void> {
    return this.#alterConfigs(CONTROLLER, TOPIC_RESOURCE, topic, config, settings);
  }

  /**
   * Sets settings of one broker, or of all (`nodeId` left out), that may change while it runs; null takes one back.
   * Rejects with INVALID_REQUEST for a setting that only a start can change.
   */
  alterBrokerConfigs(config: Readonly<Record<string, string | null>>, nodeId?: number, settings: AlterConfigsSettings = {}): Promise<void> {
    const target: Target = nodeId === undefined ? CONTROLLER : { to: "node", nodeId };
    return this.#alterConfigs(target, BROKER_RESOURCE, nodeId === undefined ? "" : String(nodeId), config, settings);
  }

  async #alterConfigs(
    target: Target,
    resourceType: number,
    resourceName: string,
    config: Readonly<Record<string, string | null>>,
    settings: AlterConfigsSettings,
  ): Promise<void> {
    const configs = Object.entries(config).map(([name, value]) => ({ name, value, configOperation: value === null ? DELETE : SET }));
    const message = newIncrementalAlterConfigsRequest({ resources: [{ resourceType, resourceName, configs }], validateOnly: settings.validateOnly === true }); // prettier-ignore
    const whose =
      resourceType === TOPIC_RESOURCE ? `topic "${resourceName}"` : resourceName === "" ? "all brokers" : `broker ${resourceName}`;
    const what = `Changing settings of ${whose}`;
    if (this.#cluster.metadata.controllerId < 0) await this.describeCluster(settings);
    await this.#cluster.retriedCall(
      target,
      "IncrementalAlterConfigs",
      message,
      (response) => {
        for (const { errorCode, errorMessage } of response.responses) checkOnce(errorCode, what, errorMessage);
      },
      { what, signal: settings.signal },
    );
  }

  // ---------- groups ----------

  async listGroups(settings: CallSettings = {}): Promise<ListedGroup[]> {
    const groups: ListedGroup[] = [];
    for (const nodeId of await this.#nodeIds(settings)) groups.push(...(await listGroupsOf(this.#cluster, nodeId, settings)));
    return groups.sort((a, b) => (a.groupId < b.groupId ? -1 : 1));
  }

  /** Classic groups and those of KIP-848. */
  describeGroup(groupId: string, settings: CallSettings = {}): Promise<DescribedGroup> {
    return describeGroup(this.#cluster, groupId, settings);
  }

  async deleteGroups(groupIds: readonly string[], settings: CallSettings = {}): Promise<void> {
    for (const groupId of groupIds) {
      const what = `Deleting group "${groupId}"`;
      await this.#cluster.retriedCall(
        { to: "coordinator", kind: "group", key: groupId },
        "DeleteGroups",
        newDeleteGroupsRequest({ groupsNames: [groupId] }),
        (response) => {
          for (const { errorCode } of response.results) check(errorCode, what);
        },
        { what, signal: settings.signal },
      );
    }
  }

  /** Offsets the group has committed; all of them unless partitions are named. */
  groupOffsets(groupId: string, partitions?: readonly TopicPartition[], settings: CallSettings = {}): Promise<CommittedOffset[]> {
    return fetchGroupOffsets(this.#cluster, groupId, partitions, settings);
  }

  /** Sets committed offsets of a group without members. */
  alterGroupOffsets(groupId: string, offsets: readonly OffsetCommit[], settings: CallSettings = {}): Promise<void> {
    return commitGroupOffsets(this.#cluster, { groupId }, offsets, settings);
  }

  // ---------- transactions ----------

  /** Transactional ids the coordinators know; `states` such as "Ongoing" narrows them down. */
  async listTransactions(states: readonly string[] = [], settings: CallSettings = {}): Promise<ListedTransaction[]> {
    const transactions: ListedTransaction[] = [];
    for (const nodeId of await this.#nodeIds(settings)) {
      const each = await this.#cluster.retriedCall(
        { to: "node", nodeId },
        "ListTransactions",
        newListTransactionsRequest({ stateFilters: [...states] }),
        (response, where) => {
          check(response.errorCode, where);
          return response.transactionStates.map(({ transactionalId, producerId, transactionState }) => ({
            transactionalId,
            producerId,
            state: transactionState,
          }));
        },
        { what: "Listing transactions", signal: settings.signal },
      );
      transactions.push(...each);
    }
    return transactions.sort((a, b) => (a.transactionalId < b.transactionalId ? -1 : 1));
  }

  async describeTransaction(transactionalId: string, settings: CallSettings = {}): Promise<DescribedTransaction> {
    const what = `Describing transaction "${transactionalId}"`;
    const message = newDescribeTransactionsRequest({ transactionalIds: [transactionalId] });
    return this.#cluster.retriedCall(
      { to: "coordinator", kind: "transaction", key: transactionalId },
      "DescribeTransactions",
      message,
      (response) => {
        const found = response.transactionStates[0];
        if (found === undefined) throw new ClientError("MALFORMED_RESPONSE", `${what}: the answer is empty.`);
        check(found.errorCode, what);
        const { producerId, producerEpoch, transactionState, transactionTimeoutMs, transactionStartTimeMs, topics } = found;
        const partitions = topics.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })));
        return {
          transactionalId,
          producerId,
          producerEpoch,
          state: transactionState,
          timeoutMs: transactionTimeoutMs,
          startedAt: transactionStartTimeMs,
          partitions,
        };
      },
      { what, signal: settings.signal },
    );
  }

  // ---------- inside ----------

  async #nodeIds(settings: CallSettings): Promise<number[]> {
    return (await this.describeCluster(settings)).brokers.map(({ nodeId }) => nodeId);
  }

  async #controllerCall<N extends ApiName>(
    what: string,
    name: N,
    settings: CallSettings,
    message: RequestOf<N> | ((version: number) => RequestOf<N>),
    accept: (response: ResponseOf<N>) => void,
  ): Promise<void> {
    if (this.#cluster.metadata.controllerId < 0) await this.describeCluster(settings);
    return this.#cluster.retriedCall(CONTROLLER, name, message, accept, { what, signal: settings.signal });
  }
}

function check(errorCode: number, where: string, detail?: string | null): void {
  if (errorCode !== 0) throw brokerError(errorCode, where, detail);
}

/** For errors that Kafka calls retriable but that a person wants to know at once: the topic does not exist. */
function checkOnce(errorCode: number, where: string, detail?: string | null): void {
  if (errorCode === 0) return;
  const error = brokerError(errorCode, where, detail);
  throw error.code === "UNKNOWN_TOPIC_OR_PARTITION" ? new ClientError(error.code, error.message, { errorCode }) : error;
}
