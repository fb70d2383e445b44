import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { firstFrame } from "./called-at.ts";
import { sha256Hex } from "./sha256.ts";

test("SHA-256 equals the platform's for every length around the block size", () => {
  for (const length of [0, 1, 3, 54, 55, 56, 57, 63, 64, 65, 119, 120, 127, 128, 129, 1000])
    for (const text of ["a".repeat(length), "é€".repeat(length)])
      assert.equal(sha256Hex(text), createHash("sha256").update(text).digest("hex"), `${length}`);
});

test("the first frame is found in all forms that V8 writes", () => {
  assert.equal(firstFrame("Error\n    at build (file:///a%20b/x.ts?v=2:12:5)\n    at y (z.ts:1:1)"), "/a b/x.ts:12");
  assert.equal(firstFrame("Error\n    at file:///a/x.ts:3:1"), "/a/x.ts:3");
  assert.equal(firstFrame("Error\n    at async f (/a/(b)/x.js:3:1)"), "/a/(b)/x.js:3");
  assert.equal(firstFrame("Error\n    at node:internal/x:3:1\n    at async /a/x.js:4:1"), "/a/x.js:4");
  assert.equal(firstFrame("Error"), undefined);
});
