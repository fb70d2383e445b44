// What Kafka Connect's converter and Flink write as JSON Schema, and references, as types.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fromConnect, fromJsonSchema } from "../schema-texts.ts";
import { t } from "../t.ts";

const field = (schema: object): unknown => {
  const { type } = fromJsonSchema(JSON.stringify({ type: "object", title: "R", properties: { x: schema }, required: ["x"] }));
  return type.kind === "record" && type.fields[0]!.type;
};
const connect = "org.apache.kafka.connect.data";

test("numbers are what connect.type says, be the type number or integer", () => {
  for (const type of ["number", "integer"]) {
    for (const small of ["int8", "int16", "int32"]) assert.deepEqual(field({ type, "connect.type": small }), t.int().type);
    assert.deepEqual(field({ type, "connect.type": "int64" }), t.long().type);
    assert.deepEqual(field({ type, "connect.type": "int32", title: `${connect}.Date` }), t.date().type);
    assert.deepEqual(field({ type, "connect.type": "int32", title: `${connect}.Time`, "flink.precision": 2 }), t.time().type);
    assert.deepEqual(field({ type, "connect.type": "int64", title: `${connect}.Timestamp`, "flink.precision": 3 }), t.timestamp().type);
    const local = { type, "connect.type": "int64", title: `${connect}.Timestamp`, "flink.type": "timestamp" };
    assert.deepEqual(field(local), t.localTimestamp().type);
  }
  assert.deepEqual(field({ type: "number", "connect.type": "float32" }), t.float().type);
  assert.deepEqual(field({ type: "number", "connect.type": "float64" }), t.double().type);
  assert.deepEqual(field({ type: "number" }), t.double().type);
});

test("decimals are those of Connect, as numbers or as text", () => {
  const parameters = { "connect.parameters": { scale: "2", "connect.decimal.precision": "9" } };
  for (const type of ["number", "string"]) {
    assert.deepEqual(field({ type, title: `${connect}.Decimal`, "connect.type": "bytes", ...parameters }), t.decimal(9, 2).type);
    assert.deepEqual(field({ type, title: `${connect}.Decimal`, "connect.type": "bytes" }), t.decimal(38, 18).type);
  }
});

test("a name of Connect's that is one of JavaScript's is only a name", () => {
  for (const name of ["constructor", "__proto__", "toString"]) {
    assert.deepEqual(fromConnect({ type: "string", name }).type, t.string().type);
    assert.deepEqual(field({ type: "integer", title: name }), t.long().type);
  }
});

test("references into other documents, by name, id and pointer, are followed there", () => {
  const address = { $id: "http://example.com/address.json", type: "object", title: "Address", properties: { zip: { $ref: "#/$defs/zip" } }, required: ["zip"], $defs: { zip: { type: "string" } } }; // prettier-ignore
  const order = {
    type: "object",
    title: "Order",
    properties: { to: { $ref: "address.json" }, zip: { $ref: "address.json#/$defs/zip" }, n: { $ref: "#count" } },
    required: ["to", "zip", "n"],
    $defs: { count: { $anchor: "count", type: "integer" } },
  };
  const references = { "address.json": JSON.stringify(address) };
  assert.deepEqual(
    fromJsonSchema(JSON.stringify(order), { references }).type,
    t.record("Order", { to: t.record("Address", { zip: t.string() }), zip: t.string(), n: t.long() }).type,
  );
  assert.throws(() => fromJsonSchema(JSON.stringify(order)), {
    code: "BAD_SCHEMA",
    message: /at to: it refers to "address\.json", which is not there\. Instead: put it into \$defs, or give the document that it names\./,
  });
});
