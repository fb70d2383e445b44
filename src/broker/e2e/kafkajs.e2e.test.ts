// kafkajs against the broker: produce, consume, groups, transactions, restarts.
import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { describe, it } from "node:test";
import { CompressionTypes, Kafka, logLevel, type EachMessagePayload, type IHeaders } from "kafkajs";
import { createNodeEnv } from "../../env-node/node-env.ts";
import { TestBroker } from "./test-broker.ts";

const start = (settings?: Record<string, string>): Promise<TestBroker> => TestBroker.start(createNodeEnv(), tmpdir(), settings);

process.env["KAFKAJS_NO_PARTITIONER_WARNING"] = "1";

function client(test: TestBroker, clientId = "test"): Kafka {
  return new Kafka({ clientId, brokers: test.servers, logLevel: logLevel.NOTHING, retry: { initialRetryTime: 50, retries: 10 } });
}

interface Read {
  readonly partition: number;
  readonly offset: string;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: IHeaders | undefined;
}

async function consume(
  test: TestBroker,
  options: { topic: string; groupId: string; count: number; readUncommitted?: boolean; autoCommit?: boolean },
): Promise<Read[]> {
  const { topic, groupId, count, readUncommitted = false, autoCommit = true } = options;
  const consumer = client(test).consumer({ groupId, readUncommitted, maxWaitTimeInMs: 100, sessionTimeout: 10_000 });
  const read: Read[] = [];
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommit,
      eachMessage: async ({ partition, message }: EachMessagePayload) => {
        const { offset, key, value, headers } = message;
        read.push({ partition, offset, key: key?.toString() ?? null, value: value?.toString() ?? null, headers });
      },
    });
    await test.until(
      () => `${count} records of ${topic}, ${read.length} came`,
      () => read.length >= count,
    );
  } finally {
    await consumer.disconnect();
  }
  return read;
}

