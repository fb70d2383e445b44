// The registry over HTTP, on a broker of its own: what clients call, the errors they match on, and what a restart brings back.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createClient } from "../client/index.ts";
import { type Answer, RegistryWorld } from "./fixtures/registry-world.ts";

let world: RegistryWorld;

before(async () => {
  world = await RegistryWorld.open();
});

after(() => world?.close());

const call: RegistryWorld["call"] = (...request) => world.call(...request);
const record = (name: string, ...fields: readonly object[]): string => JSON.stringify({ type: "record", name, fields });
const field = (name: string, type: unknown = "string"): object => ({ name, type });
const register = (subject: string, schema: string, more: object = {}): Promise<Answer> =>
  call("POST", `/subjects/${encodeURIComponent(subject)}/versions`, { schema, ...more });
const refused = async (answer: Promise<Answer>, status: number, code: number): Promise<string> => {
  const { status: got, body } = await answer;
  assert.deepEqual([got, body.error_code], [status, code], JSON.stringify(body));
  return body.message as string;
};

test("a schema gets an id, the same one again, and the same one under another subject", async () => {
  const spaced = JSON.stringify({ type: "record", name: "Id", fields: [field("a")] }, undefined, 2);
  const first = await register("ids-1", spaced);
  assert.equal(first.type, "application/vnd.schemaregistry.v1+json");
  const { id } = first.body;
  assert.equal((await register("ids-1", record("Id", field("a")))).body.id, id);
  assert.equal((await register("ids-2", record("Id", field("a", { type: "string" })))).body.id, id);
  assert.notEqual((await register("ids-2", record("Id", field("a"), { name: "b", type: "int", default: 0 }))).body.id, id);
  const byId = await call("GET", `/schemas/ids/${id}`);
  assert.equal(byId.body.schema, record("Id", field("a")));
  assert.deepEqual([byId.body.schemaType, byId.body.deleted], ["AVRO", false]);
  assert.deepEqual((await call("GET", `/schemas/ids/${id}/subjects`)).body, ["ids-1", "ids-2"]);
  assert.deepEqual((await call("GET", `/schemas/ids/${id}/versions`)).body, [
    { subject: "ids-1", version: 1 },
    { subject: "ids-2", version: 1 },
  ]);
  assert.deepEqual((await call("GET", `/schemas/ids/${id}/schema`)).body, JSON.parse(record("Id", field("a"))));
  const { guid } = byId.body;
  assert.deepEqual((await call("GET", `/schemas/guids/${guid}/ids`)).body, [{ context: ".", id }]);
  assert.equal((await call("GET", `/schemas/guids/${guid}`)).body.schema, byId.body.schema);
});

test("what is not there is told with the codes that clients know", async () => {
  await register("there", record("There", field("a")));
  await refused(call("GET", "/schemas/ids/999999"), 404, 40403);
  await refused(call("GET", "/subjects/nothing/versions"), 404, 40401);
  await refused(call("GET", "/subjects/there/versions/7"), 404, 40402);
  await refused(call("GET", "/subjects/there/versions/zero"), 422, 42202);
  await refused(call("GET", "/subjects/there/versions/0"), 422, 42202);
  await refused(call("POST", "/subjects/nothing", { schema: '"string"' }), 404, 40401);
  await refused(call("POST", "/subjects/there", { schema: '"string"' }), 404, 40403);
  await refused(call("GET", "/config/there"), 404, 40408);
  await refused(call("GET", "/mode/there"), 404, 40409);
  await refused(call("PUT", "/config/there", { compatibility: "SIDEWAYS" }), 422, 42203);
  await refused(call("PUT", "/mode/there", { mode: "SIDEWAYS" }), 422, 42204);
  await refused(call("GET", "/subjects/100%/versions"), 400, 400);
  await refused(call("GET", "/no/such/path"), 404, 404);
  await refused(call("PATCH", "/subjects"), 405, 405);
});

