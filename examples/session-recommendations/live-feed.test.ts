import assert from "node:assert/strict";
import { test } from "node:test";
import type { FeedRecord } from "../running/feed.ts";
import { LiveFeed } from "./live-feed.ts";
import type { Line } from "./topics.ts";

const source = { seed: 5, rate: 500, speed: 1_800 };

async function take(from: number, positions: number): Promise<FeedRecord[]> {
  const feed = new LiveFeed(source);
  await feed.seek(from);
  const records: FeedRecord[] = [];
  for (let i = 0; i < positions; i++) feed.next(records);
  return records;
}

test("a feed that goes on in the middle sends what an uninterrupted one would have sent", async () => {
  assert.deepEqual([...(await take(7_000, 500)), ...(await take(7_500, 500))], await take(7_000, 1_000));
});

test("some lines come twice, some are cancelled, some have no customer, and a few records are malformed", async () => {
  const records = await take(0, 40_000);
  const malformed = records.filter(({ value }) => !value.endsWith("}"));
  assert.equal(malformed.length, 8);
  const lines = records.filter(({ value }) => value.endsWith("}"));
  const parsed = lines.map(({ value }) => JSON.parse(value) as Line);
  const share = (n: number): number => n / lines.length;
  const twice = lines.length - new Set(lines.map(({ value }) => value)).size;
  assert.ok(share(twice) > 0.005 && share(twice) < 0.02, `${twice} lines twice`);
  assert.ok(share(parsed.filter((line) => line.quantity < 0).length) > 0.01);
  const unknown = share(parsed.filter((line) => line.customerId === undefined).length);
  assert.ok(unknown > 0.05 && unknown < 0.15, `${unknown} without a customer`);
});
