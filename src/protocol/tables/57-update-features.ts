// Changes the levels of the cluster's features (KIP-584, KIP-778).
import { api, list } from "./table.ts";

export const updateFeatures = api(57, "UpdateFeatures", {
  versions: "0-2",
  flexible: "0+",
  request: {
    timeoutMs: "int32 0+ default=60000",
    featureUpdates: list("FeatureUpdateKey", "0+", {
      feature: "string 0+",
      maxVersionLevel: "int16 0+",
      allowDowngrade: "bool 0",
      upgradeType: "int8 1+ default=1",
    }),
    validateOnly: "bool 1+",
  },
  response: {
    throttleTimeMs: "int32 0+",
    errorCode: "int16 0+",
    errorMessage: "string? 0+",
    results: list("UpdatableFeatureResult", "0-1 ignorable", {
      feature: "string 0+",
      errorCode: "int16 0+",
      errorMessage: "string? 0+",
    }),
  },
});
