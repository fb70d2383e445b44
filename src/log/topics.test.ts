// Topics of a log directory: names, settings and their effect on the log, retention, deletion, the lock.
import assert from "node:assert/strict";
import { test } from "node:test";
import { KafkaError } from "../protocol/errors.ts";
import { computeCrc, readBatchHeader, stampLogAppendTime } from "../protocol/records/batch-header.ts";
import { createSimulation } from "../testing/simulation/simulation.ts";
import type { Env } from "../env/env.ts";
import { LogDirectory } from "./log-directory.ts";
import type { PartitionLog } from "./partition-log.ts";
import { dataBatch, type DataBatch, offsetsOf, readOn } from "./test-batches.ts";

const PATH = "/data/log";
const NOW = 1_000_000_000;
const DAY = 86_400_000;
const options = { durability: "disk", checkpointIntervalMs: 0, retentionIntervalMs: 0, presenceIntervalMs: 0 } as const;
const all = { maxBytes: 1_000_000, minOneBatch: true, isolation: "read_uncommitted" } as const;

function withDirectory(body: (directory: LogDirectory, env: Env) => Promise<void>): () => Promise<void> {
  return async () => {
    const simulation = createSimulation(11);
    simulation.files.provideDirectory("/data");
    await simulation.run(async () => {
      const env = simulation.env();
      const directory = await LogDirectory.open(env, PATH, options);
      await body(directory, env);
      await directory.close();
    });
  };
}

async function partition(directory: LogDirectory, config: Record<string, string>): Promise<PartitionLog> {
  return (await directory.createTopic("t", { partitions: 1, config })).partitions[0]!;
}

function send(log: PartitionLog, batch: DataBatch): ReturnType<PartitionLog["append"]> {
  return log.append(dataBatch(batch), { leaderEpoch: 0, origin: "client", now: NOW });
}

function code(name: string, pattern = /./): (error: unknown) => boolean {
  return (error) => error instanceof KafkaError && error.code === name && pattern.test(error.message);
}

test(
  "topics are known by name and id until they are deleted",
  withDirectory(async (directory, env) => {
    const topic = await directory.createTopic("a.b-1", { partitions: 2, config: { "retention.ms": "-1" } });
    assert.equal(topic.id.length, 22);
    assert.equal(directory.topic("a.b-1"), directory.topicById(topic.id));
    await assert.rejects(directory.createTopic("a.b-1", { partitions: 1 }), code("TOPIC_ALREADY_EXISTS"));
    await directory.addPartitions("a.b-1", 3);
    assert.deepEqual(
      directory.topic("a.b-1")!.partitions.map((log) => log.name),
      ["a.b-1-0", "a.b-1-1", "a.b-1-2"],
    );
    await assert.rejects(directory.addPartitions("a.b-1", 3), code("INVALID_PARTITIONS"));
    await send(topic.partitions[0]!, { count: 1 });
    await directory.deleteTopic("a.b-1");
    assert.equal(directory.topicById(topic.id), undefined);
    await env.timers.sleep(60_001); // file.delete.delay.ms
    assert.deepEqual(await env.files.list(PATH).then((names) => names.filter((name) => name.startsWith("a.b"))), []);
    await assert.rejects(send(topic.partitions[0]!, { count: 1 }), code("UNKNOWN_TOPIC_OR_PARTITION", /deleted/));
    await assert.rejects(topic.partitions[0]!.read(0, all), code("UNKNOWN_TOPIC_OR_PARTITION"));
    await assert.rejects(directory.deleteTopic("a.b-1"), code("UNKNOWN_TOPIC_OR_PARTITION"));
    const again = await directory.createTopic("a.b-1", { partitions: 1 });
    assert.notEqual(again.id, topic.id);
    assert.equal(again.partitions[0]!.logEndOffset, 0);
  }),
);

test(
  "names, numbers of partitions and settings that are not allowed are refused by name",
  withDirectory(async (directory) => {
    for (const name of ["", ".", "..", "a/b", "ä", "x".repeat(250)]) {
      await assert.rejects(directory.createTopic(name, { partitions: 1 }), code("INVALID_TOPIC_EXCEPTION"));
    }
    for (const partitions of [0, -1, 1.5, 1_000_000])
      await assert.rejects(directory.createTopic("t", { partitions }), code("INVALID_PARTITIONS"));
    for (const [name, value] of [
      ["retention.msec", "1"],
      ["__proto__x", "1"],
      ["retention.ms", "soon"],
      ["retention.ms", "-2"],
      ["segment.bytes", "10"],
      ["cleanup.policy", "delete,shred"],
      ["message.timestamp.type", "createtime"],
      ["preallocate", "yes"],
    ] as const) {
      await assert.rejects(
        directory.createTopic("t", { partitions: 1, config: { [name]: value } }),
        code("INVALID_CONFIG", new RegExp(name)),
      );
    }
    assert.equal(directory.topic("t"), undefined);
  }),
);

