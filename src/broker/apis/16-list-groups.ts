// ListGroups (16): versions 0–5. Filters by state (KIP-518) and type (KIP-848), both without regard to case; groups are "classic" or
// "consumer".
import { newListedGroup, newListGroupsResponse } from "../../protocol/generated/list-groups.gen.ts";
import { defineApi } from "../api.ts";
import { phaseOf } from "../coordinators/consumer-group/state.ts";

export const listGroups = defineApi("ListGroups", {
  handle(broker, request) {
    const states = new Set(request.statesFilter.map((state) => state.toLowerCase()));
    const types = new Set(request.typesFilter.map((type) => type.toLowerCase()));
    const groups = [];
    for (const groupId of broker.groups.groupIds()) {
      const consumers = broker.groups.consumers.get(groupId);
      const classic = broker.groups.describe(groupId)!;
      const groupState = consumers === undefined ? classic.phase : phaseOf(consumers);
      const groupType = consumers === undefined ? "classic" : "consumer";
      if (states.size > 0 && !states.has(groupState.toLowerCase())) continue;
      if (types.size > 0 && !types.has(groupType)) continue;
      const protocolType = consumers === undefined ? (classic.protocolType ?? "") : "consumer";
      groups.push(newListedGroup({ groupId, protocolType, groupState, groupType }));
    }
    return newListGroupsResponse({ groups });
  },
});
