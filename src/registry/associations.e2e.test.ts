// Associations of topics with subjects: made, changed, found, deleted, refused; alone and in batches; kept in the topic.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { type Answer, RegistryWorld } from "./fixtures/registry-world.ts";

let world: RegistryWorld;
let count = 0;
/** A topic of this test alone, its id, and a subject with a schema. */
let topic = "";
let id = "";
let subject = "";

const LONG = JSON.stringify({ type: "long" });
const record = (...fields: readonly string[]): string =>
  JSON.stringify({ type: "record", name: "R", fields: fields.map((name) => ({ name, type: "string" })) });

before(async () => {
  world = await RegistryWorld.open();
});
beforeEach(async () => {
  topic = `topic.${++count}`;
  id = `id-${count}`;
  subject = `subject-${count}`;
  await ok("POST", `/subjects/${subject}/versions`, { schema: record("a") });
});
after(() => world?.close());

async function ok(method: string, path: string, body?: unknown): Promise<Answer["body"]> {
  const answer = await world.call(method, path, body);
  assert.ok(answer.status < 300, `${method} ${path}: ${JSON.stringify(answer)}`);
  return answer.body;
}

async function refused(method: string, path: string, body: unknown, status: number, code: number): Promise<string> {
  const answer = await world.call(method, path, body);
  assert.deepEqual([answer.status, answer.body.error_code], [status, code], `${method} ${path}: ${JSON.stringify(answer.body)}`);
  return answer.body.message as string;
}

const request = (...associations: readonly object[]): object => ({
  resourceName: topic,
  resourceNamespace: "lkc-1",
  resourceId: id,
  resourceType: "topic",
  associations,
});
const create = (...associations: readonly object[]): Promise<Answer["body"]> => ok("POST", "/associations", request(...associations));
const byId = (query = ""): Promise<Answer["body"]> => ok("GET", `/associations/resources/${id}${query}`);
const versions = async (of: string): Promise<number> => (await world.call("GET", `/subjects/${encodeURIComponent(of)}/versions`)).status;

