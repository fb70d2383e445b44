// The two brokers of the comparison, started as their users start them, each a process of its own with its data on the same disk.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "millrace/client";
import { startApacheKafka } from "../../test/kafka/apache-kafka.ts";
import type { RunningBroker } from "../../test/kafka/targets.ts";
import { startBrokerProcess } from "./broker-process.ts";
import type { Durability } from "./compare-case.ts";

/** As a broker is run, not as a test starts one. */
const BROKER_JVM = ["-server", "-Xms512m", "-Xmx1g", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20"];
/** Data of the case before is gone soon, here as there: it would be written to the disk in the midst of the next one. */
const DELETE_DELAY = "log.segment.delete.delay.ms";
const DELETE_DELAY_MS = "1000";

export interface Side {
  readonly name: "millrace" | "apache";
  readonly durability: Durability;
  readonly broker: RunningBroker;
  /** From the start of the process to the first record's acknowledgement. */
  readonly firstAcknowledgementMs: number;
}

export async function startOurs(durability: Durability): Promise<Side> {
  const dataDir = mkdtempSync(join(tmpdir(), "millrace-compare-"));
  const { brokers, pid, end, spawnedAt } = await startBrokerProcess(dataDir, [
    "--durability",
    durability,
    "--set",
    `${DELETE_DELAY}=${DELETE_DELAY_MS}`,
  ]);
  endsWithUs(pid);
  const stop = async (): Promise<void> => {
    await end("SIGTERM");
    rmSync(dataDir, { recursive: true, force: true });
  };
  await firstRecord(brokers);
  return { name: "millrace", durability, broker: { brokers, pid, stop }, firstAcknowledgementMs: performance.now() - spawnedAt };
}

/** Flushing per append where ours flushes. */
export async function startApache(durability: Durability): Promise<Side> {
  const flushing = durability === "disk" ? { "log.flush.interval.messages": "1" } : {};
  const { port, pid, stop, spawnedAt } = await startApacheKafka({ [DELETE_DELAY]: DELETE_DELAY_MS, ...flushing }, BROKER_JVM);
  endsWithUs(pid);
  const brokers = `127.0.0.1:${port}`;
  await firstRecord(brokers);
  return { name: "apache", durability, broker: { brokers, pid, stop }, firstAcknowledgementMs: performance.now() - spawnedAt };
}

/** Whoever ends the benchmark with Ctrl-C has no brokers left behind. */
function endsWithUs(pid: number): void {
  process.once("exit", () => {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      return; // it has ended
    }
  });
}

async function firstRecord(brokers: string): Promise<void> {
  const client = createClient({ brokers });
  await client.producer().send({ topic: "first", value: "record" });
  await client.close();
}
