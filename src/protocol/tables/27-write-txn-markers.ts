// The transaction coordinator has commit or abort markers written to partitions (KIP-98).
import { api, list } from "./table.ts";

export const writeTxnMarkers = api(27, "WriteTxnMarkers", {
  versions: "1-2",
  flexible: "1+",
  request: {
    markers: list("WritableTxnMarker", "0+", {
      producerId: "int64 0+",
      producerEpoch: "int16 0+",
      transactionResult: "bool 0+",
      topics: list("WritableTxnMarkerTopic", "0+", {
        name: "string 0+",
        partitionIndexes: "[]int32 0+",
      }),
      coordinatorEpoch: "int32 0+",
      transactionVersion: "int8 2+ ignorable",
    }),
  },
  response: {
    markers: list("WritableTxnMarkerResult", "0+", {
      producerId: "int64 0+",
      topics: list("WritableTxnMarkerTopicResult", "0+", {
        name: "string 0+",
        partitions: list("WritableTxnMarkerPartitionResult", "0+", {
          partitionIndex: "int32 0+",
          errorCode: "int16 0+",
        }),
      }),
    }),
  },
});
