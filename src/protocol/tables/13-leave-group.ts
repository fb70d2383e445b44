// Members leave a classic group; several at once from version 3 (KIP-345).
import { api, list } from "./table.ts";

export const leaveGroup = api(13, "LeaveGroup", {
  versions: "0-5",
  flexible: "4+",
  request: {
    groupId: "string 0+",
    memberId: "string 0-2",
    members: list("MemberIdentity", "3+", {
      memberId: "string 3+",
      groupInstanceId: "string? 3+ default=null",
      reason: "string? 5+ default=null ignorable",
    }),
  },
  response: {
    throttleTimeMs: "int32 1+ ignorable",
    errorCode: "int16 0+",
    members: list("MemberResponse", "3+", {
      memberId: "string 3+",
      groupInstanceId: "string? 3+",
      errorCode: "int16 3+",
    }),
  },
});
