// DescribeGroups (15): versions 0–6. From v6 an unknown group is GROUP_ID_NOT_FOUND (KIP-1043); before, it is "Dead" without error.
import { ErrorCode } from "../../protocol/errors.ts";
import {
  newDescribedGroup,
  newDescribedGroupMember,
  newDescribeGroupsResponse,
  type DescribedGroup,
} from "../../protocol/generated/describe-groups.gen.ts";
import { defineApi, type BrokerContext } from "../api.ts";
import { GROUP_OPERATIONS, NOT_ASKED } from "../authorized-operations.ts";
import { metadataFor } from "../coordinators/group/replies.ts";
import { NO_BYTES } from "../coordinators/group/state.ts";

const NOT_FOUND_FROM = 6;

export const describeGroups = defineApi("DescribeGroups", {
  handle(broker, request, call) {
    const authorizedOperations = request.includeAuthorizedOperations ? GROUP_OPERATIONS : NOT_ASKED;
    return newDescribeGroupsResponse({
      groups: request.groups.map((groupId) => describe(broker, groupId, call.version, authorizedOperations)),
    });
  },
});

function describe(broker: BrokerContext, groupId: string, version: number, authorizedOperations: number): DescribedGroup {
  const state = broker.groups.describe(groupId);
  const isConsumerGroup = broker.groups.consumers.get(groupId) !== undefined;
  if (state === undefined || isConsumerGroup) {
    const missing = newDescribedGroup({ groupId, groupState: "Dead" });
    if (version < NOT_FOUND_FROM) return { ...missing, authorizedOperations };
    return {
      ...missing,
      errorCode: ErrorCode.GROUP_ID_NOT_FOUND,
      errorMessage: isConsumerGroup ? `Group ${groupId} is not a classic group.` : `Group ${groupId} not found.`,
    };
  }
  const assigned = state.phase === "Stable";
  const members = [...state.members.values()].map((member) =>
    newDescribedGroupMember({
      memberId: member.memberId,
      groupInstanceId: member.instanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      memberMetadata: assigned ? metadataFor(member, state.protocol) : NO_BYTES,
      memberAssignment: member.assignment,
    }),
  );
  return newDescribedGroup({
    groupId,
    groupState: state.phase,
    protocolType: state.protocolType ?? "",
    protocolData: assigned ? (state.protocol ?? "") : "",
    members,
    authorizedOperations,
  });
}
