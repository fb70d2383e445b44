// The client against a broker that says what the test wants, in virtual time: errors, silence, nonsense, both dialects of transactions.
import assert from "node:assert/strict";
import { test } from "node:test";
import { newAddPartitionsToTxnResponse } from "../protocol/generated/add-partitions-to-txn.gen.ts";
import { newCoordinator, newFindCoordinatorResponse } from "../protocol/generated/find-coordinator.gen.ts";
import { newEndTxnResponse } from "../protocol/generated/end-txn.gen.ts";
import { newInitProducerIdResponse } from "../protocol/generated/init-producer-id.gen.ts";
import { createSimulation, type Simulation } from "../testing/simulation/simulation.ts";
import { KafkaClient, type ClientOptions } from "./client.ts";
import { ScriptedBroker, type ProducedBatch, type ScriptOptions } from "./e2e/scripted-broker.ts";
import type { ClientError, TransactionError } from "./errors.ts";

const NOT_LEADER = 6;
const MESSAGE_TOO_LARGE = 10;
const CONCURRENT_TRANSACTIONS = 51;
const OUT_OF_ORDER = 45;
const UNKNOWN_PRODUCER_ID = 59;
const TRANSACTION_ABORTABLE = 120;

interface Stage {
  readonly simulation: Simulation;
  readonly broker: ScriptedBroker;
  readonly client: KafkaClient;
}

function onStage(
  body: (stage: Stage) => Promise<void>,
  script: Partial<ScriptOptions> = {},
  options: Partial<ClientOptions> = {},
): Promise<void> {
  const simulation = createSimulation(1);
  return simulation.run(async () => {
    const broker = new ScriptedBroker(simulation.env("broker-host"), script);
    await broker.start();
    const { port } = broker.address;
    const env = simulation.env("client-host");
    let producerEpoch = 0;
    broker.handlers.InitProducerId = () => newInitProducerIdResponse({ producerId: 77, producerEpoch: producerEpoch++ });
    broker.handlers.FindCoordinator = (request) =>
      newFindCoordinatorResponse({ coordinators: [newCoordinator({ key: request.coordinatorKeys[0]!, nodeId: 1, ...broker.address })] });
    const client = new KafkaClient(env, {
      brokers: `localhost:${port}`,
      requestTimeoutMs: 1000,
      connectTimeoutMs: 500,
      apiTimeoutMs: 5000,
      ...options,
    });
    await body({ simulation, broker, client });
    await client.close();
    await env.timers.sleep(10);
    assert.deepEqual(simulation.network.describe(), [`listener localhost:${port}`], "close() leaves no connection");
  });
}

const sequences = (batches: readonly ProducedBatch[]): string[] =>
  batches.map((batch) => `${batch.producerEpoch}:${batch.baseSequence}+${batch.count}`);

test("a broker that does not know our ApiVersions is asked in version 0", () =>
  onStage(async ({ broker, client }) => {
    const versions: number[] = [];
    const answer = broker.handlers.ApiVersions!;
    broker.handlers.ApiVersions = (request, version) => {
      versions.push(version);
      // Error 35 and the range of ApiVersions itself, as a version 0 body.
      return version > 0 ? Uint8Array.of(0, 35, 0, 0, 0, 1, 0, 18, 0, 0, 0, 0) : answer(request, version);
    };
    assert.deepEqual(
      (await client.admin().describeTopics(["t"])).map(({ name }) => name),
      ["t"],
    );
    assert.deepEqual(versions, [3, 0]);
  }));

test("a silent broker: the error names address, request and time, and the client comes back when the broker does", () =>
  onStage(async ({ broker, client, simulation }) => {
    const answer = broker.handlers.Metadata!;
    broker.handlers.Metadata = () => "silence";
    await assert.rejects(client.admin().listTopics(), (error: ClientError) => {
      assert.equal(error.code, "REQUEST_TIMEOUT");
      assert.match(error.message, /Listing topics did not succeed within 5000 ms.*localhost:\d+ did not answer Metadata within 1000 ms/);
      return true;
    });
    broker.handlers.Metadata = answer;
    assert.equal((await client.admin().listTopics()).length, 1);
    assert.ok(simulation.clock.now() > 0);
  }));

test("an answer that cannot be read is told as such", () =>
  onStage(async ({ broker, client }) => {
    broker.handlers.Metadata = () => Uint8Array.of(0xff, 0xff, 0xff);
    await assert.rejects(client.admin().listTopics(), (error: ClientError) => {
      assert.equal(error.code, "MALFORMED_RESPONSE");
      assert.match(error.message, /localhost:\d+ answered Metadata version \d+ with what cannot be read/);
      return true;
    });
  }));

