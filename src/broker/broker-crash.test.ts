// The whole broker on a simulated machine, driven by a client over a simulated network, losing power at every operation on its disk:
// what a producer, a transaction or a group was told is there when it comes back, and what was aborted never shows.
import assert from "node:assert/strict";
import { it } from "node:test";
import { KafkaClient } from "../client/client.ts";
import type { Env } from "../env/env.ts";
import { crashAtEveryOperation } from "../testing/simulation/crash-at-every-operation.ts";
import { startBroker } from "./broker.ts";

const PORT = 9092;
const seed = Number(process.env["MILLRACE_SEED"] ?? 7);

type Promised =
  | { readonly kind: "record"; readonly value: string; readonly offset: number }
  | { readonly kind: "committed"; readonly values: readonly string[]; readonly groupOffset: number };

const options = { dataDir: "/data", port: PORT, durability: "disk" as const };

async function workload(env: Env, ack: (promise: Promised) => void): Promise<void> {
  const broker = await startBroker(env, options);
  const client = new KafkaClient(env, { brokers: broker.bootstrapServers });
  const producer = client.producer();
  for (const value of ["a", "b", "c"]) {
    const { offset } = await producer.send({ topic: "plain", value });
    ack({ kind: "record", value, offset });
  }
  await producer.close();
  const transactional = client.producer({ transactionalId: "txn", transactionTimeoutMs: 5000 });
  for (const [round, commit] of [true, false, true].entries()) {
    await transactional.beginTransaction();
    const values = [`${round}-x`, `${round}-y`].map((value) => (commit ? value : `aborted ${value}`));
    await Promise.all(values.map((value) => transactional.send({ topic: "exact", value })));
    await transactional.sendOffsets([{ topic: "plain", partition: 0, offset: round + 1 }], "group");
    if (commit) await transactional.commitTransaction();
    else await transactional.abortTransaction();
    if (commit) ack({ kind: "committed", values, groupOffset: round + 1 });
  }
  await client.close();
  await broker.close();
}

async function verify(env: Env, promised: readonly Promised[]): Promise<void> {
  const broker = await startBroker(env, options);
  const client = new KafkaClient(env, { brokers: broker.bootstrapServers });
  try {
    const plain = await readAll(env, client, "plain");
    const exact = await readAll(env, client, "exact");
    assert.ok(
      exact.every(({ value }) => !value.startsWith("aborted")),
      "an aborted record shows",
    );
    for (const promise of promised) {
      if (promise.kind === "record") {
        assert.ok(
          plain.some(({ value, offset }) => value === promise.value && offset === promise.offset),
          `acknowledged record ${promise.value} is lost`,
        );
      } else {
        for (const value of promise.values)
          assert.equal(exact.filter((record) => record.value === value).length, 1, `committed record ${value}`);
        const committed = await client.admin().groupOffsets("group");
        assert.ok((committed.find(({ topic }) => topic === "plain")?.offset ?? -1) >= promise.groupOffset, "a committed offset is lost");
      }
    }
  } finally {
    await client.close();
    await broker.close();
  }
}

interface Read {
  readonly value: string;
  readonly offset: number;
}

/** Everything a read_committed consumer gets; over when nothing came for a while of virtual time. */
async function readAll(env: Env, client: KafkaClient, topic: string): Promise<Read[]> {
  const known = await client.admin().listTopics();
  if (!known.some(({ name }) => name === topic)) return [];
  const consumer = client.consumer();
  const quiet = new AbortController();
  const read: Read[] = [];
  await consumer.assign([{ topic, partition: 0, offset: "earliest" }]);
  let timer = env.timers.after(2000, () => quiet.abort());
  try {
    for await (const batch of consumer.batches({ signal: quiet.signal })) {
      for (const { value, offset } of batch.records) read.push({ value: new TextDecoder().decode(value!), offset });
      timer.cancel();
      timer = env.timers.after(2000, () => quiet.abort());
    }
  } catch (error) {
    if (!quiet.signal.aborted) throw error;
  }
  await consumer.close();
  return read;
}

it("keeps every promise through a power cut at any operation on its disk", async () => {
  const report = await crashAtEveryOperation<Promised>({ seed, workload, verify, outcomes: 1 });
  assert.ok(report.crashes > 100, `only ${report.crashes} crashes`);
});
