// Disks that are full, broken or tampered with, on the simulated one: what is acknowledged, what is refused, what goes on.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Env } from "../env/env.ts";
import type { FileHandle } from "../env/files.ts";
import { KafkaError } from "../protocol/errors.ts";
import { createSimulation, type Simulation } from "../testing/simulation/simulation.ts";
import { LogDirectory } from "./log-directory.ts";
import type { LogOptions } from "./log-options.ts";
import type { PartitionLog } from "./partition-log.ts";
import { committedTags, dataBatch, type DataBatch, readOn } from "./test-batches.ts";

const PATH = "/data/log";
const FUTURE = 10_000_000_000_000;
const options: LogOptions = { durability: "disk", checkpointIntervalMs: 0, retentionIntervalMs: 0, presenceIntervalMs: 0 };

interface World {
  readonly simulation: Simulation;
  readonly env: Env;
  directory: LogDirectory;
  log: PartitionLog;
}

function inWorld(body: (world: World) => Promise<void>, more: Partial<LogOptions> = {}): () => Promise<void> {
  return async () => {
    const simulation = createSimulation(7);
    simulation.files.provideDirectory("/data");
    await simulation.run(async () => {
      const env = simulation.env();
      const directory = await LogDirectory.open(env, PATH, { ...options, ...more });
      const topic = await directory.createTopic("orders", { partitions: 1 });
      await body({ simulation, env, directory, log: topic.partitions[0]! });
    });
  };
}

/** Closes and opens again, in the same process. */
async function reopen(world: World, more: Partial<LogOptions> = {}): Promise<void> {
  await world.directory.close();
  world.directory = await LogDirectory.open(world.env, PATH, { ...options, ...more });
  world.log = world.directory.topic("orders")!.partitions[0]!;
}

function send(log: PartitionLog, batch: DataBatch): Promise<{ baseOffset: number }> {
  return log.append(dataBatch(batch), { leaderEpoch: 0, origin: "client", now: FUTURE });
}

function storageError(pattern: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof KafkaError && error.code === "KAFKA_STORAGE_ERROR" && error.retriable && pattern.test(error.message);
}

async function tags(log: PartitionLog, from = log.logStartOffset): Promise<string[]> {
  return (await readOn(log, from, "read_uncommitted")).map((batch) => batch.tag);
}

async function filesIn(env: Env, suffix: string): Promise<string[]> {
  return (await env.files.list(`${PATH}/orders-0`)).filter((name) => name.endsWith(suffix)).map((name) => `${PATH}/orders-0/${name}`);
}

async function overwrite(env: Env, path: string, bytes: Uint8Array, position: number): Promise<void> {
  const handle = await env.files.open(path, "r+");
  await handle.write([bytes], position);
  await handle.close();
}

