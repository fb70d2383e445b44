// The example on a machine's temperatures with four labelled failures (Numenta Anomaly Benchmark, a folder beside the clone).
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { afterCheckpoints, committedRows, replay } from "../running/replay-process.ts";
import type { SensorResult } from "./board.ts";
import { RULES, type Reading } from "./topics.ts";

const NAB = fileURLToPath(new URL("../../../shared/data/nab/", import.meta.url));
const FILE = "realKnownCause/machine_temperature_system_failure.csv";
const folder = mkdtempSync(join(tmpdir(), "iot-reference-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const file = { example: "iot-monitoring", input: join(NAB, FILE) };

/** From all files, which are visible when their checkpoint is complete. */
function criticalReadings(data: string): string[] {
  const directory = join(data, "output", "critical-readings");
  const files = readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((name) => /^day=.*\.jsonl$/.test(name));
  return files.flatMap((name) => readFileSync(join(directory, name), "utf8").trim().split("\n")).toSorted();
}

test("the four failures of the machine are alerted, its hours are complete, and nothing is lost where its clock steps back", async () => {
  const data = join(folder, "whole");
  const { code, result, errors } = await replay<SensorResult>({ ...file, data });
  assert.equal(code, 0, errors);
  assert.equal(result!.events, 22_695);
  assert.deepEqual(result!.hours, { windows: 1_891, meanBelow60: 126, readings: 22_695 });

  const windows = JSON.parse(readFileSync(join(NAB, "combined_windows.json"), "utf8")) as Record<string, [string, string][]>;
  const times = result!.raised.map((line) => Date.parse(line.split(" ")[0]!));
  const utc = (text: string): number => Date.parse(`${text.replace(" ", "T").slice(0, 23)}Z`);
  const failures = windows[FILE]!.map(([from, until]) => times.filter((at) => at >= utc(from) && at <= utc(until)).length);
  assert.equal(failures.length, 4);
  assert.ok(
    failures.every((alerts) => alerts > 0),
    `alerts per failure: ${failures.join(", ")}`,
  );
  assert.ok(times.length <= 25, `${times.length} alerts in eleven weeks`);

  // The clock steps back by 55 minutes once: what then lies behind the watermark is told as late, and only that.
  const late = (await committedRows<Reading>(data, "late-readings")).flat();
  const stepBack = Date.UTC(2014, 0, 7, 2);
  assert.deepEqual(
    late.map(({ at }) => (at - stepBack) / 60_000),
    [0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50],
  );
  assert.equal(result!.late, 11);

  const readings = (await committedRows<Reading>(data, "readings")).flat();
  const unmistakable = readings.filter(({ celsius }) => celsius < RULES.cold.below || celsius > RULES.hot.above).map((row) => row.at);
  const critical = new Set(criticalReadings(data).map((line) => (JSON.parse(line) as Reading).at));
  const missing = unmistakable.filter((at) => !critical.has(at) && !late.some((row) => row.at === at));
  assert.deepEqual(missing, []);
});

test("killed in the middle, alerts, rollups and files are those of an uninterrupted run", async () => {
  const data = join(folder, "killed");
  // Eleven weeks in about ten seconds.
  const paced = { ...file, data, speed: 700_000 };
  for (const delayMs of [150, "in the next one"] as const)
    assert.equal((await replay<SensorResult>(paced, afterCheckpoints(data, 1, delayMs))).signal, "SIGKILL");
  const { result, restored } = await replay<SensorResult>({ ...file, data });
  assert.ok(restored[0]! >= 2);
  const whole = join(folder, "whole");
  assert.deepEqual(result!.hours, { windows: 1_891, meanBelow60: 126, readings: 22_695 });
  for (const topic of ["sensor-alerts", "readings-per-minute", "readings-per-hour", "late-readings"])
    assert.deepEqual(await committedRows(data, topic), await committedRows(whole, topic), topic);
  assert.deepEqual(criticalReadings(data), criticalReadings(whole));
});
