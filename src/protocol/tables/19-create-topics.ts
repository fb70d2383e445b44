// New topics, with partitions, placement and settings.
import { api, list } from "./table.ts";

export const createTopics = api(19, "CreateTopics", {
  versions: "2-7",
  flexible: "5+",
  request: {
    topics: list("CreatableTopic", "0+", {
      name: "string 0+",
      numPartitions: "int32 0+",
      replicationFactor: "int16 0+",
      assignments: list("CreatableReplicaAssignment", "0+", {
        partitionIndex: "int32 0+",
        brokerIds: "[]int32 0+",
      }),
      configs: list("CreatableTopicConfig", "0+", {
        name: "string 0+",
        value: "string? 0+",
      }),
    }),
    timeoutMs: "int32 0+ default=60000",
    validateOnly: "bool 1+",
  },
  response: {
    throttleTimeMs: "int32 2+ ignorable",
    topics: list("CreatableTopicResult", "0+", {
      name: "string 0+",
      topicId: "uuid 7+ ignorable",
      errorCode: "int16 0+",
      errorMessage: "string? 1+ nullable=0+ ignorable",
      topicConfigErrorCode: "int16 5+ tag=0 ignorable",
      numPartitions: "int32 5+ default=-1 ignorable",
      replicationFactor: "int16 5+ default=-1 ignorable",
      configs: list("CreatableTopicConfigs", "5+ nullable ignorable", {
        name: "string 5+",
        value: "string? 5+",
        readOnly: "bool 5+",
        configSource: "int8 5+ default=-1 ignorable",
        isSensitive: "bool 5+",
      }),
    }),
  },
});
