// The wire format beside @bufbuild/protobuf, in proto2, proto3 and an edition: documents as a foreign writer may write them (fields in any
// order, again and again, packed or not, in groups, with overlong varints and unknown fields between) mean the same to both, and what we
// write of them is read there as it was. The oracle has its own descriptors, so no parser of .proto text decides for both.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createFileRegistry, fromBinary, fromJson, toBinary, type DescField, type DescMessage, type Message } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { FileDescriptorProtoSchema, TimestampSchema, file_google_protobuf_timestamp, file_google_protobuf_wrappers } from "@bufbuild/protobuf/wkt"; // prettier-ignore
import fc from "fast-check";
import { EncodeBuffer } from "../encode-buffer.ts";
import { protoValueDecoder } from "./decoder.ts";
import { protoEncoder } from "./encoder.ts";
import { protoToType } from "./proto-to-type.ts";
import { readProtoSchema } from "./read-proto-schema.ts";

const seed = process.env["MILLRACE_SEED"] === undefined ? {} : { seed: Number(process.env["MILLRACE_SEED"]) };

type Json = Readonly<Record<string, unknown>>;
const field = (name: string, number: number, type: string, more: Json = {}): Json => ({
  name,
  number,
  type: `TYPE_${type}`,
  label: "LABEL_OPTIONAL",
  ...more, // prettier-ignore
});
const repeated = { label: "LABEL_REPEATED" };
const IMPORTS = ["google/protobuf/timestamp.proto", "google/protobuf/wrappers.proto"];
const INNER = { name: "N", field: [field("x", 1, "INT32"), field("y", 2, "INT32", repeated), field("z", 3, "STRING")] };
const ENUM: Json = { name: "E", value: [{ name: "A", number: 0 }, { name: "B", number: 1 }, { name: "C", number: -5 }] }; // prettier-ignore
const ENTRY = {
  name: "MapEntry",
  field: [field("key", 1, "STRING"), field("value", 2, "INT64")],
  options: { mapEntry: true },
};
const SCALARS: readonly (readonly [name: string, number: number, type: string])[] = [
  ["a", 1, "INT32"], ["b", 2, "SINT64"], ["c", 3, "SFIXED64"], ["d", 4, "DOUBLE"], ["e", 5, "BOOL"], ["f", 6, "STRING"], ["g", 7, "BYTES"],
  ["r", 17, "FLOAT"], ["s", 18, "SFIXED32"], ["v", 19, "UINT32"], ["w", 20, "SINT32"], ["j", 21, "FIXED32"], ["i64", 22, "INT64"],
]; // prettier-ignore
const REPEATED: readonly (readonly [name: string, number: number, type: string])[] = [
  ["h", 8, "INT32"], ["i", 9, "STRING"], ["l", 23, "DOUBLE"], ["t", 24, "BOOL"], ["ll", 25, "SINT32"],
]; // prettier-ignore

const descriptor = (more: Json, groups: readonly Json[] = []): Json => ({
  name: "m.proto",
  package: "p",
  dependency: IMPORTS,
  messageType: [
    {
      name: "M",
      field: [
        ...SCALARS.map(([name, number, type]) => field(name, number, type)),
        ...REPEATED.map(([name, number, type]) => field(name, number, type, repeated)),
        field("n", 10, "MESSAGE", { typeName: ".p.N" }),
        field("ns", 27, "MESSAGE", { typeName: ".p.N", ...repeated }),
        field("map", 11, "MESSAGE", { typeName: ".p.M.MapEntry", ...repeated }),
        field("k", 12, "ENUM", { typeName: ".p.E" }),
        field("p", 15, "INT32", { oneofIndex: 0 }),
        field("q", 16, "STRING", { oneofIndex: 0 }),
        field("at", 28, "MESSAGE", { typeName: ".google.protobuf.Timestamp" }),
        field("wrapped", 29, "MESSAGE", { typeName: ".google.protobuf.StringValue" }),
        ...groups,
      ],
      nestedType: [ENTRY],
      oneofDecl: [{ name: "u" }],
    },
    INNER,
  ],
  enumType: [ENUM],
  ...more,
});

