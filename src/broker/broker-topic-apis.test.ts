// The APIs about topics as the protocol has them: creation with its configs, deletion by name and id, growth, trimmed logs, leader epochs,
// the ends that ListOffsets knows by negative numbers, and what DescribeConfigs tells of a config.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ErrorCode } from "../protocol/errors.ts";
import { newCreatePartitionsRequest, newCreatePartitionsTopic } from "../protocol/generated/create-partitions.gen.ts";
import {
  type CreatableTopic,
  newCreatableReplicaAssignment,
  newCreatableTopic,
  newCreatableTopicConfig,
  newCreateTopicsRequest,
} from "../protocol/generated/create-topics.gen.ts";
import { newDeleteRecordsPartition, newDeleteRecordsRequest, newDeleteRecordsTopic } from "../protocol/generated/delete-records.gen.ts";
import { newDeleteTopicsRequest, newDeleteTopicState } from "../protocol/generated/delete-topics.gen.ts";
import { newDescribeConfigsRequest, newDescribeConfigsResource } from "../protocol/generated/describe-configs.gen.ts";
import { newListOffsetsPartition, newListOffsetsRequest, newListOffsetsTopic } from "../protocol/generated/list-offsets.gen.ts";
import { newMetadataRequest } from "../protocol/generated/metadata.gen.ts";
import { newPartitionProduceData, newProduceRequest, newTopicProduceData } from "../protocol/generated/produce.gen.ts";
import {
  newOffsetForLeaderEpochRequest,
  newOffsetForLeaderPartition,
  newOffsetForLeaderTopic,
} from "../protocol/generated/offset-for-leader-epoch.gen.ts";
import { readBatchHeader } from "../protocol/records/batch-header.ts";
import { BatchWriter } from "../protocol/records/batch-writer.ts";
import { inWireWorld, type WireWorld } from "./e2e/wire-world.ts";
import { TOPIC_CONFIGS } from "./topic-config.ts";

const DYNAMIC_TOPIC = 1;
const BROKER_FILE = 4;
const DEFAULT = 5;
const TOPIC = 2;
const LONG = 5;
const ZERO_ID = "AAAAAAAAAAAAAAAAAAAAAA";
const UNKNOWN_ID = "BBBBBBBBBBBBBBBBBBBBBA";

async function create({ wire }: WireWorld, topic: Partial<CreatableTopic>, version = 7, validateOnly = false) {
  const topics = [newCreatableTopic({ name: "t", numPartitions: 1, replicationFactor: 1, ...topic })];
  return (await wire.call("CreateTopics", version, newCreateTopicsRequest({ topics, timeoutMs: 1_000, validateOnly }))).topics[0]!;
}

/** One batch of so many records, a second apart from 1,000,000 on. */
async function send({ wire, env }: WireWorld, count: number, topic = "t") {
  const writer = new BatchWriter({});
  for (let i = 0; i < count; i++)
    writer.append(env.clock.now() - 1_000_000 + i * 1_000, null, new TextEncoder().encode(`value ${i} `.repeat(9)));
  const partitionData = [newPartitionProduceData({ index: 0, records: writer.finish({}).slice() })];
  const topicData = [newTopicProduceData({ name: topic, partitionData })];
  const { responses } = await wire.call("Produce", 12, newProduceRequest({ acks: -1, timeoutMs: 1_000, topicData }));
  return responses[0]!.partitionResponses[0]!;
}

