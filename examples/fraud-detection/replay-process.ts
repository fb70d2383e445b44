// Runs `npm start -- --input …` in a process of its own, kills it at a moment of its replay, and reads what it committed: for tests.
import { spawn } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createClient } from "millrace/client";
import { startBroker } from "millrace/broker";
import type { FraudAlert, Rule } from "./topics.ts";

const START = fileURLToPath(new URL("../start.ts", import.meta.url));
const LOOK_EVERY_MS = 2;

export interface ReplayResult {
  readonly events: number;
  readonly rules: Record<Rule, { readonly alerts: number; readonly fraud: number }>;
  readonly seconds: number;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last line, if the replay came to its end. */
  readonly result: ReplayResult | undefined;
  /** The checkpoint that each attempt of the job began with; null: from the start. */
  readonly restored: readonly (number | null)[];
  readonly errors: string;
}

export interface ReplayOptions {
  readonly input: string;
  readonly data: string;
  /** Seconds of event time per second; as fast as it goes unless given. */
  readonly speed?: number;
}

/** `moment` resolves when the process is to be killed with SIGKILL; without it the replay runs to its end. */
export async function replay(options: ReplayOptions, moment?: (signal: AbortSignal) => Promise<void>): Promise<Ended> {
  const anyPort = ["--broker-port", "0", "--registry-port", "0", "--console-port", "0"];
  const how = ["--speed", String(options.speed ?? "max"), "--once", "--json"];
  const args = ["--conditions=source", START, "--input", options.input, "--data", options.data, ...how, ...anyPort];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  let errors = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const closed = new AbortController();
  const ended = new Promise<Ended>((resolve) =>
    child.once("close", (code, signal) => {
      closed.abort();
      const last = output.trim().split("\n").at(-1)!;
      const result = last.startsWith('{"events"') ? (JSON.parse(last) as ReplayResult) : undefined;
      const restored = [...errors.matchAll(/job-deploying .*restore=(\S+)/g)].map(([, id]) => (id === "null" ? null : Number(id)));
      resolve({ code, signal, result, restored, errors });
    }),
  );
  if (moment !== undefined) {
    await moment(closed.signal);
    child.kill("SIGKILL");
  }
  return ended;
}

function checkpoints(data: string): { id: number; complete: boolean }[] {
  const directory = join(data, "checkpoints", "fraud-detection");
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => name.startsWith("chk-"))
    .map((name) => ({ id: Number(name.slice("chk-".length)), complete: existsSync(join(directory, name, "manifest")) }));
}

export const newestCheckpoint = (data: string): number =>
  Math.max(0, ...checkpoints(data).flatMap(({ id, complete }) => (complete ? id : [])));

/** How far into the topic of transactions a checkpoint's state goes: the sum of its splits' offsets. */
export function transactionsBefore(data: string, checkpoint: number): number {
  const manifest = readFileSync(join(data, "checkpoints", "fraud-detection", `chk-${checkpoint}`, "manifest"), "utf8").split("\n")[0]!;
  const { sources } = JSON.parse(manifest) as { sources: Record<string, Record<string, { offset: number }>> };
  return Object.values(sources["transactions"]!).reduce((sum, { offset }) => sum + offset, 0);
}

/** A moment `delayMs` after `count` checkpoints more than at the call are complete, or while the one after them is being written. */
export function afterCheckpoints(data: string, count: number, delayMs: number | "in the next one"): (signal: AbortSignal) => Promise<void> {
  const first = newestCheckpoint(data);
  const reached = (): boolean => {
    if (delayMs !== "in the next one") return newestCheckpoint(data) >= first + count;
    return checkpoints(data).some(({ id, complete }) => !complete && id > first + count);
  };
  return async (signal) => {
    while (!signal.aborted && !reached()) await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    if (delayMs !== "in the next one") await new Promise((resolve) => setTimeout(resolve, delayMs));
  };
}

/** Per partition, in log order, as read_committed sees them. */
export async function committedAlerts(dataDir: string): Promise<FraudAlert[][]> {
  const broker = await startBroker({ port: 0, dataDir });
  const client = createClient({ brokers: broker.bootstrapServers });
  const [topic] = await client.admin().describeTopics(["fraud-alerts"]);
  const alerts: FraudAlert[][] = [];
  for (const { partition } of topic!.partitions) {
    const found: FraudAlert[] = [];
    alerts.push(found);
    const consumer = client.consumer();
    await consumer.assign([{ topic: "fraud-alerts", partition, offset: "earliest" }]);
    for await (const batch of consumer.batches({ until: "end" }))
      for (const record of batch.records) found.push(JSON.parse(Buffer.from(record.value!).toString()) as FraudAlert);
    await consumer.close();
  }
  await client.close();
  await broker.close();
  return alerts;
}

/**
 * What two runs must have in common: the rows of all partitions, sorted; and per partition and key the rows in log order. Alerts of one
 * customer with the same event time have no order among them, so those are sorted by transaction.
 */
export function canonical(partitions: readonly FraudAlert[][]): { rows: string[]; perKey: Record<string, string[]> } {
  const perKey: Record<string, FraudAlert[]> = {};
  for (const [partition, alerts] of partitions.entries())
    for (const alert of alerts) {
      const rows = (perKey[`${partition} ${alert.customerId}`] ??= []);
      let at = rows.length;
      while (at > 0 && rows[at - 1]!.at === alert.at && rows[at - 1]!.transactionId > alert.transactionId) at--;
      rows.splice(at, 0, alert);
    }
  const text = (rows: readonly FraudAlert[]): string[] => rows.map((alert) => JSON.stringify(alert));
  return {
    rows: text(partitions.flat()).toSorted(),
    perKey: Object.fromEntries(Object.entries(perKey).map(([key, rows]) => [key, text(rows)])),
  };
}
