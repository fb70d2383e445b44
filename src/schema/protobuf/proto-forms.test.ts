// The two forms in which the registry keeps .proto texts, as Confluent's registry prints them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { typesOfKnownFiles } from "./known-files.ts";
import { normalizedTree, protoNames } from "./normalize-proto-tree.ts";
import { parseProtobuf } from "./parse-protobuf.ts";
import { withoutExtensions } from "./proto-extensions.ts";
import { printProtoTree } from "./print-proto-tree.ts";
import { readProtoTree } from "./read-proto-tree.ts";

const canonical = (text: string): string => printProtoTree(readProtoTree(text));
const normalized = (text: string, ...imported: readonly string[]): string => {
  const tree = readProtoTree(text);
  return printProtoTree(normalizedTree(tree, protoNames([tree, ...imported.map(readProtoTree)], typesOfKnownFiles().keys())));
};

const ORDER = `/* what is sold */ syntax='proto3'; package shop ; // here
  import "google/protobuf/timestamp.proto"; option java_package = "x.shop";
  enum Kind { NONE = 0; SALE = 2 [deprecated=true] ; RETURN = 1; }
  message Order { message Line { string sku=1; } reserved 7, 10 to 12; reserved "old" ; option deprecated = false;
    repeated Line lines = 4; string id=1 [json_name="ID", deprecated = true]; map < string,Line > by_sku = 3;
    oneof paid { string card = 6; Kind kind = 5; } google.protobuf.Timestamp at = 2; }`;

test("the canonical form: kinds of statements in their order, each kind as written", () => {
  assert.equal(
    canonical(ORDER),
    `syntax = "proto3";
package shop;

import "google/protobuf/timestamp.proto";

option java_package = "x.shop";

message Order {
  reserved 7, 10 to 12;
  reserved "old";

  option deprecated = false;

  repeated Line lines = 4;
  string id = 1 [
    deprecated = true,
    json_name = "ID"
  ];
  map<string, Line> by_sku = 3;
  google.protobuf.Timestamp at = 2;

  oneof paid {
    string card = 6;
    Kind kind = 5;
  }

  message Line {
    string sku = 1;
  }
}
enum Kind {
  NONE = 0;
  SALE = 2 [deprecated = true];
  RETURN = 1;
}
`,
  );
});

test("the normalised form: types in full, fields, numbers and values sorted", () => {
  const text = normalized(ORDER);
  assert.match(text, / {2}reserved 7;\n {2}reserved 10 to 12;\n {2}reserved "old";\n/);
  assert.match(
    text,
    /string id = 1 [^;]*;\n {2}\.google\.protobuf\.Timestamp at = 2;\n {2}map<string, \.shop\.Order\.Line> by_sku = 3;\n {2}repeated \.shop\.Order\.Line lines = 4;\n/,
  );
  assert.match(text, /\.shop\.Kind kind = 5;\n {4}string card = 6;\n/);
  assert.match(text, /NONE = 0;\n {2}RETURN = 1;\n {2}SALE = 2/);
});

