// DeleteGroups (42): versions 0–2. Only groups without members go. KIP-229.
import { newDeletableGroupResult, newDeleteGroupsResponse } from "../../protocol/generated/delete-groups.gen.ts";
import { defineApi } from "../api.ts";

export const deleteGroups = defineApi("DeleteGroups", {
  async handle(broker, request) {
    const results = [];
    for (const groupId of new Set(request.groupsNames)) {
      results.push(newDeletableGroupResult({ groupId, errorCode: await broker.groups.deleteGroup(groupId) }));
    }
    return newDeleteGroupsResponse({ results });
  },
});
