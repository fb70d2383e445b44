// Whatever is taken and given in whatever order: no two takers share a byte, sizes are right, the pool keeps within its limit.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { BufferPool } from "./buffer-pool.ts";

const seed = process.env["MILLRACE_SEED"];
const options = { numRuns: 200, ...(seed === undefined ? {} : { seed: Number(seed) }) };

describe("BufferPool", () => {
  it("never gives a buffer to two takers at once, and keeps within its limit", () => {
    const step = fc.oneof(
      fc.record({ take: fc.oneof(fc.integer({ min: 0, max: 70_000 }), fc.constantFrom(0, 1, 4095, 4096, 4097, 65_536, 81_920, 81_921)) }),
      fc.record({ give: fc.nat() }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 0, max: 200_000 }), (steps, limit) => {
        const pool = new BufferPool(limit);
        const taken: Uint8Array<ArrayBuffer>[] = [];
        for (const each of steps) {
          if ("take" in each) {
            const bytes = pool.take(each.take);
            assert.equal(bytes.length, each.take);
            assert.ok(taken.every(({ buffer }) => buffer !== bytes.buffer));
            taken.push(bytes);
          } else if (taken.length > 0) {
            pool.give(taken.splice(each.give % taken.length, 1)[0]!);
          }
          assert.ok(pool.freeBytes >= 0 && pool.freeBytes <= limit);
        }
      }),
      options,
    );
  });

  it("gives the same buffer again for any size that wastes at most a fifth of it", () => {
    for (const size of [4096, 5000, 16_384, 131_200, 1_048_637, 4_194_304]) {
      const pool = new BufferPool(8_000_000);
      const first = pool.take(size);
      assert.ok(first.buffer.byteLength * 0.8 <= size && first.buffer.byteLength >= size, `${size} in ${first.buffer.byteLength}`);
      pool.give(first);
      assert.equal(pool.freeBytes, first.buffer.byteLength);
      assert.equal(pool.take(size).buffer, first.buffer);
      assert.equal(pool.freeBytes, 0);
    }
  });

  it("gives up sizes that nobody asks for any more, for those that somebody does", () => {
    const pool = new BufferPool(1_000_000);
    const small = Array.from({ length: 60 }, () => pool.take(16_384));
    for (const each of small) pool.give(each);
    assert.ok(pool.freeBytes > 950_000);
    for (let round = 0; round < 3; round++) {
      const [first, second] = [pool.take(400_000), pool.take(400_000)];
      pool.give(first);
      pool.give(second);
      assert.deepEqual([pool.take(400_000).buffer, pool.take(400_000).buffer], [second.buffer, first.buffer]);
      pool.give(first);
      pool.give(second);
    }
    assert.ok(pool.freeBytes <= 1_000_000);
    const wanted = pool.take(16_384);
    pool.give(wanted);
    assert.equal(pool.take(16_384).buffer, wanted.buffer);
  });

  it("keeps nothing that is too small, too large, or not its own", () => {
    const pool = new BufferPool(100_000_000);
    for (const bytes of [pool.take(4095), pool.take(4 * 1024 * 1024 + 1), new Uint8Array(5000)]) pool.give(bytes);
    assert.equal(pool.freeBytes, 0);
  });
});
