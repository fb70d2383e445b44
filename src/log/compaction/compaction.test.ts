// Compaction by example: what stays, what goes and when, on a virtual disk.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Env } from "../../env/env.ts";
import { compressBatch } from "../../protocol/records/compress.ts";
import { createSimulation } from "../../testing/simulation/simulation.ts";
import { LogDirectory } from "../log-directory.ts";
import type { PartitionLog } from "../partition-log.ts";
import { keyedBatch, type KeyedRecord, readStored, tableOf } from "./test-records.ts";

const NOW = 10_000_000_000_000;
const DAY = 86_400_000;
const options = { durability: "disk", checkpointIntervalMs: 0, retentionIntervalMs: 0, compactionIntervalMs: 0 } as const;
const compacted = {
  "cleanup.policy": "compact",
  "min.cleanable.dirty.ratio": "0.01",
  "segment.bytes": "1024",
  "index.interval.bytes": "100",
};

class World {
  env!: Env;
  directory!: LogDirectory;
  log!: PartitionLog;
  readonly #fresh: () => Env;

  constructor(fresh: () => Env) {
    this.#fresh = fresh;
  }

  async open(config: Record<string, string> = {}): Promise<void> {
    this.env = this.#fresh();
    this.directory = await LogDirectory.open(this.env, "/data/log", options);
    const topic =
      this.directory.topic("t") ?? (await this.directory.createTopic("t", { partitions: 1, config: { ...compacted, ...config } }));
    this.log = topic.partitions[0]!;
  }

  async reopen(): Promise<void> {
    await this.directory.close();
    await this.open();
  }

  async send(...records: KeyedRecord[]): Promise<number> {
    const { baseOffset } = await this.log.append(keyedBatch(records), { leaderEpoch: 0, origin: "client", now: NOW });
    return baseOffset;
  }

  /** Fills up the active segment, so that everything before is sealed. */
  async seal(): Promise<void> {
    const before = this.log.segmentCount;
    while (this.log.segmentCount === before) await this.send({ key: "filler", value: "x".repeat(400) });
  }

  async transactional(producerId: number, baseSequence: number, ...records: KeyedRecord[]): Promise<void> {
    const batch = keyedBatch(records, { producerId, producerEpoch: 0, baseSequence, transactional: true });
    await this.log.append(batch, { leaderEpoch: 0, origin: "client", now: NOW });
  }

  async end(producerId: number, commit: boolean): Promise<number> {
    return (await this.log.appendMarker({ producerId, producerEpoch: 0, commit, coordinatorEpoch: 0, now: NOW })).offset;
  }

  async records(): Promise<string[]> {
    const batches = await readStored(this.env, this.log);
    return batches.flatMap((batch) => batch.records.filter(({ key }) => key !== "filler").map((r) => `${r.offset} ${r.key}=${r.value}`));
  }

  async compact(now = NOW): Promise<void> {
    await this.directory.compact(now);
  }
}

function inWorld(body: (world: World) => Promise<void>): () => Promise<void> {
  return async () => {
    const simulation = createSimulation(20_261_123);
    simulation.files.provideDirectory("/data");
    await simulation.run(async () => {
      const world = new World(() => simulation.env());
      await body(world);
      await world.directory.close();
    });
  };
}

const record = (key: string | null, value: string | null, timestamp = 1_000): KeyedRecord => ({ key, value, timestamp });

test(
  "the newest record of each key stays at its offset, with its time and headers",
  inWorld(async (world) => {
    await world.open();
    await world.send(record("a", "1"), record("b", "with headers", 1_500), record("a", "2"));
    await world.send(record("c", "3"), record("a", "4", 2_000));
    await world.seal();
    const end = world.log.logEndOffset;
    const sizeBefore = world.log.sizeBytes;
    await world.compact();
    assert.deepEqual(await world.records(), ["1 b=with headers", "3 c=3", "4 a=4"]);
    assert.ok(world.log.sizeBytes < sizeBefore);
    assert.equal(world.log.logEndOffset, end);
    assert.equal(world.log.logStartOffset, 0);
    assert.deepEqual(await world.log.offsetForTimestamp(1_800), { offset: 4, timestamp: 2_000 });
    assert.deepEqual(await world.log.offsetForTimestamp(1_200), { offset: 1, timestamp: 1_500 });
    await world.reopen();
    assert.deepEqual(await world.records(), ["1 b=with headers", "3 c=3", "4 a=4"]);
    assert.equal(world.log.logEndOffset, end);
  }),
);

