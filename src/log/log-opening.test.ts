// What a start costs: it depends on what the last checkpoint does not cover and on the number of partitions, not on the size of the log; and
// open handles have a bound.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createSimulation, type Simulation } from "../testing/simulation/simulation.ts";
import { LogDirectory } from "./log-directory.ts";
import { dataBatch } from "./test-batches.ts";

const NOW = 10_000_000_000_000;
const options = { durability: "disk", segmentBytes: 2_048, checkpointIntervalMs: 0, retentionIntervalMs: 0, compactionIntervalMs: 0, presenceIntervalMs: 0 } as const; // prettier-ignore
const appending = { leaderEpoch: 0, origin: "client", now: NOW } as const;

/** Kinds of operations on log files during `body`, with their paths. */
async function watching(simulation: Simulation, body: () => Promise<void>): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  simulation.files.onOperation = ({ kind, path }) => {
    const what = path.endsWith(".log") ? `${kind} log` : kind;
    counts.set(what, (counts.get(what) ?? 0) + 1);
    return "ok";
  };
  await body();
  simulation.files.onOperation = undefined;
  return counts;
}

async function costOfOpening(batches: number, uncovered: number): Promise<Map<string, number>> {
  const simulation = createSimulation(3);
  simulation.files.provideDirectory("/data");
  return simulation.run(async () => {
    const directory = await LogDirectory.open(simulation.env(), "/data/log", options);
    const log = (await directory.createTopic("t", { partitions: 1 })).partitions[0]!;
    for (let i = 0; i < batches; i++) await log.append(dataBatch({ count: 2, tag: `${i}`, valueBytes: 400 }), appending);
    await log.checkpoint();
    for (let i = 0; i < uncovered; i++) await log.append(dataBatch({ count: 2, tag: `${i}`, valueBytes: 400 }), appending);
    simulation.kill();
    let again!: LogDirectory;
    const cost = await watching(simulation, async () => {
      again = await LogDirectory.open(simulation.env(), "/data/log", options);
    });
    assert.equal(again.topic("t")!.partitions[0]!.logEndOffset, 2 * (batches + uncovered));
    await again.close();
    return cost;
  });
}

test("a start after kill -9 reads what the last checkpoint does not cover, however long the log is", async () => {
  const small = await costOfOpening(4, 2);
  const large = await costOfOpening(160, 2);
  assert.ok(small.get("read log")! >= 1, "it reads something");
  assert.ok(large.get("read log")! <= small.get("read log")! + 2, `${small.get("read log")} reads became ${large.get("read log")}`);
  assert.ok(large.get("datasync log")! <= small.get("datasync log")! + 1);
  const uncovered = await costOfOpening(4, 60);
  assert.ok(uncovered.get("read log")! > large.get("read log")!, "the measure can fail");
});

test("a start after a clean close opens no log file at all", async () => {
  const simulation = createSimulation(4);
  simulation.files.provideDirectory("/data");
  await simulation.run(async () => {
    const directory = await LogDirectory.open(simulation.env(), "/data/log", options);
    const { partitions } = await directory.createTopic("t", { partitions: 20 });
    for (const log of partitions) await log.append(dataBatch({ count: 1 }), appending);
    await directory.close();
    let again!: LogDirectory;
    const cost = await watching(simulation, async () => {
      again = await LogDirectory.open(simulation.env(), "/data/log", options);
    });
    assert.deepEqual([cost.get("open log"), cost.get("read log"), cost.get("datasync log")], [undefined, undefined, undefined]);
    const idle = await watching(simulation, () => simulation.env().timers.sleep(600_000));
    assert.equal(idle.size, 0, "nothing is done while nobody asks for anything");
    await again.close();
  });
});

test("open handles stay within maxOpenFiles, however many partitions are written and read", async () => {
  const simulation = createSimulation(5);
  simulation.files.provideDirectory("/data");
  await simulation.run(async () => {
    const directory = await LogDirectory.open(simulation.env(), "/data/log", { ...options, maxOpenFiles: 10 });
    const { partitions } = await directory.createTopic("t", { partitions: 60 });
    let most = 0;
    for (let round = 0; round < 4; round++) {
      for (const log of partitions) {
        await log.append(dataBatch({ count: 2, valueBytes: 700 }), appending);
        await log.read(0, { maxBytes: 100, minOneBatch: true, isolation: "read_uncommitted" });
        most = Math.max(most, directory.metrics.openFiles);
      }
    }
    assert.ok(most <= 11, `${most} files were open`);
    await directory.close();
    assert.equal(simulation.files.openHandles, 0);
  });
});

test("closing partitions that never had a record costs nothing, and small ones one file together", async () => {
  const simulation = createSimulation(6);
  simulation.files.provideDirectory("/data");
  await simulation.run(async () => {
    const directory = await LogDirectory.open(simulation.env(), "/data/log", options);
    await directory.createTopic("empty", { partitions: 30 });
    const { partitions } = await directory.createTopic("small", { partitions: 10 });
    for (const log of partitions) await log.append(dataBatch({ count: 1 }), appending);
    const cost = await watching(simulation, () => directory.close());
    assert.equal(cost.get("datasync"), 1);
    assert.equal(cost.get("rename"), 1);
    const again = await LogDirectory.open(simulation.env(), "/data/log", options);
    assert.deepEqual([...again.topics()].map(({ partitions: each }) => each.map((log) => log.logEndOffset)), [Array(30).fill(0), Array(10).fill(1)]); // prettier-ignore
    await again.close();
  });
});

test("indexes that were made anew have files again after the next checkpoint, although nothing was written: the start after it reads no log", async () => {
  const simulation = createSimulation(5);
  simulation.files.provideDirectory("/data");
  await simulation.run(async () => {
    const { files } = simulation.env();
    const opened = () => LogDirectory.open(simulation.env(), "/data/log", options);
    const indexes = async () => (await files.list("/data/log/t-0")).filter((name) => name.endsWith("index"));
    const find = (directory: LogDirectory) => directory.topic("t")!.partitions[0]!.offsetForTimestamp(1_010);
    let directory = await opened();
    const log = (await directory.createTopic("t", { partitions: 1 })).partitions[0]!;
    for (let i = 0; i < 40; i++) await log.append(dataBatch({ count: 2, tag: `${i}`, valueBytes: 400, timestamp: 1_000 + i }), appending);
    await directory.close();
    const before = await indexes();
    const expected = await find((directory = await opened()));
    await directory.close();
    assert.ok(before.length > 20, `${before.length} files`);
    for (const name of before) await files.remove(`/data/log/t-0/${name}`);
    directory = await opened();
    assert.deepEqual(await find(directory), expected);
    const rebuilt = (): number => simulation.logLines.filter((line) => line.includes("log-index-rebuilt")).length;
    const count = rebuilt();
    assert.ok(count > 0);
    await directory.checkpoint();
    await directory.close();
    const after = await indexes();
    assert.ok(after.length >= count * 3, `${after.length} files`);
    assert.deepEqual((await files.list("/data/log/t-0")).filter((name) => name.endsWith(".tmp")), []); // prettier-ignore
    directory = await opened();
    assert.deepEqual(await find(directory), expected);
    assert.equal(rebuilt(), count, "nothing was made anew again");
    await directory.close();
  });
});
