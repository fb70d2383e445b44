// What administrators ask: configs, log directories, producers and transactions, pages of topics, and the questions of a cluster that a
// single node answers for itself.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { newAlterableConfig, newAlterConfigsRequest, newAlterConfigsResource } from "../protocol/generated/alter-configs.gen.ts";
import { newAlterPartitionReassignmentsRequest } from "../protocol/generated/alter-partition-reassignments.gen.ts";
import { newAlterReplicaLogDirsRequest } from "../protocol/generated/alter-replica-log-dirs.gen.ts";
import { newDescribeConfigsRequest } from "../protocol/generated/describe-configs.gen.ts";
import { newDescribeLogDirsRequest } from "../protocol/generated/describe-log-dirs.gen.ts";
import { newDescribeProducersRequest } from "../protocol/generated/describe-producers.gen.ts";
import { newDescribeQuorumRequest } from "../protocol/generated/describe-quorum.gen.ts";
import { newDescribeTopicPartitionsRequest } from "../protocol/generated/describe-topic-partitions.gen.ts";
import { newElectLeadersRequest } from "../protocol/generated/elect-leaders.gen.ts";
import { newListConfigResourcesRequest } from "../protocol/generated/list-config-resources.gen.ts";
import { newListTransactionsRequest } from "../protocol/generated/list-transactions.gen.ts";
import { newInitProducerIdRequest } from "../protocol/generated/init-producer-id.gen.ts";
import { newUpdateFeaturesRequest } from "../protocol/generated/update-features.gen.ts";
import { newWriteTxnMarkersRequest } from "../protocol/generated/write-txn-markers.gen.ts";
import { ErrorCode } from "../protocol/errors.ts";
import { BatchWriter } from "../protocol/records/batch-writer.ts";
import { inWireWorld, type WireWorld } from "./e2e/wire-world.ts";

const inWorld = (body: (world: WireWorld) => Promise<void>) => inWireWorld(body, { topics: { t: 3, a: 2 } });

const TOPIC = 2;

describe("configs", () => {
  it("are replaced as a whole by AlterConfigs, or not at all", () =>
    inWorld(async ({ wire }) => {
      const alter = async (configs: Record<string, string>, validateOnly = false): Promise<number> => {
        const entries = Object.entries(configs).map(([name, value]) => newAlterableConfig({ name, value }));
        const resources = [newAlterConfigsResource({ resourceType: TOPIC, resourceName: "t", configs: entries })];
        return (await wire.call("AlterConfigs", 2, newAlterConfigsRequest({ resources, validateOnly }))).responses[0]!.errorCode;
      };
      const own = async (): Promise<Record<string, string | null>> => {
        const resources = [{ resourceType: TOPIC, resourceName: "t", configurationKeys: null }];
        const { results } = await wire.call("DescribeConfigs", 4, newDescribeConfigsRequest({ resources }));
        return Object.fromEntries(
          results[0]!.configs.filter(({ configSource }) => configSource === 1).map(({ name, value }) => [name, value]),
        );
      };
      assert.equal(await alter({ "retention.ms": "1000", "cleanup.policy": "compact" }), ErrorCode.NONE);
      assert.deepEqual(await own(), { "retention.ms": "1000", "cleanup.policy": "compact" });
      for (const nonsense of ["nonsense", "constructor", "__proto__"])
        assert.equal(await alter({ "retention.ms": "2000", [nonsense]: "1" }), ErrorCode.INVALID_CONFIG, nonsense);
      assert.equal(await alter({ "retention.ms": "3000" }, true), ErrorCode.NONE);
      assert.deepEqual(await own(), { "retention.ms": "1000", "cleanup.policy": "compact" });
      assert.equal(await alter({ "segment.ms": "5000" }), ErrorCode.NONE);
      assert.deepEqual(await own(), { "segment.ms": "5000" });
    }));

  it("can be asked about topics and this broker", () =>
    inWorld(async ({ wire }) => {
      const ask = (version: number, resourceTypes: number[]) =>
        wire.call("ListConfigResources", version, newListConfigResourcesRequest({ resourceTypes }));
      const { configResources } = await ask(1, []);
      assert.deepEqual(configResources.map(({ resourceName, resourceType }) => `${resourceType} ${resourceName}`).sort(), [
        "2 a",
        "2 t",
        "4 0",
        "8 0",
      ]);
      assert.deepEqual((await ask(0, [])).configResources, []);
      assert.equal((await ask(1, [99])).errorCode, ErrorCode.UNSUPPORTED_VERSION);
    }));
});

