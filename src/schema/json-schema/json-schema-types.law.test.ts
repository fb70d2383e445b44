// Types through JSON Schema: every type comes back from its own, in both drafts.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { anyRecord, anyType } from "../fixtures/arbitrary-types.ts";
import { jsonSchemaToType } from "./json-schema-to-type.ts";
import { parseJsonSchema } from "./json-schema-document.ts";
import { jsonSchemaOf } from "./type-to-json-schema.ts";

const seed = process.env["MILLRACE_SEED"] === undefined ? {} : { seed: Number(process.env["MILLRACE_SEED"]) };

test("a type's own JSON Schema gives the type back", () => {
  fc.assert(
    fc.property(fc.oneof(anyType, anyRecord), fc.constantFrom("draft-07" as const, "draft-2020-12" as const), ({ type }, draft) => {
      const text = JSON.stringify(jsonSchemaOf(type, draft));
      parseJsonSchema(text);
      assert.deepEqual(jsonSchemaToType(JSON.parse(text)), type);
    }),
    { numRuns: 300, ...seed },
  );
});
