// Random requests that change topics and their configs, and requests that name topics by their ids.
import fc from "fast-check";
import { newCreatableTopic, newCreateTopicsRequest } from "../../src/protocol/generated/create-topics.gen.ts";
import { newCreatePartitionsRequest, newCreatePartitionsTopic } from "../../src/protocol/generated/create-partitions.gen.ts";
import {
  newDeleteRecordsPartition,
  newDeleteRecordsRequest,
  newDeleteRecordsTopic,
} from "../../src/protocol/generated/delete-records.gen.ts";
import { newDeleteTopicsRequest, newDeleteTopicState } from "../../src/protocol/generated/delete-topics.gen.ts";
import { newDescribeConfigsRequest, newDescribeConfigsResource } from "../../src/protocol/generated/describe-configs.gen.ts";
import { newFetchPartition, newFetchRequest, newFetchTopic } from "../../src/protocol/generated/fetch.gen.ts";
import {
  newAlterableConfig,
  newAlterConfigsResource,
  newIncrementalAlterConfigsRequest,
} from "../../src/protocol/generated/incremental-alter-configs.gen.ts";
import { newMetadataRequest } from "../../src/protocol/generated/metadata.gen.ts";
import {
  newOffsetForLeaderEpochRequest,
  newOffsetForLeaderPartition,
  newOffsetForLeaderTopic,
} from "../../src/protocol/generated/offset-for-leader-epoch.gen.ts";
import { newPartitionProduceData, newProduceRequest, newTopicProduceData } from "../../src/protocol/generated/produce.gen.ts";
import { batch, partition, step, topic } from "./requests.ts";

const UNKNOWN_ID = "BBBBBBBBBBBBBBBBBBBBBA";
const ZERO_ID = "AAAAAAAAAAAAAAAAAAAAAA";
const TOPIC = 2;
const name = fc.constantFrom("n", "n", "m", "t", "bad/name", "..");

const create = fc
  .tuple(
    name,
    fc.constantFrom(1, 2, -1, 0),
    fc.constantFrom(1, -1, 3),
    fc.constantFrom("", "retention.ms=5", "retention.ms=x", "no.such=1"),
    fc.integer({ min: 2, max: 7 }),
  ) // prettier-ignore
  .map(([of, numPartitions, replicationFactor, config, version]) =>
    step<"CreateTopics">({
      name: `create ${of} v${version} ${numPartitions}×${replicationFactor} ${config}`,
      api: "CreateTopics",
      version,
      request: ({ prefix }) => {
        const [key, value] = config.split("=");
        const configs = config === "" ? [] : [{ name: key!, value: value! }];
        return newCreateTopicsRequest({ topics: [newCreatableTopic({ name: prefix + of, numPartitions, replicationFactor, configs })], timeoutMs: 10_000 }); // prettier-ignore
      },
      learn: ({ topics }, learnt) => {
        if (topics[0]!.errorCode === 0 && version >= 7) learnt.topicIds.set(of, topics[0]!.topicId);
      },
      settles: "topics",
    }),
  );

const remove = fc.tuple(fc.constantFrom("n", "m", "missing"), fc.boolean(), fc.integer({ min: 1, max: 6 })).map(([of, byId, version]) =>
  step<"DeleteTopics">({
    name: `delete ${of}${byId ? " by id" : ""} v${version}`,
    api: "DeleteTopics",
    version,
    request: ({ prefix, topicIds }) => {
      if (version < 6) return newDeleteTopicsRequest({ topicNames: [prefix + of], timeoutMs: 10_000 });
      const state = byId ? { name: null, topicId: topicIds.get(of) ?? UNKNOWN_ID } : { name: prefix + of, topicId: ZERO_ID };
      return newDeleteTopicsRequest({ topics: [newDeleteTopicState(state)], timeoutMs: 10_000 });
    },
    settles: "topics",
  }),
);

