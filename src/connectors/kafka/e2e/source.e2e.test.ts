// The Kafka source against a broker in this process: positions, poison, the end of a log, the start of a job.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { t } from "../../../schema/t.ts";
import { kafkaSource, type KafkaSourceOptions } from "../kafka-source.ts";
import { kafkaWorld, openSplit, pollUntil } from "./kafka-world.ts";
import { topic } from "../topic.ts";

const Tx = t.record("Tx", { id: t.int(), account: t.string(), note: t.optional(t.string()) });
const world = kafkaWorld({ "num.partitions": "1" });

const source = (name: string, options: KafkaSourceOptions = {}) => world.source(kafkaSource(topic(name, Tx), options));

async function produce(name: string, values: readonly (string | null)[], partition = 0, timestamp?: number): Promise<void> {
  const producer = world.client.producer();
  for (const value of values)
    void producer.send({ topic: name, partition, key: "k", value, ...(timestamp === undefined ? {} : { timestamp }) });
  await producer.close();
}

const tx = (id: number) => JSON.stringify({ id, account: `a${id}` });
const ids = (rows: readonly { readonly row: unknown }[]) => rows.map(({ row }) => (row as { id: number }).id);

async function abortedTransaction(name: string, values: readonly string[]): Promise<void> {
  const producer = world.client.producer({ transactionalId: `aborts-${name}` });
  await producer.beginTransaction();
  for (const value of values) producer.send({ topic: name, partition: 0, value }).catch(() => {});
  await producer.flush();
  await producer.abortTransaction();
  await producer.close();
}

