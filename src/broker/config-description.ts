// Configs as the APIs tell them: value, where it comes from, and the broker settings behind it.
import { CONFIG_TYPE_CODES } from "./config-value.ts";
import { SETTINGS, type Settings } from "./settings.ts";
import { brokerDefault, TOPIC_CONFIGS } from "./topic-config.ts";

const FROM_TOPIC = 1;
const FROM_BROKER_FILE = 4;
const FROM_DEFAULT = 5;

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

export function describeTopicConfigs(own: Readonly<Record<string, string>>, settings: Settings): DescribedConfig[] {
  return TOPIC_CONFIGS.map((definition) => {
    const set = own[definition.name];
    const inherited = brokerDefault(definition, settings);
    const synonyms = set === undefined ? [] : [{ name: definition.name, value: set, source: FROM_TOPIC }];
    for (const [name] of definition.synonyms) {
      if (settings.isGiven(name)) synonyms.push({ name, value: settings.text(name), source: FROM_BROKER_FILE });
    }
    const first = definition.synonyms[0];
    if (first !== undefined && !UNSET.has(first[0]))
      synonyms.push({ name: first[0], value: definition.default ?? "", source: FROM_DEFAULT });
    const fromFile = definition.synonyms.some(([name]) => settings.isGiven(name));
    return {
      name: definition.name,
      value: set ?? inherited,
      readOnly: false,
      configSource: set !== undefined ? FROM_TOPIC : fromFile ? FROM_BROKER_FILE : FROM_DEFAULT,
      isSensitive: false,
      synonyms,
      configType: CONFIG_TYPE_CODES[definition.type],
      documentation: definition.doc,
    };
  });
}

export function describeBrokerSettings(settings: Settings): DescribedConfig[] {
  return SETTINGS.map(({ name, type, doc, default: fallback }) => {
    const given = settings.isGiven(name);
    const synonyms = given ? [{ name, value: settings.text(name), source: FROM_BROKER_FILE }] : [];
    if (!UNSET.has(name)) synonyms.push({ name, value: fallback ?? "", source: FROM_DEFAULT });
    return {
      name,
      value: given || !UNSET.has(name) ? settings.text(name) : null,
      readOnly: true,
      configSource: given ? FROM_BROKER_FILE : FROM_DEFAULT,
      isSensitive: false,
      synonyms,
      configType: CONFIG_TYPE_CODES[type],
      documentation: doc,
    };
  });
}
