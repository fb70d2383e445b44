// Offsets a group has processed. Topic ids from version 10 (KIP-848, KIP-1103).
import { api, list } from "./table.ts";

export const offsetCommit = api(8, "OffsetCommit", {
  versions: "2-10",
  flexible: "8+",
  request: {
    groupId: "string 0+",
    generationIdOrMemberEpoch: "int32 1+ default=-1 ignorable",
    memberId: "string 1+ ignorable",
    groupInstanceId: "string? 7+ default=null",
    retentionTimeMs: "int64 2-4 default=-1 ignorable",
    topics: list("OffsetCommitRequestTopic", "0+", {
      name: "string 0-9 ignorable",
      topicId: "uuid 10+ ignorable",
      partitions: list("OffsetCommitRequestPartition", "0+", {
        partitionIndex: "int32 0+",
        committedOffset: "int64 0+",
        committedLeaderEpoch: "int32 6+ default=-1 ignorable",
        committedMetadata: "string? 0+",
      }),
    }),
  },
  response: {
    throttleTimeMs: "int32 3+ ignorable",
    topics: list("OffsetCommitResponseTopic", "0+", {
      name: "string 0-9 ignorable",
      topicId: "uuid 10+ ignorable",
      partitions: list("OffsetCommitResponsePartition", "0+", {
        partitionIndex: "int32 0+",
        errorCode: "int16 0+",
      }),
    }),
  },
});
