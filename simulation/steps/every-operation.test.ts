// Every operation of a log's and of a job's story times every fault: some of the points here, others with each seed; all of them with
// `npm run simulate:steps`.
import assert from "node:assert/strict";
import { test } from "node:test";
import { describeReport, faultAtEveryOperation } from "../../src/testing/simulation/fault-at-every-operation.ts";
import { jobStory } from "./job-story.ts";
import { logStory } from "./log-story.ts";

const SEED = Number(process.env["MILLRACE_SEED"] ?? 5);
const POINTS = 20;
const share = (points: number) => ({ of: Math.ceil(points / POINTS), part: SEED % Math.ceil(points / POINTS) });

test("a log loses, repeats and reorders nothing, whatever its disk does at any of its operations", async (context) => {
  const story = logStory(SEED);
  const report = await faultAtEveryOperation(story, share(4000));
  context.diagnostic(`${story.scripted} operations of the script; ${describeReport(report)}`);
  assert.ok(story.scripted >= 300);
  assert.equal(report.tried, report.operations, "no operation is skipped");
});

test("an exactly-once job and its broker, killed at any operation, once or twice, write every row once and in order", async (context) => {
  const report = await faultAtEveryOperation(jobStory(SEED), share(1300));
  context.diagnostic(describeReport(report));
  assert.ok(report.tried > 200, `only ${report.tried} operations were tried`);
});
