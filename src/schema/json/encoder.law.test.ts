// The encoders against JSON.stringify and the decoders: generated writer, interpreter and value writer give the same bytes, which
// JSON.parse takes and our decoders read back as the value they came from.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { anyRecord, anyType, valueOf } from "../fixtures/arbitrary-types.ts";
import { BatchBuilder } from "../batch-builder.ts";
import { EncodeBuffer } from "../encode-buffer.ts";
import { t } from "../t.ts";
import type { TypeInfo } from "../type-info.ts";
import { decodeJson } from "./decoder.ts";
import { encodeJson, jsonEncoder } from "./encoder.ts";

const seed = process.env["MILLRACE_SEED"] === undefined ? {} : { seed: Number(process.env["MILLRACE_SEED"]) };
const text = (bytes: Uint8Array): string => new TextDecoder("utf-8", { fatal: true }).decode(bytes);

function rowAsJson(type: TypeInfo, value: unknown, strings: "bytes" | "values", codegen: "auto" | "off"): string {
  const builder = new BatchBuilder(type, 2, strings);
  builder.append(value, 0);
  builder.append(value, 0);
  const out = new EncodeBuffer(1);
  const encode = jsonEncoder(type, { codegen });
  encode(builder.finish(), 0, out);
  const first = out.at;
  encode(builder.finish(), 1, out);
  assert.equal(text(out.copy(0)), text(out.copy(first)).repeat(2));
  return text(out.copy(first));
}

/** −0 is written as 0. */
function positive(value: unknown): unknown {
  if (typeof value === "number") return value + 0;
  if (Array.isArray(value)) return value.map(positive);
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [positive(key), positive(item)]));
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  const copy = {};
  for (const [name, item] of Object.entries(value))
    Object.defineProperty(copy, name, { value: positive(item), writable: true, enumerable: true, configurable: true });
  return copy;
}

test("rows are written alike by generated code, the interpreter and the value writer, and read back as they were", () => {
  fc.assert(
    fc.property(
      anyRecord.chain((schema) => fc.tuple(fc.constant(schema), valueOf(schema.type))),
      ([schema, value]) => {
        const { type } = schema;
        const plain = text(encodeJson(type, value));
        JSON.parse(plain);
        assert.deepStrictEqual(decodeJson(schema, new TextEncoder().encode(plain)), positive(value));
        for (const strings of ["bytes", "values"] as const)
          for (const codegen of ["auto", "off"] as const) assert.equal(rowAsJson(type, value, strings, codegen), plain);
      },
    ),
    { numRuns: 800, ...seed },
  );
});

test("values of any type are read back as they were", () => {
  fc.assert(
    fc.property(
      anyType.chain((schema) => fc.tuple(fc.constant(schema), valueOf(schema.type))),
      ([schema, value]) => {
        assert.deepStrictEqual(decodeJson(schema, encodeJson(schema.type, value)), positive(value));
      },
    ),
    { numRuns: 800, ...seed },
  );
});

test("strings and numbers are written as JSON.stringify writes them", () => {
  const One = t.record("One", { s: t.string(), n: t.double() });
  const number = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.maxSafeInteger(),
    fc.integer({ min: -1e9, max: 1e9 }).map((n) => n / 100),
    fc.tuple(fc.maxSafeInteger(), fc.nat(20)).map(([n, shift]) => n / 10 ** shift),
    fc.constantFrom(2 ** 31, -(2 ** 31), 2 ** 31 - 1, 1e9, 999999999, 1e15, 1e21, 0.01, 1e-7, 5e-324, -0),
  );
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), number, (s, n) => {
      const value = { s: s.toWellFormed(), n };
      assert.equal(rowAsJson(One.type, value, "values", "auto"), JSON.stringify(value));
      assert.equal(text(encodeJson(One.type, value)), JSON.stringify(value));
    }),
    { numRuns: 5000, ...seed },
  );
});
