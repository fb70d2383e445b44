// `npm run bench:broker -- --compare [--case WORD --scale N --rounds N]`: the same clients (Kafka's Java tools, librdkafka through kcat, our own,
// bare sockets) against our broker and against Apache Kafka, each a process of its own on the same disk. Both sides run at the same time and
// take turns case by case, so that what the machine does meanwhile meets both. Needs java and mvn; kcat's cases are left out without kcat.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "millrace/client";
import { compileJava, type Java } from "../../test/kafka/java.ts";
import { missingForKafka } from "../../test/kafka/kafka-jars.ts";
import { startApacheKafka } from "../../test/kafka/apache-kafka.ts";
import type { RunningBroker } from "../../test/kafka/targets.ts";
import { IS_BUILT, startBrokerProcess } from "./broker-process.ts";
import { CASES, type Case, type Figures } from "./compare-case.ts";
import { goals, type Durability, type Line } from "./compare-goals.ts";
import { runJava } from "./java-tools.ts";
import { hasKcat, runKcat } from "./kcat-tool.ts";
import { runOwnClient } from "./own-client.ts";
import { cpuSeconds, memoryMb, round } from "./process-figures.ts";
import { runRequests } from "./wire-requests.ts";

/** As a broker is run, not as a test starts one. */
const BROKER_JVM = ["-Xms512m", "-Xmx1g", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20"];

/** Before anything is measured: compilers, and the first segments. */
const WARM_UP: Case = { ...CASES.find(({ name }) => name === "own-produce-1000B-128KB-batches")!, name: "warm-up", records: 300_000 };

interface Side {
  readonly name: Line["side"];
  readonly durability: Durability;
  readonly broker: RunningBroker;
}

export interface Comparison {
  readonly only: string | undefined;
  readonly scale: number;
  readonly rounds: number;
}

export async function compare(print: (line: object) => void, { only, scale, rounds }: Comparison): Promise<void> {
  const missing = missingForKafka();
  if (missing !== undefined) throw new Error(missing);
  if (!hasKcat()) print({ note: "kcat is not installed: librdkafka's cases are left out" });
  print({ built: IS_BUILT }); // from source the process has some 25 MB more
  const cases = CASES.filter(({ name, tool }) => (only === undefined || name.includes(only)) && (tool !== "kcat" || hasKcat()));
  const java = compileJava();
  const lines: Line[] = [];
  try {
    for (const durability of ["page-cache", "disk"] as const) {
      const sides = [await startOurs(durability), await startApache(durability)];
      try {
        for (const side of sides) await measured(java, side, { ...WARM_UP, records: Math.ceil(WARM_UP.records * Math.min(1, scale)) });
        for (const one of cases) {
          const scaled = { ...one, records: Math.max(1000, Math.round(one.records * scale)) };
          for (let i = 0; i < rounds; i++) {
            for (const side of i % 2 === 0 ? sides : sides.toReversed()) {
              const line = await measured(java, side, scaled);
              lines.push(line);
              print(line);
            }
          }
        }
      } finally {
        for (const { broker } of sides) await broker.stop();
      }
    }
  } finally {
    java.dispose();
  }
  for (const goal of goals(lines)) print(goal);
}

async function startOurs(durability: Durability): Promise<Side> {
  const dataDir = mkdtempSync(join(tmpdir(), "millrace-compare-"));
  const { brokers, pid, end } = await startBrokerProcess(dataDir, ["--durability", durability]);
  const stop = async (): Promise<void> => {
    await end("SIGTERM");
    rmSync(dataDir, { recursive: true, force: true });
  };
  return { name: "millrace", durability, broker: { brokers, pid, stop } };
}

/** Flushing per append where ours flushes. */
async function startApache(durability: Durability): Promise<Side> {
  const { port, pid, stop } = await startApacheKafka(durability === "disk" ? { "log.flush.interval.messages": "1" } : {}, BROKER_JVM);
  return { name: "apache", durability, broker: { brokers: `127.0.0.1:${port}`, pid, stop } };
}

async function measured(java: Java, { name, durability, broker }: Side, one: Case): Promise<Line> {
  const client = createClient({ brokers: broker.brokers });
  const admin = client.admin();
  try {
    const topic = `bench-${one.name}`;
    await admin.createTopics([{ name: topic, partitions: one.partitions }]);
    if (one.kind === "consume") await runOwnClient(broker.brokers, { ...one, kind: "produce" }, topic);
    const before = cpuSeconds(broker.pid);
    const figures = await run(java, broker.brokers, one, topic);
    const brokerCpuS = cpuSeconds(broker.pid) - before;
    await admin.deleteTopics([topic]);
    const recordsPerCpuS = Math.round(one.records / Math.max(brokerCpuS, 0.01));
    return { case: one.name, side: name, durability, ...figures, brokerCpuS: round(brokerCpuS), recordsPerCpuS, ...memoryMb(broker.pid) };
  } finally {
    await client.close();
  }
}

function run(java: Java, brokers: string, one: Case, topic: string): Promise<Figures> {
  if (one.tool === "java") return runJava(java, brokers, one, topic);
  if (one.tool === "kcat") return runKcat(brokers, one, topic);
  return one.tool === "own" ? runOwnClient(brokers, one, topic) : runRequests(brokers, one, topic);
}
