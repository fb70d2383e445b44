// What topic() makes of the options of a key, and what it refuses, with the way out in the sentence.
import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { avroEncoder } from "../../schema/avro/encoder.ts";
import { createBatch, setValue } from "../../schema/columns.ts";
import { t } from "../../schema/t.ts";
import { typeText } from "../../schema/type-names.ts";
import { KeyEncoder } from "./key-encoder.ts";
import { kafkaSink } from "./kafka-sink.ts";
import { kafkaSource } from "./kafka-source.ts";
import { RecordEncoder } from "./record-encoder.ts";
import { subjectOf } from "./topic-format.ts";
import { keyPart, keyParts, type TopicKey } from "./topic-key.ts";
import { topicPattern } from "./topic-pattern.ts";
import { topic, type Topic } from "./topic.ts";

const Order = t.record("shop.Order", {
  id: t.long(),
  customer: t.string(),
  region: t.literal("eu", "us"),
  amount: t.double(),
  note: t.optional(t.string()),
});
const avro = { format: "avro", keyFormat: "avro" } as const;

function keyTypeText(of: TopicKey<unknown>): string {
  return typeText(of.keySchema!.type);
}

test("the key of one field is of the field's type; Protobuf, which has no scalars by themselves, puts it into a message", () => {
  const one: Topic<unknown, string> = topic("orders", Order, { key: "customer", ...avro });
  assert.equal(keyTypeText(one), typeText(t.string().type));
  assert.equal(keyTypeText(topic("o", Order, { key: "id", keyFormat: "json-schema" })), typeText(t.long().type));
  const message: Topic<unknown, { customer: string }> = topic("o", Order, { key: "customer", keyFormat: "protobuf" });
  assert.equal(keyTypeText(message), typeText(t.record("shop.OrderKey", { customer: t.string() }).type));
});

test("the key of several fields is a record of them, in the order that was given", () => {
  const several: Topic<unknown, { region: "eu" | "us"; id: number }> = topic("orders", Order, { key: ["region", "id"], ...avro });
  assert.equal(keyTypeText(several), typeText(t.record("shop.OrderKey", { region: t.literal("eu", "us"), id: t.long() }).type));
  assert.deepEqual(keyParts(Order.type, several)?.fields, ["region", "id"]);
});

test("a type of its own is read from the row's fields of its names, or comes from a function", () => {
  const OrderKey = t.record("OrderKey", { region: t.string(), id: t.bigint() });
  assert.throws(() => topic("o", Order, { keyType: OrderKey, ...avro }), {
    message: /keyType: id is long in the topic's type, which is no bigint/,
  });
  const Region = t.record("RegionKey", { region: t.string() });
  const own: Topic<unknown, { region: string }> = topic("o", Order, { keyType: Region, ...avro });
  assert.deepEqual(keyParts(Order.type, own), { type: Region.type, fields: ["region"], isRecord: true });
  const Tenant = t.record("TenantKey", { tenant: t.string(), id: t.long() });
  const other = topic("o", Order, { keyType: Tenant, ...avro });
  assert.throws(() => kafkaSink(other), { code: "BAD_OPTION", message: /does not have what keyType is made of: say key: \(row\) => …/ });
  assert.deepEqual(kafkaSink(other, { key: ({ id }) => ({ tenant: "t", id }) }).describe(), {
    topic: "o",
    delivery: "exactly-once",
    keyFormat: "avro",
    format: "avro",
  });
  // @ts-expect-error: not of the key's type
  kafkaSink(other, { key: ({ id }) => ({ tenant: 5, id }) });
  assert.deepEqual(kafkaSource(other).describe(), { topic: "o", format: "avro", keyFormat: "avro", startAt: "earliest" });
  const foreign: Topic<unknown, { region: string }> = topic("o", Order, { keyType: z.object({ region: z.string() }), ...avro });
  assert.deepEqual(keyParts(Order.type, foreign)?.fields, ["region"]);
});

test("subjects are those of Confluent's strategies", () => {
  const subject = (given: TopicKey<unknown> & { readonly name: string }): string => subjectOf(keyPart(given)!);
  assert.equal(subject(topic("orders", Order, { key: "customer", ...avro })), "orders-key");
  const several = { key: ["region", "id"], ...avro } as const;
  assert.equal(subject(topic("orders", Order, { ...several, registry: { subject: "record" } })), "shop.OrderKey");
  assert.equal(subject(topic("orders", Order, { ...several, registry: { subject: "topic-record" } })), "orders-shop.OrderKey");
  const mixed = topic("orders", Order, {
    key: "customer",
    ...avro,
    registry: { subject: "record", ids: "guid" },
    keyRegistry: { subject: "topic" },
  });
  assert.equal(subject(mixed), "orders-key");
  assert.deepEqual(mixed.keyRegistry, { subject: "topic", ids: "guid" });
});

test("a text key stays what it was", () => {
  const plain: Topic<unknown> = topic("orders", Order, { key: "customer" });
  assert.deepEqual({ ...plain, schema: 0 }, { name: "orders", schema: 0, key: "customer" });
  assert.equal(keyPart(plain), undefined);
  assert.deepEqual({ ...topic("o", Order, { key: "customer", keyFormat: "text" }), schema: 0 }, { name: "o", schema: 0, key: "customer" });
});

