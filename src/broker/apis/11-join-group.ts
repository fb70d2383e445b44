// JoinGroup (11): versions 0–9. Classic protocol; the decisions are in coordinators/group, for classic members of a consumer group in
// coordinators/consumer-group/classic-member.ts. KIP-62, KIP-345, KIP-394, KIP-559, KIP-814, KIP-848.
import { newJoinGroupResponse, newJoinGroupResponseMember } from "../../protocol/generated/join-group.gen.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import { defineApi } from "../api.ts";
import { randomUuid } from "../../env/uuid.ts";

const REBALANCE_TIMEOUT_FROM = 1;
const KNOWN_MEMBER_ID_FROM = 4;
const PROTOCOL_TYPE_FROM = 7;
const SKIP_ASSIGNMENT_FROM = 9;

export const joinGroup = defineApi("JoinGroup", {
  async handle(broker, request, call) {
    const noProtocol = call.version >= PROTOCOL_TYPE_FROM ? null : "";
    if (request.groupId === "")
      return newJoinGroupResponse({ errorCode: ErrorCode.INVALID_GROUP_ID, memberId: request.memberId, protocolName: noProtocol });
    const instanceId = request.groupInstanceId;
    const reply = await broker.groups.join(request.groupId, {
      memberId: request.memberId,
      freshMemberId: `${instanceId ?? call.clientId}-${randomUuid(broker.env.random)}`,
      instanceId,
      clientId: call.clientId,
      clientHost: call.clientHost,
      sessionTimeoutMs: request.sessionTimeoutMs,
      rebalanceTimeoutMs: call.version >= REBALANCE_TIMEOUT_FROM ? request.rebalanceTimeoutMs : request.sessionTimeoutMs,
      protocolType: request.protocolType,
      protocols: request.protocols.map(({ name, metadata }) => ({ name, metadata: metadata.slice() })), // the frame is not kept alive
      requireKnownMemberId: call.version >= KNOWN_MEMBER_ID_FROM && instanceId === null,
      canSkipAssignment: call.version >= SKIP_ASSIGNMENT_FROM,
    });
    return newJoinGroupResponse({
      errorCode: reply.error,
      generationId: reply.generation,
      protocolType: reply.protocolType,
      protocolName: reply.protocol ?? noProtocol,
      leader: reply.leader,
      skipAssignment: reply.skipAssignment,
      memberId: reply.memberId,
      members: reply.members.map(({ memberId, instanceId: groupInstanceId, metadata }) =>
        newJoinGroupResponseMember({ memberId, groupInstanceId, metadata }),
      ),
    });
  },
});
