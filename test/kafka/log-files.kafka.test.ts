// The files that Apache Kafka itself writes, read by `millrace log` while it runs and after it was killed: the formats are the same.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { cli } from "../../src/cli/fixtures/cli-process.ts";
import { createClient } from "../../src/client/index.ts";
import { startApacheKafka } from "./apache-kafka.ts";
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
