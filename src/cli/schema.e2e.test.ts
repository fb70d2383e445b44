// millrace schema …: what each command prints, and its exit code; once as processes, for what scripts see.
import assert from "node:assert/strict";
import { test } from "node:test";
import { cli, type CliResult } from "./fixtures/cli-process.ts";
import { schemaCommands } from "./fixtures/schema-commands-world.ts";

const world = schemaCommands();
const { schema, file, order, register } = world;

test("processes: data on stdout, what went wrong on stderr, and exit codes that scripts can use", async () => {
  const first = order("process-1.avsc", [{ name: "id", type: "string" }]);
  const broken = order("process-2.avsc", [{ name: "n", type: "int" }]);
  const process = (...args: readonly string[]): Promise<CliResult> => cli(["schema", ...args, "--registry", world.registryUrl]);
  assert.equal((await process("register", "process-value", first)).stdout, "1\n");
  const [same, refused, unknown] = await Promise.all([
    process("check", "process-value", first, "--json"),
    process("check", "process-value", broken),
    process("get", "unknown"),
  ]);
  assert.deepEqual([same.exitCode, refused.exitCode, unknown.exitCode], [0, 5, 3]);
  assert.deepEqual(JSON.parse(same.stdout), { subject: "process-value", compatible: true, level: "BACKWARD", versions: 1, messages: [] });
  assert.match(refused.stdout, /READER_FIELD_MISSING_DEFAULT_VALUE/);
  assert.match(refused.stderr, /^millrace: .*process-2\.avsc cannot be the next version of "process-value" \(BACKWARD\)\.\n$/);
  assert.match(unknown.stderr, /^millrace: The registry at http:\S+ has no subject "unknown"\. .*\n$/);
});

test("register, ls, get, check, compat, mode and rm", async () => {
  const first = order("first.avsc", [{ name: "id", type: "string" }]);
  const broken = order("broken.avsc", [{ name: "n", type: "int" }]);
  const none = await schema("check", "orders-value", first);
  assert.deepEqual([none.exitCode, none.stdout], [0, `${first} can be registered: "orders-value" has no version yet, so there is nothing to be compatible with.\n`]); // prettier-ignore
  assert.match((await schema("register", "orders-value", first)).stdout, /^\d+\n$/);
  const [ls, get, same, refused, conflict, invalid] = await Promise.all([
    schema("ls", "--json"),
    schema("get", "orders-value"),
    schema("check", "orders-value", first),
    schema("check", "orders-value", broken, "--json"),
    schema("register", "orders-value", broken),
    schema("check", "orders-value", file("half.avsc", '{"type":')),
  ]);
  const listed = (JSON.parse(ls.stdout) as { subject: string; version: number; type: string }[]).find(
    (one) => one.subject === "orders-value",
  );
  assert.deepEqual([listed?.version, listed?.type], [1, "AVRO"]);
  assert.equal((JSON.parse(get.stdout) as { name: string }).name, "Order");
  assert.deepEqual([same.exitCode, same.stdout], [0, `${first} can be the next version of "orders-value" (BACKWARD).\n`]);
  assert.deepEqual([refused.exitCode, conflict.exitCode, invalid.exitCode], [5, 5, 2]);
  assert.equal((JSON.parse(refused.stdout) as { compatible: boolean }).compatible, false);
  assert.match(invalid.stderr, /^millrace: Invalid schema: The schema is not JSON: /);
  assert.equal((await schema("register", "orders-value", file("half.avsc", '{"type":'))).stderr, invalid.stderr);
  const [level, mode, unknown] = await Promise.all([schema("compat", "orders-value"), schema("mode"), schema("get", "unknown")]);
  assert.deepEqual([level.stdout, mode.stdout, unknown.exitCode], ["BACKWARD\n", "READWRITE\n", 3]);
  assert.equal((await schema("compat", "orders-value", "none")).stdout, "NONE\n");
  const removed = await schema("rm", "orders-value");
  assert.equal(removed.stdout, "1\n");
  assert.equal(removed.stderr, 'Deleted these versions of "orders-value" until they are registered again; --permanent deletes for good.\n');
  assert.equal((await schema("get", "orders-value")).exitCode, 3);
  assert.match((await schema("rm", "orders-value", "--permanent")).stderr, /for good\.\n$/);
});

test("a registry without subjects says so, beside the data", async () => {
  const { stdout, stderr } = await schema("ls", "--registry", `${world.registryUrl}/contexts/.empty`);
  assert.deepEqual([stdout, stderr], ["", `The registry at ${world.registryUrl}/contexts/.empty has no subjects.\n`]);
});

