// Messages that stand for one value: as Confluent's Connect mapping and Flink's write them, and JSON as @bufbuild/protobuf has it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fromBinary, fromJson, toBinary, toJson } from "@bufbuild/protobuf";
import { ListValueSchema, StructSchema, ValueSchema } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { decimalBytes } from "../avro/decimal-bytes.ts";
import { EncodeBuffer } from "../encode-buffer.ts";
import { MAX_DEPTH } from "../mismatch.ts";
import { t } from "../t.ts";
import type { TypeInfo } from "../type-info.ts";
import { protoValueDecoder } from "./decoder.ts";
import { protoEncoder } from "./encoder.ts";
import { protoToType } from "./proto-to-type.ts";
import type { MessageSchema } from "./proto-schema.ts";
import { readProtoSchema } from "./read-proto-schema.ts";

const seed = process.env["MILLRACE_SEED"] === undefined ? {} : { seed: Number(process.env["MILLRACE_SEED"]) };

const one = (file: string, type: string, label = ""): MessageSchema =>
  readProtoSchema(`syntax = "proto3"; import "${file}"; message M { ${label}${type} x = 1; }`).messageAt([0]);
const DATE = one("google/type/date.proto", "google.type.Date");
const TIME = one("google/type/timeofday.proto", "google.type.TimeOfDay");
const DECIMAL = one("confluent/type/decimal.proto", "confluent.type.Decimal");
const of = (type: TypeInfo): TypeInfo => ({ kind: "record", name: "M", fields: [{ name: "x", type }] });

function bytesOf(type: TypeInfo, message: MessageSchema, x: unknown): number[] {
  const forms = (["auto", "off"] as const).map((codegen) => {
    const out = new EncodeBuffer(4);
    protoEncoder(of(type), message, { codegen }).value({ x }, out);
    return [...out.finish()];
  });
  assert.deepEqual(forms[0], forms[1]);
  return forms[0]!;
}

function valueIn(type: TypeInfo, message: MessageSchema, bytes: Iterable<number>): unknown {
  const document = Uint8Array.from(bytes);
  const values = (["auto", "off"] as const).map((codegen) => {
    try {
      return (protoValueDecoder(of(type), message, { codegen })(document) as { x: unknown }).x;
    } catch (error) {
      return String(error);
    }
  });
  assert.deepStrictEqual(values[0], values[1]);
  return values[0];
}

test("a schema as Flink writes it is a type of dates, times, decimals and instants", () => {
  const param = (key: string, value: string): string => `{ key: "${key}", value: "${value}" }`;
  const noted = (...params: string[]): string => ` [(confluent.field_meta) = { params: [${params.join(", ")}] }]`;
  const files = ["confluent/meta", "confluent/type/decimal", "google/protobuf/timestamp", "google/type/date", "google/type/timeofday"];
  const text = `syntax = "proto3"; package p; ${files.map((file) => `import "${file}.proto"; `).join("")}
    message Row {
      optional .google.type.Date day = 1;
      .google.type.Date due = 2${noted(param("flink.version", "1"), param("flink.notNull", "true"))};
      optional .confluent.type.Decimal price = 3${noted(param("precision", "5"), param("scale", "1"), param("flink.version", "1"))};
      optional .google.type.TimeOfDay opens = 4${noted(param("flink.precision", "3"))};
      optional .google.protobuf.Timestamp seen = 5${noted(param("flink.precision", "6"))};
      optional .google.protobuf.Timestamp wall = 6${noted(param("flink.type", "timestamp"), param("flink.precision", "3"))};
      .confluent.type.Decimal any = 7; repeated .google.type.Date days = 8; map<string, .confluent.type.Decimal> byName = 9; }`;
  assert.deepEqual(
    protoToType(readProtoSchema(text).messageAt([0])),
    t.record("p.Row", {
      day: t.optional(t.date()),
      due: t.date(),
      price: t.optional(t.decimal(5, 1)),
      opens: t.optional(t.time()),
      seen: t.optional(t.timestampMicros()),
      wall: t.optional(t.localTimestamp()),
      any: t.optional(t.decimal(38, 18)),
      days: t.array(t.date()),
      byName: t.map(t.string(), t.decimal(38, 18)),
    }).type,
  );
});

