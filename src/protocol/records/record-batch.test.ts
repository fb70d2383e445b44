// Batches of other clients, batches for other clients, markers, and every way in which a batch is refused.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { describe, it } from "node:test";
import { KafkaError } from "../errors.ts";
import { nodeCompression } from "../fixtures/node-compression.ts";
import {
  BATCH_LENGTH_AT,
  isControl,
  isTransactional,
  LAST_OFFSET_DELTA_AT,
  MAGIC_AT,
  patchLeaderEpoch,
  putInt32At,
  putInt64At,
  MAX_TIMESTAMP_AT,
  PRODUCER_ID_AT,
  readBatchHeader,
  RECORD_COUNT_AT,
  renewCrc,
  sequenceAfter,
  stampLogAppendTime,
  wholeBatchSizeAt,
} from "./batch-header.ts";
import { BatchReader } from "./batch-reader.ts";
import { BatchWriter } from "./batch-writer.ts";
import { compressBatch } from "./compress.ts";
import { decodeControlRecord, encodeTransactionMarker } from "./control-batch.ts";
import { decompressBatch } from "./decompress.ts";
import { validateBatch } from "./validate-batch.ts";

const require = createRequire(import.meta.url);
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

function batchOf(...values: (string | null)[]): Uint8Array<ArrayBuffer> {
  const writer = new BatchWriter();
  values.forEach((value, index) => writer.append(1000 + index, null, value === null ? null : text(value)));
  return writer.finish();
}

function refusedWith(code: string, change: (batch: Uint8Array) => void, keepCrc = false): void {
  const batch = batchOf("a", "b").slice();
  change(batch);
  if (!keepCrc) renewCrc(batch, 0);
  assert.throws(() => validateBatch(batch), { name: "KafkaError", code });
}

describe("batches of kafkajs", () => {
  const { RecordBatch } = require("kafkajs/src/protocol/recordBatch/v0/index.js");
  const Record = require("kafkajs/src/protocol/recordBatch/record/v0/index.js");

  it("are valid and read record by record", async () => {
    const records = [
      Record({ offsetDelta: 0, timestampDelta: 0, key: "k", value: "v", headers: { trace: "1" } }),
      Record({ offsetDelta: 1, timestampDelta: 5, key: null, value: null }),
    ];
    const encoded = await RecordBatch({
      firstTimestamp: 100,
      maxTimestamp: 105,
      lastOffsetDelta: 1,
      producerId: 9,
      producerEpoch: 1,
      records,
    });
    const batch = new Uint8Array(encoded.buffer);
    const header = validateBatch(batch);
    assert.equal(header.recordCount, 2);
    assert.equal(header.producerId, 9);
    const reader = new BatchReader();
    assert.equal(reader.reset(batch), batch.length);
    assert.ok(reader.next());
    assert.deepEqual([reader.offset, reader.timestamp], [0, 100]);
    assert.deepEqual(reader.key(), text("k"));
    assert.deepEqual(reader.value(), text("v"));
    assert.deepEqual(reader.headers(), [{ key: "trace", value: text("1") }]);
    assert.ok(reader.next());
    assert.deepEqual([reader.offset, reader.timestamp, reader.keyStart, reader.valueStart], [1, 105, -1, -1]);
    assert.ok(!reader.next());
  });

  it("and ours are read by it", async () => {
    const Decoder = require("kafkajs/src/protocol/decoder.js");
    const decode = require("kafkajs/src/protocol/recordBatch/v0/decoder.js");
    const writer = new BatchWriter();
    writer.append(1_700_000_000_000, text("key"), text("value"), [{ key: "h", value: text("x") }]);
    writer.append(1_700_000_000_250, null, text("second"));
    const bytes = writer.finish({ baseOffset: 40, producerId: 5, producerEpoch: 2, baseSequence: 7, transactional: true });
    const batch = await decode(new Decoder(Buffer.from(bytes)));
    assert.equal(batch.inTransaction, true);
    assert.equal(String(batch.producerId), "5");
    assert.equal(batch.records.length, 2);
    assert.equal(String(batch.records[1].offset), "41");
    assert.equal(String(batch.records[1].timestamp), "1700000000250");
    assert.equal(String(batch.records[0].headers.h), "x");
    assert.equal(batch.records[1].value.toString(), "second");
  });
});