test("an association is made, and found by subject, by the resource's id and by its name", async () => {
  const made = await create({ subject, associationType: "key", lifecycle: "WEAK" }, { subject, lifecycle: "WEAK" });
  const [resourceName, resourceNamespace, resourceId, resourceType] = [topic, "lkc-1", id, "topic"];
  const parts = { lifecycle: "WEAK", frozen: false };
  assert.deepEqual(made, {
    resourceName,
    resourceNamespace,
    resourceId,
    resourceType,
    associations: [
      { subject, associationType: "key", ...parts },
      { subject, associationType: "value", ...parts },
    ],
  });
  const found = await byId();
  const { guid, createTs, updateTs, ...key } = found[0];
  assert.match(guid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(createTs, updateTs);
  assert.deepEqual(key, { subject, resourceName, resourceNamespace, resourceId, resourceType, associationType: "key", ...parts });
  assert.deepEqual(await ok("GET", `/associations/subjects/${subject}`), found);
  for (const namespace of ["-", "lkc-1"]) assert.deepEqual(await ok("GET", `/associations/resources/${namespace}/${topic}`), found);
  assert.deepEqual(await ok("GET", `/associations/resources/lkc-2/${topic}`), []);
  assert.deepEqual(await byId("?associationType=value"), [found[1]]);
  assert.deepEqual(await byId("?offset=1&limit=1&associationType=value&associationType=key"), [found[1]]);
  assert.deepEqual(await byId("?lifecycle=STRONG"), []);
  assert.deepEqual(await byId("?resourceType=table"), []);
  await refused("GET", `/associations/resources/${id}?lifecycle=LOOSE`, undefined, 422, 42212);
});

test("what is known is made again without a change, in another way it is refused", async () => {
  await create({ subject });
  const [first] = await byId();
  assert.equal(first.lifecycle, "WEAK");
  await create({ subject });
  assert.deepEqual(await byId(), [first]);
  await refused("POST", "/associations", request({ subject, lifecycle: "STRONG" }), 409, 40903);
  await ok("PUT", `/associations/resources/${id}`, request({ subject, lifecycle: "STRONG" }));
  const [second] = await byId();
  assert.deepEqual({ ...second, updateTs: 0 }, { ...first, lifecycle: "STRONG", updateTs: 0 });
  await ok("PUT", `/associations/resources/${id}`, request({ subject }));
  assert.deepEqual(await byId(), [second]);
  await ok("POST", `/subjects/${subject}-other/versions`, { schema: LONG });
  await refused("PUT", `/associations/resources/${id}`, request({ subject: `${subject}-other` }), 422, 42212);
  await refused("PUT", "/associations/resources/another", request({ subject }), 422, 42212);
});

test("a subject has one strong association or several weak ones, and a schema", async () => {
  const other = (lifecycle: string): object => ({ ...request({ subject, lifecycle }), resourceName: `${topic}-2`, resourceId: `${id}-2` });
  await create({ subject, lifecycle: "WEAK" });
  await refused("POST", "/associations", other("STRONG"), 409, 40904);
  await ok("POST", "/associations", other("WEAK"));
  await refused("PUT", `/associations/resources/${id}`, request({ subject, lifecycle: "STRONG" }), 409, 40904);
  await ok("DELETE", `/associations/resources/${id}-2`);
  await ok("PUT", `/associations/resources/${id}`, request({ subject, lifecycle: "STRONG" }));
  await refused("POST", "/associations", other("WEAK"), 409, 40905);
  await refused("POST", "/associations", request({ subject: "nobody", associationType: "key" }), 409, 40907);
});

test("a schema in the request is registered under the topic's own subject; the association is frozen and goes with it", async () => {
  const own = `:.lkc-1:${topic}-value`;
  const made = await create({ schema: { schema: record("a") } });
  assert.deepEqual([made.associations[0].subject, made.associations[0].lifecycle, made.associations[0].frozen], [own, "STRONG", true]);
  assert.equal(made.associations[0].schema.schema, record("a"));
  await create({ schema: { schema: record("a") } });
  await refused("POST", "/associations", request({ schema: { schema: LONG } }), 409, 40903);
  await refused("PUT", `/associations/resources/${id}`, request({ lifecycle: "STRONG", frozen: false }), 422, 42212);
  await refused("PUT", `/associations/resources/${id}`, request({ lifecycle: "WEAK" }), 422, 42212);
  await refused("DELETE", `/associations/resources/${id}`, undefined, 409, 40908);
  await ok("DELETE", `/associations/resources/${id}?cascadeLifecycle=true&dryRun=true`);
  assert.equal((await byId()).length, 1);
  assert.equal(await versions(own), 200);
  await ok("DELETE", `/associations/resources/${id}?cascadeLifecycle=true`);
  assert.deepEqual(await byId(), []);
  assert.equal((await world.call("GET", `/subjects/${encodeURIComponent(own)}/versions?deleted=true`)).status, 404);
  await refused("DELETE", `/associations/resources/${id}`, undefined, 404, 40410);
});

test("an update may bring a schema, which must be compatible; nothing is registered for what is refused, nor in a dry run", async () => {
  await create({ subject, lifecycle: "STRONG" });
  const put = (body: object): string => JSON.stringify(body);
  await refused("PUT", `/associations/resources/${id}`, request({ subject, schema: { schema: LONG } }), 409, 409);
  const narrower = { type: "record", name: "R", fields: [] };
  const update = request({ subject, schema: { schema: put(narrower) } });
  const dry = await ok("PUT", `/associations/resources/${id}?dryRun=true`, update);
  assert.deepEqual([dry.resourceId, dry.associations], [id, undefined]);
  assert.deepEqual(await ok("GET", `/subjects/${subject}/versions`), [1]);
  const [done] = (await ok("PUT", `/associations/resources/${id}`, update)).associations;
  assert.deepEqual([done.schema.version, done.lifecycle, done.frozen], [2, "STRONG", false]);
  const two = request({ subject, schema: { schema: put(narrower) } }, { subject: "nobody", associationType: "key" });
  await refused("PUT", `/associations/resources/${id}`, two, 409, 40907);
  assert.deepEqual(await ok("GET", `/subjects/${subject}/versions`), [1, 2]);
});

test("wrong requests are refused with the property that is wrong", async () => {
  const wrong = async (body: object, property: string): Promise<void> =>
    assert.match(await refused("POST", "/associations", body, 422, 42212), new RegExp(`property: '${property}'`));
  await wrong({ ...request({ subject }), resourceName: "" }, "resourceName");
  await wrong({ ...request({ subject }), resourceName: "a b" }, "resourceName");
  await wrong({ ...request({ subject }), resourceNamespace: "x".repeat(257) }, "resourceNamespace");
  await wrong({ ...request({ subject }), resourceId: null }, "resourceId");
  await wrong({ ...request({ subject }), resourceType: "table" }, "resourceType");
  await wrong(request(), "associations");
  await wrong(request({ subject, associationType: "header" }), "associationType");
  await wrong(request({ subject }, { subject }), "associationType");
  await wrong(request({ subject, lifecycle: "LOOSE" }), "lifecycle");
  await wrong(request({ subject, lifecycle: "WEAK", frozen: true }), "frozen");
  await wrong(request({ subject, frozen: true }), "schema");
  await wrong(request({ subject, lifecycle: "WEAK", schema: { schema: LONG } }), "lifecycle");
  await wrong(request({ subject, frozen: false, schema: { schema: LONG } }), "frozen");
  await wrong(request({ subject, schema: { schema: LONG } }), "subject");
  await wrong(request({ subject: "a\u0000b" }), "subject");
  await wrong(request({ subject, normalize: "yes" }), "normalize");
  assert.deepEqual(await byId(), []);
  await refused("POST", "/associations", request({ schema: { schema: '"strung"' } }), 422, 42201);
});

test("modes, aliases and contexts hold for the subjects of associations", async () => {
  await ok("PUT", `/mode/${subject}`, { mode: "READONLY" });
  await refused("POST", "/associations", request({ subject }), 422, 42205);
  await ok("DELETE", `/mode/${subject}`);
  await ok("PUT", `/config/${subject}-alias`, { alias: subject });
  assert.equal((await create({ subject: `${subject}-alias` })).associations[0].subject, subject);
  await ok("POST", `/subjects/:.far:${subject}/versions`, { schema: LONG });
  const far = request({ subject, associationType: "key" });
  assert.equal((await ok("POST", "/associations?context=.far", far)).associations[0].subject, `:.far:${subject}`);
  assert.equal((await ok("GET", `/contexts/.far/associations/subjects/${subject}`)).length, 1);
});

test("batches answer for each request its result or its error", async () => {
  const other = { ...request({ opType: "CREATE", subject: "nobody" }), resourceName: `${topic}-2`, resourceId: `${id}-2` };
  const both = { requests: [request({ opType: "CREATE", subject }, { opType: "UPSERT", subject, associationType: "key" }), other, 7] };
  const dry = await ok("POST", "/associations:batchMutate?dryRun=true", both);
  assert.equal(dry.results[0].result.associations, undefined);
  const { results } = await ok("POST", "/associations:batchMutate", both);
  const types = (result: Answer["body"]): unknown => result.associations?.map((each: { associationType: string }) => each.associationType);
  assert.deepEqual(types(results[0].result), ["key", "value"]);
  assert.deepEqual([results[1].error.error_code, results[2].error.error_code], [40907, 42212]);
  const wanted = [{ resourceId: id }, { resourceName: topic, associationTypes: ["key"] }, { resourceId: "unknown" }, {}];
  const { results: found } = await ok("POST", "/associations:batchGet?includeSchemas=true", { requests: wanted });
  assert.deepEqual(types(found[0].result), ["key", "value"]);
  assert.equal(found[0].result.associations[0].schema.schema, record("a"));
  assert.deepEqual([found[1].result.resourceId, types(found[1].result)], [id, ["key"]]);
  assert.deepEqual(found[2], { result: { resourceId: "unknown", resourceType: "topic" } });
  assert.equal(found[3].error.error_code, 42212);
  const removal = { requests: [request({ opType: "DELETE" }), request({ opType: "DELETE" }), request({ opType: "MOVE" })] };
  const removed = await ok("POST", "/associations:batchMutate", removal);
  assert.deepEqual(types(removed.results[0].result), ["key"]);
  assert.deepEqual(types(removed.results[1].result), ["key"]);
  assert.equal(removed.results[2].error.error_code, 42212);
  await refused("POST", "/associations:batchGet", { requests: [] }, 422, 42212);
  await refused("POST", "/associations:batchMutate", { requests: Array.from({ length: 1001 }, () => ({})) }, 422, 42213);
});

test("associations are in the topic: a registry that starts later knows them and what was deleted", async () => {
  await create({ subject, lifecycle: "WEAK" });
  await ok("POST", "/associations", { ...request({ subject }), resourceName: `${topic}-2`, resourceId: `${id}-2` });
  await ok("DELETE", `/associations/resources/${id}-2`);
  const before = await byId();
  assert.equal(before.length, 1);
  await world.restart();
  assert.deepEqual(await byId(), before);
  assert.deepEqual(await ok("GET", `/associations/subjects/${subject}`), before);
});
