// Schemas of Zod, Valibot, ArkType, Effect and TypeBox: one shape in all of them is one type, checks run, and what no type can say is refused.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Type as OldType } from "@sinclair/typebox";
import { toStandardJsonSchema } from "@valibot/to-json-schema";
import { type as ark } from "arktype";
import { Schema as Effect } from "effect";
import { Type } from "typebox";
import * as v from "valibot";
import * as z from "zod";
import * as zm from "zod/mini";
import { BatchBuilder } from "../batch-builder.ts";
import { rowAt } from "../columns.ts";
import { jsonDecoder } from "../json/decoder.ts";
import { BadSchemaError, SchemaError } from "../schema-error.ts";
import { t } from "../t.ts";
import type { TypeInfo } from "../type-info.ts";
import { schemaFrom, schemaGiven } from "./foreign-schema.ts";

const order = t.record("Value", {
  id: t.string(),
  count: t.long(),
  price: t.double(),
  paid: t.boolean(),
  state: t.literal("new", "sent"),
  note: t.optional(t.string()),
  buyer: t.optional(t.string()),
  tags: t.array(t.string()),
  stock: t.map(t.string(), t.double()),
  address: t.record("Value_address", { city: t.string() }),
});

const zod = z.object({
  id: z.string().min(2),
  count: z.int(),
  price: z.number(),
  paid: z.boolean(),
  state: z.enum(["new", "sent"]),
  note: z.string().optional(),
  buyer: z.string().nullable(),
  tags: z.array(z.string()),
  stock: z.record(z.string(), z.number()),
  address: z.object({ city: z.string() }),
});
const zodMini = zm.object({
  id: zm.string().check(zm.minLength(2)),
  count: zm.int(),
  price: zm.number(),
  paid: zm.boolean(),
  state: zm.enum(["new", "sent"]),
  note: zm.optional(zm.string()),
  buyer: zm.nullable(zm.string()),
  tags: zm.array(zm.string()),
  stock: zm.record(zm.string(), zm.number()),
  address: zm.object({ city: zm.string() }),
});
const valibot = v.object({
  id: v.pipe(v.string(), v.minLength(2)),
  count: v.pipe(v.number(), v.integer()),
  price: v.number(),
  paid: v.boolean(),
  state: v.picklist(["new", "sent"]),
  note: v.optional(v.string()),
  buyer: v.nullable(v.string()),
  tags: v.array(v.string()),
  stock: v.record(v.string(), v.number()),
  address: v.object({ city: v.string() }),
});
const arkType = ark({
  id: "string >= 2",
  count: "number.integer",
  price: "number",
  paid: "boolean",
  state: "'new' | 'sent'",
  "note?": "string",
  buyer: "string | null",
  tags: "string[]",
  stock: { "[string]": "number" },
  address: { city: "string" },
});
const effect = Effect.Struct({
  id: Effect.String.check(Effect.isMinLength(2)),
  count: Effect.Int,
  price: Effect.Number,
  paid: Effect.Boolean,
  state: Effect.Literals(["new", "sent"]),
  note: Effect.optional(Effect.String),
  buyer: Effect.NullOr(Effect.String),
  tags: Effect.Array(Effect.String),
  stock: Effect.Record(Effect.String, Effect.Number),
  address: Effect.Struct({ city: Effect.String }),
});
const typeBox = Type.Object({
  id: Type.String({ minLength: 2 }),
  count: Type.Integer(),
  price: Type.Number(),
  paid: Type.Boolean(),
  state: Type.Union([Type.Literal("new"), Type.Literal("sent")]),
  note: Type.Optional(Type.String()),
  buyer: Type.Union([Type.String(), Type.Null()]),
  tags: Type.Array(Type.String()),
  stock: Type.Record(Type.String(), Type.Number()),
  address: Type.Object({ city: Type.String() }),
});
const oldTypeBox = OldType.Object({
  id: OldType.String({ minLength: 2 }),
  count: OldType.Integer(),
  price: OldType.Number(),
  paid: OldType.Boolean(),
  state: OldType.Union([OldType.Literal("new"), OldType.Literal("sent")]),
  note: OldType.Optional(OldType.String()),
  buyer: OldType.Union([OldType.String(), OldType.Null()]),
  tags: OldType.Array(OldType.String()),
  stock: OldType.Record(OldType.String(), OldType.Number()),
  address: OldType.Object({ city: OldType.String() }),
});

const orders: readonly (readonly [string, object])[] = [
  ["zod", zod],
  ["zod/mini", zodMini],
  ["valibot", valibot],
  ["arktype", arkType],
  ["effect", effect],
  ["effect as Standard Schema", Effect.toStandardSchemaV1(effect)],
  ["typebox", typeBox],
  ["@sinclair/typebox", oldTypeBox],
  ["valibot as Standard JSON Schema", toStandardJsonSchema(valibot)],
];

/** Fields by name: ArkType sorts them. */
function sorted(type: TypeInfo): TypeInfo {
  if (type.kind !== "record") return type;
  const fields = type.fields.map((field) => ({ ...field, type: sorted(field.type) }));
  return { ...type, fields: fields.toSorted((a, b) => (a.name < b.name ? -1 : 1)) };
}

