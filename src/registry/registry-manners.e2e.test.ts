// How the registry answers where clients of Confluent's rely on details: contexts that are not named, settings of all contexts, deletions with
// references, schemas sent with what they refer to inside, verdicts on what cannot be understood, HTTP itself.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { type Answer, RegistryWorld } from "./fixtures/registry-world.ts";

let world: RegistryWorld;
let count = 0;
/** A subject of this test alone. */
let name = "";

before(async () => {
  world = await RegistryWorld.open();
});
beforeEach(() => {
  name = `s${++count}`;
});
after(() => world?.close());

const call: RegistryWorld["call"] = (...request) => world.call(...request);

async function ok(method: string, path: string, body?: unknown): Promise<Answer["body"]> {
  const answer = await call(method, path, body);
  assert.ok(answer.status < 300, `${method} ${path}: ${JSON.stringify(answer)}`);
  return answer.body;
}

async function refused(method: string, path: string, body: unknown, status: number, code: number): Promise<string> {
  const answer = await call(method, path, body);
  assert.deepEqual([answer.status, answer.body.error_code], [status, code], `${method} ${path}: ${JSON.stringify(answer.body)}`);
  return answer.body.message as string;
}

const record = (of: string, ...fields: readonly (string | object)[]): string =>
  JSON.stringify({
    type: "record",
    name: of,
    fields: fields.map((each) => (typeof each === "string" ? { name: each, type: "string" } : each)),
  });

test("lists: without a prefix all contexts, with an empty one the default context, below a context its own", async () => {
  await ok("POST", `/subjects/${name}-a/versions`, { schema: record("A", "x") });
  await ok("POST", `/subjects/:.lists:${name}-b/versions`, { schema: record("B", "x") });
  const both = [`:.lists:${name}-b`, `${name}-a`];
  const listed = async (path: string): Promise<unknown[]> => ((await ok("GET", path)) as string[]).filter((each) => both.includes(each));
  for (const path of ["/subjects", "/subjects?subjectPrefix=:*:", `/subjects?subjectPrefix=:*:${name}`])
    assert.deepEqual(await listed(path), both);
  for (const path of ["/subjects?subjectPrefix=", `/subjects?subjectPrefix=${name}`, "/contexts/:.:/subjects"])
    assert.deepEqual(await listed(path), [`${name}-a`], path);
  for (const path of ["/subjects?subjectPrefix=:.lists:", "/contexts/.lists/subjects", `/contexts/.lists/subjects?subjectPrefix=${name}`])
    assert.deepEqual(await listed(path), [`:.lists:${name}-b`], path);
  const schemas = (await ok("GET", `/schemas?subjectPrefix=${name}`)) as { readonly subject: string }[];
  assert.deepEqual(
    schemas.map(({ subject }) => subject),
    [`${name}-a`],
  );
});

test("a subject that only another context has is found without its context, but not listed", async () => {
  await ok("POST", `/subjects/:.far:${name}/versions`, { schema: record("Far", "x") });
  const { subject, version } = await ok("GET", `/subjects/${name}/versions/latest`);
  assert.deepEqual([subject, version], [`:.far:${name}`, 1]);
  assert.equal((await ok("POST", `/subjects/${name}`, { schema: record("Far", "x") })).subject, `:.far:${name}`);
  await refused("GET", `/subjects/${name}/versions`, undefined, 404, 40401);
});

test("the default context's settings are those without a subject", async () => {
  await ok("PUT", "/config/:.:", { compatibility: "FULL" });
  assert.deepEqual(await ok("GET", "/config"), { compatibilityLevel: "FULL" });
  assert.deepEqual(await ok("GET", `/config/${name}?defaultToGlobal=true`), { compatibilityLevel: "FULL" });
  assert.deepEqual(await ok("DELETE", "/config/:.:"), { compatibilityLevel: "FULL" });
  assert.deepEqual(await ok("GET", "/config"), { compatibilityLevel: "BACKWARD" });
});

