// Which committed offsets expire when (KIP-211, KIP-496), one sentence each.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ZERO_UUID } from "../../../protocol/primitives.ts";
import { classicExpiry, consumerExpiry, isExpired, type OffsetExpiry } from "./offset-expiry.ts";
import { newGroup, type GroupState } from "./state.ts";

const RETENTION = 1000;
const committed = { offset: 1, leaderEpoch: 0, metadata: "", committedAt: 500, expiresAt: -1, topicId: ZERO_UUID };
const group = (change: Partial<GroupState>): GroupState => ({ ...newGroup("g", 0), protocolType: "consumer", ...change });

/** The first moment at which an offset of the topic is over; undefined: none. */
function end(expiry: OffsetExpiry | undefined, topic = "t", offset = committed): number | undefined {
  if (expiry === undefined) return undefined;
  for (let now = 0; now <= 10_000; now += 100) if (isExpired(expiry, topic, offset, now, RETENTION)) return now;
  return undefined;
}

test("offsets that were committed without a group live from their commit", () => {
  assert.equal(end(classicExpiry(undefined)), 1500);
  assert.equal(end(classicExpiry(newGroup("g", 7000))), 1500);
});

test("those of an empty group live from the moment at which it became empty", () => {
  assert.equal(end(classicExpiry(group({ phaseSince: 3000, subscribed: new Set() }))), 4000);
});

test("a stable group of consumers keeps what it reads, and loses the rest", () => {
  const state = group({ phase: "Stable", phaseSince: 9000, subscribed: new Set(["t"]) });
  assert.equal(end(classicExpiry(state), "t"), undefined);
  assert.equal(end(classicExpiry(state), "u"), 1500);
});

test("nothing of a group expires while it rebalances, is none of consumers, or does not tell what it reads", () => {
  const subscribed = new Set(["t"]);
  assert.equal(end(classicExpiry(group({ phase: "PreparingRebalance", subscribed })), "u"), undefined);
  assert.equal(end(classicExpiry(group({ phase: "Stable", protocolType: "connect" })), "u"), undefined);
  assert.equal(end(classicExpiry(group({ phase: "Stable", subscribed: undefined })), "u"), undefined);
});

test("a group of the consumer protocol loses what it does not read, empty or not, from the commit on", () => {
  assert.equal(end(consumerExpiry(new Set(["t"])), "t"), undefined);
  assert.equal(end(consumerExpiry(new Set(["t"])), "u"), 1500);
  assert.equal(end(consumerExpiry(new Set())), 1500);
});

test("a time that the client asked for holds instead", () => {
  assert.equal(end(classicExpiry(undefined), "t", { ...committed, expiresAt: 700 }), 700);
});
