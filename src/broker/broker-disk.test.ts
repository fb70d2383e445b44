// The broker on a disk that is full, and on one whose fsync fails, on a simulated machine.
import assert from "node:assert/strict";
import { it } from "node:test";
import { KafkaClient } from "../client/client.ts";
import type { Env } from "../env/env.ts";
import { createSimulation, type Simulation } from "../testing/simulation/simulation.ts";
import { startBroker, type Broker } from "./broker.ts";

interface World {
  readonly simulation: Simulation;
  readonly env: Env;
  readonly broker: Broker;
  readonly client: KafkaClient;
}

function inWorld(body: (world: World) => Promise<void>): Promise<void> {
  const simulation = createSimulation(Number(process.env["MILLRACE_SEED"] ?? 3));
  simulation.files.provideDirectory("/data");
  return simulation.run(async () => {
    const env = simulation.env();
    const broker = await startBroker(env, { dataDir: "/data", port: 0 });
    const client = new KafkaClient(env, { brokers: broker.bootstrapServers, apiTimeoutMs: 5000 });
    await body({ simulation, env, broker, client });
    await client.close().catch(() => undefined);
    await broker.close();
  });
}

async function firstValues(client: KafkaClient, topic: string, count: number): Promise<string[]> {
  const consumer = client.consumer();
  await consumer.assign([{ topic, partition: 0, offset: "earliest" }]);
  const values: string[] = [];
  for await (const batch of consumer) {
    for (const { value } of batch.records) values.push(new TextDecoder().decode(value!));
    if (values.length >= count) break;
  }
  await consumer.close();
  return values;
}

it("refuses records with a retriable error while the disk is full, serves reads, and goes on by itself", () =>
  inWorld(async ({ simulation, env, broker, client }) => {
    const producer = client.producer();
    await producer.send({ topic: "t", value: "before" });
    let refused = 0;
    simulation.files.onOperation = ({ kind, path }) => {
      if (kind !== "write" || !path.endsWith(".log")) return "ok";
      refused++;
      return { error: "ENOSPC" };
    };
    const waiting = producer.send({ topic: "t", value: "during" }); // the client tries again until there is room
    await env.timers.sleep(1000);
    assert.ok(refused > 1, "the client did not try again");
    assert.deepEqual(await firstValues(client, "t", 1), ["before"]);
    simulation.files.onOperation = () => "ok";
    assert.equal((await waiting).offset, 1);
    assert.deepEqual(await firstValues(client, "t", 2), ["before", "during"]);
    assert.equal(await Promise.race([broker.failed.then(() => "failed"), env.timers.sleep(1).then(() => "alive")]), "alive");
  }));

it("stops with the reason, and acknowledges nothing more, when an fsync fails", () =>
  inWorld(async ({ simulation, broker, client }) => {
    const producer = client.producer();
    await producer.send({ topic: "t", value: "before" });
    simulation.files.onOperation = ({ kind, path }) => (kind === "datasync" && path.endsWith(".log") ? { error: "EIO" } : "ok");
    await assert.rejects(producer.send({ topic: "t", value: "doomed" }));
    assert.match((await broker.failed).message, /EIO|datasync/);
    simulation.files.onOperation = () => "ok";
    await assert.rejects(producer.send({ topic: "t", value: "after" }));
    assert.ok(simulation.logLines.some((line) => line.includes("broker-stopped")));
  }));

it("refuses to start on a directory another broker uses, and on a port that is taken, and leaves nothing locked", () =>
  inWorld(async ({ env, broker }) => {
    await assert.rejects(startBroker(env, { dataDir: "/data", port: 0 }), { code: "ELOCKED" });
    await assert.rejects(startBroker(env, { dataDir: "/data/other", port: broker.address.port }), { code: "EADDRINUSE" });
    const other = await startBroker(env, { dataDir: "/data/other", port: 0 });
    await other.close();
    await assert.rejects(startBroker(env, { dataDir: "/data/third", port: 0, host: "0.0.0.0" }), { code: "INVALID_BROKER_OPTIONS" });
  }));
