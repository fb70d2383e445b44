// The generator is what everything else is replayed from.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Prng } from "./prng.ts";

test("a seed gives one sequence for ever, and neighbours give others", () => {
  const first = (seed: number): number[] => {
    const random = new Prng(seed);
    return [random.uint32(), random.uint32(), random.uint32()];
  };
  assert.deepEqual(first(1), first(1));
  assert.notDeepEqual(first(1), first(2));
  assert.notDeepEqual(first(0), [0, 0, 0]);
});

test("a fork does not depend on how far its parent was drawn, and differs by its label", () => {
  const parent = new Prng(5);
  const before = parent.fork("a").uint32();
  parent.uint32();
  assert.equal(parent.fork("a").uint32(), before);
  assert.notEqual(parent.fork("b").uint32(), before);
});

test("numbers are uniform enough: each bit and each of sixteen ranges within four standard deviations", () => {
  const draws = 40_000;
  for (const seed of [1, 2, 3]) {
    const random = new Prng(seed);
    const bits = Array.from<number>({ length: 32 }).fill(0);
    const ranges = Array.from<number>({ length: 16 }).fill(0);
    for (let draw = 0; draw < draws; draw++) {
      const word = random.uint32();
      for (let bit = 0; bit < 32; bit++) bits[bit]! += (word >>> bit) & 1;
      ranges[random.integer(0, 15)]!++;
    }
    for (const count of bits) assert.ok(Math.abs(count - draws / 2) < 4 * Math.sqrt(draws / 4));
    for (const count of ranges) assert.ok(Math.abs(count - draws / 16) < 4 * Math.sqrt((draws / 16) * (15 / 16)));
  }
});
