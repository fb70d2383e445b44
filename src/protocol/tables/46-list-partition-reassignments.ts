// Partitions that are moving to other brokers (KIP-455).
import { api, list } from "./table.ts";

export const listPartitionReassignments = api(46, "ListPartitionReassignments", {
  versions: "0",
  flexible: "0+",
  request: {
    timeoutMs: "int32 0+ default=60000",
    topics: list("ListPartitionReassignmentsTopics", "0+ nullable default=null", {
      name: "string 0+",
      partitionIndexes: "[]int32 0+",
    }),
  },
  response: {
    throttleTimeMs: "int32 0+",
    errorCode: "int16 0+",
    errorMessage: "string? 0+",
    topics: list("OngoingTopicReassignment", "0+", {
      name: "string 0+",
      partitions: list("OngoingPartitionReassignment", "0+", {
        partitionIndex: "int32 0+",
        replicas: "[]int32 0+",
        addingReplicas: "[]int32 0+",
        removingReplicas: "[]int32 0+",
      }),
    }),
  },
});
