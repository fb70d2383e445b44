// A queue behaves as an array does whose elements are pushed, shifted and popped.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Fifo } from "./fifo.ts";

const seed = process.env["MILLRACE_SEED"];
const options = { numRuns: 300, ...(seed === undefined ? {} : { seed: Number(seed) }) };

type Step = { readonly kind: "push"; readonly count: number } | { readonly kind: "shift" | "pop"; readonly count: number };

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom("push" as const, "push" as const, "shift" as const, "shift" as const, "pop" as const),
  count: fc.oneof({ weight: 20, arbitrary: fc.integer({ min: 1, max: 9 }) }, fc.constant(1500)),
});

test("a queue holds what an array would", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const queue = new Fifo<number>();
      const model: number[] = [];
      let next = 0;
      for (const { kind, count } of steps) {
        for (let i = 0; i < count; i++) {
          if (kind === "push") {
            queue.push(next);
            model.push(next++);
          } else assert.equal(queue[kind](), model[kind]());
        }
        assert.equal(queue.length, model.length);
        assert.equal(queue.first(), model[0]);
        assert.equal(queue.last(), model.at(-1));
        const all = Array.from({ length: model.length + 2 }, (_, i) => queue.at(i));
        assert.deepEqual(all, [...model, undefined, undefined]);
      }
    }),
    options,
  );
});
