// Files on disk: those that Apache Kafka writes are read by `millrace log`, while it runs and after it was killed, and ours by its own tool.
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { cli } from "../../src/cli/fixtures/cli-process.ts";
import { createClient } from "../../src/client/index.ts";
import { createNodeEnv } from "../../src/env-node/node-env.ts";
import { dataBatch } from "../../src/log/test-batches.ts";
import { LogDirectory } from "../../src/log/log-directory.ts";
import { compressBatch } from "../../src/protocol/records/compress.ts";
import { startApacheKafka } from "./apache-kafka.ts";
import { compileJava } from "./java.ts";
import { missingForKafka } from "./kafka-jars.ts";

interface DumpedLine {
  readonly topic: string;
  readonly compression: string;
  readonly content: readonly { readonly value: string | null; readonly marker?: string }[];
}

const KINDS = ["none", "gzip", "snappy", "lz4", "zstd"] as const;

test("dump and verify read a directory of Apache Kafka's, repair leaves it alone", { skip: missingForKafka() }, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "kafka-files-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const kafka = await startApacheKafka({ "log.dirs": directory });
  const sent: string[] = [];
  try {
    const client = createClient({ brokers: `127.0.0.1:${kafka.port}` });
    await client.admin().createTopics([{ name: "files", partitions: 1 }]);
    for (const compression of KINDS) {
      const producer = client.producer({ compression });
      for (let i = 0; i < 200; i++) sent.push(`${compression} ${i}`);
      await Promise.all(sent.slice(-200).map((value) => producer.send({ topic: "files", key: "k", value })));
      await producer.close();
    }
    const transactional = client.producer({ transactionalId: "files" });
    for (const end of ["commit", "abort"]) {
      await transactional.beginTransaction();
      await transactional.send({ topic: "files", value: `to ${end}` });
      sent.push(`to ${end}`);
      await (end === "commit" ? transactional.commitTransaction() : transactional.abortTransaction());
    }
    await transactional.close();
    await client.close();
    await check(directory, sent); // while it runs: its index files are longer than what is in them
  } finally {
    await kafka.stop();
  }
  await check(directory, sent);
  const repair = await cli(["log", "repair", "--data", directory]);
  assert.deepEqual([repair.exitCode, /is Apache Kafka's/.test(repair.stderr)], [5, true], repair.stderr);
});

async function check(directory: string, sent: readonly string[]): Promise<void> {
  const verified = await cli(["log", "verify", "--data", directory]);
  assert.equal(verified.exitCode, 0, verified.stdout + verified.stderr);
  const dumped = await cli(["log", "dump", "files", "--data", directory, "--records", "--jsonl"]);
  const batches = dumped.stdout.trim().split("\n").map((line) => JSON.parse(line) as DumpedLine); // prettier-ignore
  assert.deepEqual([...new Set(batches.map(({ compression }) => compression))], [...KINDS, "none"].slice(0, KINDS.length));
  const records = batches.flatMap(({ content }) => content);
  assert.deepEqual(
    records.filter(({ marker }) => marker === undefined).map(({ value }) => value),
    sent,
  );
  assert.deepEqual(records.flatMap(({ marker }) => marker ?? []), ["commit", "abort"]); // prettier-ignore
}

test("Apache Kafka's tool reads segments, indexes and producer snapshots of ours", { skip: missingForKafka() }, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "millrace-files-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const env = createNodeEnv({ logger: { log: () => {} } });
  const logs = await LogDirectory.open(env, join(directory, "log"), { durability: "page-cache" });
  const config = { "index.interval.bytes": "200", "segment.bytes": "2000" };
  const log = (await logs.createTopic("files", { partitions: 1, config })).partitions[0]!;
  const appending = { leaderEpoch: 0, origin: "client", now: Date.now() } as const;
  for (let i = 0; i < 20; i++) {
    const kind = KINDS[i % KINDS.length]!;
    const plain = dataBatch({ count: 3, valueBytes: 60, producerId: 7, baseSequence: i * 3, timestamp: 1_000 * i });
    await log.append(kind === "none" ? plain : await compressBatch(env.compression, kind, plain), appending);
  }
  await log.append(dataBatch({ count: 1, producerId: 8, transactional: true }), appending);
  await log.appendMarker({ producerId: 8, producerEpoch: 0, commit: false, coordinatorEpoch: 0, now: Date.now() });
  await log.checkpoint();
  await logs.close();

  const all = readdirSync(log.directory).filter((name) => /\.(log|index|timeindex|txnindex|snapshot)$/.test(name));
  // The tool needs the offset index beside a time index; an active segment has none while it is empty.
  const names = all.filter((name) => !name.endsWith(".timeindex") || all.includes(name.replace(".timeindex", ".index")));
  for (const suffix of ["log", "index", "timeindex", "txnindex", "snapshot"])
    assert.ok(
      names.some((name) => name.endsWith(`.${suffix}`)),
      suffix,
    );
  const java = compileJava();
  t.after(() => java.dispose());
  const files = names.map((name) => join(log.directory, name)).join(",");
  const run = java.run("org.apache.kafka.tools.DumpLogSegments", ["--files", files, "--deep-iteration"]);
  assert.equal(await run.ended, 0, run.stderr());
  const text = run.lines.join("\n");
  // It also says "non-consecutive" of every segment that does not begin with offset 0: its offsets are compared below.
  const complaints = [...run.lines, ...run.stderr().split("\n")].filter((line) => /mismatch|exception|isvalid: false|found/i.test(line));
  assert.deepEqual(complaints, []);
  const offsets = run.lines.flatMap((line) => /^\| offset: (\d+) /.exec(line)?.[1] ?? []).map(Number);
  assert.deepEqual(
    offsets,
    Array.from({ length: 62 }, (_, offset) => offset),
  );
  assert.match(text, /endTxnMarker: ABORT/);
  assert.match(text, /producerId: 7 producerEpoch: 0 .*lastSequence: 59|lastSequence=59/);
});
