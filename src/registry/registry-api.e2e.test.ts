// The rarer parts of the API over HTTP: tags, contexts, modes below a context, formats of references, what is not there.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Answer, RegistryWorld } from "./fixtures/registry-world.ts";

let world: RegistryWorld;

before(async () => {
  world = await RegistryWorld.open();
});

after(() => world?.close());

type Body = Answer["body"];

const call: RegistryWorld["call"] = (...request) => world.call(...request);

async function ok(method: string, path: string, body?: unknown): Promise<Body> {
  const answer = await call(method, path, body);
  assert.ok(answer.status < 300, JSON.stringify(answer));
  return answer.body;
}

async function refused(method: string, path: string, body: unknown, code: number): Promise<void> {
  const answer = await call(method, path, body);
  assert.deepEqual(
    [answer.status, answer.body.error_code],
    [code > 999 ? Math.floor(code / 100) : code, code],
    JSON.stringify(answer.body),
  );
}

const tagged = (entityPath: string, tags: readonly string[], entityType = "sr_field"): object => ({
  schemaEntity: { entityPath, entityType },
  tags,
});
const ORDER = {
  type: "record",
  name: "Order",
  namespace: "shop",
  fields: [
    { name: "id", type: "string" },
    { name: "buyer", type: { type: "record", name: "Buyer", fields: [{ name: "mail", type: ["null", "string"] }] } },
  ],
};

test("tags are put into an Avro schema and taken out of it, as a new version each", async () => {
  await ok("POST", "/subjects/tags-1/versions", { schema: JSON.stringify(ORDER), metadata: { properties: { owner: "shop" } } });
  const changed = await ok("POST", "/subjects/tags-1/versions/latest/tags", {
    newVersion: 2,
    tagsToAdd: [tagged("shop.Buyer.mail", ["PII", "MAIL"]), tagged(".shop.Order", ["BUSINESS"], "sr_record")],
    rulesToMerge: { domainRules: [{ name: "mask", kind: "TRANSFORM", mode: "WRITE", type: "ENCRYPT", tags: ["PII"] }] },
  });
  assert.equal(changed.version, 2);
  assert.deepEqual(changed.metadata.properties, { owner: "shop", "confluent:version": "2" });
  const schema = JSON.parse(changed.schema);
  assert.deepEqual(schema["confluent:tags"], ["BUSINESS"]);
  assert.deepEqual(schema.fields[1].type.fields[0]["confluent:tags"], ["PII", "MAIL"]);
  const all = await ok("GET", "/subjects/tags-1/versions/2?findTags=*");
  assert.deepEqual(all.schemaTags, [
    { schemaEntity: { entityPath: "shop.Order", entityType: "sr_record" }, tags: ["BUSINESS"] },
    { schemaEntity: { entityPath: "shop.Buyer.mail", entityType: "sr_field" }, tags: ["PII", "MAIL"] },
  ]);
  const byId = await ok("GET", `/schemas/ids/${changed.id}?findTags=PII&findTags=X`);
  assert.deepEqual(byId.schemaTags, [{ schemaEntity: { entityPath: "shop.Buyer.mail", entityType: "sr_field" }, tags: ["PII"] }]);
  assert.equal((await ok("GET", "/schemas?ruleType=ENCRYPT")).length, 1);
  const third = await ok("POST", "/subjects/tags-1/versions/2/tags", {
    tagsToRemove: [tagged("shop.Buyer.mail", ["PII", "MAIL"])],
    rulesToRemove: ["mask"],
  });
  assert.equal(third.version, 3);
  assert.deepEqual(third.ruleSet, { domainRules: [] });
  assert.equal(JSON.parse(third.schema).fields[1].type.fields[0]["confluent:tags"], undefined);
});

