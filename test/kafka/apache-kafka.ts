// Starts one Apache Kafka broker from its published jars in a directory of its own: broker and controller in one process, on free ports.
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kafkaJars } from "./kafka-jars.ts";

const START_TIMEOUT_MS = 60_000;
const LOG4J =
  "status=error\nappender.o.type=Console\nappender.o.name=o\nappender.o.layout.type=PatternLayout\nappender.o.layout.pattern=%p %m (%c{1})%n\nrootLogger.level=warn\nrootLogger.appenderRef.o.ref=o\n";

export interface ApacheKafka {
  readonly port: number;
  readonly pid: number;
  /** performance.now() of the broker's own start. */
  readonly spawnedAt: number;
  stop(): Promise<void>;
}

/** A broker that lives for seconds: no time for the second compiler, no threads for the collector. */
export const SHORT_LIVED: readonly string[] = ["-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"];

/** Apache Kafka's own names of settings, e.g. "num.partitions"; `jvm` are options of the Java machine. */
export async function startApacheKafka(
  settings: Readonly<Record<string, string>> = {},
  jvm: readonly string[] = SHORT_LIVED,
): Promise<ApacheKafka> {
  const libraries = kafkaJars();
  const directory = mkdtempSync(join(tmpdir(), "apache-kafka-"));
  const [port, controllerPort] = [await freePort(), await freePort()];
  const properties = {
    "process.roles": "broker,controller",
    "node.id": "0",
    "controller.quorum.voters": `0@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${port}`,
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "controller.listener.names": "CONTROLLER",
    "log.dirs": join(directory, "data"),
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "1",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "log.cleaner.dedupe.buffer.size": "16777216",
    ...settings,
  };
  const config = join(directory, "server.properties");
  writeFileSync(config, Object.entries(properties).map(([name, value]) => `${name}=${value}\n`).join("")); // prettier-ignore
  writeFileSync(join(directory, "log4j2.properties"), LOG4J);
  const java = [...jvm, `-Dlog4j2.configurationFile=${join(directory, "log4j2.properties")}`, "-cp", `${libraries}/*`];
  const format = [...java, "kafka.tools.StorageTool", "format", "-t", "MkU3OEVBNTcwNTJENDM2Qg", "-c", config];
  const formatted = spawnSync("java", format, { encoding: "utf8" });
  if (formatted.status !== 0) throw new Error(`Apache Kafka's storage was not formatted:\n${formatted.stdout}${formatted.stderr}`);
  const spawnedAt = performance.now();
  const child = spawn("java", [...java, "kafka.Kafka", config], { stdio: ["ignore", "pipe", "pipe"] });
  const stop = async (): Promise<void> => {
    await ended(child);
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await accepts(port, child);
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, pid: child.pid!, spawnedAt, stop };
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

async function accepts(port: number, child: ChildProcess): Promise<void> {
  let output = "";
  for (const stream of [child.stdout!, child.stderr!]) stream.on("data", (bytes) => (output = (output + String(bytes)).slice(-4000)));
  const deadline = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`Apache Kafka ended with code ${child.exitCode}:\n${output}`);
    if (performance.now() > deadline)
      throw new Error(`Apache Kafka did not listen on port ${port} within ${START_TIMEOUT_MS} ms:\n${output}`);
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(true));
      socket.once("error", () => resolve(false));
      socket.once("close", () => resolve(false));
      socket.once("connect", () => socket.destroy());
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** It holds nothing worth a clean stop. */
function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill("SIGKILL");
  });
}
