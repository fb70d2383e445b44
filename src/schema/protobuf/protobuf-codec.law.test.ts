// The codec against protobufjs' own: random types and values both ways; generated code and interpreter agree on every value and every error,
// also on damaged bytes.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import protobuf from "protobufjs";
import { BatchBuilder } from "../batch-builder.ts";
import { rowAt } from "../columns.ts";
import { EncodeBuffer } from "../encode-buffer.ts";
import { anyRecord, anyType, valueOf } from "../fixtures/arbitrary-types.ts";
import { oddValue, placeInside, spoiled } from "../fixtures/spoiled-values.ts";
import { SchemaError } from "../schema-error.ts";
import type { TypeInfo } from "../type-info.ts";
import { protoDecoder, protoValueDecoder } from "./decoder.ts";
import { protoEncoder } from "./encoder.ts";
import { addKnownFiles } from "./known-files.ts";
import { protoText, typeToProto } from "./type-to-proto.ts";

const seed = process.env["MILLRACE_SEED"] === undefined ? {} : { seed: Number(process.env["MILLRACE_SEED"]) };
const RUN = { endOnFailure: true, ...seed };

/** A row from objects ("values") or from bytes, written in every way: all the same. */
function written(type: TypeInfo, value: unknown): Uint8Array {
  const write = (put: (out: EncodeBuffer) => void): Uint8Array => {
    const out = new EncodeBuffer(4);
    put(out);
    return out.copy();
  };
  const forms = (["auto", "off"] as const).flatMap((codegen) => {
    const encoder = protoEncoder(type, undefined, { codegen });
    const rows = (["values", "bytes"] as const).map((strings) => {
      const builder = new BatchBuilder(type, 2, strings);
      builder.append(value, 0);
      const batch = builder.finish();
      return write((out) => encoder.row(batch, 0, out));
    });
    return [write((out) => encoder.value(value, out)), ...rows];
  });
  for (const form of forms) assert.deepEqual(form, forms[0]);
  return forms[0]!;
}

const CODEGEN = ["auto", "off"] as const;
type Readers = readonly { readonly rows: ReturnType<typeof protoDecoder>; readonly values: ReturnType<typeof protoValueDecoder> }[];
const known = new WeakMap<TypeInfo, Readers>();

/** Made once for a type: it is what takes time. */
function readersOf(type: TypeInfo): Readers {
  let readers = known.get(type);
  if (readers === undefined)
    known.set(
      type,
      (readers = CODEGEN.map((codegen) => ({
        rows: protoDecoder(type, undefined, { codegen }),
        values: protoValueDecoder(type, undefined, { codegen }),
      }))),
    );
  return readers;
}

/** The row, or the error in words: the same by generated code and by the interpreter, wherever the document lies. */
function read(type: TypeInfo, bytes: Uint8Array): unknown {
  const padded = new Uint8Array(bytes.length + 7).fill(0x08);
  padded.set(bytes, 3);
  const rows = readersOf(type).flatMap(({ rows: decoder }) => {
    return (["bytes", "values"] as const).map((strings) => {
      const builder = new BatchBuilder(type, 3, strings);
      try {
        for (let row = 0; row < 2; row++) decoder.decodeInto(builder, padded, 3, 3 + bytes.length, 7);
      } catch (error) {
        assert.ok(error instanceof SchemaError, String((error as Error).stack));
        assert.equal(builder.rows, 0);
        return `refused: ${error.message}`;
      }
      const batch = builder.finish();
      assert.deepStrictEqual(rowAt(batch, 1), rowAt(batch, 0));
      return rowAt(batch, 0);
    });
  });
  for (const row of [...rows, ...values(type, padded, 3, 3 + bytes.length)]) assert.deepStrictEqual(row, rows[0]);
  return rows[0];
}

/** The same as values. */
function values(type: TypeInfo, bytes: Uint8Array, start: number, end: number): unknown[] {
  return readersOf(type).map(({ values: decode }) => {
    try {
      return decode(bytes, start, end);
    } catch (error) {
      assert.ok(error instanceof SchemaError, String((error as Error).stack));
      return `refused: ${error.message}`;
    }
  });
}

