// The binary row against the value it came from: both faces and both makers give the same bytes, which every decoder reads back, and no
// damage to them does worse than an error.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { anyRecord, anyType, valueOf } from "../fixtures/arbitrary-types.ts";
import { BatchBuilder } from "../batch-builder.ts";
import { rowAt } from "../columns.ts";
import { EncodeBuffer } from "../encode-buffer.ts";
import { SchemaError } from "../schema-error.ts";
import { decodeSelfDescribing, encodeSelfDescribing } from "../self-describing.ts";
import { t } from "../t.ts";
import type { TypeInfo } from "../type-info.ts";
import { BinaryCodec } from "./binary-codec.ts";

const seed = process.env["MILLRACE_SEED"] === undefined ? {} : { seed: Number(process.env["MILLRACE_SEED"]) };
const anyValue = fc.oneof(anyRecord, anyType).chain((schema) => fc.tuple(fc.constant(schema.type), valueOf(schema.type)));

function codecs(type: TypeInfo): BinaryCodec[] {
  return [new BinaryCodec(type), new BinaryCodec(type, { codegen: "off" })];
}

test("both makers and both faces write the same bytes and read the value back", () => {
  fc.assert(
    fc.property(anyValue, ([type, value]) => {
      const expected = new BinaryCodec(type, { codegen: "off" }).bytesOf(value).slice();
      for (const codec of codecs(type)) {
        assert.deepEqual(codec.bytesOf(value), expected);
        assert.deepStrictEqual(codec.decode(expected), value);
        assert.equal(codec.end, expected.length);
        for (const strings of ["bytes", "values"] as const) {
          const builder = new BatchBuilder(type, 2, strings);
          builder.append(value, 0);
          const out = new EncodeBuffer(1);
          codec.encodeRow(builder.finish(), 0, out);
          assert.deepEqual(out.copy(), expected);
          const back = new BatchBuilder(type, 2, strings);
          assert.equal(codec.decodeInto(back, expected, 0, expected.length, 3), expected.length);
          assert.deepStrictEqual(rowAt(back.finish(), 0), value);
        }
      }
    }),
    { numRuns: 1000, ...seed },
  );
});

test("rows follow one another, each knowing its end", () => {
  fc.assert(
    fc.property(
      anyRecord.chain((schema) => fc.tuple(fc.constant(schema.type), fc.array(valueOf(schema.type), { minLength: 1, maxLength: 5 }))),
      ([type, values]) => {
        const out = new EncodeBuffer(1);
        const codec = new BinaryCodec(type);
        for (const value of values) codec.encode(value, out);
        const bytes = out.finish();
        let at = 0;
        for (const value of values) {
          assert.deepStrictEqual(codec.decode(bytes, at, bytes.length), value);
          at = codec.end;
        }
        assert.equal(at, bytes.length);
      },
    ),
    { numRuns: 300, ...seed },
  );
});

test("damaged bytes give a value or a SchemaError, alike for both makers, and every cut is an error", () => {
  fc.assert(
    fc.property(anyValue, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }), fc.nat(), ([type, value], changes, cut) => {
      const bytes = new BinaryCodec(type).bytesOf(value).slice();
      for (const codec of codecs(type)) assert.throws(() => codec.decode(bytes, 0, cut % bytes.length), SchemaError);
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
      const results = codecs(type).map((codec) => {
        try {
          return codec.decode(bytes);
        } catch (error) {
          assert.ok(error instanceof SchemaError, String(error));
          return error.message;
        }
      });
      assert.deepStrictEqual(results[0], results[1]);
    }),
    { numRuns: 1000, ...seed },
  );
});

test("a value that does not fit is refused by path, and the buffer is as before", () => {
  const type = t.record("R", { id: t.string(), list: t.array(t.record("S", { n: t.int(), l: t.optional(t.literal("a")) })) }).type;
  for (const codec of codecs(type)) {
    const out = new EncodeBuffer(2);
    out.at = 1;
    assert.throws(() => codec.encode({ id: "x", list: [{ n: 1 }, { n: 1, l: "b" }] }, out), {
      path: "list[1].l",
      got: "a string of 1 characters",
    });
    assert.throws(() => codec.encode({ id: 1, list: [] }, out), { path: "id" });
    assert.throws(() => codec.encode(null, out), { path: "", expected: "record R" });
    assert.equal(out.at, 1);
    assert.throws(() => codec.decode(Uint8Array.of(9, 0)), { expected: "binary rows of version 1", got: "version 9" });
  }
});

test("values without a schema come back as they were", () => {
  const any = fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, maxDepth: 4 }).map((value) => plain(value));
  fc.assert(
    fc.property(any, (value) => {
      const out = new EncodeBuffer(1);
      encodeSelfDescribing(value, out);
      assert.deepStrictEqual(decodeSelfDescribing(out.finish()), value);
    }),
    { numRuns: 1000, ...seed },
  );
  for (const bad of [() => {}, Symbol("x"), { a: () => {} }])
    assert.throws(() => encodeSelfDescribing(bad, new EncodeBuffer()), SchemaError);
  const cycle: unknown[] = [];
  cycle.push(cycle);
  assert.throws(() => encodeSelfDescribing(cycle, new EncodeBuffer()), /no cycle/);
  assert.throws(() => decodeSelfDescribing(Uint8Array.of(9, 255, 255, 255, 255, 15)), SchemaError);
  assert.throws(() => decodeSelfDescribing(Uint8Array.of(3, 3)), SchemaError);
});

/** Without lone surrogates and null prototypes, which do not survive. */
function plain(value: unknown): unknown {
  if (typeof value === "string") return value.toWellFormed();
  if (Array.isArray(value)) return Array.from(value, plain);
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [plain(key), plain(item)]));
  if (value instanceof Set) return new Set([...value].map(plain));
  if (typeof value !== "object" || value === null || value instanceof Date || value instanceof Uint8Array) return value;
  const copy = {};
  for (const [name, item] of Object.entries(value))
    Object.defineProperty(copy, name.toWellFormed(), { value: plain(item), writable: true, enumerable: true, configurable: true });
  return copy;
}
