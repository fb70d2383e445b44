// The broker that coordinates a group or a transactional id; several keys at once from version 4 (KIP-699).
import { api, list } from "./table.ts";

export const findCoordinator = api(10, "FindCoordinator", {
  versions: "0-6",
  flexible: "3+",
  request: {
    key: "string 0-3",
    keyType: "int8 1+",
    coordinatorKeys: "[]string 4+",
  },
  response: {
    throttleTimeMs: "int32 1+ ignorable",
    errorCode: "int16 0-3",
    errorMessage: "string? 1-3 ignorable",
    nodeId: "int32 0-3",
    host: "string 0-3",
    port: "int32 0-3",
    coordinators: list("Coordinator", "4+", {
      key: "string 4+",
      nodeId: "int32 4+",
      host: "string 4+",
      port: "int32 4+",
      errorCode: "int16 4+",
      errorMessage: "string? 4+ ignorable",
    }),
  },
});
