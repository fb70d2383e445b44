// Names of resources that can have settings (KIP-1142).
import { api, list } from "./table.ts";

export const listConfigResources = api(74, "ListConfigResources", {
  versions: "0-1",
  flexible: "0+",
  request: {
    resourceTypes: "[]int8 1+",
  },
  response: {
    throttleTimeMs: "int32 0+",
    errorCode: "int16 0+",
    configResources: list("ConfigResource", "0+", {
      resourceName: "string 0+",
      resourceType: "int8 1+ default=16 ignorable",
    }),
  },
});
