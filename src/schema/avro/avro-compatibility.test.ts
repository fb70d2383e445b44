// Verdicts by hand: can the reader (left) read what was written with the writer (right)? And the text forms that decide about ids.
import assert from "node:assert/strict";
import { test } from "node:test";
import { avroIncompatibilities } from "./avro-compatibility.ts";
import { avroText } from "./avro-text.ts";
import { parseAvro } from "./parse-avro.ts";

const parse = (schema: unknown) => parseAvro(JSON.stringify(schema)).schema;
const types = (reader: unknown, writer: unknown): string[] => avroIncompatibilities(parse(reader), parse(writer)).map(({ type }) => type);
const rec = (name: string, ...fields: readonly unknown[]): object => ({ type: "record", name, fields });
const f = (name: string, type: unknown, more: object = {}): object => ({ name, type, ...more });
const en = (name: string, symbols: string, more: object = {}): object => ({ type: "enum", name, symbols: symbols.split(" "), ...more });
const fx = (name: string, size: number, more: object = {}): object => ({ type: "fixed", name, size, ...more });
const ar = (items: unknown): object => ({ type: "array", items });
const mp = (values: unknown): object => ({ type: "map", values });

const SIMPLE = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"] as const;
/** Rows: reader; columns: writer, in SIMPLE's order. */
const READS: Readonly<Record<(typeof SIMPLE)[number], string>> = {
  null: "x.......",
  boolean: ".x......",
  int: "..x.....",
  long: "..xx....",
  float: "..xxx...",
  double: "..xxxx..",
  bytes: "......xx",
  string: "......xx",
};

test("primitive types: who reads whom, alone, in arrays, maps and unions", () => {
  for (const reader of SIMPLE)
    SIMPLE.forEach((writer, column) => {
      const expected = READS[reader][column] === "x";
      const verdict = (r: unknown, w: unknown): boolean => types(r, w).length === 0;
      assert.equal(verdict(reader, writer), expected, `${reader} reads ${writer}`);
      assert.equal(verdict(ar(reader), ar(writer)), expected, `array of ${reader} reads array of ${writer}`);
      assert.equal(verdict(mp(reader), mp(writer)), expected, `map of ${reader} reads map of ${writer}`);
      assert.equal(verdict([reader, ar("boolean")], writer), expected, `a union with ${reader} reads ${writer}`);
      assert.equal(verdict(reader, [writer]), expected, `${reader} reads a union of ${writer}`);
    });
});

type Case = readonly [what: string, reader: unknown, writer: unknown, ...expected: string[]];

