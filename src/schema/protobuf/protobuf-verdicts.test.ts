// Verdicts in both directions: can the second read what the first wrote (backward), and the first what the second wrote (forward)? As
// Confluent's registry has them, with its names and paths.
import assert from "node:assert/strict";
import { test } from "node:test";
import { typesOfKnownFiles } from "./known-files.ts";
import { parseProtobuf } from "./parse-protobuf.ts";
import { protobufIncompatibilities } from "./protobuf-compatibility.ts";
import type { ProtoWorld } from "./proto-file.ts";

const world = (text: string): ProtoWorld => {
  const [file, ...imported] = text.split("@import").map(parseProtobuf);
  return { file: file!, known: new Map([...typesOfKnownFiles(), ...[file!, ...imported].flatMap(({ types }) => [...types])]) };
};
const found = (reader: string, writer: string): string =>
  protobufIncompatibilities(world(reader), world(writer))
    .map(({ type, path }) => `${type} ${path}`)
    .join(", ");

const p3 = (body: string): string => `syntax = "proto3"; package p; ${body}`;
const p2 = (body: string): string => `syntax = "proto2"; package p; ${body}`;
const M = (body: string): string => p3(`message M { ${body} }`);
const R = (body: string): string => p2(`message M { ${body} }`);
const E = (values: string): string => p3(`enum E { ${values} } message M { E e = 1; }`);
/** A file that uses p.q.N of another. */
const U = (imported: string, pack = "q"): string =>
  `syntax = "proto3"; package p; import "n.proto"; message M { ${pack}.N n = 1; }@importsyntax = "proto3"; package ${pack}; ${imported}`;

/** A file that uses what Google defines. */
const D = (body: string): string =>
  `syntax = "proto3"; package p; import "google/protobuf/struct.proto"; import "google/protobuf/duration.proto"; import "google/type/dayofweek.proto"; import "google/type/date.proto"; message M { ${body} }`;

const ENTRY = "message E { option map_entry = true; string key = 1; int32 value = 2; }";

const KIND = "FIELD_KIND_CHANGED /M/1";
const SCALAR = "FIELD_SCALAR_KIND_CHANGED /M/1";
const NUMBER = "FIELD_NUMERIC_LABEL_CHANGED /M/1";
const NAMED = "FIELD_NAMED_TYPE_CHANGED /M/1";
const GONE = "MESSAGE_REMOVED /N";
const PACKAGE = "PACKAGE_CHANGED /";

