// The client against the broker in a simulated world whose network breaks: every acknowledged record is in the log exactly once, in the order
// it was sent, whatever was lost on the way. One seed is one run: MILLRACE_SEED replays it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startBroker, type Broker } from "../broker/broker.ts";
import type { Env } from "../env/env.ts";
import { createSimulation, type Simulation } from "../testing/simulation/simulation.ts";
import { KafkaClient } from "./client.ts";
import type { Producer } from "./producer/producer.ts";

const SEED = process.env["MILLRACE_SEED"];
const SEEDS = SEED === undefined ? Array.from({ length: 12 }, (_, i) => i + 1) : [Number(SEED)];
const TOPIC = "numbers";
const PARTITIONS = 3;

interface World {
  readonly simulation: Simulation;
  readonly client: KafkaClient;
  readonly broker: Broker;
  restart(): Promise<void>;
}

function start(env: Env, port: number): Promise<Broker> {
  return startBroker(env, { dataDir: "/data", host: "localhost", port, settings: { "num.partitions": String(PARTITIONS) } });
}

async function inWorld(seed: number, body: (world: World) => Promise<void>): Promise<void> {
  const simulation = createSimulation(seed);
  const { random } = simulation;
  await simulation.run(async () => {
    const world = { broker: await start(simulation.env("broker-host"), 0) };
    const { port } = world.broker.address;
    const client = new KafkaClient(simulation.env("client-host"), {
      brokers: `localhost:${port}`,
      requestTimeoutMs: 2000,
      connectTimeoutMs: 1000,
      retryBackoffMs: 20,
      retryBackoffMaxMs: 200,
    });
    await client.admin().createTopics([{ name: TOPIC, partitions: PARTITIONS }]);
    const restart = async (): Promise<void> => {
      simulation.crash("broker-host");
      await simulation.env("chaos-host").timers.sleep(random.float() * 300);
      simulation.restart("broker-host");
      world.broker = await start(simulation.env("broker-host"), port);
    };
    await body({
      simulation,
      client,
      restart,
      get broker() {
        return world.broker;
      },
    });
    simulation.network.resetProbability = 0;
    await client.close();
    await world.broker.close();
  });
}

/** Breaks connections at random times until it is told to stop. */
function chaos({ simulation, restart }: World, restarts: boolean): () => Promise<void> {
  const { random, network } = simulation;
  const { timers } = simulation.env("chaos-host");
  let stopped = false;
  network.resetProbability = 0.01;
  const run = (async () => {
    while (!stopped) {
      await timers.sleep(random.float() * 400);
      const dice = random.float();
      if (dice < 0.5) network.reset(() => random.float() < 0.5);
      else if (dice < 0.7) {
        const heal = network.blackHole(() => true);
        await timers.sleep(random.float() * 3000);
        heal();
      } else if (restarts && dice < 0.8) await restart();
    }
  })();
  return async () => {
    stopped = true;
    network.resetProbability = 0;
    await run;
  };
}

/** All committed values of a partition, in order. */
async function readAll(client: KafkaClient, partition: number): Promise<string[]> {
  const [end] = await client.admin().listOffsets([{ topic: TOPIC, partition, at: "latest" }], { isolation: "read_uncommitted" });
  const consumer = client.consumer();
  await consumer.assign([{ topic: TOPIC, partition, offset: 0 }]);
  const values: string[] = [];
  const stop = new AbortController();
  const { timers } = client.cluster.env;
  while (consumer.position({ topic: TOPIC, partition })! < end!.offset) {
    const timer = timers.after(700, () => stop.abort(new Error("only aborted records are left")));
    const next = await consumer
      .batches({ signal: stop.signal })
      .next()
      .catch((error: unknown) => {
        if (consumer.position({ topic: TOPIC, partition })! < end!.offset) throw error;
        return { value: undefined };
      });
    timer.cancel();
    for (const record of next.value?.records ?? []) values.push(Buffer.from(record.value!).toString());
  }
  await consumer.close();
  return values;
}

async function appendOne(producer: Producer, partition: number, value: string): Promise<void> {
  while (!producer.append(TOPIC, partition, 0, null, Buffer.from(value))) await producer.ready();
}

for (const restarts of [false, true])
  test(`every acknowledged record exactly once and in order, connections broken${restarts ? " and the broker power-cut" : ""}`, async () => {
    for (const seed of SEEDS)
      await inWorld(seed, async (world) => {
        const { client, simulation } = world;
        const stop = chaos(world, restarts);
        const producer = client.producer({ batchBytes: 300, lingerMs: 1, maxBufferedBytes: 5000, deliveryTimeoutMs: 600_000 });
        const { timers } = client.cluster.env;
        const sent: string[][] = Array.from({ length: PARTITIONS }, () => []);
        for (let i = 0; i < 400; i++) {
          const partition = i % PARTITIONS;
          sent[partition]!.push(String(i));
          await appendOne(producer, partition, String(i));
          if (simulation.random.float() < 0.2) await timers.sleep(simulation.random.float() * 50);
        }
        await producer.flush();
        await stop();
        for (let partition = 0; partition < PARTITIONS; partition++)
          assert.deepEqual(await readAll(client, partition), sent[partition], `seed ${seed}, partition ${partition}`);
      });
  });

test("transactions under broken connections: committed ones whole, aborted ones not at all", async () => {
  for (const seed of SEEDS)
    await inWorld(seed, async (world) => {
      const { client, simulation } = world;
      const { random } = simulation;
      const stop = chaos(world, true);
      const expected: string[][] = Array.from({ length: PARTITIONS }, () => []);
      let producer = client.producer({ transactionalId: "tx", lingerMs: 1, batchBytes: 300 });
      for (let round = 0; round < 25; round++) {
        const values: [number, string][] = Array.from({ length: 1 + (random.uint32() % 20) }, (_, i) => [
          random.uint32() % PARTITIONS,
          `${round}/${i}`,
        ]);
        for (;;) {
          try {
            await producer.beginTransaction();
            for (const [partition, value] of values) await appendOne(producer, partition, value);
            if (random.float() < 0.3) await producer.abortTransaction();
            else {
              await commit(producer);
              for (const [partition, value] of values) expected[partition]!.push(value);
            }
            break;
          } catch (error) {
            // Not committed, and known not to be: begin again, with a new producer if this one is of no more use.
            await producer.close().catch(() => {});
            producer = client.producer({ transactionalId: "tx", lingerMs: 1, batchBytes: 300 });
            assert.notEqual((error as { code?: string }).code, undefined, String(error));
          }
        }
      }
      await stop();
      await producer.close();
      for (let partition = 0; partition < PARTITIONS; partition++)
        assert.deepEqual(await readAll(client, partition), expected[partition], `seed ${seed}, partition ${partition}`);
    });
});

/** A commit whose outcome is unknown is asked for again until it is known. */
async function commit(producer: Producer): Promise<void> {
  for (;;)
    try {
      return await producer.commitTransaction();
    } catch (error) {
      if ((error as { retriable?: boolean }).retriable !== true) throw error;
    }
}
