// Nested records in columns are what they are as objects: to whoever reads rows, to every encoder, and whoever filled the builder.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { avroDecoder } from "./avro/decoder.ts";
import { avroEncoder } from "./avro/encoder.ts";
import { BatchBuilder } from "./batch-builder.ts";
import type { Batch } from "./batch.ts";
import { BinaryCodec } from "./binary-row/binary-codec.ts";
import { rowAt } from "./columns.ts";
import { EncodeBuffer } from "./encode-buffer.ts";
import { anyType, makeObject, scalarType, valueOf } from "./fixtures/arbitrary-types.ts";
import { nestedBatch } from "./fixtures/nested-batch.ts";
import { jsonDecoder } from "./json/decoder.ts";
import { jsonEncoder } from "./json/encoder.ts";
import { protoDecoder } from "./protobuf/decoder.ts";
import { protoEncoder } from "./protobuf/encoder.ts";
import { SchemaError } from "./schema-error.ts";
import { t } from "./t.ts";
import type { Schema, TypeInfo } from "./type-info.ts";

const seed = process.env["MILLRACE_SEED"] === undefined ? {} : { seed: Number(process.env["MILLRACE_SEED"]) };
const MODES = ["auto", "off"] as const;

const field = fc.oneof(
  { weight: 4, arbitrary: scalarType },
  { weight: 2, arbitrary: scalarType.map((of) => t.optional(of)) },
  { weight: 1, arbitrary: anyType },
);
const names = fc.uniqueArray(fc.constantFrom("a", "b", "c", "id", "__proto__", "constructor", "ünï"), { minLength: 1, maxLength: 4 });
const recordOf = (fields: fc.Arbitrary<Schema<unknown>>): fc.Arbitrary<Schema<object>> =>
  names.chain((all) =>
    fc
      .tuple(...all.map(() => fields))
      .map((types) => t.record("R", makeObject(all.map((name, at) => [name, types[at]])) as {}) as Schema<object>),
  );
const maybe = (of: fc.Arbitrary<Schema<unknown>>): fc.Arbitrary<Schema<unknown>> =>
  fc.tuple(of, fc.boolean()).map(([type, optional]) => (optional ? t.optional(type) : type));
const inner = recordOf(fc.oneof({ weight: 3, arbitrary: field }, { weight: 1, arbitrary: maybe(recordOf(field)) }));
const outer = recordOf(fc.oneof({ weight: 1, arbitrary: field }, { weight: 2, arbitrary: maybe(inner) }));

const rows = outer.chain(({ type }) => fc.tuple(fc.constant(type), fc.array(valueOf(type), { minLength: 1, maxLength: 5 })));

function objects(type: TypeInfo, values: readonly unknown[]): Batch {
  const builder = new BatchBuilder(type, values.length);
  for (const value of values) builder.append(value, 0);
  return builder.finish();
}

/** The bytes of a row, or why there are none. */
function bytesOf(write: (out: EncodeBuffer) => void): unknown {
  const out = new EncodeBuffer(4);
  try {
    write(out);
    return out.copy();
  } catch (error) {
    assert.ok(error instanceof SchemaError, String((error as Error).stack));
    return error.message;
  }
}

/** In every format, by generated code and by interpreters. */
function writtenRow(batch: Batch, row: number): unknown[] {
  const type = batch.type!;
  const encoders = MODES.flatMap((codegen) => {
    const codec = new BinaryCodec(type, { codegen });
    return [
      avroEncoder(type, undefined, { codegen }).row,
      jsonEncoder(type, { codegen }),
      protoEncoder(type, undefined, { codegen }).row,
      (of: Batch, at: number, out: EncodeBuffer): void => codec.encodeRow(of, at, out),
    ];
  });
  return encoders.map((encode) => bytesOf((out) => void encode(batch, row, out)));
}

test("rows are the same, whenever their columns were made", () => {
  fc.assert(
    fc.property(rows, fc.nat(5), ([type, values], from) => {
      const batch = nestedBatch(type, values, from % values.length);
      values.forEach((value, row) => assert.deepStrictEqual(rowAt(batch, row), value));
    }),
    { numRuns: 150, ...seed },
  );
});

test("every encoder writes them as it writes objects", () => {
  fc.assert(
    fc.property(rows, ([type, values]) => {
      const [nested, plain] = [nestedBatch(type, values), objects(type, values)];
      for (let row = 0; row < values.length; row++) assert.deepEqual(writtenRow(nested, row), writtenRow(plain, row));
    }),
    { numRuns: 30, ...seed },
  );
});

test("decoders of every format fill one builder, in any order, again and again", () => {
  let kept = 0;
  fc.assert(
    fc.property(rows, fc.infiniteStream(fc.nat(6)), ([type, values], draws) => {
      const builder = new BatchBuilder(type, values.length, "bytes");
      const decoders = [
        ...MODES.map((codegen) => ({ decoder: avroDecoder(type, undefined, { codegen }), encode: avroEncoder(type).value })),
        ...MODES.map((codegen) => ({ decoder: jsonDecoder(type, { codegen }), encode: undefined })),
        ...MODES.map((codegen) => ({
          decoder: protoDecoder(type, undefined, { codegen }),
          encode: protoEncoder(type, undefined, { codegen }).value,
        })),
      ];
      for (let round = 0; round < 2; round++) {
        builder.reset();
        for (const value of values) {
          const { decoder, encode } = decoders[draws.next().value! % decoders.length]!;
          const bytes = encode === undefined ? undefined : bytesOf((out) => encode(value, out));
          if (bytes instanceof Uint8Array) decoder.decodeInto(builder, bytes, 0, bytes.length, 0);
          else builder.append(value, 0);
        }
        const batch = builder.finish();
        values.forEach((value, row) => assert.deepStrictEqual(rowAt(batch, row), value));
        kept += Number(batch.columns.some((column) => column.kind === "object" && column.parts !== undefined));
      }
    }),
    { numRuns: 60, ...seed },
  );
  assert.ok(kept > 12, `${kept} batches with nested columns`);
});

test("a row that is refused inside of a nested record leaves no trace", () => {
  const Inner = t.record("Inner", { name: t.string(), n: t.int() });
  const { type } = t.record("Outer", { id: t.string(), inner: t.optional(Inner), last: t.string() });
  const decoder = avroDecoder(type);
  const encode = avroEncoder(type).value;
  const builder = new BatchBuilder(type, 4, "bytes");
  const good = { id: "x", inner: { name: "a name", n: 7 }, last: "z" };
  const out = new EncodeBuffer();
  encode(good, out);
  const bytes = out.copy();
  const bad = bytes.slice();
  bad[bytes.indexOf("a".charCodeAt(0), 3)] = 0xff;
  decoder.decodeInto(builder, bytes, 0, bytes.length, 0);
  assert.throws(() => decoder.decodeInto(builder, bad, 0, bad.length, 0), { code: "BAD_DATA", path: "inner.name" });
  assert.throws(() => decoder.decodeInto(builder, bytes, 0, bytes.length - 1, 0), { code: "BAD_DATA" });
  decoder.decodeInto(builder, bytes, 0, bytes.length, 0);
  assert.deepEqual([0, 1].map((row) => rowAt(builder.finish(), row)), [good, good]); // prettier-ignore
  assert.equal(builder.rows, 2);
});
