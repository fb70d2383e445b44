// The line between clients and broker is shaken for as long as it is told (`npm run test:crash -- --rounds 20`): what was acknowledged is there
// once and in order, and after each healing an acknowledgement comes soon.
import assert from "node:assert/strict";
import { test } from "node:test";
import { percentile } from "../crash/machines.ts";
import { shake } from "./shaken-line.ts";

const SEED = Number(process.env["MILLRACE_SEED"] ?? 1);
const ROUNDS = Number(process.env["MILLRACE_ROUNDS"] ?? 5);
const MAX_RECOVERY_MS = 5000;

test(`${ROUNDS} rounds of eight faults on the line`, async () => {
  const { faults, acknowledged, operations, recoveriesMs, throughBlackHoles, problems } = await shake(ROUNDS, SEED);
  const slowest = Math.max(...recoveriesMs);
  console.log(
    `${faults} faults, ${operations} operations, ${acknowledged} acknowledged; first acknowledgement after healing: ` +
      `p50 ${percentile(recoveriesMs, 0.5).toFixed(0)} ms, slowest ${slowest.toFixed(0)} ms; seed ${SEED}`,
  );
  assert.deepEqual(problems, []);
  assert.equal(throughBlackHoles, 0);
  assert.ok(slowest <= MAX_RECOVERY_MS, `${slowest} ms`);
});
