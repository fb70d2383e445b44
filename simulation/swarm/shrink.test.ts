// A failing run gets smaller and still fails.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { plantFault } from "../../src/env/planted-faults.ts";
import { runSeed } from "./run-seed.ts";
import { shrink } from "./shrink.ts";

const MAX_RUNS = 8;

after(() => plantFault(undefined));

test("a failing run is shrunk to a smaller one that fails too", async () => {
  plantFault("abort-marked-as-commit");
  const failed = await runSeed(1);
  assert.ok(failed.problems.length > 0);
  const { plan, problems } = await shrink(failed, MAX_RUNS);
  assert.ok(plan.safetyMs < failed.plan.safetyMs || plan.faults.length < failed.plan.faults.length);
  assert.deepEqual((await runSeed(1, plan)).problems, problems);
});