test("schemas that cannot be understood are refused with the place", async () => {
  await refused(register("bad", ""), 422, 42201);
  await refused(register("bad", "{"), 422, 42201);
  assert.match(await refused(register("bad", record("Bad", field("a", "strin"))), 422, 42201), /\/fields\/0\/type.*"strin"/);
  await refused(register("bad", '{"type": "nothing"}', { schemaType: "JSON" }), 422, 42201);
  await refused(register("bad", "message {", { schemaType: "PROTOBUF" }), 422, 42201);
  for (const tag of [0, -1, 536_870_912])
    assert.match(
      await refused(register("bad", `syntax = "proto3"; message M { string a = ${tag}; }`, { schemaType: "PROTOBUF" }), 422, 42201),
      /Field "a"|line 1/,
    );
  await refused(register("bad", "x", { schemaType: "XML" }), 422, 42201);
  await refused(register("bad", '"string"', { references: [{ name: "a", subject: "nowhere", version: 1 }] }), 422, 42201);
});

test("an incompatible schema is refused with what, where and both definitions", async () => {
  await register("strict", record("Strict", field("a")));
  const next = record("Strict", field("a"), field("b", "int"));
  const message = await refused(register("strict", next), 409, 409);
  assert.match(message, /READER_FIELD_MISSING_DEFAULT_VALUE/);
  assert.match(message, /\/fields\/1/);
  assert.match(message, /oldSchemaVersion: 1/);
  const verdict = await call("POST", "/compatibility/subjects/strict/versions/latest?verbose=true", { schema: next });
  assert.equal(verdict.body.is_compatible, false);
  assert.match(verdict.body.messages[0], /READER_FIELD_MISSING_DEFAULT_VALUE/);
  assert.deepEqual((await call("POST", "/compatibility/subjects/strict/versions/1", { schema: next })).body, { is_compatible: false });
  assert.deepEqual((await call("POST", "/compatibility/subjects/unknown/versions/latest", { schema: next })).body, { is_compatible: true });
  assert.deepEqual((await call("PUT", "/config/strict", { compatibility: "NONE" })).body, { compatibility: "NONE" });
  assert.equal((await register("strict", next)).status, 200);
  assert.deepEqual((await call("GET", "/config/strict")).body, { compatibilityLevel: "NONE" });
  assert.deepEqual((await call("DELETE", "/config/strict")).body, { compatibilityLevel: "NONE" });
});

test("transitive levels look at every version", async () => {
  await call("PUT", "/config/chain", { compatibility: "NONE" });
  await register("chain", record("Chain", field("a")));
  await register("chain", record("Chain", field("a"), { name: "b", type: "string", default: "" }));
  const third = record("Chain", field("a"), field("b"));
  const check = async (): Promise<boolean> =>
    (await call("POST", "/compatibility/subjects/chain/versions", { schema: third })).body.is_compatible as boolean;
  await call("PUT", "/config/chain", { compatibility: "BACKWARD" });
  assert.equal(await check(), true);
  await call("PUT", "/config/chain", { compatibility: "BACKWARD_TRANSITIVE" });
  assert.equal(await check(), false);
});

