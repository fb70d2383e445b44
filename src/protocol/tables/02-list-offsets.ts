// The offset at a timestamp, or at the special timestamps −1 (latest), −2 (earliest), −3 (greatest timestamp, KIP-734), −4 and −5 (tiered storage).
import { api, list } from "./table.ts";

export const listOffsets = api(2, "ListOffsets", {
  versions: "1-11",
  flexible: "6+",
  request: {
    replicaId: "int32 0+",
    isolationLevel: "int8 2+",
    topics: list("ListOffsetsTopic", "0+", {
      name: "string 0+",
      partitions: list("ListOffsetsPartition", "0+", {
        partitionIndex: "int32 0+",
        currentLeaderEpoch: "int32 4+ default=-1 ignorable",
        timestamp: "int64 0+",
      }),
    }),
    timeoutMs: "int32 10+ ignorable",
  },
  response: {
    throttleTimeMs: "int32 2+ ignorable",
    topics: list("ListOffsetsTopicResponse", "0+", {
      name: "string 0+",
      partitions: list("ListOffsetsPartitionResponse", "0+", {
        partitionIndex: "int32 0+",
        errorCode: "int16 0+",
        timestamp: "int64 1+ default=-1",
        offset: "int64 1+ default=-1",
        leaderEpoch: "int32 4+ default=-1",
      }),
    }),
  },
});
