// millrace schema … with references, several messages, gaps between versions, and contexts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { schemaCommands } from "./fixtures/schema-commands-world.ts";

const world = schemaCommands();
const { schema, file, order, register } = world;

test("references: a file that imports another is checked and registered with it, and becomes a type; a schema is found by its id", async () => {
  await register("money-value", 'syntax = "proto3"; package shop; message Money { int64 units = 1; }', "PROTOBUF");
  await register("zip", '{"type":"string","$id":"zip.json"}', "JSON");
  const proto = file("order.proto", 'syntax = "proto3"; package shop; import "money.proto"; message Order { Money price = 1; }');
  const document = file("address.json", '{"type":"object","title":"Address","properties":{"zip":{"$ref":"zip.json"}},"required":["zip"]}');
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
  const [priced, address, checked, byId, both, noId] = await Promise.all([
    schema("gen", "ts", "ref-order-value"),
    schema("gen", "ts", "ref-address-value"),
    schema("check", "ref-order-value", proto, "--reference", "money.proto=money-value"),
    schema("get", "--id", id),
    schema("get", "ref-order-value", "--id", id),
    schema("get", "--id", "x"),
  ]);
  assert.match(priced.stdout, /price: t\.optional\(Money\)/, priced.stderr);
  assert.match(address.stdout, /zip: t\.string\(\)/, address.stderr);
  assert.deepEqual([checked.exitCode, byId.exitCode, both.exitCode, noId.exitCode], [0, 0, 2, 2], checked.stderr + byId.stderr);
  assert.match(byId.stdout, /message Order/);
});

test("one message of a Protobuf schema", async () => {
  await register(
    "several-value",
    'syntax = "proto3"; package p; message A { int32 x = 1; } message B { message C { string y = 1; } }',
    "PROTOBUF",
  );
  await register("alone-value", '"string"', "AVRO");
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
    await schema("register", "gap-value", order(`gap${fields[0]?.name ?? ""}.avsc`, fields));
  await schema("rm", "gap-value", "--version", "2");
  const stream = new URL("../stream/index.ts", import.meta.url).href;
  const types = file(
    "several.ts",
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

test("references in a context are those of the context, for those who ask and for those who read", async () => {
  await register("money", '{"type":"record","name":"Money","fields":[{"name":"wrong","type":"int"}]}');
  await register(":.shop:money", '{"type":"record","name":"Money","fields":[{"name":"cents","type":"long"}]}');
  await register(
    ":.shop:money",
    '{"type":"record","name":"Money","fields":[{"name":"cents","type":"long"},{"name":"of","type":"string","default":""}]}',
  );
  await register("code", '"null"');
  await register(":.shop:code", '{"type":"string","$id":"zip.json"}', "JSON");
  const bill = file("bill.avsc", '{"type":"record","name":"Bill","fields":[{"name":"sum","type":"Money"}]}');
  const place = file("place.json", '{"type":"object","title":"Place","properties":{"zip":{"$ref":"zip.json"}},"required":["zip"]}');
  const registered = await Promise.all([
    schema("register", ":.shop:bill", bill, "--reference", "Money=money"),
    schema("register", ":.shop:place", place, "--type", "JSON", "--reference", "zip.json=code"),
  ]);
  assert.deepEqual(registered.map(({ exitCode }) => exitCode), [0, 0], registered.map(({ stderr }) => stderr).join("")); // prettier-ignore
  const [bills, places, inContext] = await Promise.all([
    schema("gen", "ts", ":.shop:bill"),
    schema("gen", "ts", ":.shop:place"),
    schema("gen", "ts", "place", "--registry", `${world.registryUrl}/contexts/.shop`),
  ]);
  assert.match(bills.stdout, /cents: t\.long\(\),\n {2}of: t\.string\(\)/, bills.stderr);
  for (const { stdout, stderr } of [places, inContext]) assert.match(stdout, /zip: t\.string\(\)/, stderr);
});
