// Random files of proto2, proto3 and edition 2023 beside @bufbuild/protobuf: every scalar, labels, enums open and closed, oneofs, maps of every
// key, groups, features by field, awkward names. Random documents of them, with unknown fields between and fields again and again, mean the
// same to both, by generated code and the interpreter; what we write is read there as it was.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createFileRegistry, fromBinary, fromJson, type DescField, type DescMessage, type Message } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { BatchBuilder } from "../batch-builder.ts";
import { rowAt } from "../columns.ts";
import { EncodeBuffer } from "../encode-buffer.ts";
import { protoDecoder, protoValueDecoder } from "./decoder.ts";
import { protoEncoder } from "./encoder.ts";
import { protoToType } from "./proto-to-type.ts";
import { readProtoSchema } from "./read-proto-schema.ts";

const seed = process.env["MILLRACE_SEED"] === undefined ? {} : { seed: Number(process.env["MILLRACE_SEED"]) };

type Syntax = "proto2" | "proto3" | "2023";
const SCALARS = ["double", "float", "int32", "int64", "uint32", "uint64", "sint32", "sint64", "fixed32", "fixed64", "sfixed32", "sfixed64", "bool", "string", "bytes"] as const; // prettier-ignore
type Scalar = (typeof SCALARS)[number];
const KEYS = SCALARS.filter((each) => !["double", "float", "bytes"].includes(each));
/** The oracle itself takes an absent field called hasOwnProperty for a function. */
const NAMES = ["a", "fooBar", "constructor", "toString", "__proto__", "group", "message", "optional", "Class", "x_1", "_y", "value", "key", "valueOf"]; // prettier-ignore
const NUMBERS = [1, 2, 3, 5, 15, 16, 18_999, 20_000, 536_870_911, 2047, 2048];

interface Field {
  readonly name: string;
  readonly number: number;
  readonly of: Scalar | "enum" | "closed" | { readonly message: number };
  readonly label: "" | "optional" | "required" | "repeated" | "map";
  readonly key: Scalar;
  readonly inOneof: boolean;
  readonly packed: boolean;
  readonly delimited: boolean;
}

interface World {
  readonly syntax: Syntax;
  /** Each message holds only those behind it. */
  readonly messages: readonly (readonly Field[])[];
}

const anyWorld: fc.Arbitrary<World> = fc
  .constantFrom<Syntax>("proto2", "proto3", "2023")
  .chain((syntax) => fc.tuple(...[0, 1, 2].map((index) => message(syntax, index))).map((messages) => ({ syntax, messages })));

function message(syntax: Syntax, index: number): fc.Arbitrary<Field[]> {
  const later = [1, 2].filter((each) => each > index).map((each) => ({ message: each }));
  const of = fc.constantFrom<Field["of"]>(...SCALARS, "enum", ...later, ...later, ...later);
  const labels: readonly Field["label"][] = syntax === "proto2" ? ["optional", "required", "repeated", "map"] : syntax === "proto3" ? ["", "optional", "repeated", "map"] : ["", "", "required", "repeated", "map"]; // prettier-ignore
  const field = fc
    .record({
      of,
      label: fc.constantFrom(...labels),
      key: fc.constantFrom(...KEYS),
      inOneof: fc.integer({ min: 0, max: 4 }),
      packed: fc.boolean(),
      delimited: fc.boolean(),
    })
    .map(({ inOneof, packed, delimited, ...more }) => {
      const single = more.label !== "repeated" && more.label !== "map";
      const isMessage = typeof more.of === "object";
      return {
        ...more,
        inOneof: single && inOneof === 0,
        packed,
        delimited: syntax === "2023" && isMessage && more.label !== "map" && delimited,
      };
    });
  return fc
    .tuple(
      fc.array(field, { minLength: 1, maxLength: 9 }),
      fc.shuffledSubarray(NAMES, { minLength: 9 }),
      fc.shuffledSubarray(NUMBERS, { minLength: 9 }),
    )
    .map(([fields, names, numbers]) => fields.map((each, at) => ({ ...each, name: names[at]!, number: numbers[at]! })));
}

const isPackable = ({ of, label }: Field): boolean => label === "repeated" && typeof of === "string" && of !== "string" && of !== "bytes";

// ---------- as text, and as a descriptor ----------

function textOf({ syntax, messages }: World): string {
  const head = syntax === "2023" ? 'edition = "2023"; option features.enum_type = CLOSED;' : `syntax = "${syntax}";`;
  const bodies = messages.map((fields, index) => `message M${index} { ${body(syntax, fields)} }`);
  return `${head} package p; ${bodies.join(" ")} enum E { ZERO = 0; ONE = 1; MINUS = -5; BIG = 70000; __proto__ = 7; constructor = 8; }`;
}

