import assert from "node:assert/strict";
import { test } from "node:test";
import { BatchBuilder } from "../batch-builder.ts";
import { rowAt } from "../columns.ts";
import { EncodeBuffer } from "../encode-buffer.ts";
import { SchemaError } from "../schema-error.ts";
import { t } from "../t.ts";
import type { Schema } from "../type-info.ts";
import { decodeJson, jsonDecoder } from "./decoder.ts";
import { encodeJson, jsonEncoder } from "./encoder.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (encoded: Uint8Array): string => new TextDecoder().decode(encoded);
const Tx = t.record("Tx", {
  id: t.string(),
  amount: t.double(),
  n: t.int(),
  note: t.optional(t.string()),
  items: t.array(t.record("Item", { price: t.double() })),
});

function refusal(schema: Schema<unknown>, document: string | Uint8Array): SchemaError {
  const input = typeof document === "string" ? bytes(document) : document;
  const errors = (["auto", "off"] as const).map((codegen) => {
    const builder = new BatchBuilder(schema.type, 1, "bytes");
    try {
      jsonDecoder(schema.type, { codegen }).decodeInto(builder, input, 0, input.length, 0);
    } catch (error) {
      assert.ok(error instanceof SchemaError, String(error));
      assert.equal(builder.rows, 0);
      return error;
    }
    return assert.fail("was read");
  });
  assert.equal(errors[0]!.message, errors[1]!.message);
  return errors[0]!;
}

const good = '{"id":"a","amount":1,"n":2,"items":[]}';

test("an error names path, expected type, what was there instead, and the byte", () => {
  const cases: [string, string][] = [
    ['{"id":5,"amount":1,"n":2,"items":[]}', "id: expected string, got a number (at byte 6)"],
    ['{"id":"a","amount":"1","n":2,"items":[]}', "amount: expected double, got a string (at byte 19)"],
    ['{"id":"a","amount":null,"n":2,"items":[]}', "amount: expected double, got null (at byte 19)"],
    ['{"id":"a","amount":1,"n":2.5,"items":[]}', "n: expected int, got a number with a fraction (at byte 25)"],
    ['{"id":"a","amount":1,"n":3000000000,"items":[]}', "n: expected int, got an integer out of its range (at byte 25)"],
    ['{"id":"a","amount":1,"n":2,"items":[{"price":1},{"price":true}]}', "items[1].price: expected double, got a boolean (at byte 57)"],
    ['{"id":"a","amount":1,"n":2}', "items: expected array of record Item, got nothing (at byte 27)"],
    ['{"id":"a","amount":1,"n":2,"items":[]', 'expected "," or "}", got the end of the document (at byte 37)'],
    ['{"id":"a"', 'expected "," or "}", got the end of the document (at byte 9)'],
    ['{"id":"a', "id: expected the end of a string, got the end of the document (at byte 8)"],
    [`${good}x`, 'expected the end of the document, got the character "x" (at byte 38)'],
    ["[]", "expected record Tx, got an array (at byte 0)"],
    ["", "expected record Tx, got the end of the document (at byte 0)"],
    ['{"id":"a","amount":01,"n":2,"items":[]}', "amount: expected a number, got a number (at byte 20)"],
    ['{"id":"a\nb","amount":1,"n":2,"items":[]}', "id: expected a string, got a control character in it (at byte 8)"],
    ['{"id":"\\x","amount":1,"n":2,"items":[]}', "id: expected a string, got an unknown escape in it (at byte 7)"],
    ['{"id":"a","amount":1,"n":2,"items":[],"x":1,}', 'expected a name in quotes, got the character "}" (at byte 44)'],
    ['{"x":1,}', 'expected a name in quotes, got the character "}" (at byte 7)'],
    ['{"id":"a","amount":1,"n":2,"items":[],}', 'expected a name in quotes, got the character "}" (at byte 38)'],
  ];
  for (const [document, message] of cases) assert.equal(refusal(Tx, document).message, message, document);
});

test("positions count from the document's own start", () => {
  const padded = bytes(`xxxx{"id":5}`);
  assert.throws(() => jsonDecoder(Tx.type).decodeInto(new BatchBuilder(Tx.type, 1, "bytes"), padded, 4, padded.length, 0), { at: 6 });
});

