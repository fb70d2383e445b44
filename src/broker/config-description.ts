// Configs as the APIs tell them: value, where it comes from, and the broker settings behind it.
import { placeConfigs, type BrokerPlace } from "./broker-place.ts";
import { CONFIG_TYPE_CODES, plainText, type ConfigType } from "./config-value.ts";
import { isDynamic, knownSetting } from "./dynamic-settings.ts";
import { FOREIGN_SETTINGS } from "./foreign-settings.ts";
import { GROUP_CONFIGS, groupDefault } from "./group-config.ts";
import { settingDefinition, SETTINGS, type Settings } from "./settings.ts";
import { brokerDefault, TOPIC_CONFIGS, type TopicConfigDefinition } from "./topic-config.ts";

const FROM_TOPIC = 1;
const FROM_DYNAMIC = { broker: 2, cluster: 3 } as const;
const FROM_BROKER_FILE = 4;
const FROM_DEFAULT = 5;
const FROM_GROUP = 8;

/** Apache Kafka's settings that are unset unless given: coarser ones, or none, stand behind them. They are told without a default. */
const UNSET = new Set(["log.retention.ms", "log.retention.minutes", "log.roll.ms", "log.roll.jitter.ms", "log.flush.interval.ms"]);

export interface DescribedConfig {
  readonly name: string;
  readonly value: string | null;
  readonly readOnly: boolean;
  readonly configSource: number;
  readonly isSensitive: boolean;
  readonly synonyms: { name: string; value: string | null; source: number }[];
  readonly configType: number;
  readonly documentation: string;
}

/** `alsoCoarser`: a setting in hours counts as where a config in milliseconds comes from. */
export function describeTopicConfigs(
  own: Readonly<Record<string, string>>,
  settings: Settings,
  { alsoCoarser = false } = {},
): DescribedConfig[] {
  return TOPIC_CONFIGS.map((definition) => {
    const { type } = definition;
    const set = own[definition.name] === undefined ? undefined : plainText(type, own[definition.name]!);
    const inherited = plainText(type, brokerDefault(definition, settings));
    const synonyms: DescribedConfig["synonyms"] = set === undefined ? [] : [{ name: definition.name, value: set, source: FROM_TOPIC }];
    synonyms.push(...inheritedSynonyms(definition, settings, alsoCoarser));
    const source = synonyms[0]?.source ?? FROM_DEFAULT;
    return {
      name: definition.name,
      value: set ?? inherited,
      readOnly: false,
      configSource: source,
      isSensitive: false,
      synonyms,
      configType: CONFIG_TYPE_CODES[type],
      documentation: definition.doc,
    };
  });
}

/**
 * What stands behind a topic's config, the strongest source first, from the first entry of the strongest setting on: while only coarser
 * ones are given (log.roll.hours), Apache Kafka's DescribeConfigs tells of none.
 */
function inheritedSynonyms(
  { synonyms, default: fallback }: TopicConfigDefinition,
  settings: Settings,
  alsoCoarser: boolean,
): DescribedConfig["synonyms"] {
  const all = synonyms.flatMap(([name], at) => {
    const value = at === 0 ? fallback : settingDefinition(name)?.default;
    const set = setSynonyms(name, settings);
    return UNSET.has(name) ? set : [...set, { name, value: value ?? "", source: FROM_DEFAULT }];
  });
  const sorted = all.toSorted((a, b) => a.source - b.source);
  if (alsoCoarser) return sorted;
  const first = sorted.findIndex(({ name }) => name === synonyms[0]?.[0]);
  return first === -1 ? [] : sorted.slice(first);
}