test("an aborted call rejects with the signal's reason and leaves the client usable", () =>
  onStage(async ({ broker, client }) => {
    const answer = broker.handlers.Metadata!;
    broker.handlers.Metadata = () => "silence";
    const stop = new AbortController();
    const reason = new Error("enough");
    client.cluster.env.timers.after(50, () => stop.abort(reason));
    await assert.rejects(client.admin().listTopics({ signal: stop.signal }), reason);
    broker.handlers.Metadata = answer;
    assert.equal((await client.admin().listTopics()).length, 1);
  }));

test("UNKNOWN_PRODUCER_ID: the epoch rises and what was unanswered goes again from sequence 0, in order", () =>
  onStage(async ({ broker, client }) => {
    const producer = client.producer({ lingerMs: 0, batchBytes: 256 });
    const value = new Uint8Array(100);
    await producer.send({ topic: "t", partition: 0, value });
    broker.produceError = (batch) => (batch.producerEpoch > 0 ? 0 : batch.baseSequence === 1 ? UNKNOWN_PRODUCER_ID : OUT_OF_ORDER);
    const positions = await Promise.all([1, 2, 3].map(() => producer.send({ topic: "t", partition: 0, value })));
    assert.deepEqual(
      positions.map(({ offset }) => offset),
      [1, 2, 3],
    );
    const renewed = broker.produced.filter((batch) => batch.producerEpoch === 1);
    assert.equal(renewed[0]!.baseSequence, 0);
    assert.equal(
      renewed.reduce((sum, batch) => sum + batch.count, 0),
      3,
    );
  }));

test("a refused batch fails alone: those behind it are written without a gap", () =>
  onStage(async ({ broker, client }) => {
    const producer = client.producer({ lingerMs: 0, batchBytes: 256 });
    const value = new Uint8Array(150);
    await producer.send({ topic: "t", partition: 0, value });
    let refused = false;
    broker.produceError = (batch) => {
      if (batch.producerEpoch > 0) return 0;
      if (refused) return OUT_OF_ORDER;
      refused = true;
      return MESSAGE_TOO_LARGE;
    };
    const results = await Promise.allSettled([1, 2, 3].map(() => producer.send({ topic: "t", partition: 0, value })));
    assert.deepEqual(
      results.map(({ status }) => status),
      ["rejected", "fulfilled", "fulfilled"],
    );
    assert.match(String((results[0] as PromiseRejectedResult).reason), /MESSAGE_TOO_LARGE.*batchBytes/);
    assert.deepEqual(sequences(broker.produced.filter((batch) => batch.producerEpoch === 1)), ["1:0+1", "1:1+1"]);
  }));

test("errors of append()ed records come out of flush(), once", () =>
  onStage(async ({ broker, client }) => {
    const producer = client.producer({ lingerMs: 1000 });
    await producer.partitionCount("t");
    broker.produceError = () => MESSAGE_TOO_LARGE;
    assert.ok(producer.append("t", 0, 0, null, new Uint8Array(1)));
    await assert.rejects(producer.flush(), { code: "MESSAGE_TOO_LARGE" });
    await producer.flush();
  }));

test("a leader that moved is looked up anew", () =>
  onStage(async ({ broker, client }) => {
    const producer = client.producer({ lingerMs: 0 });
    let lookups = 0;
    const answer = broker.handlers.Metadata!;
    broker.handlers.Metadata = (request, version) => {
      lookups++;
      return answer(request, version);
    };
    broker.produceError = (_, index) => (index < 2 ? NOT_LEADER : 0);
    assert.equal((await producer.send({ topic: "t", partition: 0, value: "x" })).offset, 0);
    assert.ok(lookups >= 2);
    assert.deepEqual(sequences(broker.produced), ["0:0+1", "0:0+1", "0:0+1"], "the same sequence each time");
  }));

test("DELIVERY_TIMEOUT says how often it was tried, and what follows begins a new epoch", () =>
  onStage(async ({ broker, client }) => {
    const producer = client.producer({ lingerMs: 0, deliveryTimeoutMs: 8000 });
    const answer = broker.handlers.Produce!;
    broker.handlers.Produce = () => "silence";
    await assert.rejects(producer.send({ topic: "t", partition: 0, value: "x" }), (error: ClientError) => {
      assert.equal(error.code, "DELIVERY_TIMEOUT");
      assert.match(error.message, /1 records for t-0 was not acknowledged within 8000 ms.*sent \d times, so it may have been written/);
      return true;
    });
    broker.handlers.Produce = answer;
    await producer.send({ topic: "t", partition: 0, value: "y" });
    assert.deepEqual(sequences(broker.produced), ["1:0+1"]);
  }));

// ---------- transactions ----------

function added(topics: readonly { name: string; partitions: readonly number[] }[]): ReturnType<typeof newAddPartitionsToTxnResponse> {
  return newAddPartitionsToTxnResponse({
    resultsByTopicV3AndBelow: topics.map(({ name, partitions }) => ({
      name,
      resultsByPartition: partitions.map((partitionIndex) => ({ partitionIndex, partitionErrorCode: 0 })),
    })),
  });
}