const BASE = rec("R", f("a", "string"));
const CASES: readonly Case[] = [
  // records
  ["the same", BASE, BASE],
  ["a new field with a default", rec("R", f("a", "string"), f("b", "int", { default: 0 })), BASE],
  ["a new field without", rec("R", f("a", "string"), f("b", "int")), BASE, "READER_FIELD_MISSING_DEFAULT_VALUE"],
  [
    "two new fields without",
    rec("R", f("a", "string"), f("b", "int"), f("c", "int")),
    BASE,
    "READER_FIELD_MISSING_DEFAULT_VALUE",
    "READER_FIELD_MISSING_DEFAULT_VALUE",
  ],
  ["a new nullable field with default null", rec("R", f("a", "string"), f("b", ["null", "int"], { default: null })), BASE],
  ["a new nullable field without", rec("R", f("a", "string"), f("b", ["null", "int"])), BASE, "READER_FIELD_MISSING_DEFAULT_VALUE"],
  ["a new array with an empty default", rec("R", f("a", "string"), f("b", ar("int"), { default: [] })), BASE],
  ["a new map with an empty default", rec("R", f("a", "string"), f("b", mp("int"), { default: {} })), BASE],
  ["a new enum whose type has a default", rec("R", f("a", "string"), f("b", en("E", "X Y", { default: "X" }))), BASE],
  ["a new enum whose type has none", rec("R", f("a", "string"), f("b", en("E", "X Y"))), BASE, "READER_FIELD_MISSING_DEFAULT_VALUE"],
  ["a field gone", rec("R"), BASE],
  ["fields in another order", rec("R", f("b", "int"), f("a", "string")), rec("R", f("a", "string"), f("b", "int"))],
  ["a field renamed", rec("R", f("z", "string")), BASE, "READER_FIELD_MISSING_DEFAULT_VALUE"],
  ["a field renamed with an alias", rec("R", f("z", "string", { aliases: ["a"] })), BASE],
  [
    "an alias in the writer does not help",
    rec("R", f("z", "string")),
    rec("R", f("a", "string", { aliases: ["z"] })),
    "READER_FIELD_MISSING_DEFAULT_VALUE",
  ],
  ["an alias of another name", rec("R", f("z", "string", { aliases: ["y"] })), BASE, "READER_FIELD_MISSING_DEFAULT_VALUE"],
  ["a field's type promoted", rec("R", f("a", "long")), rec("R", f("a", "int"))],
  ["a field's type narrowed", rec("R", f("a", "int")), rec("R", f("a", "long")), "TYPE_MISMATCH"],
  ["a field string to bytes", rec("R", f("a", "bytes")), BASE],
  ["a field string to int", rec("R", f("a", "int")), BASE, "TYPE_MISMATCH"],
  ["a field made nullable", rec("R", f("a", ["null", "string"])), BASE],
  ["a nullable field made plain", BASE, rec("R", f("a", ["null", "string"])), "TYPE_MISMATCH"],
  ["doc and order changed", rec("R", f("a", "string", { doc: "new", order: "ignore" })), BASE],
  ["a default changed", rec("R", f("a", "string", { default: "x" })), rec("R", f("a", "string", { default: "y" }))],
  ["a default taken away", BASE, rec("R", f("a", "string", { default: "y" }))],
  // names
  ["another record name", rec("S", f("a", "string")), BASE, "NAME_MISMATCH"],
  ["another record name with an alias", { ...rec("S", f("a", "string")), aliases: ["R"] }, BASE],
  ["the alias in the writer", rec("S", f("a", "string")), { ...BASE, aliases: ["S"] }, "NAME_MISMATCH"],
  ["another namespace", { ...BASE, namespace: "x" }, { ...BASE, namespace: "y" }],
  ["a namespace added", { ...BASE, namespace: "x" }, BASE],
  ["a name with a namespace in it", rec("x.y.R", f("a", "string")), { ...BASE, namespace: "x.y" }],
  ["an alias with a namespace", { ...rec("S", f("a", "string")), aliases: ["x.R"] }, { ...BASE, namespace: "x" }],
  [
    "an alias without the writer's namespace",
    { ...rec("S", f("a", "string")), aliases: ["R"] },
    { ...BASE, namespace: "x" },
    "NAME_MISMATCH",
  ],
  ["another enum name", en("F", "A"), en("E", "A"), "NAME_MISMATCH"],
  ["another enum name with an alias", en("F", "A", { aliases: ["E"] }), en("E", "A")],
  ["another fixed name", fx("G", 4), fx("F", 4), "NAME_MISMATCH"],
  ["name and field wrong", rec("S", f("z", "string")), BASE, "NAME_MISMATCH", "READER_FIELD_MISSING_DEFAULT_VALUE"],
  // enums
  ["an enum symbol more", en("E", "A B"), en("E", "A")],
  ["an enum symbol less", en("E", "A"), en("E", "A B"), "MISSING_ENUM_SYMBOLS"],
  ["an enum symbol less with a default", en("E", "A", { default: "A" }), en("E", "A B")],
  ["the default in the writer does not help", en("E", "A"), en("E", "A B", { default: "A" }), "MISSING_ENUM_SYMBOLS"],
  ["enum symbols in another order", en("E", "B A"), en("E", "A B")],
  ["disjoint enums", en("E", "C"), en("E", "A B"), "MISSING_ENUM_SYMBOLS"],
  ["an enum and a string", "string", en("E", "A"), "TYPE_MISMATCH"],
  ["a string and an enum", en("E", "A"), "string", "TYPE_MISMATCH"],
  // fixed
  ["fixed of the same size", fx("F", 8), fx("F", 8)],
  ["fixed of another size", fx("F", 8), fx("F", 16), "FIXED_SIZE_MISMATCH"],
  ["fixed and bytes", "bytes", fx("F", 8), "TYPE_MISMATCH"],
  ["bytes and fixed", fx("F", 8), "bytes", "TYPE_MISMATCH"],
  // logical types do not count
  ["a logical type added", { type: "long", logicalType: "timestamp-millis" }, "long"],
  ["a logical type taken away", "int", { type: "int", logicalType: "date" }],
  ["another logical type", { type: "long", logicalType: "timestamp-micros" }, { type: "long", logicalType: "timestamp-millis" }],
  [
    "another scale",
    { type: "bytes", logicalType: "decimal", precision: 9, scale: 2 },
    { type: "bytes", logicalType: "decimal", precision: 9, scale: 3 },
  ],
  ["a uuid and its string", { type: "string", logicalType: "uuid" }, "string"],
  // unions
  ["a union with a branch more", ["null", "int", "string"], ["null", "int"]],
  ["a union with a branch less", ["null", "int"], ["null", "int", "string"], "MISSING_UNION_BRANCH"],
  ["a union in another order", ["int", "null"], ["null", "int"]],
  ["a union's branch promoted", ["null", "long"], ["null", "int"]],
  ["a union's branch narrowed", ["null", "int"], ["null", "long"], "MISSING_UNION_BRANCH"],
  ["two branches less", ["null"], ["null", "int", "boolean"], "MISSING_UNION_BRANCH", "MISSING_UNION_BRANCH"],
  ["a plain reader of a union it takes whole", "double", ["int", "long", "float"]],
  ["a plain reader of a union it takes in part", "long", ["int", "float"], "TYPE_MISMATCH"],
  ["a plain reader of a union it takes nothing of", "boolean", ["int", "float"], "TYPE_MISMATCH", "TYPE_MISMATCH"],
  ["a union reads a record of its branch", ["null", BASE], BASE],
  ["a union reads a record with another name", ["null", rec("S", f("a", "string"))], BASE, "MISSING_UNION_BRANCH"],
  [
    "a record of a union changed for the worse",
    ["null", rec("R", f("a", "string"), f("b", "int"))],
    ["null", BASE],
    "MISSING_UNION_BRANCH",
  ],
  ["a record of a union changed for the better", ["null", rec("R", f("a", "string"), f("b", "int", { default: 1 }))], ["null", BASE]],
  ["an empty union reads an empty union", [], []],
  ["an empty union reads nothing", [], "int", "MISSING_UNION_BRANCH"],
  // containers
  ["an array and its item", "int", ar("int"), "TYPE_MISMATCH"],
  ["an item and its array", ar("int"), "int", "TYPE_MISMATCH"],
  ["an array and a map", mp("int"), ar("int"), "TYPE_MISMATCH"],
  ["arrays of arrays", ar(ar("long")), ar(ar("int"))],
  ["arrays of arrays narrowed", ar(ar("int")), ar(ar("long")), "TYPE_MISMATCH"],
  ["maps of records", mp(rec("R", f("a", "string"), f("b", "int", { default: 0 }))), mp(BASE)],
  ["maps of records without default", mp(rec("R", f("a", "string"), f("b", "int"))), mp(BASE), "READER_FIELD_MISSING_DEFAULT_VALUE"],
  ["an array's items made nullable", ar(["null", "int"]), ar("int")],
  ["an array's items made plain", ar("int"), ar(["null", "int"]), "TYPE_MISMATCH"],
  // depth
  [
    "a nested field without default",
    rec("R", f("n", rec("N", f("x", "int"), f("y", "int")))),
    rec("R", f("n", rec("N", f("x", "int")))),
    "READER_FIELD_MISSING_DEFAULT_VALUE",
  ],
  [
    "a nested field with default",
    rec("R", f("n", rec("N", f("x", "int"), f("y", "int", { default: 0 })))),
    rec("R", f("n", rec("N", f("x", "int")))),
  ],
  ["a record becomes a string", rec("R", f("n", "string")), rec("R", f("n", rec("N"))), "TYPE_MISMATCH"],
  ["a type used twice", rec("R", f("x", rec("N", f("v", "long"))), f("y", "N")), rec("R", f("x", rec("N", f("v", "int"))), f("y", "N"))],
  // recursion
  ["a list", rec("L", f("v", "int"), f("next", ["null", "L"])), rec("L", f("v", "int"), f("next", ["null", "L"]))],
  ["a list promoted", rec("L", f("v", "long"), f("next", ["null", "L"])), rec("L", f("v", "int"), f("next", ["null", "L"]))],
  [
    "a list narrowed",
    rec("L", f("v", "int"), f("next", ["null", "L"])),
    rec("L", f("v", "long"), f("next", ["null", "L"])),
    "TYPE_MISMATCH",
  ],
  ["a tree", rec("T", f("children", ar("T")), f("name", "string", { default: "" })), rec("T", f("children", ar("T")))],
  [
    "a tree that wants more",
    rec("T", f("children", ar("T")), f("name", "string")),
    rec("T", f("children", ar("T"))),
    "READER_FIELD_MISSING_DEFAULT_VALUE",
  ],
];

