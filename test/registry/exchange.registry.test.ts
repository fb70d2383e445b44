// What Confluent's own serialisers wrote, through a pipeline, is read by Confluent's own deserialisers: Java (Avro; out of a jar of Apache
// Pinot) and Python (Avro, Protobuf, JSON Schema; ids before documents and in headers). Keys lie where their producers would put them.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { pipeline, t } from "millrace";
import { createClient, type KafkaClient } from "millrace/client";
import { kafkaSink, kafkaSource, topic } from "millrace/connectors/kafka";
import { startServer, type Server } from "millrace/server";
import { compiled, confluentSerializerJars, missing, pythonWithClient } from "./prerequisites.ts";

const JAVA_SOURCE = fileURLToPath(new URL("java/ConfluentSerializer.java", import.meta.url));
const PYTHON_PROGRAM = fileURLToPath(new URL("fixtures/exchange.py", import.meta.url));
const COUNT = 20;

let directory = "";
let server: Server;
let client: KafkaClient;

before(async () => {
  directory = mkdtempSync(join(tmpdir(), "millrace-exchange-"));
  server = await startServer({ dataDir: join(directory, "data"), brokerPort: 0, consolePort: 0, registryPort: 0, logger: { log() {} } });
  client = createClient({ brokers: server.bootstrapServers });
});
after(async () => {
  await client?.close();
  await server?.close();
  rmSync(directory, { recursive: true, force: true });
});

/** The server is in this process: nothing here may block it. Answers the lines of standard output. */
async function run(program: string, args: readonly string[], input = ""): Promise<string[]> {
  const child = spawn(program, args, { timeout: 90_000 });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  child.stdin.end(input);
  const status = await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  assert.equal(status, 0, stderr);
  return stdout.split("\n").filter((line) => line !== "");
}

async function created(names: readonly string[], partitions = 1): Promise<void> {
  await client.admin().createTopics(names.map((name) => ({ name, partitions })));
}

/** "key's bytes in partition", each once. */
async function places(name: string, count: number): Promise<string[]> {
  const [described] = await client.admin().describeTopics([name]);
  const consumer = client.consumer();
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
  let classPath = "";
  before(() => {
    classPath = compiled(JAVA_SOURCE, confluentSerializerJars(), directory);
  });

  const java = async (args: readonly string[], settings: readonly string[], input?: string): Promise<string[]> => {
    const all = [...args, `bootstrap.servers=${server.bootstrapServers}`, `schema.registry.url=${server.registryUrl}`, ...settings];
    return await run("java", ["-Xmx256m", "-Dfile.encoding=UTF-8", "-cp", classPath, "ConfluentSerializer", ...all], input);
  };

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
    await created(["java-in", "java-out"]);
    const row = { tags: { a: 5 }, id: "o1", amount: "\u0004\u00e2", at: 1_700_000_000_123, kind: "SALE", lines: [{ sku: "x", count: -3 }] };
    const lines = [
      ["k1", OLD, row],
      ["k2", NEW, { ...row, id: "o2", kind: "RETURN", lines: [], note: { string: "ünï" }, seen: true }],
    ].map(([key, schema, value]) => `${key as string}\t${JSON.stringify(schema)}\t${JSON.stringify(value)}\n`);
    await java(["produce", "java-in"], [], lines.join(""));
    const copy = pipeline("java-copy", (p) =>
      p
        .from("orders", kafkaSource(topic("java-in", Order, { key: "id", format: "avro" })))
        .to("copies", kafkaSink(topic("java-out", Order, { key: "id", format: "avro" }))),
    );
    assert.equal((await (await server.run(copy, { once: true })).finished).state, "finished");
    const copies = (await java(["consume", "java-out", "2"], [])).map((line) => line.split("\t"));
    assert.deepEqual(
      copies.map(([key, name]) => [key, name]),
      [
        ["o1", "Order"],
        ["o2", "Order"],
      ],
    );
    const read = copies.map(([, , json]) => JSON.parse(json!) as Record<string, unknown>);
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
    await created(["made", "made-copy"]);
    const Made = t.record("Made", { id: t.string(), n: t.long() });
    const options = { key: "id", format: "avro", registry: { subject: "record" } } as const;
    const copy = (from: string, to: string, name: string) =>
      pipeline(name, (p) => p.from("in", kafkaSource(topic(from, Made, options))).to("out", kafkaSink(topic(to, Made, options))));
    const registering = await server.run(copy("made", "made-copy", "registers"), { once: true });
    await registering.finished;
    const registered = (await (await fetch(`${server.registryUrl}/subjects/Made/versions/latest`)).json()) as { schema: string };
    const strategy = "value.subject.name.strategy=io.confluent.kafka.serializers.subject.RecordNameStrategy";
    const settings = [strategy, "auto.register.schemas=false"];
    await java(["produce", "made"], settings, `k\t${registered.schema}\t{"id":"m","n":9007199254740991}\n`);
    await (
      await server.run(copy("made", "made-copy", "copies"), { once: true })
    ).finished;
    assert.deepEqual(await java(["consume", "made-copy", "1"], []), ['m\tMade\t{"id": "m", "n": 9007199254740991}']);
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
      await created([name, copy], 4);
      const keyOf = (item: (typeof items)[number]): unknown => (typeof key === "string" ? item[key] : { region: item.region, id: item.id });
      const lines = items.map((item) => [schema, keyOf(item), ITEM, item].map((part) => JSON.stringify(part)).join("\t"));
      const serializer = "key.serializer=io.confluent.kafka.serializers.KafkaAvroSerializer";
      await java(["produce", name], [serializer], `${lines.join("\n")}\n`);
      const options = { key: key as "name", format: "avro", keyFormat: "avro" } as const;
      const copying = pipeline(copy, (p) =>
        p.from("in", kafkaSource(topic(name, Item, options))).to("out", kafkaSink(topic(copy, Item, options))),
      );
      assert.equal((await (await server.run(copying, { once: true, parallelism: 4 })).finished).state, "finished");
      const theirs = await places(name, items.length);
      assert.deepEqual(await places(copy, items.length), theirs);
      assert.equal(theirs.length, new Set(items.map((item) => JSON.stringify(keyOf(item)))).size);
      const deserializer = "key.deserializer=io.confluent.kafka.serializers.KafkaAvroDeserializer";
      const read = (await java(["consume", copy, `${items.length}`], [deserializer])).map(
        (line) => line.split("\t") as [string, string, string],
      );
      const shown = ({ id, name: text, region }: (typeof items)[number]): string =>
        key === "name" ? text : key === "id" ? `${id}` : `{"region": "${region}", "id": ${id}}`;
      assert.deepEqual(
        read.map(([seen, , json]) => `${seen} ${(JSON.parse(json) as { id: number }).id}`).toSorted(),
        items.map((item) => `${shown(item)} ${item.id}`).toSorted(),
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
        await created([`${name}-in`, `${name}-out`], 4);
        const keyFormat = keys === "text" ? "text" : format;
        const python = async (what: string, of: string): Promise<string[]> =>
          await run(pythonWithClient(), [PYTHON_PROGRAM, what, format, ids, server.bootstrapServers, server.registryUrl!, of, keys]);
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
        assert.equal((await (await server.run(copy, { once: true })).finished).state, "finished");
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
