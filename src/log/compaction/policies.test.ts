// What cleanup.policy and min.cleanable.dirty.ratio make of a partition when retention and compaction come round.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Env } from "../../env/env.ts";
import { createSimulation } from "../../testing/simulation/simulation.ts";
import { LogDirectory } from "../log-directory.ts";
import type { PartitionLog } from "../partition-log.ts";
import { keyedBatch, readStored } from "./test-records.ts";

const NOW = 1_700_000_000_000;

interface World {
  readonly env: Env;
  readonly directory: LogDirectory;
  readonly log: PartitionLog;
}

function withTopic(config: Record<string, string>, body: (world: World) => Promise<void>) {
  return async (): Promise<void> => {
    const simulation = createSimulation(6);
    simulation.files.provideDirectory("/data");
    await simulation.run(async () => {
      const env = simulation.env();
      const options = { durability: "disk", checkpointIntervalMs: 0, retentionIntervalMs: 0, compactionIntervalMs: 0 } as const;
      const directory = await LogDirectory.open(env, "/data/log", options);
      const given = { "segment.bytes": "400", "min.cleanable.dirty.ratio": "0.01", ...config };
      const { partitions } = await directory.createTopic("t", { partitions: 1, config: given });
      await body({ env, directory, log: partitions[0]! });
      await directory.close();
    });
  };
}

/** Records of three keys in turn, of about 200 bytes and a second each, from number `from` on. */
async function send({ log }: World, from: number, count: number): Promise<void> {
  for (let i = from; i < from + count; i++) {
    const batch = keyedBatch([{ key: `k${i % 3}`, value: `${i} `.padEnd(120, "."), timestamp: NOW + i * 1_000 }]);
    await log.append(batch, { leaderEpoch: 0, origin: "client", now: NOW + i * 1_000 });
  }
}

async function numbers({ env, log }: World): Promise<number[]> {
  return (await readStored(env, log)).flatMap(({ records }) => records.map(({ offset }) => offset));
}

async function rounds(world: World, now: number): Promise<void> {
  await world.directory.compact(now);
  await world.directory.applyRetention(now);
}

test(
  "compact,delete: of each key the newest stays, until it is older than retention.ms",
  withTopic({ "cleanup.policy": "compact,delete", "retention.ms": "60000" }, async (world) => {
    await send(world, 0, 20);
    await rounds(world, NOW + 20_000);
    const compacted = await numbers(world);
    assert.ok(compacted.length < 8 && compacted.at(-1) === 19, String(compacted));
    assert.deepEqual([...new Set(compacted.map((offset) => offset % 3))].sort(), [0, 1, 2], "no key is lost");
    await rounds(world, NOW + 19_000 + 60_001);
    assert.deepEqual(await numbers(world), []);
    assert.deepEqual([world.log.logStartOffset, world.log.logEndOffset], [20, 20], "offsets never move");
  }),
);

test(
  "compact: neither age nor size delete anything",
  withTopic({ "cleanup.policy": "compact", "retention.ms": "1", "retention.bytes": "1" }, async (world) => {
    await send(world, 0, 20);
    await rounds(world, NOW + 1e9);
    const left = await numbers(world);
    assert.deepEqual([...new Set(left.map((offset) => offset % 3))].sort(), [0, 1, 2]);
    assert.equal(world.log.logStartOffset, 0);
  }),
);

test(
  "delete: nothing is compacted",
  withTopic({ "cleanup.policy": "delete", "retention.ms": "-1" }, async (world) => {
    await send(world, 0, 20);
    await rounds(world, NOW + 1e9);
    assert.equal((await numbers(world)).length, 20);
  }),
);

test(
  "neither: everything stays for ever",
  withTopic({ "cleanup.policy": "", "retention.ms": "1", "retention.bytes": "1" }, async (world) => {
    await send(world, 0, 20);
    await rounds(world, NOW + 1e9);
    assert.equal((await numbers(world)).length, 20);
  }),
);

test(
  "min.cleanable.dirty.ratio: a compaction waits until so large a share is uncompacted",
  withTopic({ "cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.7" }, async (world) => {
    await send(world, 0, 20);
    await rounds(world, NOW + 20_000);
    const clean = await numbers(world);
    assert.ok(clean.length < 8, "all of it was uncompacted");
    await send(world, 20, 4);
    await rounds(world, NOW + 30_000);
    const few = await numbers(world);
    assert.deepEqual(few, [...clean, 20, 21, 22, 23], "too little is new");
    await send(world, 24, 20);
    await rounds(world, NOW + 50_000);
    assert.ok((await numbers(world)).length < 8);
  }),
);
