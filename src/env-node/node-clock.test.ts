// Node's timers under the contract: cancelled ones stay silent, long ones do not overflow, sleeps can be aborted.
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { nodeClock, nodeTimers } from "./node-clock.ts";
import { nodeRandom } from "./node-random.ts";

test("a timer of zero fires soon but never at once, and a cancelled one never", async () => {
  const fired: string[] = [];
  const now = new Promise<void>((resolve) => {
    nodeTimers.after(0, () => {
      fired.push("now");
      resolve();
    });
  });
  nodeTimers.after(0, () => fired.push("cancelled")).cancel();
  nodeTimers.after(1, () => fired.push("cancelled")).cancel();
  assert.deepEqual(fired, []);
  await now;
  await nodeTimers.sleep(5);
  assert.deepEqual(fired, ["now"]);
});

test("a delay beyond 2^31 ms does not fire at once", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    let fired = 0;
    nodeTimers.after(2 ** 32, () => fired++);
    mock.timers.tick(2 ** 31 - 1);
    mock.timers.tick(2 ** 31 - 1);
    assert.equal(fired, 0);
    mock.timers.tick(2);
    assert.equal(fired, 1);
  } finally {
    mock.timers.reset();
  }
});

test("a sleep rejects with the signal's reason, before or during", async () => {
  await assert.rejects(nodeTimers.sleep(1e6, AbortSignal.abort(new Error("before"))), /before/);
  const controller = new AbortController();
  const sleep = nodeTimers.sleep(1e6, controller.signal);
  controller.abort(new Error("during"));
  await assert.rejects(sleep, /during/);
});

test("monotonic time does not go back, and random numbers keep their ranges", () => {
  const before = nodeClock.monotonicMs();
  for (let i = 0; i < 1000; i++) {
    const word = nodeRandom.uint32();
    const fraction = nodeRandom.float();
    assert.ok(Number.isInteger(word) && word >= 0 && word < 2 ** 32 && fraction >= 0 && fraction < 1);
  }
  assert.ok(nodeClock.monotonicMs() >= before);
  assert.equal(nodeRandom.bytes(33).length, 33);
});
