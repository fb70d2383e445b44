// Offsets a group has committed; several groups at once from version 8 (KIP-709).
import { api, list } from "./table.ts";

export const offsetFetch = api(9, "OffsetFetch", {
  versions: "1-10",
  flexible: "6+",
  request: {
    groupId: "string 0-7",
    topics: list("OffsetFetchRequestTopic", "0-7 nullable=2-7", {
      name: "string 0-7",
      partitionIndexes: "[]int32 0-7",
    }),
    groups: list("OffsetFetchRequestGroup", "8+", {
      groupId: "string 8+",
      memberId: "string? 9+ default=null ignorable",
      memberEpoch: "int32 9+ default=-1 ignorable",
      topics: list("OffsetFetchRequestTopics", "8+ nullable", {
        name: "string 8-9 ignorable",
        topicId: "uuid 10+ ignorable",
        partitionIndexes: "[]int32 8+",
      }),
    }),
    requireStable: "bool 7+",
  },
  response: {
    throttleTimeMs: "int32 3+ ignorable",
    topics: list("OffsetFetchResponseTopic", "0-7", {
      name: "string 0-7",
      partitions: list("OffsetFetchResponsePartition", "0-7", {
        partitionIndex: "int32 0-7",
        committedOffset: "int64 0-7",
        committedLeaderEpoch: "int32 5-7 default=-1 ignorable",
        metadata: "string? 0-7",
        errorCode: "int16 0-7",
      }),
    }),
    errorCode: "int16 2-7 ignorable",
    groups: list("OffsetFetchResponseGroup", "8+", {
      groupId: "string 8+",
      topics: list("OffsetFetchResponseTopics", "8+", {
        name: "string 8-9 ignorable",
        topicId: "uuid 10+ ignorable",
        partitions: list("OffsetFetchResponsePartitions", "8+", {
          partitionIndex: "int32 8+",
          committedOffset: "int64 8+",
          committedLeaderEpoch: "int32 8+ default=-1 ignorable",
          metadata: "string? 8+",
          errorCode: "int16 8+",
        }),
      }),
      errorCode: "int16 8+",
    }),
  },
});
