// Replaces all settings of a resource (KIP-133). IncrementalAlterConfigs is its successor.
import { api, list } from "./table.ts";

export const alterConfigs = api(33, "AlterConfigs", {
  versions: "0-2",
  flexible: "2+",
  request: {
    resources: list("AlterConfigsResource", "0+", {
      resourceType: "int8 0+",
      resourceName: "string 0+",
      configs: list("AlterableConfig", "0+", {
        name: "string 0+",
        value: "string? 0+",
      }),
    }),
    validateOnly: "bool 0+",
  },
  response: {
    throttleTimeMs: "int32 0+",
    responses: list("AlterConfigsResourceResponse", "0+", {
      errorCode: "int16 0+",
      errorMessage: "string? 0+",
      resourceType: "int8 0+",
      resourceName: "string 0+",
    }),
  },
});
