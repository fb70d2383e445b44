// Spoiled frames by the ten thousand: no crash, no stall of the event loop, no growth of memory, no harm to others.
// `npm run test:crash -- --frames 2000000` for the whole siege.
import assert from "node:assert/strict";
import { test } from "node:test";
import { MAY_WAIT } from "./assail.ts";
import { MUTATIONS } from "./mutations.ts";
import { besiege } from "./siege.ts";

const SEED = Number(process.env["MILLRACE_SEED"] ?? 1);
const FRAMES = Number(process.env["MILLRACE_FRAMES"] ?? 40_000);
const MAX_STALL_MS = 50;
const MAX_GROWTH_MB = 64;

test(`${FRAMES} spoiled frames`, async () => {
  const began = performance.now();
  const { tally, before, after, exitCode, witnessed, witnessErrors, oldConnectionStands } = await besiege(FRAMES, SEED);
  const growthMb = after.mostRssMb - before.rssMb;
  const seconds = (performance.now() - began) / 1000;
  console.log(
    `${FRAMES} frames in ${seconds.toFixed(0)} s; longest stall ${after.stallMs.toFixed(1)} ms of CPU; memory ${before.rssMb.toFixed(0)} MB, ` +
      `at most + ${growthMb.toFixed(0)} MB; the witness wrote and read ${witnessed} records meanwhile`,
  );
  for (const mutation of MUTATIONS) {
    const count = (outcome: "answered" | "closed" | "silent"): number => tally[outcome].get(mutation) ?? 0;
    console.log(`  ${mutation}: ${count("answered")} answered, ${count("closed")} connections closed, ${count("silent")} waited`);
  }
  const told = (counts: ReadonlyMap<string, number>): string => [...counts].map(([api, times]) => `${api} ${times}`).join(", ") || "none";
  console.log(`  of those that waited: answered within seconds: ${told(tally.late)}; waiting on: ${told(tally.waiting)}`);
  assert.equal(exitCode, null);
  assert.deepEqual(witnessErrors, []);
  assert.ok(oldConnectionStands);
  assert.ok(after.stallMs < MAX_STALL_MS, `a stall of ${after.stallMs} ms`);
  assert.ok(growthMb < MAX_GROWTH_MB, `memory grew by ${growthMb} MB`);
  for (const [api, times] of tally.waiting) assert.ok(MAY_WAIT.has(api), `${times} requests named ${api} were not answered within seconds`);
});
