// The validator walks over schemas; ajv, which compiles them, is the oracle: random schemas of three drafts, random values, one verdict. And what
// topics register is taken by a strict ajv without formats, with every value that our encoder writes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Ajv } from "ajv";
import { Ajv2019 } from "ajv/dist/2019.js";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { anyRecord, valueOf } from "../fixtures/arbitrary-types.ts";
import { encodeJson } from "../json/encoder.ts";
import { jsonSchemaValidator } from "./json-schema-validator.ts";
import { jsonSchemaText } from "./type-to-json-schema.ts";

const seed = process.env["MILLRACE_SEED"] === undefined ? {} : { seed: Number(process.env["MILLRACE_SEED"]) };

// ajv knows no field of the name __proto__.
const name = fc.constantFrom("a", "b", "ab", "toString");
const scalar = fc.oneof(
  fc.constantFrom(null, true, false, 0, 1, 2, -1, 1.5, 0.3, 0.1, "", "a", "b", "ab", "😀", "abc"),
  fc.integer({ min: -5, max: 20 }),
);
function objectOf<T>(of: fc.Arbitrary<T>, maxKeys = 3): fc.Arbitrary<object> {
  return fc.uniqueArray(fc.tuple(name, of), { selector: ([key]) => key, maxLength: maxKeys }).map((pairs) => Object.fromEntries(pairs));
}
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof({ maxDepth: 3, withCrossShrink: true }, scalar, fc.array(tie("value"), { maxLength: 3 }), objectOf(tie("value"))),
}));

const number = fc.constantFrom(0, 1, 2, 3, 0.1, 0.5, -1);
const step = fc.constantFrom(1, 2, 0.1, 0.5, 3);
const count = fc.integer({ min: 0, max: 3 });
const type = fc.constantFrom("string", "number", "integer", "boolean", "null", "object", "array");
const pattern = fc.constantFrom("^a", "b$", "^[ab]*$", ".", "^.$");

/** Of one draft: keywords that it has. "definitions" and "$defs" are the root's, so that references have somewhere to go. */
function schemas(draft: 7 | 2019 | 2020): fc.Arbitrary<object> {
  const place = draft === 7 ? "definitions" : "$defs";
  const references = fc.constantFrom("#", `#/${place}/x`, `#/${place}/y`);
  const { schema } = fc.letrec<{ schema: object | boolean }>((tie) => {
    const sub = tie("schema");
    const list = fc.array(sub, { minLength: 1, maxLength: 3 });
    const keywords: Record<string, fc.Arbitrary<unknown>> = {
      type: fc.oneof(type, fc.uniqueArray(type, { minLength: 1, maxLength: 3 })),
      enum: fc.uniqueArray(value, { minLength: 1, maxLength: 3, comparator: (a, b) => JSON.stringify(a) === JSON.stringify(b) }),
      const: value,
      minimum: number,
      maximum: number,
      exclusiveMinimum: number,
      exclusiveMaximum: number,
      multipleOf: step,
      minLength: count,
      maxLength: count,
      pattern,
      minItems: count,
      maxItems: count,
      uniqueItems: fc.boolean(),
      contains: sub,
      minProperties: count,
      maxProperties: count,
      required: fc.uniqueArray(name, { maxLength: 2 }),
      properties: objectOf(sub),
      patternProperties: fc.dictionary(pattern, sub, { maxKeys: 2, noNullPrototype: true }),
      additionalProperties: sub,
      propertyNames: sub,
      allOf: list,
      anyOf: list,
      oneOf: list,
      not: sub,
      ...Object.fromEntries(["if", "then", "else"].map((keyword) => [keyword, sub])),
      ...(draft === 7 ? { items: fc.oneof(sub, list), additionalItems: sub } : {}),
      ...(draft === 2019 ? { items: fc.oneof(sub, list), additionalItems: sub } : {}),
      ...(draft === 2020 ? { items: sub, prefixItems: list } : {}),
      ...(draft >= 2019
        ? {
            dependentRequired: fc.dictionary(name, fc.uniqueArray(name, { maxLength: 2 }), { maxKeys: 2, noNullPrototype: true }),
            dependentSchemas: objectOf(sub, 2),
            minContains: count,
            maxContains: count,
            unevaluatedProperties: sub,
            unevaluatedItems: sub,
          }
        : { dependencies: objectOf(fc.oneof(sub, fc.uniqueArray(name, { maxLength: 2 })), 2) }),
    };
    const some = fc.uniqueArray(fc.constantFrom(...Object.keys(keywords)), { minLength: 1, maxLength: 4 });
    const node = some.chain((chosen) => fc.record(Object.fromEntries(chosen.map((each) => [each, keywords[each]!]))).map(whole));
    return {
      schema: fc.oneof(
        { maxDepth: 3, withCrossShrink: true },
        fc.boolean(),
        { weight: 4, arbitrary: node },
        references.map(($ref) => ({ $ref })),
      ),
    };
  });
  const isObject = (each: object | boolean): each is object => typeof each === "object";
  const flat = fc.constantFrom<object>({ type: "string" }, { minimum: 1 }, { type: "object", required: ["a"] }, { maxItems: 1 });
  return fc.tuple(schema.filter(isObject), flat, flat).map(([root, x, y]) => ({ ...root, [place]: { x, y } }));
}

