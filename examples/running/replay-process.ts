// Runs `npm start -- --input …` in a process of its own, kills it at a moment of its replay, and reads what it committed: for tests.
import { spawn } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createClient } from "millrace/client";
import { startBroker } from "millrace/broker";

const START = fileURLToPath(new URL("../start.ts", import.meta.url));
const LOOK_EVERY_MS = 2;

export interface Ended<Result> {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last line, if the replay came to its end. */
  readonly result: (Result & { readonly events: number; readonly seconds: number }) | undefined;
  /** The checkpoint that each attempt of the job began with; null: from the start. */
  readonly restored: readonly (number | null)[];
  readonly errors: string;
}

export interface ReplayOptions {
  readonly example: string;
  readonly input: string;
  readonly data: string;
  /** Seconds of event time per second; as fast as it goes unless given. */
  readonly speed?: number;
  /** "host:port" of a Kafka that runs already, instead of the embedded broker. */
  readonly brokers?: string;
}

/** `moment` resolves when the process is to be killed with SIGKILL; without it the replay runs to its end. */
export async function replay<Result>(options: ReplayOptions, moment?: (signal: AbortSignal) => Promise<void>): Promise<Ended<Result>> {
  const anyPort = ["--broker-port", "0", "--registry-port", "0", "--console-port", "0"];
  const how = ["--speed", String(options.speed ?? "max"), "--once", "--json"];
  const args = [
    "--conditions=source",
    START,
    "--example",
    options.example,
    "--input",
    options.input,
    "--data",
    options.data,
    ...how,
    ...anyPort,
  ];
  const { KAFKA_BROKERS: _, ...environment } = process.env;
  const env = options.brokers === undefined ? environment : { ...environment, KAFKA_BROKERS: options.brokers };
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"], env });
  let output = "";
  let errors = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const closed = new AbortController();
  const ended = new Promise<Ended<Result>>((resolve) =>
    child.once("close", (code, signal) => {
      closed.abort();
      const last = output.trim().split("\n").at(-1)!;
      const result = last.startsWith('{"events"') ? (JSON.parse(last) as Ended<Result>["result"]) : undefined;
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

/** The data directory is an example's own: it has one job. */
function checkpointDirectory(data: string): string | undefined {
  const all = join(data, "checkpoints");
  const [job] = existsSync(all) ? readdirSync(all) : [];
  return job === undefined ? undefined : join(all, job);
}

function checkpoints(data: string): { id: number; complete: boolean }[] {
  const directory = checkpointDirectory(data);
  if (directory === undefined) return [];
  return readdirSync(directory)
    .filter((name) => name.startsWith("chk-"))
    .map((name) => ({ id: Number(name.slice("chk-".length)), complete: existsSync(join(directory, name, "manifest")) }));
}

export const newestCheckpoint = (data: string): number =>
  Math.max(0, ...checkpoints(data).flatMap(({ id, complete }) => (complete ? id : [])));

/** How far into its topic the state of a source goes at a checkpoint: the sum of its splits' offsets. */
export function offsetsAt(data: string, checkpoint: number, source: string): number {
  const manifest = readFileSync(join(checkpointDirectory(data)!, `chk-${checkpoint}`, "manifest"), "utf8").split("\n")[0]!;
  const { sources } = JSON.parse(manifest) as { sources: Record<string, Record<string, { offset: number }>> };
  return Object.values(sources[source]!).reduce((sum, { offset }) => sum + offset, 0);
}

/**
 * A moment `delayMs` after the newest checkpoint's number is at least `count` above that of the call, or while the one after it is being
 * written. What a killed run has left unfinished has a smaller number.
 */
export function afterCheckpoints(data: string, count: number, delayMs: number | "in the next one"): (signal: AbortSignal) => Promise<void> {
  const first = newestCheckpoint(data);
  const reached = (): boolean => {
    const newest = newestCheckpoint(data);
    if (newest < first + count) return false;
    return delayMs !== "in the next one" || checkpoints(data).some(({ id, complete }) => !complete && id > newest);
  };
  return async (signal) => {
    while (!signal.aborted && !reached()) await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    if (delayMs !== "in the next one") await new Promise((resolve) => setTimeout(resolve, delayMs));
  };
}

/** A topic's values per partition, in log order, as read_committed sees them. */
export async function committedRows<T>(dataDir: string, topic: string): Promise<T[][]> {
  const broker = await startBroker({ port: 0, dataDir });
  const client = createClient({ brokers: broker.bootstrapServers });
  const [description] = await client.admin().describeTopics([topic]);
  const rows: T[][] = [];
  for (const { partition } of description!.partitions) {
    const found: T[] = [];
    rows.push(found);
    const consumer = client.consumer();
    await consumer.assign([{ topic, partition, offset: "earliest" }]);
    for await (const batch of consumer.batches({ until: "end" }))
      for (const record of batch.records) found.push(JSON.parse(Buffer.from(record.value!).toString()) as T);
    await consumer.close();
  }
  await client.close();
  await broker.close();
  return rows;
}