test(
  "settings can be changed, hold at once, and survive",
  withDirectory(async (directory, env) => {
    const log = await partition(directory, {});
    await directory.setTopicConfig("t", { "max.message.bytes": "100" });
    await assert.rejects(send(log, { count: 1, valueBytes: 200 }), code("MESSAGE_TOO_LARGE", /max\.message\.bytes=100/));
    await assert.rejects(directory.setTopicConfig("t", { "max.message.bytes": "x" }), code("INVALID_CONFIG"));
    await directory.close();
    const again = await LogDirectory.open(env, PATH, options);
    assert.deepEqual(again.topic("t")!.config, { "max.message.bytes": "100" });
    await assert.rejects(send(again.topic("t")!.partitions[0]!, { count: 1, valueBytes: 200 }), code("MESSAGE_TOO_LARGE"));
    await again.close();
  }),
);

test(
  "a topic with LogAppendTime stamps batches with the broker's time, checksum included",
  withDirectory(async (directory) => {
    const log = await partition(directory, { "message.timestamp.type": "LogAppendTime" });
    assert.equal((await send(log, { count: 2, timestamp: 5 })).logAppendTime, NOW);
    const { bytes } = await log.read(0, all);
    assert.deepEqual(offsetsOf(bytes), [0, 1]);
    assert.equal(readBatchHeader(bytes, 0).maxTimestamp, NOW);
    assert.deepEqual(await log.offsetForTimestamp(NOW), { offset: 0, timestamp: NOW });
    assert.equal(await log.offsetForTimestamp(NOW + 1), undefined);
  }),
);

test(
  "a batch that claims LogAppendTime on a topic without it keeps its records' own times",
  withDirectory(async (directory) => {
    const log = await partition(directory, {});
    const bytes = dataBatch({ count: 2, timestamp: 5 });
    stampLogAppendTime(bytes, 0, 77);
    assert.equal((await log.append(bytes, { leaderEpoch: 0, origin: "client", now: NOW })).logAppendTime, -1);
    const read = (await log.read(0, all)).bytes;
    const header = readBatchHeader(read, 0);
    assert.deepEqual([header.attributes, header.crc], [0, computeCrc(read, 0)]);
    assert.deepEqual(await log.offsetForTimestamp(6), { offset: 1, timestamp: 6 });
  }),
);

test(
  "records too far ahead of the clock are refused, old ones only if the topic says so",
  withDirectory(async (directory) => {
    const log = await partition(directory, { "message.timestamp.before.max.ms": String(DAY) });
    await assert.rejects(send(log, { count: 1, timestamp: NOW + 3_600_001 }), code("INVALID_TIMESTAMP", /after\.max/));
    await assert.rejects(send(log, { count: 1, timestamp: NOW - DAY - 1 }), code("INVALID_TIMESTAMP", /before\.max/));
    await send(log, { count: 1, timestamp: NOW - DAY });
    await send(log, { count: 1, timestamp: NOW + 3_600_000 });
  }),
);

test(
  "several batches in one append get successive offsets; more than a segment holds is refused",
  withDirectory(async (directory) => {
    const log = await partition(directory, { "segment.bytes": "2000" });
    const two = new Uint8Array([...dataBatch({ count: 2 }), ...dataBatch({ count: 3 })]);
    assert.deepEqual(await log.append(two, { leaderEpoch: 5, origin: "client", now: NOW }), {
      baseOffset: 0,
      lastOffset: 4,
      logAppendTime: -1,
      logStartOffset: 0,
    });
    const { bytes } = await log.read(0, all);
    assert.deepEqual(offsetsOf(bytes), [0, 1, 2, 3, 4]);
    assert.equal(readBatchHeader(bytes, 0).partitionLeaderEpoch, 5);
    await assert.rejects(send(log, { count: 1, valueBytes: 2_000 }), code("RECORD_LIST_TOO_LARGE"));
  }),
);

