// Every fault of the line once: nothing lost, nothing twice, in order, and clients that come back.
import assert from "node:assert/strict";
import { test } from "node:test";
import { FAULTS } from "./faulty-line.ts";
import { shake } from "./shaken-line.ts";

const SEED = Number(process.env["MILLRACE_SEED"] ?? 1);

test("producers and readers over a line with each of eight faults lose nothing and repeat nothing", async () => {
  const { faults, acknowledged, throughBlackHoles, problems } = await shake(1, SEED);
  assert.deepEqual(problems, []);
  assert.equal(throughBlackHoles, 0);
  assert.equal(faults, FAULTS.length);
  assert.ok(acknowledged > 0);
});
