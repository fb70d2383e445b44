// CreatePartitions (37): versions 0–3. Partitions are only ever added; a topic that is named twice is refused once. KIP-195, KIP-599.
import { KafkaError } from "../../protocol/errors.ts";
import {
  newCreatePartitionsResponse,
  newCreatePartitionsTopicResult,
  type CreatePartitionsTopic,
} from "../../protocol/generated/create-partitions.gen.ts";
import { defineApi, type BrokerContext } from "../api.ts";
import { namedTwice } from "../named-twice.ts";
import { MAX_PARTITIONS } from "../topics.ts";

export const createPartitions = defineApi("CreatePartitions", {
  async handle(broker, request) {
    const results = [];
    const twice = namedTwice(request.topics.map(({ name }) => name));
    for (const topic of new Map(request.topics.map((each) => [each.name, each])).values()) {
      try {
        if (twice.has(topic.name)) throw new KafkaError("INVALID_REQUEST", `Topic ${topic.name} is named more than once.`);
        check(broker, topic);
        if (!request.validateOnly) await broker.logs.addPartitions(topic.name, topic.count);
        results.push(newCreatePartitionsTopicResult({ name: topic.name }));
      } catch (error) {
        const { errorCode, text } = error instanceof KafkaError ? error : new KafkaError("KAFKA_STORAGE_ERROR", String(error));
        results.push(newCreatePartitionsTopicResult({ name: topic.name, errorCode, errorMessage: text }));
      }
    }
    return newCreatePartitionsResponse({ results });
  },
});

function check(broker: BrokerContext, { name, count, assignments }: CreatePartitionsTopic): void {
  const topic = broker.topics.byName(name);
  if (topic === undefined) throw new KafkaError("UNKNOWN_TOPIC_OR_PARTITION");
  const present = topic.partitions.length;
  if (count <= present)
    throw new KafkaError("INVALID_PARTITIONS", `Topic ${name} has ${present} partitions; ${count} would not be an increase.`);
  if (count > MAX_PARTITIONS) throw new KafkaError("INVALID_PARTITIONS", `A topic has at most ${MAX_PARTITIONS} partitions.`);
  if (assignments === null) return;
  if (assignments.length !== count - present)
    throw new KafkaError("INVALID_REPLICA_ASSIGNMENT", "Every new partition needs one assignment.");
  for (const { brokerIds } of assignments) {
    if (brokerIds.length !== 1 || brokerIds[0] !== broker.nodeId) {
      throw new KafkaError("INVALID_REPLICA_ASSIGNMENT", `Every partition's only replica must be on broker ${broker.nodeId}.`);
    }
  }
}
