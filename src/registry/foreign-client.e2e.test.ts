// @kafkajs/confluent-schema-registry, unchanged, against our registry: Avro, Protobuf and JSON Schema, registered, encoded and decoded.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { COMPATIBILITY, SchemaRegistry, SchemaType } from "@kafkajs/confluent-schema-registry";
import { RegistryWorld } from "./fixtures/registry-world.ts";

let world: RegistryWorld;
let client: SchemaRegistry;

before(async () => {
  world = await RegistryWorld.open();
  client = new SchemaRegistry({ host: world.registry.url, retry: { retries: 0 } });
});

after(() => world?.close());

const AVRO = (fields: readonly object[]): string => JSON.stringify({ type: "record", namespace: "shop", name: "Order", fields });
const NAME = { name: "name", type: "string" };

test("Avro: register, encode, decode with a client that has never seen the schema", async () => {
  const { id } = await client.register({ type: SchemaType.AVRO, schema: AVRO([NAME]) });
  const bytes = await client.encode(id, { name: "tea" });
  const reader = new SchemaRegistry({ host: world.registry.url });
  assert.deepEqual({ ...((await reader.decode(bytes)) as object) }, { name: "tea" });
  assert.equal(await client.getLatestSchemaId("shop.Order"), id);
  assert.equal(await client.getRegistryId("shop.Order", 1), id);
  assert.equal(await client.getRegistryIdBySchema("shop.Order", { type: SchemaType.AVRO, schema: AVRO([NAME]) }), id);
});

test("Avro: the compatibility asked for holds", async () => {
  const subject = "compatibility-of-orders";
  await client.register({ type: SchemaType.AVRO, schema: AVRO([NAME]) }, { subject, compatibility: COMPATIBILITY.BACKWARD });
  await assert.rejects(
    client.register({ type: SchemaType.AVRO, schema: AVRO([NAME, { name: "count", type: "int" }]) }, { subject }),
    /incompatible with an earlier schema/,
  );
});

test("Protobuf: with a message of another subject", async () => {
  const inner = 'syntax = "proto3"; package shop; message Item { string sku = 1; }';
  await client.register({ type: SchemaType.PROTOBUF, schema: inner }, { subject: "item.proto" });
  const outer = 'syntax = "proto3"; package shop; import "item.proto"; message Basket { Item item = 1; int32 count = 2; }';
  const references = [{ name: "item.proto", subject: "item.proto", version: 1 }];
  const { id } = await client.register({ type: SchemaType.PROTOBUF, schema: outer, references }, { subject: "basket" });
  const bytes = await client.encode(id, { item: { sku: "x1" }, count: 2 });
  const value = JSON.parse(JSON.stringify(await new SchemaRegistry({ host: world.registry.url }).decode(bytes))) as unknown;
  assert.deepEqual(value, { item: { sku: "x1" }, count: 2 });
});

test("JSON Schema: values are checked by it", async () => {
  const schema = JSON.stringify({
    type: "object",
    properties: { name: { type: "string" } },
    required: ["name"],
    additionalProperties: false,
  });
  const { id } = await client.register({ type: SchemaType.JSON, schema }, { subject: "json" });
  assert.deepEqual(await client.decode(await client.encode(id, { name: "tea" })), { name: "tea" });
  await assert.rejects(client.encode(id, { name: 5 }));
});
