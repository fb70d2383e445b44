// A topic's configuration: Kafka's names, types and defaults, and which broker setting stands behind each default.
// Those that mean nothing on one node are accepted, kept and answered.
import { invalidValue, type ConfigDefinition, type ConfigType } from "./config-value.ts";
import type { Settings } from "./settings.ts";

export interface TopicConfigDefinition extends ConfigDefinition {
  /** The broker settings that stand behind it, strongest first, with the milliseconds one unit of theirs means. */
  readonly synonyms: readonly (readonly [name: string, factor: number])[];
}

const LONG_MAX = "9223372036854775807";
const HOUR_MS = 3_600_000;
const CODECS = ["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"];

type More = Partial<Pick<TopicConfigDefinition, "min" | "max" | "values" | "synonyms">>;

function config(
  name: string,
  type: ConfigType,
  value: string,
  synonym: string | undefined,
  doc: string,
  more: More = {},
): TopicConfigDefinition {
  return { name, type, default: value, doc, synonyms: synonym === undefined ? [] : [[synonym, 1]], ...more };
}

const RETENTION: More = { min: -1, synonyms: [["log.retention.ms", 1], ["log.retention.minutes", 60_000], ["log.retention.hours", HOUR_MS]] }; // prettier-ignore
const ROLL: More = { min: 1, synonyms: [["log.roll.ms", 1], ["log.roll.hours", HOUR_MS]] }; // prettier-ignore

export const TOPIC_CONFIGS: readonly TopicConfigDefinition[] = [
  config("cleanup.policy", "list", "delete", "log.cleanup.policy", "What happens to old records: delete, compact, or both.", {
    values: ["delete", "compact"],
  }),
  config("compression.gzip.level", "int", "-1", undefined, "Accepted; batches are never compressed here."),
  config("compression.lz4.level", "int", "9", undefined, "Accepted; batches are never compressed here."),
  config("compression.type", "string", "producer", "compression.type", "Batches stay as the producer compressed them.", { values: CODECS }),
  config("compression.zstd.level", "int", "3", undefined, "Accepted; batches are never compressed here."),
  config("delete.retention.ms", "long", "86400000", "log.cleaner.delete.retention.ms", "How long tombstones stay on a compacted topic.", {
    min: 0,
  }),
  config("file.delete.delay.ms", "long", "60000", "log.segment.delete.delay.ms", "How long a deleted segment's file stays.", { min: 0 }),
  config("flush.messages", "long", LONG_MAX, "log.flush.interval.messages", "Accepted; durability is a property of the broker.", {
    min: 1,
  }),
  config("flush.ms", "long", LONG_MAX, "log.flush.interval.ms", "Accepted; durability is a property of the broker.", { min: 0 }),
  config("follower.replication.throttled.replicas", "list", "", undefined, "Accepted; there is one copy."),
  config("index.interval.bytes", "int", "4096", "log.index.interval.bytes", "Bytes between two entries of the offset index.", { min: 0 }),
  config("leader.replication.throttled.replicas", "list", "", undefined, "Accepted; there is one copy."),
  config("local.retention.bytes", "long", "-2", undefined, "Accepted; there is no remote storage.", { min: -2 }),
  config("local.retention.ms", "long", "-2", undefined, "Accepted; there is no remote storage.", { min: -2 }),
  config("max.compaction.lag.ms", "long", LONG_MAX, "log.cleaner.max.compaction.lag.ms", "How long a record stays uncompacted at most.", {
    min: 1,
  }),
  config("max.message.bytes", "int", "1048588", "message.max.bytes", "The largest record batch.", { min: 0 }),
  config(
    "message.timestamp.after.max.ms",
    "long",
    "3600000",
    "log.message.timestamp.after.max.ms",
    "How far a record's time may lie ahead.",
    {
      min: 0,
    },
  ),
  config(
    "message.timestamp.before.max.ms",
    "long",
    LONG_MAX,
    "log.message.timestamp.before.max.ms",
    "How far a record's time may lie back.",
    {
      min: 0,
    },
  ),
  config("message.timestamp.type", "string", "CreateTime", "log.message.timestamp.type", "Whose time a record carries.", {
    values: ["CreateTime", "LogAppendTime"],
  }),
  config(
    "min.cleanable.dirty.ratio",
    "double",
    "0.5",
    "log.cleaner.min.cleanable.ratio",
    "Share of uncompacted bytes that starts a compaction.",
    {
      min: 0,
      max: 1,
    },
  ),
  config("min.compaction.lag.ms", "long", "0", "log.cleaner.min.compaction.lag.ms", "How long a record stays uncompacted at least.", {
    min: 0,
  }),
  config("min.insync.replicas", "int", "1", "min.insync.replicas", "Accepted; there is one copy.", { min: 1 }),
  config("preallocate", "boolean", "false", "log.preallocate", "Accepted; segments grow as they are written."),
  config("remote.log.copy.disable", "boolean", "false", undefined, "Accepted; there is no remote storage."),
  config("remote.log.delete.on.disable", "boolean", "false", undefined, "Accepted; there is no remote storage."),
  config("remote.storage.enable", "boolean", "false", undefined, "Accepted; there is no remote storage."),
  config("retention.bytes", "long", "-1", "log.retention.bytes", "Size of a partition above which old segments are deleted; -1: none."),
  config("retention.ms", "long", "604800000", undefined, "Age at which segments are deleted; -1: never.", RETENTION),
  config("segment.bytes", "int", "1073741824", "log.segment.bytes", "Size at which a segment is full.", { min: 14 }),
  config("segment.index.bytes", "int", "10485760", "log.index.size.max.bytes", "The largest offset index.", { min: 4 }),
  config("segment.jitter.ms", "long", "0", "log.roll.jitter.ms", "The most that is taken off segment.ms.", { min: 0 }),
  config("segment.ms", "long", "604800000", undefined, "Age at which a segment is closed.", ROLL),
  config("unclean.leader.election.enable", "boolean", "false", "unclean.leader.election.enable", "Accepted; there is one copy."),
];

const BY_NAME = new Map(TOPIC_CONFIGS.map((definition) => [definition.name, definition]));

export function topicConfigDefinition(name: string): TopicConfigDefinition | undefined {
  return BY_NAME.get(name);
}

/** Why the configs cannot be a topic's, in a whole sentence; undefined if they can. A null value means the default. */
export function invalidTopicConfig(configs: Iterable<readonly [string, string | null]>): string | undefined {
  for (const [name, value] of configs) {
    const definition = BY_NAME.get(name);
    if (definition === undefined) return `Unknown topic config name: ${name}`;
    if (value === null) return `Null value not supported for topic configs: ${name}`;
    const problem = invalidValue(definition, value);
    if (problem !== undefined) return `Invalid value ${value} for configuration ${name}: ${problem}`;
  }
  return undefined;
}

/** What the broker's settings make of a topic config that the topic does not set. */
export function brokerDefault(definition: TopicConfigDefinition, settings: Settings): string {
  for (const [name, factor] of definition.synonyms) {
    if (!settings.isGiven(name)) continue;
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
