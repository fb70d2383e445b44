// Both ways to find what former runs left open: the broker's list, and the search through the ids for brokers that have none.
import assert from "node:assert/strict";
import { test } from "node:test";
import { abortLeftovers, searchIds } from "../abort-leftovers.ts";
import { kafkaWorld } from "./kafka-world.ts";

const world = kafkaWorld({ "num.partitions": "1" });
const ids = ["0/0", "0/1", "1/0", "2/0"];

async function leaveOpen(topic: string): Promise<string> {
  await world.createTopic(topic);
  const prefix = `${topic}/`;
  for (const id of ids) {
    const producer = world.client.producer({ transactionalId: prefix + id });
    await producer.beginTransaction();
    await producer.send({ topic, value: id });
    await producer.close({ transaction: "leave" });
  }
  return prefix;
}

async function readableFrom(topic: string): Promise<number[]> {
  const query = [{ topic, partition: 0, at: "latest" as const }];
  const [committed] = await world.client.admin().listOffsets(query, { isolation: "read_committed" });
  const [all] = await world.client.admin().listOffsets(query, { isolation: "read_uncommitted" });
  return [committed!.offset, all!.offset];
}

for (const [name, find] of [
  ["the broker's list", abortLeftovers],
  ["a search", searchIds],
] as const)
  test(`what was left open is found by ${name} and aborted, but for what the checkpoint names`, async () => {
    const topic = `left-${find.name}`;
    const prefix = await leaveOpen(topic);
    const settings = { prefix, timeoutMs: 60_000, keep: new Set([`${prefix}1/0`]) };
    await find(world.client, settings);
    // Records 0, 1, 3 and their markers; record 2 is the checkpoint's.
    assert.deepEqual(await readableFrom(topic), [2, 7]);
    await find(world.client, { ...settings, keep: new Set() });
    assert.deepEqual(await readableFrom(topic), [8, 8]);
  });

test("a search makes no more than a few ids known, however often it is repeated", async () => {
  const prefix = await leaveOpen("again");
  const known = async () =>
    (await world.client.admin().listTransactions()).filter((each) => each.transactionalId.startsWith(prefix)).length;
  const settings = { prefix, timeoutMs: 60_000, keep: new Set<string>() };
  for (let run = 0; run < 12; run++) await searchIds(world.client, settings);
  const settled = await known();
  await searchIds(world.client, settings);
  assert.equal(await known(), settled);
  assert.ok(settled <= 48, `${settled} ids`);
});

test("ids of another operator whose name begins alike are left alone", async () => {
  await leaveOpen("op");
  await abortLeftovers(world.client, { prefix: "o", timeoutMs: 60_000, keep: new Set() });
  assert.deepEqual(await readableFrom("op"), [0, 4]);
});
