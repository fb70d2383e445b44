// Types through the schemas of Kafka Connect and the types of Flink SQL, and back.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { connectToType, typeToConnect, type ConnectSchema } from "./connect/connect-schema.ts";
import { anyRecord, anyType } from "./fixtures/arbitrary-types.ts";
import { sqlToType, typeToSql } from "./sql/sql-type.ts";
import { t } from "./t.ts";

const seed = process.env["MILLRACE_SEED"] === undefined ? {} : { seed: Number(process.env["MILLRACE_SEED"]) };

test("a type's Connect schema, as JSON, gives the type back", () => {
  fc.assert(
    fc.property(fc.oneof(anyType, anyRecord), ({ type }) => {
      assert.deepEqual(connectToType(JSON.parse(JSON.stringify(typeToConnect(type))) as ConnectSchema), type);
    }),
    { numRuns: 300, ...seed },
  );
});

test("what SQL says of a type is what SQL says of the type that it gives back", () => {
  fc.assert(
    fc.property(fc.oneof(anyType, anyRecord), ({ type }) => {
      fc.pre(!JSON.stringify(type).includes('"kind":"union"'));
      const text = typeToSql(type);
      assert.equal(typeToSql(sqlToType(text)), text);
    }),
    { numRuns: 300, ...seed },
  );
});

test("what Debezium and Connect write is read", () => {
  const read = (type: string, name: string, parameters?: Record<string, string>): unknown =>
    connectToType({ type, name, optional: true, ...(parameters === undefined ? {} : { parameters }) });
  const optional = (of: object): object => ({ kind: "optional", of });
  assert.deepEqual(read("int64", "io.debezium.time.MicroTimestamp"), optional({ kind: "long", logical: "local-timestamp-micros" }));
  assert.deepEqual(read("int64", "org.apache.kafka.connect.data.Timestamp"), optional({ kind: "timestamp" }));
  assert.deepEqual(
    read("bytes", "org.apache.kafka.connect.data.Decimal", { scale: "2" }),
    optional({ kind: "decimal", precision: 38, scale: 2 }),
  );
  assert.deepEqual(
    read("string", "io.debezium.data.Enum", { allowed: "new,sent" }),
    optional({ kind: "literal", values: ["new", "sent"] }),
  );
  assert.deepEqual(read("string", "io.debezium.time.ZonedTimestamp"), optional({ kind: "string" }));
  assert.deepEqual(read("int16", "my.Own"), optional({ kind: "int" }));
  assert.throws(() => connectToType({ type: "struct", fields: [{ type: "array", field: "tags" }] }), {
    code: "BAD_SCHEMA",
    message: /at \/tags is none: .*items/,
  });
});

test("SQL's own ways of writing are read", () => {
  const row = sqlToType(
    "ROW<id STRING NOT NULL, `at time` TIMESTAMP(3) WITH LOCAL TIME ZONE, price DECIMAL(9,2) NOT NULL, n INTEGER NULL>",
    "Order",
  );
  const wanted = t.record("Order", {
    id: t.string(),
    "at time": t.optional(t.timestamp()),
    price: t.decimal(9, 2),
    n: t.optional(t.int()),
  });
  assert.deepEqual(row, { kind: "optional", of: wanted.type });
  assert.equal(
    typeToSql(wanted.type),
    "ROW<`id` STRING NOT NULL, `at time` TIMESTAMP_LTZ(3), `price` DECIMAL(9, 2) NOT NULL, `n` INT> NOT NULL",
  );
  for (const text of ["ROW<a>", "INTERVAL YEAR", "STRING STRING", "ARRAY<", "DECIMAL(x)", "", "STRING ?"])
    assert.throws(() => sqlToType(text), { code: "BAD_SCHEMA", message: /expected/ });
  assert.throws(() => typeToSql(t.union(t.string(), t.int()).type), { code: "BAD_SCHEMA" });
});
