// Moves the start of partitions forward (KIP-107).
import { api, list } from "./table.ts";

export const deleteRecords = api(21, "DeleteRecords", {
  versions: "0-2",
  flexible: "2+",
  request: {
    topics: list("DeleteRecordsTopic", "0+", {
      name: "string 0+",
      partitions: list("DeleteRecordsPartition", "0+", {
        partitionIndex: "int32 0+",
        offset: "int64 0+",
      }),
    }),
    timeoutMs: "int32 0+",
  },
  response: {
    throttleTimeMs: "int32 0+",
    topics: list("DeleteRecordsTopicResult", "0+", {
      name: "string 0+",
      partitions: list("DeleteRecordsPartitionResult", "0+", {
        partitionIndex: "int32 0+",
        lowWatermark: "int64 0+",
        errorCode: "int16 0+",
      }),
    }),
  },
});
