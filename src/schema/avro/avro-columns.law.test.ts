// Types through Avro: every type comes back from its schema; rows and values written are read as they were, from columns and into columns, by
// generated code and by the interpreter; documents of avsc, too.
import assert from "node:assert/strict";
import { test } from "node:test";
import avsc from "avsc";
import fc from "fast-check";
import { BatchBuilder } from "../batch-builder.ts";
import { rowAt } from "../columns.ts";
import { EncodeBuffer } from "../encode-buffer.ts";
import { anyRecord, anyType, valueOf } from "../fixtures/arbitrary-types.ts";
import { oddValue, placeInside, spoiled } from "../fixtures/spoiled-values.ts";
import { SchemaError } from "../schema-error.ts";
import { t } from "../t.ts";
import type { TypeInfo } from "../type-info.ts";
import { avroText } from "./avro-text.ts";
import { avroToType } from "./avro-to-type.ts";
import { avroDecoder } from "./decoder.ts";
import { avroEncoder } from "./encoder.ts";
import { avroJson, typeToAvro } from "./type-to-avro.ts";
import { avroValueDecoder } from "./value-decoder.ts";

const seed = process.env["MILLRACE_SEED"] === undefined ? {} : { seed: Number(process.env["MILLRACE_SEED"]) };
const MODES = ["auto", "off"] as const;

/** Longs of all 64 bits, as avsc lets one have them. */
const LONG = avsc.types.LongType.__with({
  fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const buffer = Buffer.alloc(8);
    buffer.writeBigInt64LE(value);
    return buffer;
  },
  fromJSON: BigInt,
  toJSON: Number,
  isValid: (value: unknown) => typeof value === "bigint",
  compare: (a: bigint, b: bigint) => (a === b ? 0 : a < b ? -1 : 1),
});

/** avsc takes a registered type by its plain name only; its own longs are wrong beyond 2^52. */
function plainLongs(json: unknown): unknown {
  return JSON.parse(JSON.stringify(json), (_name, each: { type?: unknown } | null) =>
    each?.type === "long" && !("name" in each) ? "long" : each,
  );
}

/** A row from objects ("values") or from bytes, written in every way: all the same. */
function written(type: TypeInfo, value: unknown): Uint8Array {
  const builders = (["values", "bytes"] as const).map((strings) => {
    const builder = new BatchBuilder(type, 2, strings);
    builder.append(value, 0);
    return builder.finish();
  });
  const forms = MODES.flatMap((codegen) => {
    const encoder = avroEncoder(type, undefined, { codegen });
    const write = (put: (out: EncodeBuffer) => void): Uint8Array => {
      const out = new EncodeBuffer(4);
      put(out);
      return out.copy();
    };
    return [write((out) => encoder.value(value, out)), ...builders.map((batch) => write((out) => encoder.row(batch, 0, out)))];
  });
  for (const form of forms) assert.deepEqual(form, forms[0]);
  return forms[0]!;
}

function readRows(type: TypeInfo, bytes: Uint8Array): unknown[] {
  const padded = new Uint8Array(bytes.length + 7).fill(0xff);
  padded.set(bytes, 3);
  return MODES.flatMap((codegen) => {
    const decoder = avroDecoder(type, undefined, { codegen });
    return (["bytes", "values"] as const).map((strings) => {
      const builder = new BatchBuilder(type, 3, strings);
      for (let row = 0; row < 2; row++) decoder.decodeInto(builder, padded, 3, 3 + bytes.length, 7);
      const batch = builder.finish();
      assert.deepStrictEqual(rowAt(batch, 1), rowAt(batch, 0));
      return rowAt(batch, 0);
    });
  });
}

const anyRow = anyRecord.chain((schema) => fc.tuple(fc.constant(schema.type), valueOf(schema.type)));

test("a type's own schema gives the type back", () => {
  fc.assert(
    fc.property(fc.oneof(anyType, anyRecord), ({ type }) => {
      assert.deepEqual(avroToType(typeToAvro(type)), type);
    }),
    { numRuns: 200, ...seed },
  );
});

