// Lives of a broker on a disk whose power is cut under it. Each cut: the process is stopped, so that nothing more is acknowledged (the list of
// acknowledgements is in another process); the disk forgets what it was not told to keep; the process is killed; the disk is mounted again.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createClient, type KafkaClient } from "millrace/client";
import { checkLog } from "../../simulation/checkers/log-checker.ts";
import { seededRandom } from "../../simulation/checkers/correct-history.ts";
import type { PlantedFault } from "../../src/env/planted-faults.ts";
import { ChildProcess, freePort } from "../crash/child-process.ts";
import { readTopic } from "../crash/read-topic.ts";
import { Ledger, PARTITIONS } from "../crash/ledger.ts";
import type { LoopDisk } from "./loop-disk.ts";

const BROKER = fileURLToPath(new URL("./broker-process.ts", import.meta.url));
const TOPIC = "log";
const BURST = 20;
const MAX_LIFE_MS = 700;
const MAX_PAUSE_MS = 20;
const PATIENCE_MS = 20_000;

export interface CutResult {
  readonly cuts: number;
  readonly acknowledged: number;
  readonly topics: number;
  readonly problems: readonly string[];
}

interface Life {
  readonly client: KafkaClient;
  readonly ledger: Ledger;
  isOver: boolean;
  /** Nobody writes: a flush of theirs would flush the directories of others, too. */
  isQuiet: boolean;
  writing: number;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function start(disk: LoopDisk, port: number, fault: PlantedFault | "none"): Promise<ChildProcess> {
  const args = ["--conditions=source", BROKER, join(disk.path, "data"), String(port), fault];
  const broker = new ChildProcess(process.execPath, args);
  if (!(await broker.printed(String(port)))) throw new Error(`The broker did not start:\n${broker.stderr}`);
  return broker;
}

/** Goes on over the cuts: what was not answered is sent again to the next broker. */
async function write(life: Life, partition: number, random: () => number): Promise<void> {
  const process = life.ledger.process();
  const producer = life.client.producer({ lingerMs: 0, deliveryTimeoutMs: PATIENCE_MS, maxBlockMs: PATIENCE_MS });
  while (!life.isOver) {
    if (life.isQuiet) {
      await pause(MAX_PAUSE_MS);
      continue;
    }
    life.writing++;
    const sends = Array.from({ length: BURST }, async () => {
      const { key, text, send } = life.ledger.row(process, partition);
      const { offset } = await producer.send({ topic: TOPIC, partition, key, value: text });
      life.ledger.acknowledged(send, offset);
    });
    await Promise.allSettled(sends);
    life.writing--;
    await pause(random() * MAX_PAUSE_MS);
  }
}

/** The cut comes at any time, or, every second one, in the moment in which a topic was created. */
async function liveAndDie(
  disk: LoopDisk,
  broker: ChildProcess,
  life: Life,
  random: () => number,
  topics: string[],
  cut: number,
): Promise<void> {
  await pause(random() * MAX_LIFE_MS);
  if (cut % 2 === 0) {
    life.isQuiet = true;
    while (life.writing > 0) await pause(1);
    const name = `created-${topics.length}`;
    await life.client.admin().createTopics([{ name, partitions: 1 }]);
    topics.push(name);
    life.isQuiet = false;
  }
  broker.child.kill("SIGSTOP");
  disk.cutPower();
  await broker.kill();
  disk.unmount();
  disk.mount();
}

/** With a fault: a control build, in which whatever goes wrong is a problem found. */
export async function cutPower(
  disk: LoopDisk,
  options: { readonly cuts: number; readonly seed: number; readonly fault?: PlantedFault },
): Promise<CutResult> {
  const { cuts, seed, fault = "none" } = options;
  const random = seededRandom(seed);
  const topics: string[] = [TOPIC];
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  let broker = await start(disk, port, fault);
  const life: Life = {
    client: createClient({ brokers: address, requestTimeoutMs: 5000 }),
    ledger: new Ledger(seed),
    isOver: false,
    isQuiet: false,
    writing: 0,
  };
  await life.client.admin().createTopics([{ name: TOPIC, partitions: PARTITIONS }]);
  const writers = Array.from({ length: PARTITIONS }, (_, partition) => write(life, partition, random));
  let problems: string[];
  try {
    for (let cut = 0; cut < cuts; cut++) {
      await liveAndDie(disk, broker, life, random, topics, cut);
      broker = await start(disk, port, fault);
    }
    life.isOver = true;
    await Promise.all(writers);
    problems = await judge(address, life.ledger, topics);
  } catch (error) {
    if (fault === "none") throw error;
    problems = [String(error)];
  } finally {
    life.isOver = true;
    await life.client.close();
    await broker.kill();
  }
  const acknowledged = life.ledger.history.filter((each) => each.kind === "send" && each.outcome === "ok").length;
  return { cuts, acknowledged, topics: topics.length, problems };
}

/** What was acknowledged is there, in order, once; so are the topics whose creation was. */
async function judge(address: string, ledger: Ledger, topics: readonly string[]): Promise<string[]> {
  const client = createClient({ brokers: address });
  const there = new Set((await client.admin().listTopics()).map(({ name }) => name));
  await client.close();
  const gone = topics.filter((name) => !there.has(name));
  if (gone.length > 0) return [`topics lost: ${gone.join(", ")}`];
  const stored = await readTopic(address, TOPIC, "read_committed");
  const process = ledger.process();
  for (let partition = 0; partition < PARTITIONS; partition++) {
    ledger.history.push({ kind: "assign", process, partition, from: 0 });
    const rows = stored.filter((row) => row.partition === partition);
    ledger.poll(process, partition, rows, true);
  }
  const anomalies = checkLog(ledger.history);
  return anomalies.isEmpty ? [] : [String(anomalies)];
}
