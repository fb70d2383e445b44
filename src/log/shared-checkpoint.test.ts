// Recovery points that all partitions write together: which checkpoint of a partition holds, and what a crash at any operation leaves.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Env } from "../env/env.ts";
import { crashAtEveryOperation } from "../testing/simulation/crash-at-every-operation.ts";
import { createSimulation } from "../testing/simulation/simulation.ts";
import { LogDirectory } from "./log-directory.ts";
import { readSharedCheckpoint } from "./recovery-points.ts";
import { dataBatch } from "./test-batches.ts";

const PATH = "/data/log";
const options = { durability: "disk", segmentBytes: 4_096, checkpointIntervalMs: 0, retentionIntervalMs: 0, compactionIntervalMs: 0, presenceIntervalMs: 0, topicDefaults: { "index.interval.bytes": "300" } } as const; // prettier-ignore
const appending = { leaderEpoch: 0, origin: "client", now: 10_000_000_000_000 } as const;

function inWorld(body: (env: Env, next: () => Env, operations: () => string[]) => Promise<void>): () => Promise<void> {
  return async () => {
    const simulation = createSimulation(11);
    simulation.files.provideDirectory("/data");
    const seen: string[] = [];
    simulation.files.onOperation = ({ kind, path }) => {
      seen.push(`${kind} ${path}`);
      return "ok";
    };
    await simulation.run(async () => {
      const next = (): Env => {
        simulation.kill();
        return simulation.env();
      };
      await body(simulation.env(), next, () => seen.splice(0));
    });
  };
}

async function open(env: Env): Promise<LogDirectory> {
  return LogDirectory.open(env, PATH, options);
}

test(
  "index entries, the largest timestamp and producers come back without a file of their own",
  inWorld(async (env, next, operations) => {
    const directory = await open(env);
    const log = (await directory.createTopic("t", { partitions: 1 })).partitions[0]!;
    for (let i = 0; i < 6; i++) {
      const timestamp = i === 4 ? 9_000 : 1_000 + i;
      await log.append(dataBatch({ count: 1, tag: `b${i}`, valueBytes: 200, timestamp, producerId: 5, baseSequence: i }), appending);
    }
    await directory.checkpoint();
    assert.deepEqual(await env.files.list(`${PATH}/t-0`), ["00000000000000000000.log"]);
    operations();
    const again = await open(next());
    assert.ok(!operations().some((operation) => operation.startsWith("read /data/log/t-0")), "nothing of the partition is read");
    const recovered = again.topic("t")!.partitions[0]!;
    assert.equal(recovered.logEndOffset, 6);
    assert.deepEqual(await recovered.offsetOfMaxTimestamp(), { offset: 4, timestamp: 9_000 });
    const repeated = await recovered.append(
      dataBatch({ count: 1, tag: "b5", valueBytes: 200, timestamp: 1_005, producerId: 5, baseSequence: 5 }),
      appending,
    );
    assert.equal(repeated.baseOffset, 5, "the producer's last batch is known");
    // The entries get files once they are many.
    for (let i = 6; i < 150; i++)
      await recovered.append(dataBatch({ count: 1, tag: `b${i}`, valueBytes: 200, producerId: 5, baseSequence: i }), appending);
    await again.close();
    const third = await open(next());
    assert.equal((await third.topic("t")!.partitions[0]!.read(3, { maxBytes: 1, minOneBatch: true, isolation: "read_committed" })).bytes.length > 0, true); // prettier-ignore
    assert.equal(third.topic("t")!.partitions[0]!.logEndOffset, 150);
    await third.close();
  }),
);

test(
  "of the shared file and a partition's own, the later one holds, in either order",
  inWorld(async (env, next) => {
    const directory = await open(env);
    const log = (await directory.createTopic("t", { partitions: 2 })).partitions[0]!;
    for (let i = 0; i < 4; i++) await log.append(dataBatch({ count: 1, tag: `b${i}` }), appending);
    await directory.checkpoint();
    await log.deleteRecordsBefore(3);
    const second = await open(next());
    const recovered = second.topic("t")!.partitions[0]!;
    assert.equal(recovered.logStartOffset, 3, "its own is newer");
    await recovered.append(dataBatch({ count: 1, tag: "b4" }), appending);
    await second.close();
    assert.equal((await readSharedCheckpoint(next().files, `${PATH}/t-0`)).checkpoint?.recoveryPoint?.offset, 5);
    const third = await open(next());
    assert.equal(third.topic("t")!.partitions[0]!.logStartOffset, 3, "the shared one is newer, and knows it, too");
    await third.close();
  }),
);

test(
  "a topic created again under the same name begins anew",
  inWorld(async (env, next) => {
    const directory = await open(env);
    const { partitions } = await directory.createTopic("t", { partitions: 1 });
    for (let i = 0; i < 4; i++) await partitions[0]!.append(dataBatch({ count: 1, tag: `b${i}` }), appending);
    await directory.checkpoint();
    await directory.deleteTopic("t");
    await directory.createTopic("t", { partitions: 1 });
    const again = await open(next());
    assert.equal(again.topic("t")!.partitions[0]!.logEndOffset, 0);
    await again.close();
  }),
);

test(
  "a checkpoint under way does not set back what the partition wrote meanwhile",
  inWorld(async (env, next) => {
    const directory = await open(env);
    const { partitions } = await directory.createTopic("t", { partitions: 8 });
    for (const log of partitions) for (let i = 0; i < 30; i++) await log.append(dataBatch({ count: 1, tag: `b${i}`, valueBytes: 300 }), appending); // prettier-ignore
    const together = directory.checkpoint();
    await Promise.all(partitions.map((log) => log.deleteRecordsBefore(29)));
    await together;
    const again = await open(next());
    assert.deepEqual(again.topic("t")!.partitions.map((log) => [log.logStartOffset, log.logEndOffset]), Array.from({ length: 8 }, () => [29, 30])); // prettier-ignore
    await again.close();
  }),
);

test("whatever operation a power cut meets, what was acknowledged is there and deleted records stay deleted", async () => {
  const { crashes } = await crashAtEveryOperation<number>({
    seed: 21,
    workload: async (env, ack) => {
      const directory = await open(env);
      const { partitions } = await directory.createTopic("t", { partitions: 3 });
      for (let i = 0; i < 3; i++) for (const log of partitions) await log.append(dataBatch({ count: 1, tag: `b${i}`, valueBytes: 400 }), appending); // prettier-ignore
      ack(0);
      await directory.checkpoint();
      await partitions[1]!.deleteRecordsBefore(2);
      ack(1);
      await partitions[0]!.append(dataBatch({ count: 1, tag: "b3" }), appending);
      ack(2);
      await directory.close();
    },
    verify: async (env, acked) => {
      const directory = await open(env);
      const partitions = directory.topic("t")?.partitions;
      if (acked.length > 0) {
        assert.equal(partitions![2]!.logEndOffset, 3);
        if (acked.includes(1)) assert.equal(partitions![1]!.logStartOffset, 2);
        if (acked.includes(2)) assert.equal(partitions![0]!.logEndOffset, 4);
      }
      await directory.close();
    },
  });
  assert.ok(crashes > 50, `${crashes} crashes`);
});
