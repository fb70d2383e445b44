// A member of a classic group is alive.
import { api } from "./table.ts";

export const heartbeat = api(12, "Heartbeat", {
  versions: "0-4",
  flexible: "4+",
  request: {
    groupId: "string 0+",
    generationId: "int32 0+",
    memberId: "string 0+",
    groupInstanceId: "string? 3+ default=null",
  },
  response: {
    throttleTimeMs: "int32 1+ ignorable",
    errorCode: "int16 0+",
  },
});
