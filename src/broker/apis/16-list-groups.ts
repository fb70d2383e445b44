// ListGroups (16): versions 0–5. Filters by state (KIP-518) and type (KIP-848), both without regard to case; all groups are "classic".
import { newListedGroup, newListGroupsResponse } from "../../protocol/generated/list-groups.gen.ts";
import { defineApi } from "../api.ts";

const TYPE = "classic";

export const listGroups = defineApi("ListGroups", {
  handle(broker, request) {
    const states = new Set(request.statesFilter.map((state) => state.toLowerCase()));
    const types = new Set(request.typesFilter.map((type) => type.toLowerCase()));
    const groups = [];
    for (const groupId of broker.groups.groupIds()) {
      const state = broker.groups.describe(groupId)!;
      if (states.size > 0 && !states.has(state.phase.toLowerCase())) continue;
      if (types.size > 0 && !types.has(TYPE)) continue;
      groups.push(newListedGroup({ groupId, protocolType: state.protocolType ?? "", groupState: state.phase, groupType: TYPE }));
    }
    return newListGroupsResponse({ groups });
  },
});