for (const [what, reader, writer, ...expected] of CASES)
  test(`${what}: ${expected.length === 0 ? "compatible" : expected.join(", ")}`, () => assert.deepEqual(types(reader, writer), expected));

test("a finding names the place and both definitions", () => {
  const reader = parse(rec("R", f("n", rec("N", f("x", "int")))));
  const writer = parse(rec("R", f("n", rec("N", f("x", "string")))));
  const [found] = avroIncompatibilities(reader, writer);
  assert.deepEqual([found!.path, found!.reader, found!.writer], ["/fields/0/type/fields/0/type", '"int"', '"string"']);
});

test("types that are used twice on each of many levels", () => {
  const level = (depth: number, type: string): object =>
    depth === 0 ? rec("R0", f("a", type)) : rec(`R${depth}`, f("a", level(depth - 1, type)), f("b", `R${depth - 1}`));
  assert.equal(types(level(40, "long"), level(40, "int")).length, 0);
  assert.equal(types(level(40, "int"), level(40, "long")).length, 1000);
});

const same = (schema: unknown): unknown => JSON.parse(avroText(parse(schema), "plain"));

test("the text that is stored: members in Avro's order, names as short as can be, numbers as they were written", () => {
  assert.equal(avroText(parse({ type: "string" }), "plain"), '"string"');
  assert.deepEqual(same({ type: "record", name: "a.b.R", fields: [] }), { type: "record", name: "R", namespace: "a.b", fields: [] });
  const nested = rec("a.R", f("x", rec("a.N")), f("y", "a.N"), f("z", rec("b.N")));
  assert.equal(
    avroText(parse(nested), "plain"),
    '{"type":"record","name":"R","namespace":"a","fields":[{"name":"x","type":{"type":"record","name":"N","fields":[]}},' +
      '{"name":"y","type":"N"},{"name":"z","type":{"type":"record","name":"N","namespace":"b","fields":[]}}]}',
  );
  const text =
    '{"name":"R","doc":"d","fields":[{"default":9223372036854775807,"name":"n","type":"long"},{"name":"d","type":"double","default":1.0}],"type":"record"}';
  assert.equal(
    avroText(parseAvro(text).schema, "plain"),
    '{"type":"record","name":"R","doc":"d","fields":[{"name":"n","type":"long","default":9223372036854775807},{"name":"d","type":"double","default":1.0}]}',
  );
});