describe("CreateTopics", () => {
  it("tells every config with its source, the id and the numbers, from version 5 on, also if it only validates", () =>
    inWireWorld(async (world) => {
      const configs = [newCreatableTopicConfig({ name: "retention.ms", value: "5" }), newCreatableTopicConfig({ name: "segment.bytes", value: " +2000000 " })]; // prettier-ignore
      for (const validateOnly of [true, false]) {
        const made = await create(world, { numPartitions: -1, replicationFactor: -1, configs }, 7, validateOnly);
        assert.deepEqual([made.errorCode, made.numPartitions, made.replicationFactor], [0, 3, 1]);
        assert.notEqual(made.topicId, ZERO_ID);
        assert.equal(world.broker.logs.topic("t")?.id, validateOnly ? undefined : made.topicId);
        assert.deepEqual(made.configs!.map(({ name }) => name).sort(), TOPIC_CONFIGS.map(({ name }) => name).sort());
        assert.equal(made.configs!.find(({ name }) => name === "segment.bytes")!.value, " +2000000 ", "as it was given");
        const source = (name: string) => made.configs!.find((config) => config.name === name)!;
        assert.deepEqual([source("retention.ms").value, source("retention.ms").configSource], ["5", DYNAMIC_TOPIC]);
        assert.deepEqual([source("cleanup.policy").value, source("cleanup.policy").configSource], ["delete", DEFAULT]);
        assert.deepEqual([source("segment.ms").value, source("segment.ms").configSource], ["7200000", BROKER_FILE]);
      }
    }, { settings: { "num.partitions": "3", "log.roll.hours": "2" } })); // prettier-ignore

  it("takes an assignment to this broker, and refuses others, wrong numbers, names and configs, each by its own code", () =>
    inWireWorld(async (world) => {
      const at = (...brokers: number[]) => brokers.map((id, partitionIndex) => newCreatableReplicaAssignment({ partitionIndex, brokerIds: [id] })); // prettier-ignore
      const refusals: [Partial<CreatableTopic>, number][] = [
        [{ name: "" }, ErrorCode.INVALID_TOPIC_EXCEPTION],
        [{ name: "a/b" }, ErrorCode.INVALID_TOPIC_EXCEPTION],
        [{ numPartitions: 0 }, ErrorCode.INVALID_PARTITIONS],
        [{ replicationFactor: 2 }, ErrorCode.INVALID_REPLICATION_FACTOR],
        [{ numPartitions: -1, replicationFactor: -1, assignments: at(1) }, ErrorCode.INVALID_REPLICA_ASSIGNMENT],
        [{ assignments: at(0) }, ErrorCode.INVALID_REQUEST],
        [{ numPartitions: 10_001 }, ErrorCode.INVALID_PARTITIONS],
        [
          { numPartitions: -1, replicationFactor: -1, assignments: at(...Array.from({ length: 10_001 }, () => 0)) },
          ErrorCode.INVALID_PARTITIONS,
        ],
        [{ configs: [newCreatableTopicConfig({ name: "no.such", value: "1" })] }, ErrorCode.INVALID_CONFIG],
        [{ configs: [newCreatableTopicConfig({ name: "retention.ms", value: null })] }, ErrorCode.INVALID_CONFIG],
      ];
      for (const [topic, code] of refusals) assert.equal((await create(world, topic)).errorCode, code, JSON.stringify(topic).slice(0, 200));
      assert.equal((await create(world, { name: "b", numPartitions: -1, replicationFactor: -1, assignments: at(0, 0) })).numPartitions, 2);
      assert.equal((await create(world, { name: "b" })).errorCode, ErrorCode.TOPIC_ALREADY_EXISTS);
      assert.equal((await create(world, { name: "x.y" })).errorCode, 0);
      assert.equal((await create(world, { name: "x_y" })).errorCode, ErrorCode.INVALID_TOPIC_EXCEPTION, "the same name in metrics");
      const asked = newMetadataRequest({ topics: [{ name: "x_y", topicId: ZERO_ID }], allowAutoTopicCreation: true });
      const { topics } = await world.wire.call("Metadata", 12, asked);
      assert.deepEqual([topics[0]!.errorCode, world.broker.logs.topic("x_y")], [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, undefined]);
    }));
});

describe("DeleteTopics", () => {
  it("goes by name, or by id from version 6 on, and names what it does not know as it was asked", () =>
    inWireWorld(async (world) => {
      const [one, two] = [await create(world, { name: "one" }), await create(world, { name: "two" })];
      const remove = async (name: string | null, topicId: string) => {
        const topics = [newDeleteTopicState({ name, topicId })];
        const { responses } = await world.wire.call("DeleteTopics", 6, newDeleteTopicsRequest({ topics, timeoutMs: 1_000 }));
        return [responses[0]!.name, responses[0]!.topicId, responses[0]!.errorCode];
      };
      assert.deepEqual(await remove("one", ZERO_ID), ["one", one.topicId, 0]);
      assert.deepEqual(await remove(null, two.topicId), ["two", two.topicId, 0]);
      assert.deepEqual(await remove(null, UNKNOWN_ID), [null, UNKNOWN_ID, ErrorCode.UNKNOWN_TOPIC_ID]);
      assert.deepEqual(await remove("one", ZERO_ID), ["one", ZERO_ID, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION]);
      assert.deepEqual([...world.broker.logs.topics()], []);
    }));
});

