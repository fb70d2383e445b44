// Verify and repair on damaged files: every flipped bit is found and bounded to its batch, and what is sound is served again afterwards.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Env } from "../../env/env.ts";
import { createSimulation } from "../../testing/simulation/simulation.ts";
import { LogDirectory } from "../log-directory.ts";
import { dataBatch, readOn } from "../test-batches.ts";
import { dumpBatch, dumpRecords } from "./dump-segment.ts";
import { findPartitions } from "./partition-files.ts";
import { repairPartition } from "./repair-partition.ts";
import { scanSegment } from "./scan-segment.ts";
import { type PartitionReport, verifyPartition } from "./verify-partition.ts";

const PATH = "/data/log";
const DIRECTORY = `${PATH}/orders-0`;
const FIRST = `${DIRECTORY}/00000000000000000000.log`;
const NOW = 10_000_000_000_000;
const options = { durability: "disk", segmentBytes: 1_024, checkpointIntervalMs: 0, retentionIntervalMs: 0, topicDefaults: { "index.interval.bytes": "100" } } as const; // prettier-ignore

function onDisk(body: (env: Env, fresh: () => Env) => Promise<void>): () => Promise<void> {
  return async () => {
    const simulation = createSimulation(1);
    simulation.files.provideDirectory("/data");
    await simulation.run(async () => {
      const env = simulation.env();
      const directory = await LogDirectory.open(env, PATH, options);
      const { partitions } = await directory.createTopic("orders", { partitions: 1 });
      const appending = { leaderEpoch: 0, origin: "client", now: NOW } as const;
      for (let i = 0; i < 20; i++) {
        const producer = i === 0 ? { producerId: 1 } : {};
        await partitions[0]!.append(dataBatch({ count: 2, tag: `b${i}`, valueBytes: 40, ...producer }), appending);
      }
      await partitions[0]!.checkpoint();
      await directory.close();
      await body(env, () => simulation.env());
    });
  };
}

async function verify(env: Env): Promise<PartitionReport> {
  const [partition] = await findPartitions(env.files, PATH, "orders");
  return verifyPartition(env.files, partition!);
}

async function flip(env: Env, path: string, position: number): Promise<void> {
  const bytes = await env.files.readFile(path);
  const handle = await env.files.open(path, "r+");
  await handle.write([new Uint8Array([bytes[position]! ^ 0x10])], position);
  await handle.datasync();
  await handle.close();
}

async function tags(env: Env): Promise<string[]> {
  const directory = await LogDirectory.open(env, PATH, options);
  const log = directory.topic("orders")!.partitions[0]!;
  const batches = await readOn(log, log.logStartOffset, "read_uncommitted");
  await directory.close();
  return batches.map(({ tag }) => tag);
}

const all = Array.from({ length: 20 }, (_, i) => `b${i}`);

test(
  "a sound log has no findings, and its counts are right",
  onDisk(async (env) => {
    const report = await verify(env);
    assert.deepEqual(report.findings, []);
    assert.deepEqual([report.batches, report.records, report.startOffset, report.endOffset], [20, 40, 0, 40]);
    assert.ok(report.segments > 2);
    assert.deepEqual(await findPartitions(env.files, PATH, "other"), []);
  }),
);

test(
  "any flipped bit of a batch is found, with its bytes and offsets, and costs that batch only",
  onDisk(async (env) => {
    const size = dataBatch({ count: 2, tag: "b1", valueBytes: 40 }).length;
    for (const at of [3, 9, 16, 17, 22, 26, 60, 70, size - 1]) {
      await flip(env, FIRST, size + at);
      const { findings, batches } = await verify(env);
      assert.equal(batches, 19, `byte ${at}`);
      assert.equal(findings.length, 1);
      const { kind, path, damage } = findings[0]!;
      assert.deepEqual([kind, path], ["damage", FIRST]);
      assert.deepEqual([damage!.position, damage!.endPosition, damage!.fromOffset, damage!.untilOffset], [size, 2 * size, 2, 4]);
      await flip(env, FIRST, size + at);
    }
    assert.deepEqual((await verify(env)).findings, []);
  }),
);

