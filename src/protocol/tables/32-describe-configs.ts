// Settings of topics, brokers and groups with their origin (KIP-133, KIP-226, KIP-569).
import { api, list } from "./table.ts";

export const describeConfigs = api(32, "DescribeConfigs", {
  versions: "1-4",
  flexible: "4+",
  request: {
    resources: list("DescribeConfigsResource", "0+", {
      resourceType: "int8 0+",
      resourceName: "string 0+",
      configurationKeys: "[]string? 0+",
    }),
    includeSynonyms: "bool 1+",
    includeDocumentation: "bool 3+",
  },
  response: {
    throttleTimeMs: "int32 0+",
    results: list("DescribeConfigsResult", "0+", {
      errorCode: "int16 0+",
      errorMessage: "string? 0+",
      resourceType: "int8 0+",
      resourceName: "string 0+",
      configs: list("DescribeConfigsResourceResult", "0+", {
        name: "string 0+",
        value: "string? 0+",
        readOnly: "bool 0+",
        configSource: "int8 1+ default=-1 ignorable",
        isSensitive: "bool 0+",
        synonyms: list("DescribeConfigsSynonym", "1+ ignorable", {
          name: "string 1+",
          value: "string? 1+ nullable=0+",
          source: "int8 1+",
        }),
        configType: "int8 3+ ignorable",
        documentation: "string? 3+ nullable=0+ ignorable",
      }),
    }),
  },
});
