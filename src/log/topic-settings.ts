// All topic settings of Apache Kafka 4.3 by their names: type, default, bounds, and what they mean here. One table for the log, which obeys
// those that mean something on one node, and for the broker's config APIs, which tell all of them.
import type { SettingLimits } from "./setting-value.ts";

export interface TopicSetting extends SettingLimits {
  readonly default: string;
  /** What it means, in a sentence. */
  readonly doc: string;
  /** Known and obeyed, but not told. */
  readonly hidden?: boolean;
}

const LONG_MAX = "9223372036854775807";
const CODECS = ["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"];
const NO_LZ4_LEVELS = "Accepted; lz4 has one level here.";
const NO_REMOTE = "Accepted; there is no remote storage.";
/** Of one partition on one broker, or all. */
const REPLICA = /^(\d+:\d+)?$/;
const ONE_COPY = "Accepted; there is one copy.";

export const TOPIC_SETTINGS: Readonly<Record<string, TopicSetting>> = {
  "cleanup.policy": {
    type: "list",
    default: "delete",
    values: ["delete", "compact"],
    doc: "What happens to old records: delete, compact, or both.",
  },
  "compression.gzip.level": {
    type: "int",
    default: "-1",
    min: 1,
    max: 9,
    or: -1,
    doc: "With compression.type=gzip: its level, 1 to 9; -1: the library's own.",
  },
  "compression.lz4.level": { type: "int", default: "9", min: 1, max: 17, doc: NO_LZ4_LEVELS },
  "compression.type": {
    type: "string",
    default: "producer",
    values: CODECS,
    doc: "How batches are kept: as the producer compressed them, or all of them in this compression.",
  },
  "compression.zstd.level": { type: "int", default: "3", min: -131_072, max: 22, doc: "With compression.type=zstd: its level." },
  "delete.retention.ms": {
    type: "long",
    default: "86400000",
    min: 0,
    doc: "How long tombstones stay on a compacted topic after the first compaction that met them.",
  },
  "file.delete.delay.ms": {
    type: "long",
    default: "60000",
    min: 0,
    doc: "How long files of deleted segments and topics stay, renamed; at most until the disk is full or the broker starts again.",
  },
  "flush.messages": {
    type: "long",
    default: LONG_MAX,
    min: 1,
    doc: "With durability page-cache: how many records may be acknowledged before a flush; 1: none. With durability disk none ever is.",
  },
  "flush.ms": {
    type: "long",
    default: LONG_MAX,
    min: 0,
    doc: "With durability page-cache: how old an unflushed record may get; looked at every log.flush.scheduler.interval.ms.",
  },
  "follower.replication.throttled.replicas": { type: "list", default: "", pattern: REPLICA, doc: ONE_COPY },
  "index.interval.bytes": { type: "int", default: "4096", min: 0, doc: "Bytes between two entries of the offset index." },
  // As Apache Kafka: smaller segments than segment.bytes allows, for tests.
  "internal.segment.bytes": { type: "int", default: "1073741824", min: 14, hidden: true, doc: "Stronger than segment.bytes." },
  "leader.replication.throttled.replicas": { type: "list", default: "", pattern: REPLICA, doc: ONE_COPY },
  "local.retention.bytes": { type: "long", default: "-2", min: -2, doc: NO_REMOTE },
  "local.retention.ms": { type: "long", default: "-2", min: -2, doc: NO_REMOTE },
  "max.compaction.lag.ms": { type: "long", default: LONG_MAX, min: 1, doc: "How long a record stays uncompacted at most." },
  "max.message.bytes": { type: "int", default: "1048588", min: 0, doc: "The largest record batch." },
  "message.timestamp.after.max.ms": { type: "long", default: "3600000", min: 0, doc: "How far a record's time may lie ahead." },
  "message.timestamp.before.max.ms": { type: "long", default: LONG_MAX, min: 0, doc: "How far a record's time may lie back." },
  "message.timestamp.type": {
    type: "string",
    default: "CreateTime",
    values: ["CreateTime", "LogAppendTime"],
    doc: "Whose time a record carries.",
  },
  "min.cleanable.dirty.ratio": {
    type: "double",
    default: "0.5",
    min: 0,
    max: 1,
    doc: "Share of uncompacted bytes that starts a compaction.",
  },
  "min.compaction.lag.ms": { type: "long", default: "0", min: 0, doc: "How long a record stays uncompacted at least." },
  "min.insync.replicas": { type: "int", default: "1", min: 1, doc: ONE_COPY },
  preallocate: { type: "boolean", default: "false", doc: "Accepted; files of segments grow as they are written." },
  "remote.log.copy.disable": { type: "boolean", default: "false", doc: NO_REMOTE },
  "remote.log.delete.on.disable": { type: "boolean", default: "false", doc: NO_REMOTE },
  "remote.storage.enable": { type: "boolean", default: "false", doc: NO_REMOTE },
  "retention.bytes": {
    type: "long",
    default: "-1",
    doc: "Size of a partition above which old segments are deleted; -1: none.",
  },
  "retention.ms": { type: "long", default: "604800000", min: -1, doc: "Age at which segments are deleted; -1: never." },
  "segment.bytes": { type: "int", default: "1073741824", min: 14, doc: "Size at which a segment is full." },
  "segment.index.bytes": { type: "int", default: "10485760", min: 4, doc: "Size of an index at which its segment is full." },
  "segment.jitter.ms": {
    type: "long",
    default: "0",
    min: 0,
    doc: "Each segment is closed earlier than segment.ms says by a time below this, so that not all are at once.",
  },
  "segment.ms": { type: "long", default: "604800000", min: 1, doc: "Age at which a segment is closed." },
  "unclean.leader.election.enable": { type: "boolean", default: "false", doc: ONE_COPY },
};