const grow = fc.tuple(fc.constantFrom("n", "m", "missing"), fc.constantFrom(1, 2, 3), fc.boolean()).map(([of, count, validateOnly]) =>
  step<"CreatePartitions">({
    name: `grow ${of} to ${count}${validateOnly ? ", validate only" : ""}`,
    api: "CreatePartitions",
    version: 3,
    request: ({ prefix }) =>
      newCreatePartitionsRequest({ topics: [newCreatePartitionsTopic({ name: prefix + of, count, assignments: null })], timeoutMs: 10_000, validateOnly }), // prettier-ignore
    settles: "topics",
  }),
);

const alter = fc
  .tuple(
    fc.constantFrom("t", "n", "missing"),
    fc.constantFrom("retention.ms", "cleanup.policy", "no.such"),
    fc.constantFrom(0, 0, 1, 2, 3),
    fc.constantFrom("compact", "delete", "77", "x"),
  ) // prettier-ignore
  .map(([of, key, configOperation, value]) =>
    step<"IncrementalAlterConfigs">({
      name: `alter ${of}: ${key} ${configOperation} ${value}`,
      api: "IncrementalAlterConfigs",
      version: 1,
      request: ({ prefix }) => {
        const configs = [newAlterableConfig({ name: key, configOperation, value: configOperation === 1 ? null : value })];
        const resources = [newAlterConfigsResource({ resourceType: TOPIC, resourceName: prefix + of, configs })];
        return newIncrementalAlterConfigsRequest({ resources, validateOnly: key === "cleanup.policy" && of === "t" });
      },
      settles: "topics",
    }),
  );

const GROUP = 32;
const SESSION = "consumer.session.timeout.ms";
const alterGroup = fc
  .tuple(
    fc.constantFrom("k", "k", ""),
    fc.constantFrom(SESSION, "consumer.heartbeat.interval.ms", "share.auto.offset.reset", "streams.num.standby.replicas", "no.such"),
    fc.constantFrom(0, 0, 0, 1, 2),
    fc.constantFrom("45001", "50000", "6000", "x", "earliest", "1"),
  ) // prettier-ignore
  .map(([of, key, configOperation, value]) =>
    step<"IncrementalAlterConfigs">({
      name: `alter group ${of}: ${key} ${configOperation} ${value}`,
      api: "IncrementalAlterConfigs",
      version: 1,
      request: ({ prefix }) => {
        const altered = [newAlterableConfig({ name: key, configOperation, value: configOperation === 1 ? null : value })];
        const resources = [newAlterConfigsResource({ resourceType: GROUP, resourceName: of === "" ? "" : prefix + of, configs: altered })];
        return newIncrementalAlterConfigsRequest({ resources });
      },
      settles: "topics",
    }),
  );

/** All but consumer.assignment.interval.ms, whose default differs. */
const GROUP_CONFIGS = [
  SESSION,
  "consumer.heartbeat.interval.ms",
  "share.session.timeout.ms",
  "share.heartbeat.interval.ms",
  "share.record.lock.duration.ms",
  "share.delivery.count.limit",
  "share.partition.max.record.locks",
  "share.auto.offset.reset",
  "share.isolation.level",
  "share.renew.acknowledge.enable",
  "share.assignment.interval.ms",
  "streams.session.timeout.ms",
  "streams.heartbeat.interval.ms",
  "streams.num.standby.replicas",
  "streams.initial.rebalance.delay.ms",
  "streams.assignment.interval.ms",
];
const groupConfigs = fc.constantFrom("k", "k", "").map((of) =>
  step<"DescribeConfigs">({
    name: `configs of group ${of}`,
    api: "DescribeConfigs",
    version: 4,
    request: ({ prefix }) => {
      const resourceName = of === "" ? "" : prefix + of;
      const resources = [newDescribeConfigsResource({ resourceType: GROUP, resourceName, configurationKeys: GROUP_CONFIGS })];
      return newDescribeConfigsRequest({ resources, includeSynonyms: true });
    },
  }),
);

