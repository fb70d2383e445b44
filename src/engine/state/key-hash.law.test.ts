import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { canonicalBytes, keyOfBytes } from "./canonical-key.ts";
import { hashCanonical, hashOfKey } from "./key-hash.ts";

const seed = Number(process.env["MILLRACE_SEED"] ?? Date.now() % 1e9);
const check = <T>(property: fc.IProperty<T>): void => fc.assert(property, { seed, numRuns: 500 });

const simple = fc.oneof(
  fc.double({ noNaN: true }),
  fc.maxSafeInteger(),
  fc.integer(),
  fc.string({ unit: "binary" }),
  fc.string(),
  fc.boolean(),
  fc.bigInt(),
);
const keys = fc.oneof(simple, fc.array(simple, { maxLength: 4 }), fc.array(fc.array(simple, { maxLength: 3 }), { maxLength: 3 }));

/** −0 is 0; everything else is itself. */
const normal = (key: unknown): unknown => (Array.isArray(key) ? key.map(normal) : typeof key === "number" ? key + 0 : key);

test("the fast paths give the hash of the canonical bytes", () => {
  check(fc.property(keys, (key) => assert.equal(hashOfKey(key), hashCanonical(canonicalBytes(key)))));
});

test("canonical bytes give the key back, so different keys have different bytes", () => {
  check(fc.property(keys, (key) => assert.deepEqual(keyOfBytes(canonicalBytes(key)), normal(key))));
});

test("equal numbers have equal bytes, however they were computed", () => {
  check(fc.property(fc.maxSafeInteger(), (n) => assert.deepEqual(canonicalBytes(n / 2 + n / 2), canonicalBytes(n))));
});