test(
  "repair cuts damaged batches out, keeps the original, and the broker serves the rest at their offsets",
  onDisk(async (env, fresh) => {
    const size = dataBatch({ count: 2, tag: "b1", valueBytes: 40 }).length;
    const original = await env.files.readFile(FIRST);
    await flip(env, FIRST, size + 70);
    await flip(env, FIRST, 3 * size + 70);
    await repairPartition(env.files, DIRECTORY, await verify(env));
    const report = await verify(env);
    assert.deepEqual(report.findings, []);
    assert.equal((await env.files.readFile(`${FIRST}.damaged`)).length, original.length);
    assert.deepEqual(
      await tags(fresh()),
      all.filter((tag) => tag !== "b1" && tag !== "b3"),
    );
    assert.equal((await verify(env)).endOffset, 40);
  }),
);

test(
  "damaged indexes, snapshots and checkpoints are found, removed, and made anew by the next start",
  onDisk(async (env, fresh) => {
    await flip(env, `${DIRECTORY}/00000000000000000000.index`, 7);
    await flip(env, `${DIRECTORY}/checkpoint.json`, 12);
    await flip(env, `${PATH}/meta/recovery-points`, 60);
    const snapshot = (await env.files.list(DIRECTORY)).find((name) => name.endsWith(".snapshot"))!;
    await flip(env, `${DIRECTORY}/${snapshot}`, 3);
    const report = await verify(env);
    assert.deepEqual(report.findings.map(({ kind }) => kind).sort(), ["checkpoint", "index", "recovery-points", "snapshot"]);
    await repairPartition(env.files, DIRECTORY, report);
    assert.deepEqual((await verify(env)).findings.map(({ kind }) => kind), ["recovery-points"]); // prettier-ignore
    assert.deepEqual(await tags(fresh()), all);
    assert.deepEqual((await verify(env)).findings, []);
  }),
);

test(
  "index files that are as long as they may get, zeros behind their entries, are sound: Apache Kafka's are; a wrong entry is found there, too",
  onDisk(async (env) => {
    const pad = async (suffix: string, bytes: number): Promise<void> => {
      const path = `${DIRECTORY}/00000000000000000000${suffix}`;
      const handle = await env.files.open(path, "r+");
      await handle.write([new Uint8Array(bytes)], (await env.files.stat(path))!.size);
      await handle.close();
    };
    await pad(".index", 800);
    await pad(".timeindex", 1_200);
    assert.deepEqual((await verify(env)).findings, []);
    await flip(env, `${DIRECTORY}/00000000000000000000.index`, 7);
    assert.deepEqual((await verify(env)).findings.map(({ kind }) => kind), ["index"]); // prettier-ignore
    await flip(env, `${DIRECTORY}/00000000000000000000.index`, 7);
    await pad(".timeindex", 5);
    assert.deepEqual((await verify(env)).findings.map(({ kind }) => kind), ["index"]); // prettier-ignore
  }),
);

test(
  "a torn tail is told apart from damage, and left to the next start",
  onDisk(async (env, fresh) => {
    const last = (await findPartitions(env.files, PATH))[0]!.segments.at(-1)!.path;
    const handle = await env.files.open(last, "r+");
    await handle.write([new Uint8Array(30)], (await env.files.stat(last))!.size);
    await handle.close();
    const report = await verify(env);
    assert.deepEqual(
      report.findings.map(({ kind }) => kind),
      ["torn-tail"],
    );
    await repairPartition(env.files, DIRECTORY, report);
    assert.deepEqual(await tags(fresh()), all);
  }),
);

test(
  "a dump shows batches and records as they are stored",
  onDisk(async (env) => {
    const seen: string[] = [];
    const batches: Uint8Array[] = [];
    await scanSegment(env.files, FIRST, { baseOffset: 0, untilOffset: Infinity }, (header, batch, position) => {
      const { baseOffset, lastOffset, records, compression } = dumpBatch(header, batch, position);
      seen.push(`${baseOffset}..${lastOffset} ${records} ${compression}`);
      batches.push(batch.slice());
      return seen.length < 2;
    });
    assert.deepEqual(seen, ["0..1 2 none", "2..3 2 none"]);
    const records = await dumpRecords(env.compression, batches[1]!);
    assert.deepEqual(
      records!.map(({ offset, timestamp }) => [offset, timestamp]),
      [
        [2, 1_000],
        [3, 1_001],
      ],
    );
  }),
);
