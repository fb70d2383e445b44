// What users of each library write: taken as the type that it is, or refused with where it stands and what to write instead; never "anything".
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Type as Old } from "@sinclair/typebox";
import { scope, type as ark } from "arktype";
import { Schema as E } from "effect";
import { Type } from "typebox";
import * as v from "valibot";
import * as z from "zod";
import { valueCheckOf } from "../value-check.ts";
import type { TypeInfo } from "../type-info.ts";
import { schemaFrom } from "./foreign-schema.ts";

/** As TypeScript has them: the numbers' names are values, too. */
const Numbers = { A: 0, B: 5, 0: "A", 5: "B" } as const;
const Texts = { A: "a", B: "b" } as const;

function show(type: TypeInfo): string {
  switch (type.kind) {
    case "optional":
      return `${show(type.of)}?`;
    case "array":
      return `${show(type.of)}[]`;
    case "map":
      return `map<${show(type.key)}, ${show(type.value)}>`;
    case "union":
      return `(${type.of.map(show).join(" | ")})`;
    case "literal":
      return type.values.map((value) => `'${value}'`).join("|");
    case "record":
      return `{${type.fields.map(({ name, type: of }) => `${name}: ${show(of)}`).join(", ")}}`;
    default:
      return ("logical" in type ? type.logical : undefined) ?? type.kind;
  }
}

const CHANGES = /^ at x: it changes the value while it checks\. Instead: take the value as it is written/;
const DEFAULT = /^ at x: it has a default, .* Instead: make it optional/;
const ITSELF = /it holds itself, which a type cannot\. Instead: limit the depth/;
const TUPLE = /^ at x: it is a tuple\. Instead: use an object/;
const ANYTHING = /: it allows anything\. Instead: say what it is/;
const APART = /cannot be told apart.* Instead: make them differ/;
const NEVER = /^ at x: it is never there\. Instead: make it optional/;
const BOTH = /it is an intersection\. Instead: say it as one object/;
const NO_DATA = /^ at x: it is no data\. Instead: leave it out/;
const BESIDE = /it has fields and others beside them\. Instead: put the others/;
const A_DATE = /^ at x: it is a Date object\. Instead: use a number of milliseconds/;
const A_SET = /^ at x: it is a Set\. Instead: use an array/;

type Row = readonly [what: string, schema: unknown, expected: string | RegExp];
const zx = (x: z.ZodType): unknown => z.object({ x });
const Recursive: z.ZodType = z.object({ get x() { return Recursive.optional(); } }); // prettier-ignore

