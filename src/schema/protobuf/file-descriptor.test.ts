import assert from "node:assert/strict";
import { test } from "node:test";
import { withoutCodeGeneration } from "../fixtures/without-code-generation.ts";
import { descriptorOfText, textOfDescriptor } from "./file-descriptor.ts";
import { protoLayout } from "./proto-text.ts";

const OTHER = 'syntax = "proto3"; package q; message N { int32 x = 1; } enum K { Z = 0; }';
const TEXTS: readonly (readonly [what: string, text: string, ...imported: string[]])[] = [
  [
    "scalars, repeated, optional",
    'syntax = "proto3"; package p; message M { string a = 1; repeated int64 b = 2; optional bool c = 3; bytes d = 15; }',
  ],
  [
    "oneofs and maps",
    'syntax = "proto3"; package p; message M { map<string, N> m = 3; oneof o { int32 i = 1; N n = 2; } message N { double v = 1; } }',
  ],
  ["enums and recursion", 'syntax = "proto3"; message M { E e = 1; M next = 2; } enum E { A = 0; B = 5; }'],
  ["proto2", 'syntax = "proto2"; package p; message M { required string a = 1; optional int32 b = 2 [default = 7]; }'],
  ["imports", 'syntax = "proto3"; package p; import "o.proto"; message M { q.N n = 1; q.K k = 2; }', OTHER],
  [
    "well-known types",
    'syntax = "proto3"; package p; import "google/protobuf/timestamp.proto"; message M { google.protobuf.Timestamp t = 1; }',
  ],
];

/** Descriptors name types in full. */
const withoutScopes = (text: string): string => protoLayout(text).replace(/(?<=[\s<])\.?((?:\w+\.)+)(?=\w+[> ])/g, "");

for (const [what, text, ...imported] of TEXTS)
  test(`text to descriptor and back: ${what}`, () => {
    const base64 = descriptorOfText(text, imported);
    const back = textOfDescriptor(base64);
    assert.equal(withoutScopes(back!), withoutScopes(text));
    assert.equal(descriptorOfText(back!, imported), base64);
  });

test("a descriptor of several hundred kilobytes", () => {
  const fields = Array.from({ length: 8000 }, (_, at) => `string a_field_with_quite_a_long_name_${at} = ${at + 1};`).join(" ");
  const text = `syntax = "proto3"; message M { ${fields} }`;
  const base64 = descriptorOfText(text, []);
  assert.ok(base64.length > 400_000);
  assert.equal(withoutScopes(textOfDescriptor(base64)!), withoutScopes(text));
});

test("texts are not taken for descriptors, broken descriptors are told", () => {
  assert.equal(textOfDescriptor('syntax = "proto3"; message M { }'), undefined);
  assert.throws(() => textOfDescriptor(btoa("\u00ff\u00ff\u00ff")), { code: "INVALID_SCHEMA" });
});

test("the same where the platform disallows generated code", () => {
  const own = 'syntax = "proto3"; message A { repeated int32 a = 1 [packed = false, deprecated = true]; map<int32, A> m = 2; optional string b = 4 [json_name = "B"]; reserved 7, 9 to 12; enum E { option allow_alias = true; X = 0; Y = 0; } E e = 5; } service S { rpc R (A) returns (stream A); }'; // prettier-ignore
  const texts = [...TEXTS.map(([, text, ...imported]) => [text, imported] as const), [own, []] as const];
  const script = `
    import { descriptorOfText, textOfDescriptor } from "./file-descriptor.ts";
    const made = ${JSON.stringify(texts)}.map(([text, imported]) => descriptorOfText(text, imported));
    console.log(JSON.stringify(made.map((base64) => [base64, textOfDescriptor(base64)])));`;
  const stdout = withoutCodeGeneration(script, import.meta.dirname);
  const here = texts.map(([text, imported]) => descriptorOfText(text, imported)).map((base64) => [base64, textOfDescriptor(base64)]);
  assert.deepEqual(JSON.parse(stdout), here);
});
