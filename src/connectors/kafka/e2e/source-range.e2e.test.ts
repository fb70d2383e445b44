// Where a Kafka source begins and ends, and topics by pattern, against a broker in this process.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { runJob } from "../../../engine/run-job.ts";
import { t } from "../../../schema/t.ts";
import { pipeline } from "../../../stream/pipeline.ts";
import { collectSink } from "../../memory/collect-sink.ts";
import { kafkaSource, type KafkaSourceOptions } from "../kafka-source.ts";
import { topic } from "../topic.ts";
import { topicPattern } from "../topic-pattern.ts";
import { kafkaWorld, pollUntil } from "./kafka-world.ts";

const Row = t.record("Row", { id: t.int() });
const world = kafkaWorld();

async function produce(name: string, ids: readonly number[], partition = 0): Promise<void> {
  const producer = world.client.producer();
  for (const id of ids) void producer.send({ topic: name, partition, value: JSON.stringify({ id }), timestamp: 1_000_000 + id * 1000 });
  await producer.close();
}

/** Ids that a source gives from all splits until it is at the end. */
async function idsOf(name: string, options: KafkaSourceOptions): Promise<number[]> {
  const connector = world.source(kafkaSource(topic(name, Row), options));
  const ids: number[] = [];
  for (const split of await connector.discover()) {
    const reader = await connector.open(split, undefined);
    const { rows } = await pollUntil(reader, () => reader.atEnd);
    ids.push(...rows.map(({ row }) => (row as { id: number }).id));
    await reader.close();
  }
  return ids;
}

test("a source begins at a time, at offsets, at what the group committed, and ends before a time, at offsets, at the end", async () => {
  await world.createTopic("ranges", 2);
  await produce("ranges", [0, 1, 2, 3, 4, 5], 0);
  await produce("ranges", [10, 11], 1);
  const cases: readonly [KafkaSourceOptions, number[]][] = [
    [{}, [0, 1, 2, 3, 4, 5, 10, 11]],
    [{ startAt: "latest" }, []],
    [{ startAt: { timestamp: 1_003_000 } }, [3, 4, 5, 10, 11]],
    [{ startAt: { timestamp: "1970-01-01T00:16:44.500Z" } }, [5, 10, 11]],
    [{ startAt: { timestamp: 9_000_000 } }, []],
    [{ startAt: { offsets: { 0: 4 } } }, [4, 5, 10, 11]],
    [{ startAt: { offsets: { "ranges-0": 6, "ranges-1": 1 } } }, [11]],
    [{ until: { timestamp: 1_002_000 } }, [0, 1]],
    [{ until: { offsets: { 0: 2 } } }, [0, 1, 10, 11]],
    [{ startAt: { offsets: { 0: 1, 1: 1 } }, until: { offsets: { 0: 3, 1: 1 } } }, [1, 2]],
    [{ startAt: "latest", until: "latest" }, []],
  ];
  for (const [options, expected] of cases) assert.deepEqual(await idsOf("ranges", options), expected, JSON.stringify(options));
});

test("a bounded source ends with what was there at its first start, also after a restart", async () => {
  await world.createTopic("bounded", 1);
  await produce("bounded", [0, 1, 2]);
  const source = kafkaSource(topic("bounded", Row), { until: "latest" });
  const connector = world.source(source);
  await connector.discover();
  const first = await connector.open({ id: "bounded-0", data: 0 }, undefined);
  const begun = await pollUntil(first, ({ rows }) => rows.length === 1, 1);
  assert.equal(begun.rows.length, 1);
  await produce("bounded", [3, 4]);
  const position = JSON.parse(JSON.stringify(first.position())) as never;
  assert.deepEqual(position, { offset: 1, until: 3 });
  const again = world.source(source, { restored: true });
  await again.discover();
  const reader = await again.open({ id: "bounded-0", data: 0 }, position);
  const rest = await pollUntil(reader, () => reader.finished);
  assert.deepEqual(
    rest.rows.map(({ row }) => (row as { id: number }).id),
    [1, 2],
  );
});

test("topics by pattern: those that match, and those that appear while the job runs, from their beginning", async () => {
  for (const name of ["in-a", "in-b", "other-in-c"]) await world.createTopic(name, 1);
  await produce("in-a", [1]);
  await produce("in-b", [2]);
  await produce("other-in-c", [3]);
  const out = collectSink(Row);
  const reading = pipeline("by-pattern", (p) => {
    p.from("in", kafkaSource(topicPattern(/^in-/, Row), { discoverEvery: "50ms" })).to("out", out);
  });
  const dir = await mkdtemp(join(tmpdir(), "millrace-pattern-"));
  try {
    const job = await runJob(world.env, {
      graph: reading.graph(),
      settings: { "kafka.brokers": world.brokers },
      checkpoints: { dir, everyMs: 50 },
    });
    const until = async (rows: number): Promise<void> => {
      while (out.rows.length < rows) await world.env.timers.sleep(5);
    };
    await until(2);
    await world.createTopic("in-new", 1);
    await produce("in-new", [4, 5]);
    await until(4);
    await job.stop();
    assert.deepEqual(out.rows.map(({ id }) => id).toSorted(), [1, 2, 4, 5]);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});

test("a bounded job over a topic finishes by itself", async () => {
  await world.createTopic("whole", 3);
  for (const partition of [0, 1, 2]) await produce("whole", [partition, partition + 10], partition);
  const out = collectSink(Row);
  const reading = pipeline("whole", (p) => {
    p.from("in", kafkaSource(topic("whole", Row), { until: "latest" })).to("out", out);
  });
  const job = await runJob(world.env, { graph: reading.graph(), settings: { "kafka.brokers": world.brokers }, parallelism: 2 });
  assert.equal((await job.finished).state, "finished");
  assert.equal(out.rows.length, 6);
});

test("ranges that cannot be are refused where they are written", () => {
  const rows = topic("rows", Row);
  for (const options of [
    { startAt: "first" },
    { startAt: { timestamp: "2026-01-01" } },
    { until: "earliest" },
    { until: { offsets: { 0: -1 } } },
    { startAt: { offsets: { a: 1 } } },
  ])
    assert.throws(() => kafkaSource(rows, options as never), { code: "BAD_OPTION" }, JSON.stringify(options));
  assert.throws(() => topicPattern(/x/g, Row), { code: "BAD_TOPIC" });
});
