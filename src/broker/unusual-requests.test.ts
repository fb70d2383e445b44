// Requests that name a thing twice, name nothing, or say what nobody says: each of these was answered otherwise than by Apache Kafka until
// random requests to both found it (test/kafka/random-requests.differential.test.ts).
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ErrorCode } from "../protocol/errors.ts";
import { newAddOffsetsToTxnRequest } from "../protocol/generated/add-offsets-to-txn.gen.ts";
import { newAlterPartitionReassignmentsRequest } from "../protocol/generated/alter-partition-reassignments.gen.ts";
import { newConsumerGroupHeartbeatRequest } from "../protocol/generated/consumer-group-heartbeat.gen.ts";
import { newDeleteGroupsRequest } from "../protocol/generated/delete-groups.gen.ts";
import { newDescribeLogDirsRequest } from "../protocol/generated/describe-log-dirs.gen.ts";
import { newDescribeProducersRequest } from "../protocol/generated/describe-producers.gen.ts";
import { newDescribeQuorumRequest } from "../protocol/generated/describe-quorum.gen.ts";
import { newJoinGroupRequest } from "../protocol/generated/join-group.gen.ts";
import { newListTransactionsRequest } from "../protocol/generated/list-transactions.gen.ts";
import { newSyncGroupRequest } from "../protocol/generated/sync-group.gen.ts";
import { newUpdateFeaturesRequest } from "../protocol/generated/update-features.gen.ts";
import { inWireWorld, type WireWorld } from "./e2e/wire-world.ts";

const inWorld = (body: (world: WireWorld) => Promise<void>) => inWireWorld(body, { topics: { t: 2 } });

