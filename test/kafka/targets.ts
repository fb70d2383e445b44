// The brokers a suite of this folder runs against, one after the other: ours, as the process a user starts, and Apache Kafka.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startApacheKafka } from "./apache-kafka.ts";

const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const START_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 20_000;

/** What both are started with: what client suites expect. */
const SETTINGS: Readonly<Record<string, string>> = {
  "num.partitions": "4",
  "group.initial.rebalance.delay.ms": "0",
  "group.min.session.timeout.ms": "1000",
  "offsets.topic.num.partitions": "1",
  "transaction.state.log.num.partitions": "1",
  "transaction.abort.timed.out.transaction.cleanup.interval.ms": "500",
  "group.consumer.heartbeat.interval.ms": "500",
  "group.consumer.min.heartbeat.interval.ms": "300",
  "group.consumer.assignment.interval.ms": "0",
};

export interface RunningBroker {
  /** host:port */
  readonly brokers: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export interface Target {
  readonly name: string;
  start(settings?: Readonly<Record<string, string>>): Promise<RunningBroker>;
}

export const OURS: Target = { name: "Millrace", start: (settings = {}) => startMillrace({ ...SETTINGS, ...settings }) };

export const APACHE: Target = {
  name: "Apache Kafka",
  start: async (settings = {}) => {
    const { port, pid, stop } = await startApacheKafka({ ...SETTINGS, ...settings });
    return { brokers: `127.0.0.1:${port}`, pid, stop };
  },
};

export const TARGETS: readonly Target[] = [OURS, APACHE];

/** `millrace broker` on a free port and an empty directory; `flags` go to its command line. */
export async function startMillrace(
  settings: Readonly<Record<string, string>> = {},
  flags: readonly string[] = [],
): Promise<RunningBroker> {
  const directory = mkdtempSync(join(tmpdir(), "millrace-target-"));
  const set = Object.entries(settings).flatMap(([name, value]) => ["--set", `${name}=${value}`]);
  const args = ["--conditions=source", MAIN, "broker", "--port", "0", "--data", directory, "--json", ...flags, ...set];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  let output = "";
  const brokers = await new Promise<string>((resolve, reject) => {
    const fail = (why: string): void => reject(new Error(`millrace broker ${why}:\n${output}`));
    const guard = setTimeout(() => {
      child.kill("SIGKILL");
      fail(`did not start within ${START_TIMEOUT_MS} ms`);
    }, START_TIMEOUT_MS);
    child.once("exit", (code) => fail(`ended with code ${code}`));
    child.stderr.on("data", (bytes) => (output = (output + String(bytes)).slice(-4000)));
    child.stdout.on("data", (bytes) => {
      output += String(bytes);
      const started = /"bootstrapServers":"([^"]+)"/.exec(output);
      if (started === null) return;
      clearTimeout(guard);
      resolve(started[1]!);
    });
  });
  return {
    brokers,
    pid: child.pid!,
    stop: async () => {
      const guard = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
      child.kill("SIGTERM");
      await ended;
      clearTimeout(guard);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
