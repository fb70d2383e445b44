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

async function registerText(subject: string, text: string, schemaType: string): Promise<void> {
  const body = JSON.stringify({ schema: text, schemaType });
  const headers = { "content-type": "application/json" };
  const { status } = await fetch(`${server.registryUrl}/subjects/${subject}/versions`, { method: "POST", headers, body });
  assert.equal(status, 200);
}

test("references: a file that imports another is checked and registered with it, and becomes a type; a schema is found by its id", async () => {
  await registerText("money-value", 'syntax = "proto3"; package shop; message Money { int64 units = 1; }', "PROTOBUF");
  await registerText("zip", '{"type":"string","$id":"zip.json"}', "JSON");
  const proto = join(directory, "order.proto");
  writeFileSync(proto, 'syntax = "proto3"; package shop; import "money.proto"; message Order { Money price = 1; }');
  const document = join(directory, "address.json");
  writeFileSync(document, '{"type":"object","title":"Address","properties":{"zip":{"$ref":"zip.json"}},"required":["zip"]}');
  const [alone, wrong, nowhere] = await Promise.all([
    schema("register", "ref-order-value", proto),
    schema("register", "ref-order-value", proto, "--reference", "money"),
    schema("check", "ref-order-value", proto, "--reference", "money.proto=nothing"),
  ]);
  assert.deepEqual([alone.exitCode, wrong.exitCode, nowhere.exitCode], [2, 2, 3], alone.stderr + wrong.stderr + nowhere.stderr);
  assert.match(wrong.stderr, /--reference is NAME=SUBJECT:VERSION, such as money\.proto=money-value:1, not "money"/);
  const registered = await Promise.all([
    schema("register", "ref-order-value", proto, "--reference", "money.proto=money-value:1"),
    schema("register", "ref-address-value", document, "--reference", "zip.json=zip"),
  ]);
  assert.deepEqual(registered.map(({ exitCode }) => exitCode), [0, 0], registered.map(({ stderr }) => stderr).join("")); // prettier-ignore
  const id = registered[0].stdout.trim();
  const [order, address, checked, byId, both, noId] = await Promise.all([
    schema("gen", "ts", "ref-order-value"),
    schema("gen", "ts", "ref-address-value"),
    schema("check", "ref-order-value", proto, "--reference", "money.proto=money-value"),
    schema("get", "--id", id),
    schema("get", "ref-order-value", "--id", id),
    schema("get", "--id", "x"),
  ]);
  assert.match(order.stdout, /price: t\.optional\(Money\)/, order.stderr);
  assert.match(address.stdout, /zip: t\.string\(\)/, address.stderr);
  assert.deepEqual([checked.exitCode, byId.exitCode, both.exitCode, noId.exitCode], [0, 0, 2, 2], checked.stderr + byId.stderr);
  assert.match(byId.stdout, /message Order/);
});

test("one message of a Protobuf schema", async () => {
  await registerText(
    "several-value",
    'syntax = "proto3"; package p; message A { int32 x = 1; } message B { message C { string y = 1; } }',
    "PROTOBUF",
  );
  await registerText("alone-value", '"string"', "AVRO");
  const [first, nested, full, missing, wrong] = await Promise.all([
    schema("gen", "ts", "several-value"),
    schema("gen", "ts", "several-value", "C"),
    schema("gen", "avro", "several-value", "p.B.C", "--json"),
    schema("gen", "ts", "several-value", "D"),
    schema("gen", "ts", "alone-value", "D"),
  ]);
  assert.match(first.stdout, /x: t\.int\(\)/, first.stderr);
  assert.match(nested.stdout, /y: t\.string\(\)/, nested.stderr);
  assert.match(full.stdout, /"name":"y"/, full.stderr);
  assert.deepEqual([missing.exitCode, wrong.exitCode], [3, 2]);
  assert.match(missing.stderr, /no message "D"\. It has: p\.A, p\.B, p\.B\.C\./);
});

test("a difference is to the version before, whatever its number; a module of several types is one module", async () => {
  for (const fields of [[], [{ name: "a", type: "string", default: "" }], [{ name: "b", type: "string", default: "" }]])
    await schema("register", "gap-value", file(`gap${fields[0]?.name ?? ""}.avsc`, fields));
  await schema("rm", "gap-value", "--version", "2");
  const types = join(directory, "several.ts");
  const stream = new URL("../stream/index.ts", import.meta.url).href;
  writeFileSync(
    types,
    `import { t } from "${stream}";\nexport const A = t.record("A", { x: t.int() });\nexport const List = t.array(A);\n`,
  );
  const [diff, ts, proto, texts] = await Promise.all([
    schema("diff", "gap-value"),
    schema("gen", "ts", types),
    schema("gen", "proto", types),
    schema("gen", "proto", types, "--json"),
  ]);
  assert.match(diff.stdout, /^--- gap-value version 1\n\+\+\+ gap-value version 3\n/, diff.stderr);
  assert.equal(ts.stdout.match(/^import /gm)?.length, 1);
  assert.match(ts.stdout, /export const List = t\.array\(A\);/);
  assert.deepEqual([proto.exitCode, /Name one behind the file/.test(proto.stderr)], [2, true]);
  assert.deepEqual(Object.keys(JSON.parse(texts.stdout) as object), ["A", "List"]);
});
