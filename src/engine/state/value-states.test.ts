import assert from "node:assert/strict";
import { test } from "node:test";
import { KeyedStore } from "./keyed-store.ts";
import { hashOfKey } from "./key-hash.ts";
import type { NumberState } from "./value-states.ts";

const NUMBER = { kind: "value", name: "number", value: { kind: "double" }, ttl: undefined } as const;

function storeOfNumbers(): { store: KeyedStore; state: NumberState; at: (key: unknown) => void } {
  const store = new KeyedStore([NUMBER], 2);
  const at = (key: unknown): void => store.select(key, hashOfKey(key));
  return { store, state: store.handles[0] as NumberState, at };
}

test("a number state tells NaN from no value, and a cleared one from both", () => {
  const { store, state, at } = storeOfNumbers();
  at("key");
  assert.equal(state.get(), undefined);
  for (const value of [NaN, 0, NaN, -0, 7]) {
    state.set(value);
    assert.equal(state.get(), value);
    assert.equal(store.table.references[store.id], 1, "a value counts once, however often it is set");
  }
  state.set(NaN);
  state.clear();
  assert.equal(state.get(), undefined);
  assert.equal(store.table.references[store.id], 0);
});

test("a key that is given back leaves nothing to the next one with its id, before and after the table has grown", () => {
  const { store, state, at } = storeOfNumbers();
  for (let round = 0; round < 300; round++) {
    at(round);
    assert.equal(state.get(), undefined);
    state.set(round % 3 === 0 ? NaN : round);
    store.done();
    if (round % 2 === 0) continue;
    at(round);
    assert.equal(state.get(), round % 3 === 0 ? NaN : round);
    state.clear();
    store.done();
  }
});