function decoded(schema: object, document: unknown): unknown {
  const { type } = schemaGiven(schema)!;
  const builder = new BatchBuilder(type, 4, "bytes");
  const bytes = new TextEncoder().encode(JSON.stringify(document));
  try {
    jsonDecoder(type).decodeInto(builder, bytes, 0, bytes.length, 0);
  } catch (error) {
    assert.equal(builder.rows, 0, "a refused row leaves no trace");
    throw error;
  }
  return rowAt(builder.finish(), 0);
}

const good = {
  id: "o1",
  count: 3,
  price: 2.5,
  paid: true,
  state: "new",
  buyer: null,
  tags: ["a"],
  stock: { x: 1 },
  address: { city: "Bonn" },
};

for (const [library, schema] of orders)
  describe(library, () => {
    test("the type is what t would say", () => {
      assert.deepEqual(sorted(schemaGiven(schema)!.type), sorted(order.type));
    });

    test("the same schema is the same type object", () => {
      assert.equal(schemaGiven(schema), schemaGiven(schema));
    });

    test("a document that passes becomes a row", () => {
      const row = decoded(schema, good) as Record<string, unknown>;
      assert.deepEqual({ ...row, stock: undefined }, { ...good, buyer: undefined, note: undefined, stock: undefined });
      assert.deepEqual(row["stock"], new Map([["x", 1]]));
    });

    test("a document that has the shape but fails a check is refused with its path and the cause", () => {
      assert.throws(
        () => decoded(schema, { ...good, id: "o" }),
        (error) => error instanceof SchemaError && error.path === "id" && /fails: .*2/.test(error.message),
      );
    });
  });

const nested = (schema: object): string => {
  try {
    schemaGiven(schema);
    return "accepted";
  } catch (error) {
    assert.ok(error instanceof BadSchemaError, String(error));
    return error.message;
  }
};

describe("what no type can say is refused with its path and a fix", () => {
  const cases: readonly (readonly [string, object, RegExp])[] = [
    ["z.any", z.object({ a: z.object({ b: z.any() }) }), /at a\.b: it allows anything\. Instead: say what it is/],
    ["z.unknown", z.object({ a: z.array(z.unknown()) }), /at a\[\]: it allows anything/],
    [
      "z.transform",
      z.object({ a: z.string().transform((s) => s.length) }),
      /at a: it changes the value while it checks\. Instead: .*\.map\(\)/,
    ],
    ["trim", z.object({ a: z.string().trim() }), /at a: it changes the value/],
    ["z.coerce", z.object({ a: z.coerce.number() }), /at a: it changes the value/],
    ["z.default", z.object({ a: z.string().default("x") }), /at a: it has a default/],
    ["z.date", z.object({ a: z.date() }), /at a: it is a Date object\. Instead: use a number/],
    ["z.function", z.object({ "a b": z.custom<() => void>() }), /at \["a b"\]: only a function knows/],
    ["z.symbol", z.object({ a: z.symbol() }), /at a: it is no data/],
    ["z.tuple", z.object({ a: z.tuple([z.string()]) }), /at a: it is a tuple/],
    ["z.looseObject", z.looseObject({ a: z.string() }), /type: it has fields and others beside them/],
    ["z.set", z.object({ a: z.set(z.string()) }), /at a: it is a Set/],
    [
      "z.union of two texts",
      z.object({ a: z.union([z.object({ x: z.string() }), z.object({ y: z.string() })]) }),
      /at a: .*cannot be told apart/,
    ],
    ["recursion", recursive(), /at next: it holds itself/],
    ["v.any", v.object({ a: v.any() }), /at a: it allows anything/],
    ["v.transform", v.object({ a: v.pipe(v.string(), v.transform(Number)) }), /at a: it changes the value/],
    ["v.date", v.object({ a: v.date() }), /at a: it is a Date object/],
    ["v.custom", v.object({ a: v.custom<string>(() => true) }), /at a: only a function knows/],
    ["v.optional with a default", v.object({ a: v.optional(v.string(), "x") }), /at a: it has a default/],
    ["v.objectAsync", v.objectAsync({ a: v.string() }), /asynchronously/],
    ["ark unknown", ark({ a: { b: "unknown" } }), /at a\.b: it allows anything/],
    ["ark morph", ark({ a: "string.trim" }), /at a: it changes the value/],
    ["ark default", ark({ a: "string = 'x'" }), /at a: it has a default/],
    ["ark Date", ark({ a: "Date" }), /at a: it is a Date object/],
    ["ark symbol", ark({ a: "symbol" }), /at a: it is no data/],
    ["Effect.Unknown", Effect.Struct({ a: Effect.Unknown }), /at a: it allows anything/],
    ["Effect.NumberFromString", Effect.Struct({ a: Effect.NumberFromString }), /at a: it changes the value/],
    ["Effect.Date", Effect.Struct({ a: Effect.Date }), /at a: it is a Date object/],
    ["Effect.Tuple", Effect.Struct({ a: Effect.Tuple([Effect.String]) }), /at a: it is a tuple/],
    ["Effect.Symbol", Effect.Struct({ a: Effect.Symbol }), /at a: it is no data/],
    ["Type.Any", Type.Object({ a: Type.Any() }), /at a: it allows anything/],
    ["Type.Function", Type.Object({ a: Type.Function([], Type.String()) }), /at a: it is no data/],
    ["Type.Tuple", Type.Object({ a: Type.Tuple([Type.String()]) }), /at a: it is a tuple/],
    ["OldType.Date", OldType.Object({ a: OldType.Date() }), /at a: it is a Date object/],
    ["OldType.Unknown", OldType.Object({ a: OldType.Unknown() }), /at a: it allows anything/],
  ];
  for (const [name, schema, message] of cases) test(name, () => assert.match(nested(schema), message));

  function recursive(): object {
    const node: z.ZodType = z.object({ next: z.lazy(() => node) });
    return node;
  }
});