const configs = fc.constantFrom("t", "n", "missing").map((of) =>
  step<"DescribeConfigs">({
    name: `configs of ${of}`,
    api: "DescribeConfigs",
    version: 4,
    request: ({ prefix }) => {
      const configurationKeys = ["retention.ms", "cleanup.policy", "segment.ms", "max.message.bytes"];
      const resources = [newDescribeConfigsResource({ resourceType: TOPIC, resourceName: prefix + of, configurationKeys })];
      return newDescribeConfigsRequest({ resources, includeSynonyms: true });
    },
  }),
);

const metadata = fc.tuple(name, fc.boolean(), fc.integer({ min: 4, max: 13 })).map(([of, byId, version]) =>
  step<"Metadata">({
    name: `metadata of ${of}${byId ? " by id" : ""} v${version}`,
    api: "Metadata",
    version,
    request: ({ prefix, topicIds }) => {
      if (version < 10) return newMetadataRequest({ topics: [{ name: prefix + of, topicId: ZERO_ID }], allowAutoTopicCreation: false });
      const asked = byId ? { name: null, topicId: topicIds.get(of) ?? UNKNOWN_ID } : { name: prefix + of, topicId: ZERO_ID };
      return newMetadataRequest({ topics: [asked], allowAutoTopicCreation: false });
    },
  }),
);

const trim = fc.tuple(topic, partition, fc.constantFrom(-2, -1, 0, 1, 2, 50), fc.nat(2)).map(([of, partitionIndex, offset, version]) =>
  step<"DeleteRecords">({
    name: `trim ${of}-${partitionIndex} to ${offset}`,
    api: "DeleteRecords",
    version,
    request: ({ prefix }) => {
      const partitions = [newDeleteRecordsPartition({ partitionIndex, offset })];
      return newDeleteRecordsRequest({ topics: [newDeleteRecordsTopic({ name: prefix + of, partitions })], timeoutMs: 10_000 });
    },
  }),
);

const produceById = fc.tuple(fc.constantFrom("t", "n", "missing"), partition).map(([of, index]) =>
  step<"Produce">({
    name: `produce by id to ${of}-${index}`,
    api: "Produce",
    version: 13,
    request: ({ topicIds }) => {
      const partitionData = [newPartitionProduceData({ index, records: batch(2, false) })];
      const topicData = [newTopicProduceData({ topicId: topicIds.get(of) ?? UNKNOWN_ID, partitionData })];
      return newProduceRequest({ acks: -1, timeoutMs: 5000, topicData });
    },
  }),
);

const fetchById = fc.tuple(fc.constantFrom("t", "n", "missing"), partition, fc.nat(4)).map(([of, index, fetchOffset]) =>
  step<"Fetch">({
    name: `fetch by id ${of}-${index} from ${fetchOffset}`,
    api: "Fetch",
    version: 17,
    request: ({ topicIds }) => {
      const partitions = [newFetchPartition({ partition: index, fetchOffset, partitionMaxBytes: 10_000 })];
      const topics = [newFetchTopic({ topicId: topicIds.get(of) ?? UNKNOWN_ID, partitions })];
      return newFetchRequest({ maxWaitMs: 0, minBytes: 1, maxBytes: 10_000, topics });
    },
  }),
);

const epochEnd = fc
  .tuple(topic, partition, fc.constantFrom(0, 3, -1), fc.integer({ min: 2, max: 4 }))
  .map(([of, index, leaderEpoch, version]) =>
    step<"OffsetForLeaderEpoch">({
      name: `end of epoch ${leaderEpoch} of ${of}-${index}`,
      api: "OffsetForLeaderEpoch",
      version,
      request: ({ prefix }) => {
        const partitions = [newOffsetForLeaderPartition({ partition: index, currentLeaderEpoch: -1, leaderEpoch })];
        return newOffsetForLeaderEpochRequest({ replicaId: -1, topics: [newOffsetForLeaderTopic({ topic: prefix + of, partitions })] });
      },
    }),
  );

/** For other families. */
export const adminParts = { create, remove, trim };
export const adminSteps = fc.oneof(
  create,
  create,
  remove,
  grow,
  alter,
  configs,
  alterGroup,
  groupConfigs,
  metadata,
  trim,
  produceById,
  produceById,
  fetchById,
  epochEnd,
);
