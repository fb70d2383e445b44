// Law: whenever a job's machine dies, and however often, a read_committed reader of its output sees every input record once, in order per
// key. Broker and job are two machines of a simulated world; one seed is one history.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startBroker } from "../../../broker/broker.ts";
import { KafkaClient } from "../../../client/client.ts";
import { runJob } from "../../../engine/run-job.ts";
import type { Env } from "../../../env/env.ts";
import { t } from "../../../schema/t.ts";
import { pipeline } from "../../../stream/pipeline.ts";
import { createSimulation, type Simulation } from "../../../testing/simulation/simulation.ts";
import { kafkaSink } from "../kafka-sink.ts";
import { kafkaSource } from "../kafka-source.ts";
import { readAll } from "./kafka-world.ts";
import { topic } from "../topic.ts";

const SEED = Number(process.env["MILLRACE_SEED"] ?? 1);
const HISTORIES = 8;
const RECORDS = 120;
const LIVES = 6;
const Tx = t.record("Tx", { id: t.int(), account: t.string() });
const BROKERS = "broker:9092";

const graph = pipeline("killed", (p) => {
  p.from("in", kafkaSource(topic("in", Tx)))
    .map((tx) => ({ id: tx.id, account: tx.account }))
    .to("out", kafkaSink(topic("out", Tx, { key: "account" })));
}).graph();

async function startJob(env: Env, drain: boolean): Promise<void> {
  const job = await runJob(env, {
    graph,
    parallelism: 2,
    checkpoints: { dir: "/data/checkpoints", everyMs: 25 },
    restart: { kind: "none" },
    settings: { "kafka.brokers": BROKERS },
    discoveryIntervalMs: 600_000,
    drain,
  });
  await job.finished;
}

async function produce(client: KafkaClient, env: Env): Promise<void> {
  const producer = client.producer();
  for (let id = 0; id < RECORDS; id++) {
    await producer.send({ topic: "in", key: `a${id % 5}`, value: JSON.stringify({ id, account: `a${id % 5}` }) });
    await env.timers.sleep(12);
  }
  await producer.close();
}

/** Lives of the job's machine, each ended at a random moment, while the producer goes on; then one that ends by itself. */
async function history(simulation: Simulation): Promise<void> {
  simulation.filesOf("broker").provideDirectory("/data");
  simulation.filesOf("worker").provideDirectory("/data");
  const brokerEnv = simulation.env("broker");
  const client = new KafkaClient(simulation.env("feeder"), { brokers: BROKERS });
  await simulation.run(async () => {
    await startBroker(brokerEnv, { host: "broker", port: 9092, dataDir: "/data", insecure: true });
    await client.admin().createTopics([
      { name: "in", partitions: 2 },
      { name: "out", partitions: 2 },
    ]);
    const produced = produce(client, brokerEnv);
    for (let life = 0; life < LIVES; life++) {
      const env = simulation.env("worker");
      startJob(env, false).catch(() => {});
      await brokerEnv.timers.sleep(simulation.random.between(1, 500));
      if (simulation.random.float() < 0.5) simulation.kill("worker");
      else {
        simulation.crash("worker");
        simulation.restart("worker");
      }
    }
    await produced;
    await startJob(simulation.env("worker"), true);
    check(await readAll(client, "out", "read_committed"));
    await client.close();
  });
}

function check(records: readonly { readonly value: string | null }[]): void {
  const rows = records.map(({ value }) => JSON.parse(value!) as { id: number; account: string });
  assert.deepEqual(
    rows.map(({ id }) => id).sort((a, b) => a - b),
    Array.from({ length: RECORDS }, (_, id) => id),
  );
  const last = new Map<string, number>();
  for (const { id, account } of rows) {
    assert.ok((last.get(account) ?? -1) < id, `order of ${account}`);
    last.set(account, id);
  }
}

test("a job killed at any moments writes every record once, in order per key", async () => {
  for (let seed = SEED; seed < SEED + HISTORIES; seed++) {
    try {
      await history(createSimulation(seed));
    } catch (error) {
      throw new Error(`MILLRACE_SEED=${seed}`, { cause: error });
    }
  }
});