interface Given {
  readonly contains?: unknown;
  readonly items?: unknown;
  readonly prefixItems?: unknown;
  readonly then?: unknown;
  readonly else?: unknown;
}

/**
 * Where ajv is not what the specification says (json-schema-validator.test.ts has those cases): it ignores an "if" that nothing follows,
 * though that counts for what is unevaluated, and it does not ask "contains" of an empty array beside a list of items.
 */
function whole(schema: Given): object {
  const { contains, ...rest } = schema;
  const asked = Array.isArray(schema.items) || schema.prefixItems !== undefined || contains === undefined ? rest : schema;
  return "if" in asked && isNothing(asked.then) && isNothing(asked.else) ? { ...asked, else: { minProperties: 0 } } : asked;
}

function isNothing(schema: unknown): boolean {
  return schema === undefined || schema === true || JSON.stringify(schema) === "{}";
}

/** It takes all items for evaluated by "contains", and what an object inherits for evaluated properties. */
function isBeyondAjv(schema: object, values: readonly unknown[]): boolean {
  const text = JSON.stringify(schema);
  if (text.includes('"contains"') && text.includes('"unevaluatedItems"')) return true;
  return text.includes('"unevaluatedProperties"') && JSON.stringify(values).includes('"toString"');
}

const drafts = [
  [7, Ajv, "http://json-schema.org/draft-07/schema#"],
  [2019, Ajv2019, "https://json-schema.org/draft/2019-09/schema"],
  [2020, Ajv2020, "https://json-schema.org/draft/2020-12/schema"],
] as const;

/** Its multiples are those of floating point; ours are exact: 0.3 is one of 0.1. */
const AJV_OPTIONS = {
  strict: false,
  ownProperties: true,
  validateFormats: false,
  logger: false,
  validateSchema: false,
  multipleOfPrecision: 9,
} as const;

for (const [draft, Oracle, $schema] of drafts)
  test(`draft ${draft}: the verdict is ajv's`, () => {
    let accepted = 0;
    let refused = 0;
    fc.assert(
      fc.property(schemas(draft), fc.array(value, { minLength: 1, maxLength: 6 }), (given, values) => {
        if (isBeyondAjv(given, values)) return;
        const schema = { $schema, ...given };
        let oracle: (value: unknown) => unknown;
        try {
          oracle = new Oracle(AJV_OPTIONS).compile(schema);
        } catch {
          return; // what ajv cannot compile
        }
        const mine = jsonSchemaValidator(schema);
        for (const each of values) {
          let expected: boolean;
          try {
            expected = oracle(each) as boolean;
          } catch {
            continue; // a reference that leads round in a circle
          }
          const failure = mine(each);
          if (failure?.reason.includes("levels deep") === true) continue;
          assert.equal(failure === undefined, expected, `${JSON.stringify(each)}: ${failure?.path} ${failure?.reason}`);
          if (expected) accepted++;
          else refused++;
        }
      }),
      { numRuns: 100, ...seed },
    );
    assert.ok(accepted > 20 && refused > 20, `${accepted} accepted, ${refused} refused`);
  });

test("what topics register is taken by a strict ajv without formats, with all that the encoder writes", () => {
  const strict = new Ajv({ ownProperties: true });
  fc.assert(
    fc.property(
      anyRecord.chain((schema) => fc.tuple(fc.constant(schema), valueOf(schema.type))),
      ([{ type: of }, row]) => {
        const text = jsonSchemaText(of);
        fc.pre(!text.includes("__proto__") && !text.includes("a-fA-F")); // values of uuid fields are any texts here
        const document: unknown = JSON.parse(new TextDecoder().decode(encodeJson(of, row)));
        const validate = strict.compile(JSON.parse(text) as object);
        assert.ok(validate(document), JSON.stringify([validate.errors, text, document]));
        assert.equal(jsonSchemaValidator(JSON.parse(text))(document), undefined);
      },
    ),
    { numRuns: 60, ...seed },
  );
});
