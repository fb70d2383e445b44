// Verdicts by the specification's word, where ajv, the oracle of the law beside, says something else.
import assert from "node:assert/strict";
import { test } from "node:test";
import { jsonSchemaValidator } from "./json-schema-validator.ts";

const DRAFTS = {
  7: "http://json-schema.org/draft-07/schema#",
  2019: "https://json-schema.org/draft/2019-09/schema",
  2020: "https://json-schema.org/draft/2020-12/schema",
} as const;

const CASES: readonly (readonly [what: string, draft: keyof typeof DRAFTS, schema: object, value: unknown, isValid: boolean])[] = [
  ["0.3 is a multiple of 0.1", 7, { multipleOf: 0.1 }, 0.3, true],
  ["0.35 is none of 0.1", 7, { multipleOf: 0.1 }, 0.35, false],
  ["an empty array contains nothing, whatever its items are", 7, { contains: false, items: [false] }, [], false],
  ["the same with prefixItems", 2020, { contains: true, prefixItems: [{}] }, [], false],
  ["2020: items that match contains are evaluated", 2020, { unevaluatedItems: false, contains: { type: "string" } }, ["a"], true],
  ["2020: the others are not", 2020, { unevaluatedItems: false, contains: { type: "string" } }, ["a", 0], false],
  ["2019: contains evaluates nothing", 2019, { unevaluatedItems: { type: "string" }, contains: { type: "number" } }, [0], false],
  ["an if without then counts for what is unevaluated", 2019, { if: { items: {} }, unevaluatedItems: false }, [0], true],
  ["unless it does not hold", 2019, { if: { items: { type: "string" } }, unevaluatedItems: false }, [0], false],
  ["a property named as something inherited is unevaluated, too", 2019, { unevaluatedProperties: false }, { toString: null }, false],
  ["and a pattern may evaluate it", 2019, { patternProperties: { "^to": {} }, unevaluatedProperties: false }, { toString: null }, true],
];

for (const [what, draft, schema, value, isValid] of CASES)
  test(`draft ${draft}: ${what}`, () => {
    assert.equal(jsonSchemaValidator({ $schema: DRAFTS[draft], ...schema })(value) === undefined, isValid);
  });