const ZOD: readonly Row[] = [
  ["formats", z.object({ a: z.email(), b: z.uuid(), c: z.iso.datetime(), d: z.url(), e: z.string().uuid() }), "{a: string, b: uuid, c: string, d: string, e: uuid}"],
  ["numbers", z.object({ a: z.int(), b: z.int32(), c: z.float32(), d: z.number().min(1), e: z.bigint(), f: z.uint32() }), "{a: long, b: int, c: float, d: double, e: bigint, f: long}"],
  ["a numeric enum", zx(z.enum(Numbers)), "{x: long}"],
  ["an enum of texts", zx(z.enum(Texts)), "{x: 'a'|'b'}"],
  ["literals", z.object({ a: z.literal("q"), b: z.literal([1, 2]), c: z.literal(true), d: z.literal(5n) }), "{a: 'q', b: long, c: boolean, d: bigint}"],
  ["mixed literals", zx(z.literal(["a", 1])), /^ at x: it is one of several values of different types\. Instead/],
  ["absence", z.object({ a: z.string().optional(), b: z.string().nullable(), c: z.string().nullish(), d: z.exactOptional(z.string()) }), "{a: string?, b: string?, c: string?, d: string?}"],
  ["partial, pick, required", z.object({ a: z.int().optional(), b: z.string() }).partial().required({ a: true }), "{a: long, b: string?}"],
  ["a default", zx(z.string().default("a")), DEFAULT],
  ["a catch", zx(z.string().catch("a")), DEFAULT],
  ["a transform", zx(z.string().transform((text) => text.length)), CHANGES],
  ["a pipe", zx(z.string().pipe(z.string())), CHANGES],
  ["a preprocess", zx(z.preprocess((given) => given, z.string())), CHANGES],
  ["a codec", zx(z.codec(z.string(), z.number(), { decode: Number, encode: String })), CHANGES],
  ["coercion", zx(z.coerce.number()), CHANGES],
  ["trim", zx(z.string().trim()), CHANGES],
  ["refinements", z.object({ x: z.string().refine((text) => text !== ""), y: z.array(z.int()).superRefine(() => {}) }), "{x: string, y: long[]}"],
  ["brands and readonly", z.object({ x: z.string().brand<"X">(), y: z.array(z.int()).readonly() }), "{x: string, y: long[]}"],
  ["lazy", zx(z.lazy(() => z.object({ a: z.int() }))), "{x: {a: long}}"],
  ["recursion", Recursive, ITSELF],
  ["JSON", zx(z.json()), ITSELF],
  ["records and maps", z.object({ a: z.record(z.string(), z.int()), b: z.map(z.int(), z.string()) }), "{a: map<string, long>, b: map<long, string>}"],
  ["a record of an enum", zx(z.record(z.enum(["a"]), z.int())), /^ at x: its keys are not any text\. Instead: use an object with a field for each key/],
  ["a tuple", zx(z.tuple([z.int(), z.string()])), TUPLE],
  ["what is no schema", zx(z.array({ a: z.string() } as never)), /^ at x\[\]: it is no schema of Zod\. Instead: use one/],
  ["a date", zx(z.date()), A_DATE],
  ["a set", zx(z.set(z.int())), A_SET],
  ["bytes", zx(z.instanceof(Uint8Array)), "{x: bytes}"],
  ["a class", zx(z.instanceof(RegExp)), /^ at x: only a function knows what it is\. Instead: use a type and refine it/],
  ["an intersection", zx(z.object({ a: z.int() }).and(z.object({ b: z.int() }))), BOTH],
  ["a discriminated union", z.discriminatedUnion("k", [z.object({ k: z.enum(["a", "c"]), n: z.int() }), z.object({ k: z.literal("b") })]), "({k: 'a'|'c', n: long} | {k: 'b'})"],
  ["one told apart by numbers", z.discriminatedUnion("k", [z.object({ k: z.literal(1) }), z.object({ k: z.literal(2) })]), APART],
  ["a union of scalars", zx(z.union([z.string(), z.number(), z.null()])), "{x: (string | double)?}"],
  ["a union of objects", zx(z.union([z.object({ a: z.int() }), z.object({ b: z.int() })])), APART],
  ["unknown inside of an array", z.object({ x: z.array(z.unknown()) }), /^ at x\[\]: it allows anything/],
  ["any in a record", z.record(z.string(), z.any()), ANYTHING],
  ["never", zx(z.never()), NEVER],
  ["a symbol", zx(z.symbol()), NO_DATA],
  ["a file", zx(z.file()), NO_DATA],
  ["others beside", z.looseObject({ x: z.int() }), BESIDE],
  ["closed", z.strictObject({ x: z.int() }), "{x: long}"],
  ["names of JavaScript's", z.object({ ["__proto__"]: z.int(), constructor: z.string() }), "{__proto__: long, constructor: string}"],
]; // prettier-ignore

