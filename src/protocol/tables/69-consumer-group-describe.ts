// State, members and assignments of new-protocol groups (KIP-848).
import { api, type Fields, list, struct } from "./table.ts";

const topicPartitions: Fields = {
  topicId: "uuid 0+",
  topicName: "string 0+",
  partitions: "[]int32 0+",
};

const assignment: Fields = {
  topicPartitions: list("TopicPartitions", "0+", topicPartitions),
};

export const consumerGroupDescribe = api(69, "ConsumerGroupDescribe", {
  versions: "0-1",
  flexible: "0+",
  request: {
    groupIds: "[]string 0+",
    includeAuthorizedOperations: "bool 0+",
  },
  response: {
    throttleTimeMs: "int32 0+",
    groups: list("DescribedGroup", "0+", {
      errorCode: "int16 0+",
      errorMessage: "string? 0+ default=null",
      groupId: "string 0+",
      groupState: "string 0+",
      groupEpoch: "int32 0+",
      assignmentEpoch: "int32 0+",
      assignorName: "string 0+",
      members: list("Member", "0+", {
        memberId: "string 0+",
        instanceId: "string? 0+ default=null",
        rackId: "string? 0+ default=null",
        memberEpoch: "int32 0+",
        clientId: "string 0+",
        clientHost: "string 0+",
        subscribedTopicNames: "[]string 0+",
        subscribedTopicRegex: "string? 0+ default=null",
        assignment: struct("Assignment", "0+", assignment),
        targetAssignment: struct("Assignment", "0+", assignment),
        memberType: "int8 1+ default=-1 ignorable",
      }),
      authorizedOperations: "int32 0+ default=-2147483648",
    }),
  },
});
