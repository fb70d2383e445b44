// What Confluent's own serialisers wrote, through a pipeline, is read by Confluent's own deserialisers: Java (Avro; out of a jar of Apache
// Pinot) and Python (Avro, Protobuf, JSON Schema; ids before documents and in headers). Keys lie where their producers would put them.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { pipeline, t } from "millrace";
import { kafkaSink, kafkaSource, topic } from "millrace/connectors/kafka";
import { ConfluentExchange, javaPart, outputOf, type JavaExchange, type JavaPart } from "./confluent-exchange.ts";
import { confluentSerializerJars, missing, pythonWithClient } from "./prerequisites.ts";

const PYTHON_PROGRAM = fileURLToPath(new URL("fixtures/exchange.py", import.meta.url));
const COUNT = 20;

let exchange: ConfluentExchange;

before(async () => {
  exchange = await ConfluentExchange.start();
});
after(async () => await exchange?.close());

/** "key's bytes in partition", each once. */
async function places(name: string, count: number): Promise<string[]> {
  const [described] = await exchange.client.admin().describeTopics([name]);
  const consumer = exchange.client.consumer();
  await consumer.assign(described!.partitions.map(({ partition }) => ({ topic: name, partition, offset: "earliest" as const })));
  const found = new Set<string>();
  let seen = 0;
  for await (const batch of consumer) {
    for (const { key } of batch.records) {
      found.add(`${Buffer.from(key!).toString("hex")} in ${batch.partition}`);
      seen++;
    }
    if (seen >= count) break;
  }
  await consumer.close();
  return [...found].toSorted();
}

