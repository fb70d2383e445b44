// The place of a failure is the user's: frames of this package, of Node and of other packages stand before it in a stack and are passed by.
import assert from "node:assert/strict";
import { test } from "node:test";
import { userFrame } from "./user-frame.ts";

const own = new URL("../subtask/chain-runtime.ts", import.meta.url).href;

for (const [what, lines, place] of [
  ["a named function", ["at check (file:///home/ann/jobs/card.ts:14:33)", `at run (${own}:1:2)`], "/home/ann/jobs/card.ts:14:33"],
  ["no name", ["at file:///home/ann/jobs/card.ts:14:33"], "/home/ann/jobs/card.ts:14:33"],
  ["an async function", ["at async ask (file:///home/ann/a%20b/card.ts:2:3)"], "/home/ann/a b/card.ts:2:3"],
  ["a reloaded module", ["at Object.onElement (file:///home/ann/card.ts?version=3:14:33)"], "/home/ann/card.ts:14:33"],
  ["a plain path", ["at check (/home/ann/card.js:4:5)"], "/home/ann/card.js:4:5"],
  ["frames of ours first", [`at emit (${own}:10:5)`, "at onElement (file:///home/ann/card.ts:9:1)"], "/home/ann/card.ts:9:1"],
  [
    "Node's and a package's first",
    ["at JSON.parse (<anonymous>)", "at node:fs:1:2", "at f (file:///p/node_modules/x/i.js:1:1)", "at g (file:///p/a.ts:2:2)"],
    "/p/a.ts:2:2",
  ],
  ["generated loops", ["at run (millrace/job/0/0/1/loop-0:3:4)", "at f (file:///p/a.ts:2:2)"], "/p/a.ts:2:2"],
  ["only ours", [`at emit (${own}:10:5)`], undefined],
] as const)
  test(`the user's frame, with ${what}`, () => {
    assert.equal(userFrame(["RangeError: seven (of 9:1:1)", ...lines.map((line) => `    ${line}`)].join("\n")), place);
  });

test("an error without a stack has no place", () => assert.equal(userFrame(undefined), undefined));
