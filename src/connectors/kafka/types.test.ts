// What the compiler says about topics, sources and sinks: element types flow from the schema, and a key is a field that can be one.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createBatch, setValue } from "../../schema/columns.ts";
import { t } from "../../schema/t.ts";
import type { Sink, Source } from "../../stream/connector.ts";
import { deadLetter } from "../../stream/dead-letter.ts";
import { deadLetterTopic } from "./dead-letter-topic.ts";
import { kafkaSink } from "./kafka-sink.ts";
import { kafkaSource } from "./kafka-source.ts";
import { RecordEncoder } from "./record-encoder.ts";
import { topic } from "./topic.ts";
import { topicPattern } from "./topic-pattern.ts";

const Order = t.record("Order", {
  id: t.string(),
  count: t.int(),
  kind: t.literal("buy", "sell"),
  big: t.bigint(),
  paid: t.boolean(),
  note: t.optional(t.string()),
  items: t.array(t.string()),
});
interface OrderRow {
  id: string;
  count: number;
  kind: "buy" | "sell";
  big: bigint;
  paid: boolean;
  note?: string | undefined;
  items: string[];
}

test("element types flow from the schema", () => {
  const orders = topic("orders", Order, { key: "id" });
  const source: Source<OrderRow> = kafkaSource(orders);
  const sink: Sink<OrderRow> = kafkaSink(orders);
  // @ts-expect-error: another element type
  const wrong: Source<{ id: number }> = kafkaSource(orders);
  assert.deepEqual(source.describe(), { topic: "orders", startAt: "earliest" });
  assert.deepEqual(sink.describe(), { topic: "orders", delivery: "exactly-once", key: "id" });
  assert.equal(wrong.type, Order.type);
});

test("strings, numbers, literals, bigints and booleans can be keys", () => {
  for (const key of ["id", "count", "kind", "big", "paid"] as const) assert.equal(topic("orders", Order, { key }).key, key);
});

test("fields that may be absent, that hold many values, or that do not exist cannot be keys", () => {
  // @ts-expect-error: may be absent
  assert.throws(() => topic("orders", Order, { key: "note" }), { code: "BAD_TOPIC", message: /"note" cannot be the key/ });
  // @ts-expect-error: an array
  assert.throws(() => topic("orders", Order, { key: "items" }), { code: "BAD_TOPIC" });
  // @ts-expect-error: no such field
  assert.throws(() => topic("orders", Order, { key: "customer" }), { code: "BAD_TOPIC", message: /no field "customer"/ });
  // @ts-expect-error: a string has no fields
  assert.throws(() => topic("lines", t.string(), { key: "length" }), { code: "BAD_TOPIC", message: /only records/ });
});

test("the key of a union is a field that each of its records has", () => {
  const View = t.record("View", { kind: t.literal("view"), user: t.string(), page: t.string() });
  const Purchase = t.record("Purchase", { kind: t.literal("purchase"), user: t.string(), price: t.double() });
  const activity = topic("activity", t.union(View, Purchase), { key: "user" });
  assert.equal(activity.key, "user");
  assert.throws(() => topic("activity", t.union(View, Purchase), { key: "page" }), { code: "BAD_TOPIC", message: /Purchase has no field/ });
  const encoder = new RecordEncoder(activity);
  const batch = createBatch(activity.schema.type, 2);
  setValue(batch.columns[0]!, 0, { kind: "view", user: "anna", page: "/" });
  setValue(batch.columns[0]!, 1, { kind: "purchase", user: "bé", price: 2 });
  batch.rows = 2;
  encoder.begin(batch);
  const keys = [0, 1].map((row) => {
    encoder.encode(batch, row);
    return new TextDecoder().decode(encoder.keyBytes!.subarray(encoder.keyStart, encoder.keyEnd));
  });
  assert.deepEqual(keys, ["anna", "bé"]);
});

