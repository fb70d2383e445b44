// Transactions over real sockets: atomic, invisible until committed, ended by another process. KAFKA_BROKERS runs it against any cluster.
import assert from "node:assert/strict";
import { test } from "node:test";
import { resumeTransaction, type ClientError, type KafkaClient, type TransactionError } from "../index.ts";
import { testCluster } from "./test-cluster.ts";

const cluster = testCluster();

/** All values a read_committed reader sees in partition 0. The markers and aborted records at its end must not keep the reading from ending. */
async function committed(client: KafkaClient, topic: string): Promise<string[]> {
  const consumer = client.consumer();
  await consumer.assign([{ topic, partition: 0, offset: 0 }]);
  const values: string[] = [];
  for await (const batch of consumer.batches({ until: "end" }))
    for (const record of batch.records) values.push(Buffer.from(record.value!).toString());
  await consumer.close();
  return values;
}

async function topicOf(client: KafkaClient, name: string): Promise<string> {
  const topic = cluster.unique(name);
  await client.admin().createTopics([{ name: topic, partitions: 2 }]);
  return topic;
}

test("committed records are seen, aborted ones never", async () => {
  const client = cluster.client();
  const topic = await topicOf(client, "outcomes");
  const producer = client.producer({ transactionalId: cluster.unique("tx") });
  for (const round of [0, 1, 2, 3]) {
    await producer.beginTransaction();
    const sent = [0, 1, 2].map((i) => producer.send({ topic, partition: 0, value: `${round % 2 === 0 ? "c" : "a"}${round}${i}` }));
    await Promise.all(sent);
    if (round % 2 === 0) await producer.commitTransaction();
    else await producer.abortTransaction();
  }
  assert.deepEqual(await committed(client, topic), ["c00", "c01", "c02", "c20", "c21", "c22"]);
  await client.close();
});

test("records not yet sent are dropped by an abort and say so", async () => {
  const client = cluster.client();
  const topic = await topicOf(client, "dropped");
  const producer = client.producer({ transactionalId: cluster.unique("tx"), lingerMs: 10_000 });
  await producer.beginTransaction();
  const lost = producer.send({ topic, partition: 0, value: "lost" });
  await Promise.all([assert.rejects(lost, { code: "TRANSACTION_ABORTED" }), producer.abortTransaction()]);
  await producer.beginTransaction();
  await Promise.all([producer.send({ topic, partition: 0, value: "kept" }), producer.flush()]);
  await producer.commitTransaction();
  assert.deepEqual(await committed(client, topic), ["kept"]);
  await client.close();
});

test("an empty transaction commits without a trace", async () => {
  const client = cluster.client();
  const producer = client.producer({ transactionalId: cluster.unique("tx") });
  await producer.beginTransaction();
  await producer.commitTransaction();
  await producer.beginTransaction();
  await producer.abortTransaction();
  assert.throws(() => producer.append("x", 0, 0, null, null), { code: "INVALID_STATE" });
  await client.close();
});

test("a newer producer with the same id fences the older one and aborts what it left open", async () => {
  const client = cluster.client();
  const topic = await topicOf(client, "fencing");
  const transactionalId = cluster.unique("tx");
  const older = client.producer({ transactionalId });
  await older.beginTransaction();
  await older.send({ topic, partition: 0, value: "zombie" });
  const newer = client.producer({ transactionalId });
  await newer.beginTransaction();
  await newer.send({ topic, partition: 0, value: "living" });
  await newer.commitTransaction();
  await assert.rejects(older.commitTransaction(), (error: TransactionError) => {
    assert.equal(error.resolution, "close");
    assert.match(error.code, /PRODUCER_FENCED|INVALID_PRODUCER_EPOCH/);
    return true;
  });
  assert.throws(() => older.append(topic, 0, 0, null, null), { name: "TransactionError" });
  assert.deepEqual(await committed(client, topic), ["living"]);
  await client.close();
});

