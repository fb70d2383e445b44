// What a consumer tells its group's leader inside JoinGroup. Preceded by its version (int16) on the wire; newer versions only add fields.
import { list, message } from "./table.ts";

export const consumerProtocolSubscription = message("ConsumerProtocolSubscription", {
  versions: "0-3",
  flexible: "none",
  fields: {
    topics: "[]string 0+",
    userData: "bytes? 0+ default=null",
    ownedPartitions: list("TopicPartition", "1+ ignorable", {
      topic: "string 1+",
      partitions: "[]int32 1+",
    }),
    generationId: "int32 2+ default=-1 ignorable",
    rackId: "string? 3+ default=null ignorable",
  },
});
