// Sizes of partitions by log directory (KIP-113, KIP-827).
import { api, list } from "./table.ts";

export const describeLogDirs = api(35, "DescribeLogDirs", {
  versions: "1-5",
  flexible: "2+",
  request: {
    topics: list("DescribableLogDirTopic", "0+ nullable", {
      topic: "string 0+",
      partitions: "[]int32 0+",
    }),
  },
  response: {
    throttleTimeMs: "int32 0+",
    errorCode: "int16 3+ ignorable",
    results: list("DescribeLogDirsResult", "0+", {
      errorCode: "int16 0+",
      logDir: "string 0+",
      topics: list("DescribeLogDirsTopic", "0+", {
        name: "string 0+",
        partitions: list("DescribeLogDirsPartition", "0+", {
          partitionIndex: "int32 0+",
          partitionSize: "int64 0+",
          offsetLag: "int64 0+",
          isFutureKey: "bool 0+",
        }),
      }),
      totalBytes: "int64 4+ default=-1 ignorable",
      usableBytes: "int64 4+ default=-1 ignorable",
      isCordoned: "bool 5+ ignorable",
    }),
  },
});
