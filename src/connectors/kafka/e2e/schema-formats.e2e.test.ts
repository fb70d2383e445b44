// Protobuf and JSON Schema topics against the broker and the registry of one server: a foreign client (@kafkajs/confluent-schema-registry)
// writes what the pipeline reads and reads what it writes; other messages of a file, and bad records, are told apart.
import assert from "node:assert/strict";
import { test } from "node:test";
import { SchemaRegistry, SchemaType } from "@kafkajs/confluent-schema-registry";
import { idFrame } from "../../../schema/wire/schema-frame.ts";
import { t } from "../../../schema/t.ts";
import { deadLetter } from "../../../stream/dead-letter.ts";
import { pipeline, type Pipeline } from "../../../stream/pipeline.ts";
import { deadLetterTopic } from "../dead-letter-topic.ts";
import { kafkaSink } from "../kafka-sink.ts";
import { kafkaSource } from "../kafka-source.ts";
import { topic, type TopicOptions } from "../topic.ts";
import { registryWorld } from "./registry-world.ts";

const Order = t.record("Order", {
  id: t.string(),
  customer: t.string(),
  amount: t.double(),
  at: t.long(),
  lines: t.array(t.record("Line", { sku: t.string(), count: t.int() })),
  note: t.optional(t.string()),
});
type OrderRow = { id: string; customer: string };

const world = registryWorld();

type Format = "protobuf" | "json-schema";

function copying(name: string, format: Format, options: TopicOptions<OrderRow> = {}): Pipeline {
  const malformed = deadLetter(kafkaSink(deadLetterTopic(`${name}-bad`), { delivery: "at-least-once" }));
  return pipeline(name, (p) => {
    p.from("orders", kafkaSource(topic(`${name}-in`, Order, { key: "customer", format })), { onError: malformed }).to(
      "copies",
      kafkaSink(topic(`${name}-out`, Order, { key: "customer", format, ...options })),
    );
  });
}

async function once(name: string, format: Format, options?: TopicOptions<OrderRow>): Promise<void> {
  const job = await world.server.run(copying(name, format, options), { once: true });
  assert.equal((await job.finished).state, "finished");
}

async function produce(name: string, values: readonly Uint8Array[]): Promise<void> {
  const producer = world.client.producer();
  for (const value of values) await producer.send({ topic: name, key: "k", value });
  await producer.close();
}

interface Read {
  readonly key: string | null;
  readonly value: Uint8Array;
  readonly headers: readonly { readonly key: string; readonly value: Uint8Array | null }[];
}

async function consume(name: string, count: number): Promise<Read[]> {
  const consumer = world.client.consumer();
  await consumer.assign([{ topic: name, partition: 0, offset: "earliest" }]);
  const found: Read[] = [];
  for await (const batch of consumer) {
    for (const { key, value, headers } of batch.records)
      found.push({ key: key === null ? null : Buffer.from(key).toString(), value: Uint8Array.from(value!), headers: [...headers] });
    if (found.length >= count) break;
  }
  await consumer.close();
  return found;
}

const PROTO = `syntax = "proto3";
package foreign;

message Order {
  string customer = 7;
  string id = 1;
  double amount = 3;
  sint64 at = 4;
  repeated Item lines = 5;
  string unknown = 6;
  optional string note = 9;
}

message Item {
  string sku = 1;
  int32 count = 2;
}
`;
/** This client leaves out the position of the message, which belongs between id and document. */
async function encodeProto(id: number, value: object): Promise<Buffer> {
  const bytes = await world.foreign.encode(id, value);
  return Buffer.concat([bytes.subarray(0, 5), Buffer.of(0), bytes.subarray(5)]);
}

const ORDER = { id: "o1", customer: "c", amount: 1.5, at: 1_700_000_000_000, lines: [{ sku: "s", count: 2 }] };

