// CreateTopics (19): versions 2–7. The topic is on disk, its directory entries too, before the answer. −1 partitions or replicas mean the
// broker's defaults (KIP-464); the answer carries every config (KIP-525) and the topic's id (KIP-516).
import { KafkaError } from "../../protocol/errors.ts";
import { newCreatableTopicConfigs, newCreatableTopicResult, newCreateTopicsResponse } from "../../protocol/generated/create-topics.gen.ts";
import type { CreatableTopic, CreatableTopicResult } from "../../protocol/generated/create-topics.gen.ts";
import { defineApi, type BrokerContext } from "../api.ts";
import { describeTopicConfigs } from "../config-description.ts";
import { namedTwice } from "../named-twice.ts";
import { randomUuid } from "../../log/uuid.ts";
import { invalidTopicConfig } from "../topic-config.ts";
import { invalidTopicName, MAX_PARTITIONS } from "../topics.ts";

export const createTopics = defineApi("CreateTopics", {
  async handle(broker, request) {
    const names = request.topics.map(({ name }) => name);
    const twice = namedTwice(names);
    const collisions = broker.topics.collisions(new Set(names));
    const topics = [];
    for (const topic of new Map(request.topics.map((each) => [each.name, each])).values())
      topics.push(await answer(broker, topic, request.validateOnly, twice.has(topic.name), collisions.get(topic.name)));
    return newCreateTopicsResponse({ topics });
  },
});

async function answer(
  broker: BrokerContext,
  topic: CreatableTopic,
  validateOnly: boolean,
  twice: boolean,
  collision: string | undefined,
): Promise<CreatableTopicResult> {
  try {
    if (twice) throw new KafkaError("INVALID_REQUEST", "Duplicate topic name.");
    const partitions = check(broker, topic, collision);
    const config = Object.fromEntries(topic.configs.map(({ name, value }) => [name, value!]));
    const created = validateOnly ? undefined : await broker.topics.create(topic.name, partitions, config);
    const configs = describeTopicConfigs(config, broker.settings, { alsoCoarser: true }).map(
      ({ name, value, readOnly, configSource, isSensitive }) =>
        newCreatableTopicConfigs({ name, value: config[name] ?? value, readOnly, configSource, isSensitive }), // as it was given
    );
    return newCreatableTopicResult({
      name: topic.name,
      topicId: created?.id ?? randomUuid(broker.env.random), // as Apache Kafka: an id that a real creation might have had
      numPartitions: partitions,
      replicationFactor: 1,
      configs,
    });
  } catch (error) {
    const { errorCode, text } = error instanceof KafkaError ? error : new KafkaError("KAFKA_STORAGE_ERROR", String(error));
    if (!(error instanceof KafkaError)) broker.env.logger.log("error", "topic-not-created", { topic: topic.name, error });
    const unknown = { numPartitions: -1, replicationFactor: -1, configs: [] };
    return newCreatableTopicResult({ name: topic.name, errorCode, errorMessage: text, ...unknown });
  }
}

/** The number of partitions. Throws a KafkaError if the topic cannot be made. */
function check(
  broker: BrokerContext,
  { name, numPartitions, replicationFactor, assignments, configs }: CreatableTopic,
  collision: string | undefined,
): number {
  const problem = invalidTopicName(name);
  if (problem !== undefined) throw new KafkaError("INVALID_TOPIC_EXCEPTION", problem);
  if (broker.topics.byName(name) !== undefined) throw new KafkaError("TOPIC_ALREADY_EXISTS", `Topic '${name}' already exists.`);
  if (collision !== undefined)
    throw new KafkaError("INVALID_TOPIC_EXCEPTION", `Topic '${name}' collides with existing topic '${collision}'.`);
  const invalid = invalidTopicConfig(configs.map((config) => [config.name, config.value] as const));
  if (invalid !== undefined) throw new KafkaError("INVALID_CONFIG", invalid);
  if (assignments.length > 0) return checkAssignments(broker, assignments, numPartitions, replicationFactor);
  if (replicationFactor < -1 || replicationFactor === 0)
    throw new KafkaError("INVALID_REPLICATION_FACTOR", `Replication factor ${replicationFactor} is not possible: it must be at least 1.`);
  const partitions = numPartitions === -1 ? broker.settings.number("num.partitions") : numPartitions;
  if (partitions < 1) throw new KafkaError("INVALID_PARTITIONS", "The number of partitions must be at least 1.");
  checkCount(partitions);
  if (replicationFactor !== -1 && replicationFactor !== 1) {
    throw new KafkaError("INVALID_REPLICATION_FACTOR", `Replication factor ${replicationFactor} is not possible: there is one broker.`);
  }
  return partitions;
}

function checkCount(partitions: number): void {
  if (partitions > MAX_PARTITIONS)
    throw new KafkaError("INVALID_PARTITIONS", `At most ${MAX_PARTITIONS} partitions can be created at once.`);
}

function checkAssignments(
  broker: BrokerContext,
  assignments: CreatableTopic["assignments"],
  numPartitions: number,
  replicationFactor: number,
): number {
  if (numPartitions !== -1 || replicationFactor !== -1) {
    throw new KafkaError("INVALID_REQUEST", "An assignment of replicas excludes numbers of partitions and replicas.");
  }
  checkCount(assignments.length);
  const indexes = new Set(assignments.map(({ partitionIndex }) => partitionIndex));
  for (let i = 0; i < assignments.length; i++) {
    if (!indexes.has(i)) throw new KafkaError("INVALID_REPLICA_ASSIGNMENT", "The partitions of an assignment must be 0, 1, 2, …");
  }
  for (const { brokerIds } of assignments) {
    if (brokerIds.length !== 1 || brokerIds[0] !== broker.nodeId) {
      throw new KafkaError("INVALID_REPLICA_ASSIGNMENT", `Every partition's only replica must be on broker ${broker.nodeId}.`);
    }
  }
  return assignments.length;
}