test("names that Kafka refuses, and options that do not exist, are refused", () => {
  for (const name of ["", ".", "..", "a b", "x".repeat(250), "ä"]) assert.throws(() => topic(name, Order), { code: "BAD_TOPIC" }, name);
  // @ts-expect-error: no such start
  assert.throws(() => kafkaSource(topic("orders", Order), { startAt: "begin" }), {
    code: "BAD_OPTION",
    message: /"earliest", "latest", "committed"/,
  });
  // @ts-expect-error: no such delivery
  assert.throws(() => kafkaSink(topic("orders", Order), { delivery: "twice" }), { code: "BAD_OPTION" });
});

test("misspelt options are refused with the one that was meant", () => {
  const orders = topic("orders", Order);
  const refused: readonly (readonly [make: () => unknown, message: string])[] = [
    [() => topic("o", Order, { formt: "avro" } as never), 'topic("o"): there is no option "formt": did you mean "format"?'],
    [
      () => topic("o", Order, { format: "arvo" } as never),
      'topic("o"): format is one of "json", "avro", "protobuf", "json-schema", not "arvo": did you mean "avro"?',
    ],
    [
      () => topic("o", Order, { format: "avro", registry: { autoregister: false } } as never),
      'topic("o"): there is no registry option "autoregister": did you mean "autoRegister"?',
    ],
    [
      () => topic("o", Order, { format: "avro", registry: { useLatest: "yes" } } as never),
      'topic("o"): registry.useLatest is true or false, not "yes".',
    ],
    [
      () => topic("o", Order, { format: "avro", registry: { url: "registry" } }),
      'topic("o"): registry.url is an address such as "http://localhost:8081", not "registry".',
    ],
    [() => topic("o", Order, "avro" as never), 'topic("o"): the options are an object, not "avro".'],
    [
      () => topicPattern(/^o/, Order, { key: "id" }),
      "topicPattern(/^o/): key is for keyFormat: topics of a pattern are only read, and a key that is text is not looked at.",
    ],
    [
      () => kafkaSource(orders, { startat: "latest" } as never),
      'kafkaSource("orders"): there is no option "startat": did you mean "startAt"?',
    ],
    [() => kafkaSink(orders, { delivry: "none" } as never), 'kafkaSink("orders"): there is no option "delivry": did you mean "delivery"?'],
    [
      () => kafkaSink(topicPattern(/^o/, Order) as never),
      'kafkaSink("/^o/"): a sink writes to one topic, not to a pattern: topic(name, schema).',
    ],
  ];
  for (const [make, message] of refused) assert.throws(make, { message });
});

test("a dead-letter topic is taken by deadLetter() itself, and as a sink", () => {
  const letters = deadLetterTopic("letters");
  assert.deepEqual(deadLetter(letters).deadLetter.describe(), { topic: "letters", delivery: "exactly-once" });
  assert.equal(deadLetter(kafkaSink(letters)).deadLetter.connector, "kafka");
});

test("a function of tombstones gets the key as its type has it, and gives a value of the topic", () => {
  const key = ["id", "count"] as const;
  kafkaSource(topic("orders", Order, { key: "id" }), { tombstones: (text: string) => (text === "" ? undefined : (null as never)) });
  const made = kafkaSource(topic("orders", Order, { key, format: "avro", keyFormat: "avro" }), {
    tombstones: ({ id, count }) => (id === "" ? undefined : { id, count, kind: "buy" as const, big: 0n, paid: false, items: [] }),
  });
  assert.deepEqual(made.describe(), { topic: "orders", format: "avro", keyFormat: "avro", startAt: "earliest", tombstones: "rows" });
  kafkaSource(topicPattern(/^o/, t.record("Name", { name: t.string() }), { keyType: t.long(), keyFormat: "avro" }), {
    tombstones: (id: number) => ({ name: `${id}` }),
  });
  // @ts-expect-error: no value of the topic
  kafkaSource(topic("orders", Order), { tombstones: (text) => text });
  // @ts-expect-error: keys are text
  kafkaSource(topic("orders", Order), { tombstones: (id: number) => (id > 0 ? undefined : undefined) });
  for (const tombstones of ["drop", true, null])
    assert.throws(() => kafkaSource(topic("orders", Order), { tombstones } as never), {
      code: "BAD_OPTION",
      message: `kafkaSource("orders"): tombstones is one of "skip", "error", or a function that makes a row of the key, not ${JSON.stringify(tombstones)}.`,
    });
});
