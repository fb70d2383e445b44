// Quantiles of the newest samples.
import assert from "node:assert/strict";
import { test } from "node:test";
import { NewestSamples } from "./newest-samples.ts";

test("quantiles are of the newest samples, sum and count of all", () => {
  const samples = new NewestSamples();
  assert.deepEqual(samples.quantiles([0.5, 0.99]), [0, 0]);
  for (let i = 0; i < 5000; i++) samples.note(1000);
  for (let i = 1; i <= 1024; i++) samples.note(i);
  assert.deepEqual(samples.quantiles([0, 0.5, 0.99, 1]), [1, 513, 1014, 1024]);
  assert.equal(samples.count, 6024);
  assert.equal(samples.total, 5_000_000 + (1024 * 1025) / 2);
});
