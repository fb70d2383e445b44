// SyncGroup (14): versions 0–5. The leader's assignment is in the log before any member gets its part. KIP-345, KIP-559.
import { ErrorCode } from "../../protocol/errors.ts";
import { newSyncGroupResponse } from "../../protocol/generated/sync-group.gen.ts";
import { defineApi } from "../api.ts";

const PROTOCOL_FROM = 5;

export const syncGroup = defineApi("SyncGroup", {
  async handle(broker, request, call) {
    if (call.version >= PROTOCOL_FROM && (request.protocolType === null || request.protocolName === null)) {
      return newSyncGroupResponse({ errorCode: ErrorCode.INCONSISTENT_GROUP_PROTOCOL });
    }
    if (request.groupId === "") return newSyncGroupResponse({ errorCode: ErrorCode.INVALID_GROUP_ID });
    const reply = await broker.groups.sync(request.groupId, {
      memberId: request.memberId,
      instanceId: request.groupInstanceId,
      generation: request.generationId,
      protocolType: request.protocolType,
      protocol: request.protocolName,
      assignments: new Map(request.assignments.map(({ memberId, assignment }) => [memberId, assignment.slice()])),
    });
    return newSyncGroupResponse({
      errorCode: reply.error,
      protocolType: reply.protocolType,
      protocolName: reply.protocol,
      assignment: reply.assignment,
    });
  },
});
