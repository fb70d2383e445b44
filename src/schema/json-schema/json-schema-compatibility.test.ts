// Verdicts by hand: does the reader (first) take everything that the writer (second) takes?
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkReferences, parseJsonSchema, type SchemaDocument } from "./json-schema-document.ts";
import { jsonSchemaIncompatibilities } from "./json-schema-compatibility.ts";

const documentOf = (schema: unknown): SchemaDocument => ({ root: parseJsonSchema(JSON.stringify(schema)), others: new Map() });
const compare = (reader: unknown, writer: unknown, lenient = false) => {
  const [read, written] = [documentOf(reader), documentOf(writer)];
  return jsonSchemaIncompatibilities({ schema: read.root, document: read }, { schema: written.root, document: written }, lenient);
};
const types = (reader: unknown, writer: unknown, lenient = false): string[] => compare(reader, writer, lenient).map(({ type }) => type);

const SIMPLE = ["string", "number", "integer", "boolean", "null", "object", "array"] as const;

test("simple types: each reads itself, number reads integer, true reads all, false nothing", () => {
  for (const reader of SIMPLE)
    for (const writer of SIMPLE) {
      const expected = reader === writer || (reader === "number" && writer === "integer");
      assert.equal(types({ type: reader }, { type: writer }).length === 0, expected, `${reader} reads ${writer}`);
      const inside = (type: string): object => ({ type: "object", properties: { p: { type } } });
      assert.equal(types(inside(reader), inside(writer)).length === 0, expected, `a property ${reader} reads ${writer}`);
      const items = (type: string): object => ({ type: "array", items: { type } });
      assert.equal(types(items(reader), items(writer)).length === 0, expected, `items ${reader} read ${writer}`);
    }
  for (const writer of SIMPLE) {
    assert.deepEqual(types(true, { type: writer }), []);
    assert.deepEqual(types({}, { type: writer }), []);
    assert.deepEqual(types({ type: writer }, false), []);
    assert.deepEqual(types(false, { type: writer }), ["TYPE_CHANGED"]);
    assert.deepEqual(types({ type: writer }, true), ["TYPE_CHANGED"]);
  }
});

/** Keyword, type it belongs to, a narrow and a wide value, and the names of adding and of narrowing it. */
const LIMITS: readonly (readonly [keyword: string, type: string, narrow: number, wide: number, added: string, narrowed: string])[] = [
  ["maxLength", "string", 5, 10, "MAX_LENGTH_ADDED", "MAX_LENGTH_DECREASED"],
  ["minLength", "string", 10, 5, "MIN_LENGTH_ADDED", "MIN_LENGTH_INCREASED"],
  ["maximum", "number", 5, 10, "MAXIMUM_ADDED", "MAXIMUM_DECREASED"],
  ["minimum", "number", 10, 5, "MINIMUM_ADDED", "MINIMUM_INCREASED"],
  ["exclusiveMaximum", "integer", 5, 10, "EXCLUSIVE_MAXIMUM_ADDED", "EXCLUSIVE_MAXIMUM_DECREASED"],
  ["exclusiveMinimum", "integer", 10, 5, "EXCLUSIVE_MINIMUM_ADDED", "EXCLUSIVE_MINIMUM_INCREASED"],
  ["multipleOf", "number", 10, 5, "MULTIPLE_OF_ADDED", "MULTIPLE_OF_EXPANDED"],
  ["maxItems", "array", 5, 10, "MAX_ITEMS_ADDED", "MAX_ITEMS_DECREASED"],
  ["minItems", "array", 10, 5, "MIN_ITEMS_ADDED", "MIN_ITEMS_INCREASED"],
  ["maxProperties", "object", 5, 10, "MAX_PROPERTIES_ADDED", "MAX_PROPERTIES_DECREASED"],
  ["minProperties", "object", 10, 5, "MIN_PROPERTIES_ADDED", "MIN_PROPERTIES_INCREASED"],
];

for (const [keyword, type, narrow, wide, added, narrowed] of LIMITS)
  test(`${keyword} may be widened and dropped, not narrowed or added`, () => {
    const plain = { type };
    const [small, large] = [
      { type, [keyword]: narrow },
      { type, [keyword]: wide },
    ];
    assert.deepEqual(types(small, small), []);
    assert.deepEqual(types(large, small), []);
    assert.deepEqual(types(plain, small), []);
    assert.deepEqual(types(small, large), [narrowed]);
    assert.deepEqual(types(small, plain), [added]);
  });

