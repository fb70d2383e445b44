// ConsumerGroupDescribe (69): versions 0–1. Epochs, members, what they have and what they shall have. Classic groups are described by
// DescribeGroups. KIP-848, KIP-1099 (member type).
import { ErrorCode } from "../../protocol/errors.ts";
import {
  newAssignment,
  newConsumerGroupDescribeResponse,
  newDescribedGroup,
  newMember,
  newTopicPartitions,
  type DescribedGroup,
} from "../../protocol/generated/consumer-group-describe.gen.ts";
import { defineApi, type BrokerContext } from "../api.ts";
import { GROUP_OPERATIONS, NOT_ASKED } from "../authorized-operations.ts";
import { assignorOf } from "../coordinators/consumer-group/decide.ts";
import { byTopic } from "../coordinators/consumer-group/records.ts";
import { NO_PARTITIONS, phaseOf, type Partitions } from "../coordinators/consumer-group/state.ts";

const CLASSIC_MEMBER = 0;
const CONSUMER_MEMBER = 1;

export const consumerGroupDescribe = defineApi("ConsumerGroupDescribe", {
  handle(broker, request) {
    const authorizedOperations = request.includeAuthorizedOperations ? GROUP_OPERATIONS : NOT_ASKED;
    const groups = request.groupIds.map((groupId) => describe(broker, groupId, authorizedOperations));
    return newConsumerGroupDescribeResponse({ groups });
  },
});

function describe(broker: BrokerContext, groupId: string, authorizedOperations: number): DescribedGroup {
  if (broker.features.level("group.version") === 0) return newDescribedGroup({ groupId, errorCode: ErrorCode.UNSUPPORTED_VERSION });
  if (groupId === "") return newDescribedGroup({ groupId, errorCode: ErrorCode.INVALID_GROUP_ID });
  const state = broker.groups.consumers.get(groupId);
  if (state === undefined) {
    const what =
      broker.groups.describe(groupId) === undefined ? `Group ${groupId} not found.` : `Group ${groupId} is not a consumer group.`;
    return newDescribedGroup({ groupId, errorCode: ErrorCode.GROUP_ID_NOT_FOUND, errorMessage: what });
  }
  const members = [...state.members.values()].map((member) =>
    newMember({
      memberId: member.memberId,
      instanceId: member.instanceId,
      rackId: member.rackId,
      memberEpoch: member.epoch,
      clientId: member.clientId,
      clientHost: member.clientHost,
      subscribedTopicNames: [...member.topics],
      subscribedTopicRegex: member.regex ?? "",
      assignment: tell(broker, new Set([...member.assigned, ...member.revoking])),
      targetAssignment: tell(broker, state.target.get(member.memberId) ?? NO_PARTITIONS),
      memberType: member.classic === undefined ? CONSUMER_MEMBER : CLASSIC_MEMBER,
    }),
  );
  const epochs = { groupEpoch: state.epoch, assignmentEpoch: state.assignmentEpoch };
  return newDescribedGroup({
    groupId,
    groupState: phaseOf(state),
    ...epochs,
    assignorName: assignorOf(state),
    members,
    authorizedOperations,
  });
}

/** Topics that are gone are left out. */
function tell(broker: BrokerContext, assigned: Partitions) {
  const topicPartitions = [...byTopic(assigned)].flatMap(([topicId, partitions]) => {
    const topic = broker.topics.byId(topicId);
    return topic === undefined ? [] : [newTopicPartitions({ topicId, topicName: topic.name, partitions })];
  });
  return newAssignment({ topicPartitions });
}
