// A request that arrives late, over a connection that its client has given up, ends nothing, aborts nothing and sets nothing back.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  newAddPartitionsToTxnRequest,
  newAddPartitionsToTxnTopic,
  newAddPartitionsToTxnTransaction,
} from "../protocol/generated/add-partitions-to-txn.gen.ts";
import { newConsumerGroupHeartbeatRequest } from "../protocol/generated/consumer-group-heartbeat.gen.ts";
import { newEndTxnRequest } from "../protocol/generated/end-txn.gen.ts";
import { newInitProducerIdRequest } from "../protocol/generated/init-producer-id.gen.ts";
import {
  newOffsetCommitRequest,
  newOffsetCommitRequestPartition,
  newOffsetCommitRequestTopic,
} from "../protocol/generated/offset-commit.gen.ts";
import { newOffsetFetchRequest, newOffsetFetchRequestTopic } from "../protocol/generated/offset-fetch.gen.ts";
import { createSimulation } from "../testing/simulation/simulation.ts";
import { startBroker } from "./broker.ts";
import { Wire } from "./e2e/wire.ts";
import { SupersededConnections } from "./superseded-connections.ts";

const ID = "payments";

test("the end of an earlier transaction that comes late, over an older connection, is not taken for that of the present one", async () => {
  const simulation = createSimulation(3);
  simulation.files.provideDirectory("/data");
  await simulation.run(async () => {
    const env = simulation.env();
    const broker = await startBroker(env, { dataDir: "/data", port: 0 });
    await broker.logs.createTopic("t", { partitions: 1 });
    const older = await Wire.connect(env, broker.address);
    const { producerId, producerEpoch } = await older.call("InitProducerId", 4, newInitProducerIdRequest({ transactionalId: ID, transactionTimeoutMs: 60_000 })); // prettier-ignore
    const add = newAddPartitionsToTxnRequest({
      v3AndBelowTransactionalId: ID,
      v3AndBelowProducerId: producerId,
      v3AndBelowProducerEpoch: producerEpoch,
      v3AndBelowTopics: [newAddPartitionsToTxnTopic({ name: "t", partitions: [0] })],
    });
    const end = newEndTxnRequest({ transactionalId: ID, producerId, producerEpoch, committed: true });
    await older.call("AddPartitionsToTxn", 3, add);
    // The answer to its end is late: the client reconnects, ends it there, and begins the next one.
    const newer = await Wire.connect(env, broker.address);
    assert.equal((await newer.call("EndTxn", 3, end)).errorCode, 0);
    await newer.call("AddPartitionsToTxn", 3, add);
    await assert.rejects(older.call("EndTxn", 3, end), /closed instead of answering/);
    const ongoing = await newer.call("DescribeTransactions", 0, { transactionalIds: [ID] });
    assert.equal(ongoing.transactionStates[0]!.transactionState, "Ongoing");
    assert.equal((await newer.call("EndTxn", 3, end)).errorCode, 0);
    // A client that used both connections opens a third one and goes on.
    const third = await Wire.connect(env, broker.address);
    await third.call("AddPartitionsToTxn", 3, add);
    assert.equal((await third.call("EndTxn", 3, end)).errorCode, 0);
    for (const wire of [newer, third]) wire.destroy();
    await broker.close();
  });
});

/** A broker with topic "t" and connections to it, in the order of their opening. */
async function withBroker(body: (connect: () => Promise<Wire>) => Promise<void>): Promise<void> {
  const simulation = createSimulation(3);
  simulation.files.provideDirectory("/data");
  await simulation.run(async () => {
    const env = simulation.env();
    const broker = await startBroker(env, { dataDir: "/data", port: 0 });
    await broker.logs.createTopic("t", { partitions: 1 });
    const wires: Wire[] = [];
    await body(async () => {
      const wire = await Wire.connect(env, broker.address);
      wires.push(wire);
      return wire;
    });
    for (const wire of wires) wire.destroy();
    await broker.close();
  });
}