test("a document ends at its end, whatever bytes follow", () => {
  const N = t.record("N", { n: t.long() });
  const two = bytes('{"n":12}{"n":345}');
  const builder = new BatchBuilder(N.type, 2, "bytes");
  jsonDecoder(N.type).decodeInto(builder, two, 0, 8, 0);
  jsonDecoder(N.type).decodeInto(builder, two, 8, 17, 0);
  assert.deepEqual([rowAt(builder.finish(), 0), rowAt(builder.finish(), 1)], [{ n: 12 }, { n: 345 }]);
  assert.throws(() => jsonDecoder(N.type).decodeInto(new BatchBuilder(N.type, 1, "bytes"), two, 0, 7, 0), SchemaError);
});

test("no error holds what the document holds", () => {
  const secret = "4111111111111111";
  for (const document of [`{"id":"a","amount":"${secret}"}`, `{"id":${secret}}`, `{"id":"${secret}`, `{"${secret}":1}`])
    assert.ok(!refusal(Tx, document).message.includes(secret), document);
});

test("invalid UTF-8 and a byte-order mark are refused, in values, names and what is skipped", () => {
  for (const [before, after] of [
    ['{"id":"', '"}'],
    ['{"', '":1}'],
    ['{"skipped":"', '"}'],
  ] as const)
    for (const bad of [[0xff], [0xc3], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xe2, 0x82], [0x80]])
      assert.equal(refusal(Tx, Uint8Array.from([...bytes(before), ...bad, ...bytes(after)])).got, "an invalid byte");
  refusal(Tx, Uint8Array.from([0xef, 0xbb, 0xbf, ...bytes(good)]));
});

test("nesting is bounded, where it is skipped too", () => {
  const deep = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);
  refusal(Tx, `{"x":${deep(100000)}}`);
  refusal(Tx, `{"x":${'{"a":'.repeat(65)}1${"}".repeat(65)}}`);
  const document = bytes(good.replace("{", `{"x":${deep(60)},`));
  jsonDecoder(Tx.type).decodeInto(new BatchBuilder(Tx.type, 1, "bytes"), document, 0, document.length, 0);
});

test("__proto__ is a plain name in records, maps and what is skipped", () => {
  const P = t.record("P", { ["__proto__"]: t.int(), m: t.map(t.string(), t.int()) });
  const value = decodeJson(P, bytes('{"__proto__":1,"m":{"__proto__":2,"toString":3}}')) as { m: Map<string, number> };
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
  assert.deepEqual(Object.entries(value)[0], ["__proto__", 1]);
  assert.deepEqual(
    [...value.m],
    [
      ["__proto__", 2],
      ["toString", 3],
    ],
  );
  assert.equal(({} as { polluted?: unknown }).polluted, undefined);
  assert.deepEqual(decodeJson(t.record("Q", { a: t.int() }), bytes('{"__proto__":{"polluted":1},"a":1}')), { a: 1 });
});

test("unknown fields are skipped wherever they stand", () => {
  const members = ['"id":"a"', '"amount":1', '"n":2', '"note":"x"', '"items":[]'];
  for (let at = 0; at <= members.length; at++)
    for (const codegen of ["auto", "off"] as const)
      for (const separator of [",", ", ", " ,\n"]) {
        const document = bytes(`{${members.toSpliced(at, 0, '"extra":{"a":[1,"}"]}', '"more":null').join(separator)}}`);
        const builder = new BatchBuilder(Tx.type, 1, "bytes");
        jsonDecoder(Tx.type, { codegen }).decodeInto(builder, document, 0, document.length, 0);
        assert.deepEqual(rowAt(builder.finish(), 0), { id: "a", amount: 1, n: 2, note: "x", items: [] });
      }
});

test("of a name that comes twice the last value counts", () => {
  for (const codegen of ["auto", "off"] as const) {
    const builder = new BatchBuilder(Tx.type, 1, "bytes");
    const document = bytes('{"id":"first","amount":1,"n":1,"items":[],"note":"x","id":"second","note":null}');
    jsonDecoder(Tx.type, { codegen }).decodeInto(builder, document, 0, document.length, 0);
    assert.deepEqual(rowAt(builder.finish(), 0), { id: "second", amount: 1, n: 1, note: undefined, items: [] });
  }
});