const CASES: readonly (readonly [what: string, text: string, canonical: string, normalized: string])[] = [
  [
    "proto2 is what is meant without syntax",
    'syntax = "proto2"; message M { }',
    'syntax = "proto2";\n\nmessage M {}\n',
    "\nmessage M {}\n",
  ],
  [
    "imports in order, each once",
    'import "b"; import "a"; import public "c"; import "a"; message M {}',
    '\nimport "b";\nimport "a";\nimport "a";\nimport public "c";\n\nmessage M {}\n',
    '\nimport "a";\nimport "b";\nimport public "c";\n\nmessage M {}\n',
  ],
  [
    "options in order",
    "option go_package = 'g'; option cc_enable_arenas = true; message M {}",
    '\noption go_package = "g";\noption cc_enable_arenas = true;\n\nmessage M {}\n',
    '\noption cc_enable_arenas = true;\noption go_package = "g";\n\nmessage M {}\n',
  ],
  [
    "texts in other quotes and in parts",
    `option java_package = 'it\\'s' "\\x41\\t"; message M {}`,
    '\noption java_package = "it\\\'sA\\t";\n\nmessage M {}\n',
    '\noption java_package = "it\\\'sA\\t";\n\nmessage M {}\n',
  ],
  [
    "numbers in other ways",
    "message M { reserved 0x10 to 16, 3; optional int32 a = 0x0A; extensions 100 to max; }",
    "\nmessage M {\n  reserved 16 to 16, 3;\n\n  optional int32 a = 10;\n\n  extensions 100 to max;\n}\n",
    "\nmessage M {\n  reserved 3;\n  reserved 16;\n\n  optional int32 a = 10;\n\n  extensions 100 to max;\n}\n",
  ],
  [
    "a default behind other options",
    "message M { optional double a = 1 [default = 1.50, deprecated = true]; }",
    "\nmessage M {\n  optional double a = 1 [\n    deprecated = true,\n    default = 1.50\n  ];\n}\n",
    "\nmessage M {\n  optional double a = 1 [\n    default = 1.5,\n    deprecated = true\n  ];\n}\n",
  ],
  [
    "groups behind fields",
    "message M { optional group G = 2 { optional string b = 2; optional string a = 1; } optional int32 c = 1; }",
    "\nmessage M {\n  optional int32 c = 1;\n\n  optional group G = 2 {\n    optional string b = 2;\n    optional string a = 1;\n  }\n}\n",
    "\nmessage M {\n  optional int32 c = 1;\n\n  optional group G = 2 {\n    optional string a = 1;\n    optional string b = 2;\n  }\n}\n",
  ],
  [
    "groups in groups and in extensions",
    "message M { optional group G = 1 { optional group H = 3 { } optional int32 b = 2; } extensions 9; } extend M { repeated group J = 9 { optional int32 c = 1; } }",
    "\nmessage M {\n  optional group G = 1 {\n    optional int32 b = 2;\n  \n    optional group H = 3 {}\n  }\n\n  extensions 9;\n}\n\nextend M {\n  repeated group J = 9 {\n    optional int32 c = 1;\n  }\n}\n",
    "\nmessage M {\n  optional group G = 1 {\n    optional int32 b = 2;\n  \n    optional group H = 3 {}\n  }\n\n  extensions 9;\n}\n\nextend .M {\n  repeated group J = 9 {\n    optional int32 c = 1;\n  }\n}\n",
  ],
  [
    "reserved names in editions",
    `edition = "2023"; message M { reserved old, a; reserved 7; } enum E { reserved B; A = 0; }`,
    'edition = "2023";\n\nmessage M {\n  reserved old, a;\n  reserved 7;\n}\nenum E {\n  reserved B;\n  A = 0;\n}\n',
    'edition = "2023";\n\nmessage M {\n  reserved 7;\n  reserved a;\n  reserved old;\n}\nenum E {\n  reserved B;\n  A = 0;\n}\n',
  ],
  [
    "services",
    "message M {} service S { rpc A(M) returns (stream M) {} rpc B (stream M) returns (M) { option deprecated = true; } }",
    "\nmessage M {}\n\nservice S {\n  rpc A (M) returns (stream M);\n  rpc B (stream M) returns (M) {\n    option deprecated = true;\n  };\n}\n",
    "\nmessage M {}\n\nservice S {\n  rpc A (.M) returns (stream .M);\n  rpc B (stream .M) returns (.M) {\n    option deprecated = true;\n  };\n}\n",
  ],
  [
    "map entries as messages",
    "message M { repeated .M.E m = 1; message E { option map_entry = true; string key = 1; M value = 2; } }",
    "\nmessage M {\n  repeated .M.E m = 1;\n\n  message E {\n    option map_entry = true;\n  \n    string key = 1;\n    M value = 2;\n  }\n}\n",
    "\nmessage M {\n  map<string, .M> m = 1;\n}\n",
  ],
  [
    "parts of a custom option are one",
    'extend google.protobuf.MessageOptions { T t = 5000; } message T { string a = 1; repeated int32 b = 2; } message M { option (t).b = 2; option (t) = { a: "x" b: [2, 1] }; }',
    '\nmessage T {\n  string a = 1;\n  repeated int32 b = 2;\n}\nmessage M {\n  option (t).b = 2;\n  option (t) = {\n    a: "x",\n    b: [\n      2,\n      1\n    ]\n  };\n}\n\nextend google.protobuf.MessageOptions {\n  T t = 5000;\n}\n',
    '\nmessage T {\n  string a = 1;\n  repeated int32 b = 2;\n}\nmessage M {\n  option (t) = {\n    a: "x",\n    b: [\n      2,\n      1\n    ]\n  };\n}\n\nextend .google.protobuf.MessageOptions {\n  .T t = 5000;\n}\n',
  ],
];

