// What lies in a log directory, or in a single partition's, as far as names tell. Reads only.
import type { Files } from "../../env/files.ts";
import { LOG_SUFFIX, offsetFileName, offsetOfFileName, parsePartitionDirectory } from "../segment-files.ts";

export interface PartitionFiles {
  /** "topic-partition". */
  readonly name: string;
  readonly directory: string;
  readonly names: readonly string[];
  readonly segments: readonly SegmentFile[];
}

export interface SegmentFile {
  readonly baseOffset: number;
  /** The next segment's first offset, Infinity for the last one. */
  readonly untilOffset: number;
  readonly path: string;
}

/** Apache Kafka's own: it keeps the topic's id in every partition's directory. */
export function isOfApacheKafka({ names }: PartitionFiles): boolean {
  return names.includes("partition.metadata");
}

/** undefined if `directory` is no partition's. */
export async function partitionFiles(files: Files, directory: string): Promise<PartitionFiles | undefined> {
  const name = directory.replace(/\/+$/, "").split("/").at(-1)!;
  if (parsePartitionDirectory(name) === undefined) return undefined;
  const names = await files.list(directory);
  const bases = names.map((file) => offsetOfFileName(file, LOG_SUFFIX)).filter((base) => base >= 0);
  if (bases.length === 0) return undefined;
  const segments = bases.map((baseOffset, i) => ({
    baseOffset,
    untilOffset: bases[i + 1] ?? Infinity,
    path: `${directory}/${offsetFileName(baseOffset, LOG_SUFFIX)}`,
  }));
  return { name, directory, names, segments };
}

/** All partitions of a log directory, by name and number; of `topic` only if it is given ("orders" or "orders-3"). */
export async function findPartitions(files: Files, logDirectory: string, topic?: string): Promise<PartitionFiles[]> {
  const found: PartitionFiles[] = [];
  for (const name of await files.list(logDirectory)) {
    const parsed = parsePartitionDirectory(name);
    if (parsed === undefined || (topic !== undefined && topic !== name && topic !== parsed.topic)) continue;
    const partition = await partitionFiles(files, `${logDirectory}/${name}`);
    if (partition !== undefined) found.push(partition);
  }
  return found;
}
