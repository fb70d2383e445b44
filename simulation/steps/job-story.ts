// An exactly-once job, Kafka to Kafka, on a machine of its own: reads, keeps state, checkpoints, commits in two phases. Job and broker are
// killed, or lose power, wherever a verdict says; started again they come to the end, and the output is exact.
import assert from "node:assert/strict";
import { startBroker } from "../../src/broker/broker.ts";
import { KafkaClient } from "../../src/client/client.ts";
import { kafkaSink } from "../../src/connectors/kafka/kafka-sink.ts";
import { kafkaSource } from "../../src/connectors/kafka/kafka-source.ts";
import { topic } from "../../src/connectors/kafka/topic.ts";
import { runJob } from "../../src/engine/run-job.ts";
import type { Env } from "../../src/env/env.ts";
import { t } from "../../src/schema/t.ts";
import { TWO_PHASE_COMMIT } from "../../src/server/two-phase-commit.ts";
import { pipeline } from "../../src/stream/pipeline.ts";
import { valueState } from "../../src/stream/state.ts";
import type { Story, StoryOperation, StoryVerdict } from "../../src/testing/simulation/fault-at-every-operation.ts";
import type { Simulation } from "../../src/testing/simulation/simulation.ts";
import { supervise } from "../../src/testing/simulation/supervise.ts";

const BROKERS = "broker:9092";
const RECORDS = 12;
const FEED_EVERY_MS = 7;
const CHECKPOINT_EVERY_MS = 20;
const KEYS = 3;
const BROKER_SLOWDOWN = 10;
const Input = t.record("Input", { id: t.int(), key: t.string() });
const Output = t.record("Output", { id: t.int(), key: t.string(), count: t.int() });

const graph = pipeline("steps", (p) => {
  p.from("in", kafkaSource(topic("in", Input)))
    .keyBy("key")
    .process("count", {
      output: Output,
      state: { count: valueState(t.int()) },
      onElement(row, ctx) {
        const count = (ctx.state.count.get() ?? 0) + 1;
        ctx.state.count.set(count);
        ctx.emit({ id: row.id, key: row.key, count });
      },
    })
    .to("out", kafkaSink(topic("out", Output, { key: "key" })));
}).graph();

const keyOf = (id: number) => `k${id % KEYS}`;
const EXPECTED = Array.from({ length: RECORDS }, (_, id) => ({ id, key: keyOf(id), count: Math.floor(id / KEYS) + 1 }));

async function brokerProgram(env: Env, settings: Readonly<Record<string, string>>): Promise<never> {
  const broker = await startBroker(env, { host: "broker", port: 9092, dataDir: "/data", insecure: true, settings });
  throw await broker.failed;
}

/** Reads until everything was fed, then to its end. */
async function jobProgram(env: Env, fed: Promise<void>): Promise<void> {
  const job = await runJob(env, {
    graph,
    checkpoints: { dir: "/data/checkpoints", everyMs: CHECKPOINT_EVERY_MS, keep: 2 },
    restart: { kind: "none" },
    settings: { "kafka.brokers": BROKERS },
    discoveryIntervalMs: 600_000,
  });
  await Promise.race([fed, job.finished]);
  await job.stop({ drain: true });
}

async function feed(env: Env, client: KafkaClient): Promise<void> {
  const producer = client.producer({ lingerMs: 0 });
  for (let id = 0; id < RECORDS; id++) {
    await producer.send({ topic: "in", key: keyOf(id), value: JSON.stringify({ id, key: keyOf(id) }) });
    await env.timers.sleep(FEED_EVERY_MS);
  }
  await producer.close();
}

async function readOutput(client: KafkaClient): Promise<unknown[]> {
  const consumer = client.consumer({ maxWaitMs: 20 });
  const rows: unknown[] = [];
  await consumer.assign([{ topic: "out", partition: 0, offset: "earliest" }]);
  for await (const batch of consumer.batches({ until: "end" }))
    for (const { value } of batch.records) rows.push(JSON.parse(new TextDecoder().decode(value!)));
  await consumer.close();
  return rows;
}

/** Every transaction has ended, one way or the other. */
async function settled(env: Env, client: KafkaClient): Promise<void> {
  while ((await client.admin().listTransactions(["Ongoing", "PrepareCommit", "PrepareAbort"])).length > 0) await env.timers.sleep(100);
}

/** Job and broker live until the output is whole, whatever happens to them. Rejects if it is not exact. */
export async function tell(
  simulation: Simulation,
  { brokerSlowdown = 1, settings = {} }: { brokerSlowdown?: number; settings?: Readonly<Record<string, string>> } = {},
): Promise<void> {
  for (const host of ["broker", "worker"]) simulation.filesOf(host).provideDirectory("/data");
  const driver = simulation.env("driver");
  const client = new KafkaClient(driver, {
    brokers: BROKERS,
    requestTimeoutMs: 1000,
    connectTimeoutMs: 500,
    retryBackoffMs: 5,
    retryBackoffMaxMs: 50,
  });
  await simulation.run(
    async () => {
      const broker = supervise(simulation, "broker", driver, (env) => brokerProgram(env, settings));
      await client.admin().createTopics([
        { name: "in", partitions: 1 },
        { name: "out", partitions: 1 },
      ]);
      simulation.filesOf("broker").slowdown = brokerSlowdown;
      const fed = feed(driver, client);
      const worker = supervise(simulation, "worker", driver, (env) => jobProgram(env, fed));
      await Promise.all([fed, worker.ended]);
      await settled(driver, client);
      assert.deepEqual(await readOutput(client), EXPECTED);
      await client.close();
      broker.stop();
      await broker.ended;
    },
    { maxVirtualMs: 1_200_000 },
  );
}

const ONCE: StoryVerdict[] = [
  { name: "kill", disk: "kill" },
  { name: "kill twice", disk: "kill", twice: true },
  { name: "crash after", disk: "crash-after" },
];
const NETWORK: StoryVerdict[] = [
  { name: "kill before", network: "kill-before" },
  { name: "kill after", network: "kill-after" },
  { name: "kill after, twice", network: "kill-after", twice: true },
  { name: "late", network: { lateMs: 400 } },
];

/** From the job's first operation on: what was before is the client's and the log's story. */
export function jobStory(seed: number, settings: Readonly<Record<string, string>> = {}): Story {
  let begun = false;
  return {
    seed,
    disks: ["broker", "worker"],
    tell: (simulation) => tell(simulation, { settings }),
    verdictsOf(operation: StoryOperation) {
      begun ||= operation.host === "worker";
      if (!begun || operation.host === "driver") return [];
      return operation.on === "disk" ? ONCE : NETWORK;
    },
  };
}

/** The same with a broker that lets the sink prepare its transactions (KIP-939): they outlive every timeout. */
export function twoPhaseStory(seed: number): Story {
  return jobStory(seed, TWO_PHASE_COMMIT);
}

/** The same with a broker whose disk is slow: checkpoints are durable long before the broker could flush what is not waited for. */
export function slowBrokerStory(seed: number): Story {
  return {
    seed,
    disks: ["worker"],
    tell: (simulation) => tell(simulation, { brokerSlowdown: BROKER_SLOWDOWN }),
    verdictsOf: ({ on, host }) => (host !== "worker" ? [] : on === "disk" ? [ONCE[0]!] : [NETWORK[1]!]),
  };
}
