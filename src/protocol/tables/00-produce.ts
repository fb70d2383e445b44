// Record batches to partitions. Topic ids instead of names from version 13 (KIP-516); record errors from 8 (KIP-467); leader hints from 10 (KIP-951).
import { api, list, struct } from "./table.ts";

export const produce = api(0, "Produce", {
  versions: "3-13",
  flexible: "9+",
  request: {
    transactionalId: "string? 3+ default=null",
    acks: "int16 0+",
    timeoutMs: "int32 0+",
    topicData: list("TopicProduceData", "0+", {
      name: "string 0-12 ignorable",
      topicId: "uuid 13+ ignorable",
      partitionData: list("PartitionProduceData", "0+", {
        index: "int32 0+",
        records: "records? 0+",
      }),
    }),
  },
  response: {
    responses: list("TopicProduceResponse", "0+", {
      name: "string 0-12 ignorable",
      topicId: "uuid 13+ ignorable",
      partitionResponses: list("PartitionProduceResponse", "0+", {
        index: "int32 0+",
        errorCode: "int16 0+",
        baseOffset: "int64 0+",
        logAppendTimeMs: "int64 2+ default=-1 ignorable",
        logStartOffset: "int64 5+ default=-1 ignorable",
        recordErrors: list("BatchIndexAndErrorMessage", "8+ ignorable", {
          batchIndex: "int32 8+",
          batchIndexErrorMessage: "string? 8+ default=null",
        }),
        errorMessage: "string? 8+ default=null ignorable",
        currentLeader: struct("LeaderIdAndEpoch", "10+ tag=0", {
          leaderId: "int32 10+ default=-1",
          leaderEpoch: "int32 10+ default=-1",
        }),
      }),
    }),
    throttleTimeMs: "int32 1+ ignorable",
    nodeEndpoints: list("NodeEndpoint", "10+ tag=0", {
      nodeId: "int32 10+",
      host: "string 10+",
      port: "int32 10+",
      rack: "string? 10+ default=null",
    }),
  },
});
