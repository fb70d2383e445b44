// Fetch by hand, in virtual time: when a long poll ends, what fits into an answer, what read_committed sees.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ErrorCode } from "../protocol/errors.ts";
import {
  newFetchPartition,
  newFetchRequest,
  newFetchTopic,
  type FetchPartition,
  type PartitionData,
} from "../protocol/generated/fetch.gen.ts";
import { newListOffsetsPartition, newListOffsetsRequest, newListOffsetsTopic } from "../protocol/generated/list-offsets.gen.ts";
import { BatchWriter, type FinishOptions } from "../protocol/records/batch-writer.ts";
import { inWireWorld, type WireWorld } from "./e2e/wire-world.ts";

const VERSION = 12;
const READ_COMMITTED = 1;

const inWorld = (body: (world: WireWorld) => Promise<void>) => inWireWorld(body, { topics: { t: 2 } });

function append(
  { broker, env }: WireWorld,
  size: number,
  options: { partition?: number; finish?: FinishOptions; timestamp?: number } = {},
): Promise<unknown> {
  const writer = new BatchWriter();
  writer.append(options.timestamp ?? env.clock.now(), null, new Uint8Array(size));
  const log = broker.logs.topic("t")!.partitions[options.partition ?? 0]!;
  return log.append(writer.finish(options.finish), { leaderEpoch: 0, origin: "coordinator", now: env.clock.now() });
}

interface Wish {
  readonly partitions?: readonly Partial<FetchPartition>[];
  readonly maxWaitMs?: number;
  readonly minBytes?: number;
  readonly maxBytes?: number;
  readonly isolationLevel?: number;
}

async function fetchFrom({ wire, env }: WireWorld, wish: Wish): Promise<{ partitions: PartitionData[]; tookMs: number }> {
  const { partitions = [{}], maxWaitMs = 0, minBytes = 1, maxBytes = 1_000_000, isolationLevel = 0 } = wish;
  const asked = partitions.map((partition) => newFetchPartition({ partitionMaxBytes: 1_000_000, ...partition }));
  const topics = [newFetchTopic({ topic: "t", partitions: asked })];
  const before = env.clock.monotonicMs();
  const request = newFetchRequest({ maxWaitMs, minBytes, maxBytes, isolationLevel, topics, sessionEpoch: -1 });
  const response = await wire.call("Fetch", VERSION, request);
  return { partitions: response.responses[0]!.partitions, tookMs: env.clock.monotonicMs() - before };
}

const sizes = (partitions: readonly PartitionData[]): number[] => partitions.map(({ records }) => records?.length ?? 0);

