// What is appended is kept in memory for readers at the end only while there are any; without them it is read from the disk, the same bytes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createSimulation } from "../testing/simulation/simulation.ts";
import { FOLLOWED_BYTES } from "./limits.ts";
import { LogDirectory } from "./log-directory.ts";
import type { PartitionLog } from "./partition-log.ts";
import { dataBatch, offsetsOf } from "./test-batches.ts";

const NOW = 1_000_000_000;
const VALUE_BYTES = 512 * 1024;
const BATCHES_UNREAD = FOLLOWED_BYTES / VALUE_BYTES + 1;
const one = { maxBytes: 1, minOneBatch: true, isolation: "read_uncommitted" } as const;

async function withPartition(body: (log: PartitionLog, reads: () => number) => Promise<void>): Promise<void> {
  const simulation = createSimulation(5);
  simulation.files.provideDirectory("/data");
  await simulation.run(async () => {
    const options = { durability: "page-cache", checkpointIntervalMs: 0, retentionIntervalMs: 0, presenceIntervalMs: 0 } as const;
    const directory = await LogDirectory.open(simulation.env(), "/data/log", options);
    const log = (await directory.createTopic("t", { partitions: 1 })).partitions[0]!;
    let reads = 0;
    simulation.files.onOperation = ({ kind, path }) => {
      if (kind === "read" && path.endsWith(".log")) reads++;
      return "ok";
    };
    await body(log, () => reads);
    await directory.close();
  });
}

async function append(log: PartitionLog, batches: number): Promise<void> {
  for (let i = 0; i < batches; i++) {
    const batch = dataBatch({ count: 1, valueBytes: VALUE_BYTES, tag: `${log.logEndOffset}` });
    await log.append(batch, { leaderEpoch: 0, origin: "client", now: NOW });
  }
}

async function newest(log: PartitionLog): Promise<number[]> {
  return offsetsOf((await log.read(log.highWatermark - 1, one)).bytes);
}

test("a partition that is read at its end is read from memory, however much is appended", () =>
  withPartition(async (log, reads) => {
    await append(log, 1);
    assert.deepEqual(await newest(log), [0]); // nobody was expected
    const before = reads();
    for (let i = 1; i < 3 * BATCHES_UNREAD; i++) {
      await append(log, 1);
      assert.deepEqual(await newest(log), [i]);
    }
    assert.equal(reads(), before);
  }));

test("one that nobody reads any more keeps nothing there, until somebody comes to its end", () =>
  withPartition(async (log, reads) => {
    await append(log, 1);
    assert.equal(log.hotChunks.chunks.length, 0); // nobody has read it yet
    await newest(log);
    await append(log, BATCHES_UNREAD - 2);
    assert.ok(log.hotChunks.chunks.length > 0);
    await append(log, 1);
    assert.equal(log.hotChunks.chunks.length, 0);
    assert.deepEqual(await newest(log), [BATCHES_UNREAD - 1]);
    assert.ok(reads() > 0);
    const before = reads();
    for (let i = 0; i < 4; i++) {
      await append(log, 1);
      assert.deepEqual(await newest(log), [BATCHES_UNREAD + i]);
    }
    assert.equal(reads(), before);
  }));

test("who waits for the next record gets it from memory", () =>
  withPartition(async (log, reads) => {
    await append(log, BATCHES_UNREAD);
    const stop = log.onAdvance(() => undefined);
    await append(log, 1);
    stop();
    assert.deepEqual(await newest(log), [BATCHES_UNREAD]);
    assert.equal(reads(), 0);
  }));