test("offsets travel with the transaction", async () => {
  const client = cluster.client();
  const topic = await topicOf(client, "offsets");
  const groupId = cluster.unique("group");
  const producer = client.producer({ transactionalId: cluster.unique("tx") });
  const offsetOf = async (): Promise<number | undefined> =>
    (await client.admin().groupOffsets(groupId, [{ topic, partition: 1 }]))[0]?.offset;
  await producer.beginTransaction();
  await producer.send({ topic, partition: 0, value: "x" });
  await producer.sendOffsets([{ topic, partition: 1, offset: 7 }], groupId);
  await producer.abortTransaction();
  assert.equal(await offsetOf(), -1);
  await producer.beginTransaction();
  await producer.send({ topic, partition: 0, value: "x" });
  await producer.sendOffsets([{ topic, partition: 1, offset: 8 }], groupId);
  await producer.commitTransaction();
  assert.equal(await offsetOf(), 8);
  await client.close();
});

for (const outcome of ["commit", "abort"] as const)
  test(`another process ends a transaction (${outcome}), and does so once however often it asks`, async () => {
    const client = cluster.client();
    const topic = await topicOf(client, "resume");
    const producer = client.producer({ transactionalId: cluster.unique("tx") });
    await producer.beginTransaction();
    await Promise.all([producer.send({ topic, partition: 0, value: "in doubt" }), producer.flush()]);
    const { identity } = producer;
    await producer.close({ transaction: "leave" });
    const other = cluster.client();
    assert.equal(await resumeTransaction(other, identity, outcome), "done");
    assert.match(await resumeTransaction(other, identity, outcome), /done|already/);
    assert.match(await resumeTransaction(cluster.client(), identity, outcome), /done|already/);
    assert.deepEqual(await committed(other, topic), outcome === "commit" ? ["in doubt"] : []);
    await assert.rejects(resumeTransaction(other, identity, outcome === "commit" ? "abort" : "commit"), (error: ClientError) => {
      assert.match(error.code, /INVALID_TXN_STATE|PRODUCER_FENCED/);
      return true;
    });
  });

test("after a newer producer took the id, a resume is refused by name", async () => {
  const client = cluster.client();
  const topic = await topicOf(client, "too-late");
  const transactionalId = cluster.unique("tx");
  const producer = client.producer({ transactionalId });
  await producer.beginTransaction();
  await Promise.all([producer.send({ topic, partition: 0, value: "late" }), producer.flush()]);
  const { identity } = producer;
  await producer.close({ transaction: "leave" });
  const newer = client.producer({ transactionalId });
  await newer.initTransactions();
  await assert.rejects(resumeTransaction(client, identity, "commit"), (error: ClientError) => {
    assert.equal(error.code, "PRODUCER_FENCED");
    assert.match(error.message, new RegExp(transactionalId));
    return true;
  });
  assert.deepEqual(await committed(client, topic), []);
  await client.close();
});

test("an id the broker has never seen cannot be resumed", async () => {
  const client = cluster.client();
  const unknown = { transactionalId: cluster.unique("never"), producerId: 123_456, producerEpoch: 0 };
  await assert.rejects(resumeTransaction(client, unknown, "commit"), (error: ClientError) => {
    assert.match(error.code, /UNKNOWN_PRODUCER_ID|INVALID_PRODUCER_ID_MAPPING/);
    return true;
  });
  await client.close();
});

test("a transaction timeout above the broker's maximum is refused with the setting's name", async () => {
  const client = cluster.client();
  const producer = client.producer({ transactionalId: cluster.unique("tx"), transactionTimeoutMs: 2_000_000_000 });
  await assert.rejects(producer.beginTransaction(), (error: ClientError) => {
    assert.equal(error.code, "INVALID_TRANSACTION_TIMEOUT");
    assert.match(error.message, /transaction\.max\.timeout\.ms/);
    return true;
  });
  await producer.close();
  await client.close();
});