test("old dialect: partitions are added by one request for all, and the epoch stays", () =>
  onStage(
    async ({ broker, client }) => {
      let tries = 0;
      broker.handlers.AddPartitionsToTxn = (request) => {
        assert.deepEqual(request.v3AndBelowTopics, [{ name: "t", partitions: [0, 1, 2] }]);
        const answer = added(request.v3AndBelowTopics);
        if (tries++ === 0)
          for (const each of answer.resultsByTopicV3AndBelow[0]!.resultsByPartition) each.partitionErrorCode = CONCURRENT_TRANSACTIONS;
        return answer;
      };
      broker.handlers.EndTxn = () => newEndTxnResponse();
      const producer = client.producer({ transactionalId: "x" });
      await producer.beginTransaction();
      await Promise.all([0, 1, 2].map((partition) => producer.send({ topic: "t", partition, value: "v" })));
      await producer.commitTransaction();
      assert.deepEqual(producer.identity, { transactionalId: "x", producerId: 77, producerEpoch: 0 });
      assert.deepEqual(broker.asked, [
        "FindCoordinator v6",
        "InitProducerId v5",
        "AddPartitionsToTxn v3",
        "AddPartitionsToTxn v3",
        "Produce v11",
        "EndTxn v4",
      ]);
    },
    { partitions: 3 },
  ));

test("new dialect (KIP-890): nothing is added by hand, and EndTxn brings the next epoch", () =>
  onStage(
    async ({ broker, client }) => {
      broker.handlers.EndTxn = (request) => newEndTxnResponse({ producerId: request.producerId, producerEpoch: request.producerEpoch + 1 });
      const producer = client.producer({ transactionalId: "x" });
      for (let round = 0; round < 2; round++) {
        await producer.beginTransaction();
        await producer.send({ topic: "t", partition: 0, value: "v" });
        await producer.commitTransaction();
      }
      assert.equal(producer.identity.producerEpoch, 2);
      assert.deepEqual(sequences(broker.produced), ["0:0+1", "1:0+1"]);
      assert.deepEqual(broker.asked, ["FindCoordinator v6", "InitProducerId v5", "Produce v13", "EndTxn v5", "Produce v13", "EndTxn v5"]);
    },
    { transactionVersion: 2 },
  ));

test("an abortable error forbids the commit; after the abort the producer goes on under a new epoch", () =>
  onStage(async ({ broker, client }) => {
    broker.handlers.AddPartitionsToTxn = (request) => added(request.v3AndBelowTopics);
    const ends: boolean[] = [];
    broker.handlers.EndTxn = (request) => {
      ends.push(request.committed);
      return newEndTxnResponse();
    };
    const producer = client.producer({ transactionalId: "x", lingerMs: 0 });
    await producer.beginTransaction();
    broker.produceError = (_, index) => (index === 0 ? TRANSACTION_ABORTABLE : 0);
    await assert.rejects(producer.send({ topic: "t", partition: 0, value: "v" }), { code: "TRANSACTION_ABORTABLE" });
    await assert.rejects(producer.commitTransaction(), (error: TransactionError) => {
      assert.equal(error.resolution, "abort");
      assert.match(error.message, /Call abortTransaction/);
      return true;
    });
    await producer.abortTransaction();
    await producer.beginTransaction();
    await producer.send({ topic: "t", partition: 0, value: "w" });
    await producer.commitTransaction();
    assert.deepEqual(ends, [false, true]);
    assert.deepEqual(sequences(broker.produced), ["0:0+1", "1:0+1"]);
  }));

test("a commit whose answer was lost is asked for again", () =>
  onStage(async ({ broker, client }) => {
    broker.handlers.AddPartitionsToTxn = (request) => added(request.v3AndBelowTopics);
    let tries = 0;
    broker.handlers.EndTxn = () => (tries++ === 0 ? "close" : newEndTxnResponse());
    const producer = client.producer({ transactionalId: "x" });
    await producer.beginTransaction();
    const [, position] = await Promise.all([producer.flush(), producer.send({ topic: "t", partition: 0, value: "v" })]);
    assert.equal(position.offset, 0);
    await producer.commitTransaction();
    assert.equal(tries, 2);
  }));

test("without a producer id a record waits until its delivery timeout, and says why", () =>
  onStage(async ({ broker, client }) => {
    const answer = broker.handlers.InitProducerId!;
    broker.handlers.InitProducerId = () => "silence";
    const producer = client.producer({ deliveryTimeoutMs: 15_000 });
    await assert.rejects(producer.send({ topic: "t", partition: 0, value: "x" }), (error: ClientError) => {
      assert.equal(error.code, "DELIVERY_TIMEOUT");
      assert.match(error.message, /never sent.*did not answer InitProducerId/);
      return true;
    });
    broker.handlers.InitProducerId = answer;
    assert.equal((await producer.send({ topic: "t", partition: 0, value: "y" })).offset, 0);
  }));
