// State and members of classic groups.
import { api, list } from "./table.ts";

export const describeGroups = api(15, "DescribeGroups", {
  versions: "0-6",
  flexible: "5+",
  request: {
    groups: "[]string 0+",
    includeAuthorizedOperations: "bool 3+",
  },
  response: {
    throttleTimeMs: "int32 1+ ignorable",
    groups: list("DescribedGroup", "0+", {
      errorCode: "int16 0+",
      errorMessage: "string? 6+ default=null",
      groupId: "string 0+",
      groupState: "string 0+",
      protocolType: "string 0+",
      protocolData: "string 0+",
      members: list("DescribedGroupMember", "0+", {
        memberId: "string 0+",
        groupInstanceId: "string? 4+ default=null ignorable",
        clientId: "string 0+",
        clientHost: "string 0+",
        memberMetadata: "bytes 0+",
        memberAssignment: "bytes 0+",
      }),
      authorizedOperations: "int32 3+ default=-2147483648",
    }),
  },
});
