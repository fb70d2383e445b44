// Producers with state in a partition (KIP-664).
import { api, list } from "./table.ts";

export const describeProducers = api(61, "DescribeProducers", {
  versions: "0",
  flexible: "0+",
  request: {
    topics: list("TopicRequest", "0+", {
      name: "string 0+",
      partitionIndexes: "[]int32 0+",
    }),
  },
  response: {
    throttleTimeMs: "int32 0+",
    topics: list("TopicResponse", "0+", {
      name: "string 0+",
      partitions: list("PartitionResponse", "0+", {
        partitionIndex: "int32 0+",
        errorCode: "int16 0+",
        errorMessage: "string? 0+ default=null",
        activeProducers: list("ProducerState", "0+", {
          producerId: "int64 0+",
          producerEpoch: "int32 0+",
          lastSequence: "int32 0+ default=-1",
          lastTimestamp: "int64 0+ default=-1",
          coordinatorEpoch: "int32 0+",
          currentTxnStartOffset: "int64 0+ default=-1",
        }),
      }),
    }),
  },
});
