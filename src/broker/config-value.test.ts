import assert from "node:assert/strict";
import { test } from "node:test";
import { invalidValue, plainText } from "./config-value.ts";
import { topicConfigDefinition } from "./topic-config.ts";

test("values are told as they are understood, whatever they were written like", () => {
  const written = [
    ["long", " +07 ", "7"],
    ["long", "9223372036854775807", "9223372036854775807"],
    ["int", "-1", "-1"],
    ["boolean", "TRUE", "true"],
    ["double", "1", "1.0"],
    ["double", "0.50f", "0.5"],
    ["double", "0.5", "0.5"],
    ["list", " compact , delete,compact ", "compact,delete"],
    ["list", "", ""],
    ["string", " lz4 ", "lz4"],
  ] as const;
  for (const [type, value, told] of written) assert.equal(plainText(type, value), told);
});

test("throttled replicas are pairs, or all, beside which may be nothing but empty elements", () => {
  const definition = topicConfigDefinition("leader.replication.throttled.replicas")!;
  for (const value of ["", "0:1", "0:1,2:3", "*", "*,", ",*"]) assert.equal(invalidValue(definition, value), undefined, value);
  for (const value of ["x", "0:1,x", "0:1,*x", "*,1:2", "*,*", "none"]) assert.notEqual(invalidValue(definition, value), undefined, value);
});
