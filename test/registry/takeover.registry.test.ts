// A `_schemas` topic as Confluent's registry leaves it, on Apache Kafka and on our broker: taken over with its ids, settings and deletions,
// written on, and taken over again.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createClient } from "millrace/client";
import { missingForKafka } from "../kafka/kafka-jars.ts";
import { TARGETS } from "../kafka/targets.ts";
import { runningRegistry } from "./running.ts";

const AVRO = '{"type":"record","name":"Order","namespace":"shop","fields":[{"name":"id","type":"string"}]}';
const PROTO = 'syntax = "proto3";\npackage shop;\n\nmessage Item {\n  string sku = 1;\n}\n';
const key = (keytype: string, subject: string | null, more: object, magic: number): string =>
  JSON.stringify({ keytype, ...(keytype === "NOOP" ? {} : { subject }), ...more, magic });

/** Key and value of each record, in the order in which a registry writes them. The first one wrote hashes beside what ours needs. */
const RECORDS: readonly (readonly [key: string, value: object | null])[] = [
  [key("NOOP", null, {}, 0), null],
  [
    key("SCHEMA", "orders-value", { version: 1 }, 1),
    { subject: "orders-value", version: 1, id: 1, md5: "s0Jt7A==", schema: AVRO, deleted: false },
  ],
  [
    key("SCHEMA", "item.proto", { version: 1 }, 1),
    { subject: "item.proto", version: 1, id: 2, schemaType: "PROTOBUF", schema: PROTO, deleted: false },
  ],
  [
    key("SCHEMA", "basket-value", { version: 1 }, 1),
    {
      subject: "basket-value",
      version: 1,
      id: 3,
      schemaType: "PROTOBUF",
      references: [{ name: "item.proto", subject: "item.proto", version: 1 }],
      schema: 'syntax = "proto3";\npackage shop;\n\nimport "item.proto";\n\nmessage Basket {\n  repeated Item items = 1;\n}\n',
      deleted: false,
    },
  ],
  [key("CONFIG", "orders-value", {}, 0), { compatibilityLevel: "FULL_TRANSITIVE" }],
  [key("MODE", "item.proto", {}, 0), { mode: "READONLY" }],
  [
    key("SCHEMA", ":.staging:orders-value", { version: 1 }, 1),
    { subject: ":.staging:orders-value", version: 1, id: 1, schema: '"string"', deleted: false },
  ],
  [key("SCHEMA", "old-value", { version: 1 }, 1), { subject: "old-value", version: 1, id: 4, schema: '"bytes"', deleted: false }],
  [key("DELETE_SUBJECT", "old-value", {}, 0), { subject: "old-value", version: 1 }],
  [key("SCHEMA", "gone-value", { version: 1 }, 1), { subject: "gone-value", version: 1, id: 9, schema: '"int"', deleted: true }],
  [key("SCHEMA", "gone-value", { version: 1 }, 1), null],
  [key("EXPORTER", null, { tenant: "default", name: "mine" }, 0), { name: "mine" }],
];

describe("a registry's topic is taken over", { skip: missingForKafka() ?? false }, () => {
  for (const target of TARGETS)
    test(`on ${target.name}`, async () => {
      const broker = await target.start();
      try {
        await fill(broker.brokers);
        const first = await runningRegistry(broker.brokers);
        const state = await seen(first.url);
        assert.equal(await registered(first.url, "new-value", '"long"'), 10); // ids of what is gone are not given again
        assert.equal(await registered(first.url, "same-value", AVRO), 1);
        const second = await runningRegistry(broker.brokers);
        assert.deepEqual(await seen(second.url), state);
        assert.equal(await registered(second.url, "newer-value", '"float"'), 11);
        await assert.rejects(registered(first.url, "late-value", '"double"'), /50004/);
        await Promise.all([first.stop(), second.stop()]);
      } finally {
        await broker.stop();
      }
    });
});

async function fill(brokers: string): Promise<void> {
  const client = createClient({ brokers });
  await client.admin().createTopics([{ name: "_schemas", partitions: 1, config: { "cleanup.policy": "compact" } }]);
  const producer = client.producer();
  for (const [name, value] of RECORDS)
    await producer.send({ topic: "_schemas", partition: 0, key: name, value: value === null ? null : JSON.stringify(value) });
  await producer.close();
  await client.close();
}

async function ask(url: string): Promise<unknown> {
  return (await fetch(url)).json();
}

/** What was in the topic, asked over HTTP; checked where a number or text matters. */
async function seen(url: string): Promise<unknown> {
  const read = async (path: string): Promise<unknown> => await ask(url + path);
  assert.deepEqual(await read("/subjects/orders-value/versions/1").then((each) => (each as { id: number; schema: string }).schema), AVRO);
  assert.deepEqual(await read("/subjects/item.proto/versions/1/referencedby"), [3]);
  assert.deepEqual(await read("/config/orders-value"), { compatibilityLevel: "FULL_TRANSITIVE" });
  assert.deepEqual(await read("/mode/item.proto"), { mode: "READONLY" });
  assert.deepEqual(await read("/subjects/old-value/versions?deleted=true"), [1]);
  assert.equal(((await read("/subjects/gone-value/versions?deleted=true")) as { error_code: number }).error_code, 40401);
  assert.deepEqual(await read("/contexts"), [".", ".staging"]);
  assert.equal(((await read("/schemas/ids/1?subject=:.staging:")) as { schema: string }).schema, '"string"');
  const old = ["orders-value", "item.proto", "basket-value", ":.staging:orders-value"];
  return await Promise.all(old.map((subject) => read(`/subjects/${subject}/versions/1`)));
}

async function registered(url: string, subject: string, schema: string): Promise<number> {
  const headers = { "content-type": "application/vnd.schemaregistry.v1+json" };
  const response = await fetch(`${url}/subjects/${subject}/versions`, { method: "POST", headers, body: JSON.stringify({ schema }) });
  const body = (await response.json()) as { id: number };
  if (!response.ok) throw new Error(JSON.stringify(body));
  return body.id;
}
