// A topic's settings (topic-settings.ts): checks, and the parsed form the log works with. Settings that one node has no use for are accepted
// and kept, so that foreign clients' topics can be created.
import { logError } from "./log-error.ts";
import { TOPIC_SETTINGS, type TopicSetting } from "./topic-settings.ts";

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

const INT_MAX = 2_147_483_647;
const LONG_MAX = 2n ** 63n - 1n;

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
  const text = value.trim();
  switch (setting.type) {
    case "boolean":
      return /^(true|false)$/i.test(text) ? undefined : "it must be true or false";
    case "string":
      return setting.values!.includes(text) ? undefined : `it must be one of ${setting.values!.join(", ")}`;
    case "list": {
      const unknown = listOf(text).find((element) => setting.values !== undefined && !setting.values.includes(element));
      return unknown === undefined ? undefined : `it must be a list of ${setting.values!.join(", ")}`;
    }
    default:
      return problemOfNumber(setting, text);
  }
}

function problemOfNumber(setting: TopicSetting, text: string): string | undefined {
  const whole = setting.type !== "double";
  if (text === "" || !(whole ? /^[+-]?\d{1,19}$/.test(text) : Number.isFinite(Number(text))))
    return `it must be a ${whole ? "whole " : ""}number`;
  if (setting.type === "int" && Math.abs(Number(text)) > INT_MAX) return "it does not fit into 32 bits";
  if (setting.type === "long" && BigInt(text) > LONG_MAX) return "it does not fit into 64 bits";
  if (Number(text) < (setting.min ?? -Infinity)) return `it must be at least ${setting.min}`;
  if (Number(text) > (setting.max ?? Infinity)) return `it must be at most ${setting.max}`;
  return undefined;
}

function listOf(value: string): string[] {
  return value
    .split(",")
    .map((element) => element.trim())
    .filter((element) => element !== "");
}

/** `config` and `defaults` must have passed checkTopicConfig. */
export function parseTopicConfig(config: TopicConfig, defaults: TopicConfig = {}): TopicSettings {
  const text = (name: string): string => (config[name] ?? defaults[name] ?? TOPIC_SETTINGS[name]!.default).trim();
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
