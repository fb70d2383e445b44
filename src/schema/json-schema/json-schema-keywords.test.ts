// A second table of verdicts, keyword by keyword and draft by draft: does the reader (first) take everything that the writer (second) takes?
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseJsonSchema, type SchemaDocument } from "./json-schema-document.ts";
import { jsonSchemaIncompatibilities } from "./json-schema-compatibility.ts";

const documentOf = (schema: unknown): SchemaDocument => ({ root: parseJsonSchema(JSON.stringify(schema)), others: new Map() });
const types = (reader: unknown, writer: unknown): string[] => {
  const [read, written] = [documentOf(reader), documentOf(writer)];
  return jsonSchemaIncompatibilities({ schema: read.root, document: read }, { schema: written.root, document: written }, false).map(
    ({ type }) => type,
  );
};

const S = { type: "string" };
const N = { type: "number" };
const array = (more: object): object => ({ type: "array", ...more });
const object = (properties: object, more: object = {}): object => ({ type: "object", properties, ...more });
const CLOSED = { additionalProperties: false };
const LIST = (node: object): object => ({
  $ref: "#/$defs/list",
  $defs: { list: object({ next: { $ref: "#/$defs/list" }, ...node }, CLOSED) },
});
/** A person has a home, a home has people. */
const MUTUAL = (home: object): object => ({
  $ref: "#/$defs/person",
  $defs: {
    person: object({ home: { $ref: "#/$defs/home" } }, CLOSED),
    home: object({ people: array({ items: { $ref: "#/$defs/person" } }), ...home }, CLOSED),
  },
});

