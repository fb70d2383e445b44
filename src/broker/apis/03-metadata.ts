// Metadata (3): versions 0–13. This broker leads every partition. Topics that are asked for by name are created if the request and
// auto.create.topics.enable allow it, and the answer already shows them. KIP-4, KIP-204, KIP-430, KIP-516 (topic ids), KIP-1102.
import type { TopicInfo } from "../../log/log-directory.ts";
import { ErrorCode, KafkaError } from "../../protocol/errors.ts";
import {
  newMetadataResponse,
  newMetadataResponseBroker,
  newMetadataResponsePartition,
  newMetadataResponseTopic,
} from "../../protocol/generated/metadata.gen.ts";
import type {
  MetadataRequest,
  MetadataRequestTopic,
  MetadataResponse,
  MetadataResponseTopic,
} from "../../protocol/generated/metadata.gen.ts";
import { ZERO_UUID } from "../../protocol/primitives.ts";
import { defineApi, type BrokerContext } from "../api.ts";
import { CLUSTER_OPERATIONS, NOT_ASKED, TOPIC_OPERATIONS } from "../authorized-operations.ts";
import { LEADER_EPOCH } from "../leader-epoch.ts";
import { invalidTopicName, isInternalTopic } from "../topics.ts";

const FIRST_VERSION_WITH_AUTO_CREATE_FLAG = 4;
/** Versions 10 and 11 have the field for ids, but may not ask by them. */
const FIRST_VERSION_BY_ID = 12;
const FIRST_VERSION_WITH_ERROR = 13;

export const metadata = defineApi("Metadata", {
  async handle(broker, request, call) {
    const refusal = refusalOf(request, call.version);
    if (refusal !== ErrorCode.NONE) return refuse(request, refusal, call.version);
    const everything = request.topics === null || (call.version === 0 && request.topics.length === 0);
    const allowed = call.version < FIRST_VERSION_WITH_AUTO_CREATE_FLAG || request.allowAutoTopicCreation;
    const create = allowed && broker.settings.boolean("auto.create.topics.enable");
    const topics = everything
      ? [...broker.topics.all()].map((topic) => describe(broker, topic, request))
      : await Promise.all(asksOf(request.topics!).map((asked) => find(broker, asked, request, create)));
    const { host, port } = call.advertised;
    return newMetadataResponse({
      brokers: [newMetadataResponseBroker({ nodeId: broker.nodeId, host, port })],
      clusterId: broker.logs.clusterId,
      controllerId: broker.nodeId,
      clusterAuthorizedOperations: request.includeClusterAuthorizedOperations ? CLUSTER_OPERATIONS : NOT_ASKED,
      topics,
    });
  },
});

/** What is wrong with the request as a whole. */
function refusalOf({ topics }: MetadataRequest, version: number): number {
  for (const { name, topicId } of topics ?? []) {
    if (version < FIRST_VERSION_BY_ID && (name === null || topicId !== ZERO_UUID)) return ErrorCode.INVALID_REQUEST;
    if (name === null && topicId === ZERO_UUID) return ErrorCode.UNKNOWN_SERVER_ERROR;
  }
  return ErrorCode.NONE;
}

function refuse(request: MetadataRequest, errorCode: number, version: number): MetadataResponse {
  const topics = (request.topics ?? []).map(({ name, topicId }) => newMetadataResponseTopic({ errorCode, name: name ?? "", topicId }));
  return newMetadataResponse({ topics, ...(version >= FIRST_VERSION_WITH_ERROR ? { errorCode } : {}) });
}

/** Each topic once; where any is asked for by its id, names do not count. */
function asksOf(topics: readonly MetadataRequestTopic[]): readonly MetadataRequestTopic[] {
  const byId = topics.filter(({ topicId }) => topicId !== ZERO_UUID);
  if (byId.length > 0) return [...new Map(byId.map((asked) => [asked.topicId, asked])).values()];
  return [...new Map(topics.map((asked) => [asked.name, asked])).values()];
}

async function find(
  broker: BrokerContext,
  asked: MetadataRequestTopic,
  request: MetadataRequest,
  create: boolean,
): Promise<MetadataResponseTopic> {
  const { name, topicId } = asked;
  if (name === null || topicId !== ZERO_UUID) {
    const topic = broker.topics.byId(topicId);
    if (topic === undefined) return newMetadataResponseTopic({ errorCode: ErrorCode.UNKNOWN_TOPIC_ID, name: null, topicId });
    return describe(broker, topic, request);
  }
  const known = broker.topics.byName(name);
  if (known !== undefined) return describe(broker, known, request);
  const missing = { name, topicAuthorizedOperations: request.includeTopicAuthorizedOperations ? TOPIC_OPERATIONS : NOT_ASKED };
  if (invalidTopicName(name) !== undefined) return newMetadataResponseTopic({ ...missing, errorCode: ErrorCode.INVALID_TOPIC_EXCEPTION });
  if (!create)
    return newMetadataResponseTopic({ ...missing, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, isInternal: isInternalTopic(name) });
  try {
    return describe(broker, await broker.topics.ensure(name), request);
  } catch (error) {
    broker.env.logger.log("warn", "topic-not-created", { topic: name, error });
    const errorCode = error instanceof KafkaError ? error.errorCode : ErrorCode.LEADER_NOT_AVAILABLE;
    return newMetadataResponseTopic({ ...missing, errorCode });
  }
}

function describe(broker: BrokerContext, topic: TopicInfo, request: MetadataRequest): MetadataResponseTopic {
  const leader = { leaderId: broker.nodeId, leaderEpoch: LEADER_EPOCH, replicaNodes: [broker.nodeId], isrNodes: [broker.nodeId] };
  return newMetadataResponseTopic({
    name: topic.name,
    topicId: topic.id,
    isInternal: isInternalTopic(topic.name),
    topicAuthorizedOperations: request.includeTopicAuthorizedOperations ? TOPIC_OPERATIONS : NOT_ASKED,
    partitions: topic.partitions.map((_, partitionIndex) => newMetadataResponsePartition({ partitionIndex, ...leader })),
  });
}
