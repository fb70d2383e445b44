// Elects the leaders of partitions anew (KIP-183, KIP-460).
import { api, list } from "./table.ts";

export const electLeaders = api(43, "ElectLeaders", {
  versions: "0-2",
  flexible: "2+",
  request: {
    electionType: "int8 1+",
    topicPartitions: list("TopicPartitions", "0+ nullable", {
      topic: "string 0+",
      partitions: "[]int32 0+",
    }),
    timeoutMs: "int32 0+ default=60000",
  },
  response: {
    throttleTimeMs: "int32 0+",
    errorCode: "int16 1+",
    replicaElectionResults: list("ReplicaElectionResult", "0+", {
      topic: "string 0+",
      partitionResult: list("PartitionResult", "0+", {
        partitionId: "int32 0+",
        errorCode: "int16 0+",
        errorMessage: "string? 0+",
      }),
    }),
  },
});