const anyRow = anyRecord.chain((schema) => fc.tuple(fc.constant(schema.type), valueOf(schema.type)));
const anyPair = anyType.chain((schema) => fc.tuple(fc.constant(schema.type), valueOf(schema.type)));

test("rows and values are read as they were written", () => {
  fc.assert(
    fc.property(fc.oneof(anyRow, anyPair), ([type, value]) => {
      const bytes = written(type, value);
      assert.deepStrictEqual(read(type, bytes), value);
      for (const { values: decode } of readersOf(type)) assert.deepStrictEqual(decode(bytes), value);
    }),
    { numRuns: 150, ...RUN },
  );
});

/** protobufjs' own codec of the same text. */
function theirs(type: TypeInfo): protobuf.Type {
  const root = new protobuf.Root();
  protobuf.parse(protoText(type), root, { keepCase: true });
  addKnownFiles(
    root,
    ["google/protobuf/timestamp", "google/type/date", "google/type/timeofday", "confluent/type/decimal"].map((path) => `${path}.proto`),
  );
  root.resolveAll();
  return root.lookupType(`.${typeToProto(type).name}`);
}

test("protobufjs reads what we write, and we read what it writes of that", () => {
  let tried = 0;
  fc.assert(
    fc.property(anyRow, ([type, value]) => {
      if (protoText(type).includes("__proto__")) return;
      const codec = theirs(type);
      const bytes = written(type, value);
      const message = codec.decode(bytes);
      assert.deepStrictEqual(read(type, new Uint8Array(codec.encode(message).finish())), value);
      tried++;
    }),
    { numRuns: 120, ...RUN },
  );
  assert.ok(tried > 50, `${tried} tried`);
});

type Change = readonly [position: number, kind: string, byte: number];

function damaged(whole: readonly number[], changes: readonly Change[]): number[] {
  let bytes = [...whole];
  for (const [position, kind, byte] of changes) {
    const at = position % (bytes.length + 1);
    if (kind === "replace") bytes[at] = byte;
    else if (kind === "insert") bytes.splice(at, 0, byte);
    else if (kind === "double") bytes = [...bytes, ...bytes];
    else bytes = bytes.slice(0, at);
  }
  return bytes.map((byte) => byte ?? 0);
}

test("damaged bytes: generated code and interpreter say the same", () => {
  const damage = fc.array(fc.tuple(fc.nat(), fc.constantFrom("replace", "insert", "cut", "double"), fc.nat(255)), {
    minLength: 1,
    maxLength: 3,
  });
  let refused = 0;
  fc.assert(
    fc.property(anyRow, fc.array(damage, { minLength: 6, maxLength: 6 }), ([type, value], damages) => {
      const whole = [...written(type, value)];
      for (const changes of damages) {
        const result = read(type, Uint8Array.from(damaged(whole, changes)));
        if (typeof result === "string" && result.startsWith("refused: ")) refused++;
      }
    }),
    { numRuns: 80, ...RUN },
  );
  assert.ok(refused > 80, `${refused} refused`);
});

test("values that may not fit: generated code and interpreter write the same bytes, or say the same", () => {
  const counts = { written: 0, refused: 0 };
  const bytesOrReason = (encoder: ReturnType<typeof protoEncoder>, given: unknown): Uint8Array | string => {
    const out = new EncodeBuffer(4);
    out.ensure(1);
    out.bytes[out.at++] = 9;
    try {
      encoder.value(given, out);
      counts.written++;
      return out.copy();
    } catch (error) {
      assert.ok(error instanceof SchemaError, String((error as Error).stack));
      assert.equal(out.at, 1, "the buffer is as before");
      counts.refused++;
      return error.message;
    }
  };
  const spoils = fc.array(fc.tuple(placeInside, oddValue), { minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(anyRow, spoils, ([type, value], all) => {
      const [fast, slow] = CODEGEN.map((codegen) => protoEncoder(type, undefined, { codegen }));
      for (const [path, other] of all) {
        const given = spoiled(value, path, other);
        assert.deepEqual(bytesOrReason(fast!, given), bytesOrReason(slow!, given));
      }
    }),
    { numRuns: 100, ...RUN },
  );
  assert.ok(counts.written > 10 && counts.refused > 40, JSON.stringify(counts));
});