test(
  "a refused batch behind accepted ones in the same append leaves no trace",
  withDirectory(async (directory) => {
    const log = await partition(directory, {});
    const good = dataBatch({ count: 1, producerId: 5, transactional: true });
    const bad = dataBatch({ count: 1, producerId: 5, baseSequence: 7, transactional: true });
    await assert.rejects(
      log.append(new Uint8Array([...good, ...bad]), { leaderEpoch: 0, origin: "client", now: NOW }),
      code("OUT_OF_ORDER_SEQUENCE_NUMBER"),
    );
    assert.equal(log.logEndOffset, 0);
    assert.deepEqual([...log.activeProducers()], []);
    await send(log, { count: 1 });
    assert.equal(log.lastStableOffset, 1);
  }),
);

test(
  "retention deletes whole segments by time and size, and -1 keeps for ever",
  withDirectory(async (directory, env) => {
    const log = await partition(directory, { "segment.bytes": "1024", "retention.ms": "-1" });
    for (let i = 0; i < 6; i++) await send(log, { count: 1, timestamp: 1_000 * i, valueBytes: 800 });
    assert.equal(log.segmentCount, 6);
    await directory.applyRetention(NOW);
    assert.equal(log.segmentCount, 6);
    await directory.setTopicConfig("t", { "segment.bytes": "1024", "retention.ms": "2500" });
    await directory.applyRetention(5_000);
    assert.equal(log.logStartOffset, 3);
    await assert.rejects(log.read(2, all), code("OFFSET_OUT_OF_RANGE", /3 to 6/));
    const read = await readOn(log, 3, "read_uncommitted");
    assert.deepEqual(read.map(({ lastOffset }) => lastOffset), [3, 4, 5]); // prettier-ignore
    await directory.setTopicConfig("t", { "segment.bytes": "1024", "retention.ms": "-1", "retention.bytes": "1000" });
    await directory.applyRetention(5_000);
    assert.equal(log.logStartOffset, 4);
    await directory.setTopicConfig("t", { "retention.ms": "1" });
    await directory.applyRetention(NOW);
    assert.equal(log.logStartOffset, 6, "the active segment is rolled and deleted too");
    assert.equal((await send(log, { count: 1 })).baseOffset, 6);
    const files = await env.files.list(log.directory);
    assert.deepEqual(
      files.filter((name) => name.endsWith(".log")),
      ["00000000000000000006.log"],
    );
  }),
);

test(
  "deleting records hides them at once, whatever segment they are in",
  withDirectory(async (directory) => {
    const log = await partition(directory, {});
    for (let i = 0; i < 3; i++) await send(log, { count: 2 });
    await log.deleteRecordsBefore(3);
    assert.equal(log.logStartOffset, 3);
    await assert.rejects(log.read(2, all), code("OFFSET_OUT_OF_RANGE"));
    assert.deepEqual(offsetsOf((await log.read(3, all)).bytes), [2, 3, 4, 5], "batches are whole");
    await assert.rejects(log.deleteRecordsBefore(7), code("OFFSET_OUT_OF_RANGE"));
    await log.deleteRecordsBefore(-1);
    assert.equal(log.logStartOffset, 6);
  }),
);

test(
  "listeners hear of each advance until they stop",
  withDirectory(async (directory) => {
    const log = await partition(directory, {});
    const heard: number[] = [];
    const stop = log.onAdvance(() => heard.push(log.highWatermark));
    await send(log, { count: 2 });
    await send(log, { count: 1 });
    stop();
    await send(log, { count: 1 });
    assert.deepEqual(heard, [2, 3]);
  }),
);

test(
  "a second writer is kept out",
  withDirectory(async (directory, env) => {
    await assert.rejects(LogDirectory.open(env, PATH, options), (error: Error & { code?: string }) => error.code === "ELOCKED");
    assert.equal(directory.metrics.openFiles, 0);
  }),
);

test("page-cache durability acknowledges without a flush; closing flushes", async () => {
  const simulation = createSimulation(12);
  simulation.files.provideDirectory("/data");
  await simulation.run(async () => {
    let syncs = 0;
    const env = simulation.env();
    const directory = await LogDirectory.open(env, PATH, { ...options, durability: "page-cache" });
    const log = await partition(directory, {});
    simulation.files.onOperation = ({ kind, path }) => {
      if (kind === "datasync" && path.endsWith(".log")) syncs++;
      return "ok";
    };
    await send(log, { count: 1 });
    assert.equal(log.highWatermark, 1);
    assert.equal(syncs, 0);
    await directory.close();
    assert.equal(syncs, 1);
  });
});
