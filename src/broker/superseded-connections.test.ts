// Transactions version 1: a request that arrives late, over a connection that its client has given up, ends nothing.
import assert from "node:assert/strict";
import { test } from "node:test";
import { newAddPartitionsToTxnRequest, newAddPartitionsToTxnTopic } from "../protocol/generated/add-partitions-to-txn.gen.ts";
import { newEndTxnRequest } from "../protocol/generated/end-txn.gen.ts";
import { newInitProducerIdRequest } from "../protocol/generated/init-producer-id.gen.ts";
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

test("connections are compared per producer, epoch and purpose, for a bounded number of producers", () => {
  const connections = new SupersededConnections(2);
  assert.equal(connections.isSuperseded(1, 0, "transaction", 5), false);
  assert.equal(connections.isSuperseded(1, 0, "produce", 4), false, "another purpose");
  assert.equal(connections.isSuperseded(1, 0, "transaction", 4), true);
  assert.equal(connections.isSuperseded(2, 0, "transaction", 4), false, "another producer");
  assert.equal(connections.isSuperseded(1, 1, "transaction", 4), false, "a new epoch begins anew");
  assert.equal(connections.isSuperseded(-1, -1, "produce", 0), false);
  connections.isSuperseded(3, 0, "transaction", 9);
  assert.equal(connections.isSuperseded(2, 0, "transaction", 3), false, "forgotten");
});
