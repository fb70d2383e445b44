// What the shell may limit: open files, and the size of a file. The broker serves with few files, refuses what it cannot do and says so, loses
// nothing that it acknowledged, and goes on when the limit is gone.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { createClient, type KafkaClient } from "millrace/client";
import { ChildProcess, freePort } from "./child-process.ts";

const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
/** Node itself takes some thirty. */
const OPEN_FILES = 120;
const TOPICS = 25;
const PARTITIONS = 4;
/** KB. */
const FILE_SIZE = 2048;
const RECORD_BYTES = 100_000;

async function withDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "millrace-limits-"));
  try {
    await body(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** `limit`: what the shell is told before the broker takes its place. */
async function underLimit(
  limit: string,
  dataDir: string,
  body: (client: KafkaClient, broker: ChildProcess) => Promise<void>,
): Promise<void> {
  const port = await freePort();
  const command = `${limit}; exec "$0" "$@"`;
  const args = [process.execPath, "--conditions=source", MAIN, "broker", "--port", String(port), "--data", dataDir, "--json"];
  const broker = new ChildProcess("bash", ["-c", command, ...args]);
  const client = createClient({ brokers: `127.0.0.1:${port}`, apiTimeoutMs: 5000 });
  try {
    assert.ok(await broker.printed("bootstrapServers"), broker.stderr);
    await body(client, broker);
  } catch (error) {
    throw new Error(`The broker said: ${broker.stderr}`, { cause: error });
  } finally {
    await client.close();
    await broker.kill();
  }
}

async function countOf(client: KafkaClient, topic: string): Promise<number> {
  const consumer = client.consumer({ startAt: "earliest" });
  const partitions = Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition, offset: "earliest" as const }));
  await consumer.assign(partitions);
  let count = 0;
  for await (const batch of consumer.batches({ until: "end" })) for (const _ of batch.records) count++;
  await consumer.close();
  return count;
}

const send = (client: KafkaClient, topic: string, partition: number, value: Uint8Array | string): Promise<unknown> => {
  const producer = client.producer({ lingerMs: 0, deliveryTimeoutMs: 2000 });
  return producer.send({ topic, partition, value }).finally(() => producer.close().catch(() => {}));
};

test(`with ${OPEN_FILES} open files a broker serves ${TOPICS * PARTITIONS} partitions`, () =>
  withDirectory((directory) =>
    underLimit(`ulimit -n ${OPEN_FILES}`, directory, async (client, broker) => {
      const producer = client.producer({ lingerMs: 0, deliveryTimeoutMs: 20_000 });
      const topics = Array.from({ length: TOPICS }, (_, number) => `t${number}`);
      await client.admin().createTopics(topics.map((name) => ({ name, partitions: PARTITIONS })));
      let acknowledged = 0;
      for (const topic of topics)
        for (let partition = 0; partition < PARTITIONS; partition++) {
          await producer.send({ topic, partition, value: "one" });
          acknowledged++;
        }
      await producer.close();
      let read = 0;
      for (const topic of topics) read += await countOf(client, topic);
      console.log(`${acknowledged} of ${TOPICS * PARTITIONS} partitions took a record, ${read} were read`);
      assert.equal(acknowledged, TOPICS * PARTITIONS);
      assert.equal(read, acknowledged);
      assert.ok(!broker.isOver);
    }),
  ));

test("more connections than open files: those that were there go on, and new ones come in when others have gone", () =>
  withDirectory((directory) =>
    underLimit(`ulimit -n ${OPEN_FILES}`, directory, async (client, broker) => {
      await client.admin().createTopics([{ name: "t", partitions: PARTITIONS }]);
      const producer = client.producer({ lingerMs: 0, deliveryTimeoutMs: 20_000 });
      await producer.send({ topic: "t", partition: 0, value: "before" });
      const { connect } = await import("node:net");
      const { brokers } = await client.admin().describeCluster();
      const sockets = Array.from({ length: OPEN_FILES * 2 }, () => connect(brokers[0]!.port, "127.0.0.1").on("error", () => {}));
      await new Promise((resolve) => setTimeout(resolve, 500));
      await producer.send({ topic: "t", partition: 0, value: "during" });
      for (const socket of sockets) socket.destroy();
      const late = createClient({ brokers: `127.0.0.1:${brokers[0]!.port}`, apiTimeoutMs: 20_000 });
      await late.admin().listTopics();
      await late.close();
      await producer.close();
      assert.equal(await countOf(client, "t"), 2);
      assert.ok(!broker.isOver, broker.stderr);
    }),
  ));

test(`with files of at most ${FILE_SIZE} KB records are refused in time, and nothing acknowledged is lost`, () =>
  withDirectory(async (directory) => {
    let acknowledged = 0;
    let refused: unknown;
    await underLimit(`ulimit -f ${FILE_SIZE}`, directory, async (client, broker) => {
      await client.admin().createTopics([{ name: "t", partitions: PARTITIONS }]);
      for (let at = 0; at < 100 && refused === undefined; at++)
        await send(client, "t", 0, new Uint8Array(RECORD_BYTES)).then(
          () => acknowledged++,
          (error: unknown) => (refused = error),
        );
      console.log(
        `refused after ${acknowledged} records: ${String(refused)}\nthe broker ${broker.isOver ? "ended" : "lives"}: ${broker.stderr}`,
      );
    });
    assert.ok(refused !== undefined && acknowledged > 0);
    await underLimit("true", directory, async (client) => {
      assert.ok((await countOf(client, "t")) >= acknowledged, "what was acknowledged is there");
      await send(client, "t", 0, "after");
    });
  }));