describe("Confluent's KafkaAvroSerializer and KafkaAvroDeserializer (Java)", { skip: missing("java", "javac", "mvn") }, () => {
  let java: JavaExchange;
  before(() => {
    java = exchange.java("AvroExchange", confluentSerializerJars());
  });

  const nameOf = (part: JavaPart): string => (typeof part === "string" ? part : part.name);
  const rowOf = (part: JavaPart): Readonly<Record<string, unknown>> => (part as Exclude<JavaPart, string>).row;

  const Order = t.record("Order", {
    id: t.string(),
    amount: t.decimal(9, 2),
    at: t.timestamp(),
    kind: t.literal("SALE", "RETURN"),
    lines: t.array(t.record("Line", { sku: t.string(), count: t.int() })),
    tags: t.map(t.string(), t.long()),
    note: t.optional(t.string()),
  });

  const LINE = { type: "record", name: "Line", fields: [{ name: "sku", type: "string" }, { name: "count", type: "int" }] }; // prettier-ignore
  const OLD = {
    type: "record",
    name: "Order",
    namespace: "shop",
    fields: [
      { name: "tags", type: { type: "map", values: "long" } },
      { name: "id", type: "string" },
      { name: "amount", type: { type: "bytes", logicalType: "decimal", precision: 9, scale: 2 } },
      { name: "at", type: { type: "long", logicalType: "timestamp-millis" } },
      { name: "kind", type: { type: "enum", name: "Kind", symbols: ["SALE", "RETURN"] } },
      { name: "lines", type: { type: "array", items: LINE } },
    ],
  };
  const NEW = { ...OLD, fields: [...OLD.fields, { name: "note", type: ["null", "string"], default: null }, { name: "seen", type: "boolean", default: false }] }; // prettier-ignore

  test("two versions of a schema through a pipeline", async () => {
    await exchange.created(["java-in", "java-out"]);
    const row = { tags: { a: 5 }, id: "o1", amount: "\u0004\u00e2", at: 1_700_000_000_123, kind: "SALE", lines: [{ sku: "x", count: -3 }] };
    const lines = [
      ["k1", OLD, row],
      ["k2", NEW, { ...row, id: "o2", kind: "RETURN", lines: [], note: { string: "ünï" }, seen: true }],
    ].map(([key, schema, value]) => `${key as string}\t${javaPart(JSON.stringify(schema), value)}`);
    await java.produce("java-in", lines);
    const copy = pipeline("java-copy", (p) =>
      p
        .from("orders", kafkaSource(topic("java-in", Order, { key: "id", format: "avro" })))
        .to("copies", kafkaSink(topic("java-out", Order, { key: "id", format: "avro" }))),
    );
    await exchange.run(copy);
    const copies = await java.consume("java-out", 2);
    assert.deepEqual(
      copies.map(({ key, value }) => [key, nameOf(value)]),
      [
        ["o1", "Order"],
        ["o2", "Order"],
      ],
    );
    const read = copies.map(({ value }) => rowOf(value));
    assert.deepEqual(
      read.map(({ id, at, kind, lines: items, tags, note }) => [id, at, kind, items, tags, note]),
      [
        ["o1", 1_700_000_000_123, "SALE", [{ sku: "x", count: -3 }], { a: 5 }, null],
        ["o2", 1_700_000_000_123, "RETURN", [], { a: 5 }, "ünï"],
      ],
    );
    assert.equal(JSON.stringify(read[0]!["amount"]), '"\\u0004\u00e2"');
  });

  test("a producer that writes the schema that a pipeline registered, under the record's name", async () => {
    await exchange.created(["made", "made-copy"]);
    const Made = t.record("Made", { id: t.string(), n: t.long() });
    const options = { key: "id", format: "avro", registry: { subject: "record" } } as const;
    const copy = (from: string, to: string, name: string) =>
      pipeline(name, (p) => p.from("in", kafkaSource(topic(from, Made, options))).to("out", kafkaSink(topic(to, Made, options))));
    await exchange.run(copy("made", "made-copy", "registers"));
    const { schema } = await exchange.ask("/subjects/Made/versions/latest");
    const strategy = "value.subject.name.strategy=io.confluent.kafka.serializers.subject.RecordNameStrategy";
    const row = { id: "m", n: Number.MAX_SAFE_INTEGER };
    await java.produce("made", [`k\t${javaPart(schema as string, row)}`], [strategy, "auto.register.schemas=false"]);
    await exchange.run(copy("made", "made-copy", "copies"));
    assert.deepEqual(await java.consume("made-copy", 1), [{ key: "m", value: { name: "Made", row } }]);
  });

  const Item = t.record("Item", { id: t.long(), name: t.string(), region: t.string() });
  const ITEM = { type: "record", name: "Item", fields: [{ name: "id", type: "long" }, { name: "name", type: "string" }, { name: "region", type: "string" }] }; // prettier-ignore
  const ITEM_KEY = {
    type: "record",
    name: "ItemKey",
    fields: [
      { name: "region", type: "string" },
      { name: "id", type: "long" },
    ],
  };
  const items = Array.from({ length: 3 * COUNT }, (_, n) => ({ id: n % 11, name: `ü${n % 7}`, region: n % 2 === 0 ? "eu" : "us" }));

  for (const [what, key, schema] of [
    ["of one field, a text", "name", "string"],
    ["of one field, a number", "id", "long"],
    ["of several fields", ["region", "id"], ITEM_KEY],
  ] as const)
    test(`keys ${what}: the same bytes in the same partitions, and each reads the other's`, async () => {
      const [name, copy] = [`java-key-${String(key)}`.replace(",", "-"), `java-key-${String(key)}-copy`.replace(",", "-")];
      await exchange.created([name, copy], 4);
      const keyOf = (item: (typeof items)[number]): unknown => (typeof key === "string" ? item[key] : { region: item.region, id: item.id });
      const lines = items.map((item) => `${javaPart(JSON.stringify(schema), keyOf(item))}\t${javaPart(JSON.stringify(ITEM), item)}`);
      await java.produce(name, lines, ["key.serializer=io.confluent.kafka.serializers.KafkaAvroSerializer"]);
      const options = { key: key as "name", format: "avro", keyFormat: "avro" } as const;
      const copying = pipeline(copy, (p) =>
        p.from("in", kafkaSource(topic(name, Item, options))).to("out", kafkaSink(topic(copy, Item, options))),
      );
      await exchange.run(copying, 4);
      const theirs = await places(name, items.length);
      assert.deepEqual(await places(copy, items.length), theirs);
      assert.equal(theirs.length, new Set(items.map((item) => JSON.stringify(keyOf(item)))).size);
      const deserializer = "key.deserializer=io.confluent.kafka.serializers.KafkaAvroDeserializer";
      const read = await java.consume(copy, items.length, [deserializer]);
      const seen = (part: JavaPart): unknown => (typeof part === "string" ? part : part.row);
      assert.deepEqual(
        read.map(({ key: part, value }) => JSON.stringify([seen(part), rowOf(value)["id"]])).toSorted(),
        items.map((item) => JSON.stringify([key === "id" ? `${item.id}` : keyOf(item), item.id])).toSorted(),
      );
    });
});