function body(syntax: Syntax, fields: readonly Field[]): string {
  const typeName = ({ of }: Field): string => (typeof of === "object" ? `M${of.message}` : of === "enum" ? "E" : of);
  const line = (field: Field): string => {
    const features = optionsOf(syntax, field);
    const options = features.length === 0 ? "" : ` [${features.join(", ")}]`;
    if (field.label === "map") return `map<${field.key}, ${typeName(field)}> ${field.name} = ${field.number};`;
    const label = field.inOneof || (syntax === "2023" && field.label === "required") ? "" : field.label;
    return `${label} ${typeName(field)} ${field.name} = ${field.number}${options};`;
  };
  const inside = fields.filter((field) => field.inOneof);
  return [
    ...fields.filter((field) => !field.inOneof).map(line),
    ...(inside.length > 0 ? [`oneof either { ${inside.map(line).join(" ")} }`] : []),
  ].join(" ");
}

function optionsOf(syntax: Syntax, field: Field): string[] {
  const options: string[] = [];
  if (syntax !== "2023") return isPackable(field) ? [`packed = ${field.packed}`] : [];
  if (field.label === "required" && !field.inOneof) options.push("features.field_presence = LEGACY_REQUIRED");
  if (field.label === "" && field.packed && !field.inOneof && typeof field.of !== "object" && field.of !== "enum")
    options.push("features.field_presence = IMPLICIT");
  if (isPackable(field)) options.push(`features.repeated_field_encoding = ${field.packed ? "PACKED" : "EXPANDED"}`);
  if (field.delimited) options.push("features.message_encoding = DELIMITED");
  return options;
}

type Json = Readonly<Record<string, unknown>>;
const camel = (name: string): string => `${name[0]!.toUpperCase()}${name.slice(1).replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())}Entry`; // prettier-ignore

function descriptorOf({ syntax, messages }: World): Json {
  return {
    name: "w.proto",
    package: "p",
    ...(syntax === "2023" ? { syntax: "editions", edition: "EDITION_2023", options: { features: { enumType: "CLOSED" } } } : { syntax }),
    messageType: messages.map((fields, index) => ({ name: `M${index}`, ...messageOf(syntax, fields, `.p.M${index}`) })),
    enumType: [{ name: "E", value: Object.entries({ ZERO: 0, ONE: 1, MINUS: -5, BIG: 70_000, ["__proto__"]: 7, constructor: 8 }).map(([name, number]) => ({ name, number })) }], // prettier-ignore
  };
}

function messageOf(syntax: Syntax, fields: readonly Field[], path: string): Json {
  const oneofDecl: Json[] = fields.some((field) => field.inOneof) ? [{ name: "either" }] : [];
  const nestedType: Json[] = [];
  const field = fields.map((each) => {
    const typed = typeOf(each.of);
    if (each.label === "map") {
      const name = camel(each.name);
      const entry = [{ name: "key", number: 1, label: "LABEL_OPTIONAL", type: `TYPE_${each.key.toUpperCase()}` }, { name: "value", number: 2, label: "LABEL_OPTIONAL", ...typed }]; // prettier-ignore
      nestedType.push({ name, field: entry, options: { mapEntry: true } });
      return { name: each.name, number: each.number, label: "LABEL_REPEATED", type: "TYPE_MESSAGE", typeName: `${path}.${name}` };
    }
    const isOptional = syntax === "proto3" && each.label === "optional" && !each.inOneof;
    const oneofIndex = each.inOneof
      ? { oneofIndex: 0 }
      : isOptional
        ? { oneofIndex: oneofDecl.push({ name: `_${each.name}` }) - 1, proto3Optional: true }
        : {};
    const label =
      each.label === "repeated" ? "REPEATED" : each.label === "required" && !each.inOneof && syntax === "proto2" ? "REQUIRED" : "OPTIONAL";
    return { name: each.name, number: each.number, label: `LABEL_${label}`, ...typed, ...oneofIndex, ...jsonOptions(syntax, each) };
  });
  return { field, nestedType, oneofDecl };
}

function typeOf(of: Field["of"]): Json {
  if (typeof of === "object") return { type: "TYPE_MESSAGE", typeName: `.p.M${of.message}` };
  return of === "enum" ? { type: "TYPE_ENUM", typeName: ".p.E" } : { type: `TYPE_${of.toUpperCase()}` };
}

function jsonOptions(syntax: Syntax, field: Field): Json {
  const texts = optionsOf(syntax, field);
  if (texts.length === 0) return {};
  if (syntax !== "2023") return { options: { packed: field.packed } };
  const features = Object.fromEntries(texts.map((text) => {
    const [name, value] = text.replace("features.", "").split(" = ");
    return [name!.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()), value];
  })); // prettier-ignore
  return { options: { features } };
}