describe("kafkajs", () => {
  it("produces and consumes keys, values, nulls, headers, and every compression it has", async () => {
    await using test = await start();
    const producer = client(test).producer();
    await producer.connect();
    const first = await producer.send({
      topic: "t",
      messages: [
        { key: "k", value: "v", headers: { h: "x" } },
        { key: null, value: "no key" },
        { key: "tombstone", value: null },
      ],
    });
    assert.equal(first[0]?.baseOffset, "0");
    const zipped = Array.from({ length: 100 }, (_, i) => ({ value: `zipped ${i}` }));
    const second = await producer.send({ topic: "t", compression: CompressionTypes.GZIP, messages: zipped });
    assert.equal(second[0]?.baseOffset, "3");
    await producer.disconnect();
    const read = await consume(test, { topic: "t", groupId: "g", count: 103 });
    assert.deepEqual(
      read.slice(0, 3).map(({ key, value }) => [key, value]),
      [
        ["k", "v"],
        [null, "no key"],
        ["tombstone", null],
      ],
    );
    assert.equal(read[0]?.headers?.["h"]?.toString(), "x");
    assert.deepEqual(
      read.map(({ offset }) => offset),
      Array.from({ length: 103 }, (_, i) => String(i)),
    );
  });

  it("produces with acks 0, 1 and all", async () => {
    await using test = await start();
    const producer = client(test).producer();
    await producer.connect();
    for (const acks of [0, 1, -1]) await producer.send({ topic: "t", acks, messages: [{ value: `acks ${acks}` }] });
    await producer.disconnect();
    const read = await consume(test, { topic: "t", groupId: "g", count: 3 });
    assert.deepEqual(
      read.map(({ value }) => value),
      ["acks 0", "acks 1", "acks -1"],
    );
  });

  it("gets a batch that is too large refused, and one just below the limit through", async () => {
    await using test = await start();
    const producer = client(test).producer();
    await producer.connect();
    await assert.rejects(producer.send({ topic: "t", messages: [{ value: Buffer.alloc(2_000_000) }] }), /larger than/);
    await producer.send({ topic: "t", messages: [{ value: Buffer.alloc(1_048_000, "x") }] });
    await producer.disconnect();
    const read = await consume(test, { topic: "t", groupId: "g", count: 1 });
    assert.equal(read[0]?.value?.length, 1_048_000);
  });

  it("writes idempotently", async () => {
    await using test = await start();
    const producer = client(test).producer({ idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    for (let i = 0; i < 20; i++) await producer.send({ topic: "t", messages: [{ value: String(i) }] });
    await producer.disconnect();
    const read = await consume(test, { topic: "t", groupId: "g", count: 20 });
    assert.equal(read.length, 20);
  });

  it("commits and aborts transactions, with offsets, and shows read_committed readers only what was committed", async () => {
    await using test = await start();
    const kafka = client(test);
    const admin = kafka.admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: "t", numPartitions: 1 }, { topic: "source" }] });
    const producer = kafka.producer({ transactionalId: "txn", idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    for (const [value, commit] of [
      ["one", true],
      ["lost", false],
      ["two", true],
    ] as const) {
      const transaction = await producer.transaction();
      await transaction.send({ topic: "t", messages: [{ value }] });
      const offset = commit ? value.length : 99;
      await transaction.sendOffsets({
        consumerGroupId: "g-offsets",
        topics: [{ topic: "source", partitions: [{ partition: 0, offset: String(offset) }] }],
      });
      if (commit) await transaction.commit();
      else await transaction.abort();
    }
    await producer.disconnect();
    const committed = await consume(test, { topic: "t", groupId: "g1", count: 2 });
    assert.deepEqual(
      committed.map(({ value }) => value),
      ["one", "two"],
    );
    const all = await consume(test, { topic: "t", groupId: "g2", count: 3, readUncommitted: true });
    assert.deepEqual(
      all.map(({ value }) => value),
      ["one", "lost", "two"],
    );
    const offsets = await admin.fetchOffsets({ groupId: "g-offsets", topics: ["source"] });
    assert.equal(offsets[0]?.partitions[0]?.offset, "3");
    await admin.disconnect();
  });

  it("fences a producer whose transactional id another one took, and aborts what it left open", async () => {
    await using test = await start();
    const zombie = client(test).producer({ transactionalId: "txn", idempotent: true, maxInFlightRequests: 1, retry: { retries: 1 } });
    await zombie.connect();
    const open = await zombie.transaction();
    await open.send({ topic: "t", messages: [{ value: "zombie" }] });
    const successor = client(test).producer({ transactionalId: "txn", idempotent: true, maxInFlightRequests: 1 });
    await successor.connect();
    const transaction = await successor.transaction();
    await transaction.send({ topic: "t", messages: [{ value: "alive" }] });
    await transaction.commit();
    await assert.rejects(open.commit());
    await zombie.disconnect();
    await successor.disconnect();
    const read = await consume(test, { topic: "t", groupId: "g", count: 1 });
    assert.deepEqual(
      read.map(({ value }) => value),
      ["alive"],
    );
  });

  it("shares a topic's partitions among the members of a group and hands them on when one leaves", async () => {
    await using test = await start();
    const kafka = client(test);
    const admin = kafka.admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: "t", numPartitions: 4 }] });
    const seen = new Map<string, Set<number>>();
    const members = [];
    for (const name of ["a", "b"]) {
      const consumer = client(test, name).consumer({
        groupId: "g",
        sessionTimeout: 6000,
        heartbeatInterval: 200,
        maxWaitTimeInMs: 100,
        rebalanceTimeout: 5000,
      });
      await consumer.connect();
      await consumer.subscribe({ topic: "t", fromBeginning: true });
      seen.set(name, new Set());
      consumer.on("consumer.group_join", ({ payload }) => seen.set(name, new Set(payload.memberAssignment["t"])));
      await consumer.run({ eachMessage: async () => {} });
      members.push(consumer);
    }
    await test.until(
      () => "both members have two partitions",
      () => [...seen.values()].every((partitions) => partitions.size === 2),
    );
    assert.deepEqual([...seen.get("a")!, ...seen.get("b")!].sort(), [0, 1, 2, 3]);
    const described = await admin.describeGroups(["g"]);
    assert.deepEqual([described.groups[0]?.state, described.groups[0]?.members.length], ["Stable", 2]);
    await members[0]!.disconnect();
    await test.until(
      () => "the other has all four",
      () => seen.get("b")!.size === 4,
    );
    await members[1]!.disconnect();
    const { groups } = await admin.listGroups();
    assert.ok(groups.some(({ groupId }) => groupId === "g"));
    await admin.deleteGroups(["g"]);
    assert.deepEqual((await admin.listGroups()).groups, []);
    await admin.disconnect();
  });

  it("finds records, committed offsets and transactional ids again after a restart", async () => {
    await using test = await start();
    let producer = client(test).producer({ transactionalId: "txn", idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    const transaction = await producer.transaction();
    await transaction.send({ topic: "t", messages: Array.from({ length: 10 }, (_, i) => ({ value: String(i) })) });
    await transaction.commit();
    await producer.disconnect();
    await consume(test, { topic: "t", groupId: "g", count: 10 });
    await test.restart();
    producer = client(test).producer({ transactionalId: "txn", idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    const second = await producer.transaction();
    await second.send({ topic: "t", messages: [{ value: "after" }] });
    await second.commit();
    await producer.disconnect();
    const read = await consume(test, { topic: "t", groupId: "g", count: 1 });
    assert.deepEqual(
      read.map(({ value }) => value),
      ["after"],
    );
  });

  it("administers topics: creates, describes, grows, trims and deletes them", async () => {
    await using test = await start({ "num.partitions": "3", "auto.create.topics.enable": "false" });
    const admin = client(test).admin();
    await admin.connect();
    assert.equal(await admin.createTopics({ topics: [{ topic: "a", configEntries: [{ name: "retention.ms", value: "1000" }] }] }), true);
    assert.equal(await admin.createTopics({ topics: [{ topic: "a" }] }), false); // there already
    await assert.rejects(admin.createTopics({ topics: [{ topic: "b/c" }] }), /topic/i);
    await admin.createPartitions({ topicPartitions: [{ topic: "a", count: 5 }] });
    const { topics } = await admin.fetchTopicMetadata({ topics: ["a"] });
    assert.equal(topics[0]?.partitions.length, 5);
    const configs = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: 2, name: "a", configNames: ["retention.ms"] }],
    });
    assert.deepEqual(
      configs.resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]),
      [["retention.ms", "1000"]],
    );
    const producer = client(test).producer();
    await producer.connect();
    await producer.send({ topic: "a", messages: [0, 1, 2, 3].map((i) => ({ partition: 0, value: String(i) })) });
    await producer.disconnect();
    const impatient = client(test).producer({ retry: { retries: 0 } });
    await impatient.connect();
    await assert.rejects(impatient.send({ topic: "missing", messages: [{ value: "x" }] }), /does not host this topic/);
    await impatient.disconnect();
    await admin.deleteTopicRecords({ topic: "a", partitions: [{ partition: 0, offset: "3" }] });
    const offsets = await admin.fetchTopicOffsets("a");
    assert.deepEqual(
      offsets.filter(({ partition }) => partition === 0).map(({ low, high }) => [low, high]),
      [["3", "4"]],
    );
    await admin.deleteTopics({ topics: ["a"] });
    assert.deepEqual(await admin.listTopics(), []);
    await admin.disconnect();
  });
});
