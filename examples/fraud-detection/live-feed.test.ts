import assert from "node:assert/strict";
import { test } from "node:test";
import type { FeedRecord } from "../running/feed.ts";
import { LiveFeed } from "./live-feed.ts";
import type { Label, Transaction } from "./topics.ts";

const DAY = 86_400_000;
const options = { seed: 7, rate: 500, speed: 3600 };
/** Laying its map out takes half a second. */
const shared = new LiveFeed(options);

function take(feed: LiveFeed, positions: number): FeedRecord[] {
  const records: FeedRecord[] = [];
  for (let i = 0; i < positions; i++) feed.next(records);
  return records;
}

test("a feed that goes on in the middle sends what an uninterrupted one would have sent", async () => {
  const whole = take(await at(89_000), 2_000);
  const before = take(await at(89_000), 1_000);
  const after = take(await at(90_000, new LiveFeed(options)), 1_000);
  assert.deepEqual([...before, ...after], whole);
});

async function at(position: number, feed = shared): Promise<LiveFeed> {
  await feed.seek(position);
  return feed;
}

test("another seed gives other traffic", async () => {
  assert.notDeepEqual(take(await at(0), 10), take(new LiveFeed({ ...options, seed: 8 }), 10));
});

test("about 0.8 % of the transactions are fraud once terminals and cards have been compromised for a while", () => {
  const from = 12_000 * 40;
  let frauds = 0;
  for (let i = 0; i < 60_000; i++) if (shared.transaction(from + i).fraud) frauds++;
  assert.ok(frauds / 60_000 > 0.005 && frauds / 60_000 < 0.012, `${frauds} of 60,000`);
});

test("transactions are at most 30 seconds out of order, about 1 % come twice, and a few are malformed", async () => {
  const records = take(await at(100_000), 20_000).filter((record) => record.topic === "transactions");
  let newest = 0;
  let malformed = 0;
  const seen = new Set<string>();
  let duplicates = 0;
  for (const { value } of records) {
    if (!value.endsWith("}")) {
      malformed++;
      assert.throws(() => JSON.parse(value));
      continue;
    }
    const { at: time, transactionId } = JSON.parse(value) as Transaction;
    newest = Math.max(newest, time);
    assert.ok(newest - time <= 30_000 + (options.speed / options.rate) * 3_000 + 1000);
    assert.equal(time % 1000, 0);
    if (seen.has(transactionId)) duplicates++;
    seen.add(transactionId);
  }
  assert.equal(malformed, 4);
  assert.ok(duplicates > 120 && duplicates < 280, `${duplicates} duplicates`);
});

test("every fraud gets one label, seven days later, and labels come in time order", async () => {
  const first = 12_000 * 20;
  const feed = await at(first + 12_000 * 7);
  const labels = take(feed, 12_000)
    .filter((record) => record.topic === "labels")
    .map((record) => JSON.parse(record.value) as Label);
  const frauds = labels.filter((label) => label.kind === "fraud");
  assert.equal(new Set(frauds.map((label) => label.transactionId)).size, frauds.length);
  for (const label of frauds) {
    assert.equal(label.knownAt - label.transactionAt, 7 * DAY);
    assert.ok(feed.transaction(Number(label.transactionId.slice(3))).fraud);
  }
  let expected = 0;
  for (let i = first; i < first + 12_000; i++) if (feed.transaction(i).fraud) expected++;
  assert.ok(Math.abs(expected - frauds.length) <= 2, `${frauds.length} labels for ${expected} frauds of the same day`);
  const marks = labels.filter((label) => label.kind === "complete").map((label) => label.knownAt);
  assert.deepEqual(
    marks,
    marks.toSorted((a, b) => a - b),
  );
  assert.ok(marks.length >= 280);
});
