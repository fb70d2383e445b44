// Settings of a topic that change when segments end, what indexes hold and what is flushed: each is obeyed.
// (compression.*, message.timestamp.before.max.ms: intake.test.ts; retention.*, max.message.bytes, message.timestamp.*: topics.test.ts;
// cleanup.policy, *.compaction.lag.ms, delete.retention.ms, min.cleanable.dirty.ratio: compaction/compaction.test.ts.)
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Env } from "../env/env.ts";
import { createSimulation } from "../testing/simulation/simulation.ts";
import type { Simulation } from "../testing/simulation/simulation.ts";
import { LogDirectory } from "./log-directory.ts";
import type { LogOptions } from "./log-options.ts";
import type { PartitionLog } from "./partition-log.ts";
import { dataBatch } from "./test-batches.ts";

const NOW = 1_700_000_000_000;
const PATH = "/data/log";

interface World {
  readonly simulation: Simulation;
  readonly directory: LogDirectory;
  readonly env: Env;
  readonly log: PartitionLog;
}

function withTopic(config: Record<string, string>, body: (world: World) => Promise<void>, given: Partial<LogOptions> = {}) {
  return async (): Promise<void> => {
    const simulation = createSimulation(3);
    simulation.files.provideDirectory("/data");
    const options = { durability: "disk", checkpointIntervalMs: 0, retentionIntervalMs: 0, presenceIntervalMs: 0, ...given } as const;
    await simulation.run(async () => {
      const env = simulation.env();
      const directory = await LogDirectory.open(env, PATH, options);
      const { partitions } = await directory.createTopic("t", { partitions: 1, config });
      await body({ simulation, directory, env, log: partitions[0]! });
    });
  };
}

function send(log: PartitionLog, timestamp: number, valueBytes = 20): ReturnType<PartitionLog["append"]> {
  return log.append(dataBatch({ count: 1, timestamp, valueBytes }), { leaderEpoch: 0, origin: "client", now: NOW });
}

async function sizes(env: Env, suffix: string): Promise<number[]> {
  const names = (await env.files.list(`${PATH}/t-0`)).filter((name) => name.endsWith(suffix));
  return Promise.all(names.map(async (name) => (await env.files.stat(`${PATH}/t-0/${name}`))!.size));
}

/** First offsets of the segments. */
async function bases(env: Env): Promise<number[]> {
  return (await env.files.list(`${PATH}/t-0`)).filter((name) => name.endsWith(".log")).map((name) => Number.parseInt(name, 10));
}

test(
  "segment.bytes: a segment takes what fits, and the next batch begins another",
  withTopic({ "segment.bytes": "250" }, async ({ log, env }) => {
    const size = dataBatch({ count: 1 }).length;
    for (let i = 0; i < 6; i++) await send(log, NOW);
    assert.ok(2 * size <= 250 && 3 * size > 250);
    assert.deepEqual(await bases(env), [0, 2, 4]);
  }),
);

test(
  "segment.ms: a record that is more than this later than the segment's first begins another, by the records' time",
  withTopic({ "segment.ms": "1000" }, async ({ log, env }) => {
    for (const time of [0, 500, 1_000, 1_001, 2_001, 2_002]) await send(log, NOW + time);
    assert.deepEqual(await bases(env), [0, 3, 5]);
  }),
);

test(
  "segment.jitter.ms: segments end at times of their own, none of them later than segment.ms says, the same after a restart",
  withTopic({ "segment.ms": "1000", "segment.jitter.ms": "800" }, async ({ log, env, directory, simulation }) => {
    for (let time = 0; time < 30_000; time += 10) await send(log, NOW + time);
    const starts = await bases(env);
    const ages = starts.slice(1).map((base, i) => (base - starts[i]!) * 10);
    assert.ok(
      ages.every((age) => age > 200 && age <= 1_010),
      String(ages),
    );
    assert.ok(new Set(ages).size > 10, String(ages));
    const active = log.segmentCount;
    await directory.close();
    const again = await LogDirectory.open(simulation.env(), PATH, { durability: "disk" });
    const reopened = again.topic("t")!.partitions[0]!;
    await send(reopened, NOW + 29_990);
    assert.equal(reopened.segmentCount, active);
    await again.close();
  }),
);