describe("log directories", () => {
  it("are one, with the sizes of the partitions that were asked for", () =>
    inWorld(async ({ wire, broker }) => {
      const all = await wire.call("DescribeLogDirs", 5, newDescribeLogDirsRequest({ topics: null }));
      assert.equal(all.results[0]!.logDir, broker.logs.path);
      assert.ok(all.results[0]!.usableBytes > 0);
      assert.deepEqual(all.results[0]!.topics.map(({ name, partitions }) => [name, partitions.length]).sort(), [["a", 2], ["t", 3]]); // prettier-ignore
      const some = await wire.call("DescribeLogDirs", 4, newDescribeLogDirsRequest({ topics: [{ topic: "t", partitions: [1, 7] }] }));
      assert.deepEqual(some.results[0]!.topics.map(({ name, partitions }) => [name, partitions.map((p) => p.partitionIndex)]), [["t", [1]]]); // prettier-ignore
    }));

  it("cannot be left", () =>
    inWorld(async ({ wire, broker }) => {
      const move = async (path: string, partition: number): Promise<number> => {
        const dirs = [{ path, topics: [{ name: "t", partitions: [partition] }] }];
        return (await wire.call("AlterReplicaLogDirs", 2, newAlterReplicaLogDirsRequest({ dirs }))).results[0]!.partitions[0]!.errorCode;
      };
      assert.equal(await move("/elsewhere", 0), ErrorCode.LOG_DIR_NOT_FOUND);
      assert.equal(await move(broker.logs.path, 0), ErrorCode.NONE);
      assert.equal(await move(broker.logs.path, 8), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    }));
});

describe("a hanging transaction", () => {
  it("is found by its producer and ended by a marker", () =>
    inWorld(async ({ wire, broker, env }) => {
      const writer = new BatchWriter();
      writer.append(env.clock.now(), null, new Uint8Array(5));
      const log = broker.logs.topic("t")!.partitions[0]!;
      const bytes = writer.finish({ producerId: 77, producerEpoch: 3, baseSequence: 0, transactional: true });
      await log.append(bytes, { leaderEpoch: 0, origin: "client", now: env.clock.now() });
      const producers = async () => {
        const topics = [{ name: "t", partitionIndexes: [0, 9] }];
        return (await wire.call("DescribeProducers", 0, newDescribeProducersRequest({ topics }))).topics[0]!.partitions;
      };
      const [found, missing] = await producers();
      assert.equal(missing!.errorCode, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
      assert.deepEqual(found!.activeProducers.map(({ producerId, producerEpoch, lastSequence, currentTxnStartOffset }) => [producerId, producerEpoch, lastSequence, currentTxnStartOffset]), [[77, 3, 0, 0]]); // prettier-ignore
      const end = async (producerEpoch: number): Promise<number> => {
        const marker = { producerId: 77, producerEpoch, transactionResult: false, coordinatorEpoch: 0, transactionVersion: 0 };
        const request = newWriteTxnMarkersRequest({ markers: [{ ...marker, topics: [{ name: "t", partitionIndexes: [0] }] }] });
        return (await wire.call("WriteTxnMarkers", 1, request)).markers[0]!.topics[0]!.partitions[0]!.errorCode;
      };
      assert.equal(await end(2), ErrorCode.INVALID_PRODUCER_EPOCH);
      assert.equal(log.lastStableOffset, 0);
      assert.equal(await end(3), ErrorCode.NONE);
      assert.equal(log.lastStableOffset, 2);
      assert.equal((await producers())[0]!.activeProducers[0]!.currentTxnStartOffset, -1);
    }));

  it("is listed by a pattern of its id; a pattern that is none is an error of its own", () =>
    inWorld(async ({ wire }) => {
      for (const transactionalId of ["job-1", "job-2", "other"])
        await wire.call("InitProducerId", 4, newInitProducerIdRequest({ transactionalId, transactionTimeoutMs: 1000 }));
      const ask = (transactionalIdPattern: string) =>
        wire.call("ListTransactions", 2, newListTransactionsRequest({ transactionalIdPattern }));
      assert.deepEqual((await ask("job-\\d")).transactionStates.map(({ transactionalId }) => transactionalId).sort(), ["job-1", "job-2"]);
      assert.equal((await ask("")).transactionStates.length, 3);
      assert.equal((await ask("(job")).errorCode, ErrorCode.INVALID_REGULAR_EXPRESSION);
    }));
});

describe("DescribeTopicPartitions", () => {
  it("answers in pages that together are everything once", () =>
    inWorld(async ({ wire }) => {
      const seen: string[] = [];
      let cursor = null;
      let pages = 0;
      do {
        const request = newDescribeTopicPartitionsRequest({ responsePartitionLimit: 2, cursor });
        const page = await wire.call("DescribeTopicPartitions", 0, request);
        for (const { name, partitions } of page.topics) for (const { partitionIndex } of partitions) seen.push(`${name}-${partitionIndex}`);
        cursor = page.nextCursor;
        pages++;
      } while (cursor !== null && pages < 10);
      assert.deepEqual(seen, ["a-0", "a-1", "t-0", "t-1", "t-2"]);
      assert.equal(pages, 3);
    }));

  it("names unknown and impossible topics", () =>
    inWorld(async ({ wire }) => {
      const topics = [{ name: "zzz" }, { name: "no/topic" }, { name: "t" }];
      const page = await wire.call("DescribeTopicPartitions", 0, newDescribeTopicPartitionsRequest({ topics }));
      const told = page.topics.map(({ name, errorCode }) => [name, errorCode]);
      assert.deepEqual(told, [["no/topic", ErrorCode.INVALID_TOPIC_EXCEPTION], ["t", 0], ["zzz", ErrorCode.UNKNOWN_TOPIC_OR_PARTITION]]); // prettier-ignore
    }));
});

describe("a cluster of one", () => {
  it("elects nobody and moves nothing", () =>
    inWorld(async ({ wire }) => {
      const topicPartitions = [{ topic: "t", partitions: [0, 9] }];
      const elected = await wire.call("ElectLeaders", 2, newElectLeadersRequest({ topicPartitions }));
      assert.deepEqual(elected.replicaElectionResults[0]!.partitionResult.map(({ errorCode }) => errorCode), [ErrorCode.ELECTION_NOT_NEEDED, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION]); // prettier-ignore
      const partitions = [[0], [1], null].map((replicas, partitionIndex) => ({ partitionIndex, replicas }));
      const moved = await wire.call(
        "AlterPartitionReassignments",
        1,
        newAlterPartitionReassignmentsRequest({ topics: [{ name: "t", partitions }] }),
      );
      assert.deepEqual(moved.responses[0]!.partitions.map(({ errorCode }) => errorCode), [0, ErrorCode.INVALID_REPLICA_ASSIGNMENT, ErrorCode.NO_REASSIGNMENT_IN_PROGRESS]); // prettier-ignore
    }));

  it("is its own quorum", () =>
    inWorld(async ({ wire }) => {
      const ask = (topicName: string) =>
        wire.call("DescribeQuorum", 2, newDescribeQuorumRequest({ topics: [{ topicName, partitions: [{ partitionIndex: 0 }] }] }));
      const { topics, nodes } = await ask("__cluster_metadata");
      assert.deepEqual([topics[0]!.partitions[0]!.leaderId, topics[0]!.partitions[0]!.currentVoters.length, nodes.length], [0, 1, 1]);
      assert.equal((await ask("t")).topics[0]!.partitions[0]!.errorCode, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    }));

  it("keeps the levels of its features", () =>
    inWorld(async ({ wire }) => {
      const ask = async (feature: string, maxVersionLevel: number): Promise<number> => {
        const featureUpdates = [{ feature, maxVersionLevel, allowDowngrade: false, upgradeType: 1 }];
        return (await wire.call("UpdateFeatures", 2, newUpdateFeaturesRequest({ featureUpdates }))).errorCode;
      };
      assert.deepEqual([await ask("transaction.version", 2), await ask("transaction.version", 1), await ask("unknown", 1)], [0, ErrorCode.INVALID_UPDATE_VERSION, ErrorCode.INVALID_UPDATE_VERSION]); // prettier-ignore
    }));
});
