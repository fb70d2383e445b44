// All groups a broker coordinates; filters by state (KIP-518) and type (KIP-848).
import { api, list } from "./table.ts";

export const listGroups = api(16, "ListGroups", {
  versions: "0-5",
  flexible: "3+",
  request: {
    statesFilter: "[]string 4+",
    typesFilter: "[]string 5+",
  },
  response: {
    throttleTimeMs: "int32 1+ ignorable",
    errorCode: "int16 0+",
    groups: list("ListedGroup", "0+", {
      groupId: "string 0+",
      protocolType: "string 0+",
      groupState: "string 4+ ignorable",
      groupType: "string 5+ ignorable",
    }),
  },
});
