// The broker's settings under Kafka's own names, with types, defaults and what they mean here. Defaults are Kafka's, except
// group.initial.rebalance.delay.ms and group.consumer.assignment.interval.ms (0: members of a group start at once),
// group.min.session.timeout.ms (1 s, as test suites expect) and the partitions of the internal topics (1: a single node gains nothing
// from 50).
import type { SettingLimits } from "../log/setting-value.ts";
import { invalidValue, parseBoolean, parseNumber, type ConfigDefinition, type ConfigType } from "./config-value.ts";
import { contradictionIn } from "./setting-contradictions.ts";

const LONG_MAX = "9223372036854775807";
const NO_LZ4_LEVELS = "Accepted; lz4 has one level here.";
const NO_REMOTE = "Accepted; there is no remote storage.";

type Limits = Omit<SettingLimits, "type">;

/** What may be asked for while the broker runs: as Apache Kafka. At the start, tests may say less. */
export const MIN_SEGMENT_BYTES = 1_048_576;

function setting(name: string, type: ConfigType, value: string, doc: string, limits: Limits = {}): ConfigDefinition {
  return { name, type, default: value, doc, ...limits };
}

export const SETTINGS: readonly ConfigDefinition[] = [
  setting("node.id", "int", "0", "The id of this broker in answers.", { min: 0 }),
  setting("broker.id", "int", "0", "The same as node.id, under its older name; -1: as node.id says.", { min: 0, or: -1 }),
  setting("num.partitions", "int", "1", "Partitions of a topic that is created without a number.", { min: 1 }),
  setting("default.replication.factor", "int", "1", "Accepted and answered; there is one copy.", { min: 1 }),
  setting("auto.create.topics.enable", "boolean", "true", "A Metadata request that allows it creates unknown topics."),
  setting("delete.topic.enable", "boolean", "true", "Whether DeleteTopics is obeyed."),
  setting("message.max.bytes", "int", "1048588", "The largest record batch a topic takes, unless its max.message.bytes says otherwise.", {
    min: 0,
  }),
  setting("socket.request.max.bytes", "int", "104857600", "The largest request; a longer one closes its connection.", { min: 1 }),
  setting(
    "queued.max.request.bytes",
    "long",
    "268435456",
    "Bytes of requests in work over all connections before reading pauses; -1: any.",
    {
      min: 1,
      or: -1,
    },
  ),
  setting("max.connections", "int", "2147483647", "Connections at once; further ones are closed.", { min: 1 }),
  setting("connections.max.idle.ms", "long", "600000", "A connection without requests for this long is closed; -1: none."),
  setting("fetch.max.bytes", "int", "57671680", "The most record bytes one Fetch answer carries.", { min: 1024 }),
  setting("max.incremental.fetch.session.cache.slots", "int", "1000", "Fetch sessions that are kept; 0: none.", { min: 0 }),
  setting("max.request.partition.size.limit", "int", "2000", "The most partitions one DescribeTopicPartitions answer carries.", {
    min: 1,
  }),
  setting("group.min.session.timeout.ms", "int", "1000", "The shortest session timeout a group member may ask for.", { min: 0 }),
  setting("group.max.session.timeout.ms", "int", "1800000", "The longest session timeout a group member may ask for.", { min: 0 }),
  setting("group.initial.rebalance.delay.ms", "int", "0", "How long a new group waits for more members before its first generation.", {
    min: 0,
  }),
  setting("group.consumer.session.timeout.ms", "int", "45000", "A member of a consumer group that is silent for this long is removed.", {
    min: 1,
  }),
  setting("group.consumer.heartbeat.interval.ms", "int", "5000", "How often members of consumer groups are told to send heartbeats.", {
    min: 1,
  }),
  setting("group.consumer.min.session.timeout.ms", "int", "45000", "The least that a group's own session timeout may be.", { min: 1 }),
  setting("group.consumer.max.session.timeout.ms", "int", "60000", "The most that a group's own session timeout may be.", { min: 1 }),
  setting("group.consumer.min.heartbeat.interval.ms", "int", "5000", "The least that a group's own heartbeat interval may be.", { min: 1 }),
  setting("group.consumer.max.heartbeat.interval.ms", "int", "15000", "The most that a group's own heartbeat interval may be.", { min: 1 }),
  setting("group.consumer.assignment.interval.ms", "int", "0", "The least time between two assignments of a consumer group.", { min: 0 }),
  setting("group.consumer.min.assignment.interval.ms", "int", "0", "The least that a group's own assignment interval may be.", { min: 0 }),
  setting("group.consumer.max.assignment.interval.ms", "int", "15000", "The most that a group's own assignment interval may be.", {
    min: 0,
  }),
  setting(
    "group.consumer.migration.policy",
    "string",
    "bidirectional",
    "Which groups may change their protocol while they run (KIP-848).",
    {
      values: ["bidirectional", "upgrade", "downgrade", "disabled", "BIDIRECTIONAL", "UPGRADE", "DOWNGRADE", "DISABLED"],
    },
  ),
  setting("group.consumer.max.size", "int", "2147483647", "The most members of a consumer group.", { min: 1 }),
  setting("group.max.size", "int", "2147483647", "The most members of a group.", { min: 1 }),
  setting("offset.metadata.max.bytes", "int", "4096", "The longest metadata of a committed offset.", { min: 0 }),
  setting("offsets.retention.minutes", "int", "10080", "Committed offsets of a group without members are dropped after this.", { min: 1 }),
  setting("offsets.retention.check.interval.ms", "long", "600000", "How often old offsets are looked for.", { min: 1 }),
  setting("offsets.topic.num.partitions", "int", "1", "Partitions of __consumer_offsets.", { min: 1 }),
  setting("offsets.topic.segment.bytes", "int", "104857600", "Size at which a segment of __consumer_offsets is full.", { min: 1 }),
  setting("transaction.max.timeout.ms", "int", "900000", "The longest transaction timeout a producer may ask for.", { min: 1 }),
  setting(
    "transaction.two.phase.commit.enable",
    "boolean",
    "false",
    "Producers may ask for two-phase commit: their transactions never time out (KIP-939).",
  ),
  setting("unstable.api.versions.enable", "boolean", "false", "Versions that Apache Kafka calls unstable are served, too."),
  setting("transaction.abort.timed.out.transaction.cleanup.interval.ms", "int", "10000", "How often late transactions are looked for.", {
    min: 1,
  }),
  setting("transactional.id.expiration.ms", "int", "604800000", "An unused transactional id is forgotten after this.", { min: 1 }),
  setting("transaction.state.log.num.partitions", "int", "1", "Partitions of __transaction_state.", { min: 1 }),
  setting("transaction.state.log.segment.bytes", "int", "104857600", "Size at which a segment of __transaction_state is full.", { min: 1 }),
  setting(
    "transaction.remove.expired.transaction.cleanup.interval.ms",
    "int",
    "3600000",
    "How often unused transactional ids are looked for.",
    {
      min: 1,
    },
  ),
  setting("producer.id.expiration.ms", "int", "86400000", "A partition forgets an idle producer's sequence numbers after this.", {
    min: 1,
  }),
  setting("log.retention.check.interval.ms", "long", "300000", "How often retention runs.", { min: 1 }),
  setting("log.retention.ms", "long", "604800000", "Age at which segments are deleted; -1: never.", { min: 1, or: -1 }),
  setting("log.retention.minutes", "int", "10080", "The same in minutes, if log.retention.ms is not set.", { min: 1, or: -1 }),
  setting("log.retention.hours", "int", "168", "The same in hours, if neither of the others is set.", { min: 1, or: -1 }),
  setting("log.retention.bytes", "long", "-1", "Size of a partition above which its oldest segments are deleted; -1: none."),
  setting("log.segment.bytes", "int", "1073741824", "Size at which a segment is full.", { min: 14 }),
  setting("log.roll.ms", "long", "604800000", "Age at which a segment is closed.", { min: 1 }),
  setting("log.roll.hours", "int", "168", "The same in hours, if log.roll.ms is not set.", { min: 1 }),
  setting("log.roll.jitter.ms", "long", "0", "Each segment is closed earlier than log.roll.ms says by a time below this.", { min: 0 }),
  setting("log.roll.jitter.hours", "int", "0", "The same in hours, if log.roll.jitter.ms is not set.", { min: 0 }),
  setting("log.index.interval.bytes", "int", "4096", "Bytes between two entries of the offset index.", { min: 0 }),
  setting("log.index.size.max.bytes", "int", "10485760", "Size of an index at which its segment is full.", { min: 4 }),
  setting("log.segment.delete.delay.ms", "long", "60000", "How long files of deleted segments and topics stay, renamed.", { min: 0 }),
  setting(
    "log.flush.interval.messages",
    "long",
    LONG_MAX,
    "With durability page-cache: how many records of a partition may be acknowledged before a flush; 1: none.",
    { min: 1 },
  ),
  setting("log.flush.interval.ms", "long", LONG_MAX, "With durability page-cache: how old an unflushed record may get."),
  setting(
    "log.flush.scheduler.interval.ms",
    "long",
    LONG_MAX,
    "How often it is looked for records that log.flush.interval.ms wants flushed.",
  ),
  setting("log.cleanup.policy", "list", "delete", "delete, compact, or both.", { values: ["delete", "compact"] }),
  setting("log.cleaner.enable", "boolean", "true", "false: no topic is compacted, the internal ones neither."),
  setting("log.cleaner.backoff.ms", "long", "15000", "How often it is looked for partitions to compact; 100 at least.", { min: 0 }),
  setting("log.cleaner.delete.retention.ms", "long", "86400000", "How long tombstones stay on compacted topics.", { min: 0 }),
  setting("log.cleaner.min.cleanable.ratio", "double", "0.5", "Share of uncompacted bytes that starts a compaction.", { min: 0, max: 1 }),
  setting("log.cleaner.min.compaction.lag.ms", "long", "0", "How long a record stays uncompacted at least.", { min: 0 }),
  setting("log.cleaner.max.compaction.lag.ms", "long", LONG_MAX, "How long a record stays uncompacted at most.", { min: 1 }),
  setting("log.message.timestamp.type", "string", "CreateTime", "Whose time a record carries.", {
    values: ["CreateTime", "LogAppendTime"],
  }),
  setting("log.message.timestamp.before.max.ms", "long", LONG_MAX, "How far a record's time may lie in the past.", { min: 0 }),
  setting("log.message.timestamp.after.max.ms", "long", "3600000", "How far a record's time may lie in the future.", { min: 0 }),
  setting("log.preallocate", "boolean", "false", "Accepted; segments grow as they are written."),
  setting("min.insync.replicas", "int", "1", "Accepted and answered; there is one copy.", { min: 1 }),
  setting(
    "compression.type",
    "string",
    "producer",
    "How batches are kept: as the producer compressed them, or all of them in this compression.",
    {
      values: ["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"],
    },
  ),
  setting("compression.gzip.level", "int", "-1", "With compression.type=gzip: its level, 1 to 9; -1: the library's own.", {
    min: 1,
    max: 9,
    or: -1,
  }),
  setting("compression.lz4.level", "int", "9", NO_LZ4_LEVELS, { min: 1, max: 17 }),
  setting("compression.zstd.level", "int", "3", "With compression.type=zstd: its level.", { min: -131_072, max: 22 }),
  setting("log.local.retention.bytes", "long", "-2", NO_REMOTE, { min: -2 }),
  setting("log.local.retention.ms", "long", "-2", NO_REMOTE, { min: -2 }),
  setting("unclean.leader.election.enable", "boolean", "false", "Accepted and answered; there is one copy."),
];

