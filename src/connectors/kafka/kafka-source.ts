// What user code holds of a Kafka source. Options that change what is read are part of the plan; addresses are not.
import type { ConnectorContext, Source } from "../../stream/connector.ts";
import { durationMs } from "../../stream/duration.ts";
import type { Duration } from "../../stream/watermarks.ts";
import { RegistryValues } from "./registry-values.ts";
import { SCHEMA_FORMATS, type SchemaFormat } from "./schema-formats.ts";
import { connectorClient, connectorRegistry, type ConnectionOptions } from "./connector-client.ts";
import { KafkaConnectorError } from "./kafka-connector-error.ts";
import { unknownOption } from "./option-names.ts";
import { badStart, badUntil, rangeJson, type StartAt, type Until } from "./offset-range.ts";
import { checkReadable } from "./registry-check.ts";
import { KafkaSourceConnector, type KafkaSourceSettings } from "./source-connector.ts";
import { checkTopic, type Topic } from "./topic.ts";
import type { TopicPattern } from "./topic-pattern.ts";

export interface KafkaSourceOptions extends ConnectionOptions {
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
}

const OPTIONS = ["brokers", "startAt", "until", "discoverEvery", "groupId", "onOutOfRange"] satisfies (keyof KafkaSourceOptions)[];
const OUT_OF_RANGE: readonly string[] = ["fail", "earliest", "latest"];

/**
 * Reads the committed records of all partitions, each value as a document of the topic's schema, in its format, with the record's timestamp.
 * Records without a value and values that do not fit go where the source's onError says. Throws BAD_OPTION.
 */
export function kafkaSource<V>(topic: Topic<V> | TopicPattern<V>, options: KafkaSourceOptions = {}): Source<V> {
  checkTopic(topic, "kafkaSource(topic)");
  const name = "pattern" in topic ? String(topic.pattern) : topic.name;
  const unknown = unknownOption(options, OPTIONS);
  if (unknown !== undefined) throw bad(name, unknown);
  const { startAt = "earliest", until, onOutOfRange = "fail", discoverEvery } = options;
  const { format } = topic;
  const wrongStart = badStart(startAt);
  if (wrongStart !== undefined) throw bad(name, `startAt ${wrongStart}`);
  const wrongEnd = until === undefined ? undefined : badUntil(until);
  if (wrongEnd !== undefined) throw bad(name, `until ${wrongEnd}`);
  if (!OUT_OF_RANGE.includes(onOutOfRange)) throw bad(name, `onOutOfRange is one of ${OUT_OF_RANGE.map((each) => `"${each}"`).join(", ")}`);
  const discoverEveryMs =
    discoverEvery === undefined ? undefined : durationMs(discoverEvery, "kafkaSource(topic, { discoverEvery })", kafkaSource);
  return Object.freeze({
    connector: "kafka",
    type: topic.schema.type,
    describe: () => ({
      ...("pattern" in topic ? { pattern: name } : { topic: name }),
      ...(format === undefined ? {} : { format }),
      startAt: rangeJson(startAt),
      ...(until === undefined ? {} : { until: rangeJson(until) }),
    }),
    create: (context: ConnectorContext) =>
      new KafkaSourceConnector(context, connectorClient(context, options), {
        topic: "pattern" in topic ? topic.pattern : topic.name,
        type: topic.schema.type,
        ...(format === undefined || format === "json" ? {} : withRegistry(topic, SCHEMA_FORMATS[format], format, context)),
        startAt,
        until,
        onOutOfRange,
        discoverEveryMs,
        groupId: options.groupId ?? `millrace-${context.job}`,
      }),
  });
}

/** One registry for all partitions. Throws NO_REGISTRY. */
function withRegistry(
  topic: Topic<unknown> | TopicPattern<unknown>,
  format: SchemaFormat,
  name: string,
  context: ConnectorContext,
): Pick<KafkaSourceSettings, "decoder" | "check"> {
  const registry = connectorRegistry(context, topic.registry?.url, name);
  return {
    decoder: () => new RegistryValues(topic.schema.type, format, registry, context.env.clock),
    check: async (topics) => {
      for (const name of topics) await checkReadable({ ...topic, name }, format, registry);
    },
  };
}

function bad(topic: string, reason: string): KafkaConnectorError {
  return new KafkaConnectorError(
    "BAD_OPTION",
    `kafkaSource(${topic.startsWith("/") ? topic : `"${topic}"`}): ${reason}${reason.endsWith("?") ? "" : "."}`,
  );
}
