// The Kafka sink against a broker in this process: what is written, and every step of the two-phase commit with a death after it.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { t } from "../../../schema/t.ts";
import type { SinkConnector, SinkWriter } from "../../../stream/connector.ts";
import { DeadLetterSchema } from "../../../stream/dead-letter.ts";
import { SinkRowError } from "../../../stream/sink-row-error.ts";
import { decodeCommittable } from "../committable.ts";
import { deadLetterTopic } from "../dead-letter-topic.ts";
import { kafkaSink, type KafkaSinkOptions } from "../kafka-sink.ts";
import { batchOf, kafkaWorld } from "./kafka-world.ts";
import { topic } from "../topic.ts";

const Alert = t.record("Alert", { id: t.int(), account: t.string() });
const world = kafkaWorld({ "num.partitions": "1" });

const alerts = (name: string) => topic(name, Alert, { key: "account" });
const rows = (...ids: number[]) => batchOf(Alert.type, ids.map((id) => ({ id, account: `a${id}` }))); // prettier-ignore
const json = (id: number) => JSON.stringify({ id, account: `a${id}` });

interface Opened {
  readonly connector: SinkConnector;
  readonly writer: SinkWriter;
}

/** As the engine does it: a new connector recovers, then a writer opens. */
async function open(name: string, committables: readonly Uint8Array[] = [], options: KafkaSinkOptions = {}, job = name): Promise<Opened> {
  const connector = world.sink(kafkaSink(alerts(name), options), { job });
  await connector.recover(committables);
  return { connector, writer: await connector.writer(0, 1) };
}

async function write(writer: SinkWriter, ...ids: number[]): Promise<void> {
  if (!writer.write(rows(...ids))) await writer.ready();
}

/** As soon as so many values are committed. */
async function settled(name: string, count: number): Promise<string[]> {
  let values = await world.values(name);
  for (let attempt = 0; values.length < count && attempt < 500; attempt++) {
    await world.env.timers.sleep(5);
    values = await world.values(name);
  }
  return values;
}

describe("kafkaSink writes", () => {
  test("JSON with the key field's text as key, and the event time or else now as timestamp", async () => {
    await world.createTopic("shape", 3);
    const { writer } = await open("shape", [], { delivery: "at-least-once" });
    const before = Date.now();
    assert.ok(writer.write(batchOf(Alert.type, [{ id: 1, account: "ä" }], 1_600_000_000_000)) || (await writer.ready()) === undefined);
    assert.ok(writer.write(batchOf(Alert.type, [{ id: 2, account: "b" }])) || (await writer.ready()) === undefined);
    assert.deepEqual(await writer.prepare(1), []);
    const records = (await world.records("shape")).sort((a, b) => a.value!.localeCompare(b.value!));
    assert.deepEqual(
      records.map(({ key, value }) => ({ key, value })),
      [
        { key: "ä", value: '{"id":1,"account":"ä"}' },
        { key: "b", value: '{"id":2,"account":"b"}' },
      ],
    );
    assert.equal(records[0]!.timestamp, 1_600_000_000_000);
    assert.ok(records[1]!.timestamp >= before && records[1]!.timestamp <= Date.now());
  });

  test("the same partition for a key as every other Kafka producer", async () => {
    await world.createTopic("partitioned", 5);
    const { writer } = await open("partitioned", [], { delivery: "at-least-once" });
    const ids = Array.from({ length: 40 }, (_, id) => id);
    await write(writer, ...ids);
    await writer.prepare(1);
    const ours = new Map((await world.records("partitioned")).map(({ key, partition }) => [key, partition]));
    await world.createTopic("partitioned-by-client", 5);
    const producer = world.client.producer();
    for (const id of ids) {
      const { partition } = await producer.send({ topic: "partitioned-by-client", key: `a${id}`, value: "x" });
      assert.equal(ours.get(`a${id}`), partition);
    }
    assert.ok(new Set(ours.values()).size > 1);
  });

  test("objects without a schema are checked against the topic's; what does not fit is an error that names the path", async () => {
    await world.createTopic("objects");
    const { writer } = await open("objects", [], { delivery: "at-least-once" });
    if (!writer.write(batchOf(undefined, [{ id: 1, account: "x" }]))) await writer.ready();
    assert.throws(() => writer.write(batchOf(undefined, [{ id: "one", account: "x" }])), {
      code: "SINK_ROW",
      message: /objects.*id: expected int/,
    });
    await writer.prepare(1);
    assert.deepEqual(await world.values("objects"), ['{"id":1,"account":"x"}']);
  });

  for (const delivery of ["at-least-once", "exactly-once"] as const)
    test(`the rows before and behind one that does not fit, ${delivery}`, async () => {
      const name = `around-${delivery}`;
      await world.createTopic(name);
      const { writer } = await open(name, [], { delivery });
      const some = (...ids: unknown[]) => batchOf(undefined, ids.map((id) => ({ id, account: "x" }))); // prettier-ignore
      await writer.ready();
      let thrown: unknown;
      try {
        writer.write(some(1, 2, "three", 4));
      } catch (error) {
        thrown = error;
      }
      assert.ok(thrown instanceof SinkRowError);
      assert.equal(thrown.row, 2);
      if (!thrown.ready) await writer.ready();
      if (!writer.write(some(4))) await writer.ready();
      await writer.prepare(1);
      await writer.commit(1);
      assert.deepEqual(
        (await settled(name, 3)).map((value) => (JSON.parse(value) as { id: number }).id),
        [1, 2, 4],
      );
    });

  test("dead letters", async () => {
    await world.createTopic("letters");
    const connector = world.sink(deadLetterTopic("letters")["~deadLetterSink"](), { job: "letters" });
    await connector.recover([]);
    const writer = await connector.writer(0, 1);
    const letter = { operator: "source", error: "bad", topic: "in", partition: 3, offset: 7, timestamp: -1, key: "k", value: "v" };
    if (!writer.write(batchOf(DeadLetterSchema.type, [letter]))) await writer.ready();
    await writer.prepare(1);
    await writer.commit(1);
    assert.deepEqual(
      (await settled("letters", 1)).map((value) => JSON.parse(value)),
      [letter],
    );
  });

  test("more than the buffer holds, with write() answering false until ready()", async () => {
    await world.createTopic("pressure", 2);
    const { writer } = await open("pressure");
    let refused = 0;
    const account = "x".repeat(10_000);
    const wide = (first: number) =>
      batchOf(
        Alert.type,
        Array.from({ length: 1000 }, (_, index) => ({ id: first + index, account })),
      );
    for (let batch = 0; batch < 4; batch++) {
      if (writer.write(wide(batch * 1000))) continue;
      refused++;
      await writer.ready();
    }
    await writer.prepare(1);
    await writer.commit(1);
    assert.ok(refused > 0);
    const ids = (await settled("pressure", 4000)).map((value) => (JSON.parse(value) as { id: number }).id);
    assert.deepEqual(
      ids,
      Array.from({ length: 4000 }, (_, id) => id),
    );
  });
});

