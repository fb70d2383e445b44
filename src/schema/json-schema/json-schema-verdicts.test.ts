// Verdicts in both directions: can the second read what the first wrote (backward), and the first what the second wrote (forward)? With what
// Confluent's registry says where it says something, and with what the keyword means where that registry looks at nothing.
import assert from "node:assert/strict";
import { test } from "node:test";
import { jsonSchemaIncompatibilities } from "./json-schema-compatibility.ts";
import { parseJsonSchema, type SchemaDocument } from "./json-schema-document.ts";

const documentOf = (schema: unknown): SchemaDocument => ({ root: parseJsonSchema(JSON.stringify(schema)), others: new Map() });
const found = (reader: unknown, writer: unknown): string => {
  const [read, written] = [documentOf(reader), documentOf(writer)];
  const all = jsonSchemaIncompatibilities({ schema: read.root, document: read }, { schema: written.root, document: written }, false);
  return all.map(({ type, path }) => `${type} ${path}`).join(", ");
};

const S = { type: "string" };
const N = { type: "number" };
const I = { type: "integer" };
const B = { type: "boolean" };
const NONE = { type: "null" };
const ob = (properties: object, more: object = {}): object => ({ type: "object", properties, ...more });
const ar = (more: object = {}): object => ({ type: "array", ...more });
const CLOSED = { additionalProperties: false };
const D19 = { $schema: "https://json-schema.org/draft/2019-09/schema" };
const D20 = { $schema: "https://json-schema.org/draft/2020-12/schema" };
const D4 = { $schema: "http://json-schema.org/draft-04/schema#" };
const D7 = { $schema: "http://json-schema.org/draft-07/schema#" };
/** An object whose property p refers to a text (or `target`), with `beside` beside the reference. */
const refers = (beside: object, target: object = { type: "string" }): object => ({
  ...ob({ p: { $ref: "#/definitions/t", ...beside } }),
  definitions: { t: target },
});
const circle = (beside: object): object => ({ ...ob({ p: { $ref: "#/$defs/t" } }), $defs: { t: { $ref: "#/$defs/t", ...beside } } });
const D6 = { $schema: "http://json-schema.org/draft-06/schema#" };
const when = (condition: object, then: object, otherwise?: object): object =>
  Object.fromEntries(
    Object.entries({ if: condition, ["then" as string]: then, else: otherwise }).filter(([, schema]) => schema !== undefined),
  );
const PAYS = ob({ by: S });
const CARD = { properties: { by: { const: "card" } } };

