// How much log lies behind the last recovery point: a few partitions whose appends are not flushed may have more of it, for a while.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Durability } from "./log-options.ts";
import { createSimulation } from "../testing/simulation/simulation.ts";
import { BURST_FACTOR, CHECKPOINT_BURSTS } from "./limits.ts";
import { LogDirectory } from "./log-directory.ts";
import type { PartitionLog } from "./partition-log.ts";
import { CHECKPOINT_FILE } from "./segment-files.ts";
import { dataBatch } from "./test-batches.ts";

const CHECKPOINT_BYTES = 4_000;
const VALUE_BYTES = 500;
const MORE_PARTITIONS = CHECKPOINT_BURSTS + 2;

/** How many recovery points a partition has written. */
type Count = (partition: string) => number;

async function withPartitions(
  durability: Durability,
  body: (directory: LogDirectory, logs: readonly PartitionLog[], done: Count) => Promise<void>,
): Promise<void> {
  const simulation = createSimulation(11);
  simulation.files.provideDirectory("/data");
  await simulation.run(async () => {
    const options = {
      durability,
      checkpointBytes: CHECKPOINT_BYTES,
      checkpointIntervalMs: 0,
      retentionIntervalMs: 0,
      presenceIntervalMs: 0,
    };
    const directory = await LogDirectory.open(simulation.env(), "/data/log", options);
    const renamed: string[] = [];
    simulation.files.onOperation = ({ kind, path }) => {
      if (kind === "rename") renamed.push(path);
      return "ok";
    };
    const logs = (await directory.createTopic("t", { partitions: MORE_PARTITIONS })).partitions;
    const done: Count = (partition) => renamed.filter((path) => path.startsWith(`/data/log/${partition}/${CHECKPOINT_FILE}`)).length;
    await body(directory, logs, done);
    await directory.close();
  });
}

/** Resolves when the recovery points that became due are written. */
async function append(directory: LogDirectory, log: PartitionLog, bytes: number): Promise<void> {
  for (const end = log.sizeBytes + bytes; log.sizeBytes < end;)
    await log.append(dataBatch({ count: 1, valueBytes: VALUE_BYTES }), { leaderEpoch: 0, origin: "client", now: 0 });
  await directory.applyRetention(0);
}

test("a burst that is not flushed anyway is not brought to the disk before it is several times as large", () =>
  withPartitions("page-cache", async (directory, [log], done) => {
    await append(directory, log!, CHECKPOINT_BYTES * (BURST_FACTOR - 1));
    assert.equal(done("t-0"), 0);
    await append(directory, log!, CHECKPOINT_BYTES + VALUE_BYTES);
    assert.equal(done("t-0"), 1);
  }));

test("so many partitions at a time, and others when these have their recovery points or are gone", () =>
  withPartitions("page-cache", async (directory, logs, done) => {
    const written = (): number[] => logs.map((_, i) => done(`t-${i}`));
    for (const log of logs) await append(directory, log, CHECKPOINT_BYTES + VALUE_BYTES);
    const some = Array<number>(CHECKPOINT_BURSTS - 1).fill(0);
    assert.deepEqual(written(), [0, ...some, 1, 1]);
    await logs[0]!.checkpoint();
    await append(directory, logs.at(-1)!, CHECKPOINT_BYTES + VALUE_BYTES);
    await append(directory, logs.at(-2)!, CHECKPOINT_BYTES + VALUE_BYTES);
    assert.deepEqual(written(), [1, ...some, 2, 1]);
    await directory.deleteTopic("t");
    const [other] = (await directory.createTopic("u", { partitions: 1 })).partitions;
    await append(directory, other!, CHECKPOINT_BYTES + VALUE_BYTES);
    assert.equal(done("u-0"), 0);
  }));

test("with a flush before the acknowledgement a recovery point costs little, and is written early", () =>
  withPartitions("disk", async (directory, [log], done) => {
    await append(directory, log!, CHECKPOINT_BYTES - 2 * VALUE_BYTES);
    assert.equal(done("t-0"), 0);
    await append(directory, log!, 3 * VALUE_BYTES);
    assert.equal(done("t-0"), 1);
  }));
