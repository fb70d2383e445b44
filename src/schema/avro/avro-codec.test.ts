// The codec by hand: logical types, schema resolution where avsc has no say, names that are awkward, and inputs made to do harm.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { BatchBuilder } from "../batch-builder.ts";
import { rowAt } from "../columns.ts";
import { EncodeBuffer } from "../encode-buffer.ts";
import { BadSchemaError } from "../schema-error.ts";
import { t } from "../t.ts";
import type { Schema } from "../type-info.ts";
import { avroText } from "./avro-text.ts";
import { avroToType } from "./avro-to-type.ts";
import type { AvroSchema } from "./avro-schema.ts";
import { avroDecoder } from "./decoder.ts";
import { avroEncoder } from "./encoder.ts";
import { parseAvro } from "./parse-avro.ts";
import { typeToAvro } from "./type-to-avro.ts";
import { avroValueDecoder, type AvroDecodeOptions } from "./value-decoder.ts";
import { avroValueEncoder } from "./value-encoder.ts";

const parse = (json: unknown): AvroSchema => parseAvro(JSON.stringify(json)).schema;
const rec = (name: string, ...fields: readonly unknown[]): object => ({ type: "record", name, fields });
const f = (name: string, type: unknown, more: object = {}): object => ({ name, type, ...more });
const logical = (type: string, logicalType: string, more: object = {}): object => ({ type, logicalType, ...more });

function encode(schema: AvroSchema, value: unknown): Uint8Array {
  const out = new EncodeBuffer();
  avroValueEncoder(schema)(value, out);
  return out.copy();
}

const decode = (reader: AvroSchema, bytes: Uint8Array | readonly number[], writer = reader, options: AvroDecodeOptions = {}): unknown =>
  avroValueDecoder(reader, writer, options)(Uint8Array.from(bytes));

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

const LOGICAL: readonly (readonly [what: string, schema: object, value: unknown, bytes: string])[] = [
  ["decimal", logical("bytes", "decimal", { precision: 9, scale: 2 }), "12.50", "0404e2"],
  ["a negative decimal", logical("bytes", "decimal", { precision: 9, scale: 2 }), "-0.01", "02ff"],
  ["a decimal that needs a sign byte", logical("bytes", "decimal", { precision: 9, scale: 2 }), "1.28", "040080"],
  [
    "a large decimal",
    logical("bytes", "decimal", { precision: 40, scale: 0 }),
    "123456789012345678901234567890",
    "1a018ee90ff6c373e0ee4e3f0ad2",
  ],
  ["a decimal of fixed size", { ...logical("fixed", "decimal", { precision: 4, scale: 1 }), name: "D", size: 4 }, "-1.5", "fffffff1"],
  ["date", logical("int", "date"), 20_415, "febe02"],
  ["time-millis", logical("int", "time-millis"), 1000, "d00f"],
  ["time-micros", logical("long", "time-micros"), 1_000_000, "80897a"],
  ["timestamp-millis", logical("long", "timestamp-millis"), 1_700_000_000_000, "80a0abfef962"],
  ["timestamp-micros before 1970", logical("long", "timestamp-micros"), -1, "01"],
  ["local-timestamp-millis", logical("long", "local-timestamp-millis"), 1, "02"],
  ["uuid", logical("string", "uuid"), "f81d4fae-7dec-11d0-a765-00a0c91e6bf6", ""],
  [
    "uuid in 16 bytes",
    { ...logical("fixed", "uuid"), name: "U", size: 16 },
    "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
    "f81d4fae7dec11d0a76500a0c91e6bf6",
  ],
  [
    "duration",
    { ...logical("fixed", "duration"), name: "P", size: 12 },
    { months: 1, days: 2, millis: 4_294_967_295 },
    "0100000002000000ffffffff",
  ],
];

for (const [what, json, value, expected] of LOGICAL)
  test(`logical type: ${what}`, () => {
    const schema = parse(json);
    const bytes = encode(schema, value);
    if (expected !== "") assert.equal(hex(bytes), expected);
    assert.deepEqual(decode(schema, bytes), value);
    assert.deepEqual(decode(schema, bytes, schema, { codegen: "off" }), value);
  });

