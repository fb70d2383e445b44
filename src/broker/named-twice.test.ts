import assert from "node:assert/strict";
import { test } from "node:test";
import { namedTwice } from "./named-twice.ts";

test("each name that comes more than once is told once, in the order in which it came again", () => {
  assert.deepEqual([...namedTwice(["a", "b", "c", "b", "a", "b", "__proto__"])], ["b", "a"]);
  assert.deepEqual([...namedTwice([])], []);
});

test("half a million names, each twice, take no minutes", () => {
  const names = Array.from({ length: 500_000 }, (_, n) => `topic-${n % 250_000}`);
  assert.equal(namedTwice(names).size, 250_000);
});
