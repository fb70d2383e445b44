// A few runs of the whole system: nothing wrong, the same seed gives the same trace, and planted faults are found.
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { plantFault } from "../../src/env/planted-faults.ts";
import { runSeed } from "./run-seed.ts";

const SEED = Number(process.env["MILLRACE_SEED"] ?? 3);
const SEEDS = 4;

afterEach(() => plantFault(undefined));

for (let seed = SEED; seed < SEED + SEEDS; seed++)
  test(`seed ${seed} loses, repeats and reorders nothing and comes to its end`, async () => {
    const { problems, notes } = await runSeed(seed);
    assert.deepEqual(problems, [], notes.join("\n"));
  });

test("the same seed gives the same trace, another one another", async () => {
  const [first, again, other] = [await runSeed(SEED), await runSeed(SEED), await runSeed(SEED + 1)];
  assert.equal(again.traceHash, first.traceHash);
  assert.notEqual(other.traceHash, first.traceHash);
});

test("a broker without de-duplication is found", async () => {
  plantFault("no-deduplication");
  for (let seed = 1; seed <= 5; seed++) if ((await runSeed(seed)).problems.length > 0) return;
  assert.fail("five seeds found nothing");
});