/** `backward`, `forward`: "": compatible. */
const CASES: readonly (readonly [what: string, before: string, after: string, backward: string, forward: string])[] = [
  // fields
  ["a field more", M(""), M("int32 a = 1;"), "", ""],
  ["a field of each kind more", M(""), M("M m = 1; repeated E e = 2; map<int32, M> n = 3; enum E { A = 0; } bytes b = 4;"), "", ""],
  ["a field renamed", M("int32 a = 1;"), M("int32 b = 1;"), "", ""],
  ["a field's number changed", M("string a = 1;"), M("string a = 2;"), "", ""],
  ["a number used again for another type", M("string a = 1;"), M("int64 other = 1;"), SCALAR, SCALAR],
  ["a number used again for the same type", M("string a = 1;"), M("string other = 1;"), "", ""],
  ["a field removed and its number reserved", M("string a = 1;"), M('reserved 1; reserved "a";'), "", ""],
  ["a reserved number used", M('reserved 1; reserved "a";'), M("string a = 1;"), "", ""],
  ["fields in another order", M("int32 a = 1; string b = 2;"), M("string b = 2; int32 a = 1;"), "", ""],
  ["a field's JSON name", M("int32 a = 1;"), M('int32 a = 1 [json_name = "z"];'), "", ""],
  ["packed said aloud", M("repeated int32 a = 1;"), M("repeated int32 a = 1 [packed = false];"), "", ""],
  ["two fields swapped within a family", M("int32 a = 1; int64 b = 2;"), M("int32 a = 2; int64 b = 1;"), "", ""],
  // families
  ["int32 and sint32", M("int32 a = 1;"), M("sint32 a = 1;"), SCALAR, SCALAR],
  ["int32 and fixed32", M("int32 a = 1;"), M("fixed32 a = 1;"), SCALAR, SCALAR],
  ["fixed32 and sfixed32", M("fixed32 a = 1;"), M("sfixed32 a = 1;"), "", ""],
  ["fixed32 and fixed64", M("fixed32 a = 1;"), M("fixed64 a = 1;"), SCALAR, SCALAR],
  ["fixed32 and float", M("fixed32 a = 1;"), M("float a = 1;"), SCALAR, SCALAR],
  ["fixed64 and double", M("fixed64 a = 1;"), M("double a = 1;"), SCALAR, SCALAR],
  ["float and double", M("float a = 1;"), M("double a = 1;"), SCALAR, SCALAR],
  ["uint64 and bool", M("uint64 a = 1;"), M("bool a = 1;"), "", ""],
  ["int64 and string", M("int64 a = 1;"), M("string a = 1;"), SCALAR, SCALAR],
  ["string and bytes", M("string a = 1;"), M("bytes a = 1;"), "", ""],
  ["repeated string and repeated bytes", M("repeated string a = 1;"), M("repeated bytes a = 1;"), "", ""],
  ["bytes and a message", M("bytes a = 1;"), M("M a = 1;"), KIND, KIND],
  ["string and a message", M("string a = 1;"), M("M a = 1;"), KIND, KIND],
  ["a family inside of repeated", M("repeated int32 a = 1;"), M("repeated uint64 a = 1;"), "", ""],
  ["another family inside of repeated", M("repeated int32 a = 1;"), M("repeated sint32 a = 1;"), SCALAR, SCALAR],
  // enums
  ["an enum's value more", E("A = 0;"), E("A = 0; B = 1;"), "", ""],
  ["an enum's value renamed", E("A = 0; B = 1;"), E("A = 0; C = 1;"), "", ""],
  ["an enum's value with another number", E("A = 0; B = 1;"), E("A = 0; B = 2;"), "", ""],
  ["an enum's values under one number", E("A = 0;"), E("option allow_alias = true; A = 0; Z = 0;"), "", ""],
  ["an enum renamed", p3("enum E { A = 0; } message M { E e = 1; }"), p3("enum F { A = 0; } message M { F e = 1; }"), "", ""],
  ["an enum moved into the message", E("A = 0;"), p3("message M { enum E { A = 0; } E e = 1; }"), "", ""],
  ["an enum and int64", E("A = 0;"), M("int64 e = 1;"), "", ""],
  ["an enum and sint32", E("A = 0;"), M("sint32 e = 1;"), SCALAR, SCALAR],
  ["an enum and bytes", E("A = 0;"), M("bytes e = 1;"), SCALAR, SCALAR],
  ["an enum and a message of its name", E("A = 0;"), p3("message E { } message M { E e = 1; }"), KIND, `MESSAGE_REMOVED /E, ${KIND}`],
  ["a repeated enum", E("A = 0;"), p3("enum E { A = 0; } message M { repeated E e = 1; }"), "", ""],
  // labels
  ["repeated, nothing written before", M("int64 a = 1;"), M("repeated int64 a = 1;"), "", ""],
  ["repeated, optional before", M("optional bool a = 1;"), M("repeated bool a = 1;"), NUMBER, NUMBER],
  ["a repeated double", M("optional double a = 1;"), M("repeated double a = 1;"), NUMBER, NUMBER],
  ["a label before a plain number", M("optional sint32 a = 1;"), M("sint32 a = 1;"), "", ""],
  [
    "an optional enum repeated",
    p3("enum E { A = 0; } message M { optional E e = 1; }"),
    p3("enum E { A = 0; } message M { repeated E e = 1; }"),
    NUMBER,
    NUMBER,
  ],
  ["proto2: another family and another label", R("optional int32 a = 1;"), R("repeated fixed32 a = 1;"), SCALAR, SCALAR],
  ["proto2 to proto3 without a label: repeated", R("optional int32 a = 1;"), M("repeated int32 a = 1;"), NUMBER, NUMBER],
  ["proto2 to proto3 without a label", R("required int32 a = 1;"), M("int32 a = 1;"), "", ""],
  [
    "editions write no label",
    `edition = "2023"; package p; message M { int32 a = 1; }`,
    `edition = "2023"; package p; message M { repeated int32 a = 1; }`,
    "",
    "",
  ],
  ["the syntax behind a comment", `/* proto2 */ // syntax = "proto2";\n${M("int32 a = 1;")}`, M("repeated int32 a = 1;"), "", ""],
  ["a repeated string", M("optional string a = 1;"), M("repeated string a = 1;"), "", ""],
  ["a repeated message", M("optional M a = 1;"), M("repeated M a = 1;"), "", ""],
  ["optional in proto3", M("int32 a = 1;"), M("optional int32 a = 1;"), "", ""],
  ["proto2: repeated", R("optional int32 a = 1;"), R("repeated int32 a = 1;"), NUMBER, NUMBER],
  ["a number made required", R("optional int32 a = 1;"), R("required int32 a = 1;"), NUMBER, NUMBER],
  ["a text made required", R("optional string a = 1;"), R("required string a = 1;"), "", ""],
  ["a message made required", R("optional M a = 1;"), R("required M a = 1;"), "", ""],
  ["a required text repeated", R("required string a = 1;"), R("repeated string a = 1;"), "", ""],
  ["a required field more", R(""), R("required int32 a = 1;"), "REQUIRED_FIELD_ADDED /M/1", "REQUIRED_FIELD_REMOVED /M/1"],
  [
    "a required field renumbered",
    R("required int32 a = 1;"),
    R("required int32 a = 2;"),
    "REQUIRED_FIELD_ADDED /M/2, REQUIRED_FIELD_REMOVED /M/1",
    "REQUIRED_FIELD_ADDED /M/1, REQUIRED_FIELD_REMOVED /M/2",
  ],
  ["a default changed", R("optional int32 a = 1 [default = 1];"), R("optional int32 a = 1 [default = 2];"), "", ""],
  // oneofs
  ["a field into a oneof of its own", M("int32 a = 1;"), M("oneof o { int32 a = 1; }"), "", ""],
  [
    "a field into a new oneof beside new ones",
    M("int32 a = 1;"),
    M("oneof o { int32 a = 1; M b = 2; string c = 3; }"),
    "",
    "ONEOF_FIELD_REMOVED /M/o/2, ONEOF_FIELD_REMOVED /M/o/3",
  ],
  [
    "two fields into a oneof",
    M("int32 a = 1; int32 b = 2;"),
    M("oneof o { int32 a = 1; int32 b = 2; }"),
    "MULTIPLE_FIELDS_MOVED_TO_ONEOF /M/o",
    "",
  ],
  ["two fields into two oneofs", M("int32 a = 1; int32 b = 2;"), M("oneof o { int32 a = 1; } oneof q { int32 b = 2; }"), "", ""],
  [
    "a field into a oneof that was there",
    M("int32 a = 1; oneof o { int32 b = 2; }"),
    M("oneof o { int32 a = 1; int32 b = 2; }"),
    "FIELD_MOVED_TO_EXISTING_ONEOF /M/o",
    "",
  ],
  [
    "a field into a oneof that was there under another name",
    M("int32 a = 1; oneof o { int32 b = 2; }"),
    M("oneof z { int32 a = 1; int32 b = 2; }"),
    "FIELD_MOVED_TO_EXISTING_ONEOF /M/z",
    "",
  ],
  ["a oneof gone with its fields", M("oneof o { int32 a = 1; string b = 2; }"), M(""), "", ""],
  [
    "a oneof gone, its fields plain",
    M("oneof o { int32 a = 1; string b = 2; }"),
    M("int32 a = 1; string b = 2;"),
    "",
    "MULTIPLE_FIELDS_MOVED_TO_ONEOF /M/o",
  ],
  ["a oneof renamed", M("oneof o { int32 a = 1; int32 b = 2; }"), M("oneof z { int32 a = 1; int32 b = 2; }"), "", ""],
  ["a oneof's field more", M("oneof o { int32 a = 1; }"), M("oneof o { int32 a = 1; M b = 2; }"), "", "ONEOF_FIELD_REMOVED /M/o/2"],
  [
    "a oneof's field into another oneof",
    M("oneof o { int32 a = 1; int32 b = 2; } oneof q { int32 c = 3; }"),
    M("oneof o { int32 a = 1; } oneof q { int32 c = 3; int32 b = 2; }"),
    "FIELD_MOVED_TO_EXISTING_ONEOF /M/q",
    "FIELD_MOVED_TO_EXISTING_ONEOF /M/o",
  ],
  [
    "two oneofs become one",
    M("oneof o { int32 a = 1; int32 b = 2; } oneof q { int32 c = 3; }"),
    M("oneof z { int32 a = 1; int32 b = 2; int32 c = 3; }"),
    "FIELD_MOVED_TO_EXISTING_ONEOF /M/z",
    "",
  ],
  ["a oneof's field renamed", M("oneof o { int32 a = 1; }"), M("oneof o { int32 z = 1; }"), "", ""],
  [
    "a oneof's field of another family",
    M("oneof o { int32 a = 1; }"),
    M("oneof o { string a = 1; }"),
    "FIELD_SCALAR_KIND_CHANGED /M/o/1",
    "FIELD_SCALAR_KIND_CHANGED /M/o/1",
  ],
  [
    "a oneof's field of another family in a new oneof",
    M("oneof o { int32 a = 1; }"),
    M("oneof z { string a = 1; }"),
    "FIELD_SCALAR_KIND_CHANGED /M/z/1",
    "FIELD_SCALAR_KIND_CHANGED /M/o/1",
  ],
  [
    "a oneof's field alone in a new oneof",
    M("oneof o { int32 a = 1; int32 b = 2; }"),
    M("oneof o { int32 b = 2; } oneof q { int32 a = 1; }"),
    "",
    "FIELD_MOVED_TO_EXISTING_ONEOF /M/o",
  ],
  [
    "a oneof's field out of it",
    M("oneof o { int32 a = 1; int32 b = 2; }"),
    M("oneof o { int32 a = 1; } int32 b = 2;"),
    "",
    "FIELD_MOVED_TO_EXISTING_ONEOF /M/o",
  ],
  [
    "a oneof's field out of it, of another family",
    M("oneof o { int32 a = 1; int32 b = 2; }"),
    M("oneof o { int32 a = 1; } string b = 2;"),
    "FIELD_SCALAR_KIND_CHANGED /M/2",
    "FIELD_SCALAR_KIND_CHANGED /M/o/2, FIELD_MOVED_TO_EXISTING_ONEOF /M/o",
  ],
  [
    "a oneof gone, its fields plain and of another family",
    M("oneof o { float a = 1; int32 b = 2; }"),
    M("float a = 1; sint64 b = 2;"),
    "FIELD_SCALAR_KIND_CHANGED /M/2",
    "FIELD_SCALAR_KIND_CHANGED /M/o/2, MULTIPLE_FIELDS_MOVED_TO_ONEOF /M/o",
  ],
  [
    "a oneof renamed, one of its fields gone",
    M("oneof o { int32 a = 1; int32 b = 2; }"),
    M("oneof z { int32 a = 1; }"),
    "ONEOF_FIELD_REMOVED /M/o/2",
    "",
  ],
  [
    "a oneof gone, one of its fields plain, the other gone",
    M("oneof o { int32 a = 1; int32 b = 2; }"),
    M("int32 a = 1;"),
    "ONEOF_FIELD_REMOVED /M/o/2",
    "",
  ],
  [
    "a oneof's field into another oneof, its own gone",
    M("oneof o { int32 a = 1; } oneof q { int32 b = 2; }"),
    M("oneof q { int32 b = 2; int32 a = 1; }"),
    "FIELD_MOVED_TO_EXISTING_ONEOF /M/q",
    "",
  ],
  [
    "a field into a new oneof with a repeated one left beside",
    M("repeated int32 a = 1; int32 b = 2;"),
    M("repeated int32 a = 1; oneof o { int32 b = 2; }"),
    "",
    "",
  ],
  ["proto3 optional is no oneof", M("optional int32 a = 1; optional int32 b = 2;"), M("int32 a = 1; int32 b = 2;"), "", ""],
  // maps
  ["a map more", M(""), M("map<string, int32> a = 1;"), "", ""],
  ["a map's values of the same family", M("map<string, int32> a = 1;"), M("map<string, bool> a = 1;"), "", ""],
  ["a map's values of another family", M("map<string, int32> a = 1;"), M("map<string, double> a = 1;"), SCALAR, SCALAR],
  ["a map's keys of another family", M("map<string, M> a = 1;"), M("map<int32, M> a = 1;"), SCALAR, SCALAR],
  ["a map's values become messages", M("map<string, bytes> a = 1;"), M("map<string, M> a = 1;"), KIND, KIND],
  [
    "a map and repeated entries",
    M("map<string, int32> a = 1;"),
    M("message N { string key = 1; int32 value = 2; } repeated N a = 1;"),
    KIND,
    `${KIND}, MESSAGE_REMOVED /M/N`,
  ],
  ["a map and a message", M("map<string, int32> a = 1;"), M("M a = 1;"), KIND, KIND],
  ["a map and a text", M("map<string, int32> a = 1;"), M("string a = 1;"), KIND, KIND],
  // messages
  ["a message more", p3("message M { }"), p3("message M { } message N { }"), "", GONE],
  ["a message renamed", p3("message M { }"), p3("message N { }"), "MESSAGE_REMOVED /M", GONE],
  ["messages in another order", p3("message M { } message N { }"), p3("message N { } message M { }"), "", ""],
  ["a nested message more", M(""), M("message N { }"), "", "MESSAGE_REMOVED /M/N"],
  [
    "a nested message moved out",
    M("message N { } N n = 1;"),
    p3("message N { } message M { N n = 1; }"),
    `${NAMED}, MESSAGE_REMOVED /M/N`,
    `${GONE}, ${NAMED}`,
  ],
  ["a nested message moved deeper", M("message N { }"), M("message O { message N { } }"), "MESSAGE_REMOVED /M/N", "MESSAGE_REMOVED /M/O"],
  [
    "a field of a nested message of another family",
    M("message N { int32 a = 1; } N n = 2;"),
    M("message N { string a = 1; } N n = 2;"),
    "FIELD_SCALAR_KIND_CHANGED /M/N/1",
    "FIELD_SCALAR_KIND_CHANGED /M/N/1",
  ],
  [
    "a field of another message of the same shape",
    p3("message A { } message B { } message M { A a = 1; }"),
    p3("message A { } message B { } message M { B a = 1; }"),
    NAMED,
    NAMED,
  ],
  ["a message by its whole name", p3("message N { } message M { N n = 1; }"), p3("message N { } message M { .p.N n = 1; }"), "", ""],
  ["a message by half of its name", M("message N { } N n = 1;"), M("message N { } M.N n = 1;"), "", ""],
  [
    "two messages that hold each other",
    p3("message M { N n = 1; } message N { M m = 1; int32 v = 2; }"),
    p3("message M { N n = 1; } message N { M m = 1; int64 v = 2; }"),
    "",
    "",
  ],
  [
    "two messages that hold each other, another family",
    p3("message M { N n = 1; } message N { M m = 1; int32 v = 2; }"),
    p3("message M { N n = 1; } message N { M m = 1; string v = 2; }"),
    "FIELD_SCALAR_KIND_CHANGED /N/2",
    "FIELD_SCALAR_KIND_CHANGED /N/2",
  ],
  // files
  ["another package", `package a; message M { }`, `package b; message M { }`, PACKAGE, PACKAGE],
  ["a package in the package", `package a; message M { }`, `package a.b; message M { }`, PACKAGE, PACKAGE],
  [
    "another package and another family",
    `package a; message M { optional int32 a = 1; }`,
    `package b; message M { optional string a = 1; }`,
    `${PACKAGE}, ${SCALAR}`,
    `${PACKAGE}, ${SCALAR}`,
  ],
  [
    "another package, named in full",
    `package a; message N { } message M { optional .a.N n = 1; }`,
    `package b; message N { } message M { optional .b.N n = 1; }`,
    PACKAGE,
    PACKAGE,
  ],
  ["no package", M("int32 a = 1;"), `syntax = "proto3"; message M { int32 a = 1; }`, PACKAGE, PACKAGE],
  ["proto2 becomes proto3", R("optional int32 a = 1; repeated string b = 2;"), M("int32 a = 1; repeated string b = 2;"), "", ""],
  [
    "options and comments",
    M(""),
    'syntax = "proto3"; package p; option java_package = "x.y"; /* M */ message M { option deprecated = true; }',
    "",
    "",
  ],
  ["a service more", M(""), p3("message M { } service S { rpc Go(M) returns (M); }"), "", ""],
  ["an import that nothing uses", M("int32 a = 1;"), U("message N { }").replace("q.N n = 1;", "int32 a = 1;"), "", ""],
  // imports
  ["an imported message's field more", U("message N { int32 a = 1; }"), U("message N { int32 a = 1; string b = 2; }"), "", ""],
  [
    "an imported message's field of another family",
    U("message N { int32 a = 1; }"),
    U("message N { string a = 1; }"),
    `FIELD_SCALAR_KIND_CHANGED /N/1, ${NAMED}`,
    `FIELD_SCALAR_KIND_CHANGED /N/1, ${NAMED}`,
  ],
  ["an imported message of another package", U("message N { int32 a = 1; }"), U("message N { int32 a = 1; }", "z"), "", ""],
  [
    "an imported message of another name",
    U("message N { } message O { }"),
    U("message N { } message O { }").replace("q.N n", "q.O n"),
    NAMED,
    NAMED,
  ],
  [
    "an imported message loses one that it defines",
    U("message N { message I { } }"),
    U("message N { }"),
    `MESSAGE_REMOVED /N/I, ${NAMED}`,
    "",
  ],
  [
    "an imported message moves into the file",
    U("message N { int32 a = 1; }"),
    p3("message M { N n = 1; } message N { int32 a = 1; }"),
    "",
    GONE,
  ],
  [
    "a type of Google's with a dot in front",
    `syntax = "proto3"; package p; import "google/protobuf/timestamp.proto"; message M { google.protobuf.Timestamp t = 1; }`,
    `syntax = "proto3"; package p; import "google/protobuf/timestamp.proto"; message M { .google.protobuf.Timestamp t = 1; }`,
    "",
    "",
  ],
  [
    "an imported message loses one that it defines, with all in it",
    U("message N { message I { message J { } } }"),
    U("message N { }"),
    `MESSAGE_REMOVED /N/I, ${NAMED}`,
    "",
  ],
  ["an enum of Google's and int32", D("google.protobuf.NullValue d = 1;"), D("int32 d = 1;"), "", ""],
  ["an enum of Google's and a message of Google's", D("google.type.DayOfWeek d = 1;"), D("google.type.Date d = 1;"), KIND, KIND],
  ["a message of Google's and another of it", D("google.type.Date d = 1;"), D(".google.protobuf.Duration d = 1;"), NAMED, NAMED],
  // map entries as messages, as descriptors have them
  ["a map, written as its entries", M("map<string, int32> m = 1;"), M(`repeated M.E m = 1; ${ENTRY}`), "", ""],
  ["a map's entries of another family", M("map<string, string> m = 1;"), M(`repeated M.E m = 1; ${ENTRY}`), SCALAR, SCALAR],
  ["a map's entries gone with it", M(`repeated M.E m = 1; ${ENTRY}`), M(""), "", ""],
  [
    "a map's entries become messages",
    M(`repeated M.E m = 1; ${ENTRY}`),
    M(`repeated M.E m = 1; ${ENTRY.replace("option map_entry = true; ", "")}`),
    KIND,
    KIND,
  ],
  // groups are not compared
  ["a group more", R(""), R("optional group G = 1 { optional int32 a = 2; }"), "", ""],
  [
    "a group's field of another family",
    R("optional group G = 1 { optional int32 a = 2; }"),
    R("optional group G = 1 { optional string a = 2; }"),
    "",
    "",
  ],
  ["a group becomes a field of its number", R("optional group G = 1 { optional int32 a = 2; }"), R("optional string s = 1;"), "", ""],
  ["an imported enum's value gone", U("enum N { A = 0; B = 1; }"), U("enum N { A = 0; }"), "", ""],
  ["an imported enum and int32", U("enum N { A = 0; }"), M("int32 n = 1;"), "", ""],
];

for (const [what, before, after, backward, forward] of CASES) {
  test(`${what}: backward ${backward || "compatible"}`, () => assert.equal(found(after, before), backward));
  test(`${what}: forward ${forward || "compatible"}`, () => assert.equal(found(before, after), forward));
}
