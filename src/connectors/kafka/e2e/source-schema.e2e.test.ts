// What a source asks the registry before its job starts: a subject that cannot be the topic's type keeps the job from starting, at once and with
// one sentence; one that is not there yet is registered only if that is said.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { arraySource } from "../../memory/array-source.ts";
import { collectSink } from "../../memory/collect-sink.ts";
import { functionSink } from "../../memory/function-sink.ts";
import { t } from "../../../schema/t.ts";
import { pipeline, type Pipeline } from "../../../stream/pipeline.ts";
import { kafkaSink } from "../kafka-sink.ts";
import { kafkaSource } from "../kafka-source.ts";
import { topic } from "../topic.ts";
import { topicPattern } from "../topic-pattern.ts";
import type { SchemaOptions, TopicFormat } from "../topic-format.ts";
import { registryWorld } from "./registry-world.ts";

const Order = t.record("Order", { id: t.string(), amount: t.double(), note: t.optional(t.string()) });

const world = registryWorld();

function reading(name: string, format: TopicFormat, options?: SchemaOptions): Pipeline {
  const orders = topic(name, Order, { format, ...(options === undefined ? {} : { registry: options }) });
  return pipeline(name, (p) =>
    p.from("orders", kafkaSource(orders)).to(
      "nowhere",
      functionSink(() => {}),
    ),
  );
}

/** The failure's text; undefined: the job ran to its end. Never a restart. */
async function outcome(name: string, format: TopicFormat, options?: SchemaOptions): Promise<string | undefined> {
  if (!(await world.client.admin().listTopics()).some((each) => each.name === name))
    await world.client.admin().createTopics([{ name, partitions: 1 }]);
  let job;
  try {
    job = await world.server.run(reading(name, format, options), { once: true });
    await job.finished;
    return undefined;
  } catch (error) {
    assert.equal(job?.status().restarts ?? 0, 0);
    return (error as Error).message;
  }
}

const avro = (...fields: readonly (readonly [name: string, type: unknown])[]): string =>
  JSON.stringify({ type: "record", name: "Order", fields: fields.map(([name, type]) => ({ name, type })) });

const SCHEMAS = {
  avro: { type: "AVRO", fits: avro(["id", "string"], ["amount", "int"]), not: avro(["id", "string"], ["amount", "boolean"]) },
  protobuf: {
    type: "PROTOBUF",
    fits: 'syntax = "proto3"; message Key { bytes key = 1; } message Order { string id = 2; double amount = 7; optional string note = 9; }',
    not: 'syntax = "proto3"; message Order { string id = 1; bytes amount = 2; optional string note = 3; }',
  },
  "json-schema": {
    type: "JSON",
    fits: '{"type":"object","properties":{"id":{"type":"string"},"amount":{"type":"number"}}}',
    not: '{"type":"object","properties":{"id":{"type":"string"},"amount":{"type":"boolean"}}}',
  },
} as const;

const REASONS = {
  avro: "amount: double cannot be read from boolean",
  protobuf: "amount: double cannot be read from bytes",
  "json-schema": 'amount: double cannot be read from {"type":"boolean"}',
};

for (const format of ["avro", "protobuf", "json-schema"] as const)
  test(`${format}: a subject that fits, one that does not, and one of another format`, async () => {
    const { type, fits, not } = SCHEMAS[format];
    await world.registry.register(`${format}-fits-value`, fits, type);
    assert.equal(await outcome(`${format}-fits`, format), undefined);
    await world.registry.register(`${format}-not-value`, not, type);
    assert.equal(
      await outcome(`${format}-not`, format),
      `Job "${format}-not" failed in "orders": Topic "${format}-not" cannot be read as record Order: ` +
        `subject "${format}-not-value", version 1: ${REASONS[format]}. A type that fits: millrace schema gen ts ${format}-not-value`,
    );
    const [other, otherType, schema] = format === "avro" ? (["json", "JSON", "{}"] as const) : (["avro", "AVRO", '"string"'] as const);
    await world.registry.register(`${format}-${other}-value`, schema, otherType);
    assert.match((await outcome(`${format}-${other}`, format))!, new RegExp(`version 1: its schema is ${otherType}, not ${type}\\.`));
  });

