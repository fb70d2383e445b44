// Spoiled frames cost their own connection and nothing else. The crash lane sends more of them, and measures.
import assert from "node:assert/strict";
import { test } from "node:test";
import { MAY_WAIT } from "./assail.ts";
import { MUTATIONS } from "./mutations.ts";
import { besiege } from "./siege.ts";

const SEED = Number(process.env["MILLRACE_SEED"] ?? 1);
const FRAMES = 2600;

test("a broker answers or hangs up on spoiled frames of every kind, and everybody else goes on", async () => {
  const { tally, exitCode, witnessed, witnessErrors, oldConnectionStands } = await besiege(FRAMES, SEED);
  assert.equal(exitCode, null, "the broker lives");
  assert.deepEqual(witnessErrors, []);
  assert.ok(witnessed > 0);
  assert.ok(oldConnectionStands);
  for (const mutation of MUTATIONS) assert.ok(tally.answered.has(mutation) || tally.closed.has(mutation), `${mutation} was tried`);
  for (const mutation of ["size-minus-one", "size-zero", "size-largest"] as const)
    assert.equal(tally.answered.get(mutation), undefined, `${mutation} closes the connection`);
  for (const [api, times] of tally.waiting) assert.ok(MAY_WAIT.has(api), `${times} requests named ${api} were not answered within seconds`);
});
