// millrace/schema: a type comes back from each of the other systems' schemas as it went.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import * as z from "zod";
import { anyRecord } from "./fixtures/arbitrary-types.ts";
import {
  fromAvro,
  fromConnect,
  fromJsonSchema,
  fromProtobuf,
  fromSql,
  toAvro,
  toConnect,
  toJsonSchema,
  toProtobuf,
  toSql,
  type ConnectSchema,
} from "./index.ts";
import { t } from "./t.ts";

const seed = process.env["MILLRACE_SEED"] === undefined ? {} : { seed: Number(process.env["MILLRACE_SEED"]) };

test("a record comes back as it went, through texts", () => {
  fc.assert(
    fc.property(anyRecord, (schema) => {
      assert.deepEqual(fromAvro(toAvro(schema)).type, schema.type);
      assert.deepEqual(fromProtobuf(toProtobuf(schema)).type, schema.type);
      assert.deepEqual(fromJsonSchema(toJsonSchema(schema)).type, schema.type);
      assert.deepEqual(fromJsonSchema(toJsonSchema(schema, "draft-2020-12")).type, schema.type);
      assert.deepEqual(fromConnect(JSON.parse(JSON.stringify(toConnect(schema))) as ConnectSchema).type, schema.type);
    }),
    { numRuns: 30, ...seed },
  );
});

const Order = t.record("shop.Order", { id: t.uuid(), amount: t.optional(t.decimal(9, 2)) });

test("each says the type in its own words", () => {
  assert.match(toAvro(Order), /"logicalType":"decimal","precision":9,"scale":2/);
  assert.match(toProtobuf(Order), /^syntax = "proto3";\npackage shop;\n/);
  assert.match(toJsonSchema(Order), /"additionalProperties":false/);
  assert.deepEqual(toConnect(Order).name, "shop.Order");
  assert.equal(toSql(Order), "ROW<`id` STRING NOT NULL, `amount` DECIMAL(9, 2)> NOT NULL");
  assert.equal(toSql(fromSql("ROW<n BIGINT NULL>", "N")), "ROW<`n` BIGINT>");
});

test("schemas of other libraries go out, too; messages are chosen by name", () => {
  assert.equal(toSql(z.object({ id: z.string() }).meta({ title: "O" })), "ROW<`id` STRING NOT NULL> NOT NULL");
  const text = 'syntax = "proto3"; package p; import "n.proto"; message A { } message B { N n = 1; }';
  const imports = ['syntax = "proto3"; package p; message N { int32 x = 1; }'];
  const { type } = fromProtobuf(text, { message: "p.B", imports });
  assert.equal(type.kind === "record" && type.name, "p.B");
  assert.throws(() => fromProtobuf(text, { message: "p.C", imports }), { code: "BAD_SCHEMA", message: /no message "p\.C"/ });
  assert.throws(() => fromAvro("{"), { code: "INVALID_SCHEMA" });
  assert.throws(() => toAvro({} as never), { code: "BAD_SCHEMA" });
});