const BY_NAME = new Map(SETTINGS.map((definition) => [definition.name, definition]));

export function settingDefinition(name: string): ConfigDefinition | undefined {
  return BY_NAME.get(name);
}

/** A setting has a value that its type or limits do not allow. */
export class SettingError extends Error {
  override readonly name = "SettingError";
  readonly code = "INVALID_SETTING";
  /** Its name. */
  readonly setting: string;
  /** What is wrong with the value. */
  readonly problem: string;

  constructor(setting: string, problem: string) {
    super(`Setting ${setting}: ${problem}.`);
    this.setting = setting;
    this.problem = problem;
  }
}

export class Settings {
  readonly #given: ReadonlyMap<string, string>;
  readonly #dynamic: Record<"broker" | "cluster", Readonly<Record<string, string>>> = { broker: {}, cluster: {} };
  /** Names nobody here knows: kept, told once, without effect. */
  readonly unknown: readonly string[];

  /** Throws a SettingError that names the setting and what it expects. */
  constructor(given: Readonly<Record<string, string>> = {}) {
    for (const [name, value] of Object.entries(given)) {
      const definition = BY_NAME.get(name);
      const problem = definition === undefined ? undefined : invalidValue(definition, value);
      if (problem !== undefined) throw new SettingError(name, problem);
    }
    this.#given = new Map(Object.entries(given));
    const contradiction = contradictionIn(this.#given, (name) => this.number(name));
    if (contradiction !== undefined) throw new SettingError(contradiction.setting, contradiction.problem);
    this.unknown = Object.keys(given).filter((name) => !BY_NAME.has(name));
  }

  /** At the start. */
  isGiven(name: string): boolean {
    return this.#given.has(name);
  }

  /** At the start or later: it is not the default. */
  isSet(name: string): boolean {
    return this.dynamicScope(name) !== undefined || this.isGiven(name);
  }

  given(name: string): string | undefined {
    return this.#given.get(name);
  }

  /** What was set while the broker ran (dynamic-settings.ts), "broker" before "cluster". */
  dynamic(scope: "broker" | "cluster"): Readonly<Record<string, string>> {
    return this.#dynamic[scope];
  }

  setDynamic(scope: "broker" | "cluster", values: Readonly<Record<string, string>>): void {
    this.#dynamic[scope] = { ...values };
  }

  dynamicScope(name: string): "broker" | "cluster" | undefined {
    if (this.#dynamic.broker[name] !== undefined) return "broker";
    return this.#dynamic.cluster[name] === undefined ? undefined : "cluster";
  }

  text(name: string): string {
    const definition = BY_NAME.get(name);
    if (definition === undefined) throw new Error(`There is no broker setting ${name}`);
    return this.#dynamic.broker[name] ?? this.#dynamic.cluster[name] ?? this.#given.get(name) ?? definition.default ?? "";
  }

  number(name: string): number {
    return parseNumber(this.text(name));
  }

  boolean(name: string): boolean {
    return parseBoolean(this.text(name));
  }

  get nodeId(): number {
    return Math.max(0, this.number(this.isGiven("node.id") ? "node.id" : "broker.id"));
  }
}
