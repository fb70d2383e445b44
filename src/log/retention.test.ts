// Which segments go.
import assert from "node:assert/strict";
import { test } from "node:test";
import { expiredSegments } from "./retention.ts";

const segment = (
  nextOffset: number,
  maxTimestamp: number,
  sizeBytes = 100,
): { sizeBytes: number; nextOffset: number; maxTimestamp: number } => ({
  sizeBytes,
  nextOffset,
  maxTimestamp,
});
const log = [segment(10, 1_000), segment(20, 2_000), segment(30, 3_000)];
const forEver = { retentionMs: -1, retentionBytes: -1 };

test("without limits everything stays", () => {
  assert.equal(expiredSegments(log, forEver, 30, Number.MAX_SAFE_INTEGER), 0);
});

test("segments whose youngest record is too old go, up to the first that is not", () => {
  assert.equal(expiredSegments(log, { ...forEver, retentionMs: 500 }, 30, 1_500), 0);
  assert.equal(expiredSegments(log, { ...forEver, retentionMs: 500 }, 30, 2_600), 2);
  assert.equal(expiredSegments([segment(10, 9_000), segment(20, 1)], { ...forEver, retentionMs: 500 }, 20, 5_000), 0);
  assert.equal(expiredSegments(log, { ...forEver, retentionMs: 0 }, 30, 9_999), 3);
});

test("the oldest go while the rest is still large enough; the active one never goes by size", () => {
  assert.equal(expiredSegments(log, { ...forEver, retentionBytes: 300 }, 30, 0), 0);
  assert.equal(expiredSegments(log, { ...forEver, retentionBytes: 250 }, 30, 0), 0);
  assert.equal(expiredSegments(log, { ...forEver, retentionBytes: 200 }, 30, 0), 1);
  assert.equal(expiredSegments(log, { ...forEver, retentionBytes: 0 }, 30, 0), 2);
});

test("nothing goes that is not readable yet, and no empty segment", () => {
  assert.equal(expiredSegments(log, { ...forEver, retentionMs: 0 }, 19, 9_999), 1);
  assert.equal(expiredSegments([segment(0, -1, 0)], { ...forEver, retentionMs: 0 }, 0, 9_999), 0);
});