const S = { type: "string" };
const I = { type: "integer" };
const N = { type: "number" };
const ob = (properties: object, more: object = {}): object => ({ type: "object", properties, ...more });
const CLOSED = { additionalProperties: false };
const STRINGS = { additionalProperties: S };
const TREE = { type: "object", properties: { v: S, next: { $ref: "#" } }, ...CLOSED };
const defs = (name: string, schema: unknown): object => ({ $ref: `#/${name}/A`, [name]: { A: schema } });

type Case = readonly [what: string, reader: unknown, writer: unknown, ...expected: string[]];
const CASES: readonly Case[] = [
  // annotations
  ["titles and descriptions", { ...S, title: "a", description: "b", default: "c" }, { ...S, title: "x" }],
  // strings, numbers, values
  ["a pattern dropped", S, { ...S, pattern: "^a" }],
  ["a pattern added", { ...S, pattern: "^a" }, S, "PATTERN_ADDED"],
  ["a pattern changed", { ...S, pattern: "^b" }, { ...S, pattern: "^a" }, "PATTERN_CHANGED"],
  ["an integer becomes a number", N, I],
  ["a number becomes an integer", I, N, "TYPE_NARROWED"],
  ["multiples that do not fit", { ...N, multipleOf: 3 }, { ...N, multipleOf: 5 }, "MULTIPLE_OF_CHANGED"],
  ["draft 4: exclusive becomes inclusive by a wider limit", { ...N, maximum: 5 }, { ...N, maximum: 5, exclusiveMaximum: false }],
  ["draft 4: an exclusive maximum raised", { ...N, maximum: 9, exclusiveMaximum: true }, { ...N, maximum: 5, exclusiveMaximum: true }],
  [
    "draft 4: an exclusive maximum lowered",
    { ...N, maximum: 5, exclusiveMaximum: true },
    { ...N, maximum: 9, exclusiveMaximum: true },
    "EXCLUSIVE_MAXIMUM_DECREASED",
  ],
  ["a value more", { enum: ["a", "b"] }, { enum: ["a"] }],
  ["a value less", { enum: ["a"] }, { enum: ["a", "b"] }, "ENUM_ARRAY_NARROWED"],
  ["other values", { enum: ["a", "c"] }, { enum: ["a", "b"] }, "ENUM_ARRAY_CHANGED"],
  ["values in another order", { enum: ["b", "a"] }, { enum: ["a", "b"] }],
  ["values that are objects", { enum: [{ x: 1, y: 2 }] }, { enum: [{ y: 2, x: 1 }] }],
  ["a typed value more", { ...S, enum: ["a", "b"] }, { ...S, enum: ["a"] }],
  ["values become their type", S, { enum: ["a", "b"] }, "TYPE_CHANGED"],
  ["values of a type become the type", S, { ...S, enum: ["a", "b"] }],
  ["values become typed", { ...S, enum: ["a"] }, { enum: ["a"] }, "TYPE_CHANGED"],
  ["typed values lose the type", { enum: ["a", "b"] }, { ...S, enum: ["a"] }],
  ["values become another type", I, { enum: ["a", 1] }, "TYPE_CHANGED"],
  ["a type becomes values", { enum: ["a"] }, S, "TYPE_CHANGED"],
  ["a const stays", { const: 1 }, { const: 1 }],
  ["a const changed", { const: 2 }, { const: 1 }, "ENUM_ARRAY_CHANGED"],
  ["a const becomes values", { enum: [1, 2] }, { const: 1 }, "TYPE_CHANGED"],
  // open objects
  ["open: a property more", ob({ a: S, b: S }), ob({ a: S }), "OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL"],
  ["open: an empty property more", ob({ a: S, b: {} }), ob({ a: S })],
  ["open: a true property more", ob({ a: S, b: true }), ob({ a: S })],
  ["open: a property less", ob({ a: S }), ob({ a: S, b: S })],
  ["open: closed afterwards", ob({ a: S }, CLOSED), ob({ a: S }), "ADDITIONAL_PROPERTIES_REMOVED"],
  ["open: partially open afterwards", ob({ a: S }, STRINGS), ob({ a: S }), "ADDITIONAL_PROPERTIES_NARROWED"],
  ["open: said aloud", ob({ a: S }, { additionalProperties: true }), ob({ a: S })],
  // closed objects
  ["closed: an optional property more", ob({ a: S, b: S }, CLOSED), ob({ a: S }, CLOSED)],
  [
    "closed: a required property more",
    ob({ a: S, b: S }, { ...CLOSED, required: ["b"] }),
    ob({ a: S }, CLOSED),
    "REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL",
  ],
  [
    "closed: a required property with a default more",
    ob({ a: S, b: { ...S, default: "" } }, { ...CLOSED, required: ["b"] }),
    ob({ a: S }, CLOSED),
  ],
  ["closed: a property less", ob({ a: S }, CLOSED), ob({ a: S, b: S }, CLOSED), "PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL"],
  ["closed: a property that never was less", ob({ a: S }, CLOSED), ob({ a: S, b: false }, CLOSED)],
  ["closed: opened", ob({ a: S }), ob({ a: S }, CLOSED)],
  ["closed: opened, a property less", ob({ a: S }), ob({ a: S, b: S }, CLOSED)],
  ["closed: partially opened", ob({ a: S }, STRINGS), ob({ a: S }, CLOSED)],
  ["closed: a property renamed", ob({ z: S }, CLOSED), ob({ a: S }, CLOSED), "PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL"],
  // partially open objects
  ["partial: a covered property more", ob({ a: S, b: S }, STRINGS), ob({ a: S }, STRINGS)],
  [
    "partial: a property of another type more",
    ob({ a: S, b: I }, STRINGS),
    ob({ a: S }, STRINGS),
    "TYPE_CHANGED",
    "PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
  ],
  ["partial: a covered property less", ob({ a: S }, STRINGS), ob({ a: S, b: S }, STRINGS)],
  [
    "partial: a property of another type less",
    ob({ a: S }, STRINGS),
    ob({ a: S, b: I }, STRINGS),
    "TYPE_CHANGED",
    "PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
  ],
  ["partial: opened", ob({ a: S }), ob({ a: S }, STRINGS)],
  ["partial: closed", ob({ a: S }, CLOSED), ob({ a: S }, STRINGS), "ADDITIONAL_PROPERTIES_REMOVED"],
  ["partial: what is beside widened", ob({}, { additionalProperties: N }), ob({}, { additionalProperties: I })],
  ["partial: what is beside narrowed", ob({}, { additionalProperties: I }), ob({}, { additionalProperties: N }), "TYPE_NARROWED"],
  [
    "patterns: a covered property more",
    ob({ s_b: S }, { ...CLOSED, patternProperties: { "^s_": S } }),
    ob({}, { ...CLOSED, patternProperties: { "^s_": S } }),
  ],
  ["patterns: a property less that is covered", ob({}, { ...CLOSED, patternProperties: { "^s_": S } }), ob({ s_b: S }, CLOSED)],
  // required
  ["required no more", ob({ a: S }), ob({ a: S }, { required: ["a"] })],
  ["required now", ob({ a: S }, { required: ["a"] }), ob({ a: S }), "REQUIRED_ATTRIBUTE_ADDED"],
  ["required now, with a default", ob({ a: { ...S, default: "" } }, { required: ["a"] }), ob({ a: S })],
  // properties' types
  ["a property widened", ob({ a: N }), ob({ a: I })],
  ["a property narrowed", ob({ a: I }), ob({ a: N }), "TYPE_NARROWED"],
  ["a property of another type", ob({ a: I }), ob({ a: S }), "TYPE_CHANGED"],
  ["a property that takes null, too", ob({ a: { type: ["string", "null"] } }), ob({ a: S })],
  ["a property that takes null no more", ob({ a: S }), ob({ a: { type: ["string", "null"] } }), "TYPE_CHANGED"],
  ["deep inside", ob({ a: ob({ b: ob({ c: I }) }) }), ob({ a: ob({ b: ob({ c: S }) }) }), "TYPE_CHANGED"],
  // dependencies
  ["a dependency dropped", ob({}), ob({}, { dependencies: { a: ["b"] } })],
  ["a dependency added", ob({}, { dependencies: { a: ["b"] } }), ob({}), "DEPENDENCY_ARRAY_ADDED"],
  [
    "a dependency on more",
    ob({}, { dependentRequired: { a: ["b", "c"] } }),
    ob({}, { dependentRequired: { a: ["b"] } }),
    "DEPENDENCY_ARRAY_EXTENDED",
  ],
  ["a dependency on less", ob({}, { dependencies: { a: ["b"] } }), ob({}, { dependencies: { a: ["b", "c"] } })],
  ["a dependent schema added", ob({}, { dependentSchemas: { a: ob({ b: S }) } }), ob({}), "DEPENDENCY_SCHEMA_ADDED"],
  ["a dependent schema dropped", ob({}), ob({}, { dependentSchemas: { a: ob({ b: S }) } })],
  // arrays
  ["items added", { type: "array", items: S }, { type: "array" }, "SCHEMA_ADDED"],
  ["items dropped", { type: "array" }, { type: "array", items: S }],
  ["items widened", { type: "array", items: N }, { type: "array", items: I }],
  ["unique items dropped", { type: "array" }, { type: "array", uniqueItems: true }],
  ["unique items added", { type: "array", uniqueItems: true }, { type: "array" }, "UNIQUE_ITEMS_ADDED"],
  ["an open tuple with an item more", { type: "array", items: [S, I] }, { type: "array", items: [S] }, "ITEM_ADDED_TO_OPEN_CONTENT_MODEL"],
  ["an open tuple with an item less", { type: "array", items: [S] }, { type: "array", items: [S, I] }],
  [
    "a closed tuple with an item more",
    { type: "array", items: [S, I], additionalItems: false },
    { type: "array", items: [S], additionalItems: false },
  ],
  [
    "a closed tuple with an item less",
    { type: "array", items: [S], additionalItems: false },
    { type: "array", items: [S, I], additionalItems: false },
    "ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL",
  ],
  [
    "a partial tuple with a covered item more",
    { type: "array", items: [S, I], additionalItems: I },
    { type: "array", items: [S], additionalItems: I },
  ],
  ["a tuple closed", { type: "array", items: [S], additionalItems: false }, { type: "array", items: [S] }, "ADDITIONAL_ITEMS_REMOVED"],
  ["a tuple opened", { type: "array", items: [S] }, { type: "array", items: [S], additionalItems: false }],
  [
    "2020-12: a tuple's item narrowed",
    { type: "array", prefixItems: [I], items: false },
    { type: "array", prefixItems: [N], items: false },
    "TYPE_NARROWED",
  ],
  [
    "2020-12: a closed tuple with an item more",
    { type: "array", prefixItems: [S, I], items: false },
    { type: "array", prefixItems: [S], items: false },
  ],
  // sums
  ["a type more", { type: ["string", "integer"] }, { type: ["string"] }],
  ["a type less", { type: ["string"] }, { type: ["string", "integer"] }, "SUM_TYPE_NARROWED"],
  ["two types of three", { type: ["string", "integer"] }, { type: ["string", "integer", "null"] }, "SUM_TYPE_NARROWED"],
  ["types in another order", { type: ["integer", "string"] }, { type: ["string", "integer"] }],
  ["an alternative more", { oneOf: [S, I, { type: "null" }] }, { oneOf: [S, I] }],
  ["an alternative less", { oneOf: [S, I] }, { oneOf: [S, I, { type: "null" }] }, "SUM_TYPE_NARROWED"],
  ["another alternative", { oneOf: [S, { type: "boolean" }] }, { oneOf: [S, I] }, "COMBINED_TYPE_SUBSCHEMAS_CHANGED"],
  ["an alternative widened", { anyOf: [S, N] }, { anyOf: [S, I] }],
  ["oneOf becomes anyOf", { anyOf: [S, I] }, { oneOf: [S, I] }],
  ["anyOf becomes oneOf", { oneOf: [S, I] }, { anyOf: [S, I] }, "COMBINED_TYPE_CHANGED"],
  ["one alternative of anyOf becomes oneOf", { oneOf: [S] }, { anyOf: [S] }],
  ["a schema becomes an alternative", { oneOf: [S, I] }, S],
  ["a schema becomes another alternative", { oneOf: [{ type: "boolean" }, I] }, S, "TYPE_CHANGED"],
  ["the only alternative becomes a schema", S, { oneOf: [S] }],
  // products
  ["a part less", { allOf: [ob({ a: S }), ob({ b: S })] }, { allOf: [ob({ a: S }), ob({ b: S }), ob({ c: S })] }],
  ["a part more", { allOf: [ob({ a: S }), ob({ b: S }), ob({ c: S })] }, { allOf: [ob({ a: S }), ob({ b: S })] }, "PRODUCT_TYPE_EXTENDED"],
  ["the only part", S, { allOf: [S] }],
  ["allOf becomes anyOf", { anyOf: [ob({ a: S }), ob({ b: S })] }, { allOf: [ob({ a: S }), ob({ b: S })] }],
  ["anyOf becomes allOf", { allOf: [ob({ a: S }), ob({ b: S })] }, { anyOf: [ob({ a: S }), ob({ b: S })] }, "COMBINED_TYPE_CHANGED"],
  // not
  ["excludes the same", { not: S }, { not: S }],
  ["excludes less", { not: I }, { not: N }],
  ["excludes more", { not: N }, { not: I }, "NOT_TYPE_EXTENDED"],
  ["excludes something now", { not: S }, {}, "TYPE_CHANGED"],
  // references
  ["definitions and $defs", defs("$defs", S), defs("definitions", S)],
  ["a reference and what it leads to", S, defs("definitions", S)],
  ["a reference to something narrower", defs("definitions", I), defs("definitions", N), "TYPE_NARROWED"],
  ["an anchor", { $ref: "#a", $defs: { x: { $anchor: "a", ...S } } }, S],
  ["a recursive schema", TREE, TREE],
  ["a recursive schema with a property more", { ...TREE, properties: { ...TREE.properties, w: S } }, TREE],
  ["a recursive schema with a property less", { ...TREE, properties: { v: S } }, TREE, "PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL"],
  ["a reference to itself", { $ref: "#" }, S],
];

