// The internal topics are compacted like any other: after hundreds of commits and transactions a start reads little of what was written,
// and everything is still known.
import assert from "node:assert/strict";
import { it } from "node:test";
import { KafkaClient } from "../client/client.ts";
import { commitGroupOffsets, fetchGroupOffsets } from "../client/group-offsets.ts";
import { createSimulation } from "../testing/simulation/simulation.ts";
import { startBroker } from "./broker.ts";
import { OFFSETS_TOPIC, TRANSACTIONS_TOPIC } from "./topics.ts";

const options = { dataDir: "/data", port: 9092 } as const;
const SMALL = {
  "cleanup.policy": "compact",
  "internal.segment.bytes": "16384",
  "delete.retention.ms": "0",
  "min.cleanable.dirty.ratio": "0.01",
};

it("starts from little after many commits and transactions, and knows them all", async () => {
  const simulation = createSimulation(11);
  simulation.files.provideDirectory("/data");
  await simulation.run(async () => {
    const env = simulation.env();
    const broker = await startBroker(env, options);
    const client = new KafkaClient(env, { brokers: broker.bootstrapServers });
    const commit = (offset: number) => commitGroupOffsets(client.cluster, { groupId: "plain" }, [{ topic: "t", partition: 0, offset }]);
    await client.admin().createTopics([{ name: "t", partitions: 1 }]);
    await commit(0);
    const transactional = client.producer({ transactionalId: "txn" });
    const transaction = async (offset: number, end: "commit" | "abort"): Promise<void> => {
      await transactional.beginTransaction();
      await transactional.send({ topic: "t", value: `${end} ${offset}` });
      await transactional.sendOffsets([{ topic: "t", partition: 0, offset }], "exact");
      await (end === "commit" ? transactional.commitTransaction() : transactional.abortTransaction());
    };
    await transaction(1, "commit");
    for (const name of [OFFSETS_TOPIC, TRANSACTIONS_TOPIC]) await broker.logs.setTopicConfig(name, SMALL);
    for (let i = 1; i <= 400; i++) await commit(i);
    for (let i = 2; i <= 120; i++) await transaction(i, i % 3 === 0 ? "abort" : "commit");
    const sizes = () => [OFFSETS_TOPIC, TRANSACTIONS_TOPIC].map((name) => broker.logs.topic(name)!.partitions[0]!.sizeBytes);
    const before = sizes();
    // Virtual time for the compactor's own timer, twice: markers go a round after their records.
    await env.timers.sleep(60_000);
    const after = sizes();
    for (const [i, size] of after.entries()) assert.ok(size < 25_000 && size * 2 < before[i]!, `${before[i]} bytes became ${size}`);
    const { producerId } = transactional.identity;
    await client.close();
    await broker.close();
    const again = await startBroker(simulation.env(), options);
    const reader = new KafkaClient(simulation.env(), { brokers: again.bootstrapServers });
    const committed = async (group: string) => (await fetchGroupOffsets(reader.cluster, group)).map(({ offset }) => offset);
    assert.deepEqual(await committed("plain"), [400]);
    assert.deepEqual(await committed("exact"), [119]);
    const successor = reader.producer({ transactionalId: "txn" });
    await successor.beginTransaction();
    await successor.send({ topic: "t", value: "next" });
    await successor.commitTransaction();
    assert.equal(successor.identity.producerId, producerId);
    await reader.close();
    await again.close();
  });
});

/** Sizes of a compacted topic in bytes: written, and after `waitMs`. */
async function compactedFor(settings: Record<string, string>, waitMs: number): Promise<{ before: number; after: number }> {
  const simulation = createSimulation(12);
  simulation.files.provideDirectory("/data");
  return simulation.run(async () => {
    const env = simulation.env();
    const broker = await startBroker(env, { ...options, settings });
    const client = new KafkaClient(env, { brokers: broker.bootstrapServers });
    await client.admin().createTopics([{ name: "t", partitions: 1, config: SMALL }]);
    const producer = client.producer();
    for (let i = 0; i < 100; i++) await producer.send({ topic: "t", key: "one", value: "x".repeat(1000) });
    const size = (): number => broker.logs.topic("t")!.partitions[0]!.sizeBytes;
    const before = size();
    await env.timers.sleep(waitMs);
    const after = size();
    await client.close();
    await broker.close();
    return { before, after };
  });
}

it("compacts as often as log.cleaner.backoff.ms says", async () => {
  const soon = await compactedFor({ "log.cleaner.backoff.ms": "500" }, 3000);
  assert.ok(soon.after * 3 < soon.before, `${soon.before} bytes became ${soon.after}`);
  const later = await compactedFor({ "log.cleaner.backoff.ms": "40000" }, 3000);
  assert.equal(later.after, later.before);
});

it("compacts nothing if log.cleaner.enable is false", async () => {
  const { before, after } = await compactedFor({ "log.cleaner.enable": "false" }, 60_000);
  assert.equal(after, before);
});
