// What a writer wrote, a reader reads, for every type; and no bytes whatsoever make a reader pass its end.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FrameError } from "./frame-error.ts";
import { ByteReader } from "./reader.ts";
import { sizeOfUnsignedVarint, sizeOfVarint, sizeOfVarlong } from "./varint.ts";
import { ByteWriter, utf8Length } from "./writer.ts";

const seed = process.env.MILLRACE_SEED === undefined ? {} : { seed: Number(process.env.MILLRACE_SEED) };
const int32 = fc.integer({ min: -0x80000000, max: 0x7fffffff });
const uint32 = fc.integer({ min: 0, max: 0xffffffff });
const safe = fc.oneof(fc.maxSafeInteger(), int32, powersOfTwo());
const int64 = fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n });
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.string({ unit: fc.constantFrom("\ud83d", "\ude00", "a", "é") }),
);

function powersOfTwo(): fc.Arbitrary<number> {
  return fc.tuple(fc.integer({ min: 0, max: 52 }), fc.integer({ min: -1, max: 1 }), fc.boolean()).map(([power, off, negative]) => {
    const value = 2 ** power + off;
    return negative ? -value - (value === 0 ? 1 : 0) : value;
  });
}

type Field = readonly [name: string, value: unknown];
const field: fc.Arbitrary<Field> = fc.oneof(
  fc.tuple(fc.constant("int8"), fc.integer({ min: -128, max: 127 })),
  fc.tuple(fc.constant("uint8"), fc.integer({ min: 0, max: 255 })),
  fc.tuple(fc.constant("int16"), fc.integer({ min: -32768, max: 32767 })),
  fc.tuple(fc.constant("uint16"), fc.integer({ min: 0, max: 65535 })),
  fc.tuple(fc.constant("int32"), int32),
  fc.tuple(fc.constant("uint32"), uint32),
  fc.tuple(fc.constant("int64"), safe),
  fc.tuple(fc.constant("int64Big"), int64),
  fc.tuple(fc.constant("float64"), fc.double()),
  fc.tuple(fc.constant("boolean"), fc.boolean()),
  fc.tuple(fc.constant("unsignedVarint"), uint32),
  fc.tuple(fc.constant("varint"), int32),
  fc.tuple(fc.constant("varlong"), safe),
);

/** Integers have no −0. */
function normal(name: string, value: unknown): unknown {
  return name !== "float64" && value === 0 ? 0 : value;
}

test("every field reads back as it was written, in any sequence, through any growth of the buffer", () => {
  fc.assert(
    fc.property(fc.array(field, { maxLength: 60 }), (fields) => {
      const writer = new ByteWriter(16) as unknown as ByteWriter & Record<string, (value: unknown) => void>;
      for (const [name, value] of fields) writer[name]!(value);
      const reader = new ByteReader(writer.finish()) as unknown as ByteReader & Record<string, () => unknown>;
      for (const [name, value] of fields) assert.deepEqual(reader[name]!(), normal(name, value), name);
      assert.equal(reader.remaining, 0);
    }),
    seed,
  );
});

test("varints take the size that was announced", () => {
  fc.assert(
    fc.property(uint32, int32, safe, (unsigned, signed, long) => {
      const writer = new ByteWriter();
      writer.unsignedVarint(unsigned);
      assert.equal(writer.length, sizeOfUnsignedVarint(unsigned));
      writer.reset();
      writer.varint(signed);
      assert.equal(writer.length, sizeOfVarint(signed));
      writer.reset();
      writer.varlong(long);
      assert.equal(writer.length, sizeOfVarlong(long), String(long));
    }),
    seed,
  );
});

test("a varlong of a bigint is the varlong of the number, and reads back rounded beyond 2^53", () => {
  fc.assert(
    fc.property(int64, safe, (big, number) => {
      const writer = new ByteWriter();
      writer.varlongBig(big);
      assert.equal(new ByteReader(writer.finish()).varlong(), Number(big));
      const left = new ByteWriter();
      const right = new ByteWriter();
      left.varlong(number);
      right.varlongBig(BigInt(number));
      assert.deepEqual(left.finish(), right.finish());
    }),
    seed,
  );
});

test("strings are UTF-8 as TextEncoder writes it, of the length that was announced", () => {
  fc.assert(
    fc.property(text, (value) => {
      const expected = new TextEncoder().encode(value);
      const writer = new ByteWriter(16);
      assert.equal(writer.string(value), expected.length);
      assert.equal(utf8Length(value), expected.length);
      assert.deepEqual(new Uint8Array(writer.finish()), expected);
      assert.equal(new ByteReader(writer.finish()).string(expected.length), value.toWellFormed());
    }),
    seed,
  );
});

test("arbitrary bytes make a reader throw a FrameError at worst, and never pass its end", () => {
  const reads = fc.array(
    fc.oneof(
      fc
        .constantFrom("int8", "int16", "int32", "int64", "int64Big", "float64", "unsignedVarint", "varint", "varlong")
        .map((name) => [name] as const),
      fc.tuple(fc.constantFrom("bytes", "string", "skip"), fc.integer({ min: -5, max: 40 })),
    ),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(20), fc.nat(20), reads, (bytes, cutStart, cutEnd, sequence) => {
      const start = Math.min(cutStart, bytes.length);
      const end = Math.max(start, bytes.length - cutEnd);
      const reader = new ByteReader(bytes, start, end) as unknown as ByteReader & Record<string, (length?: number) => unknown>;
      for (const [name, length = 0] of sequence) {
        const before = reader.at;
        try {
          reader[name]!(length);
        } catch (error) {
          assert.ok(error instanceof FrameError);
          assert.equal(reader.at, before);
        }
        assert.ok(reader.at >= before && reader.at <= end);
      }
    }),
    seed,
  );
});
