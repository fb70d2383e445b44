// An ongoing transaction outlives a restart of the broker, whatever the wall clock did meanwhile: it gets its whole timeout again.
import assert from "node:assert/strict";
import { test } from "node:test";
import { KafkaClient } from "../../../client/client.ts";
import { resumeTransaction } from "../../../client/resume-transaction.ts";
import { createSimulation } from "../../../testing/simulation/simulation.ts";
import { startBroker } from "../../broker.ts";

const HOUR_MS = 3_600_000;

for (const jumpMs of [HOUR_MS, -HOUR_MS])
  test(`a prepared transaction is committed after a restart and a clock that jumped by ${jumpMs} ms; then it would have timed out`, async () => {
    const simulation = createSimulation(3);
    simulation.filesOf("broker").provideDirectory("/data");
    await simulation.run(async () => {
      const settings = { "transaction.abort.timed.out.transaction.cleanup.interval.ms": "100" };
      const options = { host: "broker", port: 9092, dataDir: "/data", insecure: true, settings };
      await startBroker(simulation.env("broker"), options);
      const env = simulation.env("client");
      const client = new KafkaClient(env, { brokers: "broker:9092" });
      const begin = async (transactionalId: string) => {
        const producer = client.producer({ transactionalId, transactionTimeoutMs: 5000 });
        await producer.beginTransaction();
        await producer.send({ topic: "t", value: "prepared" });
        const { identity } = producer;
        await producer.close({ transaction: "leave" });
        return identity;
      };
      const [prepared, forgotten] = [await begin("prepared"), await begin("forgotten")];
      simulation.kill("broker");
      simulation.clock.jumpWallClock(jumpMs);
      await startBroker(simulation.env("broker"), options);
      await env.timers.sleep(1000);
      assert.equal(await resumeTransaction(client, prepared, "commit"), "done");
      await env.timers.sleep(6000);
      await assert.rejects(resumeTransaction(client, forgotten, "commit"));
      await client.close();
    });
  });

test("a start names the transactions that have been open for long", async () => {
  const simulation = createSimulation(4);
  simulation.filesOf("broker").provideDirectory("/data");
  await simulation.run(async () => {
    const options = { host: "broker", port: 9092, dataDir: "/data", insecure: true };
    await startBroker(simulation.env("broker"), options);
    const env = simulation.env("client");
    const client = new KafkaClient(env, { brokers: "broker:9092" });
    const begin = async (transactionalId: string): Promise<void> => {
      const producer = client.producer({ transactionalId, transactionTimeoutMs: 600_000 });
      await producer.beginTransaction();
      await producer.send({ topic: "t", value: "open" });
      await producer.close({ transaction: "leave" });
    };
    await begin("millrace-fraud/alerts/0/1");
    await env.timers.sleep(90_000);
    await begin("young");
    simulation.kill("broker");
    await startBroker(simulation.env("broker"), options);
    const named = simulation.logLines.filter((line) => line.includes("transaction-open-at-start"));
    assert.equal(named.length, 1);
    assert.match(named[0]!, /millrace-fraud\/alerts\/0\/1.*t-0.*millrace txn describe/);
    await client.close();
  });
});

test("an option says what long is; a transaction keeps its age over restarts", async () => {
  const simulation = createSimulation(4);
  simulation.filesOf("broker").provideDirectory("/data");
  await simulation.run(async () => {
    const settings = { "unstable.api.versions.enable": "true", "transaction.two.phase.commit.enable": "true" };
    const options = { host: "broker", port: 9092, dataDir: "/data", insecure: true, settings, oldTransactionMs: 2000 };
    await startBroker(simulation.env("broker"), options);
    const env = simulation.env("client");
    const client = new KafkaClient(env, { brokers: "broker:9092" });
    for (const transactionalId of ["prepared", "timed"]) {
      const producer = client.producer({ transactionalId, twoPhaseCommit: transactionalId === "prepared", transactionTimeoutMs: 600_000 });
      await producer.beginTransaction();
      await producer.send({ topic: "t", value: "open" });
      await producer.close({ transaction: "leave" });
    }
    await env.timers.sleep(5000);
    simulation.kill("broker");
    await startBroker(simulation.env("broker"), options);
    const named = simulation.logLines.filter((line) => line.includes("transaction-open-at-start"));
    assert.equal(named.length, 2);
    const age = async (id: string): Promise<number> => env.clock.now() - (await client.admin().describeTransaction(id)).startedAt;
    assert.ok((await age("prepared")) >= 5000);
    assert.ok((await age("timed")) >= 5000);
    await client.close();
  });
});
