// A topic's configuration as the APIs see it: the log's table of settings, and which broker setting stands behind each default.
// Those that mean nothing on one node are accepted, kept and answered.
import { TOPIC_SETTINGS } from "../log/topic-settings.ts";
import { invalidValue, parseBoolean, type ConfigDefinition } from "./config-value.ts";
import { MIN_SEGMENT_BYTES, type Settings } from "./settings.ts";

export interface TopicConfigDefinition extends ConfigDefinition {
  /** The broker settings that stand behind it, strongest first, with the milliseconds one unit of theirs means. */
  readonly synonyms: readonly (readonly [name: string, factor: number])[];
}

const HOUR_MS = 3_600_000;

/** The broker setting behind a topic's, where its values mean the same. */
const SYNONYMS: Readonly<Record<string, string>> = {
  "cleanup.policy": "log.cleanup.policy",
  "compression.gzip.level": "compression.gzip.level",
  "compression.lz4.level": "compression.lz4.level",
  "compression.type": "compression.type",
  "compression.zstd.level": "compression.zstd.level",
  "delete.retention.ms": "log.cleaner.delete.retention.ms",
  "file.delete.delay.ms": "log.segment.delete.delay.ms",
  "flush.messages": "log.flush.interval.messages",
  "index.interval.bytes": "log.index.interval.bytes",
  "local.retention.bytes": "log.local.retention.bytes",
  "local.retention.ms": "log.local.retention.ms",
  "max.compaction.lag.ms": "log.cleaner.max.compaction.lag.ms",
  "max.message.bytes": "message.max.bytes",
  "message.timestamp.after.max.ms": "log.message.timestamp.after.max.ms",
  "message.timestamp.before.max.ms": "log.message.timestamp.before.max.ms",
  "message.timestamp.type": "log.message.timestamp.type",
  "min.cleanable.dirty.ratio": "log.cleaner.min.cleanable.ratio",
  "min.compaction.lag.ms": "log.cleaner.min.compaction.lag.ms",
  "min.insync.replicas": "min.insync.replicas",
  preallocate: "log.preallocate",
  "retention.bytes": "log.retention.bytes",
  "segment.bytes": "log.segment.bytes",
  "segment.index.bytes": "log.index.size.max.bytes",
  "unclean.leader.election.enable": "unclean.leader.election.enable",
};

/** Several of them, strongest first. */
const SEVERAL_SYNONYMS: Readonly<Record<string, TopicConfigDefinition["synonyms"]>> = {
  "retention.ms": [
    ["log.retention.ms", 1],
    ["log.retention.minutes", 60_000],
    ["log.retention.hours", HOUR_MS],
  ],
  "flush.ms": [
    ["log.flush.interval.ms", 1],
    ["log.flush.scheduler.interval.ms", 1],
  ],
  "segment.jitter.ms": [
    ["log.roll.jitter.ms", 1],
    ["log.roll.jitter.hours", HOUR_MS],
  ],
  "segment.ms": [
    ["log.roll.ms", 1],
    ["log.roll.hours", HOUR_MS],
  ],
};

function synonymsOf(name: string): TopicConfigDefinition["synonyms"] {
  const synonym = SYNONYMS[name];
  return SEVERAL_SYNONYMS[name] ?? (synonym === undefined ? [] : [[synonym, 1]]);
}

/** What clients may ask for, as Apache Kafka limits it; the log itself can do with less. */
const LIMITS: Readonly<Record<string, Pick<ConfigDefinition, "min">>> = { "segment.bytes": { min: MIN_SEGMENT_BYTES } };

const ALL = Object.entries(TOPIC_SETTINGS).map(([name, setting]) => ({ ...setting, ...LIMITS[name], name, synonyms: synonymsOf(name) }));

/** Those that are told; one more is known (internal.segment.bytes). */
export const TOPIC_CONFIGS: readonly TopicConfigDefinition[] = ALL.filter(({ hidden }) => hidden !== true);

const BY_NAME = new Map<string, TopicConfigDefinition>(ALL.map((definition) => [definition.name, definition]));

export function topicConfigDefinition(name: string): TopicConfigDefinition | undefined {
  return BY_NAME.get(name);
}

/** Why the configs cannot be a topic's, in a whole sentence; undefined if they can. A null value means the default. */
export function invalidTopicConfig(configs: Iterable<readonly [string, string | null]>): string | undefined {
  const numbers: Record<string, number> = {};
  for (const [name, value] of configs) {
    const definition = BY_NAME.get(name);
    if (definition === undefined) return `Unknown topic config name: ${name}`;
    if (value === null) return `Null value not supported for topic configs: ${name}`;
    const problem = invalidValue(definition, value);
    if (problem !== undefined) return `Invalid value ${value} for configuration ${name}: ${problem}`;
    if (name === "remote.storage.enable" && parseBoolean(value)) return "There is no remote storage: a topic cannot have its log there.";
    if (definition.type === "long") numbers[name] = Number(value);
  }
  const { "min.compaction.lag.ms": least = 0, "max.compaction.lag.ms": most = Infinity } = numbers;
  if (least > most) return `min.compaction.lag.ms (${least}) is above max.compaction.lag.ms (${most}).`;
  return undefined;
}

/** What the broker's settings make of a topic config that the topic does not set. */
export function brokerDefault(definition: TopicConfigDefinition, settings: Settings): string {
  for (const [name, factor] of definition.synonyms) {
    if (!settings.isSet(name)) continue;
    const text = settings.text(name);
    return factor === 1 || Number(text) < 0 ? text : String(Number(text) * factor);
  }
  return definition.default ?? "";
}

export function effectiveTopicConfig(name: string, own: Readonly<Record<string, string>>, settings: Settings): string {
  const definition = BY_NAME.get(name);
  if (definition === undefined) throw new Error(`There is no topic config ${name}`);
  return own[name] ?? brokerDefault(definition, settings);
}

/** The broker's settings that change a topic config's default, by the topic's names: what the log is told at its start. */
export function topicDefaults(settings: Settings): Record<string, string> {
  const defaults: Record<string, string> = {};
  for (const definition of TOPIC_CONFIGS) {
    const value = brokerDefault(definition, settings);
    if (value !== definition.default) defaults[definition.name] = value;
  }
  return defaults;
}
