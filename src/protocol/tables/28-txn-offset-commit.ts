// A group's offsets within a transaction; with the member's generation from version 3 (KIP-447).
import { api, list } from "./table.ts";

export const txnOffsetCommit = api(28, "TxnOffsetCommit", {
  versions: "0-5",
  flexible: "3+",
  request: {
    transactionalId: "string 0+",
    groupId: "string 0+",
    producerId: "int64 0+",
    producerEpoch: "int16 0+",
    generationId: "int32 3+ default=-1",
    memberId: "string 3+",
    groupInstanceId: "string? 3+ default=null",
    topics: list("TxnOffsetCommitRequestTopic", "0+", {
      name: "string 0+",
      partitions: list("TxnOffsetCommitRequestPartition", "0+", {
        partitionIndex: "int32 0+",
        committedOffset: "int64 0+",
        committedLeaderEpoch: "int32 2+ default=-1 ignorable",
        committedMetadata: "string? 0+",
      }),
    }),
  },
  response: {
    throttleTimeMs: "int32 0+",
    topics: list("TxnOffsetCommitResponseTopic", "0+", {
      name: "string 0+",
      partitions: list("TxnOffsetCommitResponsePartition", "0+", {
        partitionIndex: "int32 0+",
        errorCode: "int16 0+",
      }),
    }),
  },
});
