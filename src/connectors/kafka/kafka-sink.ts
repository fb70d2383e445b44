// What user code holds of a Kafka sink. Options that change what is written are part of the plan; addresses and limits are not.
import type { ConnectorContext, Sink } from "../../stream/connector.ts";
import { connectorClient, type ConnectionOptions } from "./connector-client.ts";
import { KafkaConnectorError } from "./kafka-connector-error.ts";
import { unknownOption } from "./option-names.ts";
import type { RecordFunctions } from "./record-parts.ts";
import { KafkaSinkConnector } from "./sink-connector.ts";
import { keyParts, type TextKey } from "./topic-key.ts";
import { checkTopic, type Topic } from "./topic.ts";

/**
 * "exactly-once": records become visible to read_committed readers with the checkpoint that covers them, once.
 * "at-least-once": a checkpoint waits for the acknowledgements; after a failure records come again.
 * "none": nobody waits; a failure may lose records.
 */
export type Delivery = "exactly-once" | "at-least-once" | "none";

export interface KafkaSinkOptions<V = unknown, K = TextKey> extends ConnectionOptions, RecordFunctions<V, K> {
  /** Default "exactly-once". */
  readonly delivery?: Delivery;
  /** How long a broker keeps a transaction open, in ms. Default, and at most: the broker's transaction.max.timeout.ms. */
  readonly transactionTimeoutMs?: number;
  /** Two jobs of one name on one Kafka need different ones. Default "millrace-<job>"; ids are "<prefix>/<operator>/<subtask>/<n>". */
  readonly transactionalIdPrefix?: string;
  /**
   * A restored checkpoint names a transaction that the broker aborted meanwhile, or knows nothing of any more. Default "fail": the job
   * stops and says which. "continue": logged, and the job goes on without those records.
   */
  readonly onLostTransaction?: "fail" | "continue";
}

const OPTIONS = [
  "brokers",
  "delivery",
  "transactionTimeoutMs",
  "transactionalIdPrefix",
  "onLostTransaction",
  "key",
  "headers",
  "tombstone",
  "partitioner",
] satisfies (keyof KafkaSinkOptions)[];
const DELIVERIES: readonly string[] = ["exactly-once", "at-least-once", "none"] satisfies Delivery[];

/**
 * Writes each element as a document of the topic's schema, in its format, with the topic's key field as the record key: its text, or with
 * keyFormat a document of the key's schema. The record's timestamp is the event time, if there is one, otherwise now. Throws BAD_OPTION.
 */
export function kafkaSink<V, K = TextKey>(topic: Topic<V, K>, options: KafkaSinkOptions<NoInfer<V>, NoInfer<K>> = {}): Sink<V> {
  checkTopic(topic, "kafkaSink(topic)");
  if ("pattern" in topic) throw bad(String(topic.pattern), "a sink writes to one topic, not to a pattern: topic(name, schema)");
  const unknown = unknownOption(options, OPTIONS);
  if (unknown !== undefined) throw bad(topic.name, unknown);
  const { delivery = "exactly-once", onLostTransaction = "fail", transactionTimeoutMs, key, headers, tombstone, partitioner } = options;
  const functions = {
    ...(key && { key }),
    ...(headers && { headers }),
    ...(tombstone && { tombstone }),
    ...(partitioner && { partitioner }),
  } as RecordFunctions<unknown, unknown>;
  for (const [name, value] of Object.entries(functions))
    if (typeof value !== "function") throw bad(topic.name, `${name} is a function of the row`);
  if (key === undefined && topic.keySchema !== undefined && keyParts(topic.schema.type, topic) === undefined)
    throw bad(topic.name, "the topic's type does not have what keyType is made of: say key: (row) => …");
  if (!DELIVERIES.includes(delivery))
    throw bad(topic.name, `delivery is one of ${DELIVERIES.map((each) => `"${each}"`).join(", ")}, not ${JSON.stringify(delivery)}`);
  if (onLostTransaction !== "fail" && onLostTransaction !== "continue") throw bad(topic.name, 'onLostTransaction is "fail" or "continue"');
  if (transactionTimeoutMs !== undefined && !(Number.isInteger(transactionTimeoutMs) && transactionTimeoutMs > 0))
    throw bad(topic.name, "transactionTimeoutMs is a whole number of milliseconds above 0");
  return Object.freeze({
    connector: "kafka",
    type: topic.schema.type,
    describe: () => ({
      topic: topic.name,
      delivery,
      ...(topic.key === undefined ? {} : { key: topic.key }),
      ...(topic.keyFormat === undefined ? {} : { keyFormat: topic.keyFormat }),
      ...(topic.format === undefined ? {} : { format: topic.format }),
    }),
    create: (context: ConnectorContext) =>
      new KafkaSinkConnector(context, connectorClient(context, options), {
        topic,
        delivery,
        transactionTimeoutMs,
        transactionalIdPrefix: `${options.transactionalIdPrefix ?? `millrace-${context.job}`}/${context.operator}/`,
        onLostTransaction,
        functions: Object.keys(functions).length > 0 ? functions : undefined,
      }),
  });
}

function bad(topic: string, reason: string): KafkaConnectorError {
  return new KafkaConnectorError("BAD_OPTION", `kafkaSink("${topic}"): ${reason}${reason.endsWith("?") ? "" : "."}`);
}
