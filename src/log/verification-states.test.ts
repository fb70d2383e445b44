// What the verification of a transactional batch leaves behind (KIP-890), one sentence each.
import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_VERIFICATIONS } from "./limits.ts";
import { VerificationStates } from "./verification-states.ts";

test("the lowest first sequence that a producer came with is remembered until one of its batches is appended", () => {
  const states = new VerificationStates();
  assert.equal(states.lowestSequence(7), Infinity);
  states.begin(7, 0, 2, false, 0);
  states.begin(7, 0, 0, false, 0);
  states.begin(7, 0, 5, false, 0);
  assert.equal(states.lowestSequence(7), 0);
  assert.equal(states.lowestSequence(8), Infinity);
  states.appended(7);
  assert.equal(states.lowestSequence(7), Infinity);
});

test("a newer epoch begins anew, an older one changes nothing", () => {
  const states = new VerificationStates();
  states.begin(7, 1, 0, false, 0);
  states.begin(7, 2, 6, false, 0);
  states.begin(7, 1, 3, false, 0);
  assert.equal(states.lowestSequence(7), 6);
});

test("the end of a transaction ends it, but not that of the next transaction of version 2, whose epoch the marker has already", () => {
  const states = new VerificationStates();
  states.begin(7, 1, 3, false, 0);
  states.ended(7, 1);
  assert.equal(states.lowestSequence(7), Infinity);
  states.begin(7, 1, 3, true, 0);
  states.ended(7, 1);
  assert.equal(states.lowestSequence(7), 3);
  states.ended(7, 2);
  assert.equal(states.lowestSequence(7), Infinity);
});

test("verifications that lead to nothing are forgotten, and there is a limit to their number", () => {
  const states = new VerificationStates();
  states.begin(1, 0, 4, false, 100);
  states.begin(2, 0, 4, false, 200);
  states.expire(200);
  assert.equal(states.lowestSequence(1), Infinity);
  assert.equal(states.lowestSequence(2), 4);
  for (let id = 10; id < 10 + MAX_VERIFICATIONS; id++) states.begin(id, 0, 1, false, 300);
  assert.equal(states.lowestSequence(2), Infinity);
  assert.equal(states.lowestSequence(9 + MAX_VERIFICATIONS), 1);
});