test("longs are numbers and an error beyond ±2^53, and bigints when asked for", () => {
  const schema = parse("long");
  const bytes = encode(schema, 2n ** 60n);
  assert.throws(() => decode(schema, bytes), /expected long within ±2\^53 \(t\.bigint\(\) holds more\)/);
  assert.equal(decode(schema, bytes, schema, { longs: "bigint" }), 2n ** 60n);
  assert.equal(decode(typeToAvro(t.bigint().type), bytes, schema), 2n ** 60n);
  for (const value of [2n ** 63n - 1n, -(2n ** 63n)])
    assert.equal(decode(schema, encode(schema, value), schema, { longs: "bigint" }), value);
  assert.equal(decode(parse("double"), bytes, schema), 2 ** 60);
});

test("of two records in a union the one with just the value's fields is written, also inside of it", () => {
  const inner = rec("Inner", f("name", ["null", "Outer"]));
  const outer = rec("Outer", f("name", ["null", "Outer"]), f("id", ["null", "Outer", inner]));
  const schema = parse(outer);
  const value = { name: null, id: { name: { name: null, id: null } } };
  assert.deepEqual(decode(schema, encode(schema, value)), value);
});

test("−0 in a union of whole and fractional numbers keeps its sign; where there are whole ones only it is 0", () => {
  for (const branches of [
    ["null", "int", "double"],
    ["long", "float", "string"],
  ]) {
    const schema = parse(branches);
    assert.ok(Object.is(decode(schema, encode(schema, -0)), -0), branches.join());
    assert.deepEqual(encode(schema, 0), encode(parse(branches.slice(0, 2)), 0), "0 stays whole");
  }
  const whole = parse(["int", "long"]);
  assert.equal(decode(whole, encode(whole, -0)), 0);
});

test("instants of another unit, days too, become the reader's; nanoseconds do without bigint", () => {
  const at = Date.UTC(2026, 0, 2, 3, 4, 5, 6);
  const micros = parse(logical("long", "timestamp-micros"));
  const nanos = parse(logical("long", "timestamp-nanos"));
  const millis = typeToAvro(t.timestamp().type);
  assert.equal(decode(millis, encode(micros, at * 1000 + 999), micros), at);
  assert.equal(decode(millis, encode(nanos, BigInt(at) * 1_000_000n + 5n), nanos), at);
  assert.equal(decode(micros, encode(millis, at), millis), at * 1000);
  assert.equal(decode(millis, encode(micros, -1), micros), -1);
  assert.equal(decode(millis, encode(parse(logical("int", "date")), 1), parse(logical("int", "date"))), 86_400_000);
});

test("a decimal of another scale is taken over exactly, or refused", () => {
  const [two, four] = [2, 4].map((scale) => parse(logical("bytes", "decimal", { precision: 9, scale })));
  assert.equal(decode(four!, encode(two!, "1.25"), two), "1.2500");
  assert.equal(decode(two!, encode(four!, "1.2500"), four), "1.25");
  assert.throws(() => decode(two!, encode(four!, "1.2501"), four), /2 digits after the point/);
  assert.throws(() => encode(two!, "1.255"), /expected bytes \(decimal\)/);
  assert.throws(
    () => encode(parse({ ...logical("fixed", "decimal", { precision: 9, scale: 0 }), name: "D", size: 1 }), "128"),
    /fits 1 bytes/,
  );
});

// ---------- topics: a type reads what others write ----------

function readAs<T>(schema: Schema<T>, writer: AvroSchema, bytes: Uint8Array): unknown {
  const rows = (["auto", "off"] as const).map((codegen) => {
    const builder = new BatchBuilder(schema.type, 2, "bytes");
    avroDecoder(schema.type, writer, { codegen }).decodeInto(builder, bytes, 0, bytes.length, 0);
    return rowAt(builder.finish(), 0);
  });
  assert.deepStrictEqual(rows[0], rows[1]);
  return rows[0];
}

const Order = t.record("Order", {
  id: t.string(),
  amount: t.decimal(9, 2),
  kind: t.literal("card", "wire"),
  at: t.timestamp(),
  note: t.optional(t.string()),
});

