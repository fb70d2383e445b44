// Restart delays as Flink counts them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { decideRestart, EXPONENTIAL_DELAY, NO_RESTARTS } from "./restart-strategy.ts";
import type { RestartHistory, RestartStrategy } from "./restart-strategy.ts";

/** Delays of failures at these times; undefined: no restart. */
function delays(strategy: RestartStrategy, times: readonly number[], jitter = 0.5): (number | undefined)[] {
  let history: RestartHistory = NO_RESTARTS;
  return times.map((now) => {
    const decision = decideRestart(strategy, history, now, jitter);
    if (!decision.restart) return undefined;
    history = decision.history;
    return decision.delayMs;
  });
}

test("exponential delay grows by half from a second to a minute", () => {
  const grown = delays(
    EXPONENTIAL_DELAY,
    Array.from({ length: 14 }, (_, i) => i * 100),
  );
  assert.deepEqual(grown.slice(0, 4), [1000, 1500, 2250, 3375]);
  assert.equal(grown.at(-1), 60_000);
});

test("exponential delay starts over after an hour without a failure", () => {
  assert.deepEqual(delays(EXPONENTIAL_DELAY, [0, 1000, 1000 + 1500 + 3_600_000]), [1000, 1500, 1000]);
});

test("jitter moves the delay by a tenth and does not accumulate", () => {
  assert.deepEqual(delays(EXPONENTIAL_DELAY, [0, 1], 0), [900, 1350]);
  assert.deepEqual(delays(EXPONENTIAL_DELAY, [0, 1], 1), [1100, 1650]);
});

test("exponential delay gives up after its attempts in a row", () => {
  assert.deepEqual(delays({ ...EXPONENTIAL_DELAY, attempts: 2 } as RestartStrategy, [0, 1, 2]), [1000, 1500, undefined]);
});

test("fixed delay allows a number of restarts, failure rate a number per interval, none nothing", () => {
  assert.deepEqual(delays({ kind: "fixed-delay", attempts: 2, delayMs: 7 }, [0, 1, 2]), [7, 7, undefined]);
  const rate: RestartStrategy = { kind: "failure-rate", failures: 2, intervalMs: 1000, delayMs: 5 };
  assert.deepEqual(delays(rate, [0, 500, 1001, 1002]), [5, 5, 5, undefined]);
  assert.deepEqual(delays({ kind: "none" }, [0]), [undefined]);
});