test(
  "what is read from any offset is the records from there on, gaps or not",
  inWorld(async (world) => {
    await world.open();
    for (let i = 0; i < 60; i++) await world.send(record(`k${i % 7}`, `v${i}`), record("hot", `h${i}`));
    await world.seal();
    await world.compact();
    const all = (await readStored(world.env, world.log)).flatMap((batch) => batch.records);
    for (let from = 0; from < world.log.logEndOffset; from++) {
      const read = (await readStored(world.env, world.log, from, 300)).flatMap((batch) => batch.records);
      assert.deepEqual(
        read.filter(({ offset }) => offset >= from),
        all.filter(({ offset }) => offset >= from),
        `from ${from}`,
      );
    }
  }),
);

test(
  "small segments become one, and nothing is left of those they were",
  inWorld(async (world) => {
    await world.open();
    for (let i = 0; i < 40; i++) await world.send(record("a", `${i}`.padEnd(300, ".")));
    const before = world.log.segmentCount;
    await world.compact();
    assert.ok(before >= 10 && world.log.segmentCount <= 3, `${before} segments became ${world.log.segmentCount}`);
    const names = await world.env.files.list("/data/log/t-0");
    assert.equal(names.filter((name) => name.endsWith(".log")).length, world.log.segmentCount);
    assert.deepEqual(names.filter((name) => /cleaned|swap/.test(name)), []); // prettier-ignore
    assert.ok((await world.records()).at(-1)!.startsWith("39 a="));
  }),
);

test(
  "a tombstone stays for delete.retention.ms after the first compaction that met it, then it goes",
  inWorld(async (world) => {
    await world.open();
    await world.send(record("a", "1"), record("b", "2"));
    await world.send(record("a", null, 1_700));
    await world.seal();
    await world.compact(NOW);
    assert.deepEqual(await world.records(), ["1 b=2", "2 a=null"]);
    const [, tombstone] = (await readStored(world.env, world.log)).flatMap((batch) => batch.records);
    assert.equal(tombstone!.timestamp, 1_700, "its own time is kept");
    await world.seal();
    await world.compact(NOW + DAY - 1);
    assert.deepEqual(await world.records(), ["1 b=2", "2 a=null"]);
    await world.seal();
    await world.compact(NOW + DAY);
    assert.deepEqual(await world.records(), ["1 b=2"]);
  }),
);

test(
  "aborted records neither stay nor replace others; markers go when nothing is left of their transaction",
  inWorld(async (world) => {
    await world.open();
    await world.send(record("a", "1"), record("b", "1"));
    await world.transactional(7, 0, record("a", "aborted"));
    const abort = await world.end(7, false);
    await world.transactional(8, 0, record("b", "2"));
    const commit = await world.end(8, true);
    await world.transactional(8, 1, record("b", "3"));
    await world.end(8, true);
    await world.seal();
    const markers = async (): Promise<number[]> =>
      (await readStored(world.env, world.log)).filter((batch) => batch.marker !== undefined).map((batch) => batch.baseOffset);
    await world.compact(NOW);
    assert.deepEqual(await world.records(), ["0 a=1", `${commit + 1} b=3`]);
    assert.deepEqual(await markers(), [abort, commit, commit + 2]);
    await world.seal();
    await world.compact(NOW + 1);
    await world.seal();
    await world.compact(NOW + 2 * DAY);
    assert.deepEqual(await markers(), [abort, commit + 2], "7's empty batch keeps its sequence, and so its marker");
    const empty = (await readStored(world.env, world.log)).find((batch) => batch.producerId === 7)!;
    assert.deepEqual(empty.records, []);
    const again = await world.log.read(0, { maxBytes: 10_000, minOneBatch: true, isolation: "read_committed" });
    assert.ok(again.bytes.length > 0);
  }),
);