describe("a long poll", () => {
  it("ends empty when its time is over", () =>
    inWorld(async (world) => {
      const { partitions, tookMs } = await fetchFrom(world, { maxWaitMs: 500 });
      assert.deepEqual(sizes(partitions), [0]);
      assert.ok(tookMs >= 500 && tookMs < 600, `${tookMs} ms`);
    }));

  it("ends as soon as a record is there", () =>
    inWorld(async (world) => {
      world.env.timers.after(100, () => void append(world, 10));
      const { partitions, tookMs } = await fetchFrom(world, { maxWaitMs: 10_000 });
      assert.ok(sizes(partitions)[0]! > 0);
      assert.ok(tookMs < 500, `${tookMs} ms`);
    }));

  it("waits for its minimum of bytes, over all its partitions", () =>
    inWorld(async (world) => {
      for (const [ms, partition] of [
        [100, 0],
        [200, 1],
        [300, 0],
      ] as const)
        world.env.timers.after(ms, () => void append(world, 400, { partition }));
      const { partitions, tookMs } = await fetchFrom(world, {
        maxWaitMs: 10_000,
        minBytes: 1200,
        partitions: [{ partition: 0 }, { partition: 1 }],
      });
      assert.equal(sizes(partitions).filter((size) => size > 0).length, 2);
      assert.ok(tookMs >= 300 && tookMs < 700, `${tookMs} ms`);
    }));

  it("does not wait for its minimum of bytes where the limit has room for no more whole batches", () =>
    inWorld(async (world) => {
      for (let i = 0; i < 3; i++) await append(world, 400);
      const partitions = [{ partitionMaxBytes: 1000 }];
      const { partitions: told, tookMs } = await fetchFrom(world, { partitions, minBytes: 1000, maxWaitMs: 5000 });
      assert.ok(sizes(told)[0]! > 800 && sizes(told)[0]! < 1000, `${sizes(told)[0]} bytes`);
      assert.ok(tookMs < 500, `${tookMs} ms`);
    }));

  it("of a read_committed reader ends when a transaction does", () =>
    inWorld(async (world) => {
      const producer = { producerId: 7, producerEpoch: 0 };
      await append(world, 10, { finish: { ...producer, transactional: true } });
      const log = world.broker.logs.topic("t")!.partitions[0]!;
      world.env.timers.after(300, () => void log.appendMarker({ ...producer, commit: false, coordinatorEpoch: 0, now: 1 }));
      const { partitions, tookMs } = await fetchFrom(world, { maxWaitMs: 10_000, isolationLevel: READ_COMMITTED });
      assert.ok(tookMs >= 300 && tookMs < 700, `${tookMs} ms`);
      assert.deepEqual(partitions[0]?.abortedTransactions, [{ producerId: 7, firstOffset: 0 }]);
    }));

  it("ends at once when one of its partitions cannot be read", () =>
    inWorld(async (world) => {
      const { partitions, tookMs } = await fetchFrom(world, {
        maxWaitMs: 10_000,
        partitions: [{ partition: 0 }, { partition: 1, fetchOffset: 9 }],
      });
      assert.deepEqual(
        partitions.map(({ errorCode }) => errorCode),
        [0, 1],
      );
      assert.ok(tookMs < 200, `${tookMs} ms`);
    }));

  it("waits for the partitions that are there beside one that is not, which is told behind them", () =>
    inWorld(async (world) => {
      const beside = await fetchFrom(world, { maxWaitMs: 1000, partitions: [{ partition: 7 }, { partition: 0 }] });
      assert.deepEqual(
        beside.partitions.map(({ partitionIndex, errorCode }) => [partitionIndex, errorCode]),
        [
          [0, ErrorCode.NONE],
          [7, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
        ],
      );
      assert.ok(beside.tookMs >= 1000, `${beside.tookMs} ms`);
      assert.ok((await fetchFrom(world, { maxWaitMs: 1000, partitions: [{ partition: 7 }] })).tookMs < 200);
    }));

  it("tells a reader whose records are of an epoch that this log has not, or lie behind its end (KIP-595)", () =>
    inWorld(async (world) => {
      await append(world, 10);
      const asked = async (fetchOffset: number, lastFetchedEpoch: number) => {
        const { partitions } = await fetchFrom(world, { maxWaitMs: 10_000, partitions: [{ partition: 0, fetchOffset, lastFetchedEpoch }] });
        const { errorCode, divergingEpoch, records } = partitions[0]!;
        return { errorCode, divergingEpoch, hasRecords: (records?.length ?? 0) > 0 };
      };
      assert.deepEqual(await asked(0, 0), { errorCode: ErrorCode.NONE, divergingEpoch: null, hasRecords: true });
      assert.deepEqual(await asked(0, 3), { errorCode: ErrorCode.OFFSET_OUT_OF_RANGE, divergingEpoch: null, hasRecords: false });
      assert.deepEqual(await asked(5, 0), { errorCode: ErrorCode.NONE, divergingEpoch: { epoch: 0, endOffset: 1 }, hasRecords: false });
    }));
});

describe("a fetch session", () => {
  it("is told what changed, and no more", () =>
    inWorld(async (world) => {
      const ask = (sessionId: number, sessionEpoch: number, partitions: readonly number[]) => {
        const asked = partitions.map((partition) => newFetchPartition({ partition, partitionMaxBytes: 1_000_000 }));
        const topics = asked.length === 0 ? [] : [newFetchTopic({ topic: "t", partitions: asked })];
        return world.wire.call("Fetch", VERSION, newFetchRequest({ maxWaitMs: 0, minBytes: 1, sessionId, sessionEpoch, topics }));
      };
      const told = (response: Awaited<ReturnType<typeof ask>>) =>
        response.responses.flatMap(({ partitions }) => partitions.map((p) => p.partitionIndex));
      const first = await ask(0, 0, [0, 1]);
      assert.deepEqual(told(first), [0, 1]);
      assert.notEqual(first.sessionId, 0);
      assert.deepEqual(told(await ask(first.sessionId, 1, [])), []);
      await append(world, 10, { partition: 1 });
      const news = await ask(first.sessionId, 2, []);
      assert.deepEqual([told(news), news.sessionId], [[1], first.sessionId]);
      assert.equal((await ask(first.sessionId, 2, [])).errorCode, 71);
      assert.equal((await ask(first.sessionId + 1, 3, [])).errorCode, 70);
    }));
});

describe("an answer", () => {
  it("has one batch even if it is larger than every limit, and nothing beside it", () =>
    inWorld(async (world) => {
      await append(world, 5000);
      await append(world, 50, { partition: 1 });
      const { partitions } = await fetchFrom(world, {
        maxBytes: 10,
        partitions: [
          { partition: 0, partitionMaxBytes: 10 },
          { partition: 1, partitionMaxBytes: 10 },
        ],
      });
      assert.deepEqual(
        sizes(partitions).map((size) => size > 5000),
        [true, false],
      );
      assert.equal(sizes(partitions)[1], 0);
    }));

  it("gives what is left of a limit behind whole batches to no other partition, and no list of transactions where nothing fits", () =>
    inWorld(async (world) => {
      for (let i = 0; i < 3; i++) await append(world, 400);
      await append(world, 10, { partition: 1 });
      const ask = async (partitionMaxBytes: number, maxBytes: number) => {
        const partitions = [{}, { partition: 1, partitionMaxBytes }];
        const { partitions: told } = await fetchFrom(world, { partitions, maxBytes, isolationLevel: READ_COMMITTED });
        return told.map(({ records, abortedTransactions }) => [records!.length > 0, abortedTransactions]);
      };
      assert.deepEqual(await ask(1000, 1_000_000), [[true, []], [true, []]]); // prettier-ignore
      assert.deepEqual(await ask(1000, 1200), [[true, []], [false, []]]); // prettier-ignore
      assert.deepEqual(await ask(50, 1_000_000), [[true, []], [false, null]]); // prettier-ignore
      await append(world, 10, { partition: 1, finish: { transactional: true, producerId: 7, producerEpoch: 0, baseSequence: 0 } });
      await append(world, 10, { partition: 1 });
      const { partitions } = await fetchFrom(world, { partitions: [{ partition: 1, fetchOffset: 2 }], isolationLevel: READ_COMMITTED });
      assert.deepEqual([sizes(partitions), partitions[0]!.lastStableOffset, partitions[0]!.abortedTransactions], [[0], 1, []]);
    }));

  it("stops at whole batches within the partition's limit and within its own", () =>
    inWorld(async (world) => {
      for (let i = 0; i < 5; i++) await append(world, 1000);
      for (let i = 0; i < 5; i++) await append(world, 1000, { partition: 1 });
      const one = (await fetchFrom(world, { partitions: [{ partitionMaxBytes: 2500 }] })).partitions;
      assert.ok(sizes(one)[0]! > 2000 && sizes(one)[0]! < 2500);
      const both = (await fetchFrom(world, { maxBytes: 4000, partitions: [{ partition: 0 }, { partition: 1 }] })).partitions;
      const [first, second] = sizes(both);
      assert.ok(first! > 3000 && first! <= 4000 && second === 0, `${first}, ${second}`);
    }));
});

describe("ListOffsets", () => {
  it("finds the ends, the last stable offset, a time and the largest time", () =>
    inWorld(async (world) => {
      const now = world.env.clock.now();
      for (const timestamp of [now - 3000, now - 1000, now - 2000]) await append(world, 10, { timestamp });
      await append(world, 10, { timestamp: now - 500, finish: { producerId: 7, producerEpoch: 0, transactional: true } });
      const ask = async (timestamp: number, isolationLevel = 0): Promise<number> => {
        const partitions = [newListOffsetsPartition({ partitionIndex: 0, timestamp })];
        const request = newListOffsetsRequest({ replicaId: -1, isolationLevel, topics: [newListOffsetsTopic({ name: "t", partitions })] });
        return (await world.wire.call("ListOffsets", 7, request)).topics[0]!.partitions[0]!.offset;
      };
      assert.deepEqual([await ask(-2), await ask(-1), await ask(-1, READ_COMMITTED)], [0, 4, 3]);
      assert.deepEqual([await ask(now - 2500), await ask(now), await ask(-3)], [1, -1, 3]);
      assert.deepEqual([await ask(now - 600), await ask(now - 600, READ_COMMITTED)], [3, -1]);
    }));
});
