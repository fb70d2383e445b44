// LZ4 frames and Snappy: what is compressed comes back, whatever it is; what is mutated is refused or harmless; bombs are refused before
// they are made. Beside it vectors of the formats' own specifications.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { compressLz4, decompressLz4 } from "./lz4-frame.ts";
import { compressSnappy, decompressSnappy } from "./snappy.ts";
import { xxhash32 } from "./xxhash32.ts";

const CODECS = [
  { name: "lz4", compress: compressLz4, decompress: decompressLz4 },
  { name: "snappy", compress: compressSnappy, decompress: decompressSnappy },
] as const;
const seed = process.env["MILLRACE_SEED"] === undefined ? {} : { seed: Number(process.env["MILLRACE_SEED"]) };
const utf8 = new TextEncoder();
const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));

/** Bytes with repetitions of all lengths and distances. */
const repetitive = fc
  .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.nat({ max: 2_000 }), fc.nat({ max: 300 })), { maxLength: 12 })
  .map((parts) => {
    const bytes: number[] = [];
    for (const [fresh, back, count] of parts) {
      bytes.push(...fresh);
      const from = Math.max(0, bytes.length - 1 - back);
      for (let i = 0; i < count; i++) bytes.push(bytes[from + i]!);
    }
    return Uint8Array.from(bytes);
  });

function pattern(length: number, period: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i % period) ^ ((i * i) >> 13));
}

for (const { name, compress, decompress } of CODECS) {
  describe(name, () => {
    it("gives back what it was given", () => {
      fc.assert(
        fc.property(fc.oneof(repetitive, fc.uint8Array({ maxLength: 500 })), (bytes) => {
          assert.deepEqual(Buffer.from(decompress(compress(bytes), bytes.length)), Buffer.from(bytes));
        }),
        { numRuns: 300, ...seed },
      );
    });

    for (const length of [0, 1, 12, 13, 65_535, 65_536, 65_537, 200_000]) {
      it(`gives back ${length} bytes, compressible or not`, () => {
        for (const bytes of [new Uint8Array(length), pattern(length, 251), pattern(length, 7)]) {
          assert.ok(Buffer.from(bytes).equals(decompress(compress(bytes), length)));
        }
      });
    }

    it("makes long repetitions small", () => assert.ok(compress(new Uint8Array(1_000_000)).length < 60_000));

    it("refuses mutated bytes with its own error, or gives bytes within the bound", () => {
      fc.assert(
        fc.property(
          repetitive,
          fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 }),
          fc.nat(),
          (bytes, changes, cut) => {
            const compressed = compress(bytes).slice();
            for (const [at, byte] of changes) compressed[at % compressed.length] = byte;
            const mutated = cut % 3 === 0 ? compressed.subarray(0, cut % compressed.length) : compressed;
            try {
              assert.ok(decompress(mutated, 5_000).length <= 5_000);
            } catch (error) {
              assert.match(String((error as { code?: string }).code), /^(EBADDATA|EOVERSIZE)$/);
            }
          },
        ),
        { numRuns: 500, ...seed },
      );
    });

    it("refuses more than is allowed, exactly", () => {
      const compressed = compress(new Uint8Array(100_000));
      assert.equal(decompress(compressed, 100_000).length, 100_000);
      assert.throws(() => decompress(compressed, 99_999), { code: "EOVERSIZE" });
    });

    it("refuses a bomb without making room for it", () => {
      const bomb = compress(new Uint8Array(64 * 1024 * 1024));
      const before = process.memoryUsage().arrayBuffers;
      assert.throws(() => decompress(bomb, 16 * 1024 * 1024), { code: "EOVERSIZE" });
      assert.ok(process.memoryUsage().arrayBuffers - before <= 17 * 1024 * 1024);
    });
  });
}

describe("vectors", () => {
  it("xxHash32", () => {
    const known = { "": 0x02cc5d05, a: 0x550d7456, abc: 0x32d153ff, "Nobody inspects the spammish repetition": 0xe2293b2f };
    for (const [text, hash] of Object.entries(known)) assert.equal(xxhash32(utf8.encode(text)), hash, text);
  });

  it("a raw Snappy block with literals and copies of all three kinds", () => {
    // "abcdabcdabcd…": 4 literals, copy 1 (length 4, distance 4), copy 2 (length 8, distance 8), copy 4 (length 4, distance 16).
    const block = hex("14 0c 61626364 01 04 1e 0800 0f 10000000");
    assert.equal(Buffer.from(decompressSnappy(block, 100)).toString(), "abcd".repeat(5));
  });

  it("an LZ4 frame with linked blocks, both checksums and its content's size, behind a skippable frame", () => {
    const content = utf8.encode("abcdefgh".repeat(3));
    const first = hex("80 6162636465666768");
    const second = hex("07 0800 50 6465666768");
    const word = (value: number): number[] => [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24];
    const descriptor = [0x5c, 0x40, ...word(content.length), 0, 0, 0, 0];
    const frame = [...word(0x184d2204), ...descriptor, (xxhash32(Uint8Array.from(descriptor)) >>> 8) & 255];
    for (const block of [first, second]) frame.push(...word(block.length), ...block, ...word(xxhash32(block)));
    frame.push(...word(0), ...word(xxhash32(content)));
    const whole = Uint8Array.from([...word(0x184d2a53), ...word(3), 1, 2, 3, ...frame]);
    assert.deepEqual(Buffer.from(decompressLz4(whole, 100)).toString(), Buffer.from(content).toString());
    whole[whole.length - 1]! ^= 1;
    assert.throws(() => decompressLz4(whole, 100), { code: "EBADDATA" });
  });
});
