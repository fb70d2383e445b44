// Where a leader epoch ended, to detect truncation (KIP-101, KIP-320).
import { api, list } from "./table.ts";

export const offsetForLeaderEpoch = api(23, "OffsetForLeaderEpoch", {
  versions: "2-4",
  flexible: "4+",
  request: {
    replicaId: "int32 3+ default=-2 ignorable",
    topics: list("OffsetForLeaderTopic", "0+", {
      topic: "string 0+",
      partitions: list("OffsetForLeaderPartition", "0+", {
        partition: "int32 0+",
        currentLeaderEpoch: "int32 2+ default=-1 ignorable",
        leaderEpoch: "int32 0+",
      }),
    }),
  },
  response: {
    throttleTimeMs: "int32 2+ ignorable",
    topics: list("OffsetForLeaderTopicResult", "0+", {
      topic: "string 0+",
      partitions: list("EpochEndOffset", "0+", {
        errorCode: "int16 0+",
        partition: "int32 0+",
        leaderEpoch: "int32 1+ default=-1 ignorable",
        endOffset: "int64 0+ default=-1",
      }),
    }),
  },
});
