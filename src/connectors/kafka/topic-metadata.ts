// The partitions of a topic; a topic that does not exist is created by the broker, if it does that.
import type { Cluster } from "../../client/cluster.ts";
import { codeOf } from "../../client/errors.ts";
import { KafkaConnectorError } from "./kafka-connector-error.ts";

/** Asks the brokers anew. Rejects with UNKNOWN_TOPIC when there is none and none is created. */
export async function partitionCount(cluster: Cluster, topic: string, operator: string): Promise<number> {
  try {
    const metadata = await cluster.topic(topic, { autoCreate: true, fresh: true });
    return metadata.partitions.length;
  } catch (error) {
    if (codeOf(error) !== "UNKNOWN_TOPIC_OR_PARTITION") throw error;
    throw new KafkaConnectorError(
      "UNKNOWN_TOPIC",
      `Topic "${topic}" of operator "${operator}" does not exist, and the broker does not create topics by itself (auto.create.topics.enable). Create it: millrace topic create ${topic}`,
      { cause: error },
    );
  }
}
