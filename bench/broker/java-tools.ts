// Kafka's own ProducerPerformance, ConsumerPerformance and EndToEndLatency.
import type { Java } from "../../test/kafka/java.ts";
import { LARGE_BATCH, LARGE_LINGER_MS, type Figures, type Work } from "./compare-case.ts";

const TOOLS = "org.apache.kafka.tools.";
const TOOL_TIMEOUT_MS = 300_000;
/** Of a producer's records these are not in its figures (KIP-1052): the JVM compiles meanwhile, for seconds of both processors. */
const WARM_UP = 1 / 2;

export async function runJava(java: Java, brokers: string, one: Work, topic: string): Promise<Figures> {
  const records = String(one.records);
  if (one.kind === "produce") {
    const large = one.batches === "default" ? [] : [`batch.size=${LARGE_BATCH}`, `linger.ms=${LARGE_LINGER_MS}`];
    const properties = [`acks=${one.acks}`, ...large];
    const sizes = ["--num-records", records, "--record-size", String(one.valueBytes), "--throughput", "-1"];
    const warmUp = ["--warmup-records", String(Math.round(one.records * WARM_UP))];
    const told = await tool(java, "ProducerPerformance", brokers, [
      "--topic",
      topic,
      ...sizes,
      ...warmUp,
      "--command-property",
      ...properties,
    ]);
    const [, perS, mb, p99] = /([\d.]+) records\/sec \(([\d.]+) MB\/sec\).* ([\d.]+) ms 99th/.exec(told.at(-1) ?? "") ?? failed(told);
    return { recordsPerS: Math.round(Number(perS)), mbPerS: Number(mb), p99Ms: Number(p99) };
  }
  if (one.kind === "consume") {
    const told = await tool(java, "ConsumerPerformance", brokers, ["--topic", topic, "--num-records", records, "--timeout", "60000"]);
    const columns = told.find((line) => /^\d{4}-\d\d-\d\d .*,/.test(line))?.split(", ") ?? failed(told);
    return { recordsPerS: Math.round(Number(columns.at(-1))), mbPerS: Number(columns.at(-2)) }; // of the fetching, without the joining
  }
  const args = ["--topic", topic, "--num-records", records, "--producer-acks", String(one.acks), "--record-size", String(one.valueBytes)];
  const told = await tool(java, "EndToEndLatency", brokers, args);
  const [, p50, p99] = /50th = ([\d.]+), 99th = ([\d.]+)/.exec(told.join(" ")) ?? failed(told);
  return { p50Ms: Number(p50), p99Ms: Number(p99) };
}

function failed(told: readonly string[]): never {
  throw new Error(`The tool told no figures:\n${told.join("\n")}`);
}

async function tool(java: Java, name: string, brokers: string, args: readonly string[]): Promise<string[]> {
  const process = java.run(TOOLS + name, ["--bootstrap-server", brokers, ...args], ["-XX:TieredStopAtLevel=4", "-Xmx512m"]);
  const guard = setTimeout(() => process.child.kill("SIGKILL"), TOOL_TIMEOUT_MS);
  const ended = await process.ended;
  clearTimeout(guard);
  if (ended !== 0) throw new Error(`${name} ended with ${ended}:\n${process.lines.join("\n")}\n${process.stderr()}`);
  return process.lines;
}
