// The wire format by example: what foreign writers may do, in proto2, proto3 and an edition, and what is refused.
import assert from "node:assert/strict";
import { test } from "node:test";
import protobuf from "protobufjs";
import { BatchBuilder } from "../batch-builder.ts";
import { rowAt } from "../columns.ts";
import { EncodeBuffer } from "../encode-buffer.ts";
import { t } from "../t.ts";
import type { Schema } from "../type-info.ts";
import { protoDecoder, protoValueDecoder } from "./decoder.ts";
import { protoEncoder } from "./encoder.ts";
import { protoToType } from "./proto-to-type.ts";
import { readProtoSchema } from "./read-proto-schema.ts";
import { protoText } from "./type-to-proto.ts";

const first = (text: string, ...imported: string[]): ReturnType<ReturnType<typeof readProtoSchema>["messageAt"]> =>
  readProtoSchema(text, imported).messageAt([0]);

function decode(text: string, schema: Schema<unknown>, bytes: readonly number[]): unknown {
  return protoValueDecoder(schema.type, first(text))(Uint8Array.from(bytes));
}

const N = "message N { int32 a = 1; repeated int32 b = 2; }";
const M = t.record("M", { n: t.record("N", { a: t.int(), b: t.array(t.int()) }), x: t.optional(t.int()), y: t.optional(t.string()) });
const TEXT = `syntax = "proto3"; message M { N n = 1; oneof o { int32 x = 2; string y = 3; } } ${N}`;

test("parts of a message are merged, the last of a field and of a oneof counts, packed and single items are one list", () => {
  const bytes = [0x0a, 4, 0x08, 1, 0x10, 5, 0x10, 9, 0x1a, 1, 0x61, 0x0a, 6, 0x12, 2, 6, 7, 0x08, 3, 0x10, 4, 0x1a, 1, 0x62];
  assert.deepEqual(decode(TEXT, M, bytes), { n: { a: 3, b: [5, 6, 7] }, x: undefined, y: "b" });
});

test("unknown fields of every wire type, groups too, and fields of another wire type are skipped", () => {
  const unknown = [0x78, 0x80, 1, 0x79, 1, 2, 3, 4, 5, 6, 7, 8, 0x7a, 1, 0, 0x7b, 0x08, 1, 0x7b, 0x7c, 0x7c, 0x7d, 1, 2, 3, 4];
  assert.deepEqual(decode(TEXT, M, [...unknown, 0x12, 1, 0x61, 0x0a, 0, ...unknown]), { n: { a: 0, b: [] }, x: undefined, y: undefined });
});

test("proto2: defaults, required fields, closed enums, groups", () => {
  const text =
    'syntax = "proto2"; message M { required string id = 1; optional int32 b = 2 [default = 7]; optional group G = 3 { optional sint64 x = 1; } ' +
    "optional E e = 4 [default = B]; repeated E es = 5; } enum E { A = 3; B = 4; }";
  const schema = t.record("M", {
    id: t.string(),
    b: t.int(),
    g: t.optional(t.record("G", { x: t.optional(t.long()) })),
    e: t.literal("A", "B"),
    es: t.array(t.string()),
  });
  assert.deepEqual(decode(text, schema, [0x0a, 1, 0x61, 0x1b, 0x08, 3, 0x1c, 0x20, 9, 0x28, 3, 0x28, 9, 0x2a, 2, 4, 9]), {
    id: "a",
    b: 7,
    g: { x: -2 },
    e: "B",
    es: ["A", "B"],
  });
  assert.throws(() => decode(text, schema, []), { message: /^id: expected string, got nothing/ });
  const out = new EncodeBuffer();
  protoEncoder(t.record("M", { id: t.string(), g: t.record("G", { x: t.long() }) }).type, first(text)).value(
    { id: "a", g: { x: -2 } },
    out,
  );
  assert.deepEqual([...out.finish()], [0x0a, 1, 0x61, 0x1b, 0x08, 3, 0x1c]);
});

test("an edition's features decide presence and packing", () => {
  const text = 'edition = "2023"; message M { int32 a = 1; int32 b = 2 [features.field_presence = IMPLICIT]; repeated int32 c = 3; }';
  assert.deepEqual(protoToType(first(text)), {
    kind: "record",
    name: "M",
    fields: [
      { name: "a", type: { kind: "optional", of: { kind: "int" } } },
      { name: "b", type: { kind: "int" } },
      { name: "c", type: { kind: "array", of: { kind: "int" } } },
    ],
  });
});