test("a type reads a writer that names, orders and stores things otherwise", () => {
  const writer = parse(
    rec(
      "com.shop.OrderPlaced",
      f("extra", { type: "map", values: { type: "array", items: ["null", "long"] } }),
      f("at", logical("long", "timestamp-micros")),
      f("kind", "string"),
      f("amount", { ...logical("fixed", "decimal", { precision: 9, scale: 1 }), name: "Money", size: 5 }),
      f("id", ["null", "string"]),
    ),
  );
  const bytes = encode(writer, { extra: new Map([["a", [1, null]]]), at: 5_000, kind: "wire", amount: "2.5", id: "o1" });
  assert.deepEqual(readAs(Order, writer, bytes), { id: "o1", amount: "2.50", kind: "wire", at: 5, note: undefined });
  const absent = encode(writer, { extra: new Map(), at: 5_000, kind: "wire", amount: "2.5", id: null });
  assert.throws(
    () => readAs(Order, writer, absent),
    /^SchemaError: id: expected what the reader's schema has here, got branch 0 .*cannot be read from null/,
  );
  const other = encode(writer, { extra: new Map(), at: 5_000, kind: "cash", amount: "2.5", id: "a" });
  assert.throws(() => readAs(Order, writer, other), /^SchemaError: kind: expected one of 2 values/);
});

test("a writer that lacks what the type needs is refused before any record is read", () => {
  assert.throws(
    () => avroDecoder(Order.type, parse(rec("Order", f("id", "string")))),
    (error: Error) => {
      assert.ok(error instanceof BadSchemaError);
      assert.match(error.message, /cannot be read: amount: the writer has no such field, and there is no default/);
      return true;
    },
  );
  assert.throws(() => avroDecoder(t.record("R", { n: t.int() }).type, parse(rec("R", f("n", "long")))), /n: int cannot be read from long/);
});

test("a type writes a schema with more fields, other branches and units; what would be lost is refused", () => {
  const target = parse(
    rec(
      "Order",
      f("source", "string", { default: "web" }),
      f("note", ["string", "null"], { default: "-" }),
      f("id", "string"),
      f("amount", logical("bytes", "decimal", { precision: 12, scale: 4 })),
      f("kind", { type: "enum", name: "K", symbols: ["cash", "wire", "card"] }),
      f("at", logical("long", "timestamp-micros")),
    ),
  );
  const value = { id: "a", amount: "1.50", kind: "card", at: 7, note: undefined };
  const expected = { source: "web", note: null, id: "a", amount: "1.5000", kind: "card", at: 7000 };
  for (const codegen of ["auto", "off"] as const) {
    const builder = new BatchBuilder(Order.type, 1, "bytes");
    builder.append(value, 0);
    const encoder = avroEncoder(Order.type, target, { codegen });
    const out = new EncodeBuffer(1);
    encoder.row(builder.finish(), 0, out);
    assert.deepEqual(decode(target, out.copy()), expected);
    out.reset();
    encoder.value(value, out);
    assert.deepEqual(decode(target, out.copy()), expected);
  }
  assert.throws(() => avroEncoder(Order.type, parse(rec("Order", f("id", "string")))), /Field amount has no place in record Order/);
  assert.throws(() => avroEncoder(t.record("R", { n: t.long() }).type, parse(rec("R", f("n", "int")))), /n: int cannot be read from long/);
});

// ---------- names ----------

test("__proto__ and inherited names are plain names; nothing of a schema's text is code", () => {
  const names = ["__proto__", "constructor", "hasOwnProperty", "a"];
  const schema = parse(rec("R", ...names.map((name) => f(name, "int"))));
  const value = Object.fromEntries(names.map((name, index) => [name, index]));
  for (const codegen of ["auto", "off"] as const) {
    const out = new EncodeBuffer();
    avroValueEncoder(schema, { codegen })(value, out);
    const read = avroValueDecoder(schema, schema, { codegen })(out.copy()) as object;
    assert.deepEqual(Object.entries(read), Object.entries(value));
    assert.equal(Object.getPrototypeOf(read), Object.prototype);
  }
  const map = decode(parse({ type: "map", values: "int" }), encode(parse({ type: "map", values: "int" }), new Map([["__proto__", 1]])));
  assert.deepEqual(map, new Map([["__proto__", 1]]));
  assert.equal(({} as Record<string, unknown>)["a"], undefined);
});

// ---------- harm ----------

/** The best of three: the machine may be busy with something else. */
function quickly(limitMs: number, body: () => void): void {
  let best = Infinity;
  for (let attempt = 0; attempt < 3 && best >= limitMs; attempt++) {
    const from = process.cpuUsage().user;
    body();
    best = Math.min(best, (process.cpuUsage().user - from) / 1000);
  }
  assert.ok(best < limitMs, `${best} ms`);
}

