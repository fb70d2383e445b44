// What a topic asks of its clients' records: another compression, an age. (Keys: compaction/compaction.test.ts.)
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Env } from "../env/env.ts";
import { BatchWriter } from "../protocol/records/batch-writer.ts";
import { readBatchHeader } from "../protocol/records/batch-header.ts";
import { compressBatch } from "../protocol/records/compress.ts";
import { COMPRESSION_NAMES, type CompressionName } from "../protocol/records/compression-type.ts";
import { createSimulation } from "../testing/simulation/simulation.ts";
import { keyedBatch, type KeyedRecord, readStored } from "./compaction/test-records.ts";
import { LogDirectory } from "./log-directory.ts";
import type { PartitionLog } from "./partition-log.ts";
import { RefusedRecordsError } from "./refused-records-error.ts";

const NOW = 1_700_000_000_000;
const appending = { leaderEpoch: 0, origin: "client", now: NOW } as const;
const whole = { maxBytes: 10_000_000, minOneBatch: true, isolation: "read_uncommitted" } as const;

function withTopic(config: Record<string, string>, body: (log: PartitionLog, env: Env, directory: LogDirectory) => Promise<void>) {
  return async (): Promise<void> => {
    const simulation = createSimulation(7);
    simulation.files.provideDirectory("/data");
    await simulation.run(async () => {
      const env = simulation.env();
      const directory = await LogDirectory.open(env, "/data/log", { durability: "disk", checkpointIntervalMs: 0, retentionIntervalMs: 0 });
      const { partitions } = await directory.createTopic("t", { partitions: 1, config });
      await body(partitions[0]!, env, directory);
      await directory.close();
    });
  };
}

const records = (from: number, count: number): KeyedRecord[] =>
  Array.from({ length: count }, (_, i) => ({
    key: `k${from + i}`,
    value: `value of ${from + i} `.repeat(20),
    timestamp: 1_000 + from + i,
  }));

async function packed(env: Env, kind: CompressionName, batch: Uint8Array): Promise<Uint8Array> {
  return kind === "none" ? batch : compressBatch(env.compression, kind, batch);
}

async function codecsOf(log: PartitionLog): Promise<(string | undefined)[]> {
  const { bytes } = await log.read(0, whole);
  const codecs = [];
  for (let at = 0; at < bytes.length;) {
    const header = readBatchHeader(bytes, at);
    codecs.push(COMPRESSION_NAMES[header.attributes & 7]);
    at += header.sizeBytes;
  }
  return codecs;
}

for (const target of ["uncompressed", "gzip", "snappy", "lz4", "zstd"]) {
  const name = target === "uncompressed" ? "none" : target;
  test(
    `compression.type=${target} keeps every batch so, whatever its producer chose, with its records, producer and order`,
    withTopic({ "compression.type": target }, async (log, env) => {
      const sent: KeyedRecord[] = [];
      const appends = [];
      for (const [i, kind] of COMPRESSION_NAMES.entries()) {
        const batch = records(i * 3, 3);
        sent.push(...batch);
        const bytes = await packed(env, kind, keyedBatch(batch, { producerId: 9, producerEpoch: 0, baseSequence: i * 3 }));
        appends.push(log.append(bytes.slice(), appending));
        if (kind === "gzip") appends.push(log.append(bytes.slice(), appending)); // repeated: known by its sequence
      }
      const offsets = (await Promise.all(appends)).map(({ baseOffset }) => baseOffset);
      assert.deepEqual(offsets, [0, 3, 3, 6, 9, 12]);
      assert.deepEqual(await codecsOf(log), [name, name, name, name, name]);
      const stored = (await readStored(env, log)).flatMap((batch) => batch.records);
      assert.deepEqual(stored, sent.map((record, offset) => ({ offset, ...record }))); // prettier-ignore
    }),
  );
}

test(
  "compression.type=producer leaves every batch as it came, byte for byte, and one of the topic's own is not touched either",
  withTopic({}, async (log, env, directory) => {
    const bytes = await packed(env, "gzip", keyedBatch(records(0, 5)));
    for (const config of [{}, { "compression.type": "gzip", "compression.gzip.level": "9" }]) {
      await directory.setTopicConfig("t", config);
      const { baseOffset } = await log.append(bytes.slice(), appending);
      const read = (await log.read(baseOffset, whole)).bytes;
      assert.deepEqual(read.subarray(21), bytes.subarray(21)); // behind offset, epoch and checksum
    }
  }),
);

