// More partitions for existing topics (KIP-195).
import { api, list } from "./table.ts";

export const createPartitions = api(37, "CreatePartitions", {
  versions: "0-3",
  flexible: "2+",
  request: {
    topics: list("CreatePartitionsTopic", "0+", {
      name: "string 0+",
      count: "int32 0+",
      assignments: list("CreatePartitionsAssignment", "0+ nullable", {
        brokerIds: "[]int32 0+",
      }),
    }),
    timeoutMs: "int32 0+",
    validateOnly: "bool 0+",
  },
  response: {
    throttleTimeMs: "int32 0+",
    results: list("CreatePartitionsTopicResult", "0+", {
      name: "string 0+",
      errorCode: "int16 0+",
      errorMessage: "string? 0+ default=null",
    }),
  },
});
