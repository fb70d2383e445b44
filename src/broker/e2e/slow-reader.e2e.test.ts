// The memory of an answer is read into again when it is sent: a client that reads its answer late must get what was there when it asked,
// whoever reads in between.
import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { it } from "node:test";
import { createNodeEnv } from "../../env-node/node-env.ts";
import { batchesOf, dataBatch } from "../../log/test-batches.ts";
import { newCreatableTopic, newCreateTopicsRequest } from "../../protocol/generated/create-topics.gen.ts";
import { newFetchPartition, newFetchRequest, newFetchTopic } from "../../protocol/generated/fetch.gen.ts";
import { newPartitionProduceData, newProduceRequest, newTopicProduceData } from "../../protocol/generated/produce.gen.ts";
import { TestBroker } from "./test-broker.ts";
import { requestFrame, Wire } from "./wire.ts";

const PARTITIONS = 8;
const BATCHES = 4;
const BATCH_BYTES = 500_000;
const TOPIC = "slow";

const wanted = (partitions: readonly number[]) =>
  newFetchRequest({
    maxWaitMs: 0,
    minBytes: 1,
    sessionEpoch: -1,
    maxBytes: 50_000_000,
    topics: [
      newFetchTopic({
        topic: TOPIC,
        partitions: partitions.map((partition) =>
          newFetchPartition({ partition, fetchOffset: 0, partitionMaxBytes: BATCHES * BATCH_BYTES }),
        ),
      }),
    ],
  });

it("a client that reads late gets what it asked for, although others were answered meanwhile", { timeout: 30_000 }, async () => {
  await using test = await TestBroker.start(createNodeEnv(), tmpdir(), {}, { durability: "page-cache" });
  const writer = await Wire.connect(test.env, test.broker.address);
  await writer.call("CreateTopics", 5, newCreateTopicsRequest({ topics: [newCreatableTopic({ name: TOPIC, numPartitions: PARTITIONS, replicationFactor: 1 })], timeoutMs: 5000 })); // prettier-ignore
  const all = Array.from({ length: PARTITIONS }, (_, partition) => partition);
  for (let i = 0; i < BATCHES; i++) {
    for (const index of all) {
      const records = dataBatch({ count: 1, valueBytes: BATCH_BYTES - 200, tag: `${index}/${i}` });
      const partitionData = [newPartitionProduceData({ index, records })];
      await writer.call("Produce", 9, newProduceRequest({ acks: -1, timeoutMs: 5000, topicData: [newTopicProduceData({ name: TOPIC, partitionData })] })); // prettier-ignore
    }
  }
  const slow = await Wire.connect(test.env, test.broker.address);
  slow.pause();
  slow.write(requestFrame("Fetch", 11, wanted(all), 1));
  for (let i = 0; i < 6; i++) await writer.call("Fetch", 11, wanted([7, 6, 5].map((partition) => (partition + i) % PARTITIONS)));
  slow.resume();
  const { response } = await slow.read("Fetch", 11);
  for (const { partitionIndex, records } of response.responses[0]!.partitions) {
    const found = batchesOf(records!).map(({ tag }) => tag);
    assert.deepEqual(found, [0, 1, 2, 3].map((i) => `${partitionIndex}/${i}`)); // prettier-ignore
  }
  slow.destroy();
  writer.destroy();
});
