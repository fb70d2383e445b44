// The only message of a member of the new consumer group protocol (KIP-848).
import { api, type Fields, list, struct } from "./table.ts";

const topicPartitions: Fields = {
  topicId: "uuid 0+",
  partitions: "[]int32 0+",
};

export const consumerGroupHeartbeat = api(68, "ConsumerGroupHeartbeat", {
  versions: "0-1",
  flexible: "0+",
  request: {
    groupId: "string 0+",
    memberId: "string 0+",
    memberEpoch: "int32 0+",
    instanceId: "string? 0+ default=null",
    rackId: "string? 0+ default=null",
    rebalanceTimeoutMs: "int32 0+ default=-1",
    subscribedTopicNames: "[]string? 0+ default=null",
    subscribedTopicRegex: "string? 1+ default=null",
    serverAssignor: "string? 0+ default=null",
    topicPartitions: list("TopicPartitions", "0+ nullable default=null", topicPartitions),
  },
  response: {
    throttleTimeMs: "int32 0+",
    errorCode: "int16 0+",
    errorMessage: "string? 0+ default=null",
    memberId: "string? 0+ default=null",
    memberEpoch: "int32 0+",
    heartbeatIntervalMs: "int32 0+",
    assignment: struct("Assignment", "0+ nullable default=null", {
      topicPartitions: list("TopicPartitions", "0+", topicPartitions),
    }),
  },
});