for (const [what, reader, writer, ...expected] of CASES)
  test(`${what}: ${expected.length === 0 ? "compatible" : expected.join(", ")}`, () => assert.deepEqual(types(reader, writer), expected));

const CLOSES = { ...CLOSED, patternProperties: { "^x": I } };
const LENIENT: readonly Case[] = [
  ["open: an optional property more", ob({ a: S, b: S }), ob({ a: S })],
  ["open: a required property more", ob({ b: S }, { required: ["b"] }), ob({}), "REQUIRED_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL"],
  ["open: a required property with a default more", ob({ b: { ...S, default: "" } }, { required: ["b"] }), ob({})],
  ["open: closed afterwards", ob({ a: S }, CLOSED), ob({ a: S })],
  ["open: partially open afterwards", ob({ a: S }, STRINGS), ob({ a: S })],
  ["closed: a property less", ob({ a: S }, CLOSED), ob({ a: S, b: S }, CLOSED), "PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL"],
  ["closed: a required property more", ob({ b: S }, { ...CLOSED, required: ["b"] }), ob({}, CLOSED), "REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL"], // prettier-ignore
  ["partial: a property of another type more", ob({ b: I }, STRINGS), ob({}, STRINGS), "TYPE_CHANGED"],
  ["partial: a property narrower than the pattern more", ob({ x1: { ...I, maximum: 5 } }, CLOSES), ob({}, CLOSES), "MAXIMUM_ADDED"],
  ["another type", ob({ a: I }), ob({ a: S }), "TYPE_CHANGED"],
  ["inside of an alternative", { oneOf: [ob({ a: S, b: S })] }, { oneOf: [ob({ a: S })] }],
  ["inside of a product", { allOf: [ob({}, CLOSED)] }, { allOf: [ob({})] }],
];
for (const [what, reader, writer, ...expected] of LENIENT)
  test(`lenient: ${what}: ${expected.length === 0 ? "compatible" : expected.join(", ")}`, () =>
    assert.deepEqual(types(reader, writer, true), expected));

