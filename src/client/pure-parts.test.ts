// The parts that decide without waiting: addresses, versions, frames, metadata, pauses, what a read_committed reader sees.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { newApiVersionsResponse } from "../protocol/generated/api-versions.gen.ts";
import { newMetadataResponse, newMetadataResponsePartition, newMetadataResponseTopic } from "../protocol/generated/metadata.gen.ts";
import { API_KEYS } from "../protocol/apis.ts";
import { ATTRIBUTES_AT, patchBaseOffset, renewCrc } from "../protocol/records/batch-header.ts";
import { BatchWriter } from "../protocol/records/batch-writer.ts";
import { encodeTransactionMarker } from "../protocol/records/control-batch.ts";
import { createSimulation } from "../testing/simulation/simulation.ts";
import { addressText, parseAddress, parseBrokers } from "./address.ts";
import { BrokerVersions } from "./api-versions.ts";
import { backoffMs } from "./backoff.ts";
import { brokerError, type ClientError } from "./errors.ts";
import { cutRange, type FetchedRange } from "./fetched-batch.ts";
import { FrameAssembler } from "./frame-assembler.ts";
import { MetadataCache } from "./metadata-cache.ts";

const { compression } = createSimulation(1).env();

test("broker addresses are read with and without a port, in brackets, in lists", () => {
  assert.deepEqual(parseAddress("kafka.example:9093"), { host: "kafka.example", port: 9093 });
  assert.deepEqual(parseAddress("localhost"), { host: "localhost", port: 9092 });
  assert.deepEqual(parseAddress("[::1]:1234"), { host: "::1", port: 1234 });
  assert.equal(addressText({ host: "::1", port: 1234 }), "[::1]:1234");
  assert.deepEqual(parseBrokers("a:1, b:2,"), [
    { host: "a", port: 1 },
    { host: "b", port: 2 },
  ]);
  for (const wrong of ["a:b", "a:99999", "a:0", "http://a:1", "::1"])
    assert.throws(() => parseAddress(wrong), { code: "INVALID_ARGUMENT" });
  assert.throws(() => parseBrokers(" , "), { code: "INVALID_ARGUMENT" });
});

test("the version spoken is the newest of both sides, and no common one says who is too old", () => {
  const offered = (minVersion: number, maxVersion: number): BrokerVersions =>
    new BrokerVersions(newApiVersionsResponse({ apiKeys: [{ apiKey: API_KEYS.Fetch, minVersion, maxVersion }] }), "b:1");
  assert.equal(offered(4, 11).pick("Fetch"), 11);
  assert.equal(offered(4, 99).pick("Fetch", 12), 12);
  assert.throws(() => offered(0, 3).pick("Fetch"), /b:1 speaks Fetch versions 0 to 3.*Use a newer broker/);
  assert.throws(() => offered(98, 99).pick("Fetch"), /Use a newer client/);
  assert.throws(() => offered(4, 11).pick("Produce"), /does not offer Produce/);
  assert.equal(offered(4, 11).feature("transaction.version"), 0);
});

test("frames come out whole however the bytes were cut", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ minLength: 4, maxLength: 40 }), { maxLength: 8 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 13 })),
      (frames, cuts) => {
        const stream = Buffer.concat(frames.flatMap((frame) => [Uint8Array.of(0, 0, 0, frame.length), frame]));
        const out: Uint8Array[] = [];
        const assembler = new FrameAssembler(1000, (frame) => out.push(Uint8Array.from(frame)));
        for (let at = 0; at < stream.length;) {
          const size = cuts.next().value as number;
          assembler.push(stream.subarray(at, at + size));
          at += size;
        }
        assert.deepEqual(
          out,
          frames.map((frame) => Uint8Array.from(frame)),
        );
      },
    ),
  );
  const assembler = new FrameAssembler(1000, () => assert.fail("no frame"));
  assert.throws(() => assembler.push(Buffer.from("HTTP/1.1 400 Bad Request")), /announces 1213486160 bytes.*Kafka broker's port/);
  assert.throws(() => new FrameAssembler(1000, () => {}).push(Uint8Array.of(0xff, 0xff, 0xff, 0xff)), { code: "MALFORMED_RESPONSE" });
});

test("an older leader epoch never replaces a newer one, a topic made anew starts afresh", () => {
  const cache = new MetadataCache();
  const answer = (topicId: string, leaderId: number, leaderEpoch: number) =>
    newMetadataResponse({
      brokers: [1, 2].map((nodeId) => ({ nodeId, host: "h", port: nodeId, rack: null })),
      topics: [newMetadataResponseTopic({ name: "t", topicId, partitions: [newMetadataResponsePartition({ leaderId, leaderEpoch })] })],
    });
  const [first, second] = ["AAAAAAAAAAAAAAAAAAAAAQ", "AAAAAAAAAAAAAAAAAAAAAg"] as const;
  cache.apply(answer(first, 1, 5));
  cache.apply(answer(first, 2, 4));
  assert.equal(cache.leader("t", 0)!.leaderId, 1);
  cache.apply(answer(second, 2, 0));
  assert.equal(cache.leader("t", 0)!.leaderId, 2);
  cache.apply(answer(second, 9, 1));
  assert.equal(cache.leader("t", 0), undefined, "a leader nobody knows the address of");
});