// ---------- documents ----------

function varint(value: bigint): number[] {
  const bytes: number[] = [];
  let left = BigInt.asUintN(64, value);
  for (; left > 0x7fn; left >>= 7n) bytes.push(Number(left & 0x7fn) | 0x80);
  return [...bytes, Number(left)];
}
const tagOf = (number: number, wire: number): number[] => varint(BigInt(number) * 8n + BigInt(wire));
const sized = (bytes: readonly number[]): number[] => [...varint(BigInt(bytes.length)), ...bytes];
const fixed = (size: 4 | 8, write: (view: DataView) => void): number[] => {
  const view = new DataView(new ArrayBuffer(size));
  write(view);
  return [...new Uint8Array(view.buffer)];
};
const int = fc.oneof(fc.integer({ min: -3, max: 300 }), fc.integer(), fc.constantFrom(-(2 ** 31), 2 ** 31 - 1)).map(BigInt);
const long = fc.oneof(int, fc.maxSafeInteger().map(BigInt));
const positive = long.map((value) => (value < 0n ? -value : value));
const zigzag = (value: bigint): bigint => (value << 1n) ^ (value >> 63n);

function wireOf(of: Field["of"]): number {
  if (typeof of === "object" || of === "string" || of === "bytes") return 2;
  return ["double", "fixed64", "sfixed64"].includes(of) ? 1 : ["float", "fixed32", "sfixed32"].includes(of) ? 5 : 0;
}

function scalarBytes(of: Scalar | "enum" | "closed"): fc.Arbitrary<number[]> {
  switch (of) {
    case "double":
      return fc.double().map((value) => fixed(8, (view) => view.setFloat64(0, value, true)));
    case "float":
      return fc.float().map((value) => fixed(4, (view) => view.setFloat32(0, value, true)));
    case "bool":
      return fc.constantFrom(0n, 1n, 2n, 300n).map(varint);
    case "string":
      return fc.string({ unit: "grapheme", maxLength: 12 }).map((text) => sized([...new TextEncoder().encode(text)]));
    case "bytes":
      return fc.uint8Array({ maxLength: 9 }).map((bytes) => sized([...bytes]));
    case "sint32":
    case "sint64":
      return (of === "sint32" ? int : long).map((value) => varint(zigzag(value)));
    case "fixed32":
    case "sfixed32":
      return int.map((value) => fixed(4, (view) => view.setInt32(0, Number(value), true)));
    case "fixed64":
    case "sfixed64":
      return (of === "fixed64" ? positive : long).map((value) => fixed(8, (view) => view.setBigInt64(0, value, true)));
    case "uint64":
      return positive.map(varint);
    case "enum":
    case "closed":
      return fc.constantFrom(...(of === "closed" ? [0n, 1n, -5n, 70_000n, 7n, 8n, 9n] : [0n, 1n, -5n, 70_000n, 7n, 8n])).map(varint);
    default:
      return (of === "int64" ? long : int).map(varint);
  }
}

const unknownField: fc.Arbitrary<number[]> = fc.oneof(
  long.map((value) => [...tagOf(900, 0), ...varint(value)]),
  fc.uint8Array({ maxLength: 4 }).map((bytes) => [...tagOf(901, 2), ...sized([...bytes])]),
  int.map((value) => [...tagOf(902, 3), ...tagOf(1, 0), ...varint(value), ...tagOf(902, 4)]),
  fc.constantFrom<number[]>([...tagOf(903, 5), 1, 2, 3, 4], [...tagOf(904, 1), 1, 2, 3, 4, 5, 6, 7, 8]),
);

function document(world: World, index: number): fc.Arbitrary<number[]> {
  const fields = world.messages[index]!;
  const parts = fields.map((field) => occurrence(world, field));
  const required = fields.flatMap((field, at) => (field.label === "required" && !field.inOneof ? [parts[at]!] : []));
  return fc
    .tuple(fc.array(fc.oneof(...parts, unknownField), { maxLength: index === 0 ? 14 : 4 }), fc.tuple(...required))
    .map(([found, last]) => [...found.flat(), ...last.flat()]);
}

/** A closed enum's unknown number is as if it were not there; the oracle has that of single fields only. */
function content(world: World, { of, label, inOneof }: Field): fc.Arbitrary<number[]> {
  const isClosed = of === "enum" && world.syntax !== "proto3" && (label === "" || label === "optional" || inOneof);
  return typeof of === "object" ? document(world, of.message) : scalarBytes(isClosed ? "closed" : of);
}

