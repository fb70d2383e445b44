// What Confluent's Java JSON Schema serialiser wrote, through a pipeline, is read by Confluent's deserialiser, where somebody has its classes
// (confluent-classes.ts): each subject strategy, registering and not, the newest version, references, keys with a schema, ids
// before the document and in headers, validation.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { pipeline, t, type TypeOf } from "millrace";
import { kafkaSink, kafkaSource, topic, type Topic } from "millrace/connectors/kafka";
import { confluentClasses, withoutConfluent } from "./confluent-classes.ts";
import { ConfluentExchange, javaPart, type JavaExchange, type JavaPart, type JavaRecord } from "./confluent-exchange.ts";

const STRATEGIES = "io.confluent.kafka.serializers.subject";
const SERIALIZERS = "io.confluent.kafka.serializers.json";
const SCHEMA_IDS = "io.confluent.kafka.serializers.schema.id";
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
    let exchange: ConfluentExchange;
    let java: JavaExchange;
    before(async () => {
      exchange = await ConfluentExchange.start();
      java = exchange.java("JsonSchemaExchange", confluentClasses());
    });
    after(async () => await exchange?.close());

    const order = (i: number, schema: object, ...references: string[]): string =>
      `order-${i}\t${javaPart(JSON.stringify(schema), row(i), "json", references)}`;
    const indexes = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

    /** Copies NAME-in to NAME-out by a pipeline. */
    async function copied<K>(name: string, of: (name: string) => Topic<TypeOf<typeof Order>, K>, parallelism: number): Promise<void> {
      const copy = pipeline(`copy-${name}`, (p) => p.from("in", kafkaSource(of(`${name}-in`))).to("out", kafkaSink(of(`${name}-out`))));
      await exchange.run(copy, parallelism);
    }

    const created = async (name: string): Promise<void> => await exchange.created([`${name}-in`, `${name}-out`], 4);

    /** All rows came, each once, as they were. */
    function check(read: readonly JavaRecord[], keyOf: (i: number) => unknown): void {
      const rowOf = (part: JavaPart): unknown => (typeof part === "string" ? part : part.row);
      const found = read.map(({ key, value }) => [rowOf(key), rowOf(value) as Record<string, unknown>] as const);
      const sorted = found.toSorted(([, a], [, b]) => Number((a["id"] as string).slice(6)) - Number((b["id"] as string).slice(6)));
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
        await java.produce(`${subject}-in`, indexes(0, COUNT).map((i) => order(i, ORDER)), settings); // prettier-ignore
        const registered = { topic: `${subject}-in-value`, record: "Order", "topic-record": `${subject}-in-Order` }[subject];
        assert.deepEqual(JSON.parse((await exchange.ask(`/subjects/${registered}/versions/1`))["schema"] as string), ORDER);
        const registry = { subject, compatibility: "NONE" } as const;
        await copied(subject, (name) => topic(name, Order, { key: "id", format: "json-schema", registry }), 4);
        check(await java.consume(`${subject}-out`, COUNT, settings), (i) => `order-${i}`);
      });

    test("a schema that refers to another subject's, without registering, and the newest version", async () => {
      await created("refers");
      await exchange.ask("/subjects/line.json/versions", { schemaType: "JSON", schema: JSON.stringify(LINE) });
      const schema = { ...ORDER, properties: { ...ORDER.properties, lines: { type: "array", items: { $ref: "line.json" } } } };
      const references = [{ name: "line.json", subject: "line.json", version: 1 }];
      await exchange.ask("/subjects/refers-in-value/versions", { schemaType: "JSON", schema: JSON.stringify(schema), references });
      const referring = [schema, "line.json", JSON.stringify(LINE)] as const;
      const wrong = javaPart(JSON.stringify(schema), { ...row(0), lines: [{ sku: 1 }] }, "json", referring.slice(1) as string[]);
      const checks = ["auto.register.schemas=false", "json.fail.invalid.schema=true"];
      const first = await java.answers("refers-in", [...indexes(0, 6).map((i) => order(i, ...referring)), `wrong\t${wrong}`], checks);
      assert.deepEqual(first, [...indexes(0, 6).map(() => "sent"), "refused"]);
      await java.produce("refers-in", indexes(6, COUNT).map((i) => order(i, ...referring)), [...checks, "use.latest.version=true"]); // prettier-ignore
      await copied("refers", (name) => topic(name, Order, { key: "id", format: "json-schema" }), 1);
      check(await java.consume("refers-out", COUNT, ["json.fail.invalid.schema=true"]), (i) => `order-${i}`);
    });

    test("a schema as Java's classes give it, normalised, twice the same", async () => {
      await created("class");
      const settings = ["normalize.schemas=true", "json.fail.invalid.schema=true"];
      await java.produce("class-in", indexes(0, 6).map((i) => order(i, ORDER_OF_CLASS)), settings); // prettier-ignore
      const { title, $schema, ...rest } = ORDER_OF_CLASS;
      await java.produce("class-in", indexes(6, COUNT).map((i) => order(i, { ...rest, title, $schema })), settings); // prettier-ignore
      assert.deepEqual(await exchange.ask("/subjects/class-in-value/versions"), [1]);
      await copied("class", (name) => topic(name, Order, { key: "id", format: "json-schema" }), 4);
      check(await java.consume("class-out", COUNT, ["json.fail.invalid.schema=true"]), (i) => `order-${i}`);
    });

    test("an incompatible schema is refused where Java registers it", async () => {
      await created("refused");
      const narrower = { ...ORDER, properties: { ...ORDER.properties, amount: { type: "integer" } } };
      const lines = [order(0, ORDER), order(4, narrower), order(8, ORDER)];
      assert.deepEqual(await java.answers("refused-in", lines), ["sent", "refused", "sent"]);
    });

    for (const ids of ["prefix", "guid", "header"] as const)
      test(`keys with a schema of their own, ids as ${ids}`, async () => {
        await created(ids);
        const lines = indexes(0, COUNT).map((i) => order(i, ORDER).replace(/^[^\t]*/, javaPart(JSON.stringify(KEY), { id: `order-${i}` })));
        const inHeaders = ["key", "value"].map((part) => `${part}.schema.id.serializer=${SCHEMA_IDS}.HeaderSchemaIdSerializer`);
        const settings = [`key.serializer=${SERIALIZERS}.KafkaJsonSchemaSerializer`, ...(ids === "header" ? inHeaders : [])];
        await java.produce(`${ids}-in`, lines, settings);
        const formats = { format: "json-schema", keyFormat: "json-schema", registry: { ids }, keyRegistry: { ids } } as const;
        await copied(ids, (name) => topic(name, Order, { key: ["id"], keyType: OrderKey, ...formats }), 4);
        const read = await java.consume(`${ids}-out`, COUNT, [`key.deserializer=${SERIALIZERS}.KafkaJsonSchemaDeserializer`]);
        check(read, (i) => ({ id: `order-${i}` }));
      });
  },
);