/** The object with some methods replaced. */
function overridden<T extends object>(target: T, methods: Partial<T>): T {
  return new Proxy(target, {
    get(_, key) {
      const replaced = methods[key as keyof T];
      if (replaced !== undefined) return replaced;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

const garbage = Uint8Array.from({ length: 100 }, (_, i) => (i * 37 + 11) & 0xff);

test(
  "a full disk refuses what is queued, naming the cause; reads go on, and writing resumes by itself",
  inWorld(async ({ simulation, log }) => {
    await send(log, { count: 1, tag: "a", producerId: 1 });
    await send(log, { count: 1, tag: "t", producerId: 2, transactional: true });
    let full = true;
    simulation.files.onOperation = ({ kind }) => (full && kind === "write" ? { error: "ENOSPC" } : "ok");
    const refused = [1, 2].map((sequence) => send(log, { count: 1, tag: `b${sequence}`, producerId: 1, baseSequence: sequence }));
    const marker = log.appendMarker({ producerId: 2, producerEpoch: 0, commit: true, coordinatorEpoch: 0, now: FUTURE });
    for (const promise of [...refused, marker]) await assert.rejects(promise, storageError(/disk is full.*orders|orders.*disk is full/));
    assert.equal(log.logEndOffset, 2);
    assert.equal(log.lastStableOffset, 1, "the transaction is open again");
    assert.deepEqual(await tags(log), ["a", "t"]);
    full = false;
    assert.equal((await send(log, { count: 1, tag: "b1", producerId: 1, baseSequence: 1 })).baseOffset, 2);
    assert.equal((await send(log, { count: 1, tag: "b2", producerId: 1, baseSequence: 2 })).baseOffset, 3);
    assert.deepEqual(await tags(log), ["a", "t", "b1", "b2"]);
    assert.equal((await log.appendMarker({ producerId: 2, producerEpoch: 0, commit: true, coordinatorEpoch: 0, now: FUTURE })).offset, 4);
    assert.deepEqual(await committedTags(log, 0), ["a", "t", "b1", "b2"]);
  }),
);

test("a segment that was cut back when the disk was full is whole for ever before the next one takes records", async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const simulation = createSimulation(seed);
    simulation.files.provideDirectory("/data");
    await simulation.run(async () => {
      const directory = await LogDirectory.open(simulation.env(), PATH, options);
      const config = { "segment.bytes": "2000" };
      const log = (await directory.createTopic("orders", { partitions: 1, config })).partitions[0]!;
      await send(log, { tag: "kept", count: 1 });
      simulation.files.capacityBytes = simulation.files.usedBytes() + 100;
      await assert.rejects(send(log, { tag: "none", valueBytes: 1000, count: 1 }), { code: "KAFKA_STORAGE_ERROR" });
      simulation.files.capacityBytes = Number.POSITIVE_INFINITY;
      await send(log, { tag: "next", valueBytes: 1850, count: 1 });
      simulation.crash(undefined, { style: "random" });
      simulation.restart();
      const again = await LogDirectory.open(simulation.env(), PATH, options);
      const read = await tags(again.topic("orders")!.partitions[0]!);
      assert.deepEqual(read, ["kept", "next"], `seed ${seed}`); // prettier-ignore
      await again.close();
    });
  }
});

test(
  "no room for a new segment refuses the append only",
  inWorld(
    async ({ simulation, log }) => {
      await send(log, { count: 1, tag: "a", valueBytes: 900 });
      let full = true;
      simulation.files.onOperation = ({ kind }) => (full && kind === "open" ? { error: "ENOSPC" } : "ok");
      await assert.rejects(send(log, { count: 1, tag: "b", valueBytes: 900 }), storageError(/disk is full/));
      full = false;
      await send(log, { count: 1, tag: "b", valueBytes: 900 });
      assert.deepEqual(await tags(log), ["a", "b"]);
      assert.equal(log.segmentCount, 2);
    },
    { segmentBytes: 1_024 },
  ),
);

test(
  "a failed fdatasync stops the log: nothing is acknowledged, nothing is flushed again, reads go on",
  inWorld(async ({ simulation, directory, log }) => {
    await send(log, { count: 1, tag: "a" });
    const failed = new Promise<Error>((resolve) => directory.onFatal(resolve));
    let syncs = 0;
    simulation.files.onOperation = ({ kind, path }) => {
      if (kind !== "datasync" || !path.endsWith(".log")) return "ok";
      syncs++;
      return { error: "EIO" };
    };
    const pending = send(log, { count: 1, tag: "b" });
    await assert.rejects(pending, storageError(/fdatasync.*EIO/));
    await assert.rejects(send(log, { count: 1, tag: "c" }), storageError(/refused.*fdatasync/));
    await assert.rejects(directory.createTopic("more", { partitions: 1 }), storageError(/fdatasync/));
    assert.equal(syncs, 1);
    assert.match((await failed).message, /start again/);
    assert.equal(log.highWatermark, 1);
    assert.deepEqual(await tags(log), ["a"]);
    await directory.close();
    assert.equal(syncs, 1, "closing does not flush either");
  }),
);

test(
  "a write error that is not a full disk stops the log too",
  inWorld(async ({ simulation, directory, log }) => {
    const failed = new Promise<Error>((resolve) => directory.onFatal(resolve));
    simulation.files.onOperation = ({ kind }) => (kind === "write" ? { error: "EIO" } : "ok");
    await assert.rejects(send(log, { count: 1 }), storageError(/EIO/));
    assert.match((await failed).message, /EIO/);
  }),
);

test("what a failed fdatasync left in the page cache only is written again before anybody builds upon it", async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const simulation = createSimulation(seed);
    simulation.files.provideDirectory("/data");
    await simulation.run(async () => {
      const first = await LogDirectory.open(simulation.env(), PATH, options);
      const topic = await first.createTopic("orders", { partitions: 1 });
      const failed = new Promise((resolve) => first.onFatal(resolve));
      simulation.files.onOperation = ({ kind }) => (kind === "datasync" ? { error: "EIO" } : "ok");
      await assert.rejects(send(topic.partitions[0]!, { count: 1, tag: "a", valueBytes: 3000 }));
      await failed;
      simulation.files.onOperation = undefined;
      simulation.kill();
      const second = await LogDirectory.open(simulation.env(), PATH, options);
      const found = await tags(second.topic("orders")!.partitions[0]!);
      await send(second.topic("orders")!.partitions[0]!, { count: 1, tag: "acknowledged" });
      simulation.crash("localhost", { style: "lose" });
      simulation.restart();
      const third = await LogDirectory.open(simulation.env(), PATH, options);
      assert.deepEqual(await tags(third.topic("orders")!.partitions[0]!), [...found, "acknowledged"], `seed ${seed}`);
    });
  }
});