describe("unusual requests", () => {
  it("of the quorum are for its one partition, once: anything else refuses all of it", () =>
    inWorld(async ({ wire }) => {
      const ask = async (partitions: readonly number[], times = 1) => {
        const topic = { topicName: "__cluster_metadata", partitions: partitions.map((partitionIndex) => ({ partitionIndex })) };
        const { topics, nodes } = await wire.call(
          "DescribeQuorum",
          2,
          newDescribeQuorumRequest({ topics: Array.from({ length: times }, () => topic) }),
        );
        return { errors: topics.flatMap((one) => one.partitions.map(({ errorCode }) => errorCode)), nodes: nodes.length };
      };
      const { UNKNOWN_TOPIC_OR_PARTITION: unknown } = ErrorCode;
      assert.deepEqual(await ask([0]), { errors: [0], nodes: 1 });
      assert.deepEqual(await ask([0, 0]), { errors: [unknown, unknown], nodes: 0 });
      assert.deepEqual(await ask([0], 2), { errors: [unknown, unknown], nodes: 0 });
      assert.deepEqual(await ask([0], 0), { errors: [], nodes: 0 });
    }));

  it("of the quorum in versions that know no nodes are answered", () =>
    inWorld(async ({ wire }) => {
      const request = newDescribeQuorumRequest({ topics: [{ topicName: "__cluster_metadata", partitions: [{ partitionIndex: 0 }] }] });
      for (const version of [0, 1]) {
        const { topics } = await wire.call("DescribeQuorum", version, request);
        assert.deepEqual([topics[0]!.partitions[0]!.errorCode, topics[0]!.partitions[0]!.currentVoters.length], [0, 1]);
      }
    }));

  it("tell the directories of all partitions of a topic that is named twice", () =>
    inWorld(async ({ wire }) => {
      const topics = [0, 1].map((partition) => ({ topic: "t", partitions: [partition] }));
      const { results } = await wire.call("DescribeLogDirs", 4, newDescribeLogDirsRequest({ topics }));
      assert.deepEqual(results[0]!.topics.map(({ partitions }) => partitions.map(({ partitionIndex }) => partitionIndex)), [[0, 1]]); // prettier-ignore
    }));

  it("change a feature that is named twice to what comes last, and are refused for that only", () =>
    inWorld(async ({ wire }) => {
      const to = (maxVersionLevel: number, upgradeType: number) => ({ feature: "group.version", maxVersionLevel, allowDowngrade: false, upgradeType }); // prettier-ignore
      const update = async (...featureUpdates: ReturnType<typeof to>[]) =>
        (await wire.call("UpdateFeatures", 2, newUpdateFeaturesRequest({ featureUpdates }))).errorCode;
      assert.equal(await update(to(0, 3), to(7, 1)), ErrorCode.INVALID_UPDATE_VERSION);
      assert.equal(await update(to(7, 1), to(0, 3)), 0);
      assert.equal(await update(to(0, 0), to(1, 1)), 0);
    }));

  it("delete a group once", () =>
    inWorld(async ({ wire }) => {
      const { results } = await wire.call("DeleteGroups", 2, newDeleteGroupsRequest({ groupsNames: ["g", "h", "g"] }));
      assert.deepEqual(results.map(({ groupId }) => groupId), ["g", "h"]); // prettier-ignore
    }));

  it("hear of states of transactions that are none once, and not of those that Apache Kafka knows", () =>
    inWorld(async ({ wire }) => {
      const stateFilters = ["Dead", "x", "PrepareEpochFence", "x", "Ongoing"];
      const { unknownStateFilters } = await wire.call("ListTransactions", 1, newListTransactionsRequest({ stateFilters }));
      assert.deepEqual(unknownStateFilters, ["x"]);
    }));

  it("for producers of a topic that cannot be are told so", () =>
    inWorld(async ({ wire }) => {
      const topics = ["", "a b", "missing"].map((name) => ({ name, partitionIndexes: [0] }));
      const { topics: told } = await wire.call("DescribeProducers", 0, newDescribeProducersRequest({ topics }));
      const { INVALID_TOPIC_EXCEPTION: invalid, UNKNOWN_TOPIC_OR_PARTITION: unknown } = ErrorCode;
      assert.deepEqual(told.map(({ partitions }) => partitions[0]!.errorCode), [invalid, invalid, unknown]); // prettier-ignore
    }));

  it("for a group without a name hear first of their transaction", () =>
    inWorld(async ({ wire }) => {
      const add = async (transactionalId: string) =>
        (await wire.call("AddOffsetsToTxn", 4, newAddOffsetsToTxnRequest({ transactionalId, producerId: 7, producerEpoch: 0, groupId: "" }))).errorCode; // prettier-ignore
      assert.deepEqual([await add("nobody"), await add("")], [ErrorCode.INVALID_PRODUCER_ID_MAPPING, ErrorCode.INVALID_REQUEST]);
    }));

  it("to join a group without a name hear of no protocol", () =>
    inWorld(async ({ wire }) => {
      const told = [];
      for (const version of [6, 7]) told.push((await wire.call("JoinGroup", version, newJoinGroupRequest({ memberId: "m" }))).protocolName);
      assert.deepEqual(told, ["", null]);
    }));

  it("to sync with no protocol hear of that first", () =>
    inWorld(async ({ wire }) => {
      const told = [];
      for (const version of [4, 5]) told.push((await wire.call("SyncGroup", version, newSyncGroupRequest())).errorCode);
      assert.deepEqual(told, [ErrorCode.INVALID_GROUP_ID, ErrorCode.INCONSISTENT_GROUP_PROTOCOL]);
    }));

  it("of a static member that goes for a while need no member id in version 0", () =>
    inWorld(async ({ wire }) => {
      const leave = (version: number) => {
        const request = newConsumerGroupHeartbeatRequest({ groupId: "g", instanceId: "i", memberEpoch: -2 });
        return wire.call("ConsumerGroupHeartbeat", version, request);
      };
      assert.deepEqual([(await leave(0)).errorCode, (await leave(1)).errorCode], [ErrorCode.GROUP_ID_NOT_FOUND, ErrorCode.INVALID_REQUEST]);
    }));

  it("to move partitions hear whether they may change how many replicas there are", () =>
    inWorld(async ({ wire }) => {
      const topic = { name: "t", partitions: [{ partitionIndex: 0, replicas: [0] }] };
      const ask = async (allowReplicationFactorChange: boolean, topics: (typeof topic)[]) =>
        (await wire.call("AlterPartitionReassignments", 1, newAlterPartitionReassignmentsRequest({ allowReplicationFactorChange, topics })))
          .allowReplicationFactorChange;
      assert.deepEqual([await ask(true, [topic]), await ask(false, [topic]), await ask(false, [])], [true, false, true]);
    }));
});
