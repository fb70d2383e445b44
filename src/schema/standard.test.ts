// t as a Standard Schema and a Standard JSON Schema: what other libraries' tools ask of it.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { StandardJSONSchemaV1, StandardSchemaV1 } from "@standard-schema/spec";
import { Ajv } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import { segmentsOf } from "./standard.ts";
import { t } from "./t.ts";
import type { Infer } from "./type-info.ts";

const Order = t.record("Order", {
  id: t.string(),
  at: t.timestamp(),
  lines: t.array(t.record("Line", { sku: t.string(), n: t.int() })),
  note: t.optional(t.string()),
  "odd name": t.optional(t.map(t.string(), t.long())),
});

test("the compiler takes it as both, with the types of its values", () => {
  const standard: StandardSchemaV1<Infer<typeof Order>, Infer<typeof Order>> = Order;
  const json: StandardJSONSchemaV1<Infer<typeof Order>, Infer<typeof Order>> = Order;
  type Output = StandardSchemaV1.InferOutput<typeof Order>;
  const output: Output = { id: "o1", at: 1, lines: [] };
  assert.deepEqual([standard["~standard"].version, json["~standard"].vendor, output.id], [1, "millrace", "o1"]);
});

test("validate gives a value of the type: null is absent, and what the type does not have is gone", () => {
  const given = { id: "o1", at: 1, lines: [{ sku: "a", n: 1, more: true }], note: null, extra: 5, "odd name": new Map([["x", 2]]) };
  const result = Order["~standard"].validate(given);
  assert.deepEqual(result, { value: { id: "o1", at: 1, lines: [{ sku: "a", n: 1 }], "odd name": new Map([["x", 2]]) } });
});

test("validate says where and why", () => {
  const issue = (value: unknown): unknown => Order["~standard"].validate(value).issues;
  const good = { id: "o1", at: 1, lines: [] };
  assert.deepEqual(issue(5), [{ message: "expected record Order, got an integer", path: [] }]);
  assert.deepEqual(issue({ ...good, lines: [{ sku: "a", n: 1.5 }] }), [
    { message: "expected int, got a number with a fraction", path: ["lines", 0, "n"] },
  ]);
  assert.deepEqual(issue({ ...good, "odd name": new Map([["x", "2"]]) }), [
    { message: "expected long, got a string of 1 characters", path: ["odd name", 0] },
  ]);
});

test("paths come apart as they were put together", () => {
  assert.deepEqual(segmentsOf('a.b[3]["x \\"y\\" [1]"].ünï'), ["a", "b", 3, 'x "y" [1]', "ünï"]);
  assert.deepEqual(segmentsOf(""), []);
});

test("JSON Schemas of all targets are without keywords that validators do not know", () => {
  const { input, output } = Order["~standard"].jsonSchema;
  const document = { id: "o1", at: 1, lines: [{ sku: "a", n: 1 }], note: null };
  for (const [target, Validator] of [
    ["draft-07", Ajv],
    ["draft-2020-12", Ajv2020],
  ] as const) {
    assert.deepEqual(input({ target }), output({ target }));
    const validate = new Validator().compile(input({ target }));
    assert.deepEqual([validate(document), validate({ ...document, lines: [{}] })], [true, false]);
  }
  const open = input({ target: "openapi-3.0" }) as { readonly properties: Readonly<Record<string, object>>; readonly $schema?: string };
  assert.equal(open.$schema, undefined);
  assert.deepEqual(open.properties["note"], { type: "string", nullable: true });
  assert.throws(() => input({ target: "draft-03" }), { code: "BAD_SCHEMA", message: /draft-07, draft-2020-12 and openapi-3\.0/ });
});
