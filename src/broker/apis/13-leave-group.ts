// LeaveGroup (13): versions 0–5. One member up to v2, several from v3 (KIP-345); reasons (KIP-800) are not kept.
import { ErrorCode } from "../../protocol/errors.ts";
import { newLeaveGroupResponse, newMemberResponse } from "../../protocol/generated/leave-group.gen.ts";
import { defineApi } from "../api.ts";

const SEVERAL_FROM = 3;

export const leaveGroup = defineApi("LeaveGroup", {
  async handle(broker, request, call) {
    if (request.groupId === "") return newLeaveGroupResponse({ errorCode: ErrorCode.INVALID_GROUP_ID });
    const several = call.version >= SEVERAL_FROM;
    const leaving = several
      ? request.members.map(({ memberId, groupInstanceId }) => ({ memberId, instanceId: groupInstanceId }))
      : [{ memberId: request.memberId, instanceId: null }];
    const { members } = await broker.groups.leave(request.groupId, leaving);
    if (!several) return newLeaveGroupResponse({ errorCode: members[0]!.error });
    return newLeaveGroupResponse({
      members: members.map(({ memberId, instanceId, error }) =>
        newMemberResponse({ memberId, groupInstanceId: instanceId, errorCode: error }),
      ),
    });
  },
});