test(
  "nothing can be read before it is on disk",
  inWorld(async ({ env, log }) => {
    let acknowledged = false;
    const appended = send(log, { count: 1, tag: "a" }).then(() => (acknowledged = true));
    let empty = 0;
    while (!acknowledged) {
      assert.equal(log.highWatermark, 0);
      assert.deepEqual(await tags(log), []);
      empty++;
      await env.timers.sleep(0.05);
    }
    assert.ok(empty > 2, `${empty} reads`);
    await appended;
    assert.deepEqual(await tags(log), ["a"]);
  }),
);

test(
  "a recovery point waits for the flush of the log below it",
  inWorld(async ({ simulation, env, directory }) => {
    await directory.close();
    let flushLog = (): void => undefined;
    const flushed = new Promise<void>((resolve) => (flushLog = resolve));
    const held = (handle: FileHandle): FileHandle =>
      handle.path.endsWith(".log") ? overridden(handle, { datasync: () => flushed.then(() => handle.datasync()) }) : handle;
    const files = overridden(env.files, { open: async (path, mode) => held(await env.files.open(path, mode)) });
    const slow = await LogDirectory.open({ ...env, files }, PATH, options);
    const log = slow.topic("orders")!.partitions[0]!;
    let renamed = false;
    simulation.files.onOperation = ({ kind }) => {
      renamed ||= kind === "rename";
      return "ok";
    };
    const appended = send(log, { count: 1, tag: "a" });
    const checkpoint = log.checkpoint();
    await env.timers.sleep(1_000);
    assert.equal(renamed, false);
    flushLog();
    await Promise.all([appended, checkpoint]);
    assert.equal(renamed, true);
  }),
);

test(
  "a full disk does not harm recovery points: they are written later",
  inWorld(async (world) => {
    const { simulation } = world;
    await send(world.log, { count: 1, tag: "a" });
    simulation.files.onOperation = ({ kind, path }) => (kind === "write" && !path.endsWith(".log") ? { error: "ENOSPC" } : "ok");
    await world.log.checkpoint();
    await send(world.log, { count: 1, tag: "b" });
    simulation.files.onOperation = undefined;
    await reopen(world);
    assert.deepEqual(await tags(world.log), ["a", "b"]);
  }),
);

test(
  "a cleanly closed log is opened without reading its segments",
  inWorld(
    async (world) => {
      for (let i = 0; i < 50; i++) await send(world.log, { count: 1, tag: `b${i}`, valueBytes: 500, producerId: 3, baseSequence: i });
      await world.directory.close();
      let reads = 0;
      world.simulation.files.onOperation = ({ kind, path }) => {
        if (kind === "read" && path.endsWith(".log")) reads++;
        return "ok";
      };
      world.directory = await LogDirectory.open(world.env, PATH, options);
      // One header: the age of the active segment.
      assert.ok(reads <= 1, `${reads} reads`);
      const log = world.directory.topic("orders")!.partitions[0]!;
      assert.equal(log.logEndOffset, 50);
      assert.equal((await send(log, { count: 1, tag: "b46", valueBytes: 500, producerId: 3, baseSequence: 46 })).baseOffset, 46);
    },
    { segmentBytes: 4_096 },
  ),
);

