// `npm run bench:broker -- --compare`: Kafka's own ProducerPerformance, ConsumerPerformance and EndToEndLatency against our broker and against
// Apache Kafka, in one run, each side a process of its own on the same disk, at both durabilities. One line per case and side, then what
// the goals make of it. Needs java and mvn.
import { readFileSync } from "node:fs";
import { compileJava, type Java } from "../../test/kafka/java.ts";
import { missingForKafka } from "../../test/kafka/kafka-jars.ts";
import { startApacheKafka } from "../../test/kafka/apache-kafka.ts";
import { startMillrace, type RunningBroker } from "../../test/kafka/targets.ts";

interface Side {
  readonly name: "millrace" | "apache";
  /** "disk": flushed before the acknowledgement; of Apache Kafka, per append. */
  readonly durability: "disk" | "page-cache";
  start(): Promise<RunningBroker>;
}

interface Case {
  readonly name: string;
  readonly kind: "produce" | "consume" | "latency";
  readonly valueBytes: number;
  readonly records: number;
  readonly batchBytes: number;
}

interface Figures {
  readonly recordsPerS?: number;
  readonly mbPerS?: number;
  readonly p99Ms?: number;
}

type Line = Figures & {
  readonly case: string;
  readonly side: string;
  readonly durability: string;
  readonly brokerCpuS: number;
  readonly recordsPerCpuS: number;
  readonly rssMb: number;
};