test("texts that mean the same are one when normalised", () => {
  const forms = [
    { type: "record", name: "R", namespace: "a", fields: [{ name: "x", type: { type: "long", b: 1, a: 2 } }] },
    { fields: [{ type: { a: 2, b: 1, type: "long" }, name: "x" }], name: "a.R", type: "record" },
  ].map((form) => avroText(parse(form), "normalized"));
  assert.equal(forms[0], forms[1]);
});

const REFUSED: readonly (readonly [what: string, schema: unknown, reason: RegExp])[] = [
  ["an unknown type", "strin", /no type "strin"/],
  ["a record without fields", { type: "record", name: "R" }, /no "fields"/],
  ["a record without a name", { type: "record", fields: [] }, /no "name"/],
  ["a name with a dash", rec("a-b"), /is no name/],
  ["a field twice", rec("R", f("a", "int"), f("a", "int")), /"a" twice/],
  ["a type defined twice", rec("R", f("a", rec("N")), f("b", rec("N"))), /defined twice/],
  ["a union in a union", [["int"]], /another union/],
  ["a union with a type twice", ["int", "int"], /int twice/],
  ["an enum with a symbol twice", en("E", "A A"), /a symbol twice/],
  ["an enum default that is no symbol", en("E", "A", { default: "B" }), /no symbol/],
  ["a fixed without a size", { type: "fixed", name: "F" }, /no "size"/],
  ["an array without items", { type: "array" }, /no "items"/],
  ["a default of another type", rec("R", f("a", "int", { default: "x" })), /does not fit/],
  ["a default out of range", rec("R", f("a", "int", { default: 2147483648 })), /does not fit/],
  ["a number as a type", 5, /expected a type/],
];

for (const [what, schema, reason] of REFUSED) test(`refused: ${what}`, () => assert.throws(() => parse(schema), reason));

test("what differs in thousands of fields, symbols or branches is found in linear time", () => {
  const many = (name: string, count: number, make: (name: string) => unknown) => Array.from({ length: count }, (_, n) => make(name + n));
  const fields = (name: string) => rec("R", ...many(name, 4000, (each) => f(each, "string")));
  const symbols = (name: string) => ({ type: "enum", name: "E", symbols: many(name, 20_000, (each) => each) });
  const union = (name: string) => many(name, 300, (each) => rec(each, f("a", "int")));
  const from = process.cpuUsage();
  for (const [make, count] of [
    [fields, 1000],
    [symbols, 1],
    [union, 300],
  ] as const)
    // prettier-ignore
    assert.equal(avroIncompatibilities(parse(make("a")), parse(make("b"))).length, count);
  const { user, system } = process.cpuUsage(from);
  assert.ok(user + system < 3_000_000, `${(user + system) / 1000} ms`); // CPU time: 0.5 s alone
});