test("one version is shown and deleted, a JSON Schema is known by its words, an address without a registry is one sentence", async () => {
  await schema("register", "versions-value", order("v1.avsc", [{ name: "id", type: "string" }]));
  await schema("register", "versions-value", order("v2.avsc", []));
  const document = file("order.json", '{"type":"object","properties":{"id":{"type":"string"}}}');
  const [first, missing, wrong, removed, registered, nowhere] = await Promise.all([
    schema("get", "versions-value", "--version", "2"),
    schema("get", "versions-value", "--version", "9"),
    schema("get", "versions-value", "--version", "two"),
    schema("rm", "versions-value", "--version", "1"),
    schema("register", "documents-value", document, "--json"),
    schema("ls", "--registry", "http://127.0.0.1:9"),
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
    assert.equal((await schema("register", "checked-value", order(name, fields))).exitCode, 0);
  const third = order("t3.avsc", [text("string", { default: "" })]);
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
  await schema("register", "parts-value", order("p1.avsc", [name]));
  await schema("register", "parts-value", order("p2.avsc", [name, count]));
  const types = file(
    "types.ts",
    `import { t } from "${new URL("../stream/index.ts", import.meta.url).href}";\nexport const Part = t.record("Part", { name: t.string() });\n`,
  );
  const [diff, ts, none, avro] = await Promise.all([
    schema("diff", "parts-value"),
    schema("gen", "ts", "parts-value", "--interface"),
    schema("diff", "parts-value", "x"),
    schema("gen", "avro", types, "Part", "--json"),
  ]);
  assert.match(diff.stdout, /^--- parts-value version 1\n\+\+\+ parts-value version 2\n/);
  assert.match(diff.stdout, /^\+ +"name": "count",$/m);
  assert.equal(ts.stdout, "export interface Order {\n  readonly name: string;\n  readonly count?: number | undefined;\n}\n");
  assert.deepEqual([none.exitCode, /not the number of a version/.test(none.stderr)], [2, true]);
  assert.deepEqual(JSON.parse(avro.stdout), { type: "record", name: "Part", fields: [name] }, avro.stderr);
});

test("gen goes round: a module's type as each kind of schema, registered, gives the module back", async () => {
  const stream = new URL("../stream/index.ts", import.meta.url).href;
  const line = `t.record("Line", { sku: t.string(), n: t.int(), price: t.decimal(9, 2) })`;
  const order = `t.record("Order", { id: t.uuid(), at: t.timestamp(), day: t.date(), lines: t.array(Line), note: t.optional(t.string()) })`;
  const types = file("round.ts", `import { t } from "${stream}";\nconst Line = ${line};\nexport const Order = ${order};\n`);
  const original = (await schema("gen", "ts", types)).stdout;
  assert.match(original, /^export const Order = t\.record\("Order", \{\n {2}id: t\.uuid\(\),\n/m);
  const round = async (what: string, type: "AVRO" | "PROTOBUF" | "JSON", subject: string): Promise<CliResult> => {
    const made = await schema("gen", what, types, "Order");
    assert.equal(made.exitCode, 0, made.stderr);
    await register(subject, made.stdout, type);
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
  const [stream, kafka] = ["stream", "connectors/kafka"].map((folder) => new URL(`../${folder}/index.ts`, import.meta.url).href);
  const order = `t.record("Order", { id: t.long(), region: t.string() })`;
  const options = `{ key: ["region", "id"], format: "avro", keyFormat: "avro" }`;
  const topics = file(
    "topics.ts",
    `import { t } from "${stream}";\nimport { topic } from "${kafka}";\nexport const orders = topic("orders", ${order}, ${options});\n`,
  );
  const key = await schema("gen", "avro", topics, "ordersKey");
  assert.equal(key.exitCode, 0, key.stderr);
  assert.match(key.stdout, /"OrderKey"/);
  assert.match((await schema("gen", "avro", topics, "orders")).stdout, /"Order"/);
  await register("orders-key", key.stdout, "AVRO");
  assert.match(
    (await schema("gen", "ts", "orders-key")).stdout,
    /t\.record\("OrderKey", \{\n {2}region: t\.string\(\),\n {2}id: t\.long\(\),/,
  );
  await register("ids-key", '"long"', "AVRO");
  assert.match((await schema("gen", "ts", "ids-key")).stdout, /export const IdsKey = t\.long\(\);/);
});

test("gen takes schemas of other libraries, and says what cannot be said", async () => {
  const code = (b: string): string =>
    `import * as z from "${import.meta.resolve("zod")}";\nexport const Order = z.object({ a: z.object({ b: ${b} }) });\n`;
  const zod = file("zod.ts", code("z.string()"));
  const made = await schema("gen", "ts", zod, "Order");
  assert.match(made.stdout, /b: t\.string\(\)/, made.stderr);
  const refused = await schema("gen", "avro", file("any.ts", code("z.any()")));
  assert.deepEqual(
    [refused.exitCode, /at a\.b: it allows anything\. Instead: say what it is/.test(refused.stderr)],
    [1, true],
    refused.stderr,
  );
});
