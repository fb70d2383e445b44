// Changing what is set for a topic, the broker or a group, as both AlterConfigs APIs do: the whole result is checked before anything is kept.
import { KafkaError } from "../protocol/errors.ts";
import type { BrokerContext } from "./api.ts";
import type { ConfigDefinition } from "./config-value.ts";
import { knownSetting, type SettingScope } from "./dynamic-settings.ts";
import { effectiveGroupConfig, groupConfigDefinition } from "./group-config.ts";
import { namedTwice } from "./named-twice.ts";
import type { Settings } from "./settings.ts";
import { effectiveTopicConfig, invalidTopicConfig, topicConfigDefinition } from "./topic-config.ts";

const TOPIC = 2;
const BROKER = 4;
const GROUP = 32;

/** What a change may ask about the resource's configs. */
export interface AlteredResource {
  readonly kind: "topic" | "broker" | "group";
  definition(name: string): ConfigDefinition | undefined;
  /** The value that holds if `own` is what is set. */
  effective(name: string, own: Readonly<Record<string, string>>): string;
}

interface NamedResource {
  readonly resourceType: number;
  readonly resourceName: string;
}

export type ConfigChange = (present: Readonly<Record<string, string>>, resource: AlteredResource) => Record<string, string>;

/** `change` makes the new configs from the present ones. Rejects with a KafkaError and changes nothing. */
export async function alterConfig(
  broker: BrokerContext,
  resourceType: number,
  resourceName: string,
  validateOnly: boolean,
  change: ConfigChange,
): Promise<void> {
  if (resourceType === BROKER) return alterBroker(broker, resourceName, validateOnly, change);
  if (resourceType === GROUP) return alterGroup(broker, resourceName, validateOnly, change);
  if (resourceType !== TOPIC) {
    throw new KafkaError("INVALID_REQUEST", `Configs of resource type ${resourceType} cannot be changed while the broker runs.`);
  }
  const topic = broker.topics.byName(resourceName);
  const next = change(topic?.config ?? {}, {
    kind: "topic",
    definition: topicConfigDefinition,
    effective: (name, own) => effectiveTopicConfig(name, own, broker.settings),
  });
  const invalid = invalidTopicConfig(Object.entries(next));
  if (invalid !== undefined) throw new KafkaError("INVALID_CONFIG", invalid);
  if (topic === undefined) throw new KafkaError("UNKNOWN_TOPIC_OR_PARTITION", `There is no topic ${resourceName}.`);
  if (!validateOnly) await broker.logs.setTopicConfig(topic.name, next);
}

function alterGroup(broker: BrokerContext, groupId: string, validateOnly: boolean, change: ConfigChange): Promise<void> {
  const effective = (name: string, own: Readonly<Record<string, string>>): string => effectiveGroupConfig(name, own, broker.settings);
  return broker.groupConfigs.alter(groupId, validateOnly, (present) =>
    change(present, { kind: "group", definition: groupConfigDefinition, effective }),
  );
}

function effectiveSetting(name: string, settings: Settings): string {
  const changed = settings.dynamic("broker")[name] ?? settings.dynamic("cluster")[name];
  return changed ?? settings.given(name) ?? knownSetting(name)?.default ?? "";
}

/** No name: what holds for all brokers. */
function alterBroker(broker: BrokerContext, name: string, validateOnly: boolean, change: ConfigChange): Promise<void> {
  if (name !== "" && name !== String(broker.nodeId))
    throw new KafkaError("INVALID_REQUEST", `Unexpected broker id, expected ${broker.nodeId} or empty string, but received ${name}`);
  const scope: SettingScope = name === "" ? "cluster" : "broker";
  const effective = (setting: string, own: Readonly<Record<string, string>>): string =>
    own[setting] ?? effectiveSetting(setting, broker.settings);
  return broker.dynamicSettings.alter(scope, validateOnly, (present) =>
    change(present, { kind: "broker", definition: knownSetting, effective }),
  );
}

/** None of them is changed. */
export function resourcesNamedTwice<R extends NamedResource>(resources: readonly R[]): ReadonlySet<R> {
  const key = ({ resourceType, resourceName }: R): string => `${resourceType} ${resourceName}`;
  const twice = namedTwice(resources.map(key));
  return new Set(resources.filter((resource) => twice.has(key(resource))));
}

export function refusalOf(error: unknown): { errorCode: number; errorMessage: string } {
  const { errorCode, text } = error instanceof KafkaError ? error : new KafkaError("KAFKA_STORAGE_ERROR", String(error));
  return { errorCode, errorMessage: text };
}