const CASES: readonly (readonly [what: string, reader: unknown, writer: unknown, ...expected: string[]])[] = [
  // draft 4
  ["maximum made exclusive by a flag", { ...N, maximum: 9, exclusiveMaximum: true }, { ...N, maximum: 9 }, "EXCLUSIVE_MAXIMUM_ADDED"],
  ["a flag of maximum taken away", { ...N, maximum: 9 }, { ...N, maximum: 9, exclusiveMaximum: true }],
  ["id and title", { ...S, id: "b", title: "B" }, { ...S, id: "a", title: "A" }],
  ["additionalItems without items closed", { additionalItems: false }, { additionalItems: true }, "ADDITIONAL_ITEMS_REMOVED"],
  ["additionalItems without items of another type", { additionalItems: N }, { additionalItems: S }, "TYPE_CHANGED"],
  ["additionalItems without items opened", { additionalItems: true }, { additionalItems: S }],
  ["items by position become one schema", array({ items: S }), array({ items: [S] }), "SCHEMA_ADDED"],
  ["items by position go", array({}), array({ items: [S, N] })],
  ["a free item more", array({ items: [S, {}] }), array({ items: [S] })],
  [
    "an item that was never there goes",
    array({ items: [S], additionalItems: false }),
    array({ items: [S, false], additionalItems: false }),
  ],
  ["an item goes into what is beside", array({ items: [S], additionalItems: N }), array({ items: [S, N], additionalItems: false })],
  ["dependencies by name gone", object({}), object({}, { dependencies: { a: ["b"] } })],
  ["dependencies by name more", object({}, { dependencies: { a: ["b"] } }), object({}), "DEPENDENCY_ARRAY_ADDED"],
  ["dependencies by schema narrower", object({}, { dependencies: { a: N } }), object({}, { dependencies: { a: S } }), "TYPE_CHANGED"],
  // draft 6
  ["const the same", { const: { a: [1, "x"] } }, { const: { a: [1, "x"] } }],
  ["const another", { const: "b" }, { const: "a" }, "ENUM_ARRAY_CHANGED"],
  ["const becomes one of several", { enum: ["a", "b"] }, { const: "a" }, "TYPE_CHANGED"],
  ["one of several becomes const", { const: "a" }, { enum: ["a", "b"] }, "TYPE_CHANGED"],
  ["everything becomes a type", S, true, "TYPE_CHANGED"],
  ["nothing becomes a type", S, false],
  ["a property that may not be there, closed", object({ a: false }, CLOSED), object({}, CLOSED)],
  ["a property that may not be there goes, closed", object({}, CLOSED), object({ a: false }, CLOSED)],
  ["examples and format", { ...S, examples: ["a"], format: "uuid" }, S],
  // draft 7
  ["comments and readOnly", { ...S, $comment: "x", readOnly: true }, S],
  // 2019-09
  ["dependentRequired more", object({}, { dependentRequired: { a: ["b"] } }), object({}), "DEPENDENCY_ARRAY_ADDED"],
  ["dependentRequired less", object({}), object({}, { dependentRequired: { a: ["b"] } })],
  ["dependentSchemas less", object({}), object({}, { dependentSchemas: { a: { required: ["b"] } } })],
  ["minContains more", array({ contains: S, minContains: 2 }), array({ contains: S }), "MIN_CONTAINS_INCREASED"],
  ["minContains less", array({ contains: S, minContains: 1 }), array({ contains: S, minContains: 2 })],
  ["maxContains less", array({ contains: S, maxContains: 3 }), array({ contains: S, maxContains: 5 }), "MAX_CONTAINS_DECREASED"],
  ["maxContains gone", array({ contains: S }), array({ contains: S, maxContains: 5 })],
  ["unevaluatedProperties closed, a property more", object({ a: S, b: S }, { unevaluatedProperties: false }), object({ a: S }, { unevaluatedProperties: false })], // prettier-ignore
  ["an anchor", { $ref: "#here", $defs: { x: { $anchor: "here", ...S } } }, S],
  // 2020-12
  ["prefixItems more, open", array({ prefixItems: [S, N] }), array({ prefixItems: [S] }), "ITEM_ADDED_TO_OPEN_CONTENT_MODEL"],
  ["prefixItems more, closed", array({ prefixItems: [S, N], items: false }), array({ prefixItems: [S], items: false })],
  ["prefixItems more, unevaluated closed", array({ prefixItems: [S, N], unevaluatedItems: false }), array({ prefixItems: [S], unevaluatedItems: false })], // prettier-ignore
  ["unevaluatedItems closed", array({ prefixItems: [S], unevaluatedItems: false }), array({ prefixItems: [S] }), "UNEVALUATED_ITEMS_REMOVED"], // prettier-ignore
  ["unevaluatedItems opened", array({ prefixItems: [S] }), array({ prefixItems: [S], unevaluatedItems: false })],
  ["prefixItems and items by position are one", array({ prefixItems: [S], items: N }), array({ items: [S], additionalItems: N })],
  // cyclic references
  ["a list with a field more", LIST({ v: S }), LIST({})],
  ["a list with a field less", LIST({}), LIST({ v: S }), "PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL"],
  ["a list of another type", LIST({ v: N }), LIST({ v: S }), "TYPE_CHANGED"],
  ["two that hold each other, a field more", MUTUAL({ street: S }), MUTUAL({})],
  ["two that hold each other, a field less", MUTUAL({}), MUTUAL({ street: S }), "PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL"],
  ["a cycle of references only", { $ref: "#/$defs/a", $defs: { a: { $ref: "#/$defs/b" }, b: { $ref: "#/$defs/a" } } }, S],
  // sums and products inside each other
  ["duplicates count once", { allOf: [S, S] }, { allOf: [S] }],
  ["parts in another order", { allOf: [{ maxLength: 5 }, S] }, { allOf: [S, { maxLength: 5 }] }],
  ["two parts for a schema", { allOf: [S, { maxLength: 5 }] }, S, "TYPE_CHANGED"],
  ["oneOf in a property widened", object({ a: { oneOf: [{ type: "null" }, S] } }), object({ a: S })],
  ["oneOf in a property narrowed", object({ a: S }), object({ a: { oneOf: [{ type: "null" }, S] } }), "TYPE_CHANGED"],
];

for (const [what, reader, writer, ...expected] of CASES)
  test(`${what}: ${expected.length === 0 ? "compatible" : expected.join(", ")}`, () => assert.deepEqual(types(reader, writer), expected));
