// The queue against a sorted array.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { EventQueue } from "./event-queue.ts";
import type { SimEvent } from "./event-queue.ts";

const seed = process.env.MILLRACE_SEED === undefined ? {} : { seed: Number(process.env.MILLRACE_SEED) };
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("push" as const), at: fc.nat(20), keepsAlive: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("cancel" as const), which: fc.nat(100) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("pop" as const) }) },
);

test("events come out by time, equal times in the order they went in, cancelled ones never", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const queue = new EventQueue();
      let model: SimEvent[] = [];
      const all: SimEvent[] = [];
      for (const action of steps) {
        if (action.kind === "push") {
          const event = queue.push(action.at, "", () => undefined, action.keepsAlive);
          all.push(event);
          model.push(event);
        } else if (action.kind === "cancel") {
          const event = all[action.which % Math.max(1, all.length)];
          if (event !== undefined) queue.cancel(event);
          model = model.filter((other) => other !== event);
        } else {
          const expected = model.toSorted((left, right) => left.at - right.at || left.sequence - right.sequence)[0];
          const popped = queue.pop();
          assert.equal(popped, expected);
          if (popped !== undefined) popped.fire = undefined;
          model = model.filter((other) => other !== expected);
        }
        assert.equal(queue.size, model.length);
        assert.equal(queue.keepingAlive, model.filter((event) => event.keepsAlive).length);
      }
    }),
    seed,
  );
});