const imports = IMPORTS.map((path) => `import "${path}"; `).join("");
const body = (label: string, extra = ""): string =>
  [
    ...SCALARS.map(([name, number, type]) => `${label}${type.toLowerCase()} ${name} = ${number};`),
    ...REPEATED.map(([name, number, type]) => `repeated ${type.toLowerCase()} ${name} = ${number};`),
    `${label}N n = 10; repeated N ns = 27; map<string, int64> map = 11; ${label}E k = 12; oneof u { int32 p = 15; string q = 16; }`,
    `${label}google.protobuf.Timestamp at = 28; ${label}google.protobuf.StringValue wrapped = 29; ${extra}`,
  ].join(" ");
const rest = (label: string): string =>
  `message N { ${label}int32 x = 1; repeated int32 y = 2; ${label}string z = 3; } enum E { A = 0; B = 1; C = -5; }`;

const WORLDS = [
  {
    name: "proto3",
    text: `syntax = "proto3"; package p; ${imports} message M { ${body("")} } ${rest("")}`,
    file: descriptor({ syntax: "proto3" }),
    delimited: false,
    closed: false,
  },
  {
    name: "proto2",
    text: `syntax = "proto2"; package p; ${imports} message M { ${body("optional ", "optional group Gr = 26 { optional int32 x = 1; }")} } ${rest("optional ")}`,
    file: (() => {
      const file = descriptor({}, [field("gr", 26, "GROUP", { typeName: ".p.M.Gr" })]) as { messageType: { nestedType: Json[] }[] };
      file.messageType[0]!.nestedType.push({ name: "Gr", field: [field("x", 1, "INT32")] });
      return file;
    })(),
    delimited: true,
    closed: true,
  },
  {
    name: "edition 2023",
    text: `edition = "2023"; package p; ${imports} option features.enum_type = CLOSED; option features.repeated_field_encoding = EXPANDED; message M { ${body("", "N gr = 26 [features.message_encoding = DELIMITED];")} } ${rest("")}`,
    file: descriptor(
      {
        syntax: "editions",
        edition: "EDITION_2023",
        options: { features: { enumType: "CLOSED", repeatedFieldEncoding: "EXPANDED" } },
      },
      [field("gr", 26, "MESSAGE", { typeName: ".p.N", options: { features: { messageEncoding: "DELIMITED" } } })],
    ),
    delimited: true,
    closed: true,
  },
].map((world) => {
  const files = [file_google_protobuf_timestamp, file_google_protobuf_wrappers];
  const registry = createFileRegistry(fromJson(FileDescriptorProtoSchema, world.file as never), (path) =>
    files.find(({ proto }) => proto.name === path),
  );
  const message = readProtoSchema(world.text).messageAt([0]);
  return { ...world, theirs: registry.getMessage("p.M")!, message, type: protoToType(message) };
});

// ---------- documents ----------

function varint(value: bigint, overlong = 0): number[] {
  const bytes: number[] = [];
  let left = BigInt.asUintN(64, value);
  do {
    bytes.push(Number(left & 0x7fn) | 0x80);
    left >>= 7n;
  } while (left > 0n);
  for (let i = 0; i < overlong && bytes.length < 10; i++) bytes.push(0x80);
  bytes[bytes.length - 1]! &= 0x7f;
  return bytes;
}
const tagOf = (number: number, wire: number): number[] => varint(BigInt((number << 3) | wire));
const sized = (number: number, bytes: readonly number[]): number[] => [...tagOf(number, 2), ...varint(BigInt(bytes.length)), ...bytes];
const eight = (write: (view: DataView) => void, size = 8): number[] => {
  const view = new DataView(new ArrayBuffer(size));
  write(view);
  return [...new Uint8Array(view.buffer)];
};

