// A power cut at every operation of short workloads: what was acknowledged is there, in order; nothing damaged is served; repeated
// batches are still recognised; the aborted transactions are the right ones.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Env } from "../env/env.ts";
import { crashAtEveryOperation } from "../testing/simulation/crash-at-every-operation.ts";
import { LogDirectory } from "./log-directory.ts";
import type { PartitionLog } from "./partition-log.ts";
import { batchesOf, committedModel, committedTags, dataBatch, type DataBatch, readOn } from "./test-batches.ts";

type Promised =
  | { readonly kind: "topic"; readonly topic: string; readonly id: string; readonly partitions: number }
  | { readonly kind: "deleted"; readonly topic: string }
  | { readonly kind: "batch"; readonly topic: string; readonly offset: number; readonly batch: DataBatch }
  | { readonly kind: "marker"; readonly topic: string; readonly offset: number }
  | { readonly kind: "start"; readonly topic: string; readonly offset: number };

type Ack = (promise: Promised) => void;

/** Later than the virtual clock, so that no producer is forgotten. */
const FUTURE = 10_000_000_000_000;
const PATH = "/data/log";
const options = { durability: "disk", segmentBytes: 3_000, checkpointIntervalMs: 0, retentionIntervalMs: 0 } as const;
/** More of them in a longer run. */
const outcomes = Number(process.env["MILLRACE_CRASH_OUTCOMES"] ?? 1);
const seed = Number(process.env["MILLRACE_SEED"] ?? 20_261_123);

async function send(log: PartitionLog, batch: DataBatch, ack: Ack): Promise<void> {
  const { baseOffset } = await log.append(dataBatch(batch), { leaderEpoch: 0, origin: "client", now: FUTURE });
  ack({ kind: "batch", topic: log.topic, offset: baseOffset, batch });
}

async function end(log: PartitionLog, producerId: number, commit: boolean, ack: Ack): Promise<void> {
  const { offset } = await log.appendMarker({ producerId, producerEpoch: 0, commit, coordinatorEpoch: 0, now: FUTURE });
  ack({ kind: "marker", topic: log.topic, offset });
}

async function create(directory: LogDirectory, topic: string, partitions: number, ack: Ack): Promise<PartitionLog> {
  const info = await directory.createTopic(topic, { partitions });
  ack({ kind: "topic", topic, id: info.id, partitions });
  return info.partitions[0]!;
}

/** Every promise must hold; may run several times on the same disk. */
async function verify(env: Env, promises: readonly Promised[]): Promise<void> {
  const directory = await LogDirectory.open(env, PATH, options);
  const deleted = new Set(promises.flatMap((promise) => (promise.kind === "deleted" ? [promise.topic] : [])));
  for (const promise of promises) {
    const topic = directory.topic(promise.topic);
    if (promise.kind === "deleted") assert.equal(topic, undefined, `${promise.topic} is deleted`);
    else if (promise.kind === "topic" && !deleted.has(promise.topic)) {
      // A deletion that was not acknowledged may have happened.
      if (promise.topic === "doomed" && topic === undefined) continue;
      assert.equal(topic?.id, promise.id);
      assert.equal(topic!.partitions.length, promise.partitions);
    }
  }
  for (const topic of directory.topics()) {
    for (const log of topic.partitions) {
      if (log.partition === 0)
        await verifyPartition(
          log,
          promises.filter((promise) => promise.topic === topic.name),
        );
    }
  }
  await directory.close();
}

async function verifyPartition(log: PartitionLog, promises: readonly Promised[]): Promise<void> {
  const batches = await readOn(log, log.logStartOffset, "read_uncommitted", 300);
  let next = batches[0]?.baseOffset ?? log.logStartOffset;
  for (const batch of batches) {
    assert.equal(batch.baseOffset, next, "offsets have no gaps");
    next = batch.lastOffset + 1;
  }
  assert.equal(next, log.logEndOffset);
  assert.equal(log.highWatermark, log.logEndOffset);
  const byOffset = new Map(batches.map((batch) => [batch.baseOffset, batch]));
  for (const promise of promises) {
    if (promise.kind === "start") assert.ok(log.logStartOffset >= promise.offset, "deleted records stay deleted");
    else if (promise.kind === "batch" && promise.offset >= log.logStartOffset) {
      assert.equal(byOffset.get(promise.offset)?.tag, promise.batch.tag, `the batch at ${promise.offset} is there`);
    } else if (promise.kind === "marker" && promise.offset >= log.logStartOffset) assert.ok(byOffset.get(promise.offset)?.marker);
  }
  await verifyRepetitions(log, promises);
  const whole = log.logStartOffset === 0;
  if (whole) assert.equal(log.lastStableOffset, committedModel(batches, 0).lastStableOffset);
  for (const from of whole ? [0, Math.floor(log.lastStableOffset / 2), Math.max(0, log.lastStableOffset - 1)] : []) {
    for (const maxBytes of [1, 500, 100_000])
      assert.deepEqual(await committedTags(log, from, maxBytes), committedModel(batches, from).tags);
  }
}

/** The newest five acknowledged batches of the idempotent producer, sent again, get their first offsets and are not written twice. */
async function verifyRepetitions(log: PartitionLog, promises: readonly Promised[]): Promise<void> {
  const end = log.logEndOffset;
  const sent = promises.flatMap((promise) => (promise.kind === "batch" && promise.batch.producerId === 7 ? [promise] : []));
  const known = [...log.activeProducers()].find((producer) => producer.producerId === 7)?.batches ?? [];
  if (sent.length > 0) assert.ok(known.length >= Math.min(5, sent.length), `${known.length} batches are remembered`);
  for (const { batch, offset } of sent.filter((candidate) => candidate.offset >= known[0]!.firstOffset)) {
    const again = await log.append(dataBatch(batch), { leaderEpoch: 0, origin: "client", now: FUTURE });
    assert.equal(again.baseOffset, offset, `batch ${batch.tag} sent again`);
  }
  assert.equal(log.logEndOffset, end);
}

