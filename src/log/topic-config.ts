// A topic's settings (topic-settings.ts): checks, and the parsed form the log works with. Settings that one node has no use for are accepted
// and kept, so that foreign clients' topics can be created.
import type { CompressionName } from "../protocol/records/compression-type.ts";
import { logError } from "./log-error.ts";
import { invalidSetting, parseDouble, parseList } from "./setting-value.ts";
import { TOPIC_SETTINGS } from "./topic-settings.ts";

export type TopicConfig = Readonly<Record<string, string>>;

export interface TopicSettings {
  /** −1: keep for ever. */
  readonly retentionMs: number;
  /** −1: no bound. */
  readonly retentionBytes: number;
  readonly segmentBytes: number;
  readonly segmentMs: number;
  /** Each segment ends earlier than segmentMs says, by a time of its own below this. */
  readonly segmentJitterMs: number;
  /** The most bytes of one index of a segment. */
  readonly segmentIndexBytes: number;
  readonly maxMessageBytes: number;
  readonly indexIntervalBytes: number;
  /** How long deleted files stay under another name. */
  readonly fileDeleteDelayMs: number;
  /** Records that may be acknowledged before a flush, where acknowledgements do not wait for each flush anyway. */
  readonly flushMessages: number;
  /** How old an unflushed record may get, as far as anybody looks (log.flush.scheduler.interval.ms). */
  readonly flushMs: number;
  /** "producer": batches stay as they come. */
  readonly compression: CompressionName | "producer";
  /** As gzip or zstd count; undefined: the library's own. */
  readonly compressionLevel: number | undefined;
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

/** Throws KafkaError INVALID_CONFIG naming the first setting that is unknown or out of range. */
export function checkTopicConfig(config: TopicConfig): void {
  for (const [name, value] of Object.entries(config)) {
    const setting = Object.hasOwn(TOPIC_SETTINGS, name) ? TOPIC_SETTINGS[name] : undefined;
    if (setting === undefined) throw logError("INVALID_CONFIG", `Unknown topic setting "${name}".`);
    const problem = invalidSetting(setting, value);
    if (problem !== undefined) throw logError("INVALID_CONFIG", `Invalid value "${value}" for topic setting ${name}: ${problem}.`);
  }
}

/** `config` and `defaults` must have passed checkTopicConfig. */
export function parseTopicConfig(config: TopicConfig, defaults: TopicConfig = {}): TopicSettings {
  const text = (name: string): string => (config[name] ?? defaults[name] ?? TOPIC_SETTINGS[name]!.default).trim();
  const number = (name: string): number => Number(text(name));
  const compression = text("compression.type");
  const policies = parseList(text("cleanup.policy"));
  const compacts = policies.includes("compact");
  return {
    retentionMs: number("retention.ms"),
    retentionBytes: number("retention.bytes"),
    segmentBytes: number(config["internal.segment.bytes"] === undefined ? "segment.bytes" : "internal.segment.bytes"),
    // What is to be compacted by then must be sealed by then.
    segmentMs: compacts ? Math.min(number("segment.ms"), number("max.compaction.lag.ms")) : number("segment.ms"),
    segmentJitterMs: number("segment.jitter.ms"),
    segmentIndexBytes: number("segment.index.bytes"),
    maxMessageBytes: number("max.message.bytes"),
    indexIntervalBytes: number("index.interval.bytes"),
    fileDeleteDelayMs: number("file.delete.delay.ms"),
    flushMessages: number("flush.messages"),
    flushMs: number("flush.ms"),
    compression: compression === "uncompressed" ? "none" : (compression as CompressionName | "producer"),
    compressionLevel: compression === "gzip" || compression === "zstd" ? number(`compression.${compression}.level`) : undefined,
    timestampType: text("message.timestamp.type") === "LogAppendTime" ? "LogAppendTime" : "CreateTime",
    timestampBeforeMaxMs: number("message.timestamp.before.max.ms"),
    timestampAfterMaxMs: number("message.timestamp.after.max.ms"),
    deletes: policies.includes("delete"),
    compacts,
    deleteRetentionMs: number("delete.retention.ms"),
    minCleanableDirtyRatio: parseDouble(text("min.cleanable.dirty.ratio")),
    minCompactionLagMs: number("min.compaction.lag.ms"),
    maxCompactionLagMs: number("max.compaction.lag.ms"),
  };
}
