// The cases of the comparison: each one piece of work that one client does with a broker, on both durabilities, and what it tells of it.
// Sizes are chosen so that Apache Kafka takes two to five seconds per case on two cores, a whole quiet run less than 25 minutes.
export type Tool = "java" | "kcat" | "own" | "wire";
export type Durability = "disk" | "page-cache";
export type Kind = "produce" | "consume" | "latency" | "requests" | "spread";

export interface Case {
  readonly name: string;
  readonly tool: Tool;
  readonly kind: Kind;
  readonly valueBytes: number;
  /** Flushing takes its time: fewer records there, but for the Java client, whose compilers would be all that is compared. None: not run there. */
  readonly records: Readonly<Record<Durability, number>>;
  /** "default": of the tool itself. librdkafka's own is a megabyte. */
  readonly batches: "default" | "128KB";
  readonly acks: "all" | 1;
  readonly partitions: number;
  /** Of kind "requests". */
  readonly connections: number;
}

/** One run of a case. */
export interface Work extends Omit<Case, "records"> {
  readonly records: number;
}

export interface Figures {
  readonly recordsPerS?: number;
  readonly mbPerS?: number;
  readonly p50Ms?: number;
  readonly p99Ms?: number;
}

export const LARGE_BATCH = 131_072;
/** What large batches wait for more records. */
export const LARGE_LINGER_MS = 10;

type Counts = readonly [pageCache: number, disk: number];

/** Records by tool, value size and batches. */
const PRODUCED: Readonly<Record<Exclude<Tool, "wire">, Readonly<Record<string, Counts>>>> = {
  java: { "100-default": [1_800_000, 1_800_000], "100-128KB": [2_400_000, 2_400_000], "1000-default": [360_000, 360_000], "1000-128KB": [600_000, 600_000] },
  kcat: { "100-default": [3_000_000, 1_500_000], "100-128KB": [3_000_000, 1_500_000], "1000-default": [500_000, 300_000], "1000-128KB": [500_000, 300_000] },
  own: { "100-default": [1_500_000, 400_000], "100-128KB": [3_000_000, 1_000_000], "1000-default": [300_000, 60_000], "1000-128KB": [500_000, 250_000] },
}; // prettier-ignore

function counts([pageCache, disk]: Counts): Record<Durability, number> {
  return { "page-cache": pageCache, disk };
}

function produceCases(tool: Exclude<Tool, "wire">): Case[] {
  const cases: Case[] = [];
  for (const valueBytes of [100, 1000]) {
    for (const batches of ["default", "128KB"] as const) {
      for (const acks of ["all", 1] as const) {
        for (const partitions of [1, 6]) {
          const name = `${tool}-produce-${valueBytes}B-${batches}-batches-acks-${acks}-${partitions}-partition${partitions > 1 ? "s" : ""}`;
          const records = counts(PRODUCED[tool][`${valueBytes}-${batches}`]!);
          cases.push({ name, tool, kind: "produce", valueBytes, records, batches, acks, partitions, connections: 1 });
        }
      }
    }
  }
  return cases;
}

type Shape = Partial<Pick<Case, "valueBytes" | "partitions" | "connections">>;

function other(tool: Tool, kind: Kind, name: string, records: Counts, shape: Shape = {}): Case {
  const { valueBytes = 100, partitions = 1, connections = 1 } = shape;
  const batches = kind === "consume" ? "128KB" : "default";
  return { name: `${tool}-${name}`, tool, kind, valueBytes, records: counts(records), batches, acks: "all", partitions, connections };
}

/** What is consumed: the cases of one size read one topic. */
const CONSUMED = { 100: 5_000_000, 1000: 1_000_000 } as const;

function consumeCases(tool: Tool): Case[] {
  return ([100, 1000] as const).map((valueBytes) =>
    other(tool, "consume", `consume-${valueBytes}B`, [CONSUMED[valueBytes], CONSUMED[valueBytes]], { valueBytes }),
  );
}

/** 1,000-byte records where a tool makes "1 KB". What needs most memory comes last. */
export const CASES: readonly Case[] = [
  ...produceCases("java"),
  ...produceCases("kcat"),
  ...produceCases("own"),
  ...consumeCases("java"),
  ...consumeCases("kcat"),
  ...consumeCases("own"),
  other("java", "latency", "end-to-end-latency-one-at-a-time", [5000, 2500]),
  other("own", "latency", "end-to-end-latency-1000-per-s", [5000, 5000]),
  other("wire", "requests", "unbatched-10-connections", [40_000, 15_000], { connections: 10 }),
  other("wire", "requests", "unbatched-100-connections", [40_000, 15_000], { connections: 100 }),
  other("wire", "requests", "unbatched-1000-connections", [40_000, 15_000], { connections: 1000 }),
  other("own", "spread", "produce-to-each-of-1000-partitions", [60_000, 3000], { partitions: 1000 }),
  other("own", "spread", "produce-to-each-of-5000-partitions", [60_000, 0], { partitions: 5000 }),
];
