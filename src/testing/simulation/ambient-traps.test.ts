// Code under simulation that asks Node itself is caught; the same code outside is not, and tests may ask.
import assert from "node:assert/strict";
import { test } from "node:test";
import { busyWaitFor } from "./fixtures/ambient-code.ts";
import { createSimulation } from "./simulation.ts";

for (const what of ["Date.now", "Math.random", "performance.now", "setTimeout", "setImmediate", "crypto.randomUUID"] as const) {
  test(`${what} throws while a simulation runs, and only then`, async () => {
    const simulation = createSimulation(1);
    await assert.rejects(
      simulation.run(async () => busyWaitFor(what)),
      (error: Error & { code?: string }) =>
        error.code === "AMBIENT" && error.message.includes(what) && error.message.includes("ambient-code.ts"),
    );
    busyWaitFor(what);
  });
}

test("tests may look at the real clock while a simulation runs", async () => {
  const simulation = createSimulation(1);
  assert.ok((await simulation.run(async () => Date.now())) > 0);
});

test("a frozen wall clock stands still, then shows the right time again", async () => {
  const simulation = createSimulation(1);
  const { clock, timers } = simulation.env();
  await simulation.run(async () => {
    const before = clock.now();
    const thaw = simulation.clock.freezeWallClock();
    await timers.sleep(500);
    assert.equal(clock.now(), before);
    assert.equal(clock.monotonicMs(), 500);
    simulation.clock.jumpWallClock(-100);
    assert.equal(clock.now(), before - 100);
    thaw();
    assert.equal(clock.now(), before + 400);
  });
});
