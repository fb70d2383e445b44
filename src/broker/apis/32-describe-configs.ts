// DescribeConfigs (32): versions 1–4. Topics (all of Kafka's topic configs), this broker (its settings), groups, and
// subscriptions of clients' metrics, of which there are none: each name has the defaults. KIP-133, KIP-226, KIP-569.
import { ErrorCode } from "../../protocol/errors.ts";
import {
  newDescribeConfigsResourceResult,
  newDescribeConfigsResponse,
  newDescribeConfigsResult,
  newDescribeConfigsSynonym,
} from "../../protocol/generated/describe-configs.gen.ts";
import type {
  DescribeConfigsRequest,
  DescribeConfigsResource,
  DescribeConfigsResult,
} from "../../protocol/generated/describe-configs.gen.ts";
import { defineApi, type BrokerContext } from "../api.ts";
import {
  describeBrokerSettings,
  describeClientMetrics,
  describeClusterSettings,
  describeGroupConfigs,
  describePlace,
  describeTopicConfigs,
  type DescribedConfig,
} from "../config-description.ts";
import { invalidTopicName } from "../topics.ts";

const TOPIC = 2;
const BROKER = 4;
const CLIENT_METRICS = 16;
const GROUP = 32;

export const describeConfigs = defineApi("DescribeConfigs", {
  handle(broker, request) {
    return newDescribeConfigsResponse({ results: request.resources.map((resource) => answer(broker, resource, request)) });
  },
});

function answer(broker: BrokerContext, resource: DescribeConfigsResource, request: DescribeConfigsRequest): DescribeConfigsResult {
  const { resourceType, resourceName } = resource;
  const found = find(broker, resourceType, resourceName);
  if (!Array.isArray(found)) return newDescribeConfigsResult({ resourceType, resourceName, ...found });
  const keys = resource.configurationKeys;
  const wanted = keys === null || keys.length === 0 ? found : found.filter(({ name }) => keys.includes(name));
  return newDescribeConfigsResult({ resourceType, resourceName, configs: wanted.map((config) => tell(config, request)) });
}

function find(broker: BrokerContext, type: number, name: string): DescribedConfig[] | { errorCode: number; errorMessage: string } {
  if (type === TOPIC) {
    const topic = broker.topics.byName(name);
    if (topic !== undefined) return describeTopicConfigs(topic.config, broker.settings);
    const problem = invalidTopicName(name);
    if (problem !== undefined) return { errorCode: ErrorCode.INVALID_TOPIC_EXCEPTION, errorMessage: problem };
    return { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, errorMessage: `There is no topic ${name}.` };
  }
  if (type === BROKER) {
    if (name === "") return describeClusterSettings(broker.settings);
    if (name === String(broker.nodeId)) return [...describeBrokerSettings(broker.settings), ...describePlace(broker.place)];
    return { errorCode: ErrorCode.INVALID_REQUEST, errorMessage: `Unexpected broker id, expected ${broker.nodeId}, but received ${name}` };
  }
  if (type === GROUP) {
    if (name === "") return { errorCode: ErrorCode.INVALID_REQUEST, errorMessage: "Group name must not be empty" };
    return describeGroupConfigs(broker.groupConfigs.of(name), broker.settings);
  }
  if (type === CLIENT_METRICS) {
    if (name === "") return { errorCode: ErrorCode.INVALID_REQUEST, errorMessage: "Client metrics subscription name must not be empty" };
    return describeClientMetrics();
  }
  return { errorCode: ErrorCode.INVALID_REQUEST, errorMessage: `Configs of resource type ${type} are not served` };
}

function tell(config: DescribedConfig, { includeSynonyms, includeDocumentation }: DescribeConfigsRequest) {
  const { synonyms, documentation, ...rest } = config;
  return newDescribeConfigsResourceResult({
    ...rest,
    synonyms: includeSynonyms ? synonyms.map((synonym) => newDescribeConfigsSynonym(synonym)) : [],
    documentation: includeDocumentation ? documentation : null,
  });
}
