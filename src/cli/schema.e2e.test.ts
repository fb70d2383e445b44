import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { startServer, type Server } from "../server/index.ts";
import { cli, type CliResult } from "./fixtures/cli-process.ts";

let directory = "";
let server: Server;
const schema = (...args: readonly string[]): Promise<CliResult> => cli(["schema", ...args, "--registry", server.registryUrl!]);
const file = (name: string, fields: readonly object[]): string => {
  writeFileSync(join(directory, name), JSON.stringify({ type: "record", name: "Order", fields }));
  return join(directory, name);
};

before(async () => {
  directory = mkdtempSync(join(tmpdir(), "millrace-schema-"));
  server = await startServer({
    dataDir: join(directory, "data"),
    brokerPort: 0,
    consolePort: 0,
    registryPort: 0,
    logger: { log: () => {} },
  });
});
after(async () => {
  await server.close();
  rmSync(directory, { recursive: true, force: true });
});

test("register, ls, get, check, compat, mode and rm, with exit codes that scripts can use", async () => {
  const first = file("first.avsc", [{ name: "id", type: "string" }]);
  const broken = file("broken.avsc", [{ name: "n", type: "int" }]);
  assert.equal((await schema("register", "orders-value", first)).stdout, "1\n");
  const [ls, get, same, refused, conflict] = await Promise.all([
    schema("ls", "--json"),
    schema("get", "orders-value"),
    schema("check", "orders-value", first),
    schema("check", "orders-value", broken),
    schema("register", "orders-value", broken),
  ]);
  assert.deepEqual(JSON.parse(ls.stdout), [{ subject: "orders-value", version: 1, id: 1, type: "AVRO" }]);
  assert.equal((JSON.parse(get.stdout) as { name: string }).name, "Order");
  assert.deepEqual([same.exitCode, refused.exitCode, conflict.exitCode], [0, 5, 5]);
  assert.match(refused.stdout, /READER_FIELD_MISSING_DEFAULT_VALUE/);
  const [level, mode, unknown] = await Promise.all([schema("compat", "orders-value"), schema("mode"), schema("get", "unknown")]);
  assert.deepEqual([level.stdout, mode.stdout, unknown.exitCode], ["BACKWARD\n", "READWRITE\n", 3]);
  assert.equal((await schema("compat", "orders-value", "none")).stdout, "NONE\n");
  assert.equal((await schema("rm", "orders-value")).stdout, "1\n");
  assert.equal((await schema("get", "orders-value")).exitCode, 3);
});

test("one version is shown and deleted, a JSON Schema is known by its words, an address without a registry is one sentence", async () => {
  await schema("register", "versions-value", file("v1.avsc", [{ name: "id", type: "string" }]));
  await schema("register", "versions-value", file("v2.avsc", []));
  const document = join(directory, "order.json");
  writeFileSync(document, '{"type":"object","properties":{"id":{"type":"string"}}}');
  const [first, missing, wrong, removed, registered, nowhere] = await Promise.all([
    schema("get", "versions-value", "--version", "2"),
    schema("get", "versions-value", "--version", "9"),
    schema("get", "versions-value", "--version", "two"),
    schema("rm", "versions-value", "--version", "1"),
    schema("register", "documents-value", document, "--json"),
    cli(["schema", "ls", "--registry", "http://127.0.0.1:9"]),
  ]);
  assert.deepEqual(JSON.parse(first.stdout), { type: "record", name: "Order", fields: [] });
  assert.deepEqual([missing.exitCode, wrong.exitCode, removed.stdout], [3, 2, "1\n"]);
  assert.match(wrong.stderr, /"two" is not the number of a version/);
  assert.equal(registered.exitCode, 0);
  assert.match((await schema("ls", "--json")).stdout, /"subject":"documents-value","version":1,"id":\d+,"type":"JSON"/);
  const text = (type: string, more: object = {}): object => ({ name: "n", type, ...more });
  for (const [name, fields] of [
    ["t1.avsc", [text("int")]],
    ["t2.avsc", []],
  ] as const)
    // prettier-ignore
    assert.equal((await schema("register", "checked-value", file(name, fields))).exitCode, 0);
  const third = file("t3.avsc", [text("string", { default: "" })]);
  assert.equal((await schema("check", "checked-value", third)).exitCode, 0, "the latest version has no such field");
  await schema("compat", "checked-value", "backward_transitive");
  const transitive = await schema("check", "checked-value", third);
  assert.deepEqual([transitive.exitCode, /TYPE_MISMATCH[^]*oldSchemaVersion: 1/.test(transitive.stdout)], [5, true]);
  assert.equal(nowhere.exitCode, 4);
  assert.match(
    nowhere.stderr,
    /^millrace: No schema registry answers at http:\/\/127\.0\.0\.1:9 \([^)]+\)\. Set SCHEMA_REGISTRY_URL, or start one: millrace dev\.\n$/,
  );
});

