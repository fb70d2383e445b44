// What the broker speaks, and its features (KIP-584). Its response header is always version 0 (KIP-511).
import { api, list } from "./table.ts";

export const apiVersions = api(18, "ApiVersions", {
  versions: "0-4",
  flexible: "3+",
  request: {
    clientSoftwareName: "string 3+ ignorable",
    clientSoftwareVersion: "string 3+ ignorable",
  },
  response: {
    errorCode: "int16 0+",
    apiKeys: list("ApiVersion", "0+", {
      apiKey: "int16 0+",
      minVersion: "int16 0+",
      maxVersion: "int16 0+",
    }),
    throttleTimeMs: "int32 1+ ignorable",
    supportedFeatures: list("SupportedFeatureKey", "3+ tag=0 ignorable", {
      name: "string 3+",
      minVersion: "int16 3+",
      maxVersion: "int16 3+",
    }),
    finalizedFeaturesEpoch: "int64 3+ tag=1 default=-1 ignorable",
    finalizedFeatures: list("FinalizedFeatureKey", "3+ tag=2 ignorable", {
      name: "string 3+",
      maxVersionLevel: "int16 3+",
      minVersionLevel: "int16 3+",
    }),
    zkMigrationReady: "bool 3+ tag=3 ignorable",
  },
});
