// Examples of messages: bytes that other clients write, fields that a version lacks, counts that lie.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { describe, it } from "node:test";
import { ByteReader } from "../bytes/reader.ts";
import { ByteWriter } from "../bytes/writer.ts";
import { newFetchRequest, newFetchTopic, readFetchRequest, writeFetchRequest } from "./generated/fetch.gen.ts";
import { readApiVersionsResponse } from "./generated/api-versions.gen.ts";
import {
  newDescribeTopicPartitionsRequest,
  readDescribeTopicPartitionsRequest,
  writeDescribeTopicPartitionsRequest,
} from "./generated/describe-topic-partitions.gen.ts";
import { readJoinGroupRequest } from "./generated/join-group.gen.ts";
import {
  newMetadataRequest,
  newMetadataResponse,
  newMetadataResponseBroker,
  newMetadataResponsePartition,
  newMetadataResponseTopic,
  readMetadataRequest,
  writeMetadataRequest,
  writeMetadataResponse,
} from "./generated/metadata.gen.ts";
import { newProduceRequest, readProduceResponse, writeProduceRequest } from "./generated/produce.gen.ts";
import { ZERO_UUID } from "./primitives.ts";

const require = createRequire(import.meta.url);

function encode(write: (w: ByteWriter) => void): Uint8Array {
  const w = new ByteWriter();
  write(w);
  return w.finish();
}

function reader(hex: string): ByteReader {
  return new ByteReader(Buffer.from(hex.replaceAll(" ", ""), "hex"));
}

describe("messages of kafkajs", () => {
  it("a JoinGroup request version 5 is read", async () => {
    const request = require("kafkajs/src/protocol/requests/joinGroup/v5/request.js")({
      groupId: "g",
      sessionTimeout: 30_000,
      rebalanceTimeout: 60_000,
      memberId: "",
      protocolType: "consumer",
      groupProtocols: [{ name: "RoundRobin", metadata: Buffer.from("abc") }],
    });
    const { buffer } = await request.encode();
    assert.deepEqual(readJoinGroupRequest(new ByteReader(new Uint8Array(buffer)), 5), {
      groupId: "g",
      sessionTimeoutMs: 30_000,
      rebalanceTimeoutMs: 60_000,
      memberId: "",
      groupInstanceId: null,
      protocolType: "consumer",
      protocols: [{ name: "RoundRobin", metadata: new Uint8Array([97, 98, 99]) }],
      reason: null,
    });
  });

  it("a Metadata response version 6 that we write is understood", async () => {
    const partition = newMetadataResponsePartition({ partitionIndex: 0, leaderId: 1, replicaNodes: [1], isrNodes: [1] });
    const message = newMetadataResponse({
      brokers: [newMetadataResponseBroker({ nodeId: 1, host: "localhost", port: 9092 })],
      clusterId: "c",
      controllerId: 1,
      topics: [newMetadataResponseTopic({ name: "t", partitions: [partition] })],
    });
    const bytes = encode((w) => writeMetadataResponse(w, message, 6));
    const decoded = await require("kafkajs/src/protocol/requests/metadata/v6/response.js").decode(Buffer.from(bytes));
    assert.equal(decoded.clusterId, "c");
    assert.deepEqual(decoded.brokers, [{ nodeId: 1, host: "localhost", port: 9092, rack: null }]);
    assert.equal(decoded.topicMetadata[0].topic, "t");
    assert.equal(decoded.topicMetadata[0].partitionMetadata[0].leader, 1);
  });
});

describe("bytes known from the protocol's description", () => {
  it("ApiVersions response version 3: compact lists, tagged fields known and unknown", () => {
    const r = reader("0000 02 0012 0000 0004 00 00000000 03 01 08 000000000000002a 03 01 01 63 02 ffff");
    const message = readApiVersionsResponse(r, 3);
    assert.deepEqual(message.apiKeys, [{ apiKey: 18, minVersion: 0, maxVersion: 4 }]);
    assert.equal(message.finalizedFeaturesEpoch, 42);
    assert.equal(message.zkMigrationReady, true);
    assert.deepEqual(message.supportedFeatures, []);
    assert.equal(r.remaining, 0);
  });

  it("a null list and an empty list of topics are different questions", () => {
    assert.equal(readMetadataRequest(reader("ffffffff"), 1).topics, null);
    assert.deepEqual(readMetadataRequest(reader("00000000"), 1).topics, []);
    assert.equal(readMetadataRequest(reader("00 01 00 00"), 12).topics, null);
  });

  it("a nullable struct is announced by one byte", () => {
    const cursor = { topicName: "t", partitionIndex: 3 };
    for (const [message, hex] of [
      [newDescribeTopicPartitionsRequest(), "01 000007d0 ff 00"],
      [newDescribeTopicPartitionsRequest({ cursor }), "01 000007d0 01 0274 00000003 00 00"],
    ] as const) {
      const bytes = encode((w) => writeDescribeTopicPartitionsRequest(w, message, 0));
      assert.equal(Buffer.from(bytes).toString("hex"), hex.replaceAll(" ", ""));
      assert.deepEqual(readDescribeTopicPartitionsRequest(new ByteReader(bytes), 0), message);
    }
  });
});

describe("fields that a version lacks", () => {
  it("are dropped when the protocol calls them ignorable", () => {
    const message = newFetchRequest({ rackId: "a", topics: [newFetchTopic({ topic: "t" })] });
    const back = readFetchRequest(new ByteReader(encode((w) => writeFetchRequest(w, message, 4))), 4);
    assert.equal(back.rackId, "");
    assert.equal(back.topics[0]!.topicId, ZERO_UUID);
  });

  it("are refused when their loss would change the meaning", () => {
    const message = newProduceRequest({ transactionalId: "t" });
    assert.doesNotThrow(() => encode((w) => writeProduceRequest(w, message, 3)));
    assert.throws(() => encode((w) => writeMetadataRequest(w, newMetadataRequest({ allowAutoTopicCreation: false }), 3)), {
      code: "UNSUPPORTED_FIELD",
      message: /MetadataRequest version 3 cannot carry allowAutoTopicCreation/,
    });
    assert.throws(() => encode((w) => writeMetadataRequest(w, newMetadataRequest({ topics: null }), 0)), { code: "UNSUPPORTED_FIELD" });
  });
});

describe("lengths that lie", () => {
  it("a list of two thousand million elements is refused before anything is allocated", () => {
    assert.throws(() => readMetadataRequest(reader("7fffffff 0001 74"), 1), { code: "BAD_LENGTH" });
    assert.throws(() => readMetadataRequest(reader("ffffffff07 0001 74"), 9), { code: "BAD_LENGTH" });
  });

  it("a null where the protocol has none is refused", () => {
    assert.throws(() => readProduceResponse(reader("ffffffff 00000000"), 3), { code: "BAD_LENGTH" });
  });

  it("a tagged field whose size is not its content's is refused", () => {
    assert.throws(() => readApiVersionsResponse(reader("0000 01 00000000 01 01 07 000000000000002a"), 3), { code: "BAD_LENGTH" });
  });
});
