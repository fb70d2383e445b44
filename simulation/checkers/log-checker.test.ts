// The log checker finds nothing in correct histories, every planted fault by its name, and is quick.
import assert from "node:assert/strict";
import { test } from "node:test";
import { correctHistory } from "./correct-history.ts";
import { checkLog, LOG_RULES } from "./log-checker.ts";
import { plant, PLANTED } from "./planted-histories.ts";

const OPERATIONS = 1_000_000;
const DEADLINE_MS = 60_000;

test("it finds nothing in correct histories", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const anomalies = checkLog(correctHistory(5000, seed).operations);
    assert.ok(anomalies.isEmpty, `seed ${seed}: ${anomalies}`);
  }
});

test("there is a planted history for every rule", () => {
  assert.deepEqual(Object.keys(PLANTED).sort(), [...LOG_RULES].sort());
});

for (const rule of LOG_RULES)
  test(`it catches a planted ${rule}`, () => {
    const { operations } = correctHistory(20_000, 5);
    plant(rule, operations);
    const anomalies = checkLog(operations);
    assert.ok(anomalies.found.has(rule), `found only: ${anomalies.names.join(", ")}`);
  });

test("it judges a million operations within a minute", () => {
  const { operations } = correctHistory(OPERATIONS, 3);
  const begin = process.hrtime.bigint();
  const anomalies = checkLog(operations);
  const tookMs = Number(process.hrtime.bigint() - begin) / 1e6;
  assert.ok(anomalies.isEmpty, String(anomalies));
  assert.ok(operations.length >= OPERATIONS);
  assert.ok(tookMs < DEADLINE_MS, `${tookMs} ms`);
});