test("settings of all contexts hold where nothing nearer is set", async () => {
  await ok("PUT", "/mode/:.__GLOBAL:", { mode: "READONLY" });
  assert.deepEqual(await ok("GET", "/mode?defaultToGlobal=true"), { mode: "READONLY" });
  for (const subject of [name, `:.other:${name}`]) await refused("POST", `/subjects/${subject}/versions`, { schema: '"int"' }, 422, 42205);
  await ok("PUT", `/mode/${name}`, { mode: "READWRITE" });
  await ok("POST", `/subjects/${name}/versions`, { schema: '"int"' });
  await ok("DELETE", "/mode/:.__GLOBAL:");
  await ok("PUT", "/config/:.__GLOBAL:", { compatibility: "NONE" });
  assert.equal((await ok("GET", `/config/${name}?defaultToGlobal=true`)).compatibilityLevel, "NONE");
  await ok("DELETE", "/config/:.__GLOBAL:");
});

test("a mode is taken away with null, and READONLY_OVERRIDE is every subject's", async () => {
  await ok("PUT", `/mode/${name}`, { mode: "READWRITE" });
  await ok("PUT", "/mode", { mode: "READONLY_OVERRIDE" });
  assert.deepEqual(await ok("GET", `/mode/${name}`), { mode: "READONLY_OVERRIDE" });
  assert.deepEqual(await ok("PUT", "/mode", { mode: null }), { mode: null });
  assert.deepEqual(await ok("GET", "/mode"), { mode: "READWRITE" });
  await refused("PUT", "/mode", {}, 422, 42204);
});

for (const mode of ["IMPORT", "FORWARD"])
  test(`${mode}: what is new comes with its id, what is known is answered`, async () => {
    const path = `/subjects/${name}/versions`;
    await ok("PUT", `/mode/${name}`, { mode });
    await refused("POST", path, { schema: record(name, "x") }, 422, 42205);
    const id = 5000 + count;
    assert.equal((await ok("POST", path, { schema: record(name, "x"), id, version: 4 })).version, 4);
    assert.equal((await ok("POST", path, { schema: record(name, "x") })).id, id);
    // Not compared with what is there.
    await ok("POST", path, { schema: record(name, { name: "x", type: "int" }), id: id + 1000, version: 9 });
    await ok("DELETE", `/mode/${name}`);
  });

test("a schema that is sent with what it refers to inside of it is the one that refers", async () => {
  await ok("POST", `/subjects/${name}-part/versions`, { schema: record("Part", "x") });
  const references = [{ name: "Part", subject: `${name}-part`, version: 1 }];
  const whole = await ok("POST", `/subjects/${name}/versions`, { schema: record("Whole", { name: "part", type: "Part" }), references });
  const schema = record("Whole", { name: "part", type: JSON.parse(record("Part", "x")) });
  assert.equal((await ok("POST", `/subjects/${name}`, { schema })).id, whole.id);
  assert.equal((await ok("POST", `/subjects/${name}/versions`, { schema })).id, whole.id);
  assert.deepEqual(await ok("GET", `/subjects/${name}/versions`), [1]);
  const other = record("Whole", { name: "part", type: JSON.parse(record("Part", "y")) });
  await refused("POST", `/subjects/${name}`, { schema: other }, 404, 40403);
  // The same schema in another form has the same GUID.
  const resolved = await ok("GET", `/schemas/ids/${whole.id}?format=resolved&referenceFormat=qualified`);
  assert.notEqual(resolved.schema, whole.schema);
  assert.equal(resolved.guid, whole.guid);
});

test("what only deleted schemas refer to can be deleted, and then nothing can refer to it", async () => {
  const context = ":.dangling:";
  await ok("POST", `/subjects/${context}${name}/versions`, { schema: record("Base", "x") });
  const body = { schema: record("User", { name: "base", type: "Base" }), references: [{ name: "Base", subject: name, version: 1 }] };
  const { id } = await ok("POST", `/subjects/${context}${name}-user/versions`, body);
  assert.deepEqual(await ok("GET", `/subjects/${context}${name}/versions/1/referencedby`), [id]);
  await refused("DELETE", `/subjects/${context}${name}`, undefined, 422, 42206);
  await ok("DELETE", `/subjects/${context}${name}-user/versions/1`);
  assert.deepEqual(await ok("GET", `/subjects/${context}${name}/versions/1/referencedby`), []);
  await ok("DELETE", `/subjects/${context}${name}`);
  assert.match(await refused("POST", `/subjects/${context}${name}-user/versions`, body, 422, 42201), /which is deleted/);
  await ok("DELETE", `/subjects/${context}${name}?permanent=true`);
  await refused("POST", `/subjects/${context}${name}-user/versions`, body, 422, 42201);
});

