import assert from "node:assert/strict";
import { test } from "node:test";
import type { FeedRecord } from "../running/feed.ts";
import { LiveFeed } from "./live-feed.ts";

const source = { seed: 3, rate: 400, speed: 60 };

async function take(from: number, positions: number): Promise<FeedRecord[]> {
  const feed = new LiveFeed(source);
  await feed.seek(from);
  const records: FeedRecord[] = [];
  for (let i = 0; i < positions; i++) feed.next(records);
  return records;
}

test("a feed that goes on in the middle sends what an uninterrupted one would have sent", async () => {
  assert.deepEqual([...(await take(5_000, 500)), ...(await take(5_500, 500))], await take(5_000, 1_000));
});

test("within a day every kind of incident happens to some sensor, and most sensors are well", () => {
  const feed = new LiveFeed(source);
  const kinds: Record<string, number> = {};
  for (let hour = 0; hour < 24; hour++)
    for (let sensor = 0; sensor < 100; sensor++) {
      const { kind } = feed.incident(sensor, Date.UTC(2026, 0, 1, hour));
      kinds[kind] = (kinds[kind] ?? 0) + 1;
    }
  assert.deepEqual(Object.keys(kinds).toSorted(), ["cold", "hot", "none", "silent", "stuck"]);
  assert.ok(kinds["none"]! > 1_500);
});

test("a few records are malformed, and a silent sensor sends nothing", async () => {
  const records = await take(0, 20_000);
  assert.equal(records.filter(({ value }) => !value.endsWith("}")).length, 4);
  assert.ok(records.length > 15_000 && records.length < 20_000, `${records.length} records`);
});
