// DescribeLogDirs (35): versions 1–5. The one log directory with the sizes of its partitions and what is free on its disk; the disk's
// whole size is not known here (-1). KIP-113, KIP-827, KIP-1066.
import {
  newDescribeLogDirsPartition,
  newDescribeLogDirsResponse,
  newDescribeLogDirsResult,
  newDescribeLogDirsTopic,
  type DescribableLogDirTopic,
} from "../../protocol/generated/describe-log-dirs.gen.ts";
import { defineApi } from "../api.ts";

export const describeLogDirs = defineApi("DescribeLogDirs", {
  async handle(broker, request) {
    const asked = request.topics === null ? undefined : byName(request.topics);
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

/** A topic may be named twice, for other partitions. */
function byName(topics: readonly DescribableLogDirTopic[]): Map<string, Set<number>> {
  const asked = new Map<string, Set<number>>();
  for (const { topic, partitions } of topics) {
    const known = asked.get(topic);
    if (known === undefined) asked.set(topic, new Set(partitions));
    else for (const partition of partitions) known.add(partition);
  }
  return asked;
}
