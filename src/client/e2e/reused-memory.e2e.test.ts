// The broker uses the memory of requests and answers again: nobody may see another's bytes, however producers, readers at the end, readers
// from the beginning and clients that go away in the middle meet. (Every batch's checksum is checked on the way in, from the disk, and here.)
import assert from "node:assert/strict";
import { test } from "node:test";
import type { KafkaClient } from "../index.ts";
import { testCluster } from "./test-cluster.ts";

const cluster = testCluster();
const PARTITIONS = 3;
const RECORDS = 2_000;

/** Its length and every byte follow from partition and number. */
function valueOf(partition: number, number: number): Uint8Array {
  return new Uint8Array(100 + ((number * 7919) % 9_000)).fill((partition * 83 + number * 31) & 0xff);
}

async function produce(client: KafkaClient, topic: string, partition: number): Promise<void> {
  const producer = client.producer({ lingerMs: 1, batchBytes: 20_000 + partition * 60_000, idempotent: false, acks: 1 });
  for (let i = 0; i < RECORDS; i++) {
    while (!producer.append(topic, partition, i, null, valueOf(partition, i))) await producer.ready();
    if (i % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await producer.flush();
  await producer.close();
}

async function consume(client: KafkaClient, topic: string, partition: number): Promise<void> {
  const consumer = client.consumer({ isolation: "read_uncommitted" });
  await consumer.assign([{ topic, partition, offset: "earliest" }]);
  let next = 0;
  for await (const batch of consumer) {
    for (const { offset, timestamp, value } of batch.records) {
      assert.deepEqual([offset, timestamp], [next, next]);
      assert.ok(Buffer.from(value!).equals(valueOf(partition, next)), `partition ${partition}, record ${next}`);
      next++;
    }
    if (next === RECORDS) break;
  }
  await consumer.close();
}

/** Asks for everything and goes away while the answer is on its way. */
async function comeAndGo(topic: string, until: Promise<unknown>): Promise<void> {
  let over = false;
  void until.then(() => (over = true));
  while (!over) {
    const client = cluster.client();
    const consumer = client.consumer({ isolation: "read_uncommitted" });
    await consumer.assign([0, 1, 2].map((partition) => ({ topic, partition, offset: "earliest" })));
    for await (const { topic: from } of consumer) {
      assert.equal(from, topic);
      break;
    }
    await client.close();
  }
}

test("producers, early and late readers and clients that go away never see each other's bytes", { timeout: 60_000 }, async () => {
  const topic = cluster.unique("reused-memory");
  const client = cluster.client();
  await client.admin().createTopics([{ name: topic, partitions: PARTITIONS }]);
  const partitions = [0, 1, 2];
  const produced = Promise.all(partitions.map((partition) => produce(client, topic, partition)));
  const tailing = Promise.all(partitions.map((partition) => consume(cluster.client(), topic, partition)));
  const guests = comeAndGo(topic, produced);
  await produced;
  await Promise.all([tailing, guests, ...partitions.map((partition) => consume(cluster.client(), topic, partition))]);
});
