// @platformatic/kafka against the broker: newer request versions than kafkajs (topic ids, flexible everywhere), groups, transactions.
import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { describe, it } from "node:test";
import { Admin, Consumer, Producer, stringDeserializers, stringSerializers } from "@platformatic/kafka";
import { createNodeEnv } from "../../env-node/node-env.ts";
import { TestBroker } from "./test-broker.ts";

const start = (settings?: Record<string, string>): Promise<TestBroker> => TestBroker.start(createNodeEnv(), tmpdir(), settings);

function producerOf(
  test: TestBroker,
  options: { transactionalId?: string; idempotent?: boolean } = {},
): Producer<string, string, string, string> {
  return new Producer({
    clientId: "p",
    bootstrapBrokers: test.servers,
    serializers: stringSerializers,
    autocreateTopics: true,
    retries: 5,
    retryDelay: 50,
    ...options,
  });
}

async function read(
  test: TestBroker,
  topic: string,
  groupId: string,
  count: number,
  mode: "earliest" | "committed" = "earliest",
): Promise<string[]> {
  const consumer = new Consumer({
    clientId: "c",
    groupId,
    bootstrapBrokers: test.servers,
    deserializers: stringDeserializers,
    retries: 5,
    retryDelay: 50,
    sessionTimeout: 10_000,
    heartbeatInterval: 1000,
    maxWaitTime: 100,
  });
  const values: string[] = [];
  const stream = await consumer.consume({ topics: [topic], mode, autocommit: false });
  for await (const message of stream) {
    values.push(message.value);
    if (values.length >= count) {
      await message.commit();
      break;
    }
  }
  await stream.close();
  await consumer.close(true);
  return values;
}

describe("@platformatic/kafka", () => {
  it("produces, with acks 0, 1 and all, and consumes in a group that remembers its place", async () => {
    await using test = await start();
    const producer = producerOf(test);
    for (const acks of [-1, 1, 0] as const)
      await producer.send({ topic: undefined, acks, messages: [{ topic: "t", key: "k", value: `acks ${acks}` }] } as never);
    await producer.send({
      messages: Array.from({ length: 50 }, (_, i) => ({ topic: "t", key: String(i), value: String(i), headers: { h: "x" } })),
    });
    const values = await read(test, "t", "g", 53);
    assert.deepEqual(values.slice(0, 4), ["acks -1", "acks 1", "acks 0", "0"]);
    await producer.send({ messages: [{ topic: "t", value: "later" }] });
    await producer.close();
    assert.deepEqual(await read(test, "t", "g", 1, "committed"), ["later"]);
  });

  it("writes idempotently, batch after batch", async () => {
    await using test = await start();
    const producer = producerOf(test, { idempotent: true });
    for (let i = 0; i < 10; i++) await producer.send({ messages: [{ topic: "t", value: String(i) }] });
    await producer.close();
    assert.deepEqual(await read(test, "t", "g", 10), ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
  });

  it("commits transactions one after the other", async () => {
    await using test = await start();
    const producer = producerOf(test, { idempotent: true, transactionalId: "txn" });
    for (let i = 0; i < 3; i++) {
      const transaction = await producer.beginTransaction();
      await transaction.send({ messages: [{ topic: "t", value: `committed ${i}` }] });
      await transaction.commit();
    }
    await producer.close();
    assert.deepEqual(await read(test, "t", "g", 3), ["committed 0", "committed 1", "committed 2"]);
  });

  it("administers topics and groups", async () => {
    await using test = await start();
    const admin = new Admin({ clientId: "a", bootstrapBrokers: test.servers, retries: 5, retryDelay: 50 });
    const created = await admin.createTopics({ topics: ["one", "two"], partitions: 3, replicas: 1 });
    assert.deepEqual(
      created.map(({ name, partitions }) => [name, partitions]),
      [
        ["one", 3],
        ["two", 3],
      ],
    );
    assert.deepEqual((await admin.listTopics()).sort(), ["one", "two"]);
    await admin.deleteTopics({ topics: ["one"] });
    assert.deepEqual(await admin.listTopics(), ["two"]);
    await admin.close();
  });
});
