// Disks that fail under a running broker: a loop device without room below it, whose flushes fail with EIO, and a file system that turns
// read-only. The broker stops and says why; what it acknowledged is there at the next start.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startBroker, type Broker } from "millrace/broker";
import { createClient, type KafkaClient } from "millrace/client";
import { missingPrerequisite } from "../../tools/stage.ts";
import { LoopDisk, missingForPowerCuts } from "./loop-disk.ts";

const MB = 1024 * 1024;
const RECORD_BYTES = 200_000;
const MAX_RECORDS = 2000;
const PATIENCE_MS = 20_000;

const missing = missingForPowerCuts();
if (missing !== undefined) missingPrerequisite("test:power", missing);

async function onDisk(body: (disk: LoopDisk, below: string) => Promise<void>): Promise<void> {
  const below = mkdtempSync(join(tmpdir(), "millrace-broken-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=48m", "none", below]);
  let disk: LoopDisk | undefined;
  try {
    writeFileSync(join(below, "ballast"), new Uint8Array(16 * MB).fill(1));
    disk = new LoopDisk(below, "ext4");
    await body(disk, below);
  } finally {
    disk?.remove();
    execFileSync("umount", ["-l", below]);
    rmSync(below, { recursive: true, force: true });
  }
}

const start = (disk: LoopDisk): Promise<Broker> => startBroker({ port: 0, dataDir: join(disk.path, "data"), logger: { log: () => {} } });

/** One record after the other, each with its number, until one is refused or the broker has ended. */
async function fill(client: KafkaClient, broker: Broker): Promise<{ acknowledged: number; why: string }> {
  const producer = client.producer({ lingerMs: 0, deliveryTimeoutMs: 3000, maxBlockMs: 3000 });
  const ended = broker.failed.then((error) => String(error));
  for (let at = 0; at < MAX_RECORDS; at++) {
    const value = new Uint8Array(RECORD_BYTES).fill(at % 256);
    const sent = producer.send({ topic: "t", partition: 0, value }).then(
      () => undefined,
      (error: unknown) => String(error),
    );
    const why = await Promise.race([sent, ended]);
    if (why !== undefined) return { acknowledged: at, why };
  }
  return { acknowledged: MAX_RECORDS, why: "" };
}

async function read(client: KafkaClient): Promise<number[]> {
  const consumer = client.consumer();
  const numbers: number[] = [];
  await consumer.assign([{ topic: "t", partition: 0, offset: "earliest" }]);
  for await (const batch of consumer.batches({ until: "end" })) for (const { value } of batch.records) numbers.push(value![0]!);
  await consumer.close();
  return numbers;
}

/** The next start, on the mended disk: all that was acknowledged, in order, and new records. */
async function checkNextStart(disk: LoopDisk, acknowledged: number): Promise<void> {
  const broker = await start(disk);
  const client = createClient({ brokers: broker.bootstrapServers, apiTimeoutMs: PATIENCE_MS });
  try {
    const numbers = await read(client);
    assert.ok(numbers.length >= acknowledged, `${acknowledged} were acknowledged, ${numbers.length} are there`);
    numbers.forEach((number, at) => assert.equal(number, at % 256));
    await client.producer({ lingerMs: 0 }).send({ topic: "t", partition: 0, value: "after" });
  } finally {
    await client.close();
    await broker.close();
  }
}

/** The broker's last words, or the client's, within a while. */
async function lastWords(broker: Broker): Promise<string> {
  const limit = new Promise<string>((resolve) => setTimeout(() => resolve(""), PATIENCE_MS).unref());
  return Promise.race([broker.failed.then((error) => String(error)), limit]);
}

test("flushes that fail on a thin loop device stop the broker; what it acknowledged is there when it starts again", () =>
  onDisk(async (disk, below) => {
    const broker = await start(disk);
    const client = createClient({ brokers: broker.bootstrapServers, apiTimeoutMs: 5000 });
    await client.admin().createTopics([{ name: "t", partitions: 1 }]);
    const { acknowledged, why } = await fill(client, broker);
    const words = await lastWords(broker);
    console.log(
      `thin loop device: ${acknowledged} records of ${RECORD_BYTES} bytes, then: ${words.slice(0, 200)}; the client: ${why.slice(0, 120)}`,
    );
    assert.match(words, /EIO|EROFS|ENOSPC/);
    assert.ok(acknowledged > 0);
    await client.close();
    await broker.close().catch(() => {});
    disk.unmount();
    rmSync(join(below, "ballast"));
    disk.mount();
    await checkNextStart(disk, acknowledged);
  }));

test("a file system that turns read-only stops the broker; what it acknowledged is there when it is mounted again", () =>
  onDisk(async (disk) => {
    const broker = await start(disk);
    const client = createClient({ brokers: broker.bootstrapServers, apiTimeoutMs: 5000 });
    await client.admin().createTopics([{ name: "t", partitions: 1 }]);
    const producer = client.producer({ lingerMs: 0, deliveryTimeoutMs: 3000 });
    for (let at = 0; at < 20; at++) await producer.send({ topic: "t", partition: 0, value: new Uint8Array(RECORD_BYTES).fill(at) });
    execFileSync("mount", ["-o", "remount,abort", disk.path], { stdio: "ignore" });
    assert.deepEqual((await read(client)).length, 20, "reads go on");
    await assert.rejects(producer.send({ topic: "t", partition: 0, value: "refused" }));
    const words = await lastWords(broker);
    console.log(`read-only: ${words.slice(0, 300)}`);
    assert.match(words, /EROFS|EIO/);
    await client.close();
    await broker.close().catch(() => {});
    disk.unmount();
    disk.mount();
    await checkNextStart(disk, 20);
  }));