test("settings go with the last version, when it is deleted for good", async () => {
  const noSettings = (of: string): Promise<string> => refused("GET", `/config/${of}`, undefined, 404, 40408);
  const settings = { compatibilityLevel: "NONE" };
  for (const subject of [name, `${name}-whole`]) {
    await ok("PUT", `/config/${subject}`, { compatibility: "NONE" });
    for (const field of ["x", "y"]) await ok("POST", `/subjects/${subject}/versions`, { schema: record(name, field) });
  }
  for (const path of ["1", "2", "1?permanent=true"]) {
    await ok("DELETE", `/subjects/${name}/versions/${path}`);
    assert.deepEqual(await ok("GET", `/config/${name}`), settings);
  }
  await ok("DELETE", `/subjects/${name}/versions/2?permanent=true`);
  await noSettings(name);
  await ok("DELETE", `/subjects/${name}-whole`);
  assert.deepEqual(await ok("GET", `/config/${name}-whole`), settings);
  await ok("DELETE", `/subjects/${name}-whole?permanent=true`);
  await noSettings(`${name}-whole`);
});

test("verdicts: what cannot be understood is told in messages or refused; a version that is not there is 40402", async () => {
  await ok("POST", `/subjects/${name}/versions`, { schema: record(name, "x") });
  const path = `/compatibility/subjects/${name}/versions`;
  for (const at of [path, `${path}/latest`, `${path}/1`]) {
    const verdict = await ok("POST", `${at}?verbose=true`, { schema: '{"type":"nope"}' });
    assert.deepEqual([verdict.is_compatible, verdict.messages.length], [false, 1]);
    assert.match(verdict.messages[0], /^Invalid schema: .*"nope"/);
    await refused("POST", at, { schema: '{"type":"nope"}' }, 422, 42201);
  }
  await refused("POST", `${path}/7`, { schema: '"int"' }, 404, 40402);
  await refused("POST", `/compatibility/subjects/${name}-none/versions/1`, { schema: '"int"' }, 404, 40402);
  await refused("POST", `${path}/earliest`, { schema: '"int"' }, 422, 42202);
});