const small = fc.oneof(fc.integer({ min: -3, max: 300 }), fc.integer());
const overlong = fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 9 }));
const word = fc.string({ unit: fc.constantFrom("a", "b", "é", "😀"), maxLength: 20 }).map((text) => [...new TextEncoder().encode(text)]);
const safe = fc.oneof(small, fc.maxSafeInteger()).map(BigInt);
const zigzag = (value: bigint): bigint => (value << 1n) ^ (value >> 63n);
const anyVarint = fc.tuple(small, overlong).map(([value, more]) => varint(BigInt(value), more));

/** How the value of a scalar may lie on the wire: wire type and bytes. */
const onWire: Readonly<Record<string, fc.Arbitrary<readonly [wire: number, bytes: readonly number[]]>>> = {
  INT32: anyVarint.map((bytes) => [0, bytes] as const),
  UINT32: anyVarint.map((bytes) => [0, bytes] as const),
  INT64: fc.tuple(safe, overlong).map(([value, more]) => [0, varint(value, more)] as const),
  SINT32: fc.integer().map((value) => [0, varint(BigInt(((value << 1) ^ (value >> 31)) >>> 0))] as const),
  SINT64: safe.map((value) => [0, varint(zigzag(value))] as const),
  SFIXED64: safe.map((value) => [1, eight((view) => view.setBigInt64(0, value, true))] as const),
  DOUBLE: fc.double({ noNaN: true }).map((value) => [1, eight((view) => view.setFloat64(0, value, true))] as const),
  FLOAT: fc.float({ noNaN: true }).map((value) => [5, eight((view) => view.setFloat32(0, value, true), 4)] as const),
  SFIXED32: fc.integer().map((value) => [5, eight((view) => view.setInt32(0, value, true), 4)] as const),
  FIXED32: fc.integer().map((value) => [5, eight((view) => view.setInt32(0, value, true), 4)] as const),
  BOOL: fc.tuple(fc.constantFrom(0n, 1n), overlong).map(([value, more]) => [0, varint(value, more)] as const),
  STRING: word.map((bytes) => [2, [...varint(BigInt(bytes.length)), ...bytes]] as const),
  BYTES: fc.array(fc.nat(255), { maxLength: 9 }).map((bytes) => [2, [...varint(BigInt(bytes.length)), ...bytes]] as const),
};

const single = (number: number, type: string): fc.Arbitrary<number[]> =>
  onWire[type]!.map(([wire, bytes]) => [...tagOf(number, wire), ...bytes]);
const packed = (number: number, type: string): fc.Arbitrary<number[]> =>
  fc.array(onWire[type]!, { maxLength: 5 }).map((items) => sized(number, items.flatMap(([, bytes]) => bytes))); // prettier-ignore
const unknown: fc.Arbitrary<number[]> = fc.oneof(
  anyVarint.map((bytes) => [...tagOf(100, 0), ...bytes]),
  fc.array(fc.nat(255), { maxLength: 5 }).map((bytes) => sized(101, bytes)),
  anyVarint.map((bytes) => [...tagOf(102, 3), ...tagOf(7, 0), ...bytes, ...tagOf(102, 4)]),
  fc.constant<number[]>([...tagOf(103, 5), 1, 2, 3, 4]),
);
const all = (parts: fc.Arbitrary<number[]>): fc.Arbitrary<number[]> => fc.array(parts, { maxLength: 4 }).map((found) => found.flat());
const inner = all(fc.oneof(single(1, "INT32"), single(2, "INT32"), packed(2, "INT32"), single(3, "STRING"), unknown));
const entry = all(fc.oneof(single(1, "STRING"), single(2, "INT64"), unknown));
const time = fc.tuple(fc.integer({ min: -1_000_000, max: 2_000_000_000 }), fc.integer({ min: 0, max: 999 }))
  .map(([seconds, ms]) => [...tagOf(1, 0), ...varint(BigInt(seconds)), ...tagOf(2, 0), ...varint(BigInt(ms * 1_000_000))]); // prettier-ignore

