// DeleteTopics (20): versions 1–6. By name, or by id from v6 (KIP-516); a topic that is named twice stays. Committed offsets of the
// topic go with it. KIP-599.
import { ErrorCode, KafkaError } from "../../protocol/errors.ts";
import {
  newDeletableTopicResult,
  newDeleteTopicsResponse,
  type DeletableTopicResult,
  type DeleteTopicState,
} from "../../protocol/generated/delete-topics.gen.ts";
import { ZERO_UUID } from "../../protocol/primitives.ts";
import { defineApi, type BrokerContext } from "../api.ts";

const BY_ID_FROM = 6;

export const deleteTopics = defineApi("DeleteTopics", {
  async handle(broker, request, call) {
    const asked = call.version >= BY_ID_FROM ? request.topics : request.topicNames.map((name) => ({ name, topicId: ZERO_UUID }));
    const { wrong, right } = sorted(broker, asked);
    const responses = [...wrong];
    for (const { name, topicId } of right) responses.push(await answer(broker, name, topicId));
    return newDeleteTopicsResponse({ responses });
  },
});

type Asked = Pick<DeleteTopicState, "name" | "topicId">;

/** What can be done, and the refusals of what is named twice (once per topic), by name and id, or not at all. */
function sorted(broker: BrokerContext, asked: readonly Asked[]): { wrong: DeletableTopicResult[]; right: Asked[] } {
  const wrong: DeletableTopicResult[] = [];
  const refuse = (name: string | null, topicId: string, errorMessage: string): unknown =>
    wrong.push(newDeletableTopicResult({ name, topicId, errorCode: ErrorCode.INVALID_REQUEST, errorMessage }));
  const times = new Map<string, { readonly asked: Asked; count: number }>();
  for (const each of asked) {
    const { name, topicId } = each;
    if (name === null && topicId === ZERO_UUID) refuse(null, ZERO_UUID, "A topic is named by its name or its id: here is neither.");
    else if (name !== null && topicId !== ZERO_UUID) refuse(name, topicId, "A topic is named by its name or its id, not both.");
    else {
      const key = name === null ? `id ${topicId}` : `name ${name}`;
      const known = times.get(key);
      if (known === undefined) times.set(key, { asked: each, count: 1 });
      else known.count++;
    }
  }
  const right: Asked[] = [];
  const ids = new Set([...times.values()].map(({ asked: { topicId } }) => topicId));
  for (const { asked: each, count } of times.values()) {
    const id = each.name === null ? undefined : broker.topics.byName(each.name)?.id;
    if (count > 1) refuse(each.name, each.topicId, "The topic is named twice.");
    else if (id !== undefined && ids.has(id)) refuse(each.name, id, "The topic is named by its name and, once more, by its id.");
    else right.push(each);
  }
  return { wrong, right: right.filter(({ name, topicId }) => name !== null || !isNamedToo(broker, times, topicId)) };
}

function isNamedToo(broker: BrokerContext, times: ReadonlyMap<string, unknown>, topicId: string): boolean {
  const name = broker.topics.byId(topicId)?.name;
  return name !== undefined && times.has(`name ${name}`);
}

async function answer(broker: BrokerContext, name: string | null, topicId: string): Promise<DeletableTopicResult> {
  const refuse = (errorCode: number, errorMessage: string | null = null): DeletableTopicResult =>
    newDeletableTopicResult({ name, topicId, errorCode, errorMessage });
  if (!broker.settings.boolean("delete.topic.enable")) return refuse(ErrorCode.TOPIC_DELETION_DISABLED);
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