for (const [what, text, plain, sorted] of CASES)
  test(what, () => {
    assert.equal(canonical(text), plain);
    assert.equal(normalized(text), sorted);
  });

test("what is kept of groups and of editions is read again", () => {
  const cases = CASES.filter(([what]) => /groups in|editions/.test(what));
  assert.equal(cases.length, 2);
  for (const [, text, ...kept] of cases) for (const each of kept) assert.deepEqual(parseProtobuf(each).types, parseProtobuf(text).types);
  const quoted = `// edition = 3\nedition = "2023"; message M { /* reserved "x"; */ reserved "a", 'b' ; string s = 1 [default = "reserved 'c';"]; }`;
  assert.match(canonical(quoted), /reserved a, b;\n\n {2}string s = 1 \[default = "reserved \\'c\\';"\];/);
  assert.equal(parseProtobuf(quoted).types.size, 1);
});

test("types of other files are named in full", () => {
  const text = 'package p; import "n.proto"; message M { optional q.N n = 1; optional N own = 2; } message N {}';
  assert.match(normalized(text, "package p.q; message N {}"), /\.p\.q\.N n = 1;\n {2}optional \.p\.N own = 2;/);
});

for (const option of ["(a).(b.c).d = 1", "(a).b.c = 1", "a.b.c = X", 'features.(pb.cpp).string_type = "v"', "(a) = -inf", "(.a.b) = true"])
  test(`an option's name: ${option}`, () =>
    assert.equal(canonical(`option ${option}; message M {}`), `\noption ${option};\n\nmessage M {}\n`));

test("an option's value: lists, maps, extensions, texts in parts", () => {
  const text = `message M { optional int32 a = 1 [(x) = { a: [1, -2.5e3, "x" 'y', { b: T; c <d: 1> }] [e.f]: 0x1F, [g.h/i.J] { } a: 2 }]; }`;
  assert.equal(
    canonical(text).replaceAll(/\s+/g, " "),
    ' message M { optional int32 a = 1 [(x) = { a: [ 1, -2.5e3, "xy", { b: T, c: { d: 1 } }, 2 ], [e.f]: 0x1F, [g.h/i.J]: { } }]; } ',
  );
});

for (const [what, text] of [
  ["messages in messages", "message A {".repeat(10_000)],
  ["groups in groups", `message A {${"optional group G = 1 {".repeat(10_000)}`],
  ["lists in lists", `option a = ${"[".repeat(100_000)}`],
  ["maps in maps", `option a = ${"{a:".repeat(100_000)}`],
  ["an option of many parts", `option (a)${".b".repeat(100_000)} = 1;`],
  ["a comment without an end", `message M {} /${"*".repeat(100_000)}`],
  ["another syntax", 'syntax = "proto4"; message M {}'],
] as const)
  test(`refused: ${what}`, () => assert.throws(() => readProtoTree(text), { code: "INVALID_SCHEMA" }));

test("without extensions and custom options", () => {
  const text = `option (a) = 1; option java_package = "x"; message M { option (confluent.message_meta).doc = "d"; option (b).c = 1; extensions 5; extend M { optional int32 e = 5; }
    optional int32 f = 1 [(c) = "x", deprecated = true]; oneof o { option (d) = 1; int32 g = 2 [(e) = 1]; } enum E { option (f) = 1; A = 0 [(g) = 1]; } }
    extend M { optional int32 h = 5; } service S { option (i) = 1; rpc A (M) returns (M) { option (j) = 1; } }`;
  assert.equal(
    printProtoTree(withoutExtensions(readProtoTree(text))),
    canonical(`option java_package = "x"; message M { option (confluent.message_meta).doc = "d"; optional int32 f = 1 [deprecated = true];
      oneof o { int32 g = 2; } enum E { A = 0; } } service S { rpc A (M) returns (M); }`),
  );
});

for (const [what, text] of [
  ["a field's", "message M { optional N n = 1; }"],
  ["a call's", "message M {} service S { rpc A (M) returns (N); }"],
  ["an extended one", "message M {} extend N { optional int32 a = 1; }"],
] as const)
  test(`no normal form without a type: ${what}`, () => assert.throws(() => normalized(text), { code: "INVALID_SCHEMA" }));
