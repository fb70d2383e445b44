// Verdicts by hand: can the reader (first) read what was written with the writer (second)? And the layout that decides about ids.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseProtobuf } from "./parse-protobuf.ts";
import { protoLayout } from "./proto-text.ts";
import { protobufIncompatibilities } from "./protobuf-compatibility.ts";
import type { ProtoWorld } from "./proto-file.ts";

const world = (text: string, ...imported: readonly string[]): ProtoWorld => {
  const file = parseProtobuf(text);
  return { file, known: new Map([...file.types, ...imported.flatMap((each) => [...parseProtobuf(each).types])]) };
};
const proto3 = (body: string): string => `syntax = "proto3"; package p; ${body}`;
const proto2 = (body: string): string => `syntax = "proto2"; package p; ${body}`;
const types = (reader: string, writer: string): string[] => protobufIncompatibilities(world(reader), world(writer)).map(({ type }) => type);

const FAMILIES = [
  ["int32", "int64", "uint32", "uint64", "bool", "E"],
  ["sint32", "sint64"],
  ["fixed32", "sfixed32"],
  ["fixed64", "sfixed64"],
  ["float"],
  ["double"],
  ["string", "bytes"],
];

test("scalars: any of a family reads any of it, and no other, in fields and in maps", () => {
  const all = FAMILIES.flatMap((family, i) => family.map((name) => [name, i] as const));
  const field = (type: string): string => proto3(`enum E { Z = 0; } message M { ${type} f = 1; }`);
  const map = (type: string): string => field(`map<string, ${type}>`);
  for (const [reader, a] of all)
    for (const [writer, b] of all) {
      const expected = a === b ? [] : ["FIELD_SCALAR_KIND_CHANGED"];
      assert.deepEqual(types(field(reader), field(writer)), expected, `${reader} reads ${writer}`);
      assert.deepEqual(types(map(reader), map(writer)), expected, `a map of ${reader} reads a map of ${writer}`);
    }
});

type Case = readonly [what: string, reader: string, writer: string, ...expected: string[]];
const M = (body: string): string => proto3(`message M { ${body} }`);
const M2 = (body: string): string => proto2(`message M { ${body} }`);

