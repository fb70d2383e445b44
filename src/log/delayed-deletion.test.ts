// Deleted segments and topics stay on the disk for file.delete.delay.ms, under names that nobody reads.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Env } from "../env/env.ts";
import { crashAtEveryOperation } from "../testing/simulation/crash-at-every-operation.ts";
import { createSimulation, type Simulation } from "../testing/simulation/simulation.ts";
import { LogDirectory } from "./log-directory.ts";
import { dataBatch, readOn } from "./test-batches.ts";

const PATH = "/data/log";
const NOW = 1_000_000_000;
const options = { durability: "disk", checkpointIntervalMs: 0, retentionIntervalMs: 0, presenceIntervalMs: 0 } as const;
const LONG_MAX = "9223372036854775807";

async function withLog(body: (directory: LogDirectory, env: Env, simulation: Simulation) => Promise<void>): Promise<void> {
  const simulation = createSimulation(7);
  simulation.files.provideDirectory("/data");
  await simulation.run(async () => {
    const env = simulation.env();
    const directory = await LogDirectory.open(env, PATH, options);
    await body(directory, env, simulation);
    await directory.close();
  });
}

/** Six segments of one batch each, the first three of which are deleted. */
async function trimmed(directory: LogDirectory, delay: string): Promise<void> {
  const config = { "segment.bytes": "1024", "file.delete.delay.ms": delay };
  const log = (await directory.createTopic("t", { partitions: 1, config })).partitions[0]!;
  for (let i = 0; i < 6; i++) await log.append(dataBatch({ count: 1, valueBytes: 800 }), { leaderEpoch: 0, origin: "client", now: NOW });
  await directory.checkpoint();
  await log.deleteRecordsBefore(3);
  const read = await readOn(log, 3, "read_uncommitted");
  assert.deepEqual(read.map(({ lastOffset }) => lastOffset), [3, 4, 5]); // prettier-ignore
}

const names = async (env: Env, path: string, end: string): Promise<string[]> => (await env.files.list(path)).filter((name) => name.endsWith(end)); // prettier-ignore

test("files of deleted segments are renamed, and go when their time has come", () =>
  withLog(async (directory, env) => {
    await trimmed(directory, "5000");
    const aside = [0, 1, 2].map((base) => `${String(base).padStart(20, "0")}.log.deleted`);
    assert.deepEqual(await names(env, `${PATH}/t-0`, ".log.deleted"), aside);
    assert.equal((await names(env, `${PATH}/t-0`, ".log")).length, 3);
    await env.timers.sleep(4_000);
    assert.deepEqual(await names(env, `${PATH}/t-0`, ".log.deleted"), aside);
    await env.timers.sleep(1_500);
    assert.deepEqual(await names(env, `${PATH}/t-0`, ".deleted"), []);
  }));

test("without a delay they go at once, and with the longest one they stay", async () => {
  await withLog(async (directory, env) => {
    await trimmed(directory, "0");
    assert.deepEqual(await names(env, `${PATH}/t-0`, ".deleted"), []);
    assert.equal((await names(env, `${PATH}/t-0`, ".log")).length, 3);
  });
  await withLog(async (directory, env) => {
    await trimmed(directory, LONG_MAX);
    await env.timers.sleep(1_800_000);
    assert.equal((await names(env, `${PATH}/t-0`, ".log.deleted")).length, 3);
  });
});

test("the next start removes what an earlier process put aside", () =>
  withLog(async (directory, env) => {
    await trimmed(directory, "60000");
    const { id } = await directory.createTopic("gone", { partitions: 2 });
    await directory.deleteTopic("gone");
    await directory.close();
    assert.deepEqual(await names(env, PATH, "-delete"), [`gone-0.${id}-delete`, `gone-1.${id}-delete`]);
    const again = await LogDirectory.open(env, PATH, options);
    assert.deepEqual(await names(env, `${PATH}/t-0`, ".deleted"), []);
    await env.timers.sleep(1_000);
    assert.deepEqual(await names(env, PATH, "-delete"), []);
    const { logStartOffset, logEndOffset } = again.topic("t")!.partitions[0]!;
    assert.deepEqual([logStartOffset, logEndOffset], [3, 6]);
    await again.close();
  }));

test("a full disk gets the room at once", () =>
  withLog(async (directory, env, { files }) => {
    await trimmed(directory, LONG_MAX);
    const log = directory.topic("t")!.partitions[0]!;
    files.capacityBytes = 1;
    const write = log.append(dataBatch({ count: 1 }), { leaderEpoch: 0, origin: "client", now: NOW });
    await assert.rejects(write, { code: "KAFKA_STORAGE_ERROR" });
    await env.timers.sleep(1_000);
    assert.deepEqual(await names(env, `${PATH}/t-0`, ".deleted"), []);
    await directory.deleteTopic("t");
    assert.deepEqual(await names(env, PATH, "-delete"), []);
    assert.equal(await env.files.stat(`${PATH}/t-0`), undefined);
  }));

test("a topic of the longest name may be deleted, made again and deleted, while all of its directories wait", () =>
  withLog(async (directory, env) => {
    const name = "n".repeat(249);
    for (let round = 0; round < 2; round++) {
      await directory.createTopic(name, { partitions: 2 });
      await directory.deleteTopic(name);
    }
    assert.equal((await names(env, PATH, "-delete")).length, 4);
    await directory.createTopic(name, { partitions: 1 });
    await env.timers.sleep(60_001);
    assert.deepEqual(await names(env, PATH, "-delete"), []);
    assert.equal((await env.files.stat(`${PATH}/${name}-0`))?.kind, "directory");
  }));

test("whatever a crash leaves of a deletion is taken up by the next start, and a topic made again is its own", async () => {
  const { crashes } = await crashAtEveryOperation<string>({
    seed: 3,
    workload: async (env, ack) => {
      const directory = await LogDirectory.open(env, PATH, options);
      for (const tag of ["first", "second"]) {
        const log = (await directory.createTopic("t", { partitions: 1, config: { "file.delete.delay.ms": "100" } })).partitions[0]!;
        await log.append(dataBatch({ count: 1, tag }), { leaderEpoch: 0, origin: "client", now: NOW });
        ack(tag);
        if (tag === "second") break;
        await directory.deleteTopic("t");
        ack("deleted");
      }
      await env.timers.sleep(150);
      await directory.close();
    },
    verify: async (env, acked) => {
      const directory = await LogDirectory.open(env, PATH, options);
      const log = directory.topic("t")?.partitions[0];
      const text = log === undefined ? "" : (await readOn(log, 0, "read_uncommitted")).map(({ tag }) => tag).join(" ");
      if (acked.includes("deleted")) assert.ok(!text.includes("first"), "a deleted record came back");
      if (acked.at(-1) === "first" && log !== undefined) assert.ok(text.includes("first"), "an acknowledged record is gone");
      if (acked.at(-1) === "second") assert.ok(text.includes("second"), "an acknowledged record is gone");
      await env.timers.sleep(200);
      assert.deepEqual(await names(env, PATH, "-delete"), []);
      await directory.close();
    },
  });
  assert.ok(crashes > 50);
});
