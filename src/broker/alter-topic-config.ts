// Changing what is set for a topic, as both AlterConfigs APIs do: the whole result is checked before anything is kept.
import { KafkaError } from "../protocol/errors.ts";
import type { BrokerContext } from "./api.ts";
import { invalidTopicConfig } from "./topic-config.ts";

const TOPIC = 2;

/** `change` makes the new configs from the present ones. Rejects with a KafkaError and changes nothing. */
export async function alterTopicConfig(
  broker: BrokerContext,
  resourceType: number,
  resourceName: string,
  validateOnly: boolean,
  change: (present: Readonly<Record<string, string>>) => Record<string, string>,
): Promise<void> {
  if (resourceType !== TOPIC) {
    throw new KafkaError("INVALID_REQUEST", `Configs of resource type ${resourceType} cannot be changed while the broker runs.`);
  }
  const topic = broker.topics.byName(resourceName);
  const next = change(topic?.config ?? {});
  const invalid = invalidTopicConfig(Object.entries(next));
  if (invalid !== undefined) throw new KafkaError("INVALID_CONFIG", invalid);
  if (topic === undefined) throw new KafkaError("UNKNOWN_TOPIC_OR_PARTITION", `There is no topic ${resourceName}.`);
  if (!validateOnly) await broker.logs.setTopicConfig(topic.name, next);
}

export function refusalOf(error: unknown): { errorCode: number; errorMessage: string } {
  const { errorCode, message } = error instanceof KafkaError ? error : new KafkaError("KAFKA_STORAGE_ERROR", String(error));
  return { errorCode, errorMessage: message };
}
