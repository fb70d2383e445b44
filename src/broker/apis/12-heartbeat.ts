// Heartbeat (12): versions 0–4. Keeps a member's session alive and tells it of a rebalance. KIP-345 (instance ids).
import { ErrorCode } from "../../protocol/errors.ts";
import { newHeartbeatResponse } from "../../protocol/generated/heartbeat.gen.ts";
import { defineApi } from "../api.ts";

export const heartbeat = defineApi("Heartbeat", {
  async handle(broker, request) {
    if (request.groupId === "") return newHeartbeatResponse({ errorCode: ErrorCode.INVALID_GROUP_ID });
    const caller = { memberId: request.memberId, instanceId: request.groupInstanceId, generation: request.generationId };
    return newHeartbeatResponse({ errorCode: await broker.groups.heartbeat(request.groupId, caller) });
  },
});