test("deleting is soft first, then for good, and keeps what others refer to", async () => {
  await register("base", record("Base", field("a")));
  const references = [{ name: "Base", subject: "base", version: 1 }];
  const user = await register("user", record("User", field("base", "Base")), { references });
  assert.equal(user.status, 200, JSON.stringify(user.body));
  assert.deepEqual((await call("GET", "/subjects/base/versions/1/referencedby")).body, [user.body.id]);
  await refused(call("DELETE", "/subjects/base"), 422, 42206);
  await refused(call("DELETE", "/subjects/user?permanent=true"), 404, 40405);
  assert.deepEqual((await call("DELETE", "/subjects/user")).body, [1]);
  await refused(call("DELETE", "/subjects/user"), 404, 40404);
  await refused(call("GET", "/subjects/user/versions"), 404, 40401);
  assert.deepEqual((await call("GET", "/subjects/user/versions?deleted=true")).body, [1]);
  assert.equal((await call("GET", `/schemas/ids/${user.body.id}`)).status, 200);
  assert.deepEqual((await call("DELETE", "/subjects/user?permanent=true")).body, [1]);
  await refused(call("GET", `/schemas/ids/${user.body.id}`), 404, 40403);
  await refused(call("DELETE", "/subjects/base/versions/1?permanent=true"), 404, 40407);
  assert.equal((await call("DELETE", "/subjects/base/versions/latest")).body, 1);
  await refused(call("DELETE", "/subjects/base/versions/1"), 404, 40406);
  assert.equal((await call("DELETE", "/subjects/base/versions/1?permanent=true")).body, 1);
});

test("a version number is not given twice while its soft-deleted schema is there", async () => {
  await register("again", record("Again", field("a")));
  await call("DELETE", "/subjects/again/versions/1");
  const { body } = await register("again", record("Again", field("a")));
  assert.equal(body.version, 2);
});

test("modes stop writing or let ids in", async () => {
  await call("PUT", "/mode/frozen", { mode: "READONLY" });
  await refused(register("frozen", '"string"'), 422, 42205);
  await refused(register("imported", '"string"', { id: 4711 }), 422, 42205);
  assert.deepEqual((await call("PUT", "/mode/imported", { mode: "IMPORT" })).body, { mode: "IMPORT" });
  assert.equal((await register("imported", '"string"', { id: 4711, version: 3 })).body.id, 4711);
  await refused(register("imported", '"int"', { id: 4711 }), 422, 42205);
  assert.deepEqual((await call("DELETE", "/mode/imported")).body, { mode: "IMPORT" });
  assert.ok((await register("after-import", record("AfterImport", field("a")))).body.id > 4711);
});

test("contexts have ids of their own", async () => {
  const schema = record("InContext", field("a"));
  const { body } = await register(":.one:orders", schema);
  assert.equal(body.id, 1);
  assert.equal((await call("POST", "/contexts/.two/subjects/orders/versions", { schema })).body.id, 1);
  assert.deepEqual((await call("GET", "/contexts/.two/subjects")).body, [":.two:orders"]);
  assert.deepEqual((await call("GET", "/subjects?subjectPrefix=:.one:")).body, [":.one:orders"]);
  assert.deepEqual((await call("GET", "/contexts")).body, [".", ".one", ".two"]);
  assert.equal((await call("GET", "/schemas/ids/1?subject=:.one:orders")).body.schema, schema);
});

test("metadata, rules, aliases and normalisation are kept and used", async () => {
  const metadata = { properties: { owner: "team-a" }, tags: { "**.a": ["PII"] } };
  const ruleSet = { domainRules: [{ name: "check", kind: "CONDITION", type: "CEL", mode: "WRITE", expr: "true" }] };
  await register("rules", record("Rules", field("a")), { metadata, ruleSet });
  const latest = await call("GET", "/subjects/rules/versions/latest");
  assert.deepEqual([latest.body.metadata, latest.body.ruleSet], [metadata, ruleSet]);
  assert.equal((await call("GET", "/subjects/rules/metadata?key=owner&value=team-a")).body.version, 1);
  await refused(call("GET", "/subjects/rules/metadata?key=owner&value=team-b"), 404, 40403);
  await refused(register("rules", '"int"', { ruleSet: { domainRules: [{ kind: "CONDITION" }] } }), 422, 42210);
  await call("PUT", "/config/other-name", { alias: "rules" });
  assert.equal((await call("GET", "/subjects/other-name/versions/latest")).body.subject, "rules");
  const plain = await register("normal", '{"type":"record","name":"N","namespace":"x.y","fields":[]}');
  const full = await call("POST", "/subjects/normal?normalize=true", { schema: '{"type":"record","name":"x.y.N","fields":[]}' });
  assert.equal(full.status, 404); // stored as it was written
  const normalized = await call("POST", "/subjects/normal/versions?normalize=true", {
    schema: '{"name":"x.y.N","type":"record","fields":[]}',
  });
  assert.notEqual(normalized.body.id, plain.body.id);
  const same = await call("POST", "/subjects/normal/versions?normalize=true", {
    schema: '{"type":"record","name":"N","namespace":"x.y","fields":[]}',
  });
  assert.equal(same.body.id, normalized.body.id);
});