test("well-known types: timestamps, wrappers", () => {
  const text =
    'syntax = "proto3"; import "google/protobuf/timestamp.proto"; import "google/protobuf/wrappers.proto"; ' +
    "message M { google.protobuf.Timestamp at = 1; google.protobuf.Int64Value n = 2; google.protobuf.StringValue s = 3; }";
  const schema = t.record("M", { at: t.timestamp(), n: t.optional(t.long()), s: t.optional(t.string()) });
  assert.deepEqual(decode(text, schema, [0x0a, 6, 0x08, 2, 0x10, 0xc0, 0x84, 0x3d, 0x1a, 0]), { at: 2001, n: undefined, s: "" });
  assert.throws(() => decode(text, schema, []), { message: /^at: expected timestamp, got nothing/ });
  assert.equal((protoToType(first(text)) as unknown as { fields: { type: { kind: string } }[] }).fields[1]!.type.kind, "optional");
});

test("integers of 64 bits: unsigned ones, and those beyond 2^53", () => {
  const text = 'syntax = "proto3"; message M { uint64 u = 1; sint64 s = 2; fixed64 f = 3; sfixed32 g = 4; }';
  const big = t.record("M", { u: t.bigint(), s: t.bigint(), f: t.bigint(), g: t.bigint() });
  const type = new protobuf.Root();
  protobuf.parse(text, type);
  const bytes = type
    .lookupType("M")
    .encode({ u: 5, s: -(2 ** 52), f: 7, g: -1 })
    .finish();
  assert.deepEqual(decode(text, big, [...bytes]), { u: 5n, s: -(2n ** 52n), f: 7n, g: -1n });
  const long = t.record("M", { u: t.long() });
  assert.throws(() => decode(text, long, [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]), {
    message: /u: expected long within/,
  });
  assert.throws(() => decode(text, big, [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]), { message: /a larger one/ });
});

test("bombs are refused at once: lengths without bytes, endless groups, endless varints, field 0", () => {
  const started = process.hrtime.bigint();
  const refused = [
    [0x0a, 0xff, 0xff, 0xff, 0x7f],
    Array.from({ length: 200_000 }, () => 0x7b),
    Array.from({ length: 11 }, () => 0x88),
    [0, 0],
    [0x7c],
    [0x7f],
  ];
  for (const bytes of refused) assert.throws(() => decode(TEXT, M, bytes), { code: "BAD_DATA" });
  assert.ok(process.hrtime.bigint() - started < 500_000_000n);
});

test("what does not fit is refused with its place before any value comes", () => {
  assert.throws(() => protoValueDecoder(t.record("M", { n: t.record("N", { a: t.string() }) }).type, first(TEXT)), {
    code: "BAD_SCHEMA",
    message: "n.a: string cannot be read from int32.",
  });
  assert.throws(() => protoEncoder(t.record("M", { z: t.int() }).type, first(TEXT)), { message: /z: message M has no such field/ });
  assert.throws(() => protoToType(first('syntax = "proto3"; message M { M next = 1; }')), { message: /holds itself/ });
  assert.throws(() => first('syntax = "proto3"; message M { Nowhere n = 1; }'), { code: "BAD_SCHEMA" });
});

test("messages by position, nested ones and imports", () => {
  const other = 'syntax = "proto3"; package q; message Other { int32 x = 1; }';
  const schema = readProtoSchema(
    'syntax = "proto3"; package p; import "o.proto"; message A { message B { } message C { q.Other o = 1; } enum E { Z = 0; } } message D { }',
    [other],
  );
  assert.deepEqual(
    [[0], [0, 1], [1]].map((indexes) => schema.messageAt(indexes).name),
    ["p.A", "p.A.C", "p.D"],
  );
  assert.deepEqual(schema.indexesOf("p.A.C"), [0, 1]);
  assert.throws(() => schema.messageAt([2]), { message: /no message at position 2/ });
});

