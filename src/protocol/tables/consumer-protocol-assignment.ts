// What a group's leader gives a consumer inside SyncGroup. Preceded by its version (int16) on the wire; newer versions only add fields.
import { list, message } from "./table.ts";

export const consumerProtocolAssignment = message("ConsumerProtocolAssignment", {
  versions: "0-3",
  flexible: "none",
  fields: {
    assignedPartitions: list("TopicPartition", "0+", {
      topic: "string 0+",
      partitions: "[]int32 0+",
    }),
    userData: "bytes? 0+ default=null",
  },
});