test("a lone surrogate becomes U+FFFD, a pair one character", () => {
  assert.equal(decodeJson(t.string(), bytes('"\\ud83d\\ude00\\ud800x\\udc00"')), "😀\ufffdx\ufffd");
  assert.equal(text(encodeJson(t.string().type, "\ud800x")), '"\ufffdx"');
});

test("after many documents in another order the reader has adapted, and nothing is lost", () => {
  const builder = new BatchBuilder(Tx.type, 5000, "bytes");
  const decoder = jsonDecoder(Tx.type);
  for (let index = 0; index < 4000; index++) {
    const fields = [`"id":"id-${index}"`, `"amount":${index / 4}`, `"n":${index}`, '"items":[]'];
    const document = bytes(`{${(index < 3000 ? fields.toReversed() : fields).join(",")}}`);
    decoder.decodeInto(builder, document, 0, document.length, index);
  }
  const batch = builder.finish();
  for (let index = 0; index < 4000; index++)
    assert.deepEqual(rowAt(batch, index), { id: `id-${index}`, amount: index / 4, n: index, note: undefined, items: [] });
});

test("what JSON cannot hold is refused by path, and the buffer is as before", () => {
  for (const codegen of ["auto", "off"] as const) {
    const builder = new BatchBuilder(Tx.type, 1);
    builder.append({ id: "a", amount: NaN, n: 1, items: [{ price: 1 }] }, 0);
    const out = new EncodeBuffer(4);
    out.at = 2;
    assert.throws(() => jsonEncoder(Tx.type, { codegen })(builder.finish(), 0, out), {
      path: "amount",
      expected: "a finite number",
      got: "NaN",
    });
    assert.equal(out.at, 2);
  }
  assert.throws(() => encodeJson(Tx.type, { id: "a", amount: 1, n: 1, items: [{ price: Infinity }] }), { path: "items[0].price" });
  assert.throws(() => encodeJson(Tx.type, { id: 5 }), { message: "id: expected string, got an integer" });
  assert.throws(() => encodeJson(undefined, 5n), SchemaError);
});

test("absent fields are left out, and a record may be empty", () => {
  assert.equal(text(encodeJson(t.record("E", { a: t.optional(t.int()), b: t.optional(t.int()) }).type, { a: undefined, b: null })), "{}");
  const builder = new BatchBuilder(t.record("E", { a: t.optional(t.int()), b: t.optional(t.array(t.int())) }).type, 2);
  builder.append({}, 0);
  builder.append({ b: [1] }, 0);
  const out = new EncodeBuffer();
  for (const codegen of ["auto", "off"] as const)
    for (const row of [0, 1]) jsonEncoder(builder.type, { codegen })(builder.finish(), row, out);
  assert.equal(text(out.finish()), '{}{"b":[1]}{}{"b":[1]}');
});

test("values without a schema are plain JSON", () => {
  const builder = new BatchBuilder(undefined, 2, "bytes");
  const document = bytes('{"a":[1,null]}');
  jsonDecoder(undefined).decodeInto(builder, document, 0, document.length, 5);
  assert.deepEqual(rowAt(builder.finish(), 0), { a: [1, null] });
  const out = new EncodeBuffer(1);
  jsonEncoder(undefined)(builder.finish(), 0, out);
  assert.equal(text(out.finish()), '{"a":[1,null]}');
  assert.throws(() => jsonDecoder(undefined).decodeInto(builder, document, 0, 3, 0), SchemaError);
});

test("records of a union are told apart by their literal, wherever it stands", () => {
  const Payment = t.union(
    t.record("Card", { kind: t.literal("card"), pan: t.string() }),
    t.record("Wire", { kind: t.literal("wire"), iban: t.string() }),
  );
  assert.deepEqual(decodeJson(Payment, bytes('{"iban":"DE","x":[{}],"kind":"wire"}')), { kind: "wire", iban: "DE" });
  assert.throws(() => decodeJson(Payment, bytes('{"kind":"coin"}')), /expected record Card or record Wire, got an object/);
  assert.throws(() => decodeJson(Payment, bytes('{"kind":"card"}')), /pan: expected string, got nothing/);
});