const CASES: readonly Case[] = [
  ["the same", M("int32 a = 1;"), M("int32 a = 1;")],
  ["a field more", M("int32 a = 1; string b = 2;"), M("int32 a = 1;")],
  ["a field less", M(""), M("int32 a = 1;")],
  ["a field renamed", M("int32 z = 1;"), M("int32 a = 1;")],
  ["a tag changed", M("int32 a = 2;"), M("int32 a = 1;")],
  [
    "two tags swapped between families",
    M("int32 a = 2; string b = 1;"),
    M("int32 a = 1; string b = 2;"),
    "FIELD_SCALAR_KIND_CHANGED",
    "FIELD_SCALAR_KIND_CHANGED",
  ],
  ["another package", `syntax = "proto3"; package q; message M { int32 a = 1; }`, M("int32 a = 1;"), "PACKAGE_CHANGED"],
  ["a package taken away", `syntax = "proto3"; message M { int32 a = 1; }`, M("int32 a = 1;"), "PACKAGE_CHANGED"],
  ["another message beside it", proto3("message M { int32 a = 1; } message N { }"), M("int32 a = 1;")],
  ["a message gone", M("int32 a = 1;"), proto3("message M { int32 a = 1; } message N { }"), "MESSAGE_REMOVED"],
  ["a message renamed", proto3("message N { int32 a = 1; }"), M("int32 a = 1;"), "MESSAGE_REMOVED"],
  ["messages in another order", proto3("message N { } message M { }"), proto3("message M { } message N { }")],
  ["a nested message gone", M(""), M("message N { }"), "MESSAGE_REMOVED"],
  ["a nested message more", M("message N { }"), M("")],
  [
    "a nested message's field of another family",
    M("message N { string x = 1; }"),
    M("message N { int32 x = 1; }"),
    "FIELD_SCALAR_KIND_CHANGED",
  ],
  ["a nested message moved to the top", proto3("message M { } message N { }"), M("message N { }"), "MESSAGE_REMOVED"],
  // enums are free
  ["an enum value more", proto3("enum E { A = 0; B = 1; } message M { E e = 1; }"), proto3("enum E { A = 0; } message M { E e = 1; }")],
  ["an enum value less", proto3("enum E { A = 0; } message M { E e = 1; }"), proto3("enum E { A = 0; B = 1; } message M { E e = 1; }")],
  [
    "an enum value renamed",
    proto3("enum E { A = 0; C = 1; } message M { E e = 1; }"),
    proto3("enum E { A = 0; B = 1; } message M { E e = 1; }"),
  ],
  ["an enum gone", M("int32 e = 1;"), proto3("enum E { A = 0; } message M { E e = 1; }")],
  ["another enum", proto3("enum F { A = 0; } message M { F e = 1; }"), proto3("enum E { A = 0; } message M { E e = 1; }")],
  ["an enum becomes a string", M("string e = 1;"), proto3("enum E { A = 0; } message M { E e = 1; }"), "FIELD_SCALAR_KIND_CHANGED"],
  // named types
  [
    "a field's message renamed",
    proto3("message M { O n = 1; } message N { } message O { }"),
    proto3("message M { N n = 1; } message N { } message O { }"),
    "FIELD_NAMED_TYPE_CHANGED",
  ],
  [
    "a message becomes a scalar",
    proto3("message M { int32 n = 1; } message N { }"),
    proto3("message M { N n = 1; } message N { }"),
    "FIELD_KIND_CHANGED",
  ],
  [
    "a scalar becomes a message",
    proto3("message M { N n = 1; } message N { }"),
    proto3("message M { int32 n = 1; } message N { }"),
    "FIELD_KIND_CHANGED",
  ],
  ["a message by its full name", proto3("message M { .p.N n = 1; } message N { }"), proto3("message M { N n = 1; } message N { }")],
  [
    "the inner of two names",
    proto3("message N { } message M { message N { } N n = 1; }"),
    proto3("message N { } message M { message N { } .p.N n = 1; }"),
    "FIELD_NAMED_TYPE_CHANGED",
  ],
  ["a recursive message", M("M next = 1; int64 v = 2;"), M("M next = 1; int32 v = 2;")],
  // maps
  ["a map becomes a field", M("string m = 1;"), M("map<string, string> m = 1;"), "FIELD_KIND_CHANGED"],
  ["a map's keys of another family", M("map<int32, string> m = 1;"), M("map<string, string> m = 1;"), "FIELD_SCALAR_KIND_CHANGED"],
  ["a map's keys of the same family", M("map<int64, string> m = 1;"), M("map<int32, string> m = 1;")],
  [
    "a map's values become messages",
    proto3("message N { } message M { map<string, N> m = 1; }"),
    proto3("message N { } message M { map<string, string> m = 1; }"),
    "FIELD_KIND_CHANGED",
  ],
  // labels
  ["a number without a label repeated", M("repeated int32 a = 1;"), M("int32 a = 1;")],
  ["an optional number repeated", M("repeated int32 a = 1;"), M("optional int32 a = 1;"), "FIELD_NUMERIC_LABEL_CHANGED"],
  ["a repeated number of another family optional", M("optional sint32 a = 1;"), M("repeated int32 a = 1;"), "FIELD_SCALAR_KIND_CHANGED"],
  ["a repeated number single, without a label", M("int32 a = 1;"), M("repeated int32 a = 1;")],
  ["a repeated number optional", M("optional int32 a = 1;"), M("repeated int32 a = 1;"), "FIELD_NUMERIC_LABEL_CHANGED"],
  ["a string repeated", M("repeated string a = 1;"), M("string a = 1;")],
  ["repeated bytes single", M("bytes a = 1;"), M("repeated bytes a = 1;")],
  ["a message repeated", M("repeated M a = 1;"), M("M a = 1;")],
  ["optional in proto3", M("optional int32 a = 1;"), M("int32 a = 1;")],
  ["no longer optional in proto3", M("int32 a = 1;"), M("optional int32 a = 1;")],
  ["a required field more", M2("required int32 a = 1;"), M2(""), "REQUIRED_FIELD_ADDED"],
  ["a required field less", M2(""), M2("required int32 a = 1;"), "REQUIRED_FIELD_REMOVED"],
  ["an optional field more", M2("optional int32 a = 1;"), M2("")],
  ["a default more", M2("optional int32 a = 1 [default = 5];"), M2("optional int32 a = 1;")],
  ["options more", M("int32 a = 1 [deprecated = true];"), M("int32 a = 1;")],
  ["reserved more", M("reserved 5, 7 to 9; int32 a = 1;"), M("int32 a = 1;")],
  // oneofs
  ["a oneof more", M("oneof o { int32 a = 1; }"), M("")],
  ["a oneof gone", M(""), M("oneof o { int32 a = 1; }")],
  ["a oneof's fields become plain", M("int32 a = 1;"), M("oneof o { int32 a = 1; }")],
  ["a oneof renamed", M("oneof q { int32 a = 1; }"), M("oneof o { int32 a = 1; }")],
  ["a oneof's field more", M("oneof o { int32 a = 1; string b = 2; }"), M("oneof o { int32 a = 1; }")],
  ["a oneof's field less", M("oneof o { int32 a = 1; }"), M("oneof o { int32 a = 1; string b = 2; }"), "ONEOF_FIELD_REMOVED"],
  ["a oneof's field made plain beside it", M("oneof o { int32 a = 1; } string b = 2;"), M("oneof o { int32 a = 1; string b = 2; }")],
  [
    "a oneof's field made plain beside it and of another family",
    M("oneof o { int32 a = 1; } string b = 2;"),
    M("oneof o { int32 a = 1; int32 b = 2; }"),
    "FIELD_SCALAR_KIND_CHANGED",
  ],
  ["one field into a new oneof", M("oneof o { int32 a = 1; }"), M("int32 a = 1;")],
  ["one field and a new one into a oneof", M("oneof o { int32 a = 1; int32 b = 2; }"), M("int32 a = 1;")],
  ["two fields into a oneof", M("oneof o { int32 a = 1; int32 b = 2; }"), M("int32 a = 1; int32 b = 2;"), "MULTIPLE_FIELDS_MOVED_TO_ONEOF"],
  [
    "a field into an existing oneof",
    M("oneof o { int32 a = 1; int32 b = 2; }"),
    M("oneof o { int32 a = 1; } int32 b = 2;"),
    "FIELD_MOVED_TO_EXISTING_ONEOF",
  ],
  ["a oneof's field of another family", M("oneof o { string a = 1; }"), M("oneof o { int32 a = 1; }"), "FIELD_SCALAR_KIND_CHANGED"],
  ["into a oneof and of another family", M("oneof o { string a = 1; }"), M("int32 a = 1;"), "FIELD_SCALAR_KIND_CHANGED"],
  // syntax
  ["proto2 becomes proto3", M("optional int32 a = 1;"), M2("optional int32 a = 1;")],
  ["a service more", proto3("message M { } service S { rpc Go(M) returns (M); }"), M("")],
];

