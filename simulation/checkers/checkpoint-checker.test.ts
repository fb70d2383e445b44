// The checker of checkpoints accepts the right states and names every planted mistake.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkCheckpoints, CHECKPOINT_RULES, type CheckpointState, type KeyState, type SeenRow } from "./checkpoint-checker.ts";
import type { InputRecord } from "./pipeline-rows.ts";
import { recompute } from "./recompute.ts";

const RULES = { windowMs: 500, timerMs: 250, sessionGapMs: 60, pairMs: 100 };
const EVERY = 25;

const input: InputRecord[] = Array.from({ length: 100 }, (_, id) => ({
  partition: id % 2,
  offset: id >> 1,
  id,
  key: `k${id % 8}`,
  amount: id * 7,
  at: id * 10,
}));

/** After each 25 records; durable at ten times their number, seen one later. */
function right(): { checkpoints: CheckpointState[]; seen: SeenRow[] } {
  const checkpoints = [1, 2, 3, 4].map((id): CheckpointState => {
    const covered = input.filter((record) => record.id < id * EVERY);
    const keys = new Map<string, KeyState>();
    for (const { key, count, sum, hash } of recompute(covered, RULES).sums) keys.set(key, { key, count, sum, hash });
    const positions = new Map([0, 1].map((partition) => [partition, covered.filter((record) => record.partition === partition).length]));
    return { id, positions, keys: [...keys.values()], durableAt: id * 10 };
  });
  return { checkpoints, seen: input.map(({ id }) => ({ id, at: (Math.floor(id / EVERY) + 1) * 10 + 1 })) };
}

const PLANTED: Readonly<Record<(typeof CHECKPOINT_RULES)[number], (draft: ReturnType<typeof right>) => void>> = {
  "state-missing": ({ checkpoints }) => (checkpoints[2] = { ...checkpoints[2]!, keys: checkpoints[2]!.keys.slice(1) }),
  "state-wrong": ({ checkpoints }) =>
    (checkpoints[1] = { ...checkpoints[1]!, keys: checkpoints[1]!.keys.map((state) => ({ ...state, hash: state.hash + 1 })) }),
  "state-unknown-key": ({ checkpoints }) =>
    (checkpoints[0] = { ...checkpoints[0]!, keys: [...checkpoints[0]!.keys, { key: "other", count: 1, sum: 1, hash: 1 }] }),
  "visible-before-durable": ({ seen }) => (seen[30] = { id: 30, at: 19 }),
};

test("it accepts the states that the records give, and rows that are seen after their checkpoint", () => {
  const { checkpoints, seen } = right();
  const anomalies = checkCheckpoints(input, checkpoints, seen);
  assert.ok(anomalies.isEmpty, String(anomalies));
});

for (const rule of CHECKPOINT_RULES)
  test(`it catches a planted ${rule}`, () => {
    const draft = right();
    PLANTED[rule](draft);
    assert.deepEqual(checkCheckpoints(input, draft.checkpoints, draft.seen).names, [rule]);
  });