test("other types have their counterparts", () => {
  const big = { kind: "bigint" };
  const fields = (schema: object): unknown =>
    (schemaGiven(schema)!.type as { fields?: readonly { type: unknown }[] }).fields?.map(({ type }) => type);
  assert.deepEqual(fields(z.object({ a: z.bigint(), b: z.uuid(), c: z.int32(), d: z.float32(), e: z.map(z.string(), z.bigint()) })), [
    big,
    { kind: "string", logical: "uuid" },
    { kind: "int" },
    { kind: "double", logical: "float" },
    { kind: "map", key: { kind: "string" }, value: big },
  ]);
  assert.deepEqual(fields(z.object({ a: z.instanceof(Uint8Array), b: z.literal(5), c: z.literal(["x", null]), d: z.number().int() })), [
    { kind: "bytes" },
    { kind: "long" },
    { kind: "optional", of: { kind: "literal", values: ["x"] } },
    { kind: "long" },
  ]);
  assert.deepEqual(
    fields(v.object({ a: v.bigint(), b: v.pipe(v.string(), v.uuid()), c: v.instance(Uint8Array), d: v.nullish(v.number()) })),
    [big, { kind: "string", logical: "uuid" }, { kind: "bytes" }, { kind: "optional", of: { kind: "double" } }],
  );
  assert.deepEqual(fields(ark({ a: "bigint", b: "string.uuid" })), [big, { kind: "string", logical: "uuid" }]);
  assert.deepEqual(fields(Effect.Struct({ a: Effect.BigInt })), [big]);
  assert.deepEqual(fields(Type.Object({ a: Type.BigInt() })), [big]);
});

test("records that a literal tells apart are a union, and each is checked by its own rules", () => {
  for (const schema of [
    z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("card"), pan: z.string().min(4) }),
      z.object({ kind: z.literal("wire"), iban: z.string() }),
    ]),
    v.variant("kind", [
      v.object({ kind: v.literal("card"), pan: v.pipe(v.string(), v.minLength(4)) }),
      v.object({ kind: v.literal("wire"), iban: v.string() }),
    ]),
    Effect.Union([
      Effect.Struct({ kind: Effect.Literal("card"), pan: Effect.String.check(Effect.isMinLength(4)) }),
      Effect.Struct({ kind: Effect.Literal("wire"), iban: Effect.String }),
    ]),
    Type.Union([
      Type.Object({ kind: Type.Literal("card"), pan: Type.String({ minLength: 4 }) }),
      Type.Object({ kind: Type.Literal("wire"), iban: Type.String() }),
    ]),
  ]) {
    assert.deepEqual(decoded(schema, { kind: "wire", iban: "DE" }), { kind: "wire", iban: "DE" });
    assert.throws(() => decoded(schema, { kind: "card", pan: "1" }), { path: "pan" });
  }
});

test("a name of the schema's own is the record's name", () => {
  const nameOf = (schema: object): unknown => (schemaGiven(schema)!.type as { readonly name?: unknown }).name;
  assert.equal(nameOf(z.object({ a: z.string() }).meta({ title: "Order" })), "Order");
  assert.equal(nameOf(v.pipe(v.object({ a: v.string() }), v.title("Order"))), "Order");
  assert.equal(nameOf(Effect.Struct({ a: Effect.String }).annotate({ title: "Order" })), "Order");
  assert.equal(nameOf(Type.Object({ a: Type.String() }, { title: "Order" })), "Order");
});

test("what is no schema is none", () => {
  for (const given of [undefined, null, 5, "string", {}, [], () => 1, { type: "x" }]) assert.equal(schemaGiven(given), undefined);
  assert.throws(() => schemaFrom({} as never), { code: "BAD_SCHEMA", message: /Zod, Valibot, ArkType, Effect or TypeBox/ });
});

test("a check that waits is refused when it is first run", () => {
  const schema = z.object({ a: z.string().refine(async () => true) });
  assert.throws(() => decoded(schema, { a: "x" }), /asynchronously|async/i);
});