const array = (items: unknown): object => ({ type: "array", items });
const LIST = rec("List", f("next", ["null", "List"]));
/** What is skipped is not looked up. */
const UNREAD = "an enum's symbol that is none";
const BOMBS: readonly (readonly [what: string, schema: unknown, bytes: readonly number[], error: RegExp])[] = [
  ["two billion nulls", array("null"), [0xfe, 0xff, 0xff, 0xff, 0x0f, 0], /at most 16408 values without bytes/],
  ["two billion empty records", array(rec("E")), [0xfe, 0xff, 0xff, 0xff, 0x0f, 0], /at most 16408 values without bytes/],
  ["two billion strings", array("string"), [0xfe, 0xff, 0xff, 0xff, 0x0f], /expected 2147483647 items, got 0 bytes/],
  ["a negative count without end", array("null"), [0xff, 0xff, 0xff, 0xff, 0x0f], /./],
  ["a map of billions", { type: "map", values: "null" }, [0xfe, 0xff, 0xff, 0xff, 0x0f], /expected 2147483647 items/],
  ["a string of two billion bytes", "string", [0xfe, 0xff, 0xff, 0xff, 0x0f], /expected 2147483647 bytes, got 0/],
  ["bytes of a negative length", "bytes", [1], /a negative one/],
  ["a string whose length is cut off", "string", [0x80], /expected a varint, got the end/],
  ["an array whose length is cut off", array("string"), [0xfe, 0xff], /expected a varint, got the end/],
  ["an endless varint", "long", Array.from({ length: 100 }, () => 0xff), /a varint of 64 bits/],
  [
    "arrays of nulls without end",
    array(array("null")),
    [0x80, 0x08, ...Array.from({ length: 600 }, () => [0x80, 0x80, 0x04, 0]).flat()],
    /./,
  ],
  ["a list that nests without end", LIST, Array.from({ length: 100_000 }, () => 2), /at most 64 levels/],
  [UNREAD, { type: "enum", name: "E", symbols: ["A"] }, [2], /symbol 1 of 1/],
  ["a branch that is none", ["null", "int"], [8], /one of 2 branches of a union, got branch 4/],
  ["nothing", "int", [], /./],
  ["more than a document", "int", [2, 2], /expected the end, got 1 bytes more/],
];

for (const [what, json, bytes, error] of BOMBS)
  test(`refused within 50 ms: ${what}`, () => {
    const schema = parse(json);
    const skipping = parse(rec("R", f("kept", "int", { default: 1 })));
    const inside = parse(rec("R", f("skipped", json)));
    for (const codegen of ["auto", "off"] as const) {
      const decoder = avroValueDecoder(schema, schema, { codegen });
      const skipper = avroValueDecoder(skipping, inside, { codegen });
      quickly(50, () => assert.throws(() => decoder(Uint8Array.from(bytes)), { name: "SchemaError", message: error }));
      if (what !== UNREAD) quickly(50, () => assert.throws(() => skipper(Uint8Array.from(bytes)), { name: "SchemaError" }));
    }
  });

test("schemas made to do harm are refused within 50 ms", () => {
  const wide = Array.from({ length: 30 }, (_, n) =>
    rec(`R${n}`, f("a", n === 29 ? "int" : `R${n + 1}`), f("b", n === 29 ? "int" : `R${n + 1}`)),
  );
  const known = new Map();
  for (const each of wide.toReversed()) known.set((each as { name: string }).name, parseAvro(JSON.stringify(each), { known }).schema);
  const doubling = known.get("R0") as AvroSchema;
  quickly(50, () => assert.throws(() => avroToType(doubling), /more than 20000 parts/));
  quickly(50, () => assert.throws(() => avroToType(parse(LIST)), /record List holds itself/));
  quickly(50, () => avroValueDecoder(doubling));
  const own = parseAvro(JSON.stringify(rec("A", f("a", "A", { default: {} }))), { checkDefaults: false }).schema;
  quickly(50, () => assert.throws(() => avroValueDecoder(own, parse(rec("A"))), /nests too deep, or holds itself/));
  const deep = Array.from({ length: 190 }).reduce((inner) => array(inner), "int");
  quickly(50, () => decode(parse(deep), [0]));
});

test("a value that holds itself is refused by depth", () => {
  const value: { next: unknown } = { next: null };
  value.next = value;
  assert.throws(() => encode(parse(LIST), value), /at most 64 levels/);
});

