// Moves replicas between the log directories of a broker (KIP-113).
import { api, list } from "./table.ts";

export const alterReplicaLogDirs = api(34, "AlterReplicaLogDirs", {
  versions: "1-2",
  flexible: "2+",
  request: {
    dirs: list("AlterReplicaLogDir", "0+", {
      path: "string 0+",
      topics: list("AlterReplicaLogDirTopic", "0+", {
        name: "string 0+",
        partitions: "[]int32 0+",
      }),
    }),
  },
  response: {
    throttleTimeMs: "int32 0+",
    results: list("AlterReplicaLogDirTopicResult", "0+", {
      topicName: "string 0+",
      partitions: list("AlterReplicaLogDirPartitionResult", "0+", {
        partitionIndex: "int32 0+",
        errorCode: "int16 0+",
      }),
    }),
  },
});