test("a finding names the place and both definitions", () => {
  const [found] = compare(ob({ a: ob({ b: { ...S, maxLength: 3 } }) }), ob({ a: ob({ b: S }) }));
  assert.deepEqual([found!.path, found!.reader, found!.writer], ["/properties/a/properties/b/maxLength", "3", ""]);
});

test("patterns of users that could run for ever are not run", () => {
  const evil = { ...CLOSED, patternProperties: { "^(a+)+$": S } };
  const started = process.hrtime.bigint();
  compare(ob({ [`${"a".repeat(40)}!`]: S }, evil), ob({}, evil));
  assert.ok(Number(process.hrtime.bigint() - started) < 1e9);
});

const REFUSED: readonly (readonly [what: string, schema: unknown])[] = [
  ["an unknown type", { type: "text" }],
  ["properties that are no schemas", { properties: { a: 1 } }],
  ["alternatives that are no array", { oneOf: {} }],
  ["required that are no names", { required: [1] }],
  ["a negative length", { minLength: -1 }],
  ["a text as a maximum", { maximum: "5" }],
  ["a number as a schema", 5],
];
for (const [what, schema] of REFUSED) test(`refused: ${what}`, () => assert.throws(() => documentOf(schema), { code: "INVALID_SCHEMA" }));

test("refused: a reference that leads nowhere", () => {
  assert.throws(() => checkReferences(documentOf({ properties: { a: { $ref: "#/definitions/none" } } })), /leads nowhere/);
});