test(
  "undecided transactions hold compaction back",
  inWorld(async (world) => {
    await world.open();
    await world.send(record("a", "1"));
    await world.transactional(7, 0, record("a", "2"));
    await world.seal();
    await world.compact();
    assert.deepEqual(await world.records(), ["0 a=1", "1 a=2"]);
    await world.end(7, true);
    await world.compact();
    assert.deepEqual(await world.records(), ["1 a=2"]);
  }),
);

test(
  "a producer's last sequence is known after its records went, even without a snapshot",
  inWorld(async (world) => {
    await world.open();
    const send = (sequence: number, value: string) =>
      world.log.append(keyedBatch([record("a", value)], { producerId: 5, producerEpoch: 0, baseSequence: sequence }), {
        leaderEpoch: 0,
        origin: "client",
        now: NOW,
      });
    await send(0, "1");
    const { baseOffset } = await send(1, "2");
    await world.send(record("a", "3"));
    await world.seal();
    await world.compact();
    assert.deepEqual(await world.records(), ["2 a=3"]);
    await world.directory.close();
    for (const name of await world.env.files.list("/data/log/t-0"))
      if (name.endsWith(".snapshot") || name === "checkpoint.json") await world.env.files.remove(`/data/log/t-0/${name}`);
    await world.open();
    assert.equal((await send(1, "2")).baseOffset, baseOffset);
    await assert.rejects(send(7, "x"), { code: "OUT_OF_ORDER_SEQUENCE_NUMBER" });
  }),
);