/** `backward`, `forward`: "": compatible. */
const CASES: readonly (readonly [what: string, before: unknown, after: unknown, backward: string, forward: string])[] = [
  // products lose parts
  ["of two parts one is left", { allOf: [S, { maxLength: 5 }] }, S, "", "TYPE_CHANGED /"],
  ["of two parts another is left", { allOf: [S, { maxLength: 5 }] }, { type: "string", maxLength: 9 }, "", "TYPE_CHANGED /"],
  ["of two parts none is left", { allOf: [S, { maxLength: 5 }] }, N, "TYPE_CHANGED /", "TYPE_CHANGED /"],
  ["values and their type", { type: "string", enum: ["a"] }, S, "", "TYPE_CHANGED /"],
  [
    "an object and alternatives",
    { ...ob({ a: S }), oneOf: [{ required: ["a"] }, { maxProperties: 0 }] },
    ob({ a: S }),
    "",
    "TYPE_CHANGED /",
  ],
  ["an object and what it is not", { ...ob({ a: S }), not: { required: ["b"] } }, ob({ a: S }), "", "TYPE_CHANGED /"],
  ["alternatives are not parts", { anyOf: [S, N] }, S, "TYPE_CHANGED /", ""],
  ["alternatives that all fit", { anyOf: [I, N] }, N, "TYPE_CHANGED /", ""],
  // conditions
  ["a condition more", PAYS, { ...PAYS, ...when(CARD, { required: ["number"] }) }, "TYPE_CHANGED /", ""],
  ["a condition alone", {}, when(CARD, ob({})), "TYPE_CHANGED /", ""],
  [
    "a condition asks for more",
    when(CARD, { required: ["number"] }),
    when(CARD, { required: ["number"], minProperties: 2 }),
    "MIN_PROPERTIES_ADDED /then/minProperties",
    "",
  ],
  ["another condition", when(CARD, ob({})), when({ required: ["by"] }, ob({})), "CONDITION_CHANGED /if", "CONDITION_CHANGED /if"],
  ["a condition asks otherwise, too", when(CARD, ob({})), when(CARD, ob({}), ob({}, { maxProperties: 1 })), "TYPE_CHANGED /else", ""],
  ["a condition without consequences", S, { ...S, if: { maxLength: 3 } }, "", ""],
  ["a condition before draft 7 says nothing", { ...D6, ...S }, { ...D6, ...S, ...when({ maxLength: 3 }, { pattern: "a" }) }, "", ""],
  // contains
  ["an item that must be there", ar(), ar({ contains: S }), "MIN_CONTAINS_ADDED /minContains", ""],
  ["another item that must be there", ar({ contains: S }), ar({ contains: N }), "TYPE_CHANGED /contains", "TYPE_CHANGED /contains"],
  ["the item that must be there widened", ar({ contains: I }), ar({ contains: N }), "", "TYPE_NARROWED /contains"],
  ["an item that need not be there", ar(), ar({ contains: S, minContains: 0 }), "", ""],
  ["at least two of them", ar({ contains: S }), ar({ contains: S, minContains: 2 }), "MIN_CONTAINS_INCREASED /minContains", ""],
  ["one said aloud", ar({ contains: S }), ar({ contains: S, minContains: 1 }), "", ""],
  ["at most two of them", ar({ contains: S }), ar({ contains: S, maxContains: 2 }), "MAX_CONTAINS_ADDED /maxContains", ""],
  // names
  ["names restricted", ob({}), ob({}, { propertyNames: { maxLength: 3 } }), "PROPERTY_NAMES_ADDED /propertyNames", ""],
  ["names that are not restricted", ob({}), ob({}, { propertyNames: {} }), "", ""],
  [
    "names restricted more",
    ob({}, { propertyNames: { maxLength: 9 } }),
    ob({}, { propertyNames: { maxLength: 3 } }),
    "MAX_LENGTH_DECREASED /propertyNames/maxLength",
    "",
  ],
  // patterns
  [
    "a pattern more, open",
    ob({ a: S }),
    ob({ a: S }, { patternProperties: { "^x": N } }),
    "PATTERN_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL /patternProperties/^x",
    "",
  ],
  [
    "a pattern more, closed",
    ob({ a: S }, CLOSED),
    ob({ a: S }, { ...CLOSED, patternProperties: { "^x": N } }),
    "",
    "PATTERN_PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL /patternProperties/^x",
  ],
  [
    "a pattern more that a named property does not follow",
    ob({ x1: S }, CLOSED),
    ob({ x1: S }, { ...CLOSED, patternProperties: { "^x": N } }),
    "TYPE_CHANGED /patternProperties/^x",
    "PATTERN_PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL /patternProperties/^x",
  ],
  [
    "a pattern more, partially open",
    ob({}, { additionalProperties: I }),
    ob({}, { additionalProperties: I, patternProperties: { "^x": N } }),
    "",
    "TYPE_NARROWED /patternProperties/^x",
  ],
  [
    "a pattern's schema widened",
    ob({}, { patternProperties: { "^x": I } }),
    ob({}, { patternProperties: { "^x": N } }),
    "",
    "TYPE_NARROWED /patternProperties/^x",
  ],
  ["a pattern that allows everything", ob({}), ob({}, { patternProperties: { "^x": {} } }), "", ""],
  [
    "an empty schema beside is a schema",
    ob({}),
    ob({}, { additionalProperties: {} }),
    "ADDITIONAL_PROPERTIES_NARROWED /additionalProperties",
    "",
  ],
  // dependencies
  [
    "a dependency on other properties",
    ob({}, { dependencies: { a: ["b"] } }),
    ob({}, { dependencies: { a: ["c"] } }),
    "DEPENDENCY_ARRAY_CHANGED /dependencies/a",
    "DEPENDENCY_ARRAY_CHANGED /dependencies/a",
  ],
  [
    "names and a schema for one property",
    ob({}, { dependentRequired: { a: ["b"] } }),
    ob({}, { dependentRequired: { a: ["b"] }, dependentSchemas: { a: ob({ c: S }) } }),
    "DEPENDENCY_SCHEMA_ADDED /dependencies/a",
    "",
  ],
  [
    "names for one property beside its schema",
    ob({}, { dependentSchemas: { a: ob({ c: S }) } }),
    ob({}, { dependentRequired: { a: ["b"] }, dependentSchemas: { a: ob({ c: S }) } }),
    "DEPENDENCY_ARRAY_ADDED /dependencies/a",
    "",
  ],
  ["the old keyword becomes the new", ob({}, { dependencies: { a: ["b"] } }), ob({}, { dependentRequired: { a: ["b"] } }), "", ""],
  // references
  [
    "2020-12: what stands beside a reference counts",
    { ...D20, $ref: "#/$defs/a", $defs: { a: S } },
    { ...D20, $ref: "#/$defs/a", maxLength: 5, $defs: { a: S } },
    "TYPE_CHANGED /",
    "",
  ],
  [
    "2019-09: narrower beside a reference",
    { ...D19, $ref: "#/$defs/a", maxLength: 9, $defs: { a: S } },
    { ...D19, $ref: "#/$defs/a", maxLength: 5, $defs: { a: S } },
    "COMBINED_TYPE_SUBSCHEMAS_CHANGED /",
    "",
  ],
  ["draft 7: it does not", { $ref: "#/$defs/a", $defs: { a: S } }, { $ref: "#/$defs/a", maxLength: 5, $defs: { a: S } }, "", ""],
  ["a title beside a reference", { ...D20, ...S }, { ...D20, $ref: "#/$defs/a", title: "A", $defs: { a: S } }, "", ""],
  [
    "a recursive reference",
    { ...D19, ...ob({ next: { $recursiveRef: "#" } }, CLOSED) },
    { ...D19, ...ob({ next: { $recursiveRef: "#" }, v: S }, CLOSED) },
    "",
    "PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL /properties/v",
  ],
  [
    "a dynamic reference",
    { ...D20, ...ob({ a: { $dynamicRef: "#x" } }), $defs: { x: { $dynamicAnchor: "x", ...I } } },
    { ...D20, ...ob({ a: { $dynamicRef: "#x" } }), $defs: { x: { $dynamicAnchor: "x", ...N } } },
    "",
    "TYPE_NARROWED /properties/a",
  ],
  // alternatives
  ["a type may be nothing, too", S, { type: ["string", "null"] }, "", "TYPE_CHANGED /"],
  ["nullable by alternatives", { type: ["string", "null"] }, { oneOf: [NONE, S] }, "COMBINED_TYPE_CHANGED /", ""],
  ["alternatives by position do not count", { oneOf: [S, N, B] }, { oneOf: [B, S, N] }, "", ""],
  [
    "each alternative needs one of its own",
    {
      oneOf: [
        { ...S, maxLength: 3 },
        { ...S, maxLength: 5 },
      ],
    },
    { oneOf: [S, B] },
    "COMBINED_TYPE_SUBSCHEMAS_CHANGED /",
    "COMBINED_TYPE_SUBSCHEMAS_CHANGED /",
  ],
  [
    "tagged alternatives, one more",
    { oneOf: [ob({ k: { const: "a" } }, CLOSED)] },
    { oneOf: [ob({ k: { const: "a" } }, CLOSED), ob({ k: { const: "b" } }, CLOSED)] },
    "",
    "SUM_TYPE_NARROWED /",
  ],
  ["anyOf of one part becomes allOf of it", { anyOf: [S] }, { allOf: [S] }, "", ""],
  // objects
  [
    "required and new, closed, with a default",
    ob({}, CLOSED),
    ob({ a: { ...S, default: "" } }, { ...CLOSED, required: ["a"] }),
    "",
    "PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL /properties/a",
  ],
  ["required, and named nowhere", ob({}), ob({}, { required: ["a"] }), "", ""],
  ["a default gone, still required", ob({ a: { ...S, default: "" } }, { required: ["a"] }), ob({ a: S }, { required: ["a"] }), "", ""],
  [
    "opened, and a property less",
    ob({ a: S }, CLOSED),
    ob({}),
    "",
    "OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL /properties/a, ADDITIONAL_PROPERTIES_REMOVED /additionalProperties",
  ],
  ["without a type, with properties", { properties: { a: S } }, ob({ a: S }), "", ""],
  // numbers and texts
  [
    "a limit in another form",
    { ...N, maximum: 10 },
    { ...N, exclusiveMaximum: 11 },
    "EXCLUSIVE_MAXIMUM_ADDED /exclusiveMaximum",
    "MAXIMUM_ADDED /maximum",
  ],
  ["the same number written otherwise", { ...N, maximum: 10 }, JSON.parse('{"type":"number","maximum":10.0}'), "", ""],
  ["parts of a step", { ...N, multipleOf: 0.5 }, { ...N, multipleOf: 0.25 }, "", "MULTIPLE_OF_EXPANDED /multipleOf"],
  ["a format is a remark", S, { ...S, format: "date-time" }, "", ""],
  // what stands beside a type and is none of it is another part of a product
  ["limits of another type", S, { ...S, minimum: 3 }, "TYPE_CHANGED /", ""],
  ["limits of another type, of which one changes", { ...S, minimum: 3 }, { ...S, minimum: 4 }, "COMBINED_TYPE_SUBSCHEMAS_CHANGED /", ""],
  ["properties beside a text", S, { ...S, properties: { a: N } }, "TYPE_CHANGED /", ""],
  ["a format beside a number", I, { ...I, format: "int64" }, "TYPE_CHANGED /", ""],
  ["a format beside a number becomes another", { ...I, format: "int32" }, { ...I, format: "int64" }, "", ""],
  ["since draft 2019-09 a format is a remark", { ...D20, ...I }, { ...D20, ...I, format: "int64" }, "", ""],
  ["a format without a type is a text's", {}, { format: "email" }, "TYPE_CHANGED /", ""],
  // references: up to draft 7 what stands beside them does not count
  ["a limit beside a reference", refers({}), refers({ maxLength: 3 }), "", ""],
  ["another type beside a reference", refers({ type: "string" }), refers({ type: "number" }), "", ""],
  ["draft 4: a limit beside a reference", { ...D4, ...refers({}) }, { ...D4, ...refers({ maxLength: 3 }) }, "", ""],
  ["draft 4: properties beside a reference", { ...D4, ...refers({}) }, { ...D4, ...refers({ properties: { a: S } }) }, "", ""],
  ["draft 6: a limit beside a reference", { ...D6, ...refers({}) }, { ...D6, ...refers({ maxLength: 3 }) }, "", ""],
  ["since draft 2019-09 it counts", { ...D19, ...refers({}) }, { ...D19, ...refers({ maxLength: 3 }) }, "TYPE_CHANGED /properties/p", ""],
  [
    "what is referred to counts in every draft",
    { ...D4, ...refers({}) },
    { ...D4, ...refers({}, { ...S, maxLength: 3 }) },
    "MAX_LENGTH_ADDED /properties/p/maxLength",
    "",
  ],
  [
    "a default beside a reference is none",
    refers({}),
    { ...refers({ default: "x" }), required: ["p"] },
    "REQUIRED_ATTRIBUTE_ADDED /required/p",
    "",
  ],
  ["since draft 2019-09 it is one", { ...D20, ...refers({}) }, { ...D20, ...refers({ default: "x" }), required: ["p"] }, "", ""],
  // a reference that leads round to itself, with something beside it
  ["in a circle with a type", { ...D20, ...circle(S) }, { ...D20, ...circle(S) }, "", ""],
  [
    "in a circle with another type",
    { ...D20, ...circle(S) },
    { ...D20, ...circle(N) },
    "COMBINED_TYPE_SUBSCHEMAS_CHANGED /properties/p",
    "COMBINED_TYPE_SUBSCHEMAS_CHANGED /properties/p",
  ],
  // keywords that a draft does not know
  ["draft 7: unevaluatedProperties", { ...D7, ...ob({}) }, { ...D7, ...ob({}, { unevaluatedProperties: false }) }, "", ""],
  ["draft 7: prefixItems", { ...D7, ...ar() }, { ...D7, ...ar({ prefixItems: [S] }) }, "", ""],
  ["draft 4: contains", { ...D4, ...ar() }, { ...D4, ...ar({ contains: S }) }, "", ""],
  ["draft 4: propertyNames", { ...D4, ...ob({}) }, { ...D4, ...ob({}, { propertyNames: { maxLength: 3 } }) }, "", ""],
  ["no additional items beside one schema for all", ar({ items: S }), ar({ items: S, additionalItems: false }), "", ""],
  // learnt beside Confluent's own rules
  ["2020-12: no properties at all say nothing", { ...D20 }, { ...D20, properties: {} }, "", ""],
  ["2019-09: no patterns at all say nothing", { ...D19, ...S }, { ...D19, ...S, patternProperties: {} }, "", ""],
  ["up to draft 7 they say object", { ...D7 }, { ...D7, properties: {} }, "TYPE_CHANGED /", ""],
  ["2020-12: maxContains without contains is of no type", { ...D20, ...B }, { ...D20, ...B, maxContains: 2 }, "", ""],
  ["2020-12: minContains without contains is of no type", { ...D20, ...B }, { ...D20, ...B, minContains: 2 }, "", ""],
  ["2020-12: contains beside another type is a part", { ...D20, ...B }, { ...D20, ...B, contains: S }, "TYPE_CHANGED /", ""],
  ["2020-12: items that may be anything", { ...D20, ...ar() }, { ...D20, ...ar({ items: true }) }, "", ""],
  [
    "draft 7: items that may be anything are a schema more",
    { ...D7, ...ar() },
    { ...D7, ...ar({ items: true }) },
    "SCHEMA_ADDED /items",
    "",
  ],
  [
    "2020-12: alternatives that differ in their format count once",
    {
      ...D20,
      anyOf: [
        { ...S, format: "date" },
        { ...S, format: "email" },
      ],
    },
    { ...D20, anyOf: [S] },
    "",
    "",
  ],
  [
    "draft 7: alternatives that differ in their format",
    {
      ...D7,
      anyOf: [
        { ...S, format: "date" },
        { ...S, format: "email" },
      ],
    },
    { ...D7, anyOf: [S] },
    "SUM_TYPE_NARROWED /",
    "",
  ],
  [
    "2020-12: what stands side by side in a part of allOf are parts of it",
    { ...D20, allOf: [{ ...S, enum: ["a", "b"] }, { minLength: 1 }] },
    { ...D20, allOf: [S, { enum: ["a", "b"] }, { minLength: 1 }] },
    "",
    "",
  ],
  [
    "2020-12: a reference and what stands beside it in a part of allOf",
    { ...D20, allOf: [{ $ref: "#/$defs/t", enum: ["a"] }], $defs: { t: S } },
    { ...D20, allOf: [{ $ref: "#/$defs/t" }], $defs: { t: S } },
    "",
    "PRODUCT_TYPE_EXTENDED /",
  ],
  [
    "a condition said in another way",
    when({ required: ["by"], title: "t" }, ob({ by: S })),
    when({ title: "u", required: ["by"] }, ob({ by: S })),
    "",
    "",
  ],
  ["a condition that holds more often", when({ minimum: 5 }, I), when({ minimum: 3 }, I), "CONDITION_CHANGED /if", "CONDITION_CHANGED /if"],
];