test("pauses double to the limit, a little unevenly", () => {
  const random = (float: number) => ({ uint32: () => 0, float: () => float, bytes: (length: number) => new Uint8Array(length) });
  const backoff = { firstMs: 100, maxMs: 1000 };
  assert.deepEqual(
    [1, 2, 3, 4, 5, 60].map((failures) => Math.round(backoffMs(backoff, failures, random(0.5)))),
    [100, 200, 400, 800, 1000, 1000],
  );
  assert.equal(backoffMs(backoff, 1, random(0)), 80);
});

test("a broker's error keeps its name, says where, and what to do", () => {
  const error = brokerError(10, "Produce to orders-3 on b:1");
  assert.equal(error.code, "MESSAGE_TOO_LARGE");
  assert.equal(error.errorCode, 10);
  assert.match(error.message, /Produce to orders-3 on b:1.*max\.message\.bytes/);
});

// ---------- what a reader sees ----------

const NONE = { producerId: -1, transactional: false };

function batch(baseOffset: number, values: readonly string[], from: { producerId: number; transactional: boolean } = NONE): Uint8Array {
  const writer = new BatchWriter();
  for (const value of values) writer.append(1, null, Buffer.from(value));
  const bytes = Uint8Array.from(
    writer.finish({ producerId: from.producerId, producerEpoch: 0, baseSequence: 0, transactional: from.transactional }),
  );
  patchBaseOffset(bytes, 0, baseOffset);
  return bytes;
}

function marker(offset: number, producerId: number, commit: boolean): Uint8Array {
  const bytes = Uint8Array.from(encodeTransactionMarker({ producerId, producerEpoch: 0, commit, coordinatorEpoch: 0, timestamp: 1 }));
  patchBaseOffset(bytes, 0, offset);
  return bytes;
}

function range(batches: readonly Uint8Array[], rest: Partial<FetchedRange> = {}): FetchedRange {
  return {
    topic: "t",
    partition: 0,
    bytes: Buffer.concat(batches),
    fetchOffset: 0,
    highWatermark: 100,
    lastStableOffset: 100,
    aborted: [],
    ...rest,
  };
}

test("aborted transactions and markers are left out, interleaved ones told apart, and the position moves over all", async () => {
  const tx = (producerId: number) => ({ producerId, transactional: true });
  const batches = [
    batch(0, ["plain"]),
    batch(1, ["aborted by 1"], tx(1)),
    batch(2, ["committed by 2"], tx(2)),
    marker(3, 1, false),
    batch(4, ["committed by 1"], tx(1)),
    marker(5, 1, true),
    marker(6, 2, true),
    batch(7, ["aborted by 2"], tx(2)),
    marker(8, 2, false),
  ];
  const aborted = [
    { producerId: 2, firstOffset: 7 },
    { producerId: 1, firstOffset: 1 },
  ];
  const cut = await cutRange(compression, range(batches, { aborted }), true, 1e6);
  assert.deepEqual(
    cut.batches.map(({ baseOffset, nextOffset }) => [baseOffset, nextOffset]),
    [
      [0, 2],
      [2, 4],
      [4, 9],
    ],
  );
  assert.equal(cut.nextOffset, 9);
});

test("a batch cut off at the end waits for the next fetch, records before the offset asked for are marked", async () => {
  const whole = [batch(10, ["a", "b", "c"]), batch(13, ["d"])];
  const bytes = Buffer.concat(whole);
  const cut = await cutRange(compression, { ...range(whole), bytes: bytes.subarray(0, bytes.length - 1), fetchOffset: 11 }, true, 1e6);
  assert.equal(cut.batches.length, 1);
  assert.equal(cut.batches[0]!.fromOffset, 11);
  assert.equal(cut.nextOffset, 13);
});

test("a damaged batch and an unreadable codec say which partition and offset, and what to do", async () => {
  const damaged = batch(4, ["x"]);
  damaged[damaged.length - 2]! ^= 1;
  await assert.rejects(cutRange(compression, range([damaged]), true, 1e6), (error: ClientError) => {
    assert.equal(error.code, "CORRUPT_MESSAGE");
    assert.match(error.message, /t-0 at offset 4.*checksum/);
    return true;
  });
  for (const [code, problem, text] of [
    [5, "UNSUPPORTED_COMPRESSION_TYPE", "unknown compression 5"],
    [3, "CORRUPT_MESSAGE", "not valid lz4"],
    [2, "CORRUPT_MESSAGE", "not valid snappy"],
  ] as const) {
    const compressed = batch(7, ["x"]);
    compressed[ATTRIBUTES_AT + 1] = code;
    renewCrc(compressed, 0);
    await assert.rejects(cutRange(compression, range([compressed]), true, 1e6), (error: ClientError) => {
      assert.equal(error.code, problem);
      assert.match(error.message, new RegExp(`t-0 at offset 7.*${text}`));
      return true;
    });
  }
});