test("a crash at any operation of producing, rolling and transactions loses nothing", async () => {
  const workload = async (env: Env, ack: Ack): Promise<void> => {
    const directory = await LogDirectory.open(env, PATH, options);
    const log = await create(directory, "orders", 1, ack);
    const idempotent = (i: number): DataBatch => ({
      count: 2,
      tag: `i${i}`,
      valueBytes: i % 3 === 0 ? 900 : 60,
      producerId: 7,
      baseSequence: 2 * i,
    });
    await Promise.all([send(log, idempotent(0), ack), send(log, idempotent(1), ack)]);
    await send(log, { count: 1, tag: "t8", producerId: 8, transactional: true }, ack);
    await Promise.all([
      send(log, { count: 2, tag: "t9", valueBytes: 200, producerId: 9, transactional: true }, ack),
      send(log, idempotent(2), ack),
      end(log, 9, false, ack),
    ]);
    await Promise.all([...[3, 4].map((i) => send(log, idempotent(i), ack)), log.checkpoint()]);
    await Promise.all([5, 6].map((i) => send(log, idempotent(i), ack)));
    await end(log, 8, true, ack);
    await Promise.all([
      send(log, { count: 1, tag: "u9", producerId: 9, baseSequence: 2, transactional: true }, ack),
      send(log, { count: 1, tag: "plain" }, ack),
    ]);
    await directory.close();
    const again = await LogDirectory.open(env, PATH, options);
    const reopened = again.topic("orders")!.partitions[0]!;
    await end(reopened, 9, false, ack);
    await send(reopened, idempotent(7), ack);
    await again.close();
  };
  const report = await crashAtEveryOperation({ seed, workload, verify, outcomes });
  assert.ok(report.crashes > 100, JSON.stringify(report));
});

test("a crash at any operation while appends overlap flushes loses nothing", async () => {
  const workload = async (env: Env, ack: Ack): Promise<void> => {
    const directory = await LogDirectory.open(env, PATH, { ...options, segmentBytes: 100_000 });
    const log = await create(directory, "orders", 1, ack);
    const producer = async (producerId: number): Promise<void> => {
      for (let i = 0; i < 8; i++) {
        await send(log, { count: 1, tag: `${producerId}.${i}`, valueBytes: 600, producerId, baseSequence: i }, ack);
        await env.timers.sleep(3 * env.random.float());
      }
    };
    await Promise.all([producer(7), producer(8), producer(9)]);
  };
  await crashAtEveryOperation({ seed, workload, verify, outcomes });
});

test("a crash at any operation of creating, extending and deleting topics leaves them whole or gone", async () => {
  const workload = async (env: Env, ack: Ack): Promise<void> => {
    const directory = await LogDirectory.open(env, PATH, options);
    const doomed = await create(directory, "doomed", 2, ack);
    const kept = await create(directory, "kept", 1, ack);
    await Promise.all([send(doomed, { count: 1, tag: "d" }, ack), send(kept, { count: 1, tag: "k" }, ack)]);
    await directory.addPartitions("kept", 3);
    assert.equal(directory.topic("kept")!.partitions.length, 3);
    await directory.deleteTopic("doomed");
    ack({ kind: "deleted", topic: "doomed" });
    await directory.close();
  };
  const check = async (env: Env, promises: readonly Promised[]): Promise<void> => {
    const kept = promises.map((promise) =>
      promise.kind === "topic" && promise.topic === "kept" ? { ...promise, partitions: 1 } : promise,
    );
    const directory = await LogDirectory.open(env, PATH, options);
    const partitions = directory.topic("kept")?.partitions.length ?? 0;
    assert.ok([0, 1, 3].includes(partitions), `${partitions} partitions`);
    const names = await env.files.list(PATH);
    const expected = [...directory.topics()].flatMap((topic) => topic.partitions.map((log) => log.name));
    assert.deepEqual(names.filter((name) => /-\d+$/.test(name)).sort(), expected.sort(), "no directory is left over");
    await directory.close();
    await verify(
      env,
      kept.map((promise) => (promise.kind === "topic" && promise.topic === "kept" ? { ...promise, partitions } : promise)),
    );
  };
  await crashAtEveryOperation({ seed, workload, verify: check, outcomes });
});

test("a crash at any operation of deleting records and segments leaves no hole", async () => {
  const workload = async (env: Env, ack: Ack): Promise<void> => {
    const directory = await LogDirectory.open(env, PATH, options);
    const log = await create(directory, "orders", 1, ack);
    for (let i = 0; i < 6; i++) await send(log, { count: 2, tag: `i${i}`, valueBytes: 1_000, producerId: 7, baseSequence: 2 * i }, ack);
    await log.checkpoint();
    await log.deleteRecordsBefore(5);
    ack({ kind: "start", topic: "orders", offset: 5 });
    await send(log, { count: 2, tag: "i6", valueBytes: 1_000, producerId: 7, baseSequence: 12 }, ack);
    await log.deleteRecordsBefore(-1);
    ack({ kind: "start", topic: "orders", offset: 14 });
    await send(log, { count: 2, tag: "i7", valueBytes: 1_000, producerId: 7, baseSequence: 14 }, ack);
  };
  await crashAtEveryOperation({ seed, workload, verify, outcomes });
});

test("batches that were read are sound", () => {
  const damaged = dataBatch({ count: 1, tag: "x" });
  damaged[70] = damaged[70]! ^ 1;
  assert.throws(() => batchesOf(damaged), /checksum/, "the checks above can fail");
});