test("a subject without a schema: read all the same, registered, or asked for", async () => {
  assert.equal(await outcome("silent", "avro"), undefined);
  await assert.rejects(world.registry.version("silent-value"), { code: "SCHEMA_NOT_FOUND" });
  assert.equal(await outcome("eager", "avro", { autoRegister: true, compatibility: "FULL" }), undefined);
  const { schema } = await world.registry.version("eager-value");
  assert.equal((JSON.parse(schema) as { name: string }).name, "Order");
  assert.deepEqual(await world.registry.request("GET", "/config/eager-value"), { compatibilityLevel: "FULL" });
  const missing = /Topic "\w+" cannot be used|there is no such schema, and autoRegister is off or useLatest is on/;
  assert.match((await outcome("strict", "protobuf", { autoRegister: false }))!, missing);
  assert.match((await outcome("newest", "json-schema", { useLatest: true }))!, missing);
});

test("only the newest version must fit: older records are met one by one", async () => {
  await world.registry.request("PUT", "/config/turned-value", { compatibility: "NONE" });
  await world.registry.register("turned-value", avro(["id", "long"]), "AVRO");
  await world.registry.register("turned-value", SCHEMAS.avro.fits, "AVRO");
  assert.equal(await outcome("turned", "avro"), undefined);
  await world.registry.register("turned-value", SCHEMAS.avro.not, "AVRO");
  assert.match((await outcome("turned", "avro"))!, /version 3/);
});

test("topics by pattern: each has a subject of its own, read by its own writer's schema", async () => {
  const { type, not } = SCHEMAS.avro;
  const Reordered = t.record("Order", { amount: t.double(), note: t.optional(t.string()), id: t.string() });
  await world.client.admin().createTopics(["many-a", "many-b"].map((name) => ({ name, partitions: 2 })));
  const rows = [
    { id: "1", amount: 1.5, note: undefined },
    { id: "2", amount: 2, note: "x" },
  ];
  for (const [index, [name, schema]] of [["many-a", Order] as const, ["many-b", Reordered] as const].entries()) {
    const write = pipeline(name, (p) =>
      p.from("rows", arraySource(schema, [rows[index]!])).to("out", kafkaSink(topic(name, schema as typeof Order, { format: "avro" }))),
    );
    await (await world.server.run(write, { once: true })).finished; // prettier-ignore
  }
  const out = collectSink(Order);
  const read = (name: string): Pipeline =>
    pipeline(name, (p) => p.from("many", kafkaSource(topicPattern(/^many-/, Order, { format: "avro" }))).to("out", out));
  await (await world.server.run(read("read-many"), { once: true, parallelism: 2 })).finished; // prettier-ignore
  assert.deepEqual(
    out.rows.toSorted((a, b) => a.amount - b.amount),
    rows,
  );
  await world.client.admin().createTopics([{ name: "many-c", partitions: 1 }]);
  await world.registry.register("many-c-value", not, type);
  await assert.rejects(
    async () => (await world.server.run(read("refused-many"), { once: true })).finished,
    /Topic "many-c" cannot be read as record Order: subject "many-c-value", version 1: amount: double cannot be read from boolean/,
  );
});

test("a registry that does not answer is told at the start, on an empty topic, too; the job goes on when it is there", async () => {
  let asked = 0;
  let isThere = false;
  const flapping = createServer((_request, response) => {
    asked++;
    response.writeHead(isThere ? 404 : 503, { "content-type": "application/json" });
    response.end(JSON.stringify({ error_code: isThere ? 40401 : 50301, message: isThere ? "Subject not found." : "Starting" }));
  });
  await new Promise<void>((resolve) => flapping.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(flapping.address() as AddressInfo).port}`;
  try {
    await world.client.admin().createTopics([{ name: "early", partitions: 2 }]);
    const job = await world.server.run(reading("early", "avro", { url }), { once: true });
    while (job.status().lastFailure === undefined) await new Promise((resolve) => setTimeout(resolve, 10));
    const wanted = `The schema of topic "early" cannot be asked for: The registry at ${url} answered 503: Starting. It may be tried again.`;
    assert.ok(
      JSON.stringify(job.status().lastFailure).includes(JSON.stringify(wanted).slice(1, -1)),
      JSON.stringify(job.status().lastFailure),
    );
    isThere = true;
    await job.finished;
    assert.ok(asked >= 3 && job.status().restarts >= 1);
  } finally {
    await new Promise((resolve) => flapping.close(resolve));
  }
});

test("a registry that is not there", async () => {
  await world.client.admin().createTopics([{ name: "alone", partitions: 1 }]);
  const job = await world.server.run(reading("alone", "json-schema", { url: "http://127.0.0.1:9" }), { once: true });
  while (job.status().lastFailure === undefined) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.match(
    JSON.stringify(job.status().lastFailure),
    /topic .{1,2}alone.{1,2} cannot be asked for: No schema registry answers at http:\/\/127\.0\.0\.1:9 \([^)]+\)\. Set SCHEMA_REGISTRY_URL, or start one: millrace dev\./,
  );
  await job.cancel();
});
