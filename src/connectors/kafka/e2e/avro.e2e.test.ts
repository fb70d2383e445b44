// Avro topics against the broker and the registry of one server: a foreign client (@kafkajs/confluent-schema-registry with kafkajs) writes what
// the pipeline reads and reads what it writes; older and newer writers are resolved, and bad records become dead letters.
import assert from "node:assert/strict";
import { test } from "node:test";
import { SchemaRegistry, SchemaType } from "@kafkajs/confluent-schema-registry";
import { guidFrame, idFrame } from "../../../schema/wire/schema-frame.ts";
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
  amount: t.decimal(9, 2),
  at: t.timestamp(),
  note: t.optional(t.string()),
});
type OrderRow = { id: string; customer: string };

const world = registryWorld();

function copying(name: string, options: TopicOptions<OrderRow> = {}): Pipeline {
  const malformed = deadLetter(kafkaSink(deadLetterTopic(`${name}-bad`), { delivery: "at-least-once" }));
  return pipeline(name, (p) => {
    p.from("orders", kafkaSource(topic(`${name}-in`, Order, { key: "customer", format: "avro" })), { onError: malformed }).to(
      "copies",
      kafkaSink(topic(`${name}-out`, Order, { key: "customer", format: "avro", ...options })),
    );
  });
}

async function once(name: string, options?: TopicOptions<OrderRow>): Promise<void> {
  const job = await world.server.run(copying(name, options), { once: true });
  assert.equal((await job.finished).state, "finished");
}