test("Protobuf: a foreign producer with numbers and types of its own, and a foreign consumer of what the pipeline wrote", async () => {
  const { id } = await world.foreign.register({ type: SchemaType.PROTOBUF, schema: PROTO }, { subject: "proto-in-value" });
  await produce("proto-in", [
    await encodeProto(id, { ...ORDER, unknown: "x" }),
    await encodeProto(id, { ...ORDER, id: "o2", lines: [], note: "ünï" }),
  ]);
  await once("proto", "protobuf");
  const copies = await consume("proto-out", 2);
  const reader = new SchemaRegistry({ host: world.server.registryUrl! });
  const seen = (await Promise.all(copies.map(({ value }) => reader.decode(Buffer.from(value))))) as Record<string, unknown>[];
  assert.deepEqual(
    seen.map((each) => JSON.parse(JSON.stringify(each)) as unknown),
    [
      { ...ORDER, at: "1700000000000" },
      { ...ORDER, id: "o2", at: "1700000000000", lines: undefined, note: "ünï" },
    ].map((each) => JSON.parse(JSON.stringify(each)) as unknown),
  );
  const { schema, schemaType } = await world.registry.version("proto-out-value");
  assert.equal(schemaType, "PROTOBUF");
  assert.match(schema, /message Order \{/);
});

test("Protobuf: bad records are dead letters with schema and cause; another message of the file is read by its position", async () => {
  const { id } = await world.foreign.register({ type: SchemaType.PROTOBUF, schema: PROTO }, { subject: "bad-in-value" });
  const later = await world.foreign.register(
    { type: SchemaType.PROTOBUF, schema: PROTO.replace("message Order", "message First { int32 x = 1; } message Order") },
    { subject: "second" },
  );
  const good = await encodeProto(id, ORDER);
  const document = good.subarray(6);
  await produce("bad-in", [
    good,
    Uint8Array.of(...idFrame(id), 0, 0x0a, 0xff, 0x7f),
    Uint8Array.of(...idFrame(later.id), 0, 0x08, 1),
    Uint8Array.of(...idFrame(id), 2, 18, ...document),
    Uint8Array.of(...idFrame(later.id), 2, 2, ...document),
  ]);
  await once("bad", "protobuf");
  const letters = (await consume("bad-bad", 3)).map(({ value }) => Buffer.from(value).toString());
  assert.match(letters[0]!, new RegExp(`in a value of schema ${id}`));
  assert.match(letters[1]!, /message foreign\.First has no such field/);
  assert.match(letters[2]!, /no message at position 9/);
  assert.equal((await consume("bad-out", 2)).length, 2);
});

test("Protobuf: the latest schema of others is written when asked for, and its id with the position of the message in a header", async () => {
  await world.registry.register("kept-out-value", PROTO, "PROTOBUF");
  const { id } = await world.foreign.register({ type: SchemaType.PROTOBUF, schema: PROTO }, { subject: "kept-in-value" });
  await produce("kept-in", [await encodeProto(id, ORDER)]);
  await once("kept", "protobuf", { registry: { useLatest: true, ids: "header" } });
  const [copy] = await consume("kept-out", 1);
  assert.equal(copy!.headers.find(({ key }) => key === "__value_schema_id")!.value!.length, 18);
});

test("JSON Schema: both ways with a foreign client, and what is not of the type becomes a dead letter", async () => {
  const schema = JSON.stringify({ type: "object", properties: { id: { type: "string" } } });
  const { id } = await world.foreign.register({ type: SchemaType.JSON, schema }, { subject: "json-in-value" });
  await produce("json-in", [
    await world.foreign.encode(id, { ...ORDER, extra: 1 }),
    await world.foreign.encode(id, { ...ORDER, at: 1.5 }),
    Buffer.from("{}"),
  ]);
  const job = await world.server.run(
    pipeline("json", (p) => {
      const malformed = deadLetter(kafkaSink(deadLetterTopic("json-bad"), { delivery: "at-least-once" }));
      p.from("orders", kafkaSource(topic("json-in", Order, { format: "json-schema" })), { onError: malformed }).to(
        "copies",
        kafkaSink(topic("json-out", Order, { format: "json-schema" })),
      );
    }),
    { once: true },
  );
  assert.equal((await job.finished).state, "finished");
  const [copy] = await consume("json-out", 1);
  const reader = new SchemaRegistry({ host: world.server.registryUrl! });
  assert.deepEqual(await reader.decode(Buffer.from(copy!.value)), ORDER);
  const letters = (await consume("json-bad", 2)).map(({ value }) => Buffer.from(value).toString());
  assert.match(letters[0]!, /at: expected long/);
  assert.match(letters[0]!, new RegExp(`in a value of schema ${id}`));
});
