// Forgets committed offsets of a group (KIP-496).
import { api, list } from "./table.ts";

export const offsetDelete = api(47, "OffsetDelete", {
  versions: "0",
  flexible: "none",
  request: {
    groupId: "string 0+",
    topics: list("OffsetDeleteRequestTopic", "0+", {
      name: "string 0+",
      partitions: list("OffsetDeleteRequestPartition", "0+", {
        partitionIndex: "int32 0+",
      }),
    }),
  },
  response: {
    errorCode: "int16 0+",
    throttleTimeMs: "int32 0+ ignorable",
    topics: list("OffsetDeleteResponseTopic", "0+", {
      name: "string 0+",
      partitions: list("OffsetDeleteResponsePartition", "0+", {
        partitionIndex: "int32 0+",
        errorCode: "int16 0+",
      }),
    }),
  },
});
