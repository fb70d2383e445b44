// What Confluent's Java JSON Schema serialiser wrote, through a pipeline, is read by Confluent's deserialiser, where somebody has its classes
// (confluent-classes.ts): each subject strategy, registering and not, the newest version, references, keys with a schema, validation.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { pipeline, t, type TypeOf } from "millrace";
import { createClient, type KafkaClient } from "millrace/client";
import { kafkaSink, kafkaSource, topic, type Topic } from "millrace/connectors/kafka";
import { startServer, type Server } from "millrace/server";
import { confluentClasses, withoutConfluent } from "./confluent-classes.ts";
import { compiled } from "./prerequisites.ts";

const SOURCE = fileURLToPath(new URL("java/ConfluentJsonSerializer.java", import.meta.url));
const STRATEGIES = "io.confluent.kafka.serializers.subject";
const SERIALIZERS = "io.confluent.kafka.serializers.json";
const COUNT = 12;

const Order = t.record("Order", {
  id: t.string(),
  amount: t.double(),
  lines: t.array(t.record("Line", { sku: t.string(), count: t.int() })),
  note: t.optional(t.string()),
});
const OrderKey = t.record("OrderKey", { id: t.string() });
const LINE = {
  type: "object",
  title: "Line",
  properties: { sku: { type: "string" }, count: { type: "integer" } },
  required: ["sku", "count"],
};
const ORDER = {
  $schema: "http://json-schema.org/draft-07/schema#",
  title: "Order",
  type: "object",
  properties: {
    id: { type: "string" },
    amount: { type: "number" },
    lines: { type: "array", items: LINE },
    note: { oneOf: [{ type: "null" }, { type: "string" }] },
  },
  required: ["id", "amount", "lines"],
  additionalProperties: false,
};
const MAYBE = { type: "null", title: "Not included" };
/** As Java's classes give it: whatever can be null is one of null and itself, classes are definitions. */
const ORDER_OF_CLASS = {
  $schema: "http://json-schema.org/draft-07/schema#",
  title: "Order",
  type: "object",
  additionalProperties: false,
  properties: {
    id: { oneOf: [MAYBE, { type: "string" }] },
    amount: { type: "number" },
    lines: { oneOf: [MAYBE, { type: "array", items: { $ref: "#/definitions/Line" } }] },
    note: { oneOf: [MAYBE, { type: "string" }] },
  },
  required: ["amount"],
  definitions: {
    Line: {
      type: "object",
      additionalProperties: false,
      properties: { sku: { oneOf: [MAYBE, { type: "string" }] }, count: { type: "integer" } },
      required: ["count"],
    },
  },
};
const KEY = { type: "object", title: "OrderKey", properties: { id: { type: "string" } }, required: ["id"] };
const row = (i: number): Record<string, unknown> => ({
  id: `order-${i}`,
  amount: i / 4,
  lines: Array.from({ length: i % 3 }, (_, n) => ({ sku: `s${n}`, count: n })),
  ...(i % 2 === 1 && { note: "ünï" }),
});

const needs = [`${SERIALIZERS}.KafkaJsonSchemaSerializer`, `${SERIALIZERS}.KafkaJsonSchemaDeserializer`];

