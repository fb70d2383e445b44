// The whole way: Kafka, a job in this thread, Kafka. Killed and started again in the middle; the output is read as a committed reader sees it.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Job } from "../../../engine/coordinator/job-status.ts";
import { runJob, type RunJobOptions } from "../../../engine/run-job.ts";
import { t } from "../../../schema/t.ts";
import { deadLetter } from "../../../stream/dead-letter.ts";
import { pipeline, type Pipeline } from "../../../stream/pipeline.ts";
import { deadLetterTopic } from "../dead-letter-topic.ts";
import { kafkaSink } from "../kafka-sink.ts";
import { kafkaSource } from "../kafka-source.ts";
import { kafkaWorld } from "./kafka-world.ts";
import { topic } from "../topic.ts";

const Tx = t.record("Tx", { id: t.int(), account: t.string(), amount: t.double() });
const world = kafkaWorld();
const directories: string[] = [];
after(async () => {
  for (const directory of directories) await rm(directory, { recursive: true, force: true });
});

function doubled(name: string): Pipeline {
  const malformed = deadLetter(kafkaSink(deadLetterTopic(`${name}-malformed`)));
  return pipeline(name, (p) => {
    p.from("transactions", kafkaSource(topic(`${name}-in`, Tx, { key: "account" })), { onError: malformed })
      .filter((tx) => tx.id % 10 !== 9)
      .map((tx) => ({ id: tx.id, account: tx.account, amount: tx.amount * 2 }))
      .to("doubled", kafkaSink(topic(`${name}-out`, Tx, { key: "account" })));
  });
}

async function start(name: string, dir: string, options: Partial<RunJobOptions> = {}): Promise<Job> {
  return runJob(world.env, {
    graph: doubled(name).graph(),
    parallelism: 2,
    checkpoints: { dir, everyMs: 20 },
    restart: { kind: "none" },
    settings: { "kafka.brokers": world.brokers },
    ...options,
  });
}

async function prepareTopics(name: string): Promise<string> {
  await world.createTopic(`${name}-in`, 3);
  await world.createTopic(`${name}-out`, 3);
  await world.createTopic(`${name}-malformed`, 1);
  const directory = await mkdtemp(join(tmpdir(), "millrace-job-"));
  directories.push(directory);
  return directory;
}

async function produce(name: string, first: number, count: number): Promise<void> {
  const producer = world.client.producer();
  for (let id = first; id < first + count; id++) {
    const account = `a${id % 17}`;
    void producer.send({ topic: `${name}-in`, key: account, value: JSON.stringify({ id, account, amount: id + 0.5 }) });
  }
  await producer.close();
}

function check(records: readonly { readonly key: string | null; readonly value: string | null }[], count: number): void {
  const rows = records.map(({ value }) => JSON.parse(value!) as { id: number; account: string; amount: number });
  const expected = Array.from({ length: count }, (_, id) => id).filter((id) => id % 10 !== 9);
  assert.deepEqual(
    rows.map(({ id }) => id).sort((a, b) => a - b),
    expected,
  );
  const lastOf = new Map<string, number>();
  for (const [index, { id, account, amount }] of rows.entries()) {
    assert.equal(amount, (id + 0.5) * 2);
    assert.equal(records[index]!.key, account);
    assert.ok((lastOf.get(account) ?? -1) < id, `order of ${account}`);
    lastOf.set(account, id);
  }
}

test("a bounded run reads everything, writes it once, and sends what is malformed to the dead letters", async () => {
  const dir = await prepareTopics("bounded");
  await produce("bounded", 0, 500);
  const producer = world.client.producer();
  await producer.send({ topic: "bounded-in", value: '{"id":"x"}' });
  await producer.close();
  const job = await start("bounded", dir, { drain: true });
  await job.finished;
  check(await world.records("bounded-out"), 500);
  const letters = (await world.values("bounded-malformed")).map((value) => JSON.parse(value) as Record<string, unknown>);
  assert.equal(letters.length, 1);
  assert.equal(letters[0]!["operator"], "transactions");
  assert.equal(letters[0]!["topic"], "bounded-in");
  assert.equal(letters[0]!["value"], '{"id":"x"}');
});

test("killed again and again while records come, the job's committed output is exact and in order per key", async () => {
  const dir = await prepareTopics("killed");
  const total = 6000;
  let produced = 0;
  for (let life = 0; life < 6; life++) {
    const job = await start("killed", dir);
    job.finished.catch(() => {});
    await produce("killed", produced, total / 6);
    produced += total / 6;
    await world.env.timers.sleep(10 + life * 17);
    await job.cancel();
  }
  const last = await start("killed", dir, { drain: true });
  await last.finished;
  check(await world.records("killed-out"), total);
});
