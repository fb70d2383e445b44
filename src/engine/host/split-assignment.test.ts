// Splits are shared out evenly, in a stable order, and never moved while a job runs.
import assert from "node:assert/strict";
import { test } from "node:test";
import { assignSplits } from "./split-assignment.ts";

const split = (id: string) => ({ id, data: null });
const named = (assigned: ReturnType<typeof assignSplits>) => assigned.map((splits) => splits.map(({ id }) => id));

test("splits go round in the order of their numbers, not of their text", () => {
  const splits = [10, 2, 1, 0].map((number) => split(`orders-${number}`));
  assert.deepEqual(named(assignSplits(splits, [0, 0])), [
    ["orders-0", "orders-2"],
    ["orders-1", "orders-10"],
  ]);
});

test("the order in which splits are discovered does not matter", () => {
  const splits = ["b-1", "a-2", "x", "a-1", "b-0"].map(split);
  assert.deepEqual(named(assignSplits(splits, [0, 0, 0])), named(assignSplits(splits.toReversed(), [0, 0, 0])));
});

test("new splits go to the subtasks that have fewest", () => {
  const assigned = named(assignSplits([split("n-7"), split("n-8"), split("n-9")], [3, 1, 2]));
  assert.deepEqual(assigned, [[], ["n-7", "n-8"], ["n-9"]]);
});