describe(
  "Confluent's KafkaJsonSchemaSerializer (Java)",
  { skip: withoutConfluent("Confluent's JSON Schema serialisers", ...needs) },
  () => {
    let directory = "";
    let classPath = "";
    let server: Server;
    let client: KafkaClient;
    before(async () => {
      directory = mkdtempSync(join(tmpdir(), "millrace-json-exchange-"));
      classPath = compiled(SOURCE, confluentClasses(), directory);
      server = await startServer({
        dataDir: join(directory, "data"),
        brokerPort: 0,
        consolePort: 0,
        registryPort: 0,
        logger: { log() {} },
      });
      client = createClient({ brokers: server.bootstrapServers });
    });
    after(async () => {
      await client?.close();
      await server?.close();
      rmSync(directory, { recursive: true, force: true });
    });

    /** The server is in this process: nothing here may block it. */
    async function java(args: readonly string[], settings: readonly string[], input = ""): Promise<string[]> {
      const all = [...args, `bootstrap.servers=${server.bootstrapServers}`, `schema.registry.url=${server.registryUrl}`, ...settings];
      const child = spawn("java", ["-Xmx256m", "-Dfile.encoding=UTF-8", "-cp", classPath, "ConfluentJsonSerializer", ...all], {
        timeout: 90_000,
      });
      let [stdout, stderr] = ["", ""];
      child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
      child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
      child.stdin.end(input);
      const status = await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
      assert.equal(status, 0, stderr);
      return stdout.split("\n").filter((line) => line !== "");
    }

    const lines = (records: readonly object[]): string => records.map((record) => `${JSON.stringify(record)}\n`).join("");

    async function ask(path: string, body?: object): Promise<Record<string, unknown>> {
      const headers = { "content-type": "application/vnd.schemaregistry.v1+json" };
      const answer = await fetch(
        server.registryUrl! + path,
        body === undefined ? {} : { method: "POST", headers, body: JSON.stringify(body) },
      );
      assert.equal(answer.status, 200, `${path}: ${await answer.clone().text()}`);
      return (await answer.json()) as Record<string, unknown>;
    }

    /** Copies NAME-in to NAME-out by a pipeline. */
    async function copied<K>(name: string, of: (name: string) => Topic<TypeOf<typeof Order>, K>, parallelism: number): Promise<void> {
      const copy = pipeline(`copy-${name}`, (p) => p.from("in", kafkaSource(of(`${name}-in`))).to("out", kafkaSink(of(`${name}-out`))));
      assert.equal((await (await server.run(copy, { once: true, parallelism })).finished).state, "finished");
    }

    async function created(name: string): Promise<void> {
      await client.admin().createTopics([`${name}-in`, `${name}-out`].map((each) => ({ name: each, partitions: 4 })));
    }

    /** All rows came, each once, as they were. */
    function check(read: readonly string[], keyOf: (i: number) => string): void {
      const found = read.map((line) => line.split("\t") as [string, string]);
      const sorted = found.map(([key, value]) => [key, JSON.parse(value) as Record<string, unknown>] as const);
      sorted.sort(([, a], [, b]) => Number((a["id"] as string).slice(6)) - Number((b["id"] as string).slice(6)));
      assert.equal(sorted.length, COUNT);
      for (const [i, [key, { note, ...rest }]] of sorted.entries()) {
        const { note: written, ...others } = row(i);
        assert.deepEqual([key, rest, note ?? undefined], [keyOf(i), others, written]);
      }
    }

    for (const [subject, strategy] of [
      ["topic", "TopicNameStrategy"],
      ["record", "RecordNameStrategy"],
      ["topic-record", "TopicRecordNameStrategy"],
    ] as const)
      test(`subjects by ${subject}: registered by Java, copied, read by Java, which checks the values`, async () => {
        await created(subject);
        const settings = [`value.subject.name.strategy=${STRATEGIES}.${strategy}`, "json.fail.invalid.schema=true"];
        const records = Array.from({ length: COUNT }, (_, i) => ({ key: `order-${i}`, value: row(i), schema: ORDER }));
        const sent = await java(["produce", `${subject}-in`], settings, lines(records));
        assert.deepEqual(
          sent,
          Array.from({ length: COUNT }, () => "sent"),
        );
        const registered = { topic: `${subject}-in-value`, record: "Order", "topic-record": `${subject}-in-Order` }[subject];
        assert.deepEqual(JSON.parse((await ask(`/subjects/${registered}/versions/1`))["schema"] as string), ORDER);
        const registry = { subject, compatibility: "NONE" } as const;
        await copied(subject, (name) => topic(name, Order, { key: "id", format: "json-schema", registry }), 4);
        check(await java(["consume", `${subject}-out`, `${COUNT}`], settings), (i) => `order-${i}`);
      });

    test("a schema that refers to another subject's, without registering, and the newest version", async () => {
      await created("refers");
      const line = await ask("/subjects/line/versions", { schemaType: "JSON", schema: JSON.stringify(LINE) });
      assert.ok(Number(line["id"]) > 0);
      const schema = { ...ORDER, properties: { ...ORDER.properties, lines: { type: "array", items: { $ref: "line.json" } } } };
      const references = [{ name: "line.json", subject: "line", version: 1 }];
      await ask("/subjects/refers-in-value/versions", { schemaType: "JSON", schema: JSON.stringify(schema), references });
      const record = (i: number): object => ({
        key: `order-${i}`,
        value: row(i),
        schema,
        references: references.map((each) => ({ ...each, schema: LINE })),
      });
      const all = Array.from({ length: COUNT }, (_, i) => record(i));
      const checks = ["auto.register.schemas=false", "json.fail.invalid.schema=true"];
      const first = await java(
        ["produce", "refers-in"],
        checks,
        lines([...all.slice(0, 6), { ...record(0), value: { ...row(0), lines: [{ sku: 1 }] } }]),
      );
      assert.deepEqual(first, [...Array.from({ length: 6 }, () => "sent"), "refused"]);
      const newest = [...checks, "use.latest.version=true"];
      const second = await java(["produce", "refers-in"], newest, lines(all.slice(6)));
      assert.deepEqual(
        second,
        Array.from({ length: 6 }, () => "sent"),
      );
      await copied("refers", (name) => topic(name, Order, { key: "id", format: "json-schema" }), 1);
      check(await java(["consume", "refers-out", `${COUNT}`], ["json.fail.invalid.schema=true"]), (i) => `order-${i}`);
    });

    test("a schema as Java's classes give it, normalised, twice the same", async () => {
      await created("class");
      const records = Array.from({ length: COUNT }, (_, i) => ({ key: `order-${i}`, value: row(i), schema: ORDER_OF_CLASS }));
      const settings = ["normalize.schemas=true", "json.fail.invalid.schema=true"];
      assert.equal((await java(["produce", "class-in"], settings, lines(records.slice(0, 6)))).length, 6);
      const { title, $schema, ...rest } = ORDER_OF_CLASS;
      const reordered = records.slice(6).map((record) => ({ ...record, schema: { ...rest, title, $schema } }));
      assert.equal((await java(["produce", "class-in"], settings, lines(reordered))).length, 6);
      assert.deepEqual(await ask("/subjects/class-in-value/versions"), [1]);
      await copied("class", (name) => topic(name, Order, { key: "id", format: "json-schema" }), 4);
      check(await java(["consume", "class-out", `${COUNT}`], ["json.fail.invalid.schema=true"]), (i) => `order-${i}`);
    });

    test("an incompatible schema is refused where Java registers it", async () => {
      await created("refused");
      const narrower = { ...ORDER, properties: { ...ORDER.properties, amount: { type: "integer" } } };
      const records = [ORDER, narrower, ORDER].map((schema, i) => ({ key: "k", value: row(4 * i), schema }));
      assert.deepEqual(await java(["produce", "refused-in"], [], lines(records)), ["sent", "refused", "sent"]);
    });

    test("keys with a schema of their own", async () => {
      await created("keys");
      const records = Array.from({ length: COUNT }, (_, i) => ({
        key: { id: `order-${i}` },
        keySchema: KEY,
        value: row(i),
        schema: ORDER,
      }));
      const settings = [`key.serializer=${SERIALIZERS}.KafkaJsonSchemaSerializer`];
      assert.equal((await java(["produce", "keys-in"], settings, lines(records))).length, COUNT);
      const options = { key: ["id"], keyType: OrderKey, format: "json-schema", keyFormat: "json-schema" } as const;
      await copied("keys", (name) => topic(name, Order, options), 4);
      const read = await java(["consume", "keys-out", `${COUNT}`], [`key.deserializer=${SERIALIZERS}.KafkaJsonSchemaDeserializer`]);
      check(read, (i) => `{"id":"order-${i}"}`);
    });
  },
);
