// Record batches from partitions. Fetch sessions from version 7 (KIP-227), topic ids from 13 (KIP-516), leader hints from 16 (KIP-951).
import { api, list, struct } from "./table.ts";

export const fetch = api(1, "Fetch", {
  versions: "4-18",
  flexible: "12+",
  request: {
    clusterId: "string? 12+ tag=0 default=null ignorable",
    replicaId: "int32 0-14 default=-1",
    replicaState: struct("ReplicaState", "15+ tag=1", {
      replicaId: "int32 15+ default=-1",
      replicaEpoch: "int64 15+ default=-1",
    }),
    maxWaitMs: "int32 0+",
    minBytes: "int32 0+",
    maxBytes: "int32 3+ default=0x7fffffff ignorable",
    isolationLevel: "int8 4+ ignorable",
    sessionId: "int32 7+ ignorable",
    sessionEpoch: "int32 7+ default=-1 ignorable",
    topics: list("FetchTopic", "0+", {
      topic: "string 0-12 ignorable",
      topicId: "uuid 13+ ignorable",
      partitions: list("FetchPartition", "0+", {
        partition: "int32 0+",
        currentLeaderEpoch: "int32 9+ default=-1 ignorable",
        fetchOffset: "int64 0+",
        lastFetchedEpoch: "int32 12+ default=-1",
        logStartOffset: "int64 5+ default=-1 ignorable",
        partitionMaxBytes: "int32 0+",
        replicaDirectoryId: "uuid 17+ tag=0 ignorable",
        highWatermark: "int64 18+ tag=1 default=9223372036854775807 ignorable",
      }),
    }),
    forgottenTopicsData: list("ForgottenTopic", "7+", {
      topic: "string 7-12 ignorable",
      topicId: "uuid 13+ ignorable",
      partitions: "[]int32 7+",
    }),
    rackId: "string 11+ ignorable",
  },
  response: {
    throttleTimeMs: "int32 1+ ignorable",
    errorCode: "int16 7+ ignorable",
    sessionId: "int32 7+",
    responses: list("FetchableTopicResponse", "0+", {
      topic: "string 0-12 ignorable",
      topicId: "uuid 13+ ignorable",
      partitions: list("PartitionData", "0+", {
        partitionIndex: "int32 0+",
        errorCode: "int16 0+",
        highWatermark: "int64 0+",
        lastStableOffset: "int64 4+ default=-1 ignorable",
        logStartOffset: "int64 5+ default=-1 ignorable",
        divergingEpoch: struct("EpochEndOffset", "12+ tag=0", {
          epoch: "int32 12+ default=-1",
          endOffset: "int64 12+ default=-1",
        }),
        currentLeader: struct("LeaderIdAndEpoch", "12+ tag=1", {
          leaderId: "int32 12+ default=-1",
          leaderEpoch: "int32 12+ default=-1",
        }),
        snapshotId: struct("SnapshotId", "12+ tag=2", {
          endOffset: "int64 0+ default=-1",
          epoch: "int32 0+ default=-1",
        }),
        abortedTransactions: list("AbortedTransaction", "4+ nullable ignorable", {
          producerId: "int64 4+",
          firstOffset: "int64 4+",
        }),
        preferredReadReplica: "int32 11+ default=-1",
        records: "records? 0+",
      }),
    }),
    nodeEndpoints: list("NodeEndpoint", "16+ tag=0", {
      nodeId: "int32 16+",
      host: "string 16+",
      port: "int32 16+",
      rack: "string? 16+ default=null",
    }),
  },
});
