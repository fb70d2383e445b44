// Produce by hand: what an answer says of a batch that is refused.
import assert from "node:assert/strict";
import { it } from "node:test";
import { ErrorCode } from "../protocol/errors.ts";
import { newPartitionProduceData, newProduceRequest, newTopicProduceData } from "../protocol/generated/produce.gen.ts";
import { BatchWriter } from "../protocol/records/batch-writer.ts";
import { createSimulation } from "../testing/simulation/simulation.ts";
import { startBroker } from "./broker.ts";
import { Wire } from "./e2e/wire.ts";

const VERSION = 9;

it("tells which records of a batch have no key on a compacted topic, and writes none of them", async () => {
  const simulation = createSimulation(11);
  simulation.files.provideDirectory("/data");
  await simulation.run(async () => {
    const env = simulation.env();
    const broker = await startBroker(env, { dataDir: "/data", port: 0 });
    await broker.logs.createTopic("t", { partitions: 1, config: { "cleanup.policy": "compact" } });
    const wire = await Wire.connect(env, broker.address);
    const batch = new BatchWriter();
    for (const key of [null, "a", null, "b"]) batch.append(env.clock.now(), key === null ? null : Buffer.from(key), Buffer.from("value"));
    const partitionData = [newPartitionProduceData({ index: 0, records: batch.finish().slice() })];
    const request = newProduceRequest({ acks: -1, timeoutMs: 1000, topicData: [newTopicProduceData({ name: "t", partitionData })] });
    const answer = (await wire.call("Produce", VERSION, request)).responses[0]!.partitionResponses[0]!;
    assert.equal(answer.errorCode, ErrorCode.INVALID_RECORD);
    assert.deepEqual(
      answer.recordErrors.map(({ batchIndex }) => batchIndex),
      [0, 2],
    );
    assert.match(answer.errorMessage!, /2 records have no key, for t-0/);
    assert.equal(broker.logs.topic("t")!.partitions[0]!.logEndOffset, 0);
    wire.destroy();
    await broker.close();
  });
});
