// The rules, one by one, and the rollups, on the real pipeline in virtual time.
import assert from "node:assert/strict";
import { test } from "node:test";
import { testPipeline } from "millrace/testing";
import pipeline from "./pipeline.ts";
import type { Reading, Rollup, SensorAlert } from "./topics.ts";

const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 1);
const reading = (minute: number, celsius: number, sensorId = "pump"): Reading => ({ sensorId, celsius, at: START + minute * MINUTE });

async function alertsOf(readings: readonly Reading[]): Promise<string[]> {
  const result = await testPipeline(pipeline, { readings }, { parallelism: [1, 2], crashAt: 0.5, shuffleWithin: "30s" });
  return (result.output("alerts") as SensorAlert[])
    .toSorted((a, b) => a.at - b.at)
    .map(({ kind, at }) => `${(at - START) / MINUTE} ${kind}`)
    .filter((line) => !line.endsWith(" silent") || Number(line.split(" ")[0]) < 1_000);
}
/** Keeps the pump's silence after its last reading out of the way. */
const END = [reading(2_000, 80)];

test("too hot begins above 105 and ends below 100, once each, however often the readings cross the line", async () => {
  const heat = [80, 104, 106, 104, 101, 106, 103, 99, 104, 103].map((celsius, i) => reading(i, celsius));
  assert.deepEqual((await alertsOf(heat)).slice(0, 2), ["2 too-hot", "7 well-again"]);
});

test("too cold begins below 55 and ends above 70", async () => {
  const cooling = [80, 60, 54, 60, 69, 54, 71, 60].map((celsius, i) => reading(i, celsius));
  assert.deepEqual((await alertsOf(cooling)).slice(0, 2), ["2 too-cold", "6 well-again"]);
});

test("thirty minutes without a reading are silence, told once; the next reading ends it", async () => {
  const readings = [reading(0, 80), reading(29, 81), reading(100, 82), reading(101, 83), ...END];
  assert.deepEqual((await alertsOf(readings)).slice(0, 4), ["59 silent", "100 back", "131 silent", "2000 back"]);
});

test("the same value for two hours is stuck, told once", async () => {
  const stuck = Array.from({ length: 30 }, (_, i) => reading(i * 10, i < 20 ? 77.5 : 78));
  assert.deepEqual(
    (await alertsOf(stuck)).filter((line) => line.endsWith("stuck")),
    ["120 stuck"],
  );
});

test("rollups of a second, a minute and an hour hold every reading, those behind the alerts' watermark too", async () => {
  const readings = [reading(0, 80), reading(0.2, 82), reading(50, 90), reading(3, 70), reading(61, 60), ...END];
  const result = await testPipeline(pipeline, { readings });
  const hours = (result.output("hours") as Rollup[]).map(({ from, readings: n, total, low, high }) => [
    (from - START) / MINUTE,
    n,
    total,
    low,
    high,
  ]);
  assert.deepEqual(hours.slice(0, 2), [
    [0, 4, 322, 70, 90],
    [60, 1, 60, 60, 60],
  ]);
  const minutes = (result.output("minutes") as Rollup[]).map(({ from, readings: n }) => [(from - START) / MINUTE, n]);
  assert.deepEqual(minutes.slice(0, 3), [
    [0, 2],
    [3, 1],
    [50, 1],
  ]);
  assert.deepEqual(
    (result.output("late") as Reading[]).map(({ at }) => (at - START) / MINUTE),
    [3],
  );
});
