// What user code holds of a Kafka source. Options that change what is read are part of the plan; addresses are not.
import type { ConnectorContext, Source } from "../../stream/connector.ts";
import { durationMs } from "../../stream/duration.ts";
import type { Duration } from "../../stream/watermarks.ts";
import { RegistryValues } from "./registry-values.ts";
import { SCHEMA_FORMATS } from "./schema-formats.ts";
import { connectorClient, connectorRegistry, type ConnectionOptions } from "./connector-client.ts";
import { KafkaConnectorError } from "./kafka-connector-error.ts";
import { unknownOption } from "./option-names.ts";
import { badStart, badUntil, rangeJson, type StartAt, type Until } from "./offset-range.ts";
import { KeyCheck } from "./key-check.ts";
import { checkReadable, hintAtKeys } from "./registry-check.ts";
import { badTombstones, type DeletedRow, type RowOfKey } from "./tombstones.ts";
import { KafkaSourceConnector, type KafkaSourceSettings } from "./source-connector.ts";
import { keyPart } from "./topic-key.ts";
import { checkTopic, type Topic } from "./topic.ts";
import type { RegisteredFormat } from "./topic-format.ts";
import type { TopicPattern } from "./topic-pattern.ts";

/** `F`: a function of `tombstones`. */
export interface KafkaSourceOptions<out F = never> extends ConnectionOptions {
  /**
   * Where a job without a checkpoint begins. Default "earliest", as Flink's KafkaSource. A restored job goes on where its checkpoint
   * was, and partitions and topics that appear later are read from their beginning, whatever this says.
   */
  readonly startAt?: StartAt;
  /** Where the source ends. Partitions and topics that appear after the first start are not read then. Default: never. */
  readonly until?: Until;
  /** How often new partitions and topics are looked for. Default: the job's setting (30 s). */
  readonly discoverEvery?: Duration;
  /** Each checkpoint's offsets are committed to this group, for monitoring. Default "millrace-<job>". */
  readonly groupId?: string;
  /** The position is no longer in the log (retention), or not yet (the topic was made anew). Default "fail". */
  readonly onOutOfRange?: "fail" | "earliest" | "latest";
  /**
   * What a record without a value is, which deletes its key from a compacted topic. "skip" (default): nothing; "error": a bad record, for
   * onError; a function: what it makes of the key, a row or undefined. Records without key and value are passed over by a function, too.
   */
  readonly tombstones?: "skip" | "error" | F;
}

const OPTIONS = [
  "brokers",
  "startAt",
  "until",
  "discoverEvery",
  "groupId",
  "onOutOfRange",
  "tombstones",
] satisfies (keyof KafkaSourceOptions)[];
const OUT_OF_RANGE: readonly string[] = ["fail", "earliest", "latest"];

/**
 * Reads the committed records of all partitions, each value as a document of the topic's schema, in its format, with the record's timestamp.
 * With keyFormat keys are held to the key's type, too. Values and keys that do not fit go where the source's onError says; records without a
 * value are passed over unless `tombstones` says otherwise. Throws BAD_OPTION.
 */
export function kafkaSource<V, K>(
  topic: Topic<V, K> | TopicPattern<V, K>,
  options: KafkaSourceOptions<RowOfKey<NoInfer<V>, NoInfer<K>>> = {},
): Source<V> {
  checkTopic(topic, "kafkaSource(topic)");
  const name = "pattern" in topic ? String(topic.pattern) : topic.name;
  const unknown = unknownOption(options, OPTIONS);
  if (unknown !== undefined) throw bad(name, unknown);
  const { startAt = "earliest", until, onOutOfRange = "fail", discoverEvery, tombstones = "skip" } = options;
  const { format } = topic;
  const wrongStart = badStart(startAt);
  if (wrongStart !== undefined) throw bad(name, `startAt ${wrongStart}`);
  const wrongEnd = until === undefined ? undefined : badUntil(until);
  if (wrongEnd !== undefined) throw bad(name, `until ${wrongEnd}`);
  if (!OUT_OF_RANGE.includes(onOutOfRange)) throw bad(name, `onOutOfRange is one of ${OUT_OF_RANGE.map((each) => `"${each}"`).join(", ")}`);
  const wrongTombstones = badTombstones(tombstones);
  if (wrongTombstones !== undefined) throw bad(name, wrongTombstones);
  const discoverEveryMs =
    discoverEvery === undefined ? undefined : durationMs(discoverEvery, "kafkaSource(topic, { discoverEvery })", kafkaSource);
  return Object.freeze({
    connector: "kafka",
    type: topic.schema.type,
    describe: () => ({
      ...("pattern" in topic ? { pattern: name } : { topic: name }),
      ...(format === undefined ? {} : { format }),
      ...(topic.keyFormat === undefined ? {} : { keyFormat: topic.keyFormat }),
      startAt: rangeJson(startAt),
      ...(until === undefined ? {} : { until: rangeJson(until) }),
      ...(tombstones === "skip" ? {} : { tombstones: tombstones === "error" ? tombstones : "rows" }),
    }),
    create: (context: ConnectorContext) =>
      new KafkaSourceConnector(context, connectorClient(context, options), {
        topic: "pattern" in topic ? topic.pattern : topic.name,
        type: topic.schema.type,
        ...withRegistry(topic, context),
        startAt,
        until,
        onOutOfRange,
        tombstones: tombstones as DeletedRow | "skip" | "error",
        discoverEveryMs,
        groupId: options.groupId ?? `millrace-${context.job}`,
      }),
  });
}

/** One registry for all partitions. Throws NO_REGISTRY. */
function withRegistry(
  topic: Topic<unknown, unknown> | TopicPattern<unknown, unknown>,
  context: ConnectorContext,
): Pick<KafkaSourceSettings, "decoder" | "keys" | "check"> {
  const { clock } = context.env;
  const { format, keyFormat, registry } = topic;
  const ofValues = format === undefined || format === "json" ? undefined : connectorRegistry(context, registry?.url, `format: "${format}"`);
  const ofKeys = keyFormat === undefined ? undefined : connectorRegistry(context, topic.keyRegistry?.url, `keyFormat: "${keyFormat}"`);
  const type = topic.schema.type;
  const keyType = topic.keySchema?.type;
  return {
    ...(ofValues && { decoder: () => new RegistryValues(type, SCHEMA_FORMATS[format as RegisteredFormat], ofValues, clock) }),
    ...(ofKeys && { keys: () => new KeyCheck(keyType!, new RegistryValues(keyType!, SCHEMA_FORMATS[keyFormat!], ofKeys, clock, "key")) }),
    check: async (topics) => {
      for (const name of topics) {
        const named = { ...topic, name };
        if (ofValues !== undefined) await checkReadable(named, SCHEMA_FORMATS[format as RegisteredFormat], ofValues);
        if (ofKeys !== undefined) await checkReadable(keyPart(named)!, SCHEMA_FORMATS[keyFormat!], ofKeys);
        else if (ofValues !== undefined) await hintAtKeys(named, ofValues, context, "read");
      }
    },
  };
}

function bad(topic: string, reason: string): KafkaConnectorError {
  return new KafkaConnectorError(
    "BAD_OPTION",
    `kafkaSource(${topic.startsWith("/") ? topic : `"${topic}"`}): ${reason}${reason.endsWith("?") ? "" : "."}`,
  );
}
