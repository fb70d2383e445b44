// Quantiles of the newest requests.
import assert from "node:assert/strict";
import { test } from "node:test";
import { RequestTimes } from "./request-times.ts";

test("quantiles are of the newest requests, sum and count of all", () => {
  const times = new RequestTimes();
  assert.deepEqual(times.quantiles([0.5, 0.99]), [0, 0]);
  for (let i = 0; i < 5000; i++) times.note(1000);
  for (let i = 1; i <= 1024; i++) times.note(i);
  assert.deepEqual(times.quantiles([0, 0.5, 0.99, 1]), [1, 513, 1014, 1024]);
  assert.equal(times.count, 6024);
  assert.equal(times.totalMs, 5_000_000 + (1024 * 1025) / 2);
});