test("dates are those of the calendar", () => {
  fc.assert(
    fc.property(fc.integer({ min: -719_162, max: 2_932_896 }), (days) => {
      const date = new Date(days * 86_400_000);
      const bytes = bytesOf(t.date().type, DATE, days);
      assert.equal(valueIn(t.date().type, DATE, bytes), days);
      const parts = t.record("D", { year: t.int(), month: t.int(), day: t.int() }).type;
      const wanted = { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
      assert.deepEqual(valueIn(parts, DATE, bytes), wanted);
    }),
    { numRuns: 300, ...seed },
  );
  assert.deepEqual(bytesOf(t.date().type, DATE, 0), [10, 7, 8, 0xb2, 0x0f, 16, 1, 24, 1]);
  const refused = (...inside: number[]): void =>
    assert.match(String(valueIn(t.date().type, DATE, [10, inside.length, ...inside])), /x: expected a whole date, got year /);
  refused(8, 1, 16, 2, 24, 29);
  refused(8, 1, 16, 0, 24, 1);
  refused(16, 1, 24, 1);
  assert.throws(() => bytesOf(t.date().type, DATE, 2_932_897), /between 0001-01-01 and 9999-12-31/);
});

test("times of day, rounded down to their unit", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 86_399_999_999 }), (micros) => {
      const bytes = bytesOf(t.timeMicros().type, TIME, micros);
      assert.equal(valueIn(t.timeMicros().type, TIME, bytes), micros);
      assert.equal(valueIn(t.time().type, TIME, bytes), Math.floor(micros / 1000));
    }),
    { numRuns: 200, ...seed },
  );
  assert.deepEqual(bytesOf(t.time().type, TIME, 3_723_004), [10, 11, 8, 1, 16, 2, 24, 3, 32, 0x80, 0x92, 0xf4, 0x01].slice(0, 2).concat([8, 1, 16, 2, 24, 3, 32, 0x80, 0x92, 0xf4, 0x01])); // prettier-ignore
  assert.match(String(valueIn(t.time().type, TIME, [10, 2, 8, 24])), /x: expected int \(time-millis\), got 24:0:0/);
  assert.throws(() => bytesOf(t.time().type, TIME, 86_400_000), /within a day/);
  assert.throws(() => bytesOf(t.time().type, TIME, -1), /within a day/);
});

