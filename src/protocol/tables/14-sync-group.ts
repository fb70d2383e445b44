// The leader of a classic group hands out assignments; every member gets its own.
import { api, list } from "./table.ts";

export const syncGroup = api(14, "SyncGroup", {
  versions: "0-5",
  flexible: "4+",
  request: {
    groupId: "string 0+",
    generationId: "int32 0+",
    memberId: "string 0+",
    groupInstanceId: "string? 3+ default=null",
    protocolType: "string? 5+ default=null ignorable",
    protocolName: "string? 5+ default=null ignorable",
    assignments: list("SyncGroupRequestAssignment", "0+", {
      memberId: "string 0+",
      assignment: "bytes 0+",
    }),
  },
  response: {
    throttleTimeMs: "int32 1+ ignorable",
    errorCode: "int16 0+",
    protocolType: "string? 5+ default=null ignorable",
    protocolName: "string? 5+ default=null ignorable",
    assignment: "bytes 0+",
  },
});
