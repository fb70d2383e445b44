// Index, snapshot and checkpoint files: what was written is read, lookups agree with a linear search, and no bytes whatever crash a reader.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { AbortedIndex } from "./aborted-index.ts";
import { OffsetIndex } from "./offset-index.ts";
import { decodeCheckpoint, encodeCheckpoint } from "./partition-checkpoint.ts";
import { decodeProducerSnapshot, encodeProducerSnapshot } from "./producer-snapshot.ts";
import type { ProducerEntry } from "./producer-state.ts";
import { TimeIndex } from "./time-index.ts";

const seed = process.env["MILLRACE_SEED"];
const parameters = seed === undefined ? {} : { seed: Number(seed) };
/** Strictly rising numbers from steps. */
const rising = (steps: readonly number[], from: number): number[] =>
  steps.map(
    (
      (sum) => (step: number) =>
        (sum += step)
    )(from),
  );
const steps = fc.array(fc.integer({ min: 1, max: 1_000 }), { maxLength: 200 });
const BASE = 5_000_000_000;

test("the offset index finds the last entry at or below an offset", () => {
  const law = fc.property(steps, fc.integer({ min: 0, max: 100_000 }), (gaps, relative) => {
    const offsets = rising(gaps, BASE);
    const index = new OffsetIndex(BASE, 1);
    for (const [i, offset] of offsets.entries()) index.append(offset, i * 100);
    const read = OffsetIndex.decode(index.encode(), BASE, offsets.length * 100)!;
    const expected =
      Math.max(
        0,
        offsets.findLastIndex((offset) => offset <= BASE + relative),
      ) * 100;
    assert.equal(index.floor(BASE + relative), expected);
    assert.equal(read.floor(BASE + relative), expected);
    assert.deepEqual(read.encode(3 % (read.count + 1)), index.encode(3 % (index.count + 1)));
    assert.equal(OffsetIndex.decode(index.encode(), BASE, Math.max(0, (offsets.length - 1) * 100)) === undefined, offsets.length > 0);
  });
  fc.assert(law, parameters);
});

test("the time index finds where to begin to look for a time", () => {
  const law = fc.property(steps, steps, fc.integer({ min: 0, max: 100_000 }), (timeGaps, offsetGaps, timestamp) => {
    const count = Math.min(timeGaps.length, offsetGaps.length);
    const times = rising(timeGaps, 0).slice(0, count);
    const offsets = rising(offsetGaps, BASE).slice(0, count);
    const index = new TimeIndex(BASE, 1);
    for (let i = 0; i < count; i++) {
      index.append(times[i]!, offsets[i]!);
      index.append(times[i]!, offsets[i]! + 1); // not younger: no entry
    }
    const read = TimeIndex.decode(index.encode(), BASE)!;
    const last = times.findLastIndex((time) => time <= timestamp);
    assert.equal(read.count, count);
    assert.equal(read.floor(timestamp), last < 0 ? BASE : offsets[last]);
  });
  fc.assert(law, parameters);
});

test("aborted transactions are found by the range that is read", () => {
  const transaction = fc.record({ producerId: fc.integer({ min: 0, max: 9 }), length: fc.integer({ min: 0, max: 300 }) });
  const law = fc.property(
    fc.array(transaction, { maxLength: 50 }),
    fc.integer({ min: 0, max: 600 }),
    fc.integer({ min: 1, max: 300 }),
    (list, from, size) => {
      const all = list.map(({ producerId, length }, i) => {
        const lastOffset = 10 * i + 9;
        return { producerId, firstOffset: Math.max(0, lastOffset - length), lastOffset, lastStableOffset: Math.max(0, lastOffset - 300) };
      });
      const index = new AbortedIndex();
      for (const aborted of all) index.append(aborted);
      const found: typeof all = [];
      AbortedIndex.decode(index.encode(), 0)!.collect(from, from + size, found);
      const within = all.filter((aborted) => aborted.lastOffset >= from && aborted.firstOffset < from + size);
      assert.deepEqual(found, within);
    },
  );
  fc.assert(law, parameters);
});

const entry: fc.Arbitrary<ProducerEntry> = fc
  .record({
    producerId: fc.integer({ min: 0, max: 2 ** 52 }),
    producerEpoch: fc.integer({ min: 0, max: 32_767 }),
    counts: fc.array(fc.integer({ min: 1, max: 1_000 }), { maxLength: 5 }),
    firstSequence: fc.oneof(fc.integer({ min: 0, max: 10_000 }), fc.integer({ min: 0x7fffff00, max: 0x7fffffff })),
    coordinatorEpoch: fc.integer({ min: -1, max: 100 }),
    transactionFirstOffset: fc.integer({ min: -1, max: 2 ** 40 }),
    lastAppendMs: fc.integer({ min: 0, max: 2 ** 42 }),
  })
  .map(({ counts, firstSequence, lastAppendMs, ...rest }) => {
    let sequence = firstSequence;
    let offset = 77;
    const batches = counts.map((count) => {
      const first = { firstSequence: sequence, firstOffset: offset };
      offset += count;
      sequence = (sequence + count) % 0x80000000;
      return { ...first, lastSequence: (sequence + 0x7fffffff) % 0x80000000, lastOffset: offset - 1, timestamp: lastAppendMs };
    });
    return { ...rest, batches, lastAppendMs };
  });

test("producer snapshots come back whole, and damaged ones not at all", () => {
  const law = fc.property(fc.array(entry, { maxLength: 20 }), fc.nat(), (entries, at) => {
    const bytes = encodeProducerSnapshot(entries);
    assert.deepEqual(decodeProducerSnapshot(bytes), entries);
    const damaged = bytes.slice();
    damaged[at % bytes.length]! ^= 0x40;
    assert.equal(decodeProducerSnapshot(damaged), undefined);
    assert.equal(decodeProducerSnapshot(bytes.subarray(0, at % bytes.length)), undefined);
  });
  fc.assert(law, parameters);
});

test("checkpoints come back whole, and damaged ones not at all", () => {
  const checkpoint = {
    logStartOffset: 3,
    recoveryPoint: { offset: 70, segmentBase: 40, position: 9_000, indexEntries: [3, 2, 0] as const },
  };
  const bytes = encodeCheckpoint(checkpoint);
  assert.deepEqual(decodeCheckpoint(bytes), checkpoint);
  for (let at = 0; at < bytes.length - 1; at++) {
    const damaged = bytes.slice();
    damaged[at]! ^= 0x01;
    assert.equal(decodeCheckpoint(damaged), undefined, `byte ${at}`);
    assert.equal(decodeCheckpoint(bytes.subarray(0, at)), undefined);
  }
});

test("no bytes whatever crash a reader", () => {
  const law = fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
    OffsetIndex.decode(bytes, 0, 1_000);
    TimeIndex.decode(bytes, 0);
    AbortedIndex.decode(bytes, 0);
    decodeProducerSnapshot(bytes);
    decodeCheckpoint(bytes);
  });
  fc.assert(law, parameters);
});
