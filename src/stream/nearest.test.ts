import assert from "node:assert/strict";
import { test } from "node:test";
import { editDistance, nearest } from "./nearest.ts";

test("a swap, a missing and a wrong letter are one edit each", () => {
  assert.equal(editDistance("tpoic", "topic"), 1);
  assert.equal(editDistance("topc", "topic"), 1);
  assert.equal(editDistance("tobic", "topic"), 1);
  assert.equal(editDistance("", "abc"), 3);
});

test("the nearest candidate is suggested, and none if nothing is near", () => {
  const commands = ["dev", "broker", "run", "topic", "job"];
  assert.equal(nearest("toipc", commands), "topic");
  assert.equal(nearest("brokr", commands), "broker");
  assert.equal(nearest("jbo", commands), "job");
  assert.equal(nearest("frobnicate", commands), undefined);
});
