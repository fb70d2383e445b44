// Which version a schema is that is registered or looked up: with a version asked for, with metadata that names one, in every mode, and when it
// was deleted before.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { type Answer, RegistryWorld } from "./fixtures/registry-world.ts";

let world: RegistryWorld;
let count = 0;
/** A subject of this test alone. */
let name = "";
let schema = "";

before(async () => {
  world = await RegistryWorld.open();
});
beforeEach(() => {
  name = `same-${++count}`;
  schema = text("x");
});
after(() => world?.close());

const text = (field: string): string =>
  JSON.stringify({ type: "record", name: `Same${count}`, fields: [{ name: field, type: "string", default: "" }] });
const properties = (of: Readonly<Record<string, string>>): object => ({ metadata: { properties: of } });
const numbered = (version: number): object => properties({ "confluent:version": String(version) });

async function ok(method: string, path: string, body?: unknown): Promise<Answer["body"]> {
  const answer = await world.call(method, path, body);
  assert.equal(answer.status, 200, `${method} ${path}: ${JSON.stringify(answer)}`);
  return answer.body;
}

/** The version, and what its metadata says of it. */
async function register(body: object = {}): Promise<[version: number, property: string | undefined]> {
  const { version, metadata } = await ok("POST", `/subjects/${name}/versions`, { schema, ...body });
  const found = await ok("GET", `/subjects/${name}/versions/${version as number}`);
  assert.deepEqual(found.metadata, metadata);
  return [version as number, (metadata as { properties?: Record<string, string> } | undefined)?.properties?.["confluent:version"]];
}

async function lookUp(body: object = {}): Promise<number> {
  return (await ok("POST", `/subjects/${name}`, { schema, ...body })).version as number;
}

async function refused(path: string, body: object, code: number): Promise<void> {
  const answer = await world.call("POST", path, body);
  assert.equal(answer.body.error_code, code, JSON.stringify(answer));
}

test("a version that is asked for is a new one with its number in the metadata; -1 is one if it is not the latest already", async () => {
  assert.deepEqual(await register(), [1, undefined]);
  assert.deepEqual(await register({ version: -1 }), [1, undefined]);
  assert.deepEqual(await register({ version: 0 }), [1, undefined]);
  await refused(`/subjects/${name}/versions`, { schema, version: 1 }, 42201);
  await refused(`/subjects/${name}/versions`, { schema, version: 3 }, 42201);
  assert.deepEqual(await register({ version: 2 }), [2, "2"]);
  assert.deepEqual(await register({ version: -1 }), [2, "2"]);
  assert.deepEqual(await register(), [1, undefined]);
  assert.deepEqual(await register({ version: 3 }), [3, "3"]);
  assert.deepEqual([await lookUp(), await lookUp(numbered(1)), await lookUp(numbered(2)), await lookUp(numbered(3))], [1, 1, 2, 3]);
  await ok("DELETE", `/subjects/${name}/versions/1`);
  assert.equal(await lookUp(), 3);
  assert.deepEqual(await register(), [3, "3"]);
});

test("a number in the metadata follows the version's", async () => {
  assert.deepEqual(await register(numbered(7)), [1, "1"]);
  assert.deepEqual(await register(numbered(1)), [1, "1"]);
  assert.deepEqual(await register(numbered(0)), [2, "2"]);
  assert.deepEqual(await register(numbered(-1)), [3, "3"]);
  assert.deepEqual(await register(numbered(2)), [2, "2"]);
  assert.deepEqual(await register({ metadata: {} }), [3, "3"]);
  assert.deepEqual(await register(properties({ owner: "shop" })), [4, undefined]);
  assert.deepEqual(await register({ version: -1 }), [5, "5"]);
  assert.equal(await lookUp(properties({ owner: "shop" })), 4);
  await ok("DELETE", `/subjects/${name}/versions/4`);
  assert.equal(await lookUp(properties({ owner: "shop" })), 5);
  schema = text("y");
  assert.deepEqual(await register(), [6, "6"]);
});

test("metadata and rules that are left out are the latest version's, unless an older version has none", async () => {
  assert.deepEqual(await register(properties({ owner: "shop" })), [1, undefined]);
  assert.equal(await lookUp(), 1);
  assert.deepEqual(await register(), [1, undefined]);
  await refused(`/subjects/${name}`, { schema, ...properties({ owner: "bank" }) }, 40403);
  const ruleSet = { domainRules: [{ name: "r", kind: "CONDITION", mode: "WRITE", type: "CEL", expr: "true" }] };
  assert.deepEqual(await register({ ruleSet }), [2, undefined]);
  assert.deepEqual((await ok("GET", `/subjects/${name}/versions/2`)).metadata, { properties: { owner: "shop" } });
  assert.equal(await lookUp(), 2);
});

