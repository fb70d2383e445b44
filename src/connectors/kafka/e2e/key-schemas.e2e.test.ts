// Keys with a schema of their own against the broker and the registry of one server: a foreign client (@kafkajs/confluent-schema-registry) writes
// keys that the pipeline reads and reads those it writes; partitions are those of the bytes; keys that are none become dead letters.
import assert from "node:assert/strict";
import { test } from "node:test";
import { SchemaRegistry, SchemaType } from "@kafkajs/confluent-schema-registry";
import { kafkaPartition } from "../../../bytes/murmur2.ts";
import { guidFrame, idFrame, SchemaFrame } from "../../../schema/wire/schema-frame.ts";
import { t } from "../../../schema/t.ts";
import type { Sink, Source } from "../../../stream/connector.ts";
import { deadLetter } from "../../../stream/dead-letter.ts";
import { pipeline } from "../../../stream/pipeline.ts";
import { arraySource } from "../../memory/array-source.ts";
import { collectSink } from "../../memory/collect-sink.ts";
import { deadLetterTopic } from "../dead-letter-topic.ts";
import { kafkaSink } from "../kafka-sink.ts";
import { kafkaSource } from "../kafka-source.ts";
import { topic } from "../topic.ts";
import { topicPattern } from "../topic-pattern.ts";
import { registryWorld, type FoundRecord } from "./registry-world.ts";

const Order = t.record("Order", { id: t.long(), customer: t.string(), amount: t.double() });
type OrderRow = { id: number; customer: string; amount: number };
const COUNT = 60;
const PARTITIONS = 4;
const rows: OrderRow[] = Array.from({ length: COUNT }, (_, id) => ({ id, customer: `customer-${id % 9}`, amount: id / 4 }));

const world = registryWorld();
const { consume, produce, logged } = world;

/** The foreign client registers named types only. */
async function registered(subject: string, schema: unknown): Promise<number> {
  return await world.registry.register(subject, JSON.stringify(schema), "AVRO");
}

async function created(...names: readonly string[]): Promise<void> {
  await world.createTopics(names, PARTITIONS);
}

async function through(
  name: string,
  source: Source<OrderRow>,
  sink: Sink<OrderRow>,
  { parallelism = 1, dead }: { readonly parallelism?: number; readonly dead?: string } = {},
): Promise<void> {
  const onError = dead === undefined ? {} : { onError: deadLetter(kafkaSink(deadLetterTopic(dead), { delivery: "at-least-once" })) };
  const copying = pipeline(name, (p) => p.from("in", source, onError).to("out", sink));
  const job = await world.server.run(copying, { once: true, parallelism });
  assert.equal((await job.finished).state, "finished");
}

const VALUE = { type: SchemaType.AVRO as const, schema: JSON.stringify({ type: "record", name: "Order", namespace: "shop", fields: [{ name: "id", type: "long" }, { name: "customer", type: "string" }, { name: "amount", type: "double" }] }) }; // prettier-ignore

