// Faults as the tests of somebody's kafkajs client use them: each is met, once, and the client gets over it.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Kafka, logLevel, type Producer } from "kafkajs";
import { ByteReader } from "../../bytes/reader.ts";
import { ByteWriter } from "../../bytes/writer.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import {
  newDescribeTopicPartitionsResponse,
  newDescribeTopicPartitionsResponseTopic,
  type DescribeTopicPartitionsResponse,
} from "../../protocol/generated/describe-topic-partitions.gen.ts";
import { newMetadataResponse, newMetadataResponseTopic, type MetadataResponse } from "../../protocol/generated/metadata.gen.ts";
import { ZERO_UUID } from "../../protocol/primitives.ts";
import { ALL_APIS as SERVED } from "../apis/all.ts";
import { canRefuse, refusalOf, withRefusedTopics } from "../fault-refusals.ts";
import { countErrors } from "../metrics/answer-errors.ts";
import { RequestCount } from "../metrics/request-count.ts";
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
    broker.control("Metadata", { error: "LEADER_NOT_AVAILABLE", times: 1 });
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

it("every API can be refused, and the refusal be told in every version", () => {
  const topics = [{ name: "t", topic: "t", topicId: ZERO_UUID, partitions: [{ partitionIndex: 0, partition: 0 }], partitionIndexes: [0] }];
  const numbered = [{ name: "t", topic: "t", partitions: [0] }];
  const resources = [{ resourceType: 2, resourceName: "t", configs: [] }];
  const parts = {
    topics,
    resources,
    topicPartitions: numbered,
    v3AndBelowTopics: numbered,
    dirs: [{ path: "/", topics: numbered }],
    topicData: [{ name: "t", topicId: ZERO_UUID, partitionData: [{ index: 0 }] }],
    topicNames: ["t"],
    groups: [{ groupId: "g" }],
    groupsNames: ["g"],
    groupIds: ["g"],
    coordinatorKeys: ["g"],
    transactionalIds: ["x"],
    featureUpdates: [{ feature: "f" }],
    transactions: [{ transactionalId: "x", topics: numbered }],
    markers: [{ producerId: 1, topics }],
  };
  for (const { api, minVersion, maxVersion } of SERVED) {
    assert.ok(canRefuse(api.name), api.name);
    for (let version = minVersion; version <= maxVersion; version++) {
      const request = api.name === "DescribeGroups" ? { groups: ["g"] } : parts;
      const refusal = refusalOf(api.name, request, ErrorCode.REQUEST_TIMED_OUT, version);
      const answered = refusal ?? withRefusedTopics(answerWithATopic(api.name), ErrorCode.REQUEST_TIMED_OUT);
      const writer = new ByteWriter();
      api.writeResponse(writer, answered, version);
      const reader = new ByteReader(writer.take());
      const told = new RequestCount();
      countErrors(api.name, api.readResponse(reader, version), told);
      assert.equal(reader.remaining, 0, `${api.name} version ${version}`);
      assert.ok((told.errors[1 + ErrorCode.REQUEST_TIMED_OUT] ?? 0) > 0, `${api.name} version ${version} tells it`);
    }
  }
});

function answerWithATopic(name: string): MetadataResponse | DescribeTopicPartitionsResponse {
  if (name === "Metadata") return newMetadataResponse({ topics: [newMetadataResponseTopic({ name: "t" })] });
  return newDescribeTopicPartitionsResponse({ topics: [newDescribeTopicPartitionsResponseTopic({ name: "t" })] });
}