async function produce(name: string, values: readonly Uint8Array[], headers?: Record<string, Uint8Array>): Promise<void> {
  const producer = world.client.producer();
  for (const value of values) await producer.send({ topic: name, key: "k", value, ...(headers === undefined ? {} : { headers }) });
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

const FIELDS = [
  { name: "id", type: "string" },
  { name: "customer", type: "string" },
  { name: "amount", type: { type: "bytes", logicalType: "decimal", precision: 9, scale: 2 } },
  { name: "at", type: { type: "long", logicalType: "timestamp-millis" } },
];
const avro = (name: string, fields: readonly object[]): { type: SchemaType.AVRO; schema: string } => ({
  type: SchemaType.AVRO,
  schema: JSON.stringify({ type: "record", name, fields }),
});
const row = (id: string, more: object = {}): object => ({ id, customer: "c", amount: Buffer.from([0x04, 0xe2]), at: 5, ...more });

test("a foreign producer of older and newer schemas, and a foreign consumer of what the pipeline wrote", async () => {
  const old = await world.foreign.register(avro("shop.Order", FIELDS), { subject: "copy-in-value" });
  const newer = await world.foreign.register(
    avro("shop.Order", [
      { name: "channel", type: ["null", { type: "array", items: "string" }], default: null },
      ...FIELDS,
      { name: "note", type: ["null", "string"], default: null },
    ]),
    { subject: "copy-in-value" },
  );
  await produce("copy-in", [
    await world.foreign.encode(old.id, row("o1")),
    await world.foreign.encode(newer.id, row("o2", { channel: ["web"], note: "ünï" })),
    await world.foreign.encode(old.id, row("o3")),
  ]);
  await once("copy");
  const copies = await consume("copy-out", 3);
  const reader = new SchemaRegistry({ host: world.server.registryUrl! });
  const seen = (await Promise.all(copies.map(({ value }) => reader.decode(Buffer.from(value))))) as Record<string, unknown>[];
  assert.deepEqual(
    seen.map(({ id, note, at, amount }) => [id, note, at, Buffer.from(amount as Uint8Array).toString("hex")]),
    [
      ["o1", null, 5, "04e2"],
      ["o2", "ünï", 5, "04e2"],
      ["o3", null, 5, "04e2"],
    ],
  );
  assert.deepEqual(
    copies.map(({ key }) => key),
    ["c", "c", "c"],
  );
  assert.equal((await world.registry.version("copy-out-value")).version, 1);
});

test("records that cannot be read are dead letters with schema, path and cause; the others go on", async () => {
  const { id } = await world.foreign.register(avro("shop.Order", FIELDS), { subject: "bad-in-value" });
  const { id: other } = await world.foreign.register(avro("Other", [{ name: "x", type: "int" }]), { subject: "other" });
  const good = await world.foreign.encode(id, row("good"));
  await produce("bad-in", [
    good,
    Buffer.from('{"id":"json"}'),
    Uint8Array.of(0, 0, 1),
    Uint8Array.of(...idFrame(4_000_000), 2),
    await world.foreign.encode(other, { x: 1 }),
    good.subarray(0, good.length - 3),
    good,
  ]);
  await once("bad");
  const letters = (await consume("bad-bad", 5)).map(({ value }) => JSON.parse(Buffer.from(value).toString()) as Record<string, unknown>);
  const errors = letters.map((letter) => JSON.stringify(letter));
  for (const [index, pattern] of [
    /magic byte 0x7b/,
    /got 3 bytes/,
    /schema 4000000, which the registry does not know/,
    /id: the writer has no such field/,
  ].entries())
    assert.match(errors[index]!, pattern);
  assert.match(errors[4]!, new RegExp(`in a value of schema ${id}`));
  const at = Number(/at byte (\d+)/.exec(errors[4]!)?.[1]);
  assert.ok(at > 5 && at <= good.length - 3, `a place in the record's value, not ${at}`);
  assert.equal((await consume("bad-out", 2)).length, 2);
});

test("GUIDs before the value and in headers are read and written", async () => {
  const { id } = await world.foreign.register(avro("shop.Order", FIELDS), { subject: "guid-in-value" });
  const { guid } = await world.registry.byId(id);
  const document = (await world.foreign.encode(id, row("o1"))).subarray(5);
  await produce("guid-in", [Buffer.concat([guidFrame(guid), document])]);
  await produce("guid-in", [document], { __value_schema_id: guidFrame(guid) });
  await produce("guid-in", [Buffer.concat([idFrame(id), document])]);
  await once("guid", { registry: { ids: "header" } });
  const copies = await consume("guid-out", 3);
  const own = await world.registry.version("guid-out-value");
  for (const { value, headers } of copies) {
    assert.deepEqual(
      Uint8Array.from(headers.find(({ key }) => key === "__value_schema_id")!.value!),
      guidFrame((await world.registry.byId(own.id)).guid),
    );
    assert.equal(value[0], 4, "no prefix: the first field's length");
  }
});

test("useLatest writes the registered schema; autoRegister off and incompatible schemas keep the job from starting", async () => {
  const { id } = await world.foreign.register(avro("shop.Order", FIELDS), { subject: "latest-in-value" });
  await produce("latest-in", [await world.foreign.encode(id, row("o1"))]);
  const target = [
    ...FIELDS,
    { name: "note", type: ["null", "string"], default: null },
    { name: "source", type: "string", default: "copy" },
  ];
  const latest = await world.foreign.register(avro("shop.Order", target), { subject: "latest-out-value" });
  await once("latest", { registry: { useLatest: true } });
  const [copy] = await consume("latest-out", 1);
  assert.deepEqual(copy!.value.subarray(0, 5), idFrame(latest.id));
  assert.equal(((await world.foreign.decode(Buffer.from(copy!.value))) as { source: string }).source, "copy");
  const refused = async (name: string, options: TopicOptions<OrderRow>, reason: RegExp): Promise<void> => {
    const job = world.server.run(copying(name, options), { once: true }).then((running) => running.finished);
    await assert.rejects(job, (error: Error) => {
      assert.match(`${error.message} ${String(error.cause)}`, reason);
      return true;
    });
  };
  await refused("unknown", { registry: { autoRegister: false } }, /autoRegister is off/);
  await world.foreign.register(avro("Order", [{ name: "id", type: "int" }]), { subject: "narrow-out-value" });
  await refused("narrow", {}, /SCHEMA_REFUSED|incompatible|subject "narrow-out-value"/);
  await refused("narrow", { registry: { useLatest: true } }, /cannot be read|no place/);
});

test("the subject is that of the topic, of the record, or of both: a copy's schema is there under it, with the id its values have", async () => {
  const { id } = await world.foreign.register(avro("shop.Order", FIELDS), { subject: "any" });
  for (const [strategy, subject] of [
    ["topic", "by-topic-out-value"],
    ["record", "Order"],
    ["topic-record", "by-topic-record-out-Order"],
  ] as const) {
    const name = `by-${strategy}`;
    await assert.rejects(world.registry.version(subject), { code: "SCHEMA_NOT_FOUND" });
    await produce(`${name}-in`, [await world.foreign.encode(id, row("o1"))]);
    await once(name, { registry: { subject: strategy } });
    const [copy] = await consume(`${name}-out`, 1);
    assert.deepEqual(copy!.value.subarray(0, 5), idFrame((await world.registry.version(subject)).id));
  }
});