test("verdicts: each format's messages name type, place and both definitions", async () => {
  const messages = async (schemaType: string, before: string, after: string): Promise<string> => {
    await ok("POST", `/subjects/${name}-${schemaType}/versions`, { schemaType, schema: before });
    const body = { schemaType, schema: after };
    return (await ok("POST", `/compatibility/subjects/${name}-${schemaType}/versions/latest?verbose=true`, body)).messages[0] as string;
  };
  assert.match(
    await messages("AVRO", record("V", "x"), record("V", "x", "y")),
    /^\{errorType:'READER_FIELD_MISSING_DEFAULT_VALUE', description:'.* at path '\/fields\/1'\.', additionalInfo:'new schema.*old schema/,
  );
  assert.match(
    await messages("JSON", '{"properties":{"a":{"type":"string"}}}', '{"properties":{"a":{"type":"number"}}}'),
    /^\{errorType:"TYPE_CHANGED", description:".* at path '#\/properties\/a'\.", additionalInfo:"/,
  );
  assert.match(
    await messages("PROTOBUF", 'syntax = "proto3"; message M { int32 a = 1; }', 'syntax = "proto3"; message M { string a = 1; }'),
    /^\{errorType:"FIELD_SCALAR_KIND_CHANGED", description:".* at path '#\/M\/1'\.", additionalInfo:"/,
  );
});

test("names that Avro does not allow are refused unless validateNames is false", async () => {
  const body = { schema: '{"type":"record","name":"R","namespace":"a-b.c","fields":[{"name":"x-y","type":"int"}]}' };
  await refused("POST", `/subjects/${name}/versions`, body, 422, 42201);
  await ok("PUT", `/config/${name}`, { validateNames: false });
  await ok("POST", `/subjects/${name}/versions`, body);
});

test("rules are looked at, also those that settings add", async () => {
  const domainRules = [{ name: "mask", mode: "READ", type: "CEL" }];
  await refused("POST", `/subjects/${name}/versions`, { schema: '"int"', ruleSet: { migrationRules: domainRules } }, 422, 42210);
  await refused("PUT", `/config/${name}`, { defaultRuleSet: { migrationRules: domainRules } }, 422, 42210);
  await ok("PUT", `/config/${name}`, { defaultRuleSet: { domainRules } });
  assert.deepEqual((await ok("POST", `/subjects/${name}/versions`, { schema: '"int"' })).ruleSet, { domainRules });
});

test("?aliases finds subjects by their aliases, also by names with a slash", async () => {
  await ok("POST", `/subjects/${name}/versions`, { schema: record(name, "x") });
  await ok("PUT", `/config/by-${name}%2Fx`, { alias: name });
  const found = (await ok("GET", `/schemas?aliases=true&subjectPrefix=by-${name}`)) as { subject: string; aliases: string[] }[];
  assert.deepEqual(
    found.map(({ subject, aliases }) => [subject, aliases]),
    [[name, [`by-${name}/x`]]],
  );
  assert.deepEqual(await ok("GET", `/schemas?subjectPrefix=by-${name}`), []);
  assert.equal((await ok("GET", `/subjects/by-${name}%2Fx/versions/1`)).subject, name);
});

test("HTTP: methods, types, numbers and slashes", async () => {
  const raw = async (method: string, path: string, headers: Record<string, string> = {}, body?: string): Promise<Response> =>
    await fetch(world.registry.url + path, { method, headers, ...(body === undefined ? {} : { body }) });
  const options = await raw("OPTIONS", "/subjects");
  assert.deepEqual([options.status, options.headers.get("allow"), await options.text()], [200, "GET, HEAD, OPTIONS", ""]);
  const head = await raw("HEAD", "/subjects/");
  assert.deepEqual([head.status, head.headers.get("cache-control")], [200, "no-cache, no-store, must-revalidate"]);
  assert.equal((await raw("DELETE", "/subjects")).status, 405);
  await refused("GET", "/schemas/ids/first", undefined, 404, 404);
  await refused("GET", "/subjects?limit=many", undefined, 404, 404);
  for (const [accept, status, type] of [
    ["application/json", 200, "application/json"],
    ["application/json;q=0.5, application/vnd.schemaregistry.v1+json", 200, "application/vnd.schemaregistry.v1+json"],
    ["text/html, */*;q=0.1", 200, "application/vnd.schemaregistry.v1+json"],
    ["text/html", 406, "application/vnd.schemaregistry.v1+json"],
    ["application/json;q=0", 200, "application/vnd.schemaregistry.v1+json"],
  ] as const) {
    const answer = await raw("GET", "/subjects", { accept });
    assert.deepEqual([answer.status, answer.headers.get("content-type")], [status, type], accept);
  }
  for (const [type, status] of [
    ["application/vnd.schemaregistry.v1+json", 200],
    ["application/vnd.schemaregistry+json; charset=utf-8", 200],
    ["application/json", 200],
    ["application/octet-stream", 200],
    ["application/xml", 415],
    ["application/x-www-form-urlencoded", 415],
    ["text/plain", 415],
  ] as const)
    assert.equal(
      (await raw("POST", `/subjects/${name}/versions`, { "content-type": type }, '{"schema":"\\"int\\""}')).status,
      status,
      type,
    );
  // fetch() says text/plain;charset=UTF-8 of a text when it is told nothing.
  assert.equal((await raw("POST", `/subjects/${name}/versions`, {}, '{"schema":"\\"int\\""}')).status, 200);
});