test("a restart brings everything back, and no id is given twice, not even a deleted one", async () => {
  const { body: last } = await register("gone", record("Gone", field("only-here".replace("-", "_"))));
  await call("DELETE", "/subjects/gone");
  await call("DELETE", "/subjects/gone?permanent=true");
  const before = await Promise.all(
    ["/schemas?deleted=true", "/subjects?deleted=true", "/config", "/contexts"].map((path) => call("GET", path)),
  );
  await world.restart();
  const again = await Promise.all(
    ["/schemas?deleted=true", "/subjects?deleted=true", "/config", "/contexts"].map((path) => call("GET", path)),
  );
  assert.deepEqual(again, before);
  assert.ok((await register("fresh", record("Fresh", field("a")))).body.id > last.id);
});

test("concurrent registrations: every schema one id, every id one schema", async () => {
  const answers = await Promise.all(
    Array.from({ length: 120 }, (_, i) => register(`many-${i % 10}`, record("Many", { name: `f${i % 40}`, type: "int", default: 0 }))),
  );
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
  const ids = new Map<number, string>();
  answers.forEach(({ body }, i) => {
    const name = `f${i % 40}`;
    assert.equal(ids.get(body.id) ?? name, name);
    ids.set(body.id, name);
  });
  assert.equal(ids.size, 40);
});

test("a registry that cannot listen takes over nothing", async () => {
  await assert.rejects(world.another({ port: Number(new URL(world.registry.url).port) }), { code: "EADDRINUSE" });
  assert.equal((await register("not-fenced", record("NotFenced", field("a")))).status, 200);
});

test("a second registry takes over; the first one says so", async () => {
  const second = await world.another();
  try {
    const first = await register("fenced", record("Fenced", field("a")));
    assert.deepEqual([first.status, first.body.error_code], [500, 50004]);
    const written = await fetch(`${second.url}/subjects/taken/versions`, { method: "POST", body: JSON.stringify({ schema: '"long"' }) });
    assert.equal(written.status, 200);
    assert.equal((await call("GET", "/subjects/taken/versions/1")).status, 200);
  } finally {
    await second.close();
    await world.restart();
  }
});

test("a topic that Confluent's registry wrote is taken over", async () => {
  const client = createClient({ brokers: world.broker.bootstrapServers });
  const topic = "_foreign_schemas";
  await client.admin().createTopics([{ name: topic, partitions: 1, config: { "cleanup.policy": "compact" } }]);
  const producer = client.producer();
  const send = async (key: object, value: object | null): Promise<unknown> =>
    await producer.send({ topic, key: JSON.stringify(key), value: value === null ? null : JSON.stringify(value) });
  await send({ keytype: "NOOP", magic: 0 }, null);
  await send({ keytype: "CONFIG", subject: null, magic: 0 }, { compatibilityLevel: "FULL" });
  const value = { subject: "old", version: 1, id: 41, schema: '"string"', deleted: false };
  await send({ keytype: "SCHEMA", subject: "old", version: 1, magic: 1 }, value);
  await send({ keytype: "SCHEMA", subject: "old", version: 2, magic: 1 }, { ...value, version: 2, id: 42, schema: '"bytes"' });
  await send({ keytype: "DELETE_SUBJECT", subject: "gone", magic: 0 }, { subject: "gone", version: 1 });
  await producer.close();
  const foreign = await world.another({ topic });
  try {
    const get = async (path: string): Promise<unknown> => JSON.parse(await (await fetch(foreign.url + path)).text());
    assert.deepEqual(await get("/config"), { compatibilityLevel: "FULL" });
    assert.deepEqual(await get("/subjects/old/versions"), [1, 2]);
    assert.equal(((await get("/schemas/ids/41")) as { schema: string }).schema, '"string"');
    const next = await fetch(`${foreign.url}/subjects/new/versions`, { method: "POST", body: JSON.stringify({ schema: '"int"' }) });
    assert.equal(((await next.json()) as { id: number }).id, 43);
  } finally {
    await foreign.close();
    await client.close();
  }
});

