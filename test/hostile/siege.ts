// A broker in a process of its own under spoiled frames, with two witnesses: a client that goes on writing and reading its own topic, and a
// connection that was there before and has to be there afterwards.
import { fork, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createClient } from "millrace/client";
import { assail, PROBE, type Tally } from "./assail.ts";
import { seedFrames } from "./mutations.ts";
import type { Figures } from "./observed-broker.ts";

const BROKER = fileURLToPath(new URL("./observed-broker.ts", import.meta.url));
/** The heap grows to its working size before it is measured. */
const WARM_UP_FRAMES = 2000;
const WITNESS_EVERY_MS = 20;
const GREETING_MS = 60_000;

export interface Siege {
  readonly tally: Tally;
  readonly before: Figures;
  readonly after: Figures;
  readonly exitCode: number | null;
  /** Records that the witness wrote and read again; each error of it; whether the old connection still stands. */
  readonly witnessed: number;
  readonly witnessErrors: readonly string[];
  readonly oldConnectionStands: boolean;
}

export async function besiege(frames: number, seed: number): Promise<Siege> {
  const directory = mkdtempSync(join(tmpdir(), "millrace-hostile-"));
  const child = fork(BROKER, [directory], { execArgv: ["--conditions=source"] });
  try {
    const address = (await answerOf(child)) as string;
    return await siege(child, address, frames, seed);
  } finally {
    if (child.exitCode === null) {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await gone;
    }
    rmSync(directory, { recursive: true, force: true });
  }
}

async function siege(child: ChildProcess, address: string, frames: number, seed: number): Promise<Siege> {
  const port = Number(address.split(":").at(-1));
  const seeds = seedFrames(seed);
  const client = createClient({ brokers: address });
  await using clients = new AsyncDisposableStack();
  clients.defer(() => client.close());
  const topics = ["witness", "target", "compacted"].map((name) => ({ name, partitions: 2 }));
  await client
    .admin()
    .createTopics(topics.map((each) => (each.name === "compacted" ? { ...each, config: { "cleanup.policy": "compact" } } : each)));
  const old = connect(port, "127.0.0.1");
  await new Promise((resolve) => old.once("connect", resolve));
  old.resume();
  // Nobody is closed for being idle, however long the siege is.
  const greetings = setInterval(() => old.write(PROBE), GREETING_MS);
  clients.defer(() => clearInterval(greetings));
  await assail(port, seeds, WARM_UP_FRAMES, seed + 1);
  const before = await figuresOf(child, "reset");
  const witness = testify(client);
  const tally = await assail(port, seeds, frames, seed);
  const { written, errors } = await witness.end();
  const after = await figuresOf(child, "figures");
  const oldConnectionStands = !old.destroyed && old.readyState === "open";
  old.destroy();
  const read = await readBack(client, written, errors);
  return { tally, before, after, exitCode: child.exitCode, witnessed: read, witnessErrors: errors, oldConnectionStands };
}

function testify(client: ReturnType<typeof createClient>): { end(): Promise<{ written: string[]; errors: string[] }> } {
  const producer = client.producer({ lingerMs: 0 });
  const written: string[] = [];
  const errors: string[] = [];
  let isOver = false;
  const writing = (async () => {
    for (let at = 0; !isOver; at++) {
      try {
        await producer.send({ topic: "witness", partition: 0, value: `w${at}` });
        written.push(`w${at}`);
      } catch (error) {
        errors.push(String(error));
      }
      await new Promise((resolve) => setTimeout(resolve, WITNESS_EVERY_MS));
    }
  })();
  return {
    async end() {
      isOver = true;
      await writing;
      await producer.close();
      return { written, errors };
    },
  };
}

async function readBack(client: ReturnType<typeof createClient>, written: readonly string[], errors: string[]): Promise<number> {
  const consumer = client.consumer();
  await consumer.assign([{ topic: "witness", partition: 0, offset: "earliest" }]);
  const found: string[] = [];
  for await (const batch of consumer.batches({ until: "end" }))
    for (const { value } of batch.records) found.push(new TextDecoder().decode(value!));
  await consumer.close();
  if (found.join() !== written.join()) errors.push(`${written.length} records were written, ${found.length} read`);
  return found.length;
}

function figuresOf(child: ChildProcess, question: "reset" | "figures"): Promise<Figures> {
  child.send(question);
  return answerOf(child) as Promise<Figures>;
}

function answerOf(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const failed = (code: number | null): void => reject(new Error(`The broker ended with ${code}`));
    child.once("exit", failed);
    child.once("message", (message) => {
      child.off("exit", failed);
      resolve(message);
    });
  });
}
