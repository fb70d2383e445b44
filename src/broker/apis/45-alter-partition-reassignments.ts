// AlterPartitionReassignments (45): versions 0–1. Every partition's only replica is here: an assignment that says so succeeds at once,
// any other is refused, and there is never one to cancel. KIP-455, KIP-860.
import { KafkaError } from "../../protocol/errors.ts";
import {
  newAlterPartitionReassignmentsResponse,
  newReassignablePartitionResponse,
  newReassignableTopicResponse,
} from "../../protocol/generated/alter-partition-reassignments.gen.ts";
import { defineApi, type BrokerContext } from "../api.ts";

export const alterPartitionReassignments = defineApi("AlterPartitionReassignments", {
  handle(broker, request) {
    const responses = request.topics.map(({ name, partitions }) =>
      newReassignableTopicResponse({
        name,
        partitions: partitions.map(({ partitionIndex, replicas }) => {
          const refusal = refuse(broker, name, partitionIndex, replicas);
          const { errorCode, message: errorMessage } = refusal ?? { errorCode: 0, message: null };
          return newReassignablePartitionResponse({ partitionIndex, errorCode, errorMessage });
        }),
      }),
    );
    if (request.topics.length === 0) return newAlterPartitionReassignmentsResponse({ errorMessage: null });
    const { allowReplicationFactorChange } = request;
    return newAlterPartitionReassignmentsResponse({ allowReplicationFactorChange, errorMessage: null, responses });
  },
});

function refuse(broker: BrokerContext, topic: string, partition: number, replicas: readonly number[] | null): KafkaError | undefined {
  if (broker.topics.partition(topic, partition) === undefined) return new KafkaError("UNKNOWN_TOPIC_OR_PARTITION");
  if (replicas === null) return new KafkaError("NO_REASSIGNMENT_IN_PROGRESS");
  if (replicas.length === 1 && replicas[0] === broker.nodeId) return undefined;
  return new KafkaError(
    "INVALID_REPLICA_ASSIGNMENT",
    `The only broker is ${broker.nodeId}: a partition's replicas can only be [${broker.nodeId}].`,
  );
}