const vx = (x: v.GenericSchema): unknown => v.object({ x });
const VALIBOT: readonly Row[] = [
  ["formats", v.object({ a: v.pipe(v.string(), v.email()), b: v.pipe(v.string(), v.uuid()), c: v.pipe(v.number(), v.integer()), d: v.bigint() }), "{a: string, b: uuid, c: long, d: bigint}"],
  ["a numeric enum", vx(v.enum(Numbers)), "{x: long}"],
  ["an enum of texts", vx(v.enum(Texts)), "{x: 'a'|'b'}"],
  ["literals", v.object({ a: v.literal("q"), b: v.literal(1), c: v.literal(true), d: v.literal(5n), e: v.picklist([1, 2]) }), "{a: 'q', b: long, c: boolean, d: bigint, e: long}"],
  ["absence", v.object({ a: v.optional(v.string()), b: v.nullable(v.string()), c: v.nullish(v.string()), d: v.undefinedable(v.string()) }), "{a: string?, b: string?, c: string?, d: string?}"],
  ["a default", vx(v.optional(v.string(), "a")), DEFAULT],
  ["a fallback", vx(v.fallback(v.string(), "a")), DEFAULT],
  ["a transform", vx(v.pipe(v.string(), v.transform((text) => text.length))), CHANGES],
  ["trim", vx(v.pipe(v.string(), v.trim())), CHANGES],
  ["brands, checks, guards, notes", v.object({ a: v.pipe(v.string(), v.brand("X")), b: v.pipe(v.string(), v.check((text) => text !== "")), c: v.pipe(v.string(), v.guard((text): text is "q" => text === "q")), d: v.pipe(v.string(), v.description("d")) }), "{a: string, b: string, c: string, d: string}"],
  ["lazy", vx(v.lazy(() => v.number())), "{x: double}"],
  ["a variant of variants", v.variant("k", [v.object({ k: v.literal("a") }), v.variant("k", [v.object({ k: v.literal("b") }), v.object({ k: v.literal("c") })])]), "({k: 'a'} | {k: 'b'} | {k: 'c'})"],
  ["an intersection", vx(v.intersect([v.object({ a: v.number() }), v.object({ b: v.number() })])), BOTH],
  ["a tuple", vx(v.tuple([v.string()])), TUPLE],
  ["a date", vx(v.date()), A_DATE],
  ["a set", vx(v.set(v.string())), A_SET],
  ["records and maps", v.object({ a: v.record(v.string(), v.number()), b: v.map(v.boolean(), v.string()) }), "{a: map<string, double>, b: map<boolean, string>}"],
  ["a record of a picklist", vx(v.record(v.picklist(["a"]), v.string())), /^ at x: its keys are not any text/],
  ["bytes", vx(v.instance(Uint8Array)), "{x: bytes}"],
  ["a class of one's own", vx(v.custom(() => true)), /^ at x: only a function knows what it is/],
  ["anything", vx(v.any()), ANYTHING],
  ["never", vx(v.never()), NEVER],
  ["a promise", vx(v.promise()), NO_DATA],
  ["others beside", v.looseObject({ x: v.string() }), BESIDE],
  ["a union", vx(v.union([v.string(), v.number(), v.null()])), "{x: (string | double)?}"],
  ["asynchronous", v.objectAsync({ x: v.string() }), /it is checked asynchronously\. Instead: use the schema without Async/],
]; // prettier-ignore

const ARKTYPE: readonly Row[] = [
  ["formats", ark({ a: "string.email", b: "string.uuid", c: "number.integer", d: "1 <= number <= 5", e: "bigint" }), "{a: string, b: uuid, c: long, d: double, e: bigint}"],
  ["enums and literals", ark({ a: "'x' | 'y'", b: "1 | 2", c: "true" }), "{a: 'x'|'y', b: long, c: boolean}"],
  ["absence", ark({ a: "string | undefined", "b?": "string | null" }), "{a: string?, b: string?}"],
  ["a default", ark({ x: "string = 'q'" }), DEFAULT],
  ["a morph", ark({ x: "string.numeric.parse" }), CHANGES],
  ["a pipe", ark({ x: ark("string").pipe((text) => text.length) }), CHANGES],
  ["trim", ark({ x: "string.trim" }), CHANGES],
  ["a date", ark({ x: "Date" }), A_DATE],
  ["a tuple", ark({ x: ["string", "number"] }), TUPLE],
  ["an intersection that is one object", ark({ x: ark({ a: "string" }).and({ b: "number" }) }), "{x: {a: string, b: double}}"],
  ["a union told apart", ark({ x: ark({ k: "'a'", n: "number" }).or({ k: "'b'" }) }), "{x: ({k: 'a', n: double} | {k: 'b'})}"],
  ["one that is not", ark({ x: ark({ a: "number" }).or({ b: "number" }) }), APART],
  ["recursion", scope({ n: { "x?": "n" } }).export().n, ITSELF],
  ["unknown", ark({ x: "unknown" }), ANYTHING],
  ["an object of anything", ark({ x: "object" }), /^ at x: its fields can be anything\. Instead: say what they are/],
  ["an index", ark({ x: { "[string]": "number" } }), "{x: map<string, double>}"],
  ["brand, narrow, regular expression", ark({ a: "string#id", b: ark("string").narrow((text) => text !== ""), c: /^x/ }), "{a: string, b: string, c: string}"],
  ["bytes", ark({ x: "TypedArray.Uint8" }), "{x: bytes}"],
  ["a set", ark({ x: "Set" }), A_SET],
  ["never", ark({ x: "never" }), NEVER],
  ["others beside", ark({ a: "number", "[string]": "number" }), BESIDE],
]; // prettier-ignore

