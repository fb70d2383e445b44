// DeleteTopics (20): versions 1–6. By name, or by id from v6 (KIP-516). Committed offsets of the topic go with it. KIP-599.
import { ErrorCode, KafkaError } from "../../protocol/errors.ts";
import { newDeletableTopicResult, newDeleteTopicsResponse, type DeletableTopicResult } from "../../protocol/generated/delete-topics.gen.ts";
import { ZERO_UUID } from "../../protocol/primitives.ts";
import { defineApi, type BrokerContext } from "../api.ts";

const BY_ID_FROM = 6;

export const deleteTopics = defineApi("DeleteTopics", {
  async handle(broker, request, call) {
    const asked = call.version >= BY_ID_FROM ? request.topics : request.topicNames.map((name) => ({ name, topicId: ZERO_UUID }));
    const responses = [];
    for (const { name, topicId } of asked) responses.push(await answer(broker, name, topicId));
    return newDeleteTopicsResponse({ responses });
  },
});

async function answer(broker: BrokerContext, name: string | null, topicId: string): Promise<DeletableTopicResult> {
  const refuse = (errorCode: number, errorMessage: string | null = null): DeletableTopicResult =>
    newDeletableTopicResult({ name, topicId, errorCode, errorMessage });
  if (!broker.settings.boolean("delete.topic.enable")) return refuse(ErrorCode.TOPIC_DELETION_DISABLED);
  if (name !== null && topicId !== ZERO_UUID) return refuse(ErrorCode.INVALID_REQUEST, "A topic is named by its name or its id, not both.");
  const topic = name === null ? broker.topics.byId(topicId) : broker.topics.byName(name);
  if (topic === undefined) return refuse(name === null ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  try {
    await broker.logs.deleteTopic(topic.name);
    await broker.groups.topicDeleted(topic.name);
  } catch (error) {
    broker.env.logger.log("error", "topic-not-deleted", { topic: topic.name, error });
    return refuse(error instanceof KafkaError ? error.errorCode : ErrorCode.KAFKA_STORAGE_ERROR, String(error));
  }
  return newDeletableTopicResult({ name: topic.name, topicId: topic.id });
}
