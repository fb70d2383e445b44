// Deletes empty groups (KIP-229).
import { api, list } from "./table.ts";

export const deleteGroups = api(42, "DeleteGroups", {
  versions: "0-2",
  flexible: "2+",
  request: {
    groupsNames: "[]string 0+",
  },
  response: {
    throttleTimeMs: "int32 0+",
    results: list("DeletableGroupResult", "0+", {
      groupId: "string 0+",
      errorCode: "int16 0+",
    }),
  },
});
