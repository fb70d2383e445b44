// Brokers, topics, partitions and their leaders. Topic ids from version 10 (KIP-516).
import { api, list } from "./table.ts";

export const metadata = api(3, "Metadata", {
  versions: "0-13",
  flexible: "9+",
  request: {
    topics: list("MetadataRequestTopic", "0+ nullable=1+", {
      topicId: "uuid 10+ ignorable",
      name: "string? 0+ nullable=10+",
    }),
    allowAutoTopicCreation: "bool 4+ default=true",
    includeClusterAuthorizedOperations: "bool 8-10",
    includeTopicAuthorizedOperations: "bool 8+",
  },
  response: {
    throttleTimeMs: "int32 3+ ignorable",
    brokers: list("MetadataResponseBroker", "0+", {
      nodeId: "int32 0+",
      host: "string 0+",
      port: "int32 0+",
      rack: "string? 1+ default=null ignorable",
    }),
    clusterId: "string? 2+ default=null ignorable",
    controllerId: "int32 1+ default=-1 ignorable",
    topics: list("MetadataResponseTopic", "0+", {
      errorCode: "int16 0+",
      name: "string? 0+ nullable=12+",
      topicId: "uuid 10+ ignorable",
      isInternal: "bool 1+ ignorable",
      partitions: list("MetadataResponsePartition", "0+", {
        errorCode: "int16 0+",
        partitionIndex: "int32 0+",
        leaderId: "int32 0+",
        leaderEpoch: "int32 7+ default=-1 ignorable",
        replicaNodes: "[]int32 0+",
        isrNodes: "[]int32 0+",
        offlineReplicas: "[]int32 5+ ignorable",
      }),
      topicAuthorizedOperations: "int32 8+ default=-2147483648",
    }),
    clusterAuthorizedOperations: "int32 8-10 default=-2147483648",
    errorCode: "int16 13+ ignorable",
  },
});