test("diff tells what changed, gen makes a type of a schema and a schema of a type", async () => {
  const name = { name: "name", type: "string" };
  const count = { name: "count", type: ["null", "int"], default: null };
  await register("parts-value", [name]);
  await register("parts-value", [name, count]);
  const types = join(directory, "types.ts");
  writeFileSync(
    types,
    `import { t } from "${new URL("../stream/index.ts", import.meta.url).href}";\nexport const Part = t.record("Part", { name: t.string() });\n`,
  );
  const [diff, ts, none, avro] = await Promise.all([
    schema("diff", "parts-value"),
    schema("gen", "ts", "parts-value", "--interface"),
    schema("diff", "parts-value", "x"),
    cli(["schema", "gen", "avro", types, "Part", "--json"]),
  ]);
  assert.match(diff.stdout, /^--- parts-value version 1\n\+\+\+ parts-value version 2\n/);
  assert.match(diff.stdout, /^\+ +"name": "count",$/m);
  assert.equal(ts.stdout, "export interface Order {\n  readonly name: string;\n  readonly count?: number | undefined;\n}\n");
  assert.deepEqual([none.exitCode, /not the number of a version/.test(none.stderr)], [2, true]);
  assert.deepEqual(JSON.parse(avro.stdout), { type: "record", name: "Part", fields: [name] }, avro.stderr);
});

test("gen goes round: a module's type as each kind of schema, registered, gives the module back", async () => {
  const types = join(directory, "round.ts");
  const stream = new URL("../stream/index.ts", import.meta.url).href;
  const line = `t.record("Line", { sku: t.string(), n: t.int(), price: t.decimal(9, 2) })`;
  const order = `t.record("Order", { id: t.uuid(), at: t.timestamp(), day: t.date(), lines: t.array(Line), note: t.optional(t.string()) })`;
  writeFileSync(types, `import { t } from "${stream}";\nconst Line = ${line};\nexport const Order = ${order};\n`);
  const original = (await schema("gen", "ts", types)).stdout;
  assert.match(original, /^export const Order = t\.record\("Order", \{\n {2}id: t\.uuid\(\),\n/m);
  const round = async (what: string, type: string, subject: string): Promise<CliResult> => {
    const made = await schema("gen", what, types, "Order");
    assert.equal(made.exitCode, 0, made.stderr);
    await registerText(subject, made.stdout, type);
    return await schema("gen", "ts", subject);
  };
  const [avro, proto, json] = await Promise.all([
    round("avro", "AVRO", "round-avro-value"),
    round("proto", "PROTOBUF", "round-proto-value"),
    round("json-schema", "JSON", "round-json-value"),
  ]);
  assert.equal(avro.stdout, original, avro.stderr);
  assert.equal(proto.stdout, original, proto.stderr);
  // Registered JSON Schemas are without what strict validators refuse: numbers and texts of kinds that JSON does not have are plain.
  assert.equal(json.stdout, original.replace("t.decimal(9, 2)", "t.string()"), json.stderr);
});

test("gen makes the schemas of a topic's values and of its keys, and the type of keys that are registered", async () => {
  const topics = join(directory, "topics.ts");
  const [stream, kafka] = ["stream", "connectors/kafka"].map((folder) => new URL(`../${folder}/index.ts`, import.meta.url).href);
  const order = `t.record("Order", { id: t.long(), region: t.string() })`;
  const options = `{ key: ["region", "id"], format: "avro", keyFormat: "avro" }`;
  writeFileSync(
    topics,
    `import { t } from "${stream}";\nimport { topic } from "${kafka}";\nexport const orders = topic("orders", ${order}, ${options});\n`,
  );
  const key = await schema("gen", "avro", topics, "ordersKey");
  assert.equal(key.exitCode, 0, key.stderr);
  assert.match(key.stdout, /"OrderKey"/);
  assert.match((await schema("gen", "avro", topics, "orders")).stdout, /"Order"/);
  await registerText("orders-key", key.stdout, "AVRO");
  assert.match(
    (await schema("gen", "ts", "orders-key")).stdout,
    /t\.record\("OrderKey", \{\n {2}region: t\.string\(\),\n {2}id: t\.long\(\),/,
  );
  await registerText("ids-key", '"long"', "AVRO");
  assert.match((await schema("gen", "ts", "ids-key")).stdout, /export const IdsKey = t\.long\(\);/);
});

test("gen takes schemas of other libraries, and says what cannot be said", async () => {
  const zod = join(directory, "zod.ts");
  const code = (b: string): string =>
    `import * as z from "${import.meta.resolve("zod")}";\nexport const Order = z.object({ a: z.object({ b: ${b} }) });\n`;
  writeFileSync(zod, code("z.string()"));
  const made = await schema("gen", "ts", zod, "Order");
  assert.match(made.stdout, /b: t\.string\(\)/, made.stderr);
  writeFileSync(zod, code("z.any()"));
  const refused = await schema("gen", "avro", zod);
  assert.deepEqual(
    [refused.exitCode, /at a\.b: it allows anything\. Instead: say what it is/.test(refused.stderr)],
    [1, true],
    refused.stderr,
  );
});

async function register(subject: string, fields: readonly object[]): Promise<void> {
  await registerText(subject, JSON.stringify({ type: "record", name: "Order", fields }), "AVRO");
}

async function registerText(subject: string, text: string, schemaType: string): Promise<void> {
  const body = JSON.stringify({ schema: text, schemaType });
  const headers = { "content-type": "application/json" };
  const { status } = await fetch(`${server.registryUrl}/subjects/${subject}/versions`, { method: "POST", headers, body });
  assert.equal(status, 200);
}