test("a Protobuf file comes back in the form it came in, and in the form asked for", async () => {
  const sent = "CgFhIg4KAU0SCQoBeBgBIAEoA2IGcHJvdG8z"; // message M { int64 x = 1; } as a descriptor
  const { body } = await register("descriptor", sent, { schemaType: "PROTOBUF" });
  assert.equal(body.schema, sent, JSON.stringify(body));
  assert.match((await call("GET", `/schemas/guids/${body.guid}`)).body.schema, /message M/);
  const serialized = (await call("GET", `/schemas/guids/${body.guid}?format=serialized`)).body.schema;
  assert.match(serialized, /^[A-Za-z0-9+/]+=*$/);
  assert.equal((await register("descriptor", serialized, { schemaType: "PROTOBUF" })).body.id, body.id);
});

test("?format=resolved puts what an Avro schema refers to into it", async () => {
  await register("part", record("Part", field("a")));
  const references = [{ name: "Part", subject: "part", version: 1 }];
  await register("whole", record("Whole", field("x", "Part"), field("y", "Part")), { references });
  const { schema } = (await call("GET", "/subjects/whole/versions/1?format=resolved")).body;
  const part = JSON.parse(record("Part", field("a")));
  assert.deepEqual(JSON.parse(schema).fields, [field("x", part), field("y", "Part")]);
});

test("metadata without a schema is that of the latest one; soft-deleted versions can be told by their sign", async () => {
  await register("told", record("Told", field("a")));
  const { body } = await call("POST", "/subjects/told/versions", { metadata: { properties: { owner: "b" } } });
  assert.deepEqual([body.version, body.schema, body.metadata.properties.owner], [2, record("Told", field("a")), "b"]);
  await call("DELETE", "/subjects/told/versions/1");
  assert.deepEqual((await call("GET", "/subjects/told/versions?deleted=true&deletedAsNegative=true")).body, [-1, 2]);
});

test("a context is deleted when it is empty", async () => {
  await register(":.left:a", '"string"');
  await call("PUT", "/contexts/.left/config", { compatibility: "NONE" });
  await refused(call("DELETE", "/contexts/.left"), 422, 42211);
  await refused(call("DELETE", "/contexts/%3A.%3A"), 422, 42205);
  await call("DELETE", "/subjects/:.left:a");
  await call("DELETE", "/subjects/:.left:a?permanent=true");
  assert.equal((await call("DELETE", "/contexts/.left")).status, 204);
  await refused(call("GET", "/config/:.left:"), 404, 40408);
});

test("what is too large, and settings of a read-only subject, are refused", async () => {
  await refused(register("large", `"${"x".repeat(1_000_000)}"`), 422, 42209);
  await call("PUT", "/mode/stopped", { mode: "READONLY" });
  await refused(call("PUT", "/config/stopped", { compatibility: "NONE" }), 422, 42205);
  await call("DELETE", "/mode/stopped");
});

test("pages of other sites are refused", async () => {
  await refused(call("GET", "/subjects", undefined, { origin: "http://elsewhere.example" }), 403, 403);
});
