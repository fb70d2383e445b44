// Types through .proto text: every type comes back from the text that it is registered with.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { anyRecord, anyType } from "../fixtures/arbitrary-types.ts";
import { protoToType } from "./proto-to-type.ts";
import { typeToProto } from "./type-to-proto.ts";

const seed = process.env["MILLRACE_SEED"] === undefined ? {} : { seed: Number(process.env["MILLRACE_SEED"]) };

test("a type's own .proto text gives the type back", () => {
  fc.assert(
    fc.property(fc.oneof(anyType, anyRecord), ({ type }) => {
      assert.deepEqual(protoToType(typeToProto(type)), type);
    }),
    { numRuns: 200, ...seed },
  );
});
