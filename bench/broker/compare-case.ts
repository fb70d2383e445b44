// A case of the comparison: one piece of work that a client does with a broker, and what it tells of it.
export type Tool = "java" | "kcat" | "own" | "wire";

export interface Case {
  readonly name: string;
  readonly tool: Tool;
  readonly kind: "produce" | "consume" | "latency" | "requests";
  readonly valueBytes: number;
  readonly records: number;
  readonly batchBytes: number;
  readonly acks: "all" | 1;
  readonly partitions: number;
  /** Of kind "requests". */
  readonly connections?: number;
}

export interface Figures {
  readonly recordsPerS?: number;
  readonly mbPerS?: number;
  readonly p50Ms?: number;
  readonly p99Ms?: number;
}

export const DEFAULT_BATCH = 16_384;
export const LARGE_BATCH = 131_072;
/** What the default and the large batches wait for more records. */
export const lingerMs = ({ batchBytes }: Case): number => (batchBytes === DEFAULT_BATCH ? 0 : 10);

interface Variant {
  readonly acks?: "all" | 1;
  readonly partitions?: number;
  readonly large?: boolean;
}

function produce(tool: Tool, valueBytes: number, records: number, { acks = "all", partitions = 1, large = false }: Variant = {}): Case {
  const parts = [tool, "produce", `${valueBytes}B`, large ? "128KB-batches" : "default-batches"];
  if (acks !== "all") parts.push(`acks-${acks}`);
  if (partitions > 1) parts.push(`${partitions}-partitions`);
  return {
    name: parts.join("-"),
    tool,
    kind: "produce",
    valueBytes,
    records,
    batchBytes: large ? LARGE_BATCH : DEFAULT_BATCH,
    acks,
    partitions,
  };
}

function other(tool: Tool, kind: Case["kind"], name: string, valueBytes: number, records: number, connections?: number): Case {
  const batchBytes = kind === "consume" ? LARGE_BATCH : DEFAULT_BATCH;
  const common = { name: `${tool}-${name}`, tool, kind, valueBytes, records, batchBytes, acks: "all", partitions: 1 } as const;
  return connections === undefined ? common : { ...common, connections };
}

/** 1,000-byte records where a tool makes "1 KB". */
export const CASES: readonly Case[] = [
  produce("java", 100, 2_000_000),
  produce("java", 100, 3_000_000, { large: true }),
  produce("java", 1000, 300_000),
  produce("java", 1000, 300_000, { acks: 1 }),
  produce("java", 1000, 300_000, { partitions: 6 }),
  produce("java", 1000, 600_000, { large: true }),
  produce("java", 1000, 600_000, { large: true, partitions: 6 }),
  other("java", "consume", "consume-100B", 100, 3_000_000),
  other("java", "consume", "consume-1000B", 1000, 600_000),
  other("java", "latency", "end-to-end-latency", 100, 5000),
  produce("kcat", 100, 2_000_000, { large: true }),
  produce("kcat", 1000, 400_000, { large: true }),
  other("kcat", "consume", "consume-100B", 100, 3_000_000),
  other("kcat", "consume", "consume-1000B", 1000, 600_000),
  produce("own", 100, 3_000_000, { large: true }),
  produce("own", 1000, 600_000, { large: true }),
  other("own", "consume", "consume-100B", 100, 3_000_000),
  other("own", "latency", "end-to-end-latency-1000-per-s", 100, 10_000),
  other("wire", "requests", "unbatched-10-connections", 100, 20_000, 10),
  other("wire", "requests", "unbatched-100-connections", 100, 20_000, 100),
  other("wire", "requests", "unbatched-1000-connections", 100, 20_000, 1000),
];
