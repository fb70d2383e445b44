// A topic's settings by Apache Kafka's names: types, defaults, checks, and the parsed form the log works with.
// Settings that one node without compaction has no use for are accepted and kept, so that foreign clients' topics can be created.
import { logError } from "./log-error.ts";

export type TopicConfig = Readonly<Record<string, string>>;

export interface TopicSettings {
  /** −1: keep for ever. */
  readonly retentionMs: number;
  /** −1: no bound. */
  readonly retentionBytes: number;
  readonly segmentBytes: number;
  readonly segmentMs: number;
  readonly maxMessageBytes: number;
  readonly indexIntervalBytes: number;
  readonly timestampType: "CreateTime" | "LogAppendTime";
  readonly timestampBeforeMaxMs: number;
  readonly timestampAfterMaxMs: number;
  /** Whole segments are deleted by time and size. */
  readonly deletes: boolean;
  /** Only the newest record of each key is kept. */
  readonly compacts: boolean;
  readonly deleteRetentionMs: number;
  readonly minCleanableDirtyRatio: number;
  readonly minCompactionLagMs: number;
  readonly maxCompactionLagMs: number;
}

export type TopicSettingType = "long" | "int" | "double" | "boolean" | "string" | "list";

export interface TopicSetting {
  readonly type: TopicSettingType;
  readonly default: string;
  readonly minimum?: number;
  readonly maximum?: number;
  /** Allowed values of a string, or of each element of a list. */
  readonly values?: readonly string[];
}

const LONG_MAX = "9223372036854775807";
const INT_MAX = 2_147_483_647;

export const TOPIC_SETTINGS: Readonly<Record<string, TopicSetting>> = {
  "cleanup.policy": { type: "list", default: "delete", values: ["delete", "compact"] },
  "compression.type": { type: "string", default: "producer", values: ["producer"] },
  "delete.retention.ms": { type: "long", default: "86400000", minimum: 0 },
  "file.delete.delay.ms": { type: "long", default: "60000", minimum: 0 },
  "flush.messages": { type: "long", default: LONG_MAX, minimum: 1 },
  "flush.ms": { type: "long", default: LONG_MAX, minimum: 0 },
  "follower.replication.throttled.replicas": { type: "list", default: "" },
  "index.interval.bytes": { type: "int", default: "4096", minimum: 0, maximum: INT_MAX },
  "leader.replication.throttled.replicas": { type: "list", default: "" },
  "max.compaction.lag.ms": { type: "long", default: LONG_MAX, minimum: 1 },
  "max.message.bytes": { type: "int", default: "1048588", minimum: 0, maximum: INT_MAX },
  "message.timestamp.after.max.ms": { type: "long", default: "3600000", minimum: 0 },
  "message.timestamp.before.max.ms": { type: "long", default: LONG_MAX, minimum: 0 },
  "message.timestamp.type": { type: "string", default: "CreateTime", values: ["CreateTime", "LogAppendTime"] },
  "min.cleanable.dirty.ratio": { type: "double", default: "0.5", minimum: 0, maximum: 1 },
  "min.compaction.lag.ms": { type: "long", default: "0", minimum: 0 },
  "min.insync.replicas": { type: "int", default: "1", minimum: 1, maximum: 1 },
  preallocate: { type: "boolean", default: "false" },
  "retention.bytes": { type: "long", default: "-1", minimum: -1 },
  "retention.ms": { type: "long", default: "604800000", minimum: -1 },
  "segment.bytes": { type: "int", default: "1073741824", minimum: 1024, maximum: INT_MAX },
  "segment.index.bytes": { type: "int", default: "10485760", minimum: 4, maximum: INT_MAX },
  "segment.jitter.ms": { type: "long", default: "0", minimum: 0 },
  "segment.ms": { type: "long", default: "604800000", minimum: 1 },
  "unclean.leader.election.enable": { type: "boolean", default: "false" },
};

/** Throws KafkaError INVALID_CONFIG naming the first setting that is unknown or out of range. */
export function checkTopicConfig(config: TopicConfig): void {
  for (const [name, value] of Object.entries(config)) {
    const setting = Object.hasOwn(TOPIC_SETTINGS, name) ? TOPIC_SETTINGS[name] : undefined;
    if (setting === undefined) throw logError("INVALID_CONFIG", `Unknown topic setting "${name}".`);
    const problem = problemOf(setting, value);
    if (problem !== undefined) throw logError("INVALID_CONFIG", `Invalid value "${value}" for topic setting ${name}: ${problem}.`);
  }
}

function problemOf(setting: TopicSetting, value: string): string | undefined {
  switch (setting.type) {
    case "boolean":
      return value === "true" || value === "false" ? undefined : "it must be true or false";
    case "string":
      return setting.values!.includes(value) ? undefined : `it must be one of ${setting.values!.join(", ")}`;
    case "list": {
      const unknown = listOf(value).find((element) => setting.values !== undefined && !setting.values.includes(element));
      return unknown === undefined ? undefined : `it must be a list of ${setting.values!.join(", ")}`;
    }
    default: {
      const whole = setting.type !== "double";
      if (!(whole ? /^-?\d+$/ : /^-?\d+(\.\d+)?$/).test(value)) return `it must be a ${whole ? "whole " : ""}number`;
      const number = Number(value);
      if (number < (setting.minimum ?? -Infinity)) return `it must be at least ${setting.minimum}`;
      if (number > (setting.maximum ?? Infinity)) return `it must be at most ${setting.maximum}`;
      return undefined;
    }
  }
}

function listOf(value: string): string[] {
  return value
    .split(",")
    .map((element) => element.trim())
    .filter((element) => element !== "");
}

/** `config` and `defaults` must have passed checkTopicConfig. */
export function parseTopicConfig(config: TopicConfig, defaults: TopicConfig = {}): TopicSettings {
  const text = (name: string): string => config[name] ?? defaults[name] ?? TOPIC_SETTINGS[name]!.default;
  const number = (name: string): number => Number(text(name));
  const policies = listOf(text("cleanup.policy"));
  const compacts = policies.includes("compact");
  return {
    retentionMs: number("retention.ms"),
    retentionBytes: number("retention.bytes"),
    segmentBytes: number("segment.bytes"),
    // What is to be compacted by then must be sealed by then.
    segmentMs: compacts ? Math.min(number("segment.ms"), number("max.compaction.lag.ms")) : number("segment.ms"),
    maxMessageBytes: number("max.message.bytes"),
    indexIntervalBytes: number("index.interval.bytes"),
    timestampType: text("message.timestamp.type") === "LogAppendTime" ? "LogAppendTime" : "CreateTime",
    timestampBeforeMaxMs: number("message.timestamp.before.max.ms"),
    timestampAfterMaxMs: number("message.timestamp.after.max.ms"),
    deletes: policies.includes("delete"),
    compacts,
    deleteRetentionMs: number("delete.retention.ms"),
    minCleanableDirtyRatio: number("min.cleanable.dirty.ratio"),
    minCompactionLagMs: number("min.compaction.lag.ms"),
    maxCompactionLagMs: number("max.compaction.lag.ms"),
  };
}
