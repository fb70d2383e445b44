// What a disk holds in any moment is what a power cut leaves in that moment. An ext4 lies in a file on an xfs, a broker works on it, and the
// file is copied again and again by reference (reflink, one atomic moment) while records are acknowledged. Each copy is mounted and opened:
// what was acknowledged before the copy is in it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { startBroker } from "millrace/broker";
import { createClient, type KafkaClient } from "millrace/client";
import { seededRandom } from "../../simulation/checkers/correct-history.ts";
import type { Operation } from "../../simulation/checkers/history.ts";
import { checkLog } from "../../simulation/checkers/log-checker.ts";
import { ChildProcess, freePort } from "../crash/child-process.ts";
import { Ledger, PARTITIONS } from "../crash/ledger.ts";
import { missingPrerequisite } from "../../tools/stage.ts";
import { canMake, LoopDisk, missingForPowerCuts } from "./loop-disk.ts";

const STATES = Number(process.env["MILLRACE_STATES"] ?? 40);
const SEED = Number(process.env["MILLRACE_SEED"] ?? 1);
const BROKER = fileURLToPath(new URL("./broker-process.ts", import.meta.url));
const TOPIC = "log";
const BURST = 10;
const MAX_PAUSE_MS = 120;
const logger = { log: () => {} };

const missing = missingForPowerCuts() ?? (canMake("xfs") ? undefined : "mkfs.xfs is not installed (apt-get install xfsprogs)");
if (missing !== undefined) missingPrerequisite("test:power", missing);

interface State {
  readonly image: string;
  /** As it was before the copy was made: what was answered later may be in it or not. */
  readonly history: readonly Operation[];
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function write(client: KafkaClient, ledger: Ledger, partition: number, isOver: () => boolean): Promise<void> {
  const process = ledger.process();
  const producer = client.producer({ lingerMs: 0 });
  while (!isOver()) {
    const sends = Array.from({ length: BURST }, async () => {
      const { key, text, send } = ledger.row(process, partition);
      const { offset } = await producer.send({ topic: TOPIC, partition, key, value: text });
      ledger.acknowledged(send, offset);
    });
    await Promise.all(sends);
  }
  await producer.close();
}

/** A broker at work on `inner`, and copies of its disk. */
async function takeStates(inner: LoopDisk, outer: LoopDisk): Promise<State[]> {
  const port = await freePort();
  // A process of its own: the copies have its lock, which is nobody's when it has ended.
  const broker = new ChildProcess(process.execPath, ["--conditions=source", BROKER, join(inner.path, "data"), String(port), "none"]);
  if (!(await broker.printed(String(port)))) throw new Error(`The broker did not start:\n${broker.stderr}`);
  const client = createClient({ brokers: `127.0.0.1:${port}` });
  const ledger = new Ledger(SEED);
  const random = seededRandom(SEED);
  const states: State[] = [];
  let over = false;
  try {
    await client.admin().createTopics([{ name: TOPIC, partitions: PARTITIONS }]);
    const writers = Array.from({ length: PARTITIONS }, (_, partition) => write(client, ledger, partition, () => over));
    while (states.length < STATES) {
      await pause(random() * MAX_PAUSE_MS);
      const history = structuredClone(ledger.history);
      const image = join(outer.path, `state-${states.length}`);
      execFileSync("cp", ["--reflink=always", inner.image, image]);
      states.push({ image, history });
    }
    over = true;
    await Promise.all(writers);
  } finally {
    over = true;
    await client.close();
    await broker.kill();
  }
  return states;
}

/** Problems of one state; "" if there are none. Records that were asked for after the copy's history are not in it. */
async function judge({ image, history }: State, place: LoopDisk): Promise<{ readonly problems: string; readonly acknowledged: number }> {
  const mounted = place.mountAlso(image);
  try {
    const broker = await startBroker({ port: 0, dataDir: join(mounted.path, "data"), logger });
    const client = createClient({ brokers: broker.bootstrapServers });
    try {
      const known = new Set(history.flatMap((each) => (each.kind === "send" ? [each.value] : [])));
      const ledger = new Ledger(SEED);
      const reader = -1;
      for (let partition = 0; partition < PARTITIONS; partition++) {
        const rows: { offset: number; text: string }[] = [];
        const consumer = client.consumer();
        await consumer.assign([{ topic: TOPIC, partition, offset: "earliest" }]);
        for await (const batch of consumer.batches({ until: "end" }))
          for (const { offset, value } of batch.records) rows.push({ offset, text: new TextDecoder().decode(value!) });
        await consumer.close();
        ledger.history.push({ kind: "assign", process: reader, partition, from: 0 });
        const before = rows.filter(({ text }) => known.has((JSON.parse(text) as { id: number }).id));
        ledger.poll(reader, partition, before, true);
      }
      const anomalies = checkLog([...history, ...ledger.history]);
      const acknowledged = history.filter((each) => each.kind === "send" && each.outcome === "ok").length;
      return { problems: anomalies.isEmpty ? "" : String(anomalies), acknowledged };
    } finally {
      await client.close();
      await broker.close();
    }
  } finally {
    mounted.unmount();
  }
}

test(`${STATES} states of a disk at work have all that was acknowledged before`, async () => {
  const directory = mkdtempSync(join(tmpdir(), "millrace-states-"));
  const outer = new LoopDisk(directory, "xfs", "2G");
  let inner: LoopDisk | undefined;
  try {
    inner = new LoopDisk(outer.path, "ext4", "128M");
    const states = await takeStates(inner, outer);
    const found: string[] = [];
    const acknowledged: number[] = [];
    for (const [number, state] of states.entries()) {
      const judged = await judge(state, inner);
      acknowledged.push(judged.acknowledged);
      if (judged.problems !== "") found.push(`state ${number}: ${judged.problems}`);
    }
    console.log(`${states.length} states, ${acknowledged[0]} to ${acknowledged.at(-1)} acknowledged records in them; seed ${SEED}`);
    assert.deepEqual(found, []);
    assert.ok(acknowledged.at(-1)! > acknowledged[0]!);
  } finally {
    inner?.remove();
    outer.remove();
    rmSync(directory, { recursive: true, force: true });
  }
});
