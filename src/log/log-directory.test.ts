// A log directory on the real file system: append, read, reopen.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { createNodeEnv } from "../env-node/node-env.ts";
import { LogDirectory } from "./log-directory.ts";
import { dataBatch, offsetsOf } from "./test-batches.ts";

const env = createNodeEnv({ logLevel: "error" });
let path = "";

beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), "millrace-log-"));
});
afterEach(() => rm(path, { recursive: true, force: true }));

const append = { leaderEpoch: 0, origin: "client", now: 1_000 } as const;
const all = { maxBytes: 1_000_000, minOneBatch: true, isolation: "read_uncommitted" } as const;

test("what was appended is read back, also after closing and opening again", async () => {
  let directory = await LogDirectory.open(env, path, { durability: "disk" });
  const { clusterId } = directory;
  const topic = await directory.createTopic("orders", { partitions: 2 });
  const [first] = topic.partitions;
  assert.deepEqual(await first!.append(dataBatch({ count: 3 }), append), {
    baseOffset: 0,
    lastOffset: 2,
    logAppendTime: -1,
    logStartOffset: 0,
  });
  assert.equal((await first!.append(dataBatch({ count: 2 }), append)).baseOffset, 3);
  assert.equal(first!.highWatermark, 5);
  assert.deepEqual(offsetsOf((await first!.read(0, all)).bytes), [0, 1, 2, 3, 4]);
  assert.deepEqual(offsetsOf((await first!.read(4, all)).bytes), [3, 4]);
  await directory.close();

  directory = await LogDirectory.open(env, path, { durability: "disk" });
  assert.equal(directory.clusterId, clusterId);
  const again = directory.topic("orders")!;
  assert.equal(again.id, topic.id);
  assert.equal(again.partitions[0]!.logEndOffset, 5);
  assert.deepEqual(offsetsOf((await again.partitions[0]!.read(0, all)).bytes), [0, 1, 2, 3, 4]);
  assert.deepEqual(offsetsOf((await again.partitions[0]!.read(3, all)).bytes), [3, 4]);
  await directory.close();
});

test("many appends without waiting share flushes and are acknowledged in order", async () => {
  const directory = await LogDirectory.open(env, path, { durability: "disk", segmentBytes: 4_096 });
  const topic = await directory.createTopic("orders", { partitions: 1 });
  const log = topic.partitions[0]!;
  const acknowledged: number[] = [];
  await Promise.all(
    Array.from({ length: 200 }, async () => acknowledged.push((await log.append(dataBatch({ count: 1 }), append)).baseOffset)),
  );
  assert.deepEqual(acknowledged, [...Array(200).keys()]);
  assert.ok(log.segmentCount > 1, "the log has rolled");
  assert.ok(directory.flush.metrics.flushes < 60, `${directory.flush.metrics.flushes} flushes for 200 appends`);
  const read: number[] = [];
  while (read.length < 200) read.push(...offsetsOf((await log.read(read.length, { ...all, maxBytes: 700 })).bytes));
  assert.deepEqual(read, acknowledged);
  await directory.close();
});
