// Topics and partitions in pages (KIP-966).
import { api, type Fields, list, struct } from "./table.ts";

const cursor: Fields = {
  topicName: "string 0+",
  partitionIndex: "int32 0+",
};

export const describeTopicPartitions = api(75, "DescribeTopicPartitions", {
  versions: "0",
  flexible: "0+",
  request: {
    topics: list("TopicRequest", "0+", {
      name: "string 0+",
    }),
    responsePartitionLimit: "int32 0+ default=2000",
    cursor: struct("Cursor", "0+ nullable default=null", cursor),
  },
  response: {
    throttleTimeMs: "int32 0+ ignorable",
    topics: list("DescribeTopicPartitionsResponseTopic", "0+", {
      errorCode: "int16 0+",
      name: "string? 0+",
      topicId: "uuid 0+ ignorable",
      isInternal: "bool 0+ ignorable",
      partitions: list("DescribeTopicPartitionsResponsePartition", "0+", {
        errorCode: "int16 0+",
        partitionIndex: "int32 0+",
        leaderId: "int32 0+",
        leaderEpoch: "int32 0+ default=-1 ignorable",
        replicaNodes: "[]int32 0+",
        isrNodes: "[]int32 0+",
        eligibleLeaderReplicas: "[]int32? 0+ default=null",
        lastKnownElr: "[]int32? 0+ default=null",
        offlineReplicas: "[]int32 0+ ignorable",
      }),
      topicAuthorizedOperations: "int32 0+ default=-2147483648",
    }),
    nextCursor: struct("Cursor", "0+ nullable default=null", cursor),
  },
});
