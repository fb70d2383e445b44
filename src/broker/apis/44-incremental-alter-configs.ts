// IncrementalAlterConfigs (44): versions 0–1. Topic configs: set, delete, append to or subtract from a list. Broker settings are given
// at start and refused here. KIP-339.
import { KafkaError } from "../../protocol/errors.ts";
import {
  newAlterConfigsResourceResponse,
  newIncrementalAlterConfigsResponse,
  type AlterableConfig,
  type AlterConfigsResource,
} from "../../protocol/generated/incremental-alter-configs.gen.ts";
import { defineApi, type BrokerContext } from "../api.ts";
import { parseList } from "../config-value.ts";
import { effectiveTopicConfig, invalidTopicConfig, topicConfigDefinition } from "../topic-config.ts";

const TOPIC = 2;
const SET = 0;
const DELETE = 1;
const APPEND = 2;
const SUBTRACT = 3;

export const incrementalAlterConfigs = defineApi("IncrementalAlterConfigs", {
  async handle(broker, request) {
    const responses = [];
    for (const resource of request.resources) {
      const { resourceType, resourceName } = resource;
      try {
        await alter(broker, resource, request.validateOnly);
        responses.push(newAlterConfigsResourceResponse({ resourceType, resourceName }));
      } catch (error) {
        const { errorCode, message } = error instanceof KafkaError ? error : new KafkaError("KAFKA_STORAGE_ERROR", String(error));
        responses.push(newAlterConfigsResourceResponse({ resourceType, resourceName, errorCode, errorMessage: message }));
      }
    }
    return newIncrementalAlterConfigsResponse({ responses });
  },
});

async function alter(
  broker: BrokerContext,
  { resourceType, resourceName, configs }: AlterConfigsResource,
  validateOnly: boolean,
): Promise<void> {
  if (resourceType !== TOPIC) {
    throw new KafkaError("INVALID_REQUEST", `Configs of resource type ${resourceType} cannot be changed while the broker runs.`);
  }
  const topic = broker.topics.byName(resourceName);
  if (topic === undefined) throw new KafkaError("UNKNOWN_TOPIC_OR_PARTITION", `There is no topic ${resourceName}.`);
  const next: Record<string, string> = { ...topic.config };
  for (const config of configs) apply(broker, next, config);
  const invalid = invalidTopicConfig(Object.entries(next));
  if (invalid !== undefined) throw new KafkaError("INVALID_CONFIG", invalid);
  if (!validateOnly) await broker.logs.setTopicConfig(topic.name, next);
}

function apply(broker: BrokerContext, configs: Record<string, string>, { name, configOperation, value }: AlterableConfig): void {
  const definition = topicConfigDefinition(name);
  if (definition === undefined) throw new KafkaError("INVALID_CONFIG", `Unknown topic config name: ${name}`);
  if (configOperation === DELETE) {
    delete configs[name];
    return;
  }
  if (value === null) throw new KafkaError("INVALID_CONFIG", `Null value not supported for : ${name}`);
  if (configOperation === SET) {
    configs[name] = value;
    return;
  }
  if (configOperation !== APPEND && configOperation !== SUBTRACT)
    throw new KafkaError("INVALID_REQUEST", `Unknown operation ${configOperation}.`);
  if (definition.type !== "list") throw new KafkaError("INVALID_CONFIG", `${name} is no list: it can be set or deleted only.`);
  const present = parseList(effectiveTopicConfig(name, configs, broker.settings));
  const given = parseList(value);
  const list = configOperation === APPEND ? [...new Set([...present, ...given])] : present.filter((element) => !given.includes(element));
  configs[name] = list.join(",");
}