describe("kafkaSource", () => {
  test("reads rows with their offsets and record timestamps, and resumes behind the last one", async () => {
    await world.createTopic("rows");
    await produce("rows", [tx(0), tx(1), tx(2)], 0, 1_700_000_000_123);
    const reader = await openSplit(source("rows"), 0);
    const { rows, poison } = await pollUntil(reader, (polled) => polled.rows.length === 2, 2);
    assert.deepEqual(rows, [
      { row: { id: 0, account: "a0", note: undefined }, offset: 0, timestamp: 1_700_000_000_123 },
      { row: { id: 1, account: "a1", note: undefined }, offset: 1, timestamp: 1_700_000_000_123 },
    ]);
    assert.deepEqual(poison, []);
    assert.deepEqual(reader.position(), { offset: 2 });
    assert.equal(reader.atEnd, false);
    assert.equal(reader.pending, 1);

    const again = await openSplit(source("rows"), 0, reader.position());
    const rest = await pollUntil(again, () => again.atEnd);
    assert.deepEqual(ids(rest.rows), [2]);
    assert.equal(again.pending, 0);
  });

  test("a split per partition, and new ones as partitions are added, read from their beginning", async () => {
    await world.createTopic("growing", 2);
    const connector = source("growing", { startAt: "latest" });
    assert.deepEqual(
      (await connector.discover()).map(({ id }) => id),
      ["growing-0", "growing-1"],
    );
    await world.client.admin().createPartitions("growing", 3);
    await produce("growing", [tx(7)], 2);
    const splits = await connector.discover();
    assert.deepEqual(
      splits.map(({ id }) => id),
      ["growing-0", "growing-1", "growing-2"],
    );
    const reader = await connector.open(splits[2]!, undefined);
    const { rows } = await pollUntil(reader, () => reader.atEnd);
    assert.deepEqual(ids(rows), [7]);
  });

  test("what does not decode comes as poison, in its place, with path, cause, key and value; the rest flows on", async () => {
    await world.createTopic("poisoned");
    await produce("poisoned", [tx(0), '{"id":1,"account":5}', "not json", tx(2), null, '{"id":3}'], 0, 5000);
    const reader = await openSplit(source("poisoned", { tombstones: "error" }), 0);
    const { rows, poison } = await pollUntil(reader, () => reader.atEnd);
    assert.deepEqual(ids(rows), [0, 2]);
    assert.deepEqual(
      poison.map(({ row, offset, topic: name, partition, timestamp }) => ({ row, offset, name, partition, timestamp })),
      [
        { row: 1, offset: 1, name: "poisoned", partition: 0, timestamp: 5000 },
        { row: 1, offset: 2, name: "poisoned", partition: 0, timestamp: 5000 },
        { row: 2, offset: 4, name: "poisoned", partition: 0, timestamp: 5000 },
        { row: 2, offset: 5, name: "poisoned", partition: 0, timestamp: 5000 },
      ],
    );
    assert.match(poison[0]!.error, /^account: expected string, got /);
    assert.match(poison[2]!.error, /tombstone/);
    assert.match(poison[3]!.error, /account/);
    assert.equal(new TextDecoder().decode(poison[0]!.value!), '{"id":1,"account":5}');
    assert.equal(new TextDecoder().decode(poison[0]!.key!), "k");
    assert.equal(poison[2]!.value, null);
    assert.deepEqual(reader.position(), { offset: 6 });
  });

  test("records without a value are passed over: positions move over them, and a restored reader goes on behind them", async () => {
    await world.createTopic("deleted");
    await produce("deleted", [null, tx(0), null, null, tx(1), null]);
    const reader = await openSplit(source("deleted"), 0);
    const first = await pollUntil(reader, (polled) => polled.rows.length === 1, 1);
    assert.deepEqual(first.rows[0]!.offset, 1);
    assert.deepEqual(reader.position(), { offset: 2 });
    const again = await openSplit(source("deleted"), 0, reader.position());
    const rest = await pollUntil(again, () => again.atEnd);
    assert.deepEqual(
      rest.rows.map(({ row, offset }) => [(row as { id: number }).id, offset]),
      [[1, 4]],
    );
    assert.deepEqual([...first.poison, ...rest.poison], []);
    assert.deepEqual(again.position(), { offset: 6 });
    assert.deepEqual([reader.tombstones, again.tombstones, again.pending], [1, 3, 0]);
  });

  test("poison alone makes a batch without rows", async () => {
    await world.createTopic("only-poison");
    await produce("only-poison", ["x", "y"]);
    const reader = await openSplit(source("only-poison"), 0);
    const { rows, poison } = await pollUntil(reader, () => reader.atEnd);
    assert.equal(rows.length, 0);
    assert.equal(poison.length, 2);
  });

  test("is at the end behind transaction markers and aborted records", async () => {
    await world.createTopic("aborted-tail");
    await produce("aborted-tail", [tx(0)]);
    await abortedTransaction("aborted-tail", [tx(1), tx(2)]);
    const reader = await openSplit(source("aborted-tail"), 0);
    const { rows } = await pollUntil(reader, () => reader.atEnd);
    assert.deepEqual(ids(rows), [0]);
    // One record, two aborted, one marker.
    assert.deepEqual(reader.position(), { offset: 4 });
    assert.equal(reader.pending, 0);
  });

  test("is not at the end while a transaction is open in front of it, and reads it once committed", async () => {
    await world.createTopic("open");
    await produce("open", [tx(0)]);
    const producer = world.client.producer({ transactionalId: "open-one" });
    await producer.beginTransaction();
    await producer.send({ topic: "open", partition: 0, value: tx(1) });
    const reader = await openSplit(source("open"), 0);
    const first = await pollUntil(reader, (polled) => polled.rows.length === 1);
    assert.deepEqual(ids(first.rows), [0]);
    assert.equal(reader.poll(1024), undefined);
    assert.equal(reader.atEnd, false);
    await producer.commitTransaction();
    const second = await pollUntil(reader, () => reader.atEnd);
    assert.deepEqual(ids(second.rows), [1]);
    await producer.close();
  });

  test("stopAtEnd finishes at the end of now, neither before nor behind it", async () => {
    await world.createTopic("bounded");
    await produce("bounded", [tx(0), tx(1), tx(2)]);
    const reader = await openSplit(source("bounded"), 0);
    await reader.stopAtEnd();
    await produce("bounded", [tx(3), tx(4)]);
    const { rows } = await pollUntil(reader, () => reader.finished);
    assert.deepEqual(ids(rows), [0, 1, 2]);
    assert.deepEqual(reader.position(), { offset: 3 });
    assert.equal(reader.poll(1024), undefined);
    assert.equal(reader.atEnd, true);

    const rest = await openSplit(source("bounded"), 0, reader.position());
    assert.deepEqual(ids((await pollUntil(rest, () => rest.atEnd)).rows), [3, 4]);
  });

  test("stopAtEnd finishes a reader that waits, and one of an empty topic", async () => {
    await world.createTopic("idle");
    const reader = await openSplit(source("idle"), 0);
    await pollUntil(reader, () => reader.atEnd);
    const waiting = reader.available();
    await reader.stopAtEnd();
    await waiting;
    assert.equal(reader.finished, true);
  });

  test("stops in the middle of a batch of the log, and goes on there", async () => {
    await world.createTopic("middle");
    await produce("middle", [tx(0), tx(1), tx(2), tx(3)]);
    const connector = source("middle");
    const reader = await openSplit(connector, 0);
    const first = await pollUntil(reader, (polled) => polled.rows.length === 3, 1);
    assert.deepEqual(ids(first.rows), [0, 1, 2]);
    const again = await openSplit(source("middle"), 0, reader.position());
    assert.deepEqual(ids((await pollUntil(again, () => again.atEnd)).rows), [3]);
  });

  test("startAt latest sees only what comes later; committed goes on behind the group's offset", async () => {
    await world.createTopic("starts");
    await produce("starts", [tx(0), tx(1)]);
    const latest = await openSplit(source("starts", { startAt: "latest" }), 0);
    assert.deepEqual(latest.position(), { offset: 2 });

    const connector = source("starts", { startAt: "committed", groupId: "starts-group" });
    const earliest = await openSplit(connector, 0);
    assert.deepEqual(earliest.position(), { offset: 0 });
    await connector.checkpointed!(1, new Map([["starts-0", { offset: 1 }]]));
    const committed = await openSplit(source("starts", { startAt: "committed", groupId: "starts-group" }), 0);
    assert.deepEqual(committed.position(), { offset: 1 });
  });

  test("checkpoints commit their offsets to the group of the job", async () => {
    await world.createTopic("monitored");
    const connector = source("monitored");
    await connector.discover();
    await connector.checkpointed!(1, new Map([["monitored-0", { offset: 42 }]]));
    const offsets = await world.client.admin().groupOffsets("millrace-job", [{ topic: "monitored", partition: 0 }]);
    assert.deepEqual(
      offsets.map(({ partition, offset }) => ({ partition, offset })),
      [{ partition: 0, offset: 42 }],
    );
  });

  test("a position that retention has removed fails with the range, or jumps when told to", async () => {
    await world.createTopic("retained");
    await produce("retained", [tx(0), tx(1), tx(2)]);
    await world.client.admin().deleteRecords([{ topic: "retained", partition: 0, offset: 2 }]);
    const failing = await openSplit(source("retained"), 0, { offset: 0 });
    await assert.rejects(
      pollUntil(failing, () => failing.atEnd),
      (error: Error & { code: string }) => error.code === "OFFSET_OUT_OF_RANGE" && /offsets 2 to 2/.test(error.message),
    );
    const jumping = await openSplit(source("retained", { onOutOfRange: "earliest" }), 0, { offset: 0 });
    assert.deepEqual(ids((await pollUntil(jumping, () => jumping.atEnd)).rows), [2]);
    const latest = await openSplit(source("retained", { onOutOfRange: "latest" }), 0, { offset: 17 });
    await pollUntil(latest, () => latest.atEnd);
    assert.deepEqual(latest.position(), { offset: 3 });
  });

  test("a split that the topic does not have (any more) is an error that says so", async () => {
    await world.createTopic("small");
    const connector = source("small");
    await connector.discover();
    await assert.rejects(connector.open({ id: "small-5", data: null }, { offset: 3 }), { code: "UNKNOWN_SPLIT" });
  });

  test("an unknown topic is created by the broker", async () => {
    const connector = source("made-by-reading");
    assert.deepEqual(await connector.discover(), [{ id: "made-by-reading-0", data: 0 }]);
  });

  test("without brokers the error says how to set them", () => {
    const made = () => world.source(kafkaSource(topic("x", Tx)), { settings: {} });
    assert.throws(made, { code: "NO_BROKERS", message: /KAFKA_BROKERS/ });
  });
});
