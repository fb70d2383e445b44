// DescribeProducers (61): version 0. Producers a partition remembers, with the start of an ongoing transaction: how hanging
// transactions are found. KIP-664.
import { ErrorCode, ERRORS } from "../../protocol/errors.ts";
import {
  newDescribeProducersResponse,
  newPartitionResponse,
  newProducerState,
  newTopicResponse,
} from "../../protocol/generated/describe-producers.gen.ts";
import type { ProducerEntry } from "../../log/producer-state.ts";
import { defineApi } from "../api.ts";
import { invalidTopicName } from "../topics.ts";

export const describeProducers = defineApi("DescribeProducers", {
  handle(broker, request) {
    const topics = request.topics.map(({ name, partitionIndexes }) =>
      newTopicResponse({
        name,
        partitions: partitionIndexes.map((partitionIndex) => {
          const log = broker.topics.partition(name, partitionIndex);
          if (log !== undefined) return newPartitionResponse({ partitionIndex, activeProducers: [...log.activeProducers()].map(tell) });
          const problem = invalidTopicName(name);
          if (problem !== undefined)
            return newPartitionResponse({ partitionIndex, errorCode: ErrorCode.INVALID_TOPIC_EXCEPTION, errorMessage: problem });
          const errorMessage = ERRORS.UNKNOWN_TOPIC_OR_PARTITION[2];
          return newPartitionResponse({ partitionIndex, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, errorMessage });
        }),
      }),
    );
    return newDescribeProducersResponse({ topics });
  },
});

function tell(entry: ProducerEntry) {
  const last = entry.batches.at(-1);
  return newProducerState({
    producerId: entry.producerId,
    producerEpoch: entry.producerEpoch,
    lastSequence: last?.lastSequence ?? -1,
    lastTimestamp: last?.timestamp ?? entry.lastAppendMs,
    coordinatorEpoch: entry.coordinatorEpoch,
    currentTxnStartOffset: entry.transactionFirstOffset,
  });
}
