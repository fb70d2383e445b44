// DescribeLogDirs (35): versions 1–5. The one log directory with the sizes of its partitions and what is free on its disk; the disk's
// whole size is not known here (-1). KIP-113, KIP-827, KIP-1066.
import {
  newDescribeLogDirsPartition,
  newDescribeLogDirsResponse,
  newDescribeLogDirsResult,
  newDescribeLogDirsTopic,
} from "../../protocol/generated/describe-log-dirs.gen.ts";
import { defineApi } from "../api.ts";

export const describeLogDirs = defineApi("DescribeLogDirs", {
  async handle(broker, request) {
    const asked =
      request.topics === null ? undefined : new Map(request.topics.map(({ topic, partitions }) => [topic, new Set(partitions)]));
    const topics = [];
    for (const { name, partitions } of broker.topics.all()) {
      const wanted = asked?.get(name);
      if (asked !== undefined && wanted === undefined) continue;
      const sizes = partitions.flatMap(({ sizeBytes: partitionSize }, partitionIndex) =>
        wanted === undefined || wanted.has(partitionIndex) ? [newDescribeLogDirsPartition({ partitionIndex, partitionSize })] : [],
      );
      if (sizes.length > 0) topics.push(newDescribeLogDirsTopic({ name, partitions: sizes }));
    }
    const usableBytes = await broker.env.files.freeBytes(broker.logs.path);
    return newDescribeLogDirsResponse({ results: [newDescribeLogDirsResult({ logDir: broker.logs.path, topics, usableBytes })] });
  },
});