test("each kind of a union's records makes the key; a row that makes none is refused with the place in the key", () => {
  const View = t.record("View", { kind: t.literal("view"), user: t.string(), n: t.int() });
  const Sale = t.record("Sale", { kind: t.literal("sale"), n: t.int(), user: t.string(), price: t.double() });
  const events = topic("events", t.union(View, Sale), { key: ["user", "n"], keyFormat: "avro" });
  const { type } = events.keySchema!;
  assert.equal(typeText(type), typeText(t.record("Key", { user: t.string(), n: t.int() }).type));
  const key = { ...avroEncoder(type), prefix: Uint8Array.of(9), header: undefined };
  const encoder = new RecordEncoder(events, undefined, { key });
  const batch = createBatch(events.schema.type, 2);
  setValue(batch.columns[0]!, 0, { kind: "view", user: "ü", n: -1 });
  setValue(batch.columns[0]!, 1, { kind: "sale", n: 1, user: "", price: 2 });
  batch.rows = 2;
  encoder.begin(batch);
  const keys = [0, 1].map((row) => {
    encoder.encode(batch, row);
    return [...encoder.keyBytes!.subarray(encoder.keyStart, encoder.keyEnd)];
  });
  assert.deepEqual(keys, [
    [9, 4, 0xc3, 0xbc, 1],
    [9, 0, 2],
  ]);
  const narrow = topic("narrow", t.record("R", { id: t.long() }), { key: "id", keyType: t.int(), keyFormat: "avro" });
  const ids = new KeyEncoder(narrow.schema.type, narrow, { ...key, ...avroEncoder(t.int().type) });
  assert.throws(() => ids.encodeObject({ id: 2 ** 40 }), { code: "BAD_DATA", message: "the key: expected int, got an integer" });
  const record = topic("r", t.record("R", { id: t.long() }), { keyType: t.record("K", { id: t.int() }), keyFormat: "avro" });
  const records = new KeyEncoder(record.schema.type, record, { ...key, ...avroEncoder(record.keySchema!.type) });
  assert.throws(() => records.encodeObject({ id: 2 ** 40 }), { message: "the key's id: expected int, got an integer" });
});

test("topics of a pattern have keys with a schema, too", () => {
  assert.equal(keyTypeText(topicPattern(/^orders-/, Order, { key: "id", keyFormat: "avro" })), typeText(t.long().type));
});

const REFUSED: readonly (readonly [what: string, make: () => unknown, message: string])[] = [
  [
    "a format that there is not",
    () => topic("o", Order, { key: "id", keyFormat: "arvo" as never }),
    'keyFormat is one of "text", "avro", "protobuf", "json-schema", not "arvo": did you mean "avro"?',
  ],
  ["no key", () => topic("o", Order, avro), 'keyFormat: "avro" says how a key is written: which key? Say key or keyType.'],
  [
    "several fields as text",
    () => topic("o", Order, { key: ["id", "customer"] }),
    'a key of several fields has a schema: keyFormat: "avro", "protobuf" or "json-schema".',
  ],
  ["no field", () => topic("o", Order, { key: [], ...avro } as never), "key is the name of a field, or a list of different names."],
  ["a field twice", () => topic("o", Order, { key: ["id", "id"], ...avro }), "key is the name of a field, or a list of different names."],
  [
    "a field that may be absent",
    () => topic("o", Order, { key: ["id", "note"], ...avro } as never),
    'field "note" cannot be the key: a key is always there, and a string, number, bigint or boolean.',
  ],
  [
    "a type for text",
    () => topic("o", Order, { key: "id", keyType: t.long() }),
    'keyType is for keyFormat: "avro", "protobuf" or "json-schema".',
  ],
  [
    "registry options for text",
    () => topic("o", Order, { key: "id", keyRegistry: {} }),
    'keyRegistry is for keyFormat: "avro", "protobuf" or "json-schema".',
  ],
  ["no schema as a type", () => topic("o", Order, { keyType: "long" as never, ...avro }), "keyType is a schema, such as t.record(…)."],
  [
    "an optional type",
    () => topic("o", Order, { key: "id", keyType: t.optional(t.long()), ...avro }),
    "a key that is not there is null, whatever keyType says: it is no optional type.",
  ],
  [
    "fields that are not those of the type",
    () => topic("o", Order, { key: ["id", "region"], keyType: t.record("K", { id: t.long() }), ...avro }),
    "keyType K has the fields id, and key says id, region.",
  ],
  [
    "a scalar for several fields",
    () => topic("o", Order, { key: ["id", "region"], keyType: t.string(), ...avro }),
    "a key of several fields is a record: keyType is a t.record(…).",
  ],
  [
    "a type that the field is not",
    () => topic("o", Order, { key: "customer", keyType: t.long(), ...avro }),
    "keyType: customer is string in the topic's type, which is no long.",
  ],
  [
    "a subject named after no record",
    () => topic("o", Order, { key: "id", ...avro, registry: { subject: "record" } }),
    'the subject "record" is named after the key\'s record, and the key is none: keyType: t.record(…), or keyRegistry: { subject: "topic" }.',
  ],
  [
    "a subject named after no record of values",
    () => topic("o", t.array(Order), { format: "avro", registry: { subject: "topic-record" } }),
    'the subject "topic-record" is named after the value\'s record, and the value is none.',
  ],
  [
    "a misspelt registry option",
    () => topic("o", Order, { key: "id", ...avro, keyRegistry: { autoregister: true } as never }),
    'there is no keyRegistry option "autoregister": did you mean "autoRegister"?',
  ],
  [
    "a wrong registry option",
    () => topic("o", Order, { key: "id", ...avro, keyRegistry: { normalize: "yes" as never } }),
    'keyRegistry.normalize is true or false, not "yes".',
  ],
];

for (const [what, make, message] of REFUSED)
  test(`refused: ${what}`, () => {
    assert.throws(make, { code: "BAD_TOPIC", message: `topic("o"): ${message}` });
  });