for (const [what, reader, writer, ...expected] of CASES)
  test(`${what}: ${expected.length === 0 ? "compatible" : expected.join(", ")}`, () => assert.deepEqual(types(reader, writer), expected));

test("imported messages are compared where they are used", () => {
  const file = proto3('import "n.proto"; message M { q.N n = 1; }');
  const before = 'syntax = "proto3"; package q; message N { int32 x = 1; }';
  const after = 'syntax = "proto3"; package q; message N { string x = 1; }';
  assert.deepEqual(protobufIncompatibilities(world(file, before), world(file, before)), []);
  const found = protobufIncompatibilities(world(file, after), world(file, before));
  assert.deepEqual(
    found.map(({ type }) => type),
    ["FIELD_SCALAR_KIND_CHANGED", "FIELD_NAMED_TYPE_CHANGED"],
  );
  assert.deepEqual([found[0]!.path, found[0]!.reader, found[0]!.writer], ["/N/1", "string x = 1", "int32 x = 1"]);
});

test("texts that differ in layout and comments are one", () => {
  const neat =
    'syntax = "proto3";\npackage a.b;\n\nimport "x.proto";\n\nmessage M {\n  map<string, int32> m = 1 [deprecated = true];\n  oneof o {\n    string s = 2;\n  }\n}\n';
  const wild = `syntax='proto3' ;package a.b;/* c */ import "x.proto"; // d
    message M{map < string,int32 > m=1[ deprecated=true ];;oneof o{string s=2;} }`;
  assert.equal(protoLayout(wild), neat);
  assert.equal(protoLayout(neat), neat);
  assert.match(protoLayout('option (x).y = { a: "b // c" n: -1.5e-3 };'), /^option \(x\)\.y = \{ a: "b \/\/ c" n: -1\.5e-3 \};\n$/);
});

for (const [what, text] of [
  ["no Protobuf", "message {"],
  ["nothing defined", 'syntax = "proto3";'],
  ["a tag twice", proto3("message M { int32 a = 1; int32 b = 1; }")],
  ["a field without a tag", proto3("message M { int32 a; }")],
] as const)
  test(`refused: ${what}`, () => assert.throws(() => parseProtobuf(text), { code: "INVALID_SCHEMA" }));