describe("a batch is refused", () => {
  it("when it is shorter or longer than it says", () => {
    refusedWith("CORRUPT_MESSAGE", (batch) => putInt32At(batch, BATCH_LENGTH_AT, batch.length), true);
    refusedWith("CORRUPT_MESSAGE", (batch) => putInt32At(batch, BATCH_LENGTH_AT, -1), true);
    refusedWith("CORRUPT_MESSAGE", (batch) => putInt32At(batch, BATCH_LENGTH_AT, 20), true);
    assert.throws(() => validateBatch(batchOf("a").subarray(0, 60)), { code: "CORRUPT_MESSAGE" });
  });

  it("when its checksum is wrong", () => refusedWith("CORRUPT_MESSAGE", (batch) => (batch[65] = batch[65]! ^ 1), true));
  it("when it is of an older format", () => refusedWith("INVALID_RECORD", (batch) => (batch[MAGIC_AT] = 1)));
  it("when its record count is not its last offset delta + 1", () =>
    refusedWith("INVALID_RECORD", (batch) => putInt32At(batch, LAST_OFFSET_DELTA_AT, 5)));
  it("when it has no records", () => {
    refusedWith("INVALID_RECORD", (batch) => {
      putInt32At(batch, RECORD_COUNT_AT, 0);
      putInt32At(batch, LAST_OFFSET_DELTA_AT, -1);
    });
  });
  it("when its timestamps are beyond what a double holds", () =>
    refusedWith("INVALID_TIMESTAMP", (batch) => (batch[MAX_TIMESTAMP_AT] = 1)));
  it("when its producer id is beyond what a double holds", () => refusedWith("INVALID_RECORD", (batch) => (batch[PRODUCER_ID_AT] = 1)));
  it("when its timestamps are below −1", () => refusedWith("INVALID_RECORD", (batch) => putInt64At(batch, MAX_TIMESTAMP_AT, -5)));
  it("when its compression does not exist", () => refusedWith("UNSUPPORTED_COMPRESSION_TYPE", (batch) => (batch[22] = 7)));
});

describe("a batch in the log", () => {
  it("may get another leader epoch without a new checksum", () => {
    const batch = batchOf("a");
    patchLeaderEpoch(batch, 0, 12);
    assert.equal(validateBatch(batch).partitionLeaderEpoch, 12);
  });

  it("may get the time of the append for all its records", () => {
    const batch = batchOf("a", "b");
    stampLogAppendTime(batch, 0, 5_000);
    validateBatch(batch);
    const reader = new BatchReader();
    reader.reset(batch);
    while (reader.next()) assert.equal(reader.timestamp, 5_000);
  });

  it("is recognised as whole or not", () => {
    const batch = batchOf("a");
    assert.equal(wholeBatchSizeAt(batch, 0), batch.length);
    assert.equal(wholeBatchSizeAt(batch, 0, batch.length - 1), 0);
    assert.equal(wholeBatchSizeAt(batch, 0, 30), 0);
  });

  it("numbers its records around the end of the sequence numbers", () => {
    assert.equal(sequenceAfter(2 ** 31 - 1, 1), 0);
    assert.equal(sequenceAfter(2 ** 31 - 2, 5), 3);
    assert.equal(sequenceAfter(10, 5), 15);
  });
});