test("tags are put into a Protobuf schema and taken out of it", async () => {
  const schema = 'syntax = "proto3"; package shop; message Order { string id = 1; oneof paid { string card = 2; } }';
  await ok("POST", "/subjects/tags-proto/versions", { schemaType: "PROTOBUF", schema });
  const tagsToAdd = [tagged("shop.Order.card", ["PII"]), tagged(".shop.Order", ["BUSINESS"], "sr_record")];
  const changed = await ok("POST", "/subjects/tags-proto/versions/latest/tags", { tagsToAdd });
  assert.match(changed.schema, /string card = 2 \[\(confluent\.field_meta\) = \{\s*tags: \[\s*"PII"\s*\]\s*\}\];/);
  const all = await ok("GET", "/subjects/tags-proto/versions/2?findTags=*");
  assert.deepEqual(all.schemaTags, [
    { schemaEntity: { entityPath: "shop.Order", entityType: "sr_record" }, tags: ["BUSINESS"] },
    { schemaEntity: { entityPath: "shop.Order.card", entityType: "sr_field" }, tags: ["PII"] },
  ]);
  const wrong = await world.call("POST", "/subjects/tags-proto/versions/2/tags", { tagsToAdd: [tagged("shop.Order.cash", ["X"])] });
  assert.deepEqual([wrong.status, wrong.body.error_code], [422, 42201]);
  const third = await ok("POST", "/subjects/tags-proto/versions/2/tags", { tagsToRemove: tagsToAdd });
  assert.doesNotMatch(third.schema, /meta\)/);
});

test("tags of a registration: given, taken, and carried over from the version before", async () => {
  const text = JSON.stringify({ ...ORDER, name: "Carried" });
  const first = await ok("POST", "/subjects/tags-2/versions", { schema: text, schemaTagsToAdd: [tagged("shop.Carried.id", ["KEY"])] });
  assert.deepEqual(JSON.parse(first.schema).fields[0]["confluent:tags"], ["KEY"]);
  const wider = JSON.stringify({ ...ORDER, name: "Carried", fields: [...ORDER.fields, { name: "more", type: "int", default: 0 }] });
  const second = await ok("POST", "/subjects/tags-2/versions", { schema: wider, propagateSchemaTags: true });
  assert.deepEqual([second.version, JSON.parse(second.schema).fields[0]["confluent:tags"]], [2, ["KEY"]]);
});

test("tags of JSON Schema are at the way from the root", async () => {
  const schema = JSON.stringify({
    type: "object",
    properties: { lines: { type: "array", items: { type: "object", properties: { price: { type: "number" } } } }, kind: { enum: ["a"] } },
  });
  await ok("POST", "/subjects/tags-3/versions", { schema, schemaType: "JSON" });
  const { schema: after } = await ok("POST", "/subjects/tags-3/versions/1/tags", {
    tagsToAdd: [tagged("object.lines.array.object.price", ["MONEY"]), tagged("object.kind", ["KIND"])],
  });
  assert.deepEqual(JSON.parse(after).properties.lines.items.properties.price["confluent:tags"], ["MONEY"]);
});

test("tags that cannot be changed are refused", async () => {
  const path = "/subjects/tags-1/versions/1/tags";
  await refused("POST", path, { tagsToAdd: [tagged("shop.Order.nothing", ["A"])] }, 42201);
  await refused("POST", path, { tagsToAdd: [{ tags: ["A"] }] }, 42201);
  await refused("POST", path, { newVersion: 9 }, 42201);
  await refused("POST", "/subjects/tags-1/versions/77/tags", {}, 40402);
  await refused("POST", "/subjects/nobody/versions/1/tags", {}, 40401);
});

test("contexts: by prefix, deleted with 204, and 40401 if there is none", async () => {
  for (const name of [".one", ".other"]) await ok("POST", `/subjects/:${name}:s/versions`, { schema: '"string"' });
  assert.deepEqual(await ok("GET", "/contexts?contextPrefix=.o"), [".one", ".other"]);
  assert.deepEqual(await ok("GET", "/contexts?contextPrefix=.on"), [".one"]);
  await refused("DELETE", "/contexts/one", undefined, 42211);
  await refused("DELETE", "/contexts/none", undefined, 40401);
  await ok("DELETE", "/subjects/:.one:s");
  await ok("DELETE", "/subjects/:.one:s?permanent=true");
  assert.deepEqual(await call("DELETE", "/contexts/.one"), { status: 204, body: undefined, type: null });
});

