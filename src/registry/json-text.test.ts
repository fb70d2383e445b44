// The text under which a JSON Schema is kept: equal documents have equal texts, and so equal ids, however they are written.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SchemaParseError } from "../schema/incompatibility.ts";
import { parseJsonSchemaText } from "./json-schema-format.ts";
import { jsonText } from "./json-text.ts";

test("space goes, strings keep theirs", () => {
  assert.equal(jsonText(' { "a b" : [ 1 , "x  y" ] ,\n\t"c" : { } , "d" : [ ] } ', false), '{"a b":[1,"x  y"],"c":{},"d":[]}');
});

test("only what JSON does not let stand is escaped", () => {
  const written = String.raw`"a\u00e9\/\u0041\ud83d\ude00\u2028\u007f<&>'"`;
  assert.equal(jsonText(written, false), `"aé/A😀\u2028\u007f<&>'"`);
  assert.equal(
    jsonText(String.raw`"\u0022\u005c\u0008\u0009\u000a\u000c\u000d\u0000\u001b"`, false),
    String.raw`"\"\\\b\t\n\f\r\u0000\u001B"`,
  );
});

for (const [written, kept] of [
  ["1", "1"],
  ["-0", "0"],
  ["100000000000000000000", "100000000000000000000"],
  ["1.0", "1.0"],
  ["0.10", "0.10"],
  ["-0.0", "0.0"],
  ["0.000001", "0.000001"],
  ["0.0000001", "1E-7"],
  ["1e3", "1E+3"],
  ["1.50e2", "150"],
  ["1.5E2", "1.5E+2"],
  ["12.5e-3", "0.0125"],
  ["-1.25e-9", "-1.25E-9"],
  ["1e0", "1"],
  ["1e400", "1E+400"],
  ["12345678901234567890.123", "12345678901234567890.123"],
] as const)
  test(`the number ${written} is kept as ${kept}`, () => assert.equal(jsonText(`[${written}]`, false), `[${kept}]`));

test("members stay in their order, whole numbers and __proto__, too; of names given twice the last value", () => {
  assert.equal(jsonText('{"b":1,"10":2,"9":3,"__proto__":4,"b":5}', false), '{"b":5,"10":2,"9":3,"__proto__":4}');
});

test("normalised they stand by name, in the order of UTF-16", () => {
  assert.equal(jsonText('{"b":{"z":1,"y":2},"10":2,"9":3,"é":4,"B":5,"":6}', true), '{"":6,"10":2,"9":3,"B":5,"b":{"y":2,"z":1},"é":4}');
});

test("the text says the same, and has itself as its text", () => {
  const seed = process.env["MILLRACE_SEED"] === undefined ? {} : { seed: Number(process.env["MILLRACE_SEED"]) };
  fc.assert(
    fc.property(fc.json({ maxDepth: 5 }), fc.boolean(), (written, sorted) => {
      const kept = jsonText(written, sorted);
      assert.deepEqual(JSON.parse(kept), JSON.parse(written));
      assert.equal(jsonText(kept, sorted), kept);
    }),
    { ...seed, numRuns: 300 },
  );
});

test("a thousand levels, and no more", () => {
  const nested = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);
  assert.equal(jsonText(nested(1000), false), nested(1000));
  assert.throws(() => jsonText(nested(100_000), false), SchemaParseError);
});

const parsed = (text: string): string => parseJsonSchemaText(text, [], { rules: true, names: true }).canonical;
const D4 = '"$schema":"http://json-schema.org/draft-04/schema#"';
const D20 = '"$schema":"https://json-schema.org/draft/2020-12/schema"';

for (const [text, where] of [
  ['{"title":1}', "#/title"],
  ['{"properties":{"a":{"format":{}}}}', "#/properties/a/format"],
  ['{"$ref":1}', "#/$ref"],
  ['{"uniqueItems":1}', "#/uniqueItems"],
  ['{"multipleOf":0}', "#/multipleOf"],
  ['{"exclusiveMaximum":true,"maximum":3}', "#/exclusiveMaximum"],
  [`{${D4},"exclusiveMaximum":3}`, "#/exclusiveMaximum"],
  [`{${D20},"items":[{"type":"string"}]}`, "#/items"],
  ['{"dependencies":{"a":1}}', "#/dependencies/a"],
  ['{"pattern":"["}', "#/pattern"],
  ['{"patternProperties":{"(":{}}}', "#/patternProperties"],
  ['{"properties":{"a":1}}', "#/properties/a"],
] as const)
  test(`${text} is refused`, () => assert.throws(() => parsed(text), new RegExp(`JSON Schema at ${where.replace(/[$/]/g, "\\$&")}:`)));

const S = '{"type":"string"}';
const refers = (to: string, more = ""): string => `{"type":"object","properties":{"p":{"$ref":"${to}"}}${more}}`;
const ID = ',"$id":"http://acme.example/dir/root.json"';

for (const [what, text, name] of [
  ["by its name", refers("other.json"), "other.json"],
  ["by its name from here", refers("./other.json"), "other.json"],
  ["by its name, from the own address", refers("other.json", ID), "other.json"],
  ["by its address, from the own one", refers("http://acme.example/dir/other.json", ID), "other.json"],
  ["by its address alone", refers("other.json", ID), "http://acme.example/dir/other.json"],
  ["inside, by its address", refers("http://acme.example/dir/item.json", `${ID},"definitions":{"x":{"$id":"item.json"}}`), "none"],
  [
    "inside, from its address on",
    refers("item.json#/properties/q", `,"definitions":{"x":{"$id":"item.json","properties":{"q":${S}}}}`),
    "none",
  ],
  ["at a place that no keyword has", refers("#/components/a", `,"components":{"a":${S}}`), "none"],
] as const)
  test(`a reference leads to a schema ${what}`, () => {
    const references = [{ name, schema: S, references: [] }];
    assert.ok(parseJsonSchemaText(text, references, { rules: true, names: true }).canonical.length > 0);
  });

test("what refers to nothing is refused where something reaches it, since draft 2019-09 anywhere", () => {
  const unused = '"definitions":{"a":{"$ref":"#/definitions/none"}}';
  assert.equal(parsed(`{"type":"string",${unused}}`), `{"type":"string",${unused}}`);
  assert.throws(() => parsed(`{"$ref":"#/definitions/a",${unused}}`), SchemaParseError);
  assert.throws(() => parsed(`{${D20},"type":"string",${unused}}`), SchemaParseError);
  assert.throws(() => parsed(refers("other.json")), SchemaParseError);
});

test("a chain of ten thousand references", () => {
  const links = Array.from({ length: 10_000 }, (_, i) => `"d${i}":{"$ref":"#/definitions/d${i + 1}"}`);
  assert.ok(parsed(`{"$ref":"#/definitions/d0","definitions":{${links.join(",")},"d10000":${S}}}`).length > 0);
});

for (const text of [
  `{${D4},"exclusiveMaximum":true,"maximum":3}`,
  '{"definitions":{"version":1,"a":{"type":"string"}},"$ref":"#/definitions/a"}',
  '{"pattern":"(?i)[a-z]++\\\\Z"}',
  '{"pattern":"[a-z&&[^b]]"}',
  '{"const":null,"examples":[1],"nullable":true}',
  `{${D20},"items":true,"prefixItems":[{"type":"string"}]}`,
])
  test(`${text} is taken`, () => assert.equal(parsed(text), text));