for (const [what, harm] of [
  ["missing", (env: Env, path: string) => env.files.remove(path)],
  ["garbage", (env: Env, path: string) => overwrite(env, path, garbage, 0)],
  ["empty", async (env: Env, path: string) => env.files.open(path, "w+").then((handle) => handle.close())],
] as const) {
  test(
    `index files and snapshots that are ${what} are rebuilt from the log`,
    inWorld(
      async (world) => {
        const more = { segmentBytes: 4_096, topicDefaults: { "index.interval.bytes": "300" } };
        for (let i = 0; i < 40; i++) {
          const timestamp = 1_000 + 10 * i;
          await send(world.log, { count: 1, tag: `p${i}`, valueBytes: 200, timestamp, producerId: 3, baseSequence: i });
          if (i % 4 === 0)
            await send(world.log, { count: 1, tag: `t${i}`, timestamp, producerId: 4, baseSequence: i / 4, transactional: true });
          if (i % 8 === 1)
            await world.log.appendMarker({ producerId: 4, producerEpoch: 0, commit: i % 16 === 1, coordinatorEpoch: 0, now: 1 });
        }
        const expected = {
          tags: await tags(world.log),
          committed: await committedTags(world.log, 0),
          time: await world.log.offsetForTimestamp(1_205),
        };
        assert.notDeepEqual(expected.committed, expected.tags);
        for (const suffix of [".index", ".timeindex", ".txnindex", ".snapshot"]) {
          await world.directory.close();
          for (const path of await filesIn(world.env, suffix)) await harm(world.env, path);
          world.directory = await LogDirectory.open(world.env, PATH, { ...options, ...more });
          const log = world.directory.topic("orders")!.partitions[0]!;
          assert.equal(log.logEndOffset, 55);
          assert.deepEqual(await tags(log), expected.tags, suffix);
          assert.deepEqual(await tags(log, 30), expected.tags.slice(30), suffix);
          // An empty aborted index of a sealed segment looks like a segment without aborted transactions.
          if (!(what === "empty" && suffix === ".txnindex")) assert.deepEqual(await committedTags(log, 0), expected.committed, suffix);
          if (!(what === "empty" && suffix === ".txnindex")) assert.deepEqual(await log.offsetForTimestamp(1_205), expected.time, suffix);
          assert.equal(
            (await send(log, { count: 1, tag: "p39", valueBytes: 200, timestamp: 1_390, producerId: 3, baseSequence: 39 })).baseOffset,
            54,
          );
          if (what === "empty" && suffix === ".txnindex") return;
        }
      },
      { segmentBytes: 4_096, topicDefaults: { "index.interval.bytes": "300" } },
    ),
  );
}

test(
  "a torn tail is cut off and reported",
  inWorld(async (world) => {
    await send(world.log, { count: 1, tag: "a" });
    await world.directory.close();
    const [path] = await filesIn(world.env, ".log");
    const size = (await world.env.files.stat(path!))!.size;
    await overwrite(world.env, path!, garbage, size);
    world.directory = await LogDirectory.open(world.env, PATH, options);
    world.log = world.directory.topic("orders")!.partitions[0]!;
    assert.deepEqual(await tags(world.log), ["a"]);
    assert.equal((await world.env.files.stat(path!))!.size, size);
    const line = world.simulation.logLines.find((text) => text.includes("log-tail-truncated"));
    assert.match(line ?? "", /100/);
  }),
);

test(
  "damage below the recovery point is never cut off silently",
  inWorld(async (world) => {
    await world.directory.setTopicConfig("orders", { "index.interval.bytes": "0" });
    for (let i = 0; i < 4; i++) await send(world.log, { count: 1, tag: `a${i}`, valueBytes: 300 });
    await world.log.checkpoint();
    await world.directory.close();
    const [path] = await filesIn(world.env, ".log");
    await overwrite(world.env, path!, garbage, 372);
    for (const index of await filesIn(world.env, ".index")) await world.env.files.remove(index);
    await assert.rejects(LogDirectory.open(world.env, PATH, options), /damaged at byte 3\d\d, before its recovery point.*Restore the file/);
  }),
);

test(
  "more partitions than file handles are served",
  inWorld(
    async ({ directory }) => {
      const { partitions } = await directory.createTopic("many", { partitions: 30 });
      for (let round = 0; round < 3; round++) {
        await Promise.all(partitions.map((log) => send(log, { count: 1, tag: `r${round}` })));
      }
      for (const log of partitions) assert.deepEqual(await tags(log), ["r0", "r1", "r2"]);
      assert.ok(directory.metrics.openFiles <= 5, `${directory.metrics.openFiles} open files`);
      await directory.close();
    },
    { maxOpenFiles: 4, hotTailBytes: 0 },
  ),
);

test(
  "a data directory that is deleted stops the log",
  inWorld(
    async ({ env, directory, log }) => {
      const failed = new Promise<Error>((resolve) => directory.onFatal(resolve));
      await env.files.removeDirectory(PATH);
      await env.timers.sleep(2_000);
      assert.match((await failed).message, /deleted while the log was open/);
      await assert.rejects(send(log, { count: 1 }), storageError(/deleted/));
    },
    { presenceIntervalMs: 1_000 },
  ),
);
