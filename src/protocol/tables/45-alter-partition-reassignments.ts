// Moves partitions to other brokers (KIP-455, KIP-860).
import { api, list } from "./table.ts";

export const alterPartitionReassignments = api(45, "AlterPartitionReassignments", {
  versions: "0-1",
  flexible: "0+",
  request: {
    timeoutMs: "int32 0+ default=60000",
    allowReplicationFactorChange: "bool 1+ default=true",
    topics: list("ReassignableTopic", "0+", {
      name: "string 0+",
      partitions: list("ReassignablePartition", "0+", {
        partitionIndex: "int32 0+",
        replicas: "[]int32? 0+ default=null",
      }),
    }),
  },
  response: {
    throttleTimeMs: "int32 0+",
    allowReplicationFactorChange: "bool 1+ default=true ignorable",
    errorCode: "int16 0+",
    errorMessage: "string? 0+",
    responses: list("ReassignableTopicResponse", "0+", {
      name: "string 0+",
      partitions: list("ReassignablePartitionResponse", "0+", {
        partitionIndex: "int32 0+",
        errorCode: "int16 0+",
        errorMessage: "string? 0+",
      }),
    }),
  },
});