describe("CreatePartitions", () => {
  it("only adds, and only if it is not asked to validate", () =>
    inWireWorld(async (world) => {
      await create(world, { numPartitions: 2 });
      const grow = async (count: number, validateOnly = false, name = "t") => {
        const topics = [newCreatePartitionsTopic({ name, count, assignments: null })];
        const request = newCreatePartitionsRequest({ topics, timeoutMs: 1_000, validateOnly });
        return (await world.wire.call("CreatePartitions", 3, request)).results[0]!.errorCode;
      };
      const partitions = () => world.broker.logs.topic("t")!.partitions.length;
      assert.deepEqual([await grow(4, true), partitions()], [0, 2]);
      assert.deepEqual([await grow(4), partitions()], [0, 4]);
      for (const count of [4, 1, 0, -1]) assert.equal(await grow(count), ErrorCode.INVALID_PARTITIONS, String(count));
      assert.equal(await grow(4, false, "missing"), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    }));
});

describe("a trimmed log", () => {
  it("begins where DeleteRecords says, for ListOffsets −1 to −6, times and read_committed, in the versions that have them", () =>
    inWireWorld(async (world) => {
      await create(world, {});
      await send(world, 5);
      const trim = async (offset: number) => {
        const topics = [newDeleteRecordsTopic({ name: "t", partitions: [newDeleteRecordsPartition({ partitionIndex: 0, offset })] })];
        const { topics: answers } = await world.wire.call("DeleteRecords", 2, newDeleteRecordsRequest({ topics, timeoutMs: 1_000 }));
        return [answers[0]!.partitions[0]!.errorCode, answers[0]!.partitions[0]!.lowWatermark];
      };
      assert.deepEqual(await trim(2), [0, 2]);
      assert.deepEqual(await trim(9), [ErrorCode.OFFSET_OUT_OF_RANGE, -1]);
      await world.broker.logs.setTopicConfig("t", { "cleanup.policy": "compact" });
      assert.deepEqual(await trim(3), [ErrorCode.POLICY_VIOLATION, -1], "a compacted topic keeps what it has");
      await world.broker.logs.setTopicConfig("t", { "cleanup.policy": "compact,delete" });
      assert.deepEqual(await trim(2), [0, 2]);
      const list = async (timestamp: number, version = 11, isolationLevel = 0) => {
        const topics = [newListOffsetsTopic({ name: "t", partitions: [newListOffsetsPartition({ partitionIndex: 0, timestamp })] })];
        const answer = await world.wire.call(
          "ListOffsets",
          version,
          newListOffsetsRequest({ replicaId: -1, topics, isolationLevel, timeoutMs: 1_000 }),
        );
        const { errorCode, offset } = answer.topics[0]!.partitions[0]!;
        return errorCode === 0 ? offset : `error ${errorCode}`;
      };
      const old = `error ${ErrorCode.UNSUPPORTED_VERSION}`;
      const asked = async (timestamp: number) => {
        const found = [];
        for (const version of [1, 6, 7, 8, 9, 10, 11]) found.push(await list(timestamp, version));
        return found;
      };
      assert.deepEqual(await asked(-1), [5, 5, 5, 5, 5, 5, 5]);
      assert.deepEqual(await asked(-2), [2, 2, 2, 2, 2, 2, 2]);
      assert.deepEqual(await asked(-3), [old, old, 4, 4, 4, 4, 4]);
      assert.deepEqual(await asked(-4), [old, old, old, 2, 2, 2, 2]);
      assert.deepEqual(await asked(-5), [old, old, old, old, -1, -1, -1]);
      assert.deepEqual(await asked(-6), [old, old, old, old, old, old, -1]);
      assert.deepEqual(await asked(0), [2, 2, 2, 2, 2, 2, 2], "the first record that is left");
      assert.equal(await list(-1, 11, 1), 5);
      assert.deepEqual(await trim(-1), [0, 5]);
      assert.deepEqual([await list(-2), await list(-3), await list(0)], [5, -1, -1]);
    }));

  it("ends where its one leader epoch ends", () =>
    inWireWorld(async (world) => {
      await create(world, {});
      await send(world, 3);
      const ends = async (leaderEpoch: number, currentLeaderEpoch = -1) => {
        const topics = [newOffsetForLeaderTopic({ topic: "t", partitions: [newOffsetForLeaderPartition({ partition: 0, leaderEpoch, currentLeaderEpoch })] })]; // prettier-ignore
        const { topics: answers } = await world.wire.call("OffsetForLeaderEpoch", 4, newOffsetForLeaderEpochRequest({ replicaId: -1, topics })); // prettier-ignore
        const { errorCode, leaderEpoch: found, endOffset } = answers[0]!.partitions[0]!;
        return [errorCode, found, endOffset];
      };
      assert.deepEqual(await ends(0), [0, 0, 3]);
      assert.deepEqual(await ends(1), [0, -1, -1]);
      assert.deepEqual(await ends(0, 1), [ErrorCode.UNKNOWN_LEADER_EPOCH, -1, -1]);
    }));
});

describe("DescribeConfigs of a topic", () => {
  it("tells values with type, documentation, and every place that has one, strongest first", () =>
    inWireWorld(async (world) => {
      await create(world, { configs: [newCreatableTopicConfig({ name: "retention.ms", value: "5" })] });
      const ask = async (includeSynonyms: boolean, includeDocumentation: boolean, configurationKeys: string[] | null) => {
        const resources = [newDescribeConfigsResource({ resourceType: TOPIC, resourceName: "t", configurationKeys })];
        const request = newDescribeConfigsRequest({ resources, includeSynonyms, includeDocumentation });
        return (await world.wire.call("DescribeConfigs", 4, request)).results[0]!.configs;
      };
      const [retention] = await ask(true, true, ["retention.ms"]);
      assert.deepEqual([retention!.value, retention!.configType, retention!.configSource], ["5", LONG, DYNAMIC_TOPIC]);
      assert.match(retention!.documentation!, /Age at which segments are deleted/);
      // Apache Kafka tells of a coarser setting only behind the finest one, and here that is not set.
      assert.deepEqual(retention!.synonyms, [{ name: "retention.ms", value: "5", source: DYNAMIC_TOPIC }]);
      const plain = await ask(false, false, null);
      assert.equal(plain.length, TOPIC_CONFIGS.length);
      assert.ok(plain.every(({ synonyms, documentation, isSensitive, readOnly }) => synonyms.length === 0 && documentation === null && !isSensitive && !readOnly)); // prettier-ignore
      const policy = plain.find(({ name }) => name === "cleanup.policy")!;
      assert.deepEqual([policy.value, policy.configType], ["delete", 7]);
    }, { settings: { "log.retention.hours": "3" } })); // prettier-ignore
});

describe("a batch of a producer", () => {
  it("needs a sequence number: without one it is refused, and the next one is taken", () =>
    inWireWorld(async (world) => {
      await create(world, {});
      const produce = async (baseSequence: number) => {
        const writer = new BatchWriter({});
        writer.append(world.env.clock.now(), null, new Uint8Array(5));
        const records = writer.finish({ producerId: 7, producerEpoch: 0, baseSequence }).slice();
        const topicData = [newTopicProduceData({ name: "t", partitionData: [newPartitionProduceData({ index: 0, records })] })];
        const { responses } = await world.wire.call("Produce", 12, newProduceRequest({ acks: -1, timeoutMs: 1_000, topicData }));
        const { errorCode, baseOffset } = responses[0]!.partitionResponses[0]!;
        return [errorCode, baseOffset];
      };
      assert.deepEqual(await produce(-1), [ErrorCode.INVALID_RECORD, -1]);
      assert.deepEqual(await produce(0), [ErrorCode.NONE, 0]);
    }));
});

describe("what a topic inherits from the broker", () => {
  it("is obeyed: compression.type and log.message.timestamp.type", () =>
    inWireWorld(async (world) => {
      await create(world, {});
      const { logAppendTimeMs } = await send(world, 3);
      assert.ok(logAppendTimeMs > 0);
      const { bytes } = await world.broker.logs.topic("t")!.partitions[0]!.read(0, { maxBytes: 10_000, minOneBatch: true, isolation: "read_uncommitted" }); // prettier-ignore
      const header = readBatchHeader(bytes, 0);
      assert.deepEqual([header.attributes, header.maxTimestamp], [4 | 8, logAppendTimeMs], "zstd, LogAppendTime");
    }, { settings: { "compression.type": "zstd", "log.message.timestamp.type": "LogAppendTime" } })); // prettier-ignore
});