const EffectRecursive: E.Codec<unknown> = E.Struct({ x: E.optional(E.suspend(() => EffectRecursive)) }) as never;
const EFFECT: readonly Row[] = [
  ["formats", E.Struct({ a: E.String.check(E.isUUID()), b: E.Int, c: E.Finite, d: E.BigInt, e: E.NonEmptyString }), "{a: uuid, b: long, c: double, d: bigint, e: string}"],
  ["enums and literals", E.Struct({ a: E.Literals(["x", "y"]), b: E.Literal(1), c: E.Literal(5n), d: E.Enum(Numbers as never) }), "{a: 'x'|'y', b: long, c: bigint, d: long}"],
  ["absence", E.Struct({ a: E.optional(E.String), b: E.optionalKey(E.String), c: E.NullOr(E.String), d: E.UndefinedOr(E.String) }), "{a: string?, b: string?, c: string?, d: string?}"],
  ["a transformation", E.Struct({ x: E.NumberFromString }), CHANGES],
  ["JSON in text", E.Struct({ x: E.fromJsonString(E.Struct({ a: E.Int })) }), CHANGES],
  ["a date", E.Struct({ x: E.Date }), A_DATE],
  ["bytes", E.Struct({ x: E.Uint8Array }), "{x: bytes}"],
  ["records and maps", E.Struct({ a: E.Record(E.String, E.Number), b: E.ReadonlyMap(E.Int, E.String) }), "{a: map<string, double>, b: map<long, string>}"],
  ["a set", E.Struct({ x: E.ReadonlySet(E.String) }), A_SET],
  ["one or more", E.Struct({ x: E.NonEmptyArray(E.String) }), "{x: string[]}"],
  ["a tuple", E.Struct({ x: E.Tuple([E.String, E.Number]) }), TUPLE],
  ["tagged", E.Union([E.TaggedStruct("A", { n: E.Int }), E.TaggedStruct("B", {})]), "({_tag: 'A', n: long} | {_tag: 'B'})"],
  ["recursion", EffectRecursive, ITSELF],
  ["brand, filter, template", E.Struct({ a: E.String.pipe(E.brand("X")), b: E.String.check(E.makeFilter((text) => text !== "")), c: E.TemplateLiteral(["a", E.Number]) }), "{a: string, b: string, c: string}"],
  ["unknown", E.Struct({ x: E.Unknown }), ANYTHING],
  ["never", E.Struct({ x: E.Never }), NEVER],
  ["a class", E.Struct({ x: E.URL }), /^ at x: only a class knows what it is\. Instead: use a struct/],
  ["others beside", E.StructWithRest(E.Struct({ a: E.String }), [E.Record(E.String, E.String)]), BESIDE],
]; // prettier-ignore

