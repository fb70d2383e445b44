// Bytes on the wire: garbage, impossible lengths, unknown versions and pipelined requests, and that they cost nobody else anything.
import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { describe, it } from "node:test";
import { newApiVersionsRequest } from "../../protocol/generated/api-versions.gen.ts";
import { newListOffsetsPartition, newListOffsetsRequest, newListOffsetsTopic } from "../../protocol/generated/list-offsets.gen.ts";
import { newMetadataRequest } from "../../protocol/generated/metadata.gen.ts";
import { newPartitionProduceData, newProduceRequest, newTopicProduceData } from "../../protocol/generated/produce.gen.ts";
import { BatchWriter } from "../../protocol/records/batch-writer.ts";
import { createNodeEnv } from "../../env-node/node-env.ts";
import { TestBroker } from "./test-broker.ts";
import { requestFrame, Wire } from "./wire.ts";

const start = (settings?: Record<string, string>): Promise<TestBroker> => TestBroker.start(createNodeEnv(), tmpdir(), settings);

function prefix(length: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, length);
  return bytes;
}

const apiVersions = newApiVersionsRequest({ clientSoftwareName: "wire", clientSoftwareVersion: "1" });

describe("a connection", () => {
  it("is closed, alone and with one log line each, by garbage, a 2 GiB length, a negative one and an unknown API", async () => {
    await using test = await start();
    const bystander = await Wire.connect(test.env, test.broker.address);
    const culprits: [string, Uint8Array][] = [
      ["garbage", new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n")],
      ["2 GiB", prefix(0x7fffffff)],
      ["negative", prefix(-5)],
      ["unknown API", Uint8Array.of(0, 0, 0, 8, 0x7f, 0x7f, 0, 0, 0, 0, 0, 1)],
      ["short", Uint8Array.of(0, 0, 0, 2, 0, 18)],
      ["truncated body", Uint8Array.of(0, 0, 0, 10, 0, 3, 0, 1, 0, 0, 0, 1, 0xff, 0xff)],
    ];
    for (const [name, bytes] of culprits) {
      const before = test.log.length;
      const culprit = await Wire.connect(test.env, test.broker.address);
      culprit.write(bytes);
      await test.until(
        () => `${name} closes its connection`,
        () => culprit.closed,
      );
      assert.equal(test.log.length, before + 1, name);
    }
    assert.equal((await bystander.call("ApiVersions", 3, apiVersions)).errorCode, 0);
    bystander.destroy();
  });

  it("that goes away in the middle of a request leaves nothing behind", async () => {
    await using test = await start();
    const wire = await Wire.connect(test.env, test.broker.address);
    wire.write(Buffer.concat([prefix(1_000_000), Buffer.alloc(500_000)]));
    await test.until(
      () => "it is connected",
      () => test.broker.metrics().connections === 1,
    );
    wire.destroy();
    await test.until(
      () => "it is forgotten",
      () => test.broker.metrics().connections === 0,
    );
    assert.equal(test.broker.metrics().requestBytes, 0);
  });

  it("is told the versions of ApiVersions when it asks with an unknown one", async () => {
    await using test = await start();
    const wire = await Wire.connect(test.env, test.broker.address);
    wire.write(Uint8Array.of(0, 0, 0, 10, 0, 18, 0, 99, 0, 0, 0, 7, 0xff, 0xff));
    const { correlationId, response } = await wire.read("ApiVersions", 0);
    assert.deepEqual([correlationId, response.errorCode], [7, 35]);
    assert.deepEqual(
      response.apiKeys.map(({ apiKey, minVersion, maxVersion }) => [apiKey, minVersion, maxVersion]),
      [[18, 0, 4]],
    );
    const second = await wire.call("ApiVersions", 4, apiVersions);
    assert.equal(second.errorCode, 0);
    assert.equal(second.apiKeys.find(({ apiKey }) => apiKey === 0)?.minVersion, 0);
    wire.destroy();
  });

  it("is closed by a Produce of version 2, which is advertised and refused", async () => {
    await using test = await start();
    const wire = await Wire.connect(test.env, test.broker.address);
    wire.write(Uint8Array.of(0, 0, 0, 18, 0, 0, 0, 2, 0, 0, 0, 7, 0xff, 0xff, 0, 1, 0, 0, 0, 1, 0, 0));
    await test.until(
      () => "the connection is closed",
      () => wire.closed,
    );
    assert.match(String(test.log.at(-1)?.fields["error"]), /Produce version 2/);
  });

  it("is closed by a refused Produce without acknowledgement, behind the answers before it and before anything after it", async () => {
    await using test = await start();
    await test.broker.logs.createTopic("t", { partitions: 1 });
    const wire = await Wire.connect(test.env, test.broker.address);
    const produce = (topic: string, acks: number, correlationId: number): Uint8Array => {
      const writer = new BatchWriter();
      writer.append(1_700_000_000_000, null, new Uint8Array(5));
      const partitionData = [newPartitionProduceData({ index: 0, records: writer.finish() })];
      return requestFrame("Produce", 9, newProduceRequest({ acks, timeoutMs: 1000, topicData: [newTopicProduceData({ name: topic, partitionData })] }), correlationId); // prettier-ignore
    };
    wire.write(Buffer.concat([produce("t", -1, 1), produce("t", 0, 2), produce("missing", 0, 3), produce("t", -1, 4)]));
    assert.equal((await wire.read("Produce", 9)).correlationId, 1);
    await assert.rejects(wire.read("Produce", 9), /closed instead of answering/);
    const again = await Wire.connect(test.env, test.broker.address);
    const topics = [newListOffsetsTopic({ name: "t", partitions: [newListOffsetsPartition({ timestamp: -1 })] })];
    const ends = await again.call("ListOffsets", 7, newListOffsetsRequest({ topics }));
    assert.equal(ends.topics[0]!.partitions[0]!.offset, 2);
    again.destroy();
  });

  it("gets its answers in the order of its requests, however many come at once", async () => {
    await using test = await start();
    const wire = await Wire.connect(test.env, test.broker.address);
    const requests = Array.from({ length: 300 }, (_, i) =>
      i % 2 === 0
        ? requestFrame("ApiVersions", 3, apiVersions, i)
        : requestFrame("Metadata", 9, newMetadataRequest({ topics: [{ topicId: "AAAAAAAAAAAAAAAAAAAAAA", name: `t${i % 3}` }] }), i),
    );
    wire.write(Buffer.concat(requests));
    for (let i = 0; i < 300; i++) {
      const { correlationId } = await (i % 2 === 0 ? wire.read("ApiVersions", 3) : wire.read("Metadata", 9));
      assert.equal(correlationId, i);
    }
    wire.destroy();
  });
});