describe("exactly once", () => {
  test("nothing is visible before the commit, all of it after", async () => {
    await world.createTopic("visible");
    const { writer } = await open("visible");
    await write(writer, 1, 2);
    const committables = await writer.prepare(1);
    assert.equal(committables.length, 1);
    assert.deepEqual(await world.values("visible"), []);
    assert.deepEqual(await world.values("visible", "read_uncommitted"), [json(1), json(2)]);
    await writer.commit(1);
    await world.shows("visible", [json(1), json(2)]);
    await writer.commit(1);
    const { ranges, records } = decodeCommittable(committables[0]!, "op");
    assert.deepEqual({ ranges, records }, { ranges: [{ partition: 0, firstOffset: 0, lastOffset: 1 }], records: 2 });
  });

  test("rows behind a barrier belong to the next checkpoint, even when they come before prepare() resolves", async () => {
    await world.createTopic("sealed");
    const { writer } = await open("sealed");
    await write(writer, 1);
    const preparing = writer.prepare(1);
    const taken = writer.write(rows(2));
    assert.equal(taken, false);
    const ready = writer.ready();
    await preparing;
    await ready;
    await writer.commit(1);
    await world.shows("sealed", [json(1)]);
    await writer.prepare(2);
    await writer.commit(2);
    await world.shows("sealed", [json(1), json(2)]);
  });

  test("an empty checkpoint has nothing to commit and opens no transaction", async () => {
    await world.createTopic("empty");
    const { writer } = await open("empty");
    for (let id = 1; id <= 3; id++) {
      assert.deepEqual(await writer.prepare(id), []);
      await writer.commit(id);
    }
    assert.deepEqual(await world.records("empty", "read_uncommitted"), []);
  });

  test("a hundred checkpoints, some committed late, keep order and use few transactional ids", async () => {
    await world.createTopic("many");
    const { writer } = await open("many");
    const used = new Set<string>();
    for (let id = 1; id <= 100; id++) {
      await write(writer, id);
      for (const committable of await writer.prepare(id)) used.add(decodeCommittable(committable, "op").transactionalId);
      if (id % 3 === 0) for (const late of [id - 2, id - 1, id]) await writer.commit(late);
    }
    await writer.commit(100);
    await world.shows(
      "many",
      Array.from({ length: 100 }, (_, index) => json(index + 1)),
    );
    assert.ok(used.size <= 8, `${used.size} ids`);
  });

  test("killed between prepare and commit: the next run commits, and again without harm", async () => {
    await world.createTopic("between");
    const { writer } = await open("between");
    await write(writer, 1, 2);
    const committables = await writer.prepare(1);
    await write(writer, 3);
    await open("between", committables);
    await world.shows("between", [json(1), json(2)]);
    const { writer: third } = await open("between", committables);
    await world.shows("between", [json(1), json(2)]);
    await write(third, 3);
    await third.prepare(2);
    await third.commit(2);
    await world.shows("between", [json(1), json(2), json(3)]);
  });

  test("killed after the commit, before the next checkpoint: the same committable is recognised as committed", async () => {
    await world.createTopic("after");
    const { writer } = await open("after");
    await write(writer, 1);
    const committables = await writer.prepare(1);
    await writer.commit(1);
    // Two more transactions begin; their checkpoints never complete.
    await write(writer, 2);
    await writer.prepare(2);
    await write(writer, 3);
    await open("after", committables);
    await world.shows("after", [json(1)]);
  });

  test("killed before prepare: what was open is aborted, so that readers are not held back", async () => {
    await world.createTopic("leftover");
    const { writer } = await open("leftover");
    await write(writer, 1);
    await writer.prepare(1);
    await write(writer, 2);
    await writer.prepare(2);
    await write(writer, 3);
    const { writer: second } = await open("leftover");
    await write(second, 4);
    await second.prepare(3);
    await second.commit(3);
    await world.shows("leftover", [json(4)]);
    await assert.rejects(writer.commit(1));
  });

  test("leftovers of more subtasks than there are now are aborted, too", async () => {
    await world.createTopic("rescaled");
    const connector = world.sink(kafkaSink(alerts("rescaled")), { job: "rescaled" });
    await connector.recover([]);
    for (let subtask = 0; subtask < 3; subtask++) {
      const writer = await connector.writer(subtask, 3);
      await write(writer, subtask);
      await writer.prepare(1);
    }
    const { writer } = await open("rescaled");
    await write(writer, 9);
    await writer.prepare(2);
    await writer.commit(2);
    await world.shows("rescaled", [json(9)]);
  });

  test("an old savepoint whose transactional ids were used many times since is recognised by the log", async () => {
    await world.createTopic("savepoint");
    const { writer } = await open("savepoint");
    await write(writer, 1);
    const savepoint = await writer.prepare(1);
    await writer.commit(1);
    for (let id = 2; id < 12; id++) {
      await write(writer, id);
      await writer.prepare(id);
      await writer.commit(id);
    }
    await open("savepoint", savepoint);
  });

  test("a transaction that the broker aborted fails the job, naming job, operator, id, topic and records", async () => {
    await world.createTopic("lost");
    const { writer } = await open("lost");
    await write(writer, 1, 2);
    const committables = await writer.prepare(1);
    // A run that does not know of the checkpoint aborts what it finds.
    await open("lost");
    const connector = world.sink(kafkaSink(alerts("lost")), { job: "lost" });
    await assert.rejects(connector.recover(committables), (error: Error & { code: string }) => {
      assert.equal(error.code, "TRANSACTION_LOST");
      for (const part of ['Job "lost"', 'sink "op"', '"millrace-lost/op/0/0"', 'topic "lost"', "2 records (lost-0 at 0–1) are lost"])
        assert.ok(error.message.includes(part), `${part} in: ${error.message}`);
      return true;
    });
    await open("lost", committables, { onLostTransaction: "continue" });
  });

  test("close() aborts the open transaction and leaves the prepared one to be committed", async () => {
    await world.createTopic("closed");
    const { connector, writer } = await open("closed");
    await write(writer, 1);
    const committables = await writer.prepare(1);
    await write(writer, 2);
    await writer.close();
    await connector.close();
    await open("closed", committables);
    await world.shows("closed", [json(1)]);
  });

  test("a checkpoint interval that a transaction cannot outlive is refused with the numbers", async () => {
    const setup = (settings: Record<string, string>, options: KafkaSinkOptions = {}) =>
      world.sink(kafkaSink(alerts("checked"), options), { settings: { "kafka.brokers": world.brokers, ...settings } });
    await setup({ "checkpoint.interval.ms": "300000" }).check!();
    await assert.rejects(setup({ "checkpoint.interval.ms": "300001" }).check!(), {
      code: "CHECKPOINT_INTERVAL_TOO_LONG",
      message: /interval of 300001 ms .* 900003 ms .* 900000 ms \(transaction\.max\.timeout\.ms/,
    });
    await setup({ "checkpoint.interval.ms": "300001" }, { delivery: "at-least-once" }).check!();
  });
});

describe("at least once", () => {
  test("prepare() waits for the acknowledgements; everything is visible at once", async () => {
    await world.createTopic("least");
    const { writer } = await open("least", [], { delivery: "at-least-once" });
    await write(writer, 1, 2, 3);
    assert.deepEqual(await writer.prepare(1), []);
    await world.shows("least", [json(1), json(2), json(3)]);
  });

  test("commits what a checkpoint of an exactly-once run had prepared", async () => {
    await world.createTopic("changed");
    const { writer } = await open("changed");
    await write(writer, 1);
    const committables = await writer.prepare(1);
    await open("changed", committables, { delivery: "at-least-once" });
    await world.shows("changed", [json(1)]);
  });

  test("none: close() still sends what is buffered", async () => {
    await world.createTopic("unpromised");
    const { writer } = await open("unpromised", [], { delivery: "none" });
    await write(writer, 1);
    await writer.close();
    await world.shows("unpromised", [json(1)]);
  });
});