test(
  "records without a key are refused, compressed or not; order is kept around compressed batches",
  inWorld(async (world) => {
    await world.open();
    const appending = { leaderEpoch: 0, origin: "client", now: NOW } as const;
    const zstd = (records: KeyedRecord[]) => compressBatch(world.env.compression, "zstd", keyedBatch(records));
    await assert.rejects(world.send(record(null, "1")), { code: "INVALID_RECORD" });
    const keyless = await zstd([record("a", "1"), record(null, "2")]);
    const sound = await zstd([record("a", "1"), record("b", "2")]);
    const results = await Promise.allSettled([
      world.log.append(sound, appending),
      world.log.append(keyless, appending),
      world.send(record("c", "3")),
      world.send(record(null, "4")),
      world.send(record("d", "5")),
    ]);
    assert.deepEqual(results.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled", "rejected", "fulfilled"]); // prettier-ignore
    assert.deepEqual((results[1] as PromiseRejectedResult).reason.positions, [1], "which record is at fault");
    assert.deepEqual(await world.records(), ["0 a=1", "1 b=2", "2 c=3", "3 d=5"]);
  }),
);

test(
  "compressed batches stay compressed as they were, and keep tombstones above them",
  inWorld(async (world) => {
    await world.open();
    const appending = { leaderEpoch: 0, origin: "client", now: NOW } as const;
    for (const kind of ["gzip", "snappy", "lz4", "zstd"] as const) {
      const batch = keyedBatch([record("a", kind), record("b", kind), record(kind, "x".repeat(200))]);
      await world.log.append(await compressBatch(world.env.compression, kind, batch), appending);
    }
    await world.send(record("gone", null));
    await world.seal();
    await world.compact();
    const kept = ["2 gzip=x", "5 snappy", "8 lz4=xx", "9 a=zstd", "10 b=zst", "11 zstd=", "12 gone="];
    assert.deepEqual(
      (await world.records()).map((text) => text.slice(0, 8)),
      kept,
    );
    for (const [offset, code] of [
      [2, 1],
      [5, 2],
      [8, 3],
      [9, 4],
    ] as const) {
      // prettier-ignore
      const { bytes } = await world.log.read(offset, { maxBytes: 1, minOneBatch: true, isolation: "read_uncommitted" });
      assert.equal(bytes[22]! & 7, code, `the compression of offset ${offset} again`);
    }
  }),
);

test(
  "segments younger than min.compaction.lag.ms are left alone",
  inWorld(async (world) => {
    await world.open({ "min.compaction.lag.ms": "5000" });
    await world.send(record("a", "1"), record("a", "2"));
    await world.seal();
    await world.compact(5_999);
    assert.equal((await world.records()).length, 2);
    await world.compact(6_000);
    assert.deepEqual(await world.records(), ["1 a=2"]);
  }),
);

test(
  "what is older than max.compaction.lag.ms is compacted though little is dirty, the active segment too",
  inWorld(async (world) => {
    await world.open({ "min.cleanable.dirty.ratio": "1", "max.compaction.lag.ms": "5000", "segment.bytes": "1000000" });
    await world.send(record("a", "1"), record("a", "2"));
    await world.compact(6_000);
    assert.equal((await world.records()).length, 2);
    await world.compact(6_001);
    assert.deepEqual(await world.records(), ["1 a=2"]);
  }),
);

test(
  "records without a key from before the topic was compacted go; the end stays reachable though nothing is left",
  inWorld(async (world) => {
    await world.open({ "cleanup.policy": "delete" });
    for (let i = 0; i < 3; i++) await world.send(record(null, `${i}`));
    await world.directory.setTopicConfig("t", { ...compacted, "max.compaction.lag.ms": "1" });
    await world.compact();
    const left = await readStored(world.env, world.log);
    assert.deepEqual(
      left.map(({ lastOffset, records }) => [lastOffset, records.length]),
      [[2, 0]],
    );
    assert.equal(world.log.logEndOffset, 3);
    await world.reopen();
    assert.equal(await world.send(record("a", "1")), 3);
  }),
);

test(
  "a damaged batch stops the compaction and is not given a new checksum",
  inWorld(async (world) => {
    await world.open();
    for (let i = 0; i < 3; i++) await world.send(record("a", `${i}`.padEnd(100, ".")));
    await world.seal();
    const path = "/data/log/t-0/00000000000000000000.log";
    const handle = await world.env.files.open(path, "r+");
    await handle.write([new Uint8Array([0xff])], 90);
    await handle.close();
    const damaged = await world.env.files.readFile(path);
    await world.compact();
    assert.deepEqual(await world.env.files.readFile(path), damaged);
    assert.deepEqual((await world.env.files.list("/data/log/t-0")).filter((name) => /cleaned|swap/.test(name)), []); // prettier-ignore
  }),
);

test(
  "a topic that is deleted while it is compacted goes",
  inWorld(async (world) => {
    await world.open();
    for (let i = 0; i < 200; i++) await world.send(record(`k${i % 50}`, "x".repeat(100)));
    const compacting = world.compact();
    await world.env.timers.sleep(2);
    await world.directory.deleteTopic("t");
    await compacting;
    assert.equal(world.directory.topic("t"), undefined);
    await world.env.timers.sleep(60_001); // file.delete.delay.ms
    assert.deepEqual((await world.env.files.list("/data/log")).filter((name) => name.startsWith("t-")), []); // prettier-ignore
  }),
);

test(
  "a log whose keys do not fit in the memory of a compaction is compacted in several",
  inWorld(async (world) => {
    await world.open();
    await world.directory.close();
    world.directory = await LogDirectory.open(world.env, "/data/log", { ...options, compactionMapBytes: 200_000 });
    world.log = world.directory.topic("t")!.partitions[0]!;
    const keys = Array.from({ length: 60 }, (_, i) => `${i}`.padEnd(3_000, "k"));
    await world.directory.setTopicConfig("t", { ...compacted, "segment.bytes": "100000" });
    for (const round of [1, 2]) for (const key of keys) await world.send(record(key, `${round}`));
    for (let i = 0; i < 40; i++) await world.send(record("filler", "x".repeat(3_000)));
    for (let i = 0; i < 6; i++) await world.compact();
    const kept = (await readStored(world.env, world.log, 0, 100_000))
      .flatMap((batch) => batch.records)
      .filter(({ key }) => key !== "filler");
    assert.deepEqual(tableOf(kept), new Map(keys.map((key) => [key, "2"])));
    assert.equal(kept.length, keys.length);
  }),
);
