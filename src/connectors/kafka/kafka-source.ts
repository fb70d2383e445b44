// What user code holds of a Kafka source. Options that change what is read are part of the plan; addresses are not.
import type { ConnectorContext, Source } from "../../stream/connector.ts";
import { connectorClient, type ConnectionOptions } from "./connector-client.ts";
import { KafkaConnectorError } from "./kafka-connector-error.ts";
import { KafkaSourceConnector } from "./source-connector.ts";
import type { Topic } from "./topic.ts";

/** "committed": the offsets of the group, the earliest where it has none. */
export type StartAt = "earliest" | "latest" | "committed";

export interface KafkaSourceOptions extends ConnectionOptions {
  /**
   * Where a job without a checkpoint begins. Default "earliest", as Flink's KafkaSource. A restored job goes on where its checkpoint
   * was, and partitions that were added later are read from their beginning, whatever this says.
   */
  readonly startAt?: StartAt;
  /** Each checkpoint's offsets are committed to this group, for monitoring. Default "millrace-<job>". */
  readonly groupId?: string;
  /** The position is no longer in the log (retention), or not yet (the topic was made anew). Default "fail". */
  readonly onOutOfRange?: "fail" | "earliest" | "latest";
}

const STARTS: readonly string[] = ["earliest", "latest", "committed"] satisfies StartAt[];
const OUT_OF_RANGE: readonly string[] = ["fail", "earliest", "latest"];

/**
 * Reads the committed records of all partitions, each value as a JSON document of the topic's schema, with the record's timestamp.
 * Records without a value and values that do not fit go where the source's onError says. Throws BAD_OPTION.
 */
export function kafkaSource<V>(topic: Topic<V>, options: KafkaSourceOptions = {}): Source<V> {
  const { startAt = "earliest", onOutOfRange = "fail" } = options;
  checkOneOf(topic.name, "startAt", startAt, STARTS);
  checkOneOf(topic.name, "onOutOfRange", onOutOfRange, OUT_OF_RANGE);
  return Object.freeze({
    connector: "kafka",
    type: topic.schema.type,
    describe: () => ({ topic: topic.name, startAt }),
    create: (context: ConnectorContext) =>
      new KafkaSourceConnector(context, connectorClient(context, options), {
        topic: topic.name,
        type: topic.schema.type,
        startAt,
        onOutOfRange,
        groupId: options.groupId ?? `millrace-${context.job}`,
      }),
  });
}

function checkOneOf(topic: string, option: string, value: unknown, allowed: readonly string[]): void {
  if (allowed.includes(value as string)) return;
  const shown = allowed.map((each) => `"${each}"`).join(", ");
  throw new KafkaConnectorError("BAD_OPTION", `kafkaSource("${topic}"): ${option} is one of ${shown}.`);
}