function occurrence(world: World, field: Field): fc.Arbitrary<number[]> {
  const { number, of, label, delimited, key } = field;
  const one = content(world, field);
  if (label === "map") {
    const entry = fc.tuple(fc.boolean(), scalarBytes(key), fc.boolean(), one, fc.boolean());
    const needed = typeof of === "object" && hasRequired(world, of.message);
    return entry.map(([hasKey, keyBytes, hasValue, bytes, isTurned]) => {
      const first = hasKey ? [...tagOf(1, wireOf(key)), ...keyBytes] : [];
      const second = hasValue || needed ? [...tagOf(2, wireOf(of)), ...(typeof of === "object" ? sized(bytes) : bytes)] : [];
      return [...tagOf(number, 2), ...sized(isTurned ? [...second, ...first] : [...first, ...second])];
    });
  }
  const single = one.map((bytes) =>
    typeof of !== "object"
      ? [...tagOf(number, wireOf(of)), ...bytes]
      : delimited
        ? [...tagOf(number, 3), ...bytes, ...tagOf(number, 4)]
        : [...tagOf(number, 2), ...sized(bytes)],
  );
  if (!isPackable(field)) return single;
  return fc.oneof(single, fc.array(one, { maxLength: 4 }).map((items) => [...tagOf(number, 2), ...sized(items.flat())])); // prettier-ignore
}

function hasRequired(world: World, index: number): boolean {
  return world.messages[index]!.some(
    (field) => (field.label === "required" && !field.inOneof) || (typeof field.of === "object" && field.label === "required"),
  );
}

// ---------- what the oracle read ----------

function plain(desc: DescMessage, message: Message): unknown {
  const reflected = reflect(desc, message);
  const object = Object.create(null) as Record<string, unknown>;
  for (const each of desc.fields) object[each.name] = plainField(each, reflected);
  return entriesOf(object);
}

function plainField(each: DescField, message: ReturnType<typeof reflect>): unknown {
  if (each.fieldKind === "list") return [...message.get(each)].map((item) => plainItem(each, item));
  if (each.fieldKind === "map") return byKey([...message.get(each)].map(([key, value]) => [typeof key === "bigint" ? Number(key) : key, plainItem(each, value)])); // prettier-ignore
  const present = message.isSet(each) || (each.presence === 2 && each.fieldKind !== "message"); // 2: implicit
  return present ? plainItem(each, message.get(each)) : undefined;
}

function plainItem(each: DescField, value: unknown): unknown {
  if (each.message !== undefined) return plain(each.message, (value as { message: Message }).message);
  if (each.enum !== undefined) return each.enum.value[value as number]?.name;
  return typeof value === "bigint" ? Number(value) : value;
}

function byKey(pairs: [unknown, unknown][]): unknown {
  return pairs.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
}

/** Ours, in the same form: fields sorted, maps sorted by key. */
function ordered(value: unknown): unknown {
  if (value instanceof Map) return byKey([...(value as Map<unknown, unknown>)].map(([key, of]) => [key, ordered(of)]));
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  return entriesOf(Object.fromEntries(Object.entries(value).map(([name, each]) => [name, ordered(each)])));
}

function entriesOf(object: object): unknown {
  return Object.entries(object).filter(([, each]) => each !== undefined).sort(([a], [b]) => (a < b ? -1 : 1)); // prettier-ignore
}

test("random files and documents", () => {
  let fields = 0;
  const pair = anyWorld.chain((world) => fc.tuple(fc.constant(world), fc.array(document(world, 0).map((bytes) => Uint8Array.from(bytes)), { minLength: 1, maxLength: 4 }))); // prettier-ignore
  fc.assert(
    fc.property(pair, ([world, documents]) => {
      const theirs = createFileRegistry(fromJson(FileDescriptorProtoSchema, descriptorOf(world) as never), () => undefined).getMessage(
        "p.M0",
      )!;
      const ours = readProtoSchema(textOf(world)).messageAt([0]);
      const type = protoToType(ours);
      for (const bytes of documents) {
        const expected = plain(theirs, fromBinary(theirs, bytes));
        for (const codegen of ["auto", "off"] as const) {
          const value = protoValueDecoder(type, ours, { codegen })(bytes);
          assert.deepStrictEqual(ordered(value), expected);
          const builder = new BatchBuilder(type, 1, "bytes");
          protoDecoder(type, ours, { codegen }).decodeInto(builder, bytes, 0, bytes.length, 0);
          assert.deepStrictEqual(ordered(rowAt(builder.finish(), 0)), expected);
          const out = new EncodeBuffer();
          protoEncoder(type, ours, { codegen }).value(value, out);
          assert.deepStrictEqual(plain(theirs, fromBinary(theirs, out.finish())), expected);
          fields += (expected as unknown[]).length;
        }
      }
    }),
    { numRuns: 120, endOnFailure: false, ...seed },
  );
  assert.ok(fields > 1000, `${fields}`);
});
