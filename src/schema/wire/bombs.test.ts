// A few bytes that claim billions of items, or nest without end, are refused within 50 ms of computing, by generated code and interpreter.
import assert from "node:assert/strict";
import { test } from "node:test";
import { BatchBuilder } from "../batch-builder.ts";
import { jsonDecoder } from "../json/decoder.ts";
import { avroValueDecoder } from "../avro/value-decoder.ts";
import { parseAvro } from "../avro/parse-avro.ts";
import { protoValueDecoder } from "../protobuf/decoder.ts";
import { readProtoSchema } from "../protobuf/read-proto-schema.ts";
import { t } from "../t.ts";

const BOUND_MS = 50;

/** CPU time, which other work on the machine does not lengthen. */
function refusedAtOnce(decode: () => unknown): void {
  const from = process.cpuUsage();
  assert.throws(decode, { code: "BAD_DATA" });
  const { user, system } = process.cpuUsage(from);
  assert.ok((user + system) / 1000 < BOUND_MS, `${(user + system) / 1000} ms`);
}

const LIST = { type: "record", name: "L", fields: [{ name: "next", type: ["null", "L"] }] };
const MANY = [0xfe, 0xff, 0xff, 0xff, 0x0f];
const AVRO: readonly (readonly [what: string, schema: unknown, bytes: readonly number[]])[] = [
  ["nulls by the billion", { type: "array", items: "null" }, MANY],
  ["empty records by the billion", { type: "array", items: { type: "record", name: "E", fields: [] } }, MANY],
  ["integers that are not there", { type: "array", items: "int" }, MANY],
  ["a map without entries", { type: "map", values: "null" }, MANY],
  ["a block of a size that is not there", { type: "array", items: "null" }, [0xfd, 0xff, 0xff, 0xff, 0x0f, 0x02]],
  ["a text that is not there", "string", MANY],
  ["bytes that are not there", "bytes", MANY],
  [
    "as many empty records as there may be, and then the end",
    { type: "array", items: { type: "record", name: "E", fields: [] } },
    [0xfe, 0xff, 0x01],
  ],
  ["a list without end", LIST, Array.from({ length: 100_000 }, () => 2)],
  ["arrays in arrays of nothing", { type: "array", items: { type: "array", items: "null" } }, [0x02, ...MANY]],
];

for (const codegen of ["auto", "off"] as const)
  for (const [what, schema, bytes] of AVRO)
    test(`Avro, code generation ${codegen}: ${what}`, () => {
      const decode = avroValueDecoder(parseAvro(JSON.stringify(schema), {}).schema, undefined, { codegen });
      const document = Uint8Array.from(bytes);
      refusedAtOnce(() => decode(document));
    });

const PROTO =
  'syntax = "proto3"; message M { repeated int32 a = 1; map<string, string> m = 2; N n = 3; string s = 4; } message N { int32 x = 1; }';
const M = t.record("M", {
  a: t.array(t.int()),
  m: t.map(t.string(), t.string()),
  n: t.optional(t.record("N", { x: t.int() })),
  s: t.string(),
});
const PROTOBUF: readonly (readonly [what: string, bytes: readonly number[]])[] = [
  ["packed items that are not there", [0x0a, 0xff, 0xff, 0xff, 0x7f]],
  ["an entry that is not there", [0x12, 0xff, 0xff, 0xff, 0x7f]],
  ["a message that is not there", [0x1a, 0xff, 0xff, 0xff, 0x7f]],
  ["a text that is not there", [0x22, 0xff, 0xff, 0xff, 0x7f]],
  ["groups without end", Array.from({ length: 100_000 }, () => 0x7b)],
  ["a varint without end", Array.from({ length: 12 }, () => 0x88)],
];

for (const codegen of ["auto", "off"] as const)
  for (const [what, bytes] of PROTOBUF)
    test(`Protobuf, code generation ${codegen}: ${what}`, () => {
      const decode = protoValueDecoder(M.type, readProtoSchema(PROTO).messageAt([0]), { codegen });
      const document = Uint8Array.from(bytes);
      refusedAtOnce(() => decode(document));
    });

const DOCUMENT =
  'syntax = "proto3"; import "google/protobuf/struct.proto"; import "confluent/type/decimal.proto"; message D { google.protobuf.Struct json = 1; confluent.type.Decimal price = 2; }';
const D = t.record("D", { json: t.optional(t.string()), price: t.optional(t.decimal(9, 2)) });

function nested(levels: number): number[] {
  const size = (bytes: readonly number[]): number[] =>
    bytes.length < 128 ? [bytes.length] : [(bytes.length & 0x7f) | 0x80, bytes.length >> 7];
  const inside = (tag: number, bytes: readonly number[]): number[] => [tag, ...size(bytes), ...bytes];
  let list: number[] = [];
  for (let level = 0; level < levels; level++) list = inside(0x0a, inside(0x32, list));
  return inside(0x0a, inside(0x0a, [0x0a, 1, 0x61, ...inside(0x12, inside(0x32, list))]));
}

const KNOWN: readonly (readonly [what: string, bytes: readonly number[]])[] = [
  ["JSON that nests too deep", nested(1000)],
  ["JSON whose entries are not there", [0x0a, 5, 0x0a, 0xff, 0xff, 0xff, 0x7f]],
  ["a decimal of two billion zeros", [0x12, 9, 0x0a, 1, 1, 0x18, 0xff, 0xff, 0xff, 0xff, 0x07]],
  ["a decimal of two billion places", [0x12, 14, 0x0a, 1, 1, 0x18, 0x81, 0x80, 0x80, 0x80, 0xf8, 0xff, 0xff, 0xff, 0xff, 0x01]],
];

for (const codegen of ["auto", "off"] as const)
  for (const [what, bytes] of KNOWN)
    test(`Protobuf, code generation ${codegen}: ${what}`, () => {
      const decode = protoValueDecoder(D.type, readProtoSchema(DOCUMENT).messageAt([0]), { codegen });
      refusedAtOnce(() => decode(Uint8Array.from(bytes)));
    });

// The third format is text: what is deep or unended there.
const JSON_BOMBS: readonly (readonly [what: string, text: string])[] = [
  ["arrays in arrays", "[".repeat(100_000)],
  ["objects in objects", '{"next":'.repeat(50_000)],
  ["what the type does not have, without end", `{"other":${"[".repeat(100_000)}`],
  ["a number of a hundred thousand digits", `{"n":${"9".repeat(100_000)}}`],
  ["an exponent of a hundred thousand digits", `{"n":1e${"9".repeat(100_000)}}`],
  ["a text without end", `{"s":"${"\\u0041".repeat(20_000)}`],
  ["a name again and again", `{${'"s":"",'.repeat(50_000)}`],
];
const J = t.record("J", { n: t.optional(t.long()), s: t.optional(t.string()), list: t.optional(t.array(t.array(t.int()))) });

for (const codegen of ["auto", "off"] as const)
  for (const [what, text] of JSON_BOMBS)
    test(`JSON, code generation ${codegen}: ${what}`, () => {
      const decoder = jsonDecoder(J.type, { codegen });
      const bytes = new TextEncoder().encode(text);
      refusedAtOnce(() => decoder.decodeInto(new BatchBuilder(J.type, 1, "bytes"), bytes, 0, bytes.length, 0));
    });