/** Of one field, of several, of a type of its own: what the registry has, and what a foreign reader sees. */
const KEYS = {
  avro: [
    { key: { key: "customer" }, type: '"string"', seen: ({ customer }: OrderRow) => customer },
    { key: { key: "id" }, type: '"long"', seen: ({ id }: OrderRow) => id },
    { key: { key: ["customer", "id"] }, type: /"name":"OrderKey"/, seen: ({ customer, id }: OrderRow) => ({ customer, id }) },
    { key: { keyType: t.record("Who", { customer: t.string() }) }, type: /"name":"Who"/, seen: ({ customer }: OrderRow) => ({ customer }) },
  ],
  protobuf: [
    { key: { key: "customer" }, type: /message OrderKey \{\s+string customer = 1;/, seen: ({ customer }: OrderRow) => ({ customer }) },
    { key: { key: ["customer", "id"] }, type: /message OrderKey/, seen: ({ customer, id }: OrderRow) => ({ customer, id: `${id}` }) },
  ],
  "json-schema": [
    { key: { key: "customer" }, type: /"type":"string"/, seen: ({ customer }: OrderRow) => customer },
    { key: { key: ["customer", "id"] }, type: /"type":"object"/, seen: ({ customer, id }: OrderRow) => ({ customer, id }) },
  ],
} as const;

for (const parallelism of [1, 4])
  for (const format of ["avro", "protobuf", "json-schema"] as const)
    test(`${format}: keys of every form, written, read and written again at parallelism ${parallelism}`, async () => {
      for (const [index, { key, type, seen }] of KEYS[format].entries()) {
        const name = `${format}-${index}-${parallelism}`;
        await created(name, `${name}-copy`);
        const options = { ...(key as { key: "customer" }), format, keyFormat: format };
        await through(`write-${name}`, arraySource(Order, rows), kafkaSink(topic(name, Order, options)), { parallelism });
        const copy = kafkaSink(topic(`${name}-copy`, Order, options));
        await through(`copy-${name}`, kafkaSource(topic(name, Order, options)), copy, { parallelism });
        const { schema, id } = await world.registry.version(`${name}-copy-key`);
        if (typeof type === "string") assert.equal(schema, type);
        else assert.match(schema, type);
        const reader = new SchemaRegistry({ host: world.server.registryUrl! });
        const behind = format === "protobuf" ? 6 : 5; // this client knows no positions of messages
        const read = await Promise.all(
          (await consume(`${name}-copy`, COUNT)).map(async (record) => {
            assert.equal(record.partition, kafkaPartition(record.key!, PARTITIONS));
            assert.deepEqual(record.key!.subarray(0, 5), idFrame(id));
            const bytes = (all: Uint8Array): Buffer => Buffer.concat([all.subarray(0, 5), all.subarray(behind)]);
            const value = (await reader.decode(bytes(record.value!))) as { id: number };
            return [Number(value.id ?? 0), JSON.parse(JSON.stringify(await reader.decode(bytes(record.key!)))) as unknown] as const;
          }),
        );
        const none = format === "protobuf" ? { customer: "customer-0" } : undefined; // an id of 0 is not written
        assert.deepEqual(
          read.toSorted(([a], [b]) => a - b).map(([, value]) => value),
          rows.map((row) => (row.id === 0 && index === 1 && none !== undefined ? none : seen(row))),
        );
      }
    });

test("a foreign producer's records lie with the pipeline's: equal keys are equal bytes in equal partitions", async () => {
  await created("their", "ours");
  const { id: valueId } = await world.foreign.register(VALUE, { subject: "their-value" });
  const key = await registered("their-key", { type: "string", "avro.java.string": "String" });
  await registered("ours-key", { type: "string", "avro.java.string": "String" });
  const sent = await Promise.all(
    rows.map(async (row) => ({ key: await world.foreign.encode(key, row.customer), value: await world.foreign.encode(valueId, row) })),
  );
  await produce("their", sent);
  const options = { key: "customer", format: "avro", keyFormat: "avro" } as const;
  const found = { ...options, keyRegistry: { useLatest: true } } as const;
  await through("co", kafkaSource(topic("their", Order, options)), kafkaSink(topic("ours", Order, found)));
  const placesOf = (records: readonly FoundRecord[]): string[] =>
    [...new Set(records.map((record) => `${Buffer.from(record.key!).toString("hex")} in ${record.partition}`))].toSorted();
  assert.deepEqual(placesOf(await consume("ours", COUNT)), placesOf(await consume("their", COUNT)));
});

test("records whose keys are none are dead letters with schema and cause; no key is no key, and the others go on", async () => {
  await created("bad", "bad-copy");
  await world.client.admin().createTopics([{ name: "bad-letters", partitions: 1 }]);
  const { id: valueId } = await world.foreign.register(VALUE, { subject: "bad-value" });
  const right = await registered("any-right", "long");
  const wrong = await registered("any-wrong", "string");
  const other = await registered("any-other", { type: "record", name: "K", fields: [{ name: "id", type: "long" }] });
  const value = async (id: number): Promise<Uint8Array> => await world.foreign.encode(valueId, rows[id]!);
  await produce("bad", [
    { key: await world.foreign.encode(right, 0), value: await value(0) },
    { key: "customer-1", value: await value(1), headers: { trace: Uint8Array.of(1) } },
    { key: new Uint8Array(0), value: await value(1) },
    { key: Uint8Array.of(...idFrame(4_000_000), 2), value: await value(1) },
    { key: await world.foreign.encode(wrong, "x"), value: await value(1) },
    { key: await world.foreign.encode(other, { id: 1 }), value: await value(1) },
    { key: (await world.foreign.encode(right, 300)).subarray(0, 6), value: await value(1) },
    { key: await world.foreign.encode(right, 7), value: (await value(7)).subarray(0, 9) },
    { key: null, value: await value(8) },
    { key: await world.foreign.encode(right, 9), value: await value(9) },
  ]);
  const options = { key: "id", format: "avro", keyFormat: "avro" } as const;
  const seen = collectSink(Order);
  await through("bad", kafkaSource(topic("bad", Order, options)), seen, { dead: "bad-letters" });
  assert.deepEqual(
    seen.rows.map(({ id }) => id).toSorted((a, b) => a - b),
    [0, 8, 9],
  );
  const letters = (await consume("bad-letters", 7)).map(
    (each) => JSON.parse(Buffer.from(each.value!).toString()) as { error: string; key: string },
  );
  const expected = [
    /^the key: expected a schema's id \(.*\), got the magic byte 0x63: if keys are text, the topic has no keyFormat/,
    /^the key: expected a schema's id \(.*\), got an empty value/,
    /^the key: expected a key of a known schema, got schema 4000000, which the registry does not know/,
    /^the key: expected a key of a known schema, got schema \d+: /,
    /^the key: expected a key of a known schema, got schema \d+: /,
    new RegExp(`^the key: expected .* in a key of schema ${right} \\(at byte \\d+\\)`),
    new RegExp(`^(?!the key).* in a value of schema ${valueId}`),
  ];
  for (const pattern of expected)
    assert.equal(letters.filter(({ error }) => pattern.test(error)).length >= 1, true, `${pattern}: ${JSON.stringify(letters)}`);
  const keyOf = (error: string): string => letters.find((letter) => letter.error.includes(error))!.key;
  assert.deepEqual([keyOf("0x63"), keyOf("in a value of schema")], ["customer-1", "7"], "as bytes, and where it is one as its text");
});

test("GUIDs before the key and in headers are read and written; a key that a function leaves out has no header", async () => {
  await created("guids", "guids-copy", "guids-before");
  const { id: valueId } = await world.foreign.register(VALUE, { subject: "guids-value" });
  const key = await registered("guids-key", "long");
  const { guid } = await world.registry.byId(key);
  const document = async (id: number): Promise<Uint8Array> => (await world.foreign.encode(key, id)).subarray(5);
  const valueGuid = (await world.registry.byId(valueId)).guid;
  const value = async (id: number): Promise<Uint8Array> => await world.foreign.encode(valueId, rows[id]!);
  await produce("guids", [
    { key: Buffer.concat([guidFrame(guid), await document(0)]), value: await value(0) },
    { key: await document(1), value: await value(1), headers: { __key_schema_id: guidFrame(guid) } },
    {
      key: await document(2),
      value: (await value(2)).subarray(5),
      headers: { __key_schema_id: guidFrame(guid), __value_schema_id: guidFrame(valueGuid) },
    },
    {
      key: Buffer.concat([idFrame(key), await document(3)]),
      value: (await value(3)).subarray(5),
      headers: { __value_schema_id: idFrame(valueId) },
    },
  ]);
  const options = { key: "id", format: "avro", keyFormat: "avro" } as const;
  const source = kafkaSource(topic("guids", Order, options));
  const inHeaders = kafkaSink(topic("guids-copy", Order, { ...options, registry: { ids: "header" } }), {
    key: ({ id }) => (id === 3 ? null : id),
    headers: () => ({ own: "x" }),
  });
  await through("guids", source, inHeaders);
  const keyHeader = guidFrame((await world.registry.byId((await world.registry.version("guids-copy-key")).id)).guid);
  for (const record of await consume("guids-copy", 4)) {
    const names = record.headers.map((header) => header.key);
    if (record.key === null) assert.deepEqual(names, ["__value_schema_id", "own"]);
    else {
      assert.deepEqual(names, ["__value_schema_id", "__key_schema_id", "own"]);
      assert.deepEqual(Uint8Array.from(record.headers[1]!.value!), keyHeader);
      assert.ok(record.key.length === 1, "no prefix");
    }
  }
  await through("guids-before", source, kafkaSink(topic("guids-before", Order, { ...options, keyRegistry: { ids: "guid" } })));
  const frame = new SchemaFrame();
  for (const record of await consume("guids-before", 4)) {
    assert.equal(frame.read(record.key!, 0, record.key!.length), 17);
    assert.deepEqual([frame.guid, record.headers.length, record.value![0]], [guid, 0, 0]);
  }
});

test("a record without a value keeps its key's schema, before the key and in a header", async () => {
  for (const ids of ["prefix", "header"] as const) {
    const name = `deleted-${ids}`;
    await created(name);
    const orders = topic(name, Order, { key: ["customer", "id"], format: "avro", keyFormat: "avro", registry: { ids } });
    await through(name, arraySource(Order, rows), kafkaSink(orders, { tombstone: ({ id }) => id % 2 === 0 }));
    const records = await consume(name, COUNT);
    const { id } = await world.registry.version(`${name}-key`);
    const deleted = records.filter(({ value }) => value === null);
    assert.equal(deleted.length, COUNT / 2);
    for (const { key, headers } of deleted) {
      const prefixed = ids === "prefix" ? key! : Uint8Array.of(...idFrame(id), ...key!);
      assert.equal(((await world.foreign.decode(Buffer.from(prefixed))) as OrderRow).id % 2, 0);
      assert.deepEqual(
        headers.map((header) => header.key),
        ids === "prefix" ? [] : ["__key_schema_id"],
      );
    }
  }
});

test("the key's subject has its own schema, found, registered or refused as the value's", async () => {
  await created("own", "own-2");
  const options = { key: "id", format: "avro", keyFormat: "avro" } as const;
  const write = async (name: string, given: object): Promise<void> =>
    await through(`own-${name}`, arraySource(Order, rows), kafkaSink(topic(name, Order, { ...options, ...given })));
  const refused = (given: object, reason: RegExp): Promise<void> =>
    assert.rejects(write("own", given), (error: Error) => {
      assert.match(`${error.message} ${String(error.cause)}`, reason);
      return true;
    });
  await refused(
    { keyRegistry: { autoRegister: false } },
    /the keys of topic "own" cannot be used with subject "own-key".*millrace schema register own-key/,
  );
  await registered("own-key", "string");
  await refused({}, /the keys of topic "own" cannot be used with subject "own-key"/);
  const latest = await registered("own-2-key", "double");
  await write("own-2", { keyRegistry: { useLatest: true, compatibility: "NONE" } });
  assert.deepEqual((await consume("own-2", COUNT))[0]!.key!.subarray(0, 5), idFrame(latest));
  assert.equal(((await world.registry.request("GET", "/config/own-2-key")) as { compatibilityLevel: string }).compatibilityLevel, "NONE");
  const job = world.server.run(
    pipeline("own-read", (p) => p.from("in", kafkaSource(topic("own", Order, options))).to("out", collectSink(Order))),
    { once: true },
  );
  await assert.rejects(
    job.then((running) => running.finished),
    (error: Error) => /The keys of topic "own" cannot be read as long: subject "own-key"/.test(`${error.message} ${String(error.cause)}`),
  );
});

test("what is registered is in the registry's normal form when that is asked for", async () => {
  const texts = await Promise.all(
    [false, true].map(async (normalize) => {
      const name = `normal-${normalize}`;
      await created(name);
      const options = { key: ["id", "customer"], keyFormat: "json-schema", registry: { normalize } } as const;
      await through(name, arraySource(Order, rows), kafkaSink(topic(name, Order, options)));
      return (await world.registry.version(`${name}-key`)).schema;
    }),
  );
  assert.notEqual(texts[0], texts[1]);
  assert.deepEqual(JSON.parse(texts[0]!), JSON.parse(texts[1]!));
  await world.registry.register("normal-by-hand", texts[0]!, "JSON", { normalize: true });
  assert.equal((await world.registry.version("normal-by-hand")).schema, texts[1]);
});

test("topics of a pattern; a schema that a topic without keyFormat passes over is told in the log", async () => {
  await created("pattern-a", "pattern-b", "plain");
  const options = { key: ["customer", "id"], format: "avro", keyFormat: "avro" } as const;
  for (const name of ["pattern-a", "pattern-b"])
    await through(`write-${name}`, arraySource(Order, rows), kafkaSink(topic(name, Order, options), { delivery: "at-least-once" }));
  const seen = collectSink(Order);
  await through("pattern", kafkaSource(topicPattern(/^pattern-/, Order, options)), seen);
  assert.equal(seen.rows.length, 2 * COUNT);
  assert.equal(logged.filter(({ event }) => event === "key-schema-ignored").length, 0);
  const plain = { key: "customer", format: "avro" } as const;
  await through("plain-read", kafkaSource(topic("pattern-a", Order, plain)), kafkaSink(topic("pattern-b", Order, plain)));
  const hints = logged.filter(({ event }) => event === "key-schema-ignored");
  assert.deepEqual(
    hints.map(({ level }) => level),
    ["info", "warn"],
  );
  assert.match(JSON.stringify(hints[1]), /Subject \\"pattern-b-key\\" has a schema.*keyFormat: \\"avro\\"/);
});