test(
  "segment.index.bytes: a segment ends when an index of it is full",
  withTopic({ "segment.index.bytes": "60", "index.interval.bytes": "0" }, async ({ log, env, directory }) => {
    for (let i = 0; i < 40; i++) await send(log, NOW + i);
    await directory.close();
    assert.ok((await bases(env)).length >= 5);
    for (const suffix of [".index", ".timeindex"]) {
      const found = await sizes(env, suffix);
      assert.ok(found.length >= 5 && found.every((size) => size <= 60), `${suffix}: ${found}`);
    }
  }),
);

test("index.interval.bytes: an entry about every so many bytes", async () => {
  const entries: number[] = [];
  for (const interval of ["0", "500", "1000000"])
    await withTopic({ "index.interval.bytes": interval }, async ({ log, env, directory }) => {
      for (let i = 0; i < 50; i++) await send(log, NOW + i);
      await log.checkpoint();
      await directory.close();
      entries.push(((await sizes(env, ".index"))[0] ?? 0) / 8);
    })();
  const size = dataBatch({ count: 1 }).length;
  assert.deepEqual(entries, [49, Math.floor(49 / (Math.floor(500 / size) + 1)), 0]);
});

const paged = { durability: "page-cache" } as const;

/** Offsets that are there after a power cut that loses what was never flushed. */
async function afterPowerCut({ simulation }: World): Promise<number> {
  simulation.crash("localhost", { style: "lose" });
  simulation.restart();
  const directory = await LogDirectory.open(simulation.env(), PATH, { durability: "page-cache" });
  const end = directory.topic("t")!.partitions[0]!.logEndOffset;
  await directory.close();
  return end;
}

test(
  "flush.messages=1: the topic's records are flushed before they are acknowledged, with durability page-cache, too",
  withTopic({ "flush.messages": "1" }, async (world) => {
    for (let i = 0; i < 3; i++) await send(world.log, NOW);
    assert.equal(await afterPowerCut(world), 3);
  }, paged), // prettier-ignore
);

test(
  "without it, a power cut may take what page-cache acknowledged",
  withTopic({}, async (world) => {
    for (let i = 0; i < 3; i++) await send(world.log, NOW);
    assert.equal(await afterPowerCut(world), 0);
  }, paged), // prettier-ignore
);

test(
  "flush.messages=3: with the third record all three are flushed, and what is between is acknowledged at once",
  withTopic({ "flush.messages": "3" }, async (world) => {
    const marks: number[] = [];
    world.log.onAdvance(() => marks.push(world.log.highWatermark));
    for (let i = 0; i < 5; i++) await send(world.log, NOW);
    assert.deepEqual(marks, [1, 2, 3, 4, 5]);
    assert.equal(await afterPowerCut(world), 3);
  }, paged), // prettier-ignore
);

test(
  "flush.messages can be changed while records are on their way: the high watermark never steps back",
  withTopic({}, async (world) => {
    const { directory, log } = world;
    const marks: number[] = [];
    log.onAdvance(() => marks.push(log.highWatermark));
    const sent = [];
    for (let i = 0; i < 40; i++) {
      sent.push(send(log, NOW));
      if (i % 4 === 0) await directory.setTopicConfig("t", i % 8 === 0 ? { "flush.messages": "2" } : {});
    }
    await Promise.all(sent);
    assert.equal(log.highWatermark, 40);
    assert.deepEqual(marks, marks.toSorted((a, b) => a - b)); // prettier-ignore
  }, paged), // prettier-ignore
);

test(
  "flush.ms: what is older is flushed when it is looked for",
  withTopic({ "flush.ms": "1000" }, async (world) => {
    const began = world.env.clock.now();
    await send(world.log, NOW);
    await world.log.flushIfOld(began + 900);
    await send(world.log, NOW);
    await world.log.flushIfOld(began + 1_100);
    await send(world.log, NOW);
    assert.equal(await afterPowerCut(world), 2);
  }, paged), // prettier-ignore
);