test("where the platform disallows generated code, the interpreter does all of it", () => {
  const script = `
    import { canGenerate } from "./code-generation.ts";
    import { BatchBuilder } from "./batch-builder.ts";
    import { EncodeBuffer } from "./encode-buffer.ts";
    import { avroDecoder } from "./avro/decoder.ts";
    import { avroEncoder } from "./avro/encoder.ts";
    import { rowAt } from "./columns.ts";
    import { t } from "./t.ts";
    const { type } = t.record("R", { id: t.string(), n: t.optional(t.int()) });
    const out = new EncodeBuffer();
    avroEncoder(type).value({ id: "a", n: 5 }, out);
    const builder = new BatchBuilder(type, 1, "bytes");
    avroDecoder(type).decodeInto(builder, out.bytes, 0, out.at, 0);
    console.log(canGenerate("auto"), JSON.stringify(rowAt(builder.finish(), 0)));`;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [
      "--disallow-code-generation-from-strings",
      "--no-warnings",
      "--input-type=module",
      "-e",
      script.replaceAll('"./', `"${join(import.meta.dirname, "..")}/`),
    ],
    { encoding: "utf8" },
  );
  assert.equal(stderr, "");
  assert.equal(stdout, 'false {"id":"a","n":5}\n');
});

test("schemas of Kafka Connect: what connect.* says is taken over where a type says it, and kept in the schema's text", () => {
  const entry = { type: "record", name: "MapEntry", namespace: "io.confluent.connect.avro", fields: [{ name: "key", type: "int" }, { name: "value", type: "string" }] }; // prettier-ignore
  const connect = (name: string, more: object): object => ({ ...more, "connect.version": 1, "connect.name": name });
  const { schema } = parseAvro(
    JSON.stringify({
      type: "record",
      name: "V",
      fields: [
        { name: "a", type: { type: "int", "connect.type": "int16" } },
        { name: "b", type: connect("org.apache.kafka.connect.data.Timestamp", { type: "long", logicalType: "timestamp-millis" }) },
        { name: "c", type: ["null", connect("io.debezium.data.Enum", { type: "string", "connect.parameters": { allowed: "x,y" } })] },
        { name: "d", type: { type: "array", items: entry, "connect.type": "map" } },
        { name: "e", type: { type: "array", items: { ...entry, name: "E", "connect.internal.type": "MapEntry" } } },
        { name: "f", type: { type: "array", items: { ...entry, name: "Plain", namespace: "other" } } },
      ],
      "connect.name": "db.V",
    }),
    {},
  );
  const numbers = t.map(t.int(), t.string());
  const plain = t.array(t.record("other.Plain", { key: t.int(), value: t.string() }));
  const V = t.record("V", { a: t.int(), b: t.timestamp(), c: t.optional(t.literal("x", "y")), d: numbers, e: numbers, f: plain });
  assert.deepEqual(avroToType(schema), V.type);
  for (const kept of ['"connect.name":"db.V"', '"connect.parameters":{"allowed":"x,y"}', '"connect.type":"int16"'])
    assert.ok(avroText(schema, "normalized").includes(kept), kept);
  const value = { a: 1, b: 5, c: "x", d: new Map([[7, "p"]]), e: new Map(), f: [{ key: 1, value: "q" }] };
  for (const codegen of ["auto", "off"] as const) {
    const out = new EncodeBuffer();
    avroEncoder(V.type, schema, { codegen }).value(value, out);
    assert.deepEqual(avroValueDecoder(schema, schema, { codegen })(out.copy()), value);
    const builder = new BatchBuilder(V.type, 1, "bytes");
    avroDecoder(V.type, schema, { codegen }).decodeInto(builder, out.bytes, 0, out.at, 0);
    assert.deepEqual(rowAt(builder.finish(), 0), value);
  }
});

test("schemas of Debezium: names of times, dates and enums say what numbers and texts are", () => {
  const of = (type: string, name: string, allowed?: string): unknown =>
    avroToType(
      parseAvro(JSON.stringify({ type, "connect.version": 1, "connect.name": name, ...(allowed && { "connect.parameters": { allowed } }) }))
        .schema,
    );
  assert.deepEqual(of("long", "io.debezium.time.MicroTimestamp"), t.localTimestampMicros().type);
  assert.deepEqual(of("long", "io.debezium.time.NanoTimestamp"), t.localTimestampNanos().type);
  assert.deepEqual(of("int", "io.debezium.time.Date"), t.date().type);
  assert.deepEqual(of("string", "io.debezium.data.Uuid"), t.uuid().type);
  assert.deepEqual(of("string", "io.debezium.data.Enum", "small,large"), t.literal("small", "large").type);
  for (const [type, name, allowed] of [
    ["string", "io.debezium.data.Enum", "a,a"],
    ["string", "io.debezium.data.Enum", ""],
    ["string", "io.debezium.time.ZonedTimestamp", undefined],
    ["string", "io.debezium.time.Date", undefined],
    ["string", "toString", undefined],
  ] as const)
    assert.deepEqual(of(type, name, allowed), { kind: "string" });
});