test("rows and values are read as they were written", () => {
  fc.assert(
    fc.property(anyRow, ([type, value]) => {
      const bytes = written(type, value);
      for (const row of readRows(type, bytes)) assert.deepStrictEqual(row, value);
      for (const codegen of MODES)
        assert.deepStrictEqual(avroValueDecoder(typeToAvro(type), undefined, { nothing: "undefined", codegen })(bytes), value);
    }),
    { numRuns: 120, ...seed },
  );
});

test("values of any type are read as they were written", () => {
  const arbitrary = anyType.chain((schema) => fc.tuple(fc.constant(schema.type), valueOf(schema.type)));
  fc.assert(
    fc.property(arbitrary, ([type, value]) => {
      for (const row of readRows(type, written(type, value))) assert.deepStrictEqual(row, value);
    }),
    { numRuns: 200, ...seed },
  );
});

/** Objects, which maps are to avsc, put names that are numbers first. */
function hasNumbersInMaps(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const isMap = value instanceof Map;
  if (isMap && [...(value as Map<unknown, unknown>).keys()].some((key) => /^[0-9]+$/.test(String(key)))) return true;
  return (isMap ? [...value.values()] : Object.values(value)).some(hasNumbersInMaps);
}

test("avsc takes a type's schema and our bytes", () => {
  let tried = 0;
  fc.assert(
    fc.property(anyRow, ([type, value]) => {
      if (avroText(typeToAvro(type), "plain").includes('"__proto__"') || hasNumbersInMaps(value)) return; // which avsc cannot
      const theirs = avsc.Type.forSchema(plainLongs(avroJson(type)) as avsc.Schema, { wrapUnions: true, registry: { long: LONG } });
      const bytes = Buffer.from(written(type, value));
      assert.deepEqual(theirs.toBuffer(theirs.fromBuffer(bytes)), bytes);
      tried++;
    }),
    { numRuns: 100, ...seed },
  );
  assert.ok(tried > 50, `${tried} tried`);
});

/** The bytes, or the error in words: the same by generated code and by the interpreter. */
function bytesOrError(type: TypeInfo, value: unknown): Uint8Array | string {
  const [fast, slow] = MODES.map((codegen) => {
    const out = new EncodeBuffer(4);
    out.at = 1;
    try {
      avroEncoder(type, undefined, { codegen }).value(value, out);
      return out.copy(1);
    } catch (error) {
      assert.ok(error instanceof SchemaError, String((error as Error).stack));
      assert.equal(out.at, 1, "the buffer is as before");
      return error.message;
    }
  });
  assert.deepEqual(fast, slow);
  return fast!;
}

test("values that may not fit: generated code and interpreter write the same bytes, or say the same", () => {
  const counts = { written: 0, refused: 0 };
  fc.assert(
    fc.property(anyRow, placeInside, oddValue, ([type, value], place, other) => {
      counts[typeof bytesOrError(type, spoiled(value, place, other)) === "string" ? "refused" : "written"]++;
    }),
    { numRuns: 300, ...seed },
  );
  assert.ok(counts.written > 5 && counts.refused > 30, JSON.stringify(counts));
});

test("arrays nest as deep for generated code as for the interpreter", () => {
  for (const levels of [1, 60, 62, 63, 64, 65, 66]) {
    let schema: ReturnType<typeof t.array<unknown>> = t.array(t.int()) as never;
    let value: unknown = [7];
    for (let level = 1; level < levels; level++) [schema, value] = [t.array(schema) as never, [value]];
    const record = t.record("Deep", { a: schema });
    for (const [type, of] of [
      [schema.type, value],
      [record.type, { a: value }],
    ] as const)
      // prettier-ignore
      assert.equal(typeof bytesOrError(type, of) === "string", levels + (type.kind === "record" ? 1 : 0) > 64);
  }
});