test(
  "a level of gzip and of zstd is obeyed",
  withTopic({}, async (log, _env, directory) => {
    const sizes: Record<string, number> = {};
    const batch = keyedBatch(Array.from({ length: 300 }, (_, i) => ({ key: `k${i}`, value: `${Math.sin(i)} ${Math.cos(i)} and so on` })));
    for (const [kind, low, high] of [
      ["gzip", "1", "9"],
      ["zstd", "-50", "19"],
    ] as const) {
      // prettier-ignore
      for (const level of [low, high]) {
        await directory.setTopicConfig("t", { "compression.type": kind, [`compression.${kind}.level`]: level });
        const before = log.sizeBytes;
        await log.append(batch.slice(), appending);
        sizes[level] = log.sizeBytes - before;
      }
      assert.ok(sizes[high]! < sizes[low]!, `${kind}: ${JSON.stringify(sizes)}`);
    }
  }),
);

test(
  "max.message.bytes holds for a batch as it comes and as it is kept",
  withTopic({ "compression.type": "gzip", "max.message.bytes": "1000" }, async (log, env, directory) => {
    const large = keyedBatch([{ key: "k", value: "x".repeat(5_000) }]);
    await assert.rejects(log.append(large.slice(), appending), { code: "MESSAGE_TOO_LARGE" });
    await directory.setTopicConfig("t", { "compression.type": "uncompressed", "max.message.bytes": "1000" });
    const small = await packed(env, "gzip", large);
    assert.ok(small.length < 1_000);
    await assert.rejects(log.append(small.slice(), appending), { code: "MESSAGE_TOO_LARGE" });
    await directory.setTopicConfig("t", { "max.message.bytes": "1000" });
    assert.equal((await log.append(small.slice(), appending)).baseOffset, 0);
  }),
);

test(
  "a batch that cannot be decompressed is refused alone; those around it keep their order",
  withTopic({ "compression.type": "zstd" }, async (log, env) => {
    const good = keyedBatch(records(0, 1));
    const bad = new BatchWriter({});
    bad.append(1_000, null, new Uint8Array(50));
    const broken = bad.finish({}).slice();
    const claimed = await packed(env, "snappy", broken);
    claimed.fill(0xff, 61);
    const results = await Promise.allSettled([good.slice(), claimed, good.slice()].map((batch) => log.append(batch, appending)));
    assert.deepEqual(results.map((result) => (result.status === "fulfilled" ? result.value.baseOffset : (result.reason as { code: string }).code)), [0, "CORRUPT_MESSAGE", 1]); // prettier-ignore
  }),
);

test(
  "an append that needs nothing does not overtake one that is being compressed",
  withTopic({ "compression.type": "gzip" }, async (log, _env, directory) => {
    const first = log.append(keyedBatch(records(0, 1)), appending);
    await directory.setTopicConfig("t", {});
    const second = log.append(keyedBatch(records(1, 1)), appending);
    assert.deepEqual([(await first).baseOffset, (await second).baseOffset], [0, 1]);
  }),
);

test(
  "which records are too far ahead of the clock is told, too, whatever their compression",
  withTopic({ "message.timestamp.after.max.ms": "1000" }, async (log, env) => {
    const at = (...aheads: number[]) => keyedBatch(aheads.map((ahead, i) => ({ key: `k${i}`, value: "v", timestamp: NOW + ahead })));
    await log.append(at(-1e9, 1_000), appending);
    for (const kind of ["none", "gzip", "lz4"] as const) {
      const refused = log.append((await packed(env, kind, at(0, 1_001, 5, 2_000))).slice(), appending);
      await assert.rejects(refused, (error) => error instanceof RefusedRecordsError && error.code === "INVALID_TIMESTAMP" && assert.deepEqual(error.positions, [1, 3]) === undefined); // prettier-ignore
    }
    assert.equal(log.logEndOffset, 2);
  }),
);

test(
  "message.timestamp.before.max.ms is about every record of a batch, and which were too old is told",
  withTopic({ "message.timestamp.before.max.ms": "1000" }, async (log, env) => {
    const at = (...ages: number[]) => keyedBatch(ages.map((age, i) => ({ key: `k${i}`, value: "v", timestamp: NOW - age })));
    await log.append(at(0, 1_000), appending);
    for (const kind of ["none", "gzip", "lz4"] as const) {
      const refused = log.append((await packed(env, kind, at(0, 1_001, 5, 2_000))).slice(), appending);
      await assert.rejects(refused, (error) => error instanceof RefusedRecordsError && error.code === "INVALID_TIMESTAMP" && assert.deepEqual(error.positions, [1, 3]) === undefined); // prettier-ignore
    }
    assert.equal(log.logEndOffset, 2);
  }),
);
