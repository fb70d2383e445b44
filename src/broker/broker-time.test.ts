// What the broker does as time passes, in virtual time: transactions end, sessions expire, offsets are dropped, idle connections close.
import assert from "node:assert/strict";
import { it } from "node:test";
import { KafkaClient } from "../client/client.ts";
import type { Env } from "../env/env.ts";
import { createSimulation } from "../testing/simulation/simulation.ts";
import { startBroker, type Broker } from "./broker.ts";

interface World {
  readonly env: Env;
  readonly broker: Broker;
  readonly client: KafkaClient;
}

const SECOND = 1000;

function inWorld(settings: Record<string, string>, body: (world: World) => Promise<void>): Promise<void> {
  const simulation = createSimulation(Number(process.env["MILLRACE_SEED"] ?? 5));
  simulation.files.provideDirectory("/data");
  return simulation.run(async () => {
    const env = simulation.env();
    const broker = await startBroker(env, { dataDir: "/data", port: 0, settings });
    const client = new KafkaClient(env, { brokers: broker.bootstrapServers });
    await body({ env, broker, client });
    await client.close().catch(() => undefined);
    await broker.close();
  });
}

it("aborts a transaction whose time is over and fences its producer", () =>
  inWorld({}, async ({ env, broker, client }) => {
    const producer = client.producer({ transactionalId: "slow", transactionTimeoutMs: 20 * SECOND });
    await producer.beginTransaction();
    await producer.send({ topic: "t", value: "late" });
    const log = broker.logs.topic("t")!.partitions[0]!;
    assert.deepEqual([log.lastStableOffset, log.highWatermark], [0, 1]);
    const admin = client.admin();
    const { state, partitions } = await admin.describeTransaction("slow");
    assert.deepEqual([state, partitions], ["Ongoing", [{ topic: "t", partition: 0 }]]);
    assert.deepEqual(
      (await admin.listTransactions(["Ongoing"])).map(({ transactionalId }) => transactionalId),
      ["slow"],
    );
    await env.timers.sleep(35 * SECOND);
    assert.deepEqual([log.lastStableOffset, log.highWatermark], [2, 2]);
    assert.equal((await admin.describeTransaction("slow")).state, "CompleteAbort");
    assert.deepEqual(await admin.listTransactions(["Ongoing"]), []);
    await assert.rejects(producer.commitTransaction());
    const { abortedTransactions } = await log.read(0, { maxBytes: 1000, minOneBatch: true, isolation: "read_committed" });
    assert.equal(abortedTransactions.length, 1);
  }));

it("removes a member that fell silent from its group", () =>
  inWorld({}, async ({ env, broker, client }) => {
    await client.producer().send({ topic: "t", value: "x" });
    const consumer = client.consumer({ groupId: "g", sessionTimeoutMs: 6 * SECOND, startAt: "earliest" });
    consumer.subscribe("t");
    for await (const batch of consumer) if (batch.nextOffset === 1) break;
    const admin = client.admin();
    assert.equal((await admin.describeGroup("g")).members.length, 1);
    client.cluster.close(); // as if the process had died
    await env.timers.sleep(10 * SECOND);
    const other = new KafkaClient(env, { brokers: broker.bootstrapServers });
    const { state, members } = await other.admin().describeGroup("g");
    assert.deepEqual([state, members.length], ["Empty", 0]);
    await other.close();
  }));

it("drops the offsets of a group nobody used for the time offsets are kept, and then the group", () =>
  inWorld({ "offsets.retention.minutes": "5", "offsets.retention.check.interval.ms": "30000" }, async ({ env, client }) => {
    await client.producer().send({ topic: "t", value: "x" });
    const admin = client.admin();
    await admin.alterGroupOffsets("g", [{ topic: "t", partition: 0, offset: 1 }]);
    await env.timers.sleep(200 * SECOND);
    assert.equal((await admin.groupOffsets("g"))[0]?.offset, 1);
    await env.timers.sleep(200 * SECOND);
    assert.deepEqual(await admin.listGroups(), []);
  }));

it("drops the offsets of a topic that a living group does not read any more, and keeps the others", () =>
  inWorld({ "offsets.retention.minutes": "5", "offsets.retention.check.interval.ms": "30000" }, async ({ env, client }) => {
    for (const topic of ["t", "old"]) await client.producer().send({ topic, value: "x" });
    const admin = client.admin();
    for (const topic of ["t", "old"]) await admin.alterGroupOffsets("g", [{ topic, partition: 0, offset: 1 }]);
    const consumer = client.consumer({ groupId: "g" });
    consumer.subscribe("t");
    const reading = (async () => {
      for await (const batch of consumer) if (batch.nextOffset === 2) break;
    })();
    await env.timers.sleep(400 * SECOND);
    assert.deepEqual(
      (await admin.groupOffsets("g")).map(({ topic, offset }) => [topic, offset]),
      [["t", 1]],
    );
    await client.producer().send({ topic: "t", value: "end" });
    await reading;
    await consumer.close();
  }));

it("closes connections that nobody used for connections.max.idle.ms", () =>
  inWorld({ "connections.max.idle.ms": "60000" }, async ({ env, broker, client }) => {
    await client.admin().listTopics();
    assert.ok(broker.metrics().connections > 0);
    await env.timers.sleep(100 * SECOND);
    assert.equal(broker.metrics().connections, 0);
    await client.admin().listTopics();
  }));

it("closes no idle connection with connections.max.idle.ms=-1", () =>
  inWorld({ "connections.max.idle.ms": "-1" }, async ({ env, broker, client }) => {
    await client.admin().listTopics();
    const { connections } = broker.metrics();
    await env.timers.sleep(100 * SECOND);
    assert.equal(broker.metrics().connections, connections);
  }));
