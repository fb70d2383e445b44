// Whatever partitions push and clear in whatever order: what is in memory is the newest of each partition, without a hole, byte for byte.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { HotChunks, HotTail } from "./hot-tail.ts";

const seed = process.env["MILLRACE_SEED"];
const options = { numRuns: 200, ...(seed === undefined ? {} : { seed: Number(seed) }) };

interface Pushed {
  readonly baseOffset: number;
  readonly bytes: Uint8Array;
}

describe("HotTail", () => {
  it("holds the newest chunks of each partition, whole and in order, within its limit", () => {
    const step = fc.record({
      owner: fc.nat(2),
      size: fc.integer({ min: 1, max: 120 }),
      clears: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.integer({ min: 0, max: 400 }), (steps, limit) => {
        const tail = new HotTail(limit);
        const owners = [new HotChunks(), new HotChunks(), new HotChunks()];
        const pushed: Pushed[][] = [[], [], []];
        steps.forEach(({ owner, size, clears }, i) => {
          if (clears) {
            tail.clear(owners[owner]!);
            assert.equal(owners[owner]!.chunks.length, 0);
          }
          const baseOffset = pushed[owner]!.length;
          const bytes = new Uint8Array(size).fill(i + 1);
          pushed[owner]!.push({ baseOffset, bytes: bytes.slice() });
          tail.push(owners[owner]!, baseOffset, baseOffset + 1, bytes);
          bytes.fill(0); // the appender's memory is used again
          assert.ok(size > limit ? owners[owner]!.chunks.length === 0 : owners[owner]!.find(baseOffset) >= 0);
          check(tail, owners, pushed, limit);
        });
      }),
      options,
    );
  });

  it("keeps megabytes in several blocks, the oldest of which goes", () => {
    const tail = new HotTail(8 * 1024 * 1024);
    const owner = new HotChunks();
    for (let i = 0; i < 40; i++) tail.push(owner, i, i + 1, new Uint8Array(500_000).fill(i));
    assert.ok(tail.bytes > 5 * 1024 * 1024 && tail.bytes <= 8 * 1024 * 1024);
    assert.equal(owner.find(39), owner.chunks.length - 1);
    assert.equal(owner.find(0), -1);
  });
});

function check(tail: HotTail, owners: readonly HotChunks[], pushed: readonly Pushed[][], limit: number): void {
  let bytes = 0;
  owners.forEach(({ chunks }, owner) => {
    const newest = pushed[owner]!.slice(pushed[owner]!.length - chunks.length);
    newest.forEach(({ baseOffset, bytes: expected }, i) => {
      const chunk = chunks.at(i)!;
      assert.deepEqual([chunk.baseOffset, chunk.nextOffset], [baseOffset, baseOffset + 1]);
      assert.deepEqual([...chunk.bytes()], [...expected]);
      bytes += expected.length;
    });
  });
  assert.equal(tail.bytes, bytes);
  assert.ok(bytes <= limit);
}
