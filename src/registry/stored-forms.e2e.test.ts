// A topic whose texts have another form than this registry gives them (another registry wrote them, or an older version of this one): clients
// find their schemas in it under the ids that they had.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createClient } from "../client/index.ts";
import { type Answer, RegistryWorld } from "./fixtures/registry-world.ts";
import type { Registry } from "./index.ts";

const TOPIC = "_other_schemas";
const STORED = [
  { id: 1, subject: "avro", schemaType: "AVRO", schema: '{"type": "record", "name": "R", "fields": [{"name": "a", "type": {"type": "string"}}]}' },
  { id: 2, subject: "json", schemaType: "JSON", schema: '{ "type" : "object", "title": "\\u00fc", "maxProperties": 1e1 }' },
  { id: 3, subject: "proto", schemaType: "PROTOBUF", schema: 'syntax="proto3"; // theirs\nmessage M { string a=1; }' },
  { id: 4, subject: "spoilt", schemaType: "AVRO", schema: '{"type": "recor"}' },
  { id: 5, subject: "user", schemaType: "AVRO", schema: '{"type": "array", "items": "R"}', references: [{ name: "R", subject: "avro", version: 1 }] },
] as const; // prettier-ignore
/** The same in other words. */
const SENT: Readonly<Record<string, string>> = {
  avro: '{"type":"record","name":"R","fields":[{"name":"a","type":"string"}]}',
  json: '{"type":"object","title":"ü","maxProperties":1E+1}',
  proto: 'syntax = "proto3";\n\nmessage M {\n  string a = 1;\n}\n',
  user: '{"type":"array","items":"R"}',
};

let world: RegistryWorld;
let registry: Registry;

before(async () => {
  world = await RegistryWorld.open();
  const client = createClient({ brokers: world.broker.bootstrapServers });
  await client.admin().createTopics([{ name: TOPIC, partitions: 1, config: { "cleanup.policy": "compact" } }]);
  const producer = client.producer();
  for (const value of STORED) {
    const key = JSON.stringify({ keytype: "SCHEMA", subject: value.subject, version: 1, magic: 1 });
    await producer.send({ topic: TOPIC, key, value: JSON.stringify({ ...value, version: 1, deleted: false }) });
  }
  await client.close();
  registry = await world.another({ topic: TOPIC });
});
after(async () => {
  await registry?.close();
  await world?.close();
});

async function post(path: string, body: object): Promise<Answer["body"]> {
  const headers = { "content-type": "application/vnd.schemaregistry.v1+json" };
  return await (await fetch(registry.url + path, { method: "POST", headers, body: JSON.stringify(body) })).json();
}

for (const { subject, id, schema, ...more } of STORED)
  if (subject !== "spoilt")
    test(`${subject}: looked up and registered again it is what it was`, async () => {
      for (const text of [schema, SENT[subject]!]) {
        const found = await post(`/subjects/${subject}`, { ...more, schema: text });
        assert.deepEqual([found.id, found.version], [id, 1], JSON.stringify(found));
        assert.equal(found.schema, schema, "clients have seen this text");
        const again = await post(`/subjects/${subject}/versions`, { ...more, schema: text });
        assert.deepEqual([again.id, again.version], [id, 1]);
      }
      const other = await post(`/subjects/${subject}`, { ...more, schema: SENT[subject]!.replace('"string"', '"bytes"').replace("1E+1", "2").replace("string a", "string b").replace("array", "map").replace("items", "values") }); // prettier-ignore
      assert.equal(other.error_code, 40403);
    });

test("a version that cannot be understood does not stand in the way", async () => {
  assert.equal((await post("/subjects/spoilt", { schema: '"string"' })).error_code, 40403);
});