describe("confluent_kafka (Python)", { skip: missing("python3") }, () => {
  const Order = t.record("Order", {
    id: t.string(),
    amount: t.double(),
    lines: t.array(t.record("Line", { sku: t.string(), count: t.int() })),
    note: t.optional(t.string()),
  });

  for (const format of ["avro", "protobuf", "json-schema"] as const)
    for (const [ids, keys] of [
      ["prefix", "text"],
      ["prefix", "schema"],
      ["header", "schema"],
    ] as const)
      // prettier-ignore
      test(`${format}, ids as ${ids}, keys as ${keys}: through a pipeline`, async () => {
        const name = `${format}-${ids}-${keys}`;
        await exchange.created([`${name}-in`, `${name}-out`], 4);
        const { bootstrapServers, registryUrl } = exchange.server;
        const keyFormat = keys === "text" ? "text" : format;
        const python = async (what: string, of: string): Promise<string[]> =>
          (await outputOf(pythonWithClient(), [PYTHON_PROGRAM, what, format, ids, bootstrapServers, registryUrl!, of, keys])).stdout;
        await python("produce", `${name}-in`);
        const copy = pipeline(name, (p) =>
          p
            .from("orders", kafkaSource(topic(`${name}-in`, Order, { key: "id", format, keyFormat })))
            .to(
              "copies",
              kafkaSink(
                topic(`${name}-out`, Order, {
                  key: "id",
                  format,
                  keyFormat,
                  registry: { ids, useLatest: format === "protobuf" },
                  ...(keys === "schema" && { keyRegistry: { useLatest: false } }),
                }),
              ),
            ),
        );
        await exchange.run(copy);
        const copies = (await python("consume", `${name}-out`)).map(
          (line) => JSON.parse(line) as [string, string[], Record<string, unknown>],
        );
        assert.equal(copies.length, COUNT);
        // Where ids stand before keys, those of Protobuf and JSON Schema name the writer's own schema.
        if (ids === "header" || keys === "text" || format === "avro") assert.deepEqual(await places(`${name}-out`, COUNT), await places(`${name}-in`, COUNT));
        copies.sort(([a], [b]) => Number(a.slice(6)) - Number(b.slice(6)));
        for (const [i, [key, headers, row]] of copies.entries()) {
          const { id, amount = 0, lines = [], note } = row;
          const items = Array.from({ length: i % 3 }, (_, n) => ({ sku: `s${n}`, count: -n }));
          const read = (lines as { sku: string; count?: number }[]).map(({ sku, count = 0 }) => ({ sku, count: count + 0 }));
          assert.deepEqual(
            [key, headers, id, amount, read, note ?? undefined],
            [
              `order-${i}`,
              ids === "header" ? ["__value_schema_id", "__key_schema_id"] : [],
              `order-${i}`,
              i / 4,
              items.map(({ sku, count }) => ({ sku, count: count + 0 })),
              i % 2 === 1 ? "ünï" : undefined,
            ],
          );
        }
      });
});