for (const [what, before, after, backward, forward] of CASES) {
  test(`${what}: backward ${backward || "compatible"}`, () => assert.equal(found(after, before), backward));
  test(`${what}: forward ${forward || "compatible"}`, () => assert.equal(found(before, after), forward));
}

/** Each of `count` types holds one of all of them. */
const knot = (count: number, type: string): object => {
  const names = Array.from({ length: count }, (_, i) => `d${i}`);
  const next = { oneOf: names.map((name) => ({ $ref: `#/$defs/${name}` })) };
  return {
    $ref: "#/$defs/d0",
    $defs: Object.fromEntries(names.map((name, i) => [name, ob({ k: { const: i }, v: { type }, next }, CLOSED)])),
  };
};

test("types that all hold each other are compared pair by pair, not way by way", () => {
  assert.equal(found(knot(12, "number"), knot(12, "integer")), "");
  assert.match(found(knot(12, "integer"), knot(12, "number")), /^TYPE_NARROWED \/properties\/v, COMBINED_TYPE_SUBSCHEMAS_CHANGED /);
});

test("what relied on a pair that turned out not to fit does not fit either", () => {
  const person = (v: object): object => ob({ home: { $ref: "#/$defs/home" }, v }, CLOSED);
  const home = ob({ owner: { $ref: "#/$defs/person" } }, CLOSED);
  const writer = { $ref: "#/$defs/person", $defs: { person: person(S), home } };
  const ways = [{ $ref: "#/$defs/person" }, { $ref: "#/$defs/other" }];
  // The other one would take the writer's person, but for the owner of its home.
  assert.equal(found({ anyOf: ways, $defs: { person: person(I), home, other: person(S) } }, writer), "TYPE_CHANGED /");
  assert.equal(found({ anyOf: ways, $defs: { person: person(S), home, other: person(I) } }, writer), "");
});

test("references that lead on and on", () => {
  const chain = (type: string): object => ({
    $ref: "#/$defs/d0",
    $defs: Object.fromEntries(
      Array.from({ length: 1000 }, (_, i) => [`d${i}`, ob({ next: { oneOf: [NONE, { $ref: `#/$defs/d${i + 1}` }] } })]).concat([
        ["d1000", { type }],
      ]),
    ),
  });
  assert.equal(found(chain("number"), chain("integer")), "");
  assert.match(found(chain("integer"), chain("number")), /^COMBINED_TYPE_SUBSCHEMAS_CHANGED \/properties\/next/);
});
