// Faults as the tests of somebody's kafkajs client use them: each is met, once, and the client gets over it.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Kafka, logLevel, type Producer } from "kafkajs";
import { ByteReader } from "../../bytes/reader.ts";
import { ByteWriter } from "../../bytes/writer.ts";
import { ALL_APIS } from "../../protocol/apis.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import { canRefuse, refusalOf } from "../fault-refusals.ts";
import { startBroker, type Broker } from "../index.ts";

process.env["KAFKAJS_NO_PARTITIONER_WARNING"] = "1";

describe("kafkajs gets over", () => {
  let broker: Broker;
  let kafka: Kafka;
  let producer: Producer;

  before(async () => {
    broker = await startBroker({ port: 0, memory: true, logger: { log: () => {} } });
    await broker.logs.createTopic("t", { partitions: 1 });
    const retry = { initialRetryTime: 5, maxRetryTime: 20, retries: 10 };
    kafka = new Kafka({ brokers: [broker.bootstrapServers], logLevel: logLevel.NOTHING, retry, requestTimeout: 5000 });
    producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
  });
  after(async () => {
    await producer.disconnect();
    await broker.close();
  });

  const end = (): number => broker.logs.topic("t")!.partitions[0]!.logEndOffset;
  const send = async (): Promise<void> => void (await producer.send({ topic: "t", messages: [{ value: "v" }] }));

  it("a batch that is refused", async () => {
    const before = end();
    let met = 0;
    broker.control("Produce", { error: "NOT_LEADER_OR_FOLLOWER", times: 2, when: () => (met++, true) });
    await send();
    assert.ok(met >= 2);
    assert.equal(end(), before + 1);
  });

  it("a batch that is written and not acknowledged: it is in the log once", async () => {
    const before = end();
    broker.control("Produce", { drop: "answer", times: 1 });
    await send();
    assert.equal(end(), before + 1);
  });

  it("a connection that ends instead of taking a batch", async () => {
    const before = end();
    broker.control("Produce", { drop: "request", times: 1 });
    await send();
    assert.equal(end(), before + 1);
  });

  it("a slow answer", async () => {
    broker.control("Produce", { delayMs: 60, times: 1 });
    const begin = performance.now();
    await send();
    assert.ok(performance.now() - begin >= 55);
  });

  it("metadata without a leader for a while, and a coordinator that is not there", async () => {
    let told = 0;
    broker.control("Metadata", {
      times: 2,
      amend: (answer) => {
        for (const topic of answer.topics) topic.errorCode = ErrorCode.LEADER_NOT_AVAILABLE;
        told++;
        return answer;
      },
    });
    broker.control("FindCoordinator", { error: "COORDINATOR_NOT_AVAILABLE", times: 1 });
    broker.control("OffsetFetch", { error: "COORDINATOR_LOAD_IN_PROGRESS", times: 1 });
    broker.control("ListOffsets", { error: "NOT_LEADER_OR_FOLLOWER", times: 1 });
    const consumer = kafka.consumer({ groupId: "g", maxWaitTimeInMs: 50 });
    await consumer.connect();
    await consumer.subscribe({ topic: "t", fromBeginning: true });
    let seen!: () => void;
    const first = new Promise<void>((resolve) => (seen = resolve));
    await consumer.run({ eachMessage: async () => seen() });
    await first;
    await consumer.disconnect();
    assert.ok(told > 0);
  });
});

it("a refusal can be told in every version of its API", () => {
  let told = 0;
  for (const api of ALL_APIS.filter(({ name }) => canRefuse(name))) {
    for (let version = api.minVersion; version <= api.maxVersion; version++) {
      const request = {
        topicData: [],
        topics: [],
        topicNames: [],
        groups: [],
        coordinatorKeys: [],
        transactions: [],
        v3AndBelowTopics: [],
      };
      const writer = new ByteWriter();
      api.writeResponse(writer, refusalOf(api.name, request, ErrorCode.REQUEST_TIMED_OUT, version), version);
      const reader = new ByteReader(writer.take());
      api.readResponse(reader, version);
      assert.equal(reader.remaining, 0, `${api.name} version ${version}`);
      told++;
    }
  }
  assert.ok(told > 80, `${told} versions`);
});