const DEFAULT_BATCH = 16_384;
const LARGE_BATCH = 131_072;
const TOOL_TIMEOUT_MS = 300_000;
const TICKS_PER_S = 100;
const PAGE_BYTES = 4096;
const TOOLS = "org.apache.kafka.tools.";
/** As a broker is run, not as a test starts one. */
const BROKER_JVM = ["-Xms512m", "-Xmx1g", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20"];

const SIDES: readonly Side[] = [
  ...(["page-cache", "disk"] as const).map((durability): Side => {
    const flushing = durability === "disk" ? { "log.flush.interval.messages": "1" } : {};
    const start = async () => {
      const { port, pid, stop } = await startApacheKafka(flushing, BROKER_JVM);
      return { brokers: `127.0.0.1:${port}`, pid, stop };
    };
    return { name: "apache", durability, start };
  }),
  ...(["page-cache", "disk"] as const).map((durability): Side => ({
    name: "millrace",
    durability,
    start: () => startMillrace({}, ["--durability", durability]),
  })),
];

const produce = (valueBytes: number, batchBytes: number, records: number): Case => {
  const name = `produce-${valueBytes}B-${batchBytes === DEFAULT_BATCH ? "default" : "128KB"}-batches`;
  return { name, kind: "produce", valueBytes, records, batchBytes };
};
const CASES: readonly Case[] = [
  produce(100, DEFAULT_BATCH, 2_000_000),
  produce(100, LARGE_BATCH, 3_000_000),
  produce(1000, DEFAULT_BATCH, 300_000),
  produce(1000, LARGE_BATCH, 600_000),
  { name: "consume-100B", kind: "consume", valueBytes: 100, records: 3_000_000, batchBytes: LARGE_BATCH },
  { name: "consume-1000B", kind: "consume", valueBytes: 1000, records: 600_000, batchBytes: LARGE_BATCH },
  { name: "end-to-end-latency", kind: "latency", valueBytes: 100, records: 5000, batchBytes: DEFAULT_BATCH },
];

export async function compare(print: (line: object) => void, only: string | undefined, scale: number): Promise<void> {
  const missing = missingForKafka();
  if (missing !== undefined) throw new Error(missing);
  const java = compileJava();
  const lines: Line[] = [];
  try {
    for (const side of SIDES) {
      const broker = await side.start();
      try {
        for (const one of CASES) {
          if (only !== undefined && !one.name.includes(only)) continue;
          const line = await measured(java, broker, side, { ...one, records: Math.max(1000, Math.round(one.records * scale)) });
          lines.push(line);
          print(line);
        }
      } finally {
        await broker.stop();
      }
    }
  } finally {
    java.dispose();
  }
  for (const goal of goals(lines)) print(goal);
}

async function measured(java: Java, broker: RunningBroker, side: Side, one: Case): Promise<Line> {
  const topic = `${one.name}-${side.durability}`;
  await tool(java, "TopicCommand", broker, ["--create", "--topic", topic, "--partitions", "1", "--replication-factor", "1"]);
  if (one.kind === "consume") await run(java, broker, { ...one, kind: "produce" }, topic);
  const before = cpuSeconds(broker.pid);
  const figures = await run(java, broker, one, topic);
  const brokerCpuS = cpuSeconds(broker.pid) - before;
  await tool(java, "TopicCommand", broker, ["--delete", "--topic", topic]);
  const { name, durability } = side;
  const recordsPerCpuS = Math.round(one.records / Math.max(brokerCpuS, 1 / TICKS_PER_S));
  return { case: one.name, side: name, durability, ...figures, brokerCpuS: round(brokerCpuS), recordsPerCpuS, rssMb: rssMb(broker.pid) };
}

async function run(java: Java, broker: RunningBroker, one: Case, topic: string): Promise<Figures> {
  const records = String(one.records);
  if (one.kind === "produce") {
    const properties = ["acks=all", `batch.size=${one.batchBytes}`, `linger.ms=${one.batchBytes === DEFAULT_BATCH ? 0 : 10}`];
    const sizes = ["--num-records", records, "--record-size", String(one.valueBytes), "--throughput", "-1"];
    const told = await tool(java, "ProducerPerformance", broker, ["--topic", topic, ...sizes, "--command-property", ...properties]);
    const [, perS, mb, p99] = /([\d.]+) records\/sec \(([\d.]+) MB\/sec\).* ([\d.]+) ms 99th/.exec(told.at(-1) ?? "") ?? failed(told);
    return { recordsPerS: Math.round(Number(perS)), mbPerS: Number(mb), p99Ms: Number(p99) };
  }
  if (one.kind === "consume") {
    const told = await tool(java, "ConsumerPerformance", broker, ["--topic", topic, "--num-records", records, "--timeout", "60000"]);
    const columns = told.find((line) => /^\d{4}-\d\d-\d\d .*,/.test(line))?.split(", ") ?? failed(told);
    return { recordsPerS: Math.round(Number(columns.at(-1))), mbPerS: Number(columns.at(-2)) }; // of the fetching, without the joining
  }
  const args = ["--topic", topic, "--num-records", records, "--producer-acks", "all", "--record-size", String(one.valueBytes)];
  const told = await tool(java, "EndToEndLatency", broker, args);
  const [, p99] = /99th = ([\d.]+)/.exec(told.join(" ")) ?? failed(told);
  return { p99Ms: Number(p99) };
}

function failed(told: readonly string[]): never {
  throw new Error(`The tool told no figures:\n${told.join("\n")}`);
}

async function tool(java: Java, name: string, broker: RunningBroker, args: readonly string[]): Promise<string[]> {
  const process = java.run(TOOLS + name, ["--bootstrap-server", broker.brokers, ...args], ["-XX:TieredStopAtLevel=4", "-Xmx512m"]);
  const guard = setTimeout(() => process.child.kill("SIGKILL"), TOOL_TIMEOUT_MS);
  const ended = await process.ended;
  clearTimeout(guard);
  if (ended !== 0) throw new Error(`${name} ended with ${ended}:\n${process.lines.join("\n")}\n${process.stderr()}`);
  return process.lines;
}

/** Of the whole process, user and system. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S;
}

const rssMb = (pid: number): number => Math.round((Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * PAGE_BYTES) / 1e6);
const round = (value: number): number => Math.round(value * 100) / 100;

/** Ours through Apache Kafka's, and whether it is what it should be. */
function* goals(lines: readonly Line[]): Generator<object> {
  const find = (name: string, side: string, durability: string) =>
    lines.find((line) => line.case === name && line.side === side && line.durability === durability);
  const ratio = function* (name: string, ours: string, apache: string, figure: keyof Line, goal: number, atMost = false) {
    const [a, b] = [find(name, "millrace", ours)?.[figure], find(name, "apache", apache)?.[figure]];
    if (typeof a !== "number" || typeof b !== "number" || b === 0) return;
    const value = round(a / b);
    const wanted = `${atMost ? "at most" : "at least"} ${goal}`;
    yield { goal: `${name}: ${figure}, ours (${ours}) to Apache Kafka (${apache})`, ratio: value, wanted, reached: atMost ? value <= goal : value >= goal }; // prettier-ignore
  };
  for (const { name, kind, valueBytes, batchBytes } of CASES) {
    if (kind === "produce") {
      yield* ratio(name, "page-cache", "page-cache", "recordsPerS", 1);
      if (valueBytes === 1000) yield* ratio(name, "page-cache", "page-cache", "recordsPerCpuS", 1.3);
      yield* ratio(name, "disk", "disk", "recordsPerS", batchBytes === DEFAULT_BATCH ? 3 : 1);
      yield* ratio(name, "disk", "page-cache", "recordsPerS", 0.6);
    } else if (kind === "consume") yield* ratio(name, "page-cache", "page-cache", "recordsPerS", 1);
    else for (const durability of ["page-cache", "disk"]) yield* ratio(name, durability, durability, "p99Ms", 1, true);
  }
  const last = CASES.at(-1)!.name;
  yield* ratio(last, "disk", "disk", "rssMb", 0.2, true);
}