test("?recursive takes away the modes of a context's subjects", async () => {
  for (const name of ["a", "b"]) await ok("PUT", `/mode/:.deep:${name}`, { mode: "READONLY" });
  await ok("PUT", "/mode/kept", { mode: "READONLY" });
  await refused("DELETE", "/mode/:.deep:", undefined, 40401);
  assert.deepEqual(await ok("DELETE", "/mode/:.deep:?recursive=true"), { mode: null });
  await refused("GET", "/mode/:.deep:a", undefined, 40409);
  assert.deepEqual(await ok("GET", "/mode/kept"), { mode: "READONLY" });
  await ok("DELETE", "/mode?recursive=true");
  await refused("GET", "/mode/kept", undefined, 40409);
});

test("references name their context when asked, and aliases are told", async () => {
  await ok("POST", "/subjects/:.far:base/versions", { schema: '{"type":"enum","name":"Base","symbols":["A"]}' });
  const user = { schema: '{"type":"array","items":"Base"}', references: [{ name: "Base", subject: "base", version: 1 }] };
  const { id } = await ok("POST", "/subjects/:.far:user/versions", user);
  const subjectOf = async (query: string): Promise<string> =>
    (await ok("GET", `/schemas/ids/${id}?subject=:.far:${query}`)).references[0].subject;
  assert.deepEqual([await subjectOf(""), await subjectOf("&referenceFormat=qualified")], ["base", ":.far:base"]);
  assert.equal((await ok("GET", "/subjects/:.far:user/versions/1?referenceFormat=qualified")).references[0].subject, ":.far:base");
  await ok("PUT", "/config/:.far:nick", { alias: "user" });
  const [listed] = await ok("GET", "/schemas?subjectPrefix=:.far:user&aliases=true");
  assert.deepEqual(listed.aliases, [":.far:nick"]);
  assert.equal((await ok("GET", "/subjects/:.far:nick/versions/latest")).id, id);
});

test("the newer settings are kept, times are told and stay over a restart", async () => {
  const given = { aliasForDeks: "other", validateNewSchemas: true, compatibilityPolicy: "LENIENT", defaultRuleSet: { enableAt: "CLIENT" } };
  await ok("PUT", "/config/settings-1", given);
  assert.deepEqual(await ok("GET", "/config/settings-1"), given);
  const { ts, ruleSet } = await ok("POST", "/subjects/settings-1/versions", { schema: '"string"' });
  assert.ok(ts > 1_600_000_000_000);
  assert.deepEqual(ruleSet, { enableAt: "CLIENT" });
  await world.restart();
  assert.equal((await ok("GET", "/subjects/settings-1/versions/1")).ts, ts);
  assert.deepEqual(await ok("GET", "/v1/metadata/deployment"), { attributes: [] });
  assert.deepEqual(await ok("POST", "/", {}), {});
});

test("validateFields keeps reserved names free, in all formats", async () => {
  const reserving = (names: string): object => ({ metadata: { properties: { "confluent:reserved": names } } });
  const avro = (...names: string[]): string =>
    JSON.stringify({ type: "record", name: "R", fields: names.map((name) => ({ name, type: "int", default: 0 })) });
  const json = (...names: string[]): string =>
    JSON.stringify({ type: "object", properties: Object.fromEntries(names.map((name) => [name, {}])), additionalProperties: false });
  const proto = (...names: string[]): string =>
    `syntax = "proto3"; message R { ${names.map((name, i) => `int32 ${name} = ${i + 1};`).join(" ")} }`;
  for (const [schemaType, text] of [
    ["AVRO", avro],
    ["JSON", json],
    ["PROTOBUF", proto],
  ] as const) {
    // prettier-ignore
    const path = `/subjects/reserved-${schemaType}/versions`;
    const body = (names: readonly string[], more: object): object => ({ schema: text(...names), schemaType, ...more });
    await ok("PUT", `/config/reserved-${schemaType}`, { validateFields: true });
    await refused("POST", path, body(["a", "cost"], reserving("cost, status")), 409);
    await ok("POST", path, body(["a"], reserving("cost, status")));
    await refused("POST", path, body(["a", "status"], {}), 409); // inherited
    await refused("POST", path, body(["a", "b"], reserving("cost")), 409);
    const checked = await ok("POST", `/compatibility${path}?verbose=true`, body(["a", "status"], reserving("cost,status")));
    assert.match(checked.messages.join(), /FIELD_CONFLICTS_WITH_RESERVED_FIELD.*status/);
    await ok("POST", path, body(["a", "b"], reserving("cost,status,more")));
    await ok("PUT", `/config/reserved-${schemaType}`, { validateFields: false });
    await ok("POST", path, body(["a", "b", "cost"], reserving("")));
  }
});