function document({ delimited, closed }: { readonly delimited: boolean; readonly closed: boolean }): fc.Arbitrary<Uint8Array> {
  const symbols = closed ? [0, 1, -5, 7, 99] : [0, 1, -5];
  const parts: fc.Arbitrary<number[]>[] = [
    ...SCALARS.map(([, number, type]) => single(number, type)),
    ...REPEATED.flatMap(([, number, type]) => (type === "STRING" ? [single(number, type)] : [single(number, type), packed(number, type)])),
    ...[10, 27].map((number) => inner.map((bytes) => sized(number, bytes))),
    entry.map((bytes) => sized(11, bytes)),
    fc.constantFrom(...symbols).map((value) => [...tagOf(12, 0), ...varint(BigInt(value))]),
    single(15, "INT32"),
    single(16, "STRING"),
    time.map((bytes) => sized(28, bytes)),
    all(single(1, "STRING")).map((bytes) => sized(29, bytes)),
    unknown,
    ...(delimited ? [all(single(1, "INT32")).map((bytes) => [...tagOf(26, 3), ...bytes, ...tagOf(26, 4)])] : []),
  ];
  return fc.array(fc.oneof(...parts), { maxLength: 30 }).map((found) => Uint8Array.from(found.flat()));
}

// ---------- what the oracle read, as our values are ----------

function plain(desc: DescMessage, message: Message): unknown {
  if (desc.typeName === TimestampSchema.typeName) {
    const { seconds, nanos } = message as Message & { seconds: bigint; nanos: number };
    return Number(seconds) * 1000 + Math.floor(nanos / 1_000_000);
  }
  if (desc.typeName === "google.protobuf.StringValue") return (message as Message & { value: string }).value;
  const reflected = reflect(desc, message);
  return Object.fromEntries(desc.fields.map((each) => [each.name, plainField(each, reflected)]));
}

function plainField(each: DescField, message: ReturnType<typeof reflect>): unknown {
  if (each.fieldKind === "list") return [...message.get(each)].map((item) => plainItem(each, item));
  if (each.fieldKind === "map") return new Map([...message.get(each)].map(([key, value]) => [key, Number(value)]));
  const present = message.isSet(each) || (each.presence === 2 && each.fieldKind !== "message"); // 2: implicit
  return present ? plainItem(each, message.get(each)) : undefined;
}

function plainItem(each: DescField, value: unknown): unknown {
  if (each.message !== undefined) return plain(each.message, (value as { message: Message }).message);
  if (each.enum !== undefined) return each.enum.value[value as number]!.name;
  return typeof value === "bigint" ? Number(value) : value;
}

for (const world of WORLDS)
  test(`${world.name}: random documents mean the same to @bufbuild/protobuf, and so does what we write of them`, () => {
    const decode = protoValueDecoder(world.type, world.message);
    const encoder = protoEncoder(world.type, world.message);
    let fields = 0;
    fc.assert(
      fc.property(document(world), (bytes) => {
        const expected = plain(world.theirs, fromBinary(world.theirs, bytes));
        const value = decode(bytes);
        assert.deepStrictEqual(value, expected);
        const out = new EncodeBuffer();
        encoder.value(value, out);
        const again = fromBinary(world.theirs, out.finish());
        assert.deepStrictEqual(plain(world.theirs, again), expected);
        assert.equal(again.$unknown, undefined);
        assert.deepStrictEqual(decode(toBinary(world.theirs, again)), expected);
        fields += Object.values(value as object).filter((each) => each !== undefined).length;
      }),
      { numRuns: 150, endOnFailure: true, ...seed },
    );
    assert.ok(fields > 1000, `${fields}`);
  });
