// What is written into a batch is read from it, whatever it is; what is not a batch is refused.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { FrameError } from "../../bytes/frame-error.ts";
import { KafkaError } from "../errors.ts";
import { nodeCompression } from "../fixtures/node-compression.ts";
import { propertyParameters } from "../fixtures/property-seed.ts";
import { BATCH_HEADER_BYTES, patchBaseOffset, readBatchHeader, renewCrc, stampProducer } from "./batch-header.ts";
import { BatchReader } from "./batch-reader.ts";
import { BatchWriter, type RecordHeader } from "./batch-writer.ts";
import { compressBatch } from "./compress.ts";
import { COMPRESSION_NAMES } from "./compression-type.ts";
import { decompressBatch } from "./decompress.ts";
import { validateBatch, validateBatches } from "./validate-batch.ts";

interface PlainRecord {
  timestamp: number;
  key: Uint8Array | null;
  value: Uint8Array | null;
  headers: RecordHeader[];
}

const bytes = fc.oneof(fc.uint8Array({ maxLength: 8 }), fc.uint8Array({ minLength: 60, maxLength: 300 }));
const header = fc.record({ key: fc.string({ unit: "grapheme", maxLength: 6 }), value: fc.option(bytes) }, { noNullPrototype: true });
const timestamp = fc.oneof(fc.integer({ min: 1_700_000_000_000, max: 1_700_000_100_000 }), fc.nat({ max: 1000 }), fc.maxSafeNat());
const record: fc.Arbitrary<PlainRecord> = fc.record(
  { timestamp, key: fc.option(bytes), value: fc.option(bytes), headers: fc.array(header, { maxLength: 3 }) },
  { noNullPrototype: true },
);
const records = fc.array(record, { minLength: 1, maxLength: 20 });

function write(list: readonly PlainRecord[], writer = new BatchWriter({ initialBytes: 64 })): Uint8Array {
  for (const { timestamp, key, value, headers } of list) writer.append(timestamp, key, value, headers);
  return writer.finish({ producerId: 77, producerEpoch: 3, baseSequence: 1000 });
}

function read(batch: Uint8Array, at = 0): { offsets: number[]; list: PlainRecord[] } {
  const reader = new BatchReader();
  reader.reset(batch, at);
  const offsets: number[] = [];
  const list: PlainRecord[] = [];
  while (reader.next()) {
    offsets.push(reader.offset);
    list.push({
      timestamp: reader.timestamp,
      key: reader.key()?.slice() ?? null,
      value: reader.value()?.slice() ?? null,
      headers: reader.headers().map(({ key, value }) => ({ key, value: value?.slice() ?? null })),
    });
  }
  return { offsets, list };
}

describe("a record batch", () => {
  it("is read as it was written, at any offset and position", () => {
    fc.assert(
      fc.property(
        records,
        fc.maxSafeNat().map((n) => n % 2 ** 52),
        fc.nat({ max: 50 }),
        (list, baseOffset, at) => {
          const written = write(list);
          const batch = new Uint8Array(at + written.length + 5);
          batch.set(written, at);
          patchBaseOffset(batch, at, baseOffset);
          const head = validateBatch(batch, at);
          assert.equal(head.recordCount, list.length);
          assert.equal(head.sizeBytes, written.length);
          assert.equal(head.maxTimestamp, Math.max(...list.map((item) => item.timestamp)));
          const back = read(batch, at);
          assert.deepStrictEqual(back.list, list);
          assert.deepEqual(
            back.offsets,
            list.map((_, index) => baseOffset + index),
          );
        },
      ),
      propertyParameters(200),
    );
  });

  it("survives compression unchanged, and keeps its identity", async () => {
    await fc.assert(
      fc.asyncProperty(
        records,
        fc.constantFrom("gzip" as const, "snappy" as const, "lz4" as const, "zstd" as const),
        async (list, kind) => {
          const written = write(list).slice();
          const compressed = await compressBatch(nodeCompression, kind, written);
          const head = validateBatch(compressed);
          assert.equal(head.attributes & 7, COMPRESSION_NAMES.indexOf(kind));
          assert.deepEqual([head.producerId, head.producerEpoch, head.baseSequence], [77, 3, 1000]);
          assert.deepStrictEqual(await decompressBatch(nodeCompression, compressed), written);
        },
      ),
      propertyParameters(60),
    );
  });

  it("may follow another one out of the same writer", () => {
    const writer = new BatchWriter({ initialBytes: 16 });
    fc.assert(
      fc.property(records, records, (first, second) => {
        const one = write(first, writer).slice();
        writer.reset();
        const two = write(second, writer).slice();
        writer.reset();
        const both = new Uint8Array([...one, ...two]);
        const positions: number[] = [];
        assert.equal(
          validateBatches(both, (_, at) => positions.push(at)),
          2,
        );
        assert.deepEqual(positions, [0, one.length]);
        assert.deepStrictEqual(read(both, one.length).list, second);
      }),
      propertyParameters(50),
    );
  });

  it("is refused as damaged when any bit after the leader epoch is flipped", () => {
    fc.assert(
      fc.property(records, fc.nat(), fc.nat({ max: 7 }), (list, where, bit) => {
        const batch = write(list).slice();
        const at = 16 + (where % (batch.length - 16));
        batch[at] = batch[at]! ^ (1 << bit);
        assert.throws(() => validateBatch(batch), KafkaError);
      }),
      propertyParameters(200),
    );
  });

  it("never makes the reader do anything but read or throw a FrameError, though its checksum be right", () => {
    fc.assert(
      fc.property(records, fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 6 }), (list, where, noise) => {
        const batch = write(list).slice();
        const at = BATCH_HEADER_BYTES + (where % (batch.length - BATCH_HEADER_BYTES));
        batch.set(noise.subarray(0, batch.length - at), at);
        renewCrc(batch, 0);
        validateBatch(batch);
        try {
          const { list: back } = read(batch);
          assert.ok(back.length <= list.length);
        } catch (error) {
          if (!(error instanceof FrameError)) throw error;
        }
      }),
      propertyParameters(400),
    );
  });

  it("sent again under another identity is the same but for the identity", () => {
    fc.assert(
      fc.property(
        records,
        fc.maxSafeNat(),
        fc.nat({ max: 32767 }),
        fc.nat({ max: 2 ** 31 - 1 }),
        (list, producerId, producerEpoch, baseSequence) => {
          const batch = write(list).slice();
          const before = readBatchHeader(batch, 0);
          stampProducer(batch, 0, producerId, producerEpoch, baseSequence);
          const after = validateBatch(batch);
          assert.deepEqual(after, { ...before, producerId, producerEpoch, baseSequence, crc: after.crc });
          assert.deepStrictEqual(read(batch).list, list);
        },
      ),
      propertyParameters(50),
    );
  });
});