export function describeGroupConfigs(own: Readonly<Record<string, string>>, settings: Settings): DescribedConfig[] {
  return GROUP_CONFIGS.map((definition) => {
    const { name, type, doc, synonym } = definition;
    const set = own[name] === undefined ? undefined : plainText(type, own[name]);
    const synonyms: DescribedConfig["synonyms"] = set === undefined ? [] : [{ name, value: set, source: FROM_GROUP }];
    const behind = synonym ?? name;
    synonyms.push(...setSynonyms(behind, settings));
    synonyms.push({ name: behind, value: settingDefinition(behind)?.default ?? definition.default ?? "", source: FROM_DEFAULT });
    return {
      name,
      value: set ?? groupDefault(definition, settings),
      readOnly: false,
      configSource: synonyms[0]?.source ?? FROM_DEFAULT,
      isSensitive: false,
      synonyms,
      configType: CONFIG_TYPE_CODES[type],
      documentation: doc,
    };
  });
}

export function describeBrokerSettings(settings: Settings): DescribedConfig[] {
  return [...SETTINGS, ...FOREIGN_SETTINGS.filter(({ name }) => isTold(name, settings))].map(({ name, type, doc, default: fallback }) => {
    const synonyms = setSynonyms(name, settings);
    const source = synonyms[0]?.source ?? FROM_DEFAULT;
    if (!UNSET.has(name) && fallback !== null) synonyms.push({ name, value: fallback, source: FROM_DEFAULT });
    return {
      name,
      value: synonyms[0]?.value ?? null,
      readOnly: !isDynamic(name),
      configSource: source,
      isSensitive: false,
      synonyms,
      configType: CONFIG_TYPE_CODES[type],
      documentation: doc,
    };
  });
}

const CLIENT_METRICS: readonly (readonly [name: string, type: ConfigType, value: string])[] = [
  ["interval.ms", "int", "300000"],
  ["match", "list", ""],
  ["metrics", "list", ""],
];

/** Of any name: no client is asked for its metrics (KIP-714). */
export function describeClientMetrics(): DescribedConfig[] {
  return CLIENT_METRICS.map(([name, type, value]) => ({
    name,
    value,
    readOnly: false,
    configSource: FROM_DEFAULT,
    isSensitive: false,
    synonyms: [],
    configType: CONFIG_TYPE_CODES[type],
    documentation: "No client is asked for its metrics.",
  }));
}

/** Throttles are there only while somebody has set them. */
function isTold(name: string, settings: Settings): boolean {
  return (!name.endsWith("throttled.rate") && !name.startsWith("replica.")) || settings.dynamicScope(name) !== undefined;
}

/** Apache Kafka's settings that are options of the start here: its configuration file has them. */
export function describePlace(place: BrokerPlace): DescribedConfig[] {
  return placeConfigs(place).map(({ name, type, value, doc }) => ({
    name,
    value,
    readOnly: true,
    configSource: FROM_BROKER_FILE,
    isSensitive: false,
    synonyms: [{ name, value, source: FROM_BROKER_FILE }],
    configType: CONFIG_TYPE_CODES[type],
    documentation: doc,
  }));
}

/** What was set for all brokers while they ran. */
export function describeClusterSettings(settings: Settings): DescribedConfig[] {
  const cluster = settings.dynamic("cluster");
  return describeBrokerSettings(settings)
    .filter(({ name }) => cluster[name] !== undefined)
    .map((config) => ({ ...config, value: cluster[config.name]!, configSource: FROM_DYNAMIC.cluster, synonyms: config.synonyms.filter(({ source }) => source === FROM_DYNAMIC.cluster) })); // prettier-ignore
}

/** Where a broker setting is set, strongest first. */
function setSynonyms(name: string, settings: Settings): DescribedConfig["synonyms"] {
  const synonyms: DescribedConfig["synonyms"] = [];
  const type = knownSetting(name)?.type ?? "string";
  for (const scope of ["broker", "cluster"] as const) {
    const value = settings.dynamic(scope)[name];
    if (value !== undefined) synonyms.push({ name, value: plainText(type, value), source: FROM_DYNAMIC[scope] });
  }
  const given = settings.given(name);
  if (given !== undefined) synonyms.push({ name, value: plainText(type, given), source: FROM_BROKER_FILE });
  return synonyms;
}
