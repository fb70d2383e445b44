// Which JSON Schemas hold documents that a type can read: refused only where none can.
import assert from "node:assert/strict";
import { test } from "node:test";
import { t } from "../t.ts";
import type { TypeInfo } from "../type-info.ts";
import { parseJsonSchema } from "./json-schema-document.ts";
import { jsonMismatch } from "./json-mismatch.ts";
import { jsonSchemaText } from "./type-to-json-schema.ts";

const of = (type: TypeInfo, schema: unknown): string | undefined =>
  jsonMismatch(type, { root: parseJsonSchema(JSON.stringify(schema)), others: new Map() });
const Order = t.record("Order", {
  id: t.string(),
  amount: t.double(),
  lines: t.array(t.record("Line", { count: t.int() })),
  note: t.optional(t.string()),
}).type;
const properties = { id: { type: "string" }, amount: { type: "number" }, lines: { type: "array", items: { type: "object" } } };

const READ: [what: string, type: TypeInfo, schema: unknown][] = [
  ["its own schema", Order, JSON.parse(jsonSchemaText(Order))],
  ["a schema that says nothing", Order, {}],
  ["more properties", Order, { type: "object", properties: { ...properties, more: { type: "null" } } }],
  ["a property that the open schema does not name", Order, { type: "object", properties: {} }],
  ["an optional field that is not there", Order, { type: "object", properties, additionalProperties: false }],
  ["whole numbers", t.double().type, { type: "integer" }],
  ["numbers that may be whole", t.int().type, { type: "number" }],
  ["digits as text", t.bigint().type, { type: "string" }],
  ["nullable", t.string().type, { type: ["null", "string"] }],
  ["one of several", t.string().type, { oneOf: [{ type: "integer" }, { type: "string", maxLength: 3 }] }],
  ["values", t.literal("a", "b").type, { enum: ["b", 1] }],
  ["nothing else than nothing", t.optional(t.string()).type, { type: "null" }],
  ["a union", t.union(t.string(), t.double()).type, { type: "number" }],
  ["a reference", t.string().type, { $ref: "#/definitions/a", definitions: { a: { type: "string" } } }],
  ["pairs", t.map(t.int(), t.string()).type, { type: "array" }],
];
READ.push(
  ["a schema that is one of itself", t.string().type, { anyOf: [{ $ref: "#" }, { $ref: "#" }] }],
  [
    "alternatives of alternatives, doubled a hundred times",
    t.string().type,
    {
      $ref: "#/$defs/d0",
      $defs: Object.fromEntries(
        Array.from({ length: 100 }, (_, i) => [`d${i}`, { anyOf: Array.from({ length: 2 }, () => ({ $ref: `#/$defs/d${i + 1}` })) }]),
      ),
    },
  ],
  ["a condition", Order, { type: "object", properties, ["if" as string]: { required: ["id"] }, else: { maxProperties: 1 } }],
);
for (const [what, type, schema] of READ) test(`readable: ${what}`, () => assert.equal(of(type, schema), undefined));

const REFUSED: readonly (readonly [what: string, type: TypeInfo, schema: unknown, reason: string])[] = [
  ["another type", t.string().type, { type: "integer" }, 'string cannot be read from {"type":"integer"}'],
  [
    "a property of another type",
    Order,
    { properties: { amount: { type: "string" } } },
    'amount: double cannot be read from {"type":"string"}',
  ],
  [
    "deep inside",
    Order,
    { properties: { lines: { items: { properties: { count: { type: "boolean" } } } } } },
    'lines[].count: int cannot be read from {"type":"boolean"}',
  ],
  [
    "a closed schema without it",
    Order,
    { properties: { id: { type: "string" } }, additionalProperties: false },
    "amount: double is not optional, and the schema has no such property and allows no others",
  ],
  ["a document for a record", Order, { type: "string" }, 'record Order cannot be read from {"type":"string"}'],
  ["no alternative", t.string().type, { type: ["null", "integer"] }, 'string cannot be read from {"type":["null","integer"]}'],
  ["optional, and another type", t.optional(t.string()).type, { type: "integer" }, 'string cannot be read from {"type":"integer"}'],
  ["nothing", t.string().type, false, "string cannot be read from false"],
  ["other values", t.string().type, { enum: [1, 2] }, 'string cannot be read from {"enum":[1,2]}'],
];
for (const [what, type, schema, reason] of REFUSED) test(`refused: ${what}`, () => assert.equal(of(type, schema), reason));

const written = (type: TypeInfo, schema: unknown): string | undefined =>
  jsonMismatch(type, { root: parseJsonSchema(JSON.stringify(schema)), others: new Map() }, "write");
const closed = { type: "object", properties, additionalProperties: false };
const Price = t.record("Price", { amount: t.decimal(9, 2) }).type;
const Kind = t.union(t.record("A", { kind: t.literal("a") }), t.record("B", { kind: t.literal("b"), n: t.int() })).type;

test("what can be written", () => {
  assert.equal(written(Order, JSON.parse(jsonSchemaText(Order))), undefined);
  assert.equal(written(Kind, JSON.parse(jsonSchemaText(Kind))), undefined);
  assert.equal(written(Order, { type: "object", properties, required: ["id"] }), undefined);
  assert.equal(written(t.literal("a").type, { enum: ["a", "b"] }), undefined);
  assert.equal(written(t.map(t.int(), t.string()).type, { type: "array" }), undefined);
});

const UNWRITABLE: readonly (readonly [what: string, type: TypeInfo, schema: unknown, reason: string])[] = [
  [
    "a field that a closed schema lacks",
    Order,
    closed,
    "note: the schema has no such property and allows no others, so it would be refused",
  ],
  ["a property that must be there", Order, { required: ["more"] }, "more: the schema requires it, and it is not in record Order"],
  ["a property that may be absent", Order, { required: ["note"] }, "note: the schema requires it, and it is optional in record Order"],
  [
    "a decimal, which is text",
    Price,
    { properties: { amount: { type: "number" } } },
    'amount: decimal(9, 2) cannot be written as {"type":"number"}',
  ],
  ["pairs", t.map(t.int(), t.string()).type, { type: "object" }, 'map of int to string cannot be written as {"type":"object"}'],
  ["numbers with fractions", t.double().type, { type: "integer" }, 'double cannot be written as {"type":"integer"}'],
  [
    "a value that is none of the schema's",
    t.literal("a", "c").type,
    { enum: ["a", "b"] },
    '"a" | "c" cannot be written as {"enum":["a","b"]}',
  ],
  ["one member of a union", Kind, { properties: { n: { type: "string" } } }, 'n: int cannot be written as {"type":"string"}'],
];
for (const [what, type, schema, reason] of UNWRITABLE) test(`not written: ${what}`, () => assert.equal(written(type, schema), reason));