test("an error's place is counted from where the document begins, wherever that lies", () => {
  const type = t.record("R", { a: t.string(), b: t.boolean() }).type;
  const bytes = Uint8Array.of(9, 9, 9, 2, 65, 7);
  const expected = { code: "BAD_DATA", path: "b", at: 3 };
  const builder = new BatchBuilder(type, 1, "bytes");
  for (const codegen of ["auto", "off"] as const) {
    assert.throws(() => avroDecoder(type, undefined, { codegen }).decodeInto(builder, bytes, 3, 6, 0), expected);
    assert.throws(() => avroValueDecoder(typeToAvro(type), undefined, { codegen })(bytes, 3, 6), expected);
  }
});

test("a long document whose items lack fields that have defaults is read", () => {
  const items = (fields: readonly object[]): AvroSchema =>
    parseAvro(JSON.stringify({ type: "array", items: { type: "record", name: "I", fields } }), {}).schema;
  const n = { name: "n", type: "int" };
  const writer = items([n]);
  const reader = items([n, { name: "more", type: "int", default: 5 }]);
  const out = new EncodeBuffer();
  const count = 100_000;
  avroValueEncoder(writer)(Array.from({ length: count }, () => ({ n: 1 })), out); // prettier-ignore
  for (const codegen of ["auto", "off"] as const) {
    const read = avroValueDecoder(reader, writer, { codegen })(out.copy()) as { more: number }[];
    assert.deepEqual([read.length, read[count - 1]], [count, { n: 1, more: 5 }]);
  }
});

test("a topic of several kinds of record, one union of them, is read as one kind and written as it", () => {
  const Customer = t.record("shop.Customer", { id: t.string(), age: t.optional(t.int()) });
  const record = (name: string, ...fields: object[]): object => ({ type: "record", name, namespace: "shop", fields });
  const customer = record("Customer", { name: "id", type: "string" }, { name: "age", type: ["null", "int"], default: null });
  // What a product has, a customer has, too: only the name tells them apart.
  const schema = parseAvro(JSON.stringify([record("Product", { name: "id", type: "string" }), customer])).schema;
  const product = Uint8Array.of(0, 2, 99);
  for (const codegen of ["auto", "off"] as const) {
    const encoder = avroEncoder(Customer.type, schema, { codegen });
    const rows = new BatchBuilder(Customer.type, 1, "bytes");
    rows.append({ id: "c", age: 4 }, 0);
    const out = new EncodeBuffer();
    encoder.row(rows.finish(), 0, out);
    assert.deepEqual([...out.finish()], [2, 2, 99, 2, 8]);
    const decoder = avroDecoder(Customer.type, schema, { codegen });
    const builder = new BatchBuilder(Customer.type, 2, "bytes");
    assert.throws(() => decoder.decodeInto(builder, product, 0, 3, 0), {
      code: "BAD_DATA",
      message: /record shop\.Product is not record shop\.Customer/,
    });
    decoder.decodeInto(builder, out.bytes, 0, out.at, 0);
    assert.deepEqual(rowAt(builder.finish(), 0), { id: "c", age: 4 });
  }
});

test("durations are months, days and milliseconds, as a value and as a field", () => {
  const age = { months: 14, days: 0, millis: 2 ** 32 - 1 };
  const out = new EncodeBuffer();
  avroEncoder(t.duration().type).value(age, out);
  assert.deepEqual([...out.finish()], [14, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255]);
  const schema = parseAvro('{"type":"record","name":"R","fields":[{"name":"d","type":{"type":"fixed","size":12,"name":"Age","logicalType":"duration"}}]}').schema; // prettier-ignore
  const R = t.record("R", { d: t.duration("Age") });
  assert.deepEqual(avroToType(schema), R.type);
  assert.throws(() => avroEncoder(R.type).value({ d: { months: -1, days: 0, millis: 0 } }, new EncodeBuffer()), {
    code: "BAD_DATA",
    path: "d",
  });
  assert.throws(() => t.duration("no name"), /t\.duration\(name\): the name is letters/);
});