test("what user interfaces ask (Confluent's, Redpanda Console, Kafka UI, AKHQ, Karapace's) is answered", async () => {
  const shared = await ok("POST", "/subjects/ui-shared/versions", { schema: '{"type":"enum","name":"Ui","symbols":["A"]}' });
  const reference = { name: "Ui", subject: "ui-shared", version: 1 };
  const schema = '{"type":"record","name":"Page","fields":[{"name":"ui","type":"Ui"}]}';
  const page = await ok("POST", "/subjects/ui-page/versions", { schema, references: [reference] });
  await ok("POST", "/subjects/ui-gone/versions", { schema: '"long"' });
  await ok("DELETE", "/subjects/ui-gone");
  const all = async (path: string, includes: unknown): Promise<void> => {
    const answer = (await ok("GET", path)) as unknown;
    assert.ok(JSON.stringify(answer).includes(JSON.stringify(includes)), `${path}: ${JSON.stringify(answer)}`);
  };
  await all("/", {});
  for (const path of ["/mode", "/mode/ui-page?defaultToGlobal=true"]) await all(path, { mode: "READWRITE" });
  for (const path of ["/config", "/config/ui-page?defaultToGlobal=true"]) await all(path, { compatibilityLevel: "BACKWARD" });
  await refused("GET", "/config/ui-page", undefined, 40408);
  await all("/schemas/types", "AVRO");
  await all("/contexts", ".");
  await all("/subjects", "ui-page");
  await all("/subjects?deleted=true", "ui-gone");
  await all("/subjects?deletedOnly=true", "ui-gone");
  await all("/subjects?subjectPrefix=ui-&offset=0&limit=1", "ui-page");
  await all("/subjects/ui-gone/versions?deleted=true", [1]);
  for (const version of ["1", "latest", "-1"]) await all(`/subjects/ui-page/versions/${version}`, [reference]);
  await all("/subjects/ui-page/versions/latest/schema", { name: "ui", type: "Ui" });
  await all("/subjects/ui-shared/versions/1/referencedby", [page.id]);
  assert.match((await ok("GET", `/schemas/ids/${shared.id}`)).schema, /"Ui"/);
  await all(`/schemas/ids/${shared.id}/versions`, [{ subject: "ui-shared", version: 1 }]);
  await all(`/schemas/ids/${shared.id}/subjects`, ["ui-shared"]);
  await all("/schemas?latestOnly=true&subjectPrefix=ui-", "ui-page");
  await all("/v1/metadata/id", "scope");
  const check = { schema: '{"type":"record","name":"Page","fields":[]}', schemaType: "AVRO" };
  const verdict = await ok("POST", "/compatibility/subjects/ui-page/versions/latest?verbose=true", check);
  assert.deepEqual(verdict, { is_compatible: true, messages: [] });
});

test("what Confluent's community server does not have is not here", async () => {
  const paths = ["/exporters", "/exporters/mine/status", "/dek-registry/v1/keks", "/catalog/v1/search/basic", "/nothing"];
  for (const path of paths) await refused("GET", path, undefined, 404);
  assert.deepEqual((await world.call("GET", "/exporters")).body, { error_code: 404, message: "HTTP 404 Not Found" });
});