const TYPEBOX: readonly Row[] = [
  ["formats", Type.Object({ a: Type.String({ format: "uuid" }), b: Type.Integer(), c: Type.Integer({ minimum: 0, maximum: 5 }), d: Type.BigInt() }), "{a: uuid, b: long, c: int, d: bigint}"],
  ["enums and literals", Type.Object({ a: Type.Enum(["x", "y"]), b: Type.Literal(1), c: Type.Union([Type.Literal("a"), Type.Literal("b")]) }), "{a: 'x'|'y', b: long, c: 'a'|'b'}"],
  ["absence", Type.Object({ a: Type.Optional(Type.String()), b: Type.Union([Type.String(), Type.Null()]) }), "{a: string?, b: string?}"],
  ["a codec", Type.Object({ x: Type.Codec(Type.String()).Decode((text) => text.length).Encode((n) => String(n)) }), CHANGES],
  ["a transform of before", Old.Object({ x: Old.Transform(Old.String()).Decode((text) => text.length).Encode((n) => String(n)) }), CHANGES],
  ["an intersection", Type.Object({ x: Type.Intersect([Type.Object({ a: Type.String() }), Type.Object({ b: Type.String() })]) }), BOTH],
  ["an intersection of before", Old.Object({ x: Old.Intersect([Old.Object({ a: Old.String() }), Old.Object({ b: Old.String() })]) }), BOTH],
  ["one object of several", Old.Composite([Old.Object({ a: Old.String() }), Old.Object({ b: Old.String() })]), "{a: string, b: string}"],
  ["partial and pick", Type.Partial(Type.Pick(Type.Object({ a: Type.String(), b: Type.String() }), ["a"])), "{a: string?}"],
  ["a union told apart", Type.Union([Type.Object({ k: Type.Literal("a"), n: Type.Integer() }), Type.Object({ k: Type.Literal("b") })]), "({k: 'a', n: long} | {k: 'b'})"],
  ["a tuple", Type.Object({ x: Type.Tuple([Type.String()]) }), TUPLE],
  ["records", Type.Object({ a: Type.Record(Type.String(), Type.Number()) }), "{a: map<string, double>}"],
  ["dates and bytes of before", Old.Object({ b: Old.Uint8Array() }), "{b: bytes}"],
  ["a date of before", Old.Object({ x: Old.Date() }), A_DATE],
  ["recursion", Type.Cyclic({ A: Type.Object({ x: Type.Optional(Type.Ref("A")) }) }, "A"), ITSELF],
  ["recursion of before", Old.Recursive((This) => Old.Object({ x: Old.Optional(This) })), ITSELF],
  ["a reference to nothing", Type.Object({ x: Type.Ref("X") }), /^ at x: it refers to "X", which is not there\. Instead: put it into \$defs/],
  ["anything", Type.Object({ x: Type.Any() }), ANYTHING],
  ["never", Type.Object({ x: Type.Never() }), NEVER],
  ["not something", Old.Object({ x: Old.Not(Old.String()) }), /^ at x: it says only what it is not\. Instead: say what it is/],
  ["a function", Type.Object({ x: Type.Function([], Type.String()) }), NO_DATA],
  ["others beside", Type.Object({ a: Type.String() }, { additionalProperties: Type.String() }), BESIDE],
]; // prettier-ignore

for (const [library, rows] of Object.entries({ Zod: ZOD, Valibot: VALIBOT, ArkType: ARKTYPE, Effect: EFFECT, TypeBox: TYPEBOX }))
  describe(library, () => {
    for (const [what, schema, expected] of rows)
      test(what, () => {
        if (typeof expected === "string") return assert.equal(show(schemaFrom(schema as never).type), expected);
        assert.throws(
          () => schemaFrom(schema as never),
          (error: Error & { readonly code?: string }) => {
            assert.equal(error.code, "BAD_SCHEMA");
            assert.match(error.message.replace("The schema has no counterpart as a type", ""), expected);
            return true;
          },
        );
      });
  });

test("Effect's schemas check what their type does not say: literals, enums, templates, keys, how many", () => {
  const schema = E.Struct({
    one: E.Literal(1),
    enumerated: E.Enum(Numbers as never),
    template: E.TemplateLiteral(["a.", E.Number, E.Literals(["?", "!"])]),
    keys: E.Record(E.String.check(E.isMinLength(2)), E.Int),
    some: E.NonEmptyArray(E.Int),
    map: E.ReadonlyMap(E.String, E.Literal("x")),
  });
  const check = valueCheckOf(schemaFrom(schema).type)!;
  const good = { one: 1, enumerated: 5, template: "a.-1.5!", keys: new Map([["ab", 1]]), some: [1], map: new Map([["k", "x"]]) };
  assert.equal(check(good), undefined);
  for (const [name, value, path] of [
    ["one", 2, "one"],
    ["enumerated", 4, "enumerated"],
    ["template", "a.1", "template"],
    ["template", "ab1!", "template"],
    ["keys", new Map([["a", 1]]), "keys.a"],
    ["some", [], "some"],
    ["map", new Map([["k", "y"]]), "map[0]"],
  ] as const)
    assert.equal(check({ ...good, [name]: value })?.path, path, name);
});
