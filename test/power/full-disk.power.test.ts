// A real file system without room, and one without inodes: the broker refuses, keeps what it acknowledged, and goes on when there is room.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startBroker, type Broker } from "millrace/broker";
import { createClient, type KafkaClient } from "millrace/client";
import { missingPrerequisite } from "../../tools/stage.ts";

const MB = 1024 * 1024;
const RECORD_BYTES = 100_000;
const MAX_RECORDS = 1000;
const MAX_TOPICS = 200;

if (process.getuid?.() !== 0) missingPrerequisite("test:power", "it mounts file systems, which takes root");

async function onTmpfs(options: string, body: (broker: Broker, client: KafkaClient, path: string) => Promise<void>): Promise<void> {
  const path = mkdtempSync(join(tmpdir(), "millrace-full-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", options, "none", path]);
  try {
    mkdirSync(join(path, "data"));
    writeFileSync(join(path, "ballast"), new Uint8Array(4 * MB));
    const logger = { log: () => {} };
    const broker = await startBroker({ port: 0, dataDir: join(path, "data"), logger });
    const client = createClient({ brokers: broker.bootstrapServers, apiTimeoutMs: 5000 });
    try {
      await client.admin().createTopics([{ name: "full", partitions: 1 }]);
      await body(broker, client, path);
    } finally {
      await client.close();
      await broker.close();
    }
  } finally {
    execFileSync("umount", ["-l", path]);
    rmSync(path, { recursive: true, force: true });
  }
}

async function read(client: KafkaClient): Promise<number[]> {
  const consumer = client.consumer();
  const firstBytes: number[] = [];
  await consumer.assign([{ topic: "full", partition: 0, offset: "earliest" }]);
  for await (const batch of consumer.batches({ until: "end" })) for (const { value } of batch.records) firstBytes.push(value![0]!);
  await consumer.close();
  return firstBytes;
}

async function send(client: KafkaClient, number: number): Promise<void> {
  const producer = client.producer({ lingerMs: 0, deliveryTimeoutMs: 1500 });
  await producer.send({ topic: "full", partition: 0, value: new Uint8Array(RECORD_BYTES).fill(number) });
  await producer.close();
}

test("a full disk: records are refused, acknowledged ones stay, and the log goes on when there is room", () =>
  onTmpfs("size=24m", async (_, client, path) => {
    const acknowledged: number[] = [];
    let refused: unknown;
    for (let at = 0; at < MAX_RECORDS && refused === undefined; at++)
      await send(client, at % 256).then(
        () => acknowledged.push(at % 256),
        (error: unknown) => (refused = error),
      );
    assert.ok(refused !== undefined && acknowledged.length > 0, "the disk got full");
    assert.deepEqual((await read(client)).slice(0, acknowledged.length), acknowledged);
    rmSync(join(path, "ballast"));
    await send(client, 77);
    acknowledged.push(77);
    const stored = await read(client);
    assert.deepEqual(stored.slice(0, acknowledged.length - 1), acknowledged.slice(0, -1));
    assert.equal(stored.at(-1), 77);
    console.log(`full after ${acknowledged.length - 1} records of ${RECORD_BYTES} bytes: ${String(refused).slice(0, 120)}`);
  }));

test("no inodes: topics are refused, producers that are at work go on, and new ones when there are inodes again", () =>
  onTmpfs("size=64m,nr_inodes=120", async (broker, client) => {
    const producer = client.producer({ lingerMs: 0 });
    const value = Uint8Array.of(1);
    await producer.send({ topic: "full", partition: 0, value });
    let refused: unknown;
    let created = 0;
    for (; created < MAX_TOPICS && refused === undefined; created++)
      await client
        .admin()
        .createTopics([{ name: `t${created}`, partitions: 1 }])
        .catch((error: unknown) => (refused = error));
    assert.ok(refused !== undefined, "the inodes were used up");
    await producer.send({ topic: "full", partition: 0, value });
    assert.deepEqual(await read(client), [1, 1]);
    await client.admin().deleteTopics(Array.from({ length: created - 1 }, (_, number) => `t${number}`));
    await send(client, 2);
    assert.deepEqual(await read(client), [1, 1, 2]);
    assert.ok(!(await Promise.race([broker.failed.then(() => true), Promise.resolve(false)])), "the broker lives");
    console.log(`refused after ${created - 1} topics: ${String(refused).slice(0, 120)}`);
  }));