test("without a schema the latest version's is meant", async () => {
  await refused(`/subjects/${name}/versions`, {}, 42201);
  await register();
  assert.equal((await ok("POST", `/subjects/${name}/versions`, {})).version, 1);
  assert.equal((await ok("POST", `/subjects/${name}/versions`, properties({ a: "b" }))).version, 2);
});

test("known schemas are answered while a subject is read-only", async () => {
  await register();
  for (const mode of ["READONLY", "IMPORT"]) {
    await ok("PUT", `/mode/${name}?force=true`, { mode });
    assert.deepEqual(await register(), [1, undefined]);
    await refused(`/subjects/${name}/versions`, { schema: text("y") }, 42205);
  }
});

test("metadata of the settings is put into what is registered again", async () => {
  await register();
  await ok("PUT", `/config/${name}`, { defaultMetadata: { properties: { owner: "shop" } } });
  const { version, metadata } = await ok("POST", `/subjects/${name}/versions`, { schema });
  assert.deepEqual([version, metadata], [2, { properties: { owner: "shop" } }]);
});

test("a schema that comes back has its id, and its deleted version is gone; not if somebody refers to it", async () => {
  const versions = async (query = ""): Promise<unknown> => await ok("GET", `/subjects/${name}/versions${query}`);
  const { id } = await ok("POST", `/subjects/${name}/versions`, { schema });
  await ok("POST", `/subjects/${name}/versions`, { schema: text("y") });
  await ok("DELETE", `/subjects/${name}/versions/1`);
  assert.equal((await ok("POST", `/subjects/${name}/versions`, { schema })).id, id);
  assert.deepEqual(
    [await versions(), await versions("?deleted=true")],
    [
      [2, 3],
      [2, 3],
    ],
  );
  const user = { schema: `{"type":"array","items":"Same${count}"}`, references: [{ name: `Same${count}`, subject: name, version: 3 }] };
  await ok("POST", `/subjects/${name}-user/versions`, user);
  await ok("DELETE", `/subjects/${name}-user`);
  await ok("DELETE", `/subjects/${name}/versions/3`);
  assert.equal((await ok("POST", `/subjects/${name}/versions`, { schema })).id, id);
  assert.deepEqual(
    [await versions(), await versions("?deleted=true")],
    [
      [2, 4],
      [2, 3, 4],
    ],
  );
});

test("a JSON Schema written in another way is the same schema; what no draft knows is refused", async () => {
  const of = (written: string): object => ({ schema: written, schemaType: "JSON" });
  const first = await ok("POST", `/subjects/${name}/versions`, of('{ "title" : "\\u00fcn\\u00ef", "type":"number","maximum": 1e3 }'));
  const found = await ok("GET", `/subjects/${name}/versions/1`);
  assert.equal(found.schema, '{"title":"ünï","type":"number","maximum":1E+3}');
  const again = await ok("POST", `/subjects/${name}/versions`, of('{"title":"ünï","type":"number",\n"maximum":1E+3}'));
  assert.deepEqual([again.id, again.version], [first.id, 1]);
  const reordered = '{"maximum":1e3,"type":"number","title":"ünï"}';
  await refused(`/subjects/${name}`, of(reordered), 40403);
  const sorted = await ok("POST", `/subjects/${name}-sorted/versions?normalize=true`, of('{"type":"number","title":"ünï","maximum":1e3}'));
  const other = await ok("POST", `/subjects/${name}-sorted/versions?normalize=true`, of(reordered));
  assert.equal(other.id, sorted.id);
  await refused(`/subjects/${name}/versions`, of('{"type":"number","exclusiveMaximum":true}'), 42201);
  await refused(`/subjects/${name}/versions`, of('{"type":"string","pattern":"("}'), 42201);
});

test("JSON Schemas: names with $$ are refused with validateFields; what is imported is taken as it is", async () => {
  const path = `/subjects/${name}/versions`;
  const of = (written: string): object => ({ schema: written, schemaType: "JSON" });
  const named = of('{"type":"object","properties":{"$$a":{}}}');
  await ok("PUT", `/config/${name}`, { validateFields: true });
  await refused(path, named, 42201);
  await ok("PUT", `/config/${name}`, { validateFields: false });
  await ok("POST", path, named);
  await refused(`/subjects/${name}-import/versions`, of('{"title":1}'), 42201);
  await ok("PUT", `/mode/${name}-import`, { mode: "IMPORT" });
  await ok("POST", `/subjects/${name}-import/versions`, { ...of('{"title":1}'), id: 77_000 + count, version: 1 });
});
