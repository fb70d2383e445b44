// A Kafka sink with functions for key, headers and partition, against a broker in this process.
import assert from "node:assert/strict";
import { test } from "node:test";
import { PartitionFetcher } from "../../../client/partition-fetcher.ts";
import { BatchReader } from "../../../protocol/records/batch-reader.ts";
import { t } from "../../../schema/t.ts";
import type { Sink } from "../../../stream/connector.ts";
import { kafkaSink, type KafkaSinkOptions } from "../kafka-sink.ts";
import { topic } from "../topic.ts";
import { batchOf, kafkaWorld } from "./kafka-world.ts";

const Alert = t.record("Alert", { id: t.int(), account: t.string() });
type AlertRow = { id: number; account: string };
const world = kafkaWorld();
const ROWS = 300;

async function written(name: string, options: KafkaSinkOptions<AlertRow>): Promise<unknown[]> {
  await world.createTopic(name, 4);
  const connector = world.sink(kafkaSink(topic(name, Alert), options) as Sink<never>, { job: name });
  await connector.recover([]);
  const writer = await connector.writer(0, 1);
  for (const first of [0, ROWS / 2]) {
    // The second batch comes behind a barrier, when the next transaction may not begin yet: its rows are kept meanwhile.
    const prepared = first === 0 ? undefined : writer.prepare(1);
    const rows = Array.from({ length: ROWS / 2 }, (_, index) => ({ id: first + index, account: `a${(first + index) % 7}` }));
    if (!writer.write(batchOf(Alert.type, rows))) await writer.ready();
    await prepared;
  }
  await writer.prepare(2);
  await writer.commit(1);
  await writer.commit(2);
  await world.shows(name, await world.values(name, "read_uncommitted"));
  return await recordsOf(name);
}

async function recordsOf(name: string): Promise<unknown[]> {
  const text = (bytes: Uint8Array | null): string | null => (bytes === null ? null : new TextDecoder().decode(bytes));
  const fetcher = new PartitionFetcher(world.client.cluster, { isolation: "read_committed", maxWaitMs: 20 });
  const found: { id: number }[] = [];
  const reader = new BatchReader();
  const cursors = [0, 1, 2, 3].map((partition) => fetcher.add(name, partition, 0));
  while (found.length < ROWS)
    for (const [partition, cursor] of cursors.entries()) {
      const batch = cursor.poll();
      if (batch === undefined) {
        await world.env.timers.sleep(2);
        continue;
      }
      reader.reset(batch.bytes, batch.at);
      while (reader.next()) {
        const headers = reader.headers().map(({ key, value }) => [key, text(value)]);
        found.push({ id: (JSON.parse(text(reader.value())!) as AlertRow).id, key: text(reader.key()), headers, partition } as never);
      }
    }
  fetcher.close();
  return found.toSorted((a, b) => a.id - b.id);
}

for (const delivery of ["exactly-once", "at-least-once"] as const) {
  test(`key, headers and partition are what the functions say (${delivery})`, async () => {
    const records = await written(`functions-${delivery}`, {
      delivery,
      key: ({ id }) => (id % 5 === 0 ? null : `k${id}`),
      headers: ({ account }) => ({ account, empty: null, bytes: new Uint8Array([0x41]) }),
      partitioner: ({ row, key, partitions }) => (key === null ? 0 : 1 + (row.id % (partitions - 1))),
    });
    const expected = Array.from({ length: ROWS }, (_, id) => ({
      id,
      key: id % 5 === 0 ? null : `k${id}`,
      headers: [
        ["account", `a${id % 7}`],
        ["empty", null],
        ["bytes", "A"],
      ],
      partition: id % 5 === 0 ? 0 : 1 + (id % 3),
    }));
    assert.deepEqual(records, expected);
  });
}

test("records without a value have their key and headers, also those that were kept while the next transaction was being opened", async () => {
  await world.createTopic("tombstones", 2);
  const options = { tombstone: ({ id }: AlertRow) => id % 3 === 0, headers: ({ id }: AlertRow) => ({ id: `${id}` }) };
  const connector = world.sink(kafkaSink(topic("tombstones", Alert, { key: "id" }), options) as Sink<never>, { job: "tombstones" });
  await connector.recover([]);
  const writer = await connector.writer(0, 1);
  for (const first of [0, 10]) {
    const prepared = first === 0 ? undefined : writer.prepare(1);
    const rows = Array.from({ length: 10 }, (_, index) => ({ id: first + index, account: "a" }));
    if (!writer.write(batchOf(Alert.type, rows))) await writer.ready();
    await prepared;
  }
  await writer.prepare(2);
  await writer.commit(1);
  await writer.commit(2);
  await world.shows("tombstones", await world.values("tombstones", "read_uncommitted"));
  const records = (await world.records("tombstones")).toSorted((a, b) => Number(a.key) - Number(b.key));
  assert.deepEqual(
    records.map(({ key, value }) => [key, value]),
    Array.from({ length: 20 }, (_, id) => [`${id}`, id % 3 === 0 ? null : `{"id":${id},"account":"a"}`]),
  );
});

test("what is no key, header or partition fails with the sink's name and the reason", async () => {
  const cases: readonly [KafkaSinkOptions<AlertRow>, RegExp][] = [
    [{ key: () => 1 as never }, /kafkaSink\("wrong"\): the key is a string, bytes or null, not a number/],
    [{ headers: () => ({ trace: undefined as never }) }, /the header "trace" is a string, bytes or null, not undefined/],
    [{ tombstone: () => true }, /a record without a value \(tombstone\) needs a key: it says which is deleted/],
    [{ partitioner: () => 4 }, /the partitioner gives a partition from 0 to 3, not 4/],
  ];
  await world.createTopic("wrong", 4);
  for (const [options, message] of cases) {
    const connector = world.sink(kafkaSink(topic("wrong", Alert), { ...options, delivery: "none" }) as Sink<never>);
    await connector.recover([]);
    const writer = await connector.writer(0, 1);
    assert.throws(
      () => {
        for (let attempt = 0; attempt < 2; attempt++) writer.write(batchOf(Alert.type, [{ id: 1, account: "a" }]));
      },
      { code: "SINK_ROW", message },
    );
  }
  assert.throws(() => kafkaSink(topic("wrong", Alert), { key: "account" as never }), { code: "BAD_OPTION" });
});
