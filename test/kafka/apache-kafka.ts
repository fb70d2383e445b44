// Starts one Apache Kafka broker from its published jars in a directory of its own: broker and controller in one process, on free ports.
// Needs java (17 or newer) and mvn; the jars are copied once into node_modules/.cache. With CI=true their absence is a failure.
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const VERSION = "4.3.1";
const CACHE = fileURLToPath(new URL(`../../node_modules/.cache/apache-kafka-${VERSION}`, import.meta.url));
const START_TIMEOUT_MS = 60_000;
const ARTIFACTS = [
  ["org.apache.kafka", "kafka_2.13", VERSION],
  ["org.apache.logging.log4j", "log4j-slf4j-impl", "2.25.4"],
  ["org.apache.logging.log4j", "log4j-core", "2.25.4"],
];
const LOG4J =
  "status=error\nappender.o.type=Console\nappender.o.name=o\nappender.o.layout.type=PatternLayout\nappender.o.layout.pattern=%p %m (%c{1})%n\nrootLogger.level=warn\nrootLogger.appenderRef.o.ref=o\n";

export interface ApacheKafka {
  readonly port: number;
  stop(): Promise<void>;
}

/** Why it cannot be started here; undefined if it can. Throws with CI=true instead of giving a reason. */
export function missingForKafka(): string | undefined {
  const missing = ["java", "mvn"].filter((command) => spawnSync(command, ["-version"]).status !== 0);
  if (missing.length === 0) return undefined;
  const reason = `Apache Kafka needs ${missing.join(" and ")}, which cannot be run here`;
  if (process.env["CI"] === "true") throw new Error(`${reason}. With CI=true that is a failure.`);
  return reason;
}

export async function startApacheKafka(settings: Readonly<Record<string, string>> = {}): Promise<ApacheKafka> {
  const libraries = fetchJars();
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
  const java = ["-Xmx512m", `-Dlog4j2.configurationFile=${join(directory, "log4j2.properties")}`, "-cp", `${libraries}/*`];
  const format = [...java, "kafka.tools.StorageTool", "format", "-t", "MkU3OEVBNTcwNTJENDM2Qg", "-c", config];
  const formatted = spawnSync("java", format, { encoding: "utf8" });
  if (formatted.status !== 0) throw new Error(`Apache Kafka's storage was not formatted:\n${formatted.stdout}${formatted.stderr}`);
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
  return { port, stop };
}

/** The folder with the jars. */
function fetchJars(): string {
  const libraries = join(CACHE, "libs");
  const complete = join(CACHE, "complete");
  if (existsSync(complete) && readdirSync(libraries).length > 0) return libraries;
  mkdirSync(libraries, { recursive: true });
  const dependencies = ARTIFACTS.map(
    ([group, name, version]) =>
      `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`,
  );
  const project = [
    "<modelVersion>4.0.0</modelVersion>",
    "<groupId>local</groupId><artifactId>jars</artifactId><version>1</version><packaging>pom</packaging>",
  ];
  const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">${project.join("")}<dependencies>${dependencies.join("")}</dependencies></project>`;
  writeFileSync(join(CACHE, "pom.xml"), pom);
  const args = ["-q", "-B", "dependency:copy-dependencies", "-DincludeScope=runtime", `-DoutputDirectory=${libraries}`];
  const copied = spawnSync("mvn", args, { cwd: CACHE, encoding: "utf8" });
  if (copied.status !== 0) throw new Error(`Apache Kafka's jars could not be fetched:\n${copied.stdout}${copied.stderr}`);
  writeFileSync(complete, VERSION);
  return libraries;
}

function freePort(): Promise<number> {
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