test("an InitProducerId that comes late does not abort what its repetition began and prepared", async () => {
  await withBroker(async (connect) => {
    const older = await connect();
    const newer = await connect();
    const init = newInitProducerIdRequest({ transactionalId: ID, transactionTimeoutMs: 60_000 });
    const { producerId, producerEpoch } = await newer.call("InitProducerId", 5, init);
    const transaction = newAddPartitionsToTxnTransaction({
      transactionalId: ID,
      producerId,
      producerEpoch,
      topics: [newAddPartitionsToTxnTopic({ name: "t", partitions: [0] })],
    });
    await newer.call("AddPartitionsToTxn", 5, newAddPartitionsToTxnRequest({ transactions: [transaction] }));
    await assert.rejects(older.call("InitProducerId", 5, init), /closed instead of answering/);
    // Whoever restores the checkpoint ends it, over any connection.
    const restored = await connect();
    const end = newEndTxnRequest({ transactionalId: ID, producerId, producerEpoch, committed: true });
    assert.equal((await restored.call("EndTxn", 5, end)).errorCode, 0);
    // The last one that asks has the id, as ever: a client whose connection was closed asks over a new one.
    const asked = await (await connect()).call("InitProducerId", 5, init);
    assert.deepEqual([asked.errorCode, asked.producerId], [0, producerId]);
    assert.ok(asked.producerEpoch > producerEpoch);
  });
});

test("a member's commit that comes late does not set its group back", async () => {
  await withBroker(async (connect) => {
    const older = await connect();
    const newer = await connect();
    const joined = await newer.call("ConsumerGroupHeartbeat", 1, newConsumerGroupHeartbeatRequest({
      groupId: "g", memberId: "member-1", memberEpoch: 0, rebalanceTimeoutMs: 60_000, subscribedTopicNames: ["t"], topicPartitions: [],
    })); // prettier-ignore
    const commit = (committedOffset: number) =>
      newOffsetCommitRequest({
        groupId: "g",
        memberId: "member-1",
        generationIdOrMemberEpoch: joined.memberEpoch,
        topics: [
          newOffsetCommitRequestTopic({ name: "t", partitions: [newOffsetCommitRequestPartition({ partitionIndex: 0, committedOffset })] }),
        ],
      });
    const committed = await newer.call("OffsetCommit", 9, commit(20));
    assert.equal(committed.topics[0]!.partitions[0]!.errorCode, 0);
    await assert.rejects(older.call("OffsetCommit", 9, commit(10)), /closed instead of answering/);
    const found = await newer.call("OffsetFetch", 7, newOffsetFetchRequest({ groupId: "g", topics: [newOffsetFetchRequestTopic({ name: "t", partitionIndexes: [0] })] })); // prettier-ignore
    assert.equal(found.topics[0]!.partitions[0]!.committedOffset, 20);
  });
});

test("connections are compared per owner, epoch and purpose, for a bounded number of owners", () => {
  const connections = new SupersededConnections(2);
  assert.equal(connections.isSuperseded({ owner: 1, epoch: 0, use: "transaction" }, 5), false);
  assert.equal(connections.isSuperseded({ owner: 1, epoch: 0, use: "produce" }, 4), false, "another purpose");
  assert.equal(connections.isSuperseded({ owner: 1, epoch: 0, use: "transaction" }, 4), true);
  assert.equal(connections.isSuperseded({ owner: 2, epoch: 0, use: "transaction" }, 4), false, "another producer");
  assert.equal(connections.isSuperseded({ owner: 1, epoch: 1, use: "transaction" }, 4), false, "a new epoch begins anew");
  assert.equal(connections.isSuperseded({ owner: -1, epoch: -1, use: "produce" }, 0), false);
  connections.isSuperseded({ owner: 3, epoch: 0, use: "transaction" }, 9);
  assert.equal(connections.isSuperseded({ owner: 2, epoch: 0, use: "transaction" }, 3), false, "forgotten");
});
