// Sets, deletes, appends to or subtracts from single settings (KIP-339).
import { api, list } from "./table.ts";

export const incrementalAlterConfigs = api(44, "IncrementalAlterConfigs", {
  versions: "0-1",
  flexible: "1+",
  request: {
    resources: list("AlterConfigsResource", "0+", {
      resourceType: "int8 0+",
      resourceName: "string 0+",
      configs: list("AlterableConfig", "0+", {
        name: "string 0+",
        configOperation: "int8 0+",
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