test("decimals of any scale that fit the type; digits are never dropped", () => {
  const amount = t.decimal(20, 4);
  /** Where one byte more is needed, or one digit. */
  const edge = fc
    .tuple(fc.integer({ min: 0, max: 8 }), fc.boolean(), fc.integer({ min: -2, max: 2 }), fc.constantFrom(1n, -1n))
    .map(
      ([power, isBinary, beside, sign]) =>
        sign * ((isBinary ? 1n << BigInt(8 * power - (power > 0 ? 1 : 0)) : 10n ** BigInt(2 * power)) + BigInt(beside)),
    );
  fc.assert(
    fc.property(fc.oneof(fc.bigInt({ min: -(10n ** 20n) + 1n, max: 10n ** 20n - 1n }), edge), (units) => {
      const digits = String(units).replace("-", "").padStart(5, "0");
      const text = `${units < 0n ? "-" : ""}${digits.slice(0, -4)}.${digits.slice(-4)}`;
      const bytes = bytesOf(amount.type, DECIMAL, text);
      assert.equal(valueIn(amount.type, DECIMAL, bytes), text);
      const [size, ...rest] = bytes.slice(3);
      assert.deepEqual(rest.slice(0, size), [...decimalBytes(text, 4, undefined)]);
      assert.deepEqual(rest.slice(size!), [16, String(units).replace("-", "").length, 24, 4]);
    }),
    { numRuns: 200, ...seed },
  );
  assert.deepEqual(bytesOf(t.decimal(5, 1).type, DECIMAL, "-12.5"), [10, 7, 10, 1, 0x83, 16, 3, 24, 1]);
  const read = (...inside: number[]): unknown => valueIn(amount.type, DECIMAL, [10, inside.length, ...inside]);
  const minusTwo = [24, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
  assert.equal(read(10, 1, 5, 16, 1), "5.0000");
  assert.equal(read(10, 1, 5, 16, 1, ...minusTwo), "500.0000");
  assert.equal(read(), "0.0000");
  assert.match(String(read(10, 1, 5, 24, 5)), /expected decimal\(20, 4\), got .*more digits/);
  assert.match(String(read(10, 1, 5, 24, 0xff, 0xff, 0xff, 0xff, 0x07)), /scale 2147483647/);
});

test("a message in two parts is one", () => {
  assert.equal(valueIn(t.date().type, DATE, [10, 3, 8, 0xb2, 0x0f, 10, 4, 16, 1, 24, 2]), 1);
  const struct = one("google/protobuf/struct.proto", "google.protobuf.Struct");
  const part = (json: object): number[] => {
    const bytes = toBinary(StructSchema, fromJson(StructSchema, json as never));
    return [10, bytes.length, ...bytes];
  };
  assert.equal(valueIn(t.string().type, struct, [...part({ a: 1 }), ...part({ b: [null] })]), '{"a":1,"b":[null]}');
});

const anyJson = fc.jsonValue({ maxDepth: 4, noUnicodeString: false }).map((value) => JSON.parse(JSON.stringify(value)) as never);
const object = fc.dictionary(fc.oneof(fc.string(), fc.constantFrom("__proto__", "constructor", "toString")), anyJson, {
  noNullPrototype: true,
});

test("JSON is what @bufbuild/protobuf has of it, both ways", () => {
  for (const [type, schema, values] of [
    ["Struct", StructSchema, object.map((entries) => JSON.parse(JSON.stringify(entries)) as never)],
    ["Value", ValueSchema, anyJson],
    ["ListValue", ListValueSchema, fc.array(anyJson)],
  ] as const) {
    const message = one("google/protobuf/struct.proto", `google.protobuf.${type}`);
    fc.assert(
      fc.property(values as fc.Arbitrary<never>, (json) => {
        // Its own map has no such name.
        fc.pre(!JSON.stringify(json).includes("__proto__"));
        const theirs = toBinary(schema as typeof ValueSchema, fromJson(schema as typeof ValueSchema, json));
        const inside = new EncodeBuffer();
        protoEncoder(t.string().type, message.fields[0]!.value as MessageSchema).value(JSON.stringify(json), inside);
        assert.deepEqual(JSON.parse(protoValueDecoder(t.string().type, message.fields[0]!.value as MessageSchema)(theirs) as string), json);
        assert.deepEqual(toJson(schema as typeof ValueSchema, fromBinary(schema as typeof ValueSchema, inside.finish())), json);
      }),
      { numRuns: 100, ...seed },
    );
  }
});

test("JSON that is none of the message's is refused, and names are plain", () => {
  const struct = one("google/protobuf/struct.proto", "google.protobuf.Struct");
  const text = '{"__proto__":{"x":1},"constructor":2,"10":[true,null,"\\"ü"],"a":-0.5}';
  const sorted = '{"10":[true,null,"\\"ü"],"__proto__":{"x":1},"constructor":2,"a":-0.5}';
  assert.equal(valueIn(t.string().type, struct, bytesOf(t.string().type, struct, text)), sorted);
  for (const wrong of ["[]", "null", "1", "{", ""])
    assert.throws(() => bytesOf(t.string().type, struct, wrong), /x: expected the text of a JSON object/);
  assert.throws(() => bytesOf(t.string().type, struct, '{"a":1e999}'), /too large/);
  assert.match(
    String(valueIn(t.string().type, struct, [10, 5, 10, 3, 10, 1, 97])),
    /x\[0\]: expected a google\.protobuf\.Value of some kind, got an empty one/,
  );
  const deep = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);
  const list = one("google/protobuf/struct.proto", "google.protobuf.ListValue");
  const most = deep(MAX_DEPTH - 1);
  assert.equal(valueIn(t.string().type, list, bytesOf(t.string().type, list, most)), most);
  assert.throws(() => bytesOf(t.string().type, list, deep(10_000)), /at most 64 levels/);
  assert.equal(protoToType(struct).kind, "record");
});

test("pairs that are written out are a map where a map is wanted, and always where they say so", () => {
  const text = (option: string): string =>
    `syntax = "proto3"; message M { repeated Pair x = 1; message Pair { ${option} optional string key = 1; optional int64 value = 2; } }`;
  const [plain, noted] = [text(""), text("option map_entry = true;")].map((each) => readProtoSchema(each).messageAt([0]));
  const map = t.map(t.string(), t.long()).type;
  const pair = t.record("M.Pair", { key: t.optional(t.string()), value: t.optional(t.long()) });
  assert.deepEqual(protoToType(plain!), t.record("M", { x: t.array(pair) }).type);
  assert.deepEqual(protoToType(noted!), of(map));
  const values = new Map([["a", 1], ["b", 0]]); // prettier-ignore
  for (const message of [plain!, noted!]) {
    assert.deepEqual(valueIn(map, message, bytesOf(map, message, values)), values);
    assert.deepEqual(valueIn(map, message, []), new Map());
  }
  assert.deepEqual(valueIn(t.array(pair).type, plain!, bytesOf(map, plain!, values)), [{ key: "a", value: 1 }, { key: "b", value: 0 }]); // prettier-ignore
});