test("groups have no position among nested messages, as with Confluent's Java serialisers", () => {
  const file = readProtoSchema(
    'syntax = "proto2"; message Order { optional group Grp = 80 { optional string inner = 1; } message Line { optional int32 x = 1; } }',
  );
  assert.deepEqual(file.indexesOf("Order.Line"), [0, 0]);
  assert.equal(file.messageAt([0, 0]).name, "Order.Line");
  assert.deepEqual(file.messages().map(({ name }) => name), ["Order", "Order.Line"]); // prettier-ignore
  assert.throws(() => file.messageAt([0, 1]), { code: "BAD_SCHEMA", message: /no message at position 0\.1/ });
});

test("a later version keeps the numbers of its fields by name and reserves those that are gone", () => {
  const before = first(protoText(t.record("shop.Order", { id: t.string(), old: t.int(), at: t.long() }).type));
  const text = protoText(t.record("shop.Order", { fresh: t.string(), at: t.long(), id: t.string() }).type, before);
  assert.equal(
    text,
    'syntax = "proto3";\npackage shop;\n\nmessage Order {\n  reserved 2;\n  string fresh = 4;\n  int64 at = 3;\n  string id = 1;\n}\n',
  );
});

test("a number without a name: of an open enum it is its digits as text, or the number; of a closed one it is not there", () => {
  const open = 'syntax = "proto3"; message M { E e = 1; repeated E all = 2; } enum E { A = 0; B = 1; }';
  const closed = 'syntax = "proto2"; message M { optional E e = 1; repeated E all = 2; } enum E { A = 0; B = 1; }';
  const bytes = [0x08, 7, 0x12, 3, 1, 9, 0];
  const Text = t.record("M", { e: t.optional(t.string()), all: t.array(t.string()) });
  const Number = t.record("M", { e: t.optional(t.int()), all: t.array(t.int()) });
  const Names = t.record("M", { e: t.optional(t.literal("A", "B")), all: t.array(t.literal("A", "B")) });
  assert.deepEqual(decode(open, Text, bytes), { e: "7", all: ["B", "9", "A"] });
  assert.deepEqual(decode(open, Number, bytes), { e: 7, all: [1, 9, 0] });
  assert.throws(() => decode(open, Names, bytes), { code: "BAD_DATA", message: /^e: expected enum E, got 7, which has no name/ });
  assert.deepEqual(decode(closed, Text, bytes), { e: undefined, all: ["B", "A"] });
  assert.deepEqual(decode(closed, Number, bytes), { e: undefined, all: [1, 0] });
  assert.deepEqual(decode(closed, Names, bytes), { e: undefined, all: ["B", "A"] });
});

test("text that is no UTF-8: U+FFFD where the syntax or a feature does not ask for UTF-8, otherwise refused, as Protobuf's own readers do", () => {
  const Text = t.record("M", { s: t.string(), more: t.array(t.string()) });
  const bytes = [0x0a, 3, 0x61, 0xff, 0x62, 0x12, 1, 0xc3, 0x12, 1, 0x63];
  const loose = { s: "a\ufffdb", more: ["\ufffd", "c"] };
  const fields = "string s = 1; repeated string more = 2;";
  const proto2 = 'syntax = "proto2"; message M { required string s = 1; repeated string more = 2; }';
  const asked = `edition = "2023"; option features.utf8_validation = NONE; message M { ${fields} }`;
  for (const text of [proto2, asked])
    for (const codegen of ["auto", "off"] as const) {
      assert.deepEqual(protoValueDecoder(Text.type, first(text), { codegen })(Uint8Array.from(bytes)), loose);
      const builder = new BatchBuilder(Text.type, 4, "bytes");
      const decoder = protoDecoder(Text.type, first(text), { codegen });
      for (const row of [bytes, [0x0a, 1, 0x64]]) decoder.decodeInto(builder, Uint8Array.from(row), 0, row.length, 0);
      const batch = builder.finish();
      assert.deepEqual([rowAt(batch, 0), rowAt(batch, 1)], [loose, { s: "d", more: [] }]);
    }
  for (const text of [`syntax = "proto3"; message M { ${fields} }`, `edition = "2023"; message M { ${fields} }`])
    assert.throws(() => decode(text, Text, bytes), { code: "BAD_DATA", message: /^s: expected UTF-8, got bytes that are none/ });
});