describe("transaction markers", () => {
  for (const commit of [true, false]) {
    it(`say ${commit ? "commit" : "abort"}, by whom, under which coordinator`, () => {
      const batch = encodeTransactionMarker({ producerId: 4, producerEpoch: 8, commit, coordinatorEpoch: 15, timestamp: 99 });
      const header = validateBatch(batch);
      assert.ok(isControl(header.attributes) && isTransactional(header.attributes));
      assert.deepEqual([header.producerId, header.producerEpoch, header.baseSequence, header.recordCount], [4, 8, -1, 1]);
      const reader = new BatchReader();
      reader.reset(batch);
      assert.ok(reader.next());
      assert.equal(reader.timestamp, 99);
      assert.deepEqual(decodeControlRecord(reader), { type: commit ? "commit" : "abort", coordinatorEpoch: 15 });
    });
  }

  it("of later kinds are told apart, and a marker that is too short is malformed", () => {
    const writer = new BatchWriter();
    writer.append(0, Uint8Array.of(0, 0, 0, 5), text(""));
    writer.append(0, Uint8Array.of(0, 0), null);
    writer.append(0, Uint8Array.of(0, 0, 0, 1), Uint8Array.of(0, 0));
    const reader = new BatchReader();
    reader.reset(writer.finish({ control: true }));
    assert.ok(reader.next());
    assert.deepEqual(decodeControlRecord(reader), { type: "other", code: 5 });
    assert.ok(reader.next());
    assert.throws(() => decodeControlRecord(reader), { code: "BAD_LENGTH" });
    assert.ok(reader.next());
    assert.throws(() => decodeControlRecord(reader), { code: "BAD_LENGTH" });
  });
});

describe("decompression", () => {
  const large = batchOf("x".repeat(100_000)).slice();

  it("is bounded", async () => {
    const compressed = await compressBatch(nodeCompression, "gzip", large);
    assert.ok(compressed.length < 1_000);
    await assert.rejects(decompressBatch(nodeCompression, compressed, 0, 50_000), { code: "MESSAGE_TOO_LARGE" });
    assert.deepEqual(await decompressBatch(nodeCompression, compressed, 0, 200_000), large);
  });

  it("refuses what is not compressed as it says, and what we cannot read", async () => {
    const batch = large.slice();
    for (const [code, error] of [
      [1, "CORRUPT_MESSAGE"],
      [4, "CORRUPT_MESSAGE"],
      [2, "CORRUPT_MESSAGE"],
      [3, "CORRUPT_MESSAGE"],
      [5, "UNSUPPORTED_COMPRESSION_TYPE"],
    ] as const) {
      batch[22] = code;
      renewCrc(batch, 0);
      await assert.rejects(decompressBatch(nodeCompression, batch), { name: "KafkaError", code: error });
      assert.throws(() => new BatchReader().reset(batch), { code: "OUT_OF_RANGE" });
    }
  });

  it("leaves an uncompressed batch where it is", async () => {
    const result = await decompressBatch(nodeCompression, large);
    assert.equal(result.buffer, large.buffer);
  });
});

describe("the batch writer", () => {
  it("appends ranges of larger buffers, null keys and null values", () => {
    const writer = new BatchWriter();
    const source = text("0123456789".repeat(20));
    writer.appendFrom(10, source, 2, 5, source, 0, 150);
    writer.appendFrom(11, null, 0, 0, null, 0, 0);
    const reader = new BatchReader();
    reader.reset(writer.finish());
    assert.ok(reader.next());
    assert.deepEqual(reader.key(), text("234"));
    assert.deepEqual(reader.value(), source.subarray(0, 150));
    assert.ok(reader.next());
    assert.equal(reader.key(), null);
    assert.equal(reader.value(), null);
  });

  it("knows its size before it is finished, and refuses to outgrow its limit", () => {
    const writer = new BatchWriter({ initialBytes: 100, maxBytes: 200 });
    writer.append(0, null, new Uint8Array(80));
    const sizeBytes = writer.sizeBytes;
    assert.throws(() => writer.append(99, null, new Uint8Array(80)), RangeError);
    assert.equal(writer.finish().length, sizeBytes);
    const { recordCount, maxTimestamp } = readBatchHeader(writer.finish(), 0);
    assert.deepEqual([recordCount, maxTimestamp], [1, 0]);
    assert.doesNotThrow(() => validateBatch(writer.finish()));
  });

  it("refuses to finish without a record", () => assert.throws(() => new BatchWriter().finish(), RangeError));

  it("gives its bytes away with take() and never touches them again", () => {
    const writer = new BatchWriter();
    writer.append(1, null, text("first"));
    const first = writer.take();
    writer.append(2, null, text("other"));
    writer.finish();
    const reader = new BatchReader();
    reader.reset(first);
    assert.ok(reader.next());
    assert.deepEqual(reader.value(), text("first"));
  });
});

it("a KafkaError is what validation throws", () => assert.throws(() => validateBatch(new Uint8Array(3)), KafkaError));
