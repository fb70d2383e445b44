// Groups of the new protocol (KIP-848) over the wire: joining, sharing, describing, commits by epoch, a restart in the middle, silence,
// and where they meet classic groups (broker-group-migration.test.ts has those that move).
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Env } from "../env/env.ts";
import { ErrorCode } from "../protocol/errors.ts";
import { newConsumerGroupDescribeRequest } from "../protocol/generated/consumer-group-describe.gen.ts";
import {
  newConsumerGroupHeartbeatRequest,
  type ConsumerGroupHeartbeatRequest,
} from "../protocol/generated/consumer-group-heartbeat.gen.ts";
import { newDeleteGroupsRequest } from "../protocol/generated/delete-groups.gen.ts";
import { newJoinGroupRequest } from "../protocol/generated/join-group.gen.ts";
import { newListGroupsRequest } from "../protocol/generated/list-groups.gen.ts";
import {
  newOffsetCommitRequest,
  newOffsetCommitRequestPartition,
  newOffsetCommitRequestTopic,
} from "../protocol/generated/offset-commit.gen.ts";
import { newOffsetFetchRequest } from "../protocol/generated/offset-fetch.gen.ts";
import { createSimulation } from "../testing/simulation/simulation.ts";
import { startBroker, type Broker } from "./broker.ts";
import { Wire } from "./e2e/wire.ts";

class World {
  readonly env: Env;
  broker!: Broker;
  wire!: Wire;

  constructor(env: Env) {
    this.env = env;
  }

  async open(): Promise<void> {
    this.broker = await startBroker(this.env, { dataDir: "/data", port: 0 });
    this.wire = await Wire.connect(this.env, this.broker.address);
  }

  async close(): Promise<void> {
    this.wire.destroy();
    await this.broker.close();
  }

  beat(memberId: string, memberEpoch: number, more: Partial<ConsumerGroupHeartbeatRequest> = {}) {
    const join = { rebalanceTimeoutMs: 10_000, subscribedTopicNames: ["t"], topicPartitions: [] };
    return this.wire.call(
      "ConsumerGroupHeartbeat",
      1,
      newConsumerGroupHeartbeatRequest({ groupId: "g", memberId, memberEpoch, ...(memberEpoch === 0 ? join : {}), ...more }),
    );
  }

  async describe(groupId = "g") {
    return (await this.wire.call("ConsumerGroupDescribe", 1, newConsumerGroupDescribeRequest({ groupIds: [groupId] }))).groups[0]!;
  }

  async commit(memberId: string, generationIdOrMemberEpoch: number, version = 9): Promise<number> {
    const partitions = [newOffsetCommitRequestPartition({ partitionIndex: 0, committedOffset: 5 })];
    const topics = [newOffsetCommitRequestTopic({ name: "t", partitions })];
    const request = newOffsetCommitRequest({ groupId: "g", memberId, generationIdOrMemberEpoch, topics });
    return (await this.wire.call("OffsetCommit", version, request)).topics[0]!.partitions[0]!.errorCode;
  }
}

function inWorld(body: (world: World) => Promise<void>): Promise<void> {
  const simulation = createSimulation(Number(process.env["MILLRACE_SEED"] ?? 3));
  simulation.files.provideDirectory("/data");
  return simulation.run(async () => {
    const world = new World(simulation.env());
    await world.open();
    await world.broker.logs.createTopic("t", { partitions: 4 });
    await body(world);
    await world.close();
  });
}

const partitionsOf = (response: { assignment: { topicPartitions: { partitions: number[] }[] } | null }): number[] =>
  response.assignment?.topicPartitions.flatMap(({ partitions }) => partitions) ?? [];

describe("a consumer group", () => {
  it("gives a newcomer its share once the others have given it up, and is the same after a restart", () =>
    inWorld(async (world) => {
      const first = await world.beat("m1", 0);
      assert.deepEqual([first.memberEpoch, partitionsOf(first)], [2, [0, 1, 2, 3]]);
      const second = await world.beat("m2", 0);
      assert.deepEqual([second.memberEpoch, partitionsOf(second)], [3, []]);
      const { id: topicId } = world.broker.logs.topic("t")!;
      const told = await world.beat("m1", 2, { topicPartitions: [{ topicId, partitions: [0, 1, 2, 3] }] });
      assert.deepEqual([told.memberEpoch, partitionsOf(told).length], [2, 2]);
      assert.equal((await world.describe()).groupState, "Reconciling");
      await world.close();
      await world.open();
      const kept = partitionsOf(told);
      assert.equal((await world.beat("m1", 2, { topicPartitions: [{ topicId, partitions: kept }] })).memberEpoch, 3);
      const given = partitionsOf(await world.beat("m2", 3));
      assert.deepEqual([...kept, ...given].sort(), [0, 1, 2, 3]);
      const group = await world.describe();
      assert.deepEqual([group.groupState, group.groupEpoch, group.assignorName, group.members.length], ["Stable", 3, "uniform", 2]);
    }));

  it("takes commits of members in their epoch, and of nobody else", () =>
    inWorld(async (world) => {
      await world.beat("m1", 0);
      assert.deepEqual(
        [await world.commit("m1", 2), await world.commit("m1", 7), await world.commit("x", 2), await world.commit("", -1)],
        [0, ErrorCode.STALE_MEMBER_EPOCH, ErrorCode.UNKNOWN_MEMBER_ID, ErrorCode.UNKNOWN_MEMBER_ID],
      );
      const ask = async (memberId: string, memberEpoch: number): Promise<number> => {
        const groups = [{ groupId: "g", memberId, memberEpoch, topics: null }];
        return (await world.wire.call("OffsetFetch", 9, newOffsetFetchRequest({ groups }))).groups[0]!.errorCode;
      };
      assert.deepEqual([await ask("x", -1), await ask("", -1)], [ErrorCode.UNKNOWN_MEMBER_ID, ErrorCode.UNKNOWN_MEMBER_ID]);
      assert.deepEqual(
        [await ask("m1", 2), await ask("m1", 9), await ask("x", 2)],
        [0, ErrorCode.STALE_MEMBER_EPOCH, ErrorCode.UNKNOWN_MEMBER_ID],
      );
    }));

  it("tells its members that OffsetCommit is too old below version 9, strangers that they are unknown", () =>
    inWorld(async (world) => {
      await world.beat("m1", 0);
      for (const version of [2, 5, 8]) {
        assert.equal(await world.commit("m1", 2, version), ErrorCode.UNSUPPORTED_VERSION);
        assert.equal(await world.commit("m1", 7, version), ErrorCode.UNSUPPORTED_VERSION);
        assert.equal(await world.commit("x", 2, version), ErrorCode.UNKNOWN_MEMBER_ID);
      }
      assert.equal(await world.commit("m1", 2, 9), 0);
    }));

  it("removes who is silent, and who does not give up its partitions in time", () =>
    inWorld(async (world) => {
      await world.beat("m1", 0);
      await world.beat("m2", 0);
      await world.beat("m1", 2); // is told to give up two partitions, and never says that it did
      await world.env.timers.sleep(11_000);
      assert.equal((await world.beat("m1", 2)).errorCode, ErrorCode.UNKNOWN_MEMBER_ID);
      assert.deepEqual(partitionsOf(await world.beat("m2", 3)), [0, 1, 2, 3]);
      await world.env.timers.sleep(46_000);
      assert.equal((await world.describe()).groupState, "Empty");
    }));

  it("follows a pattern to topics that come later, and refuses one that is none", () =>
    inWorld(async (world) => {
      const pattern = { subscribedTopicNames: null, subscribedTopicRegex: "t|new-.*" };
      assert.equal((await world.beat("m1", 0, { ...pattern, subscribedTopicRegex: "(" })).errorCode, ErrorCode.INVALID_REGULAR_EXPRESSION);
      assert.equal(partitionsOf(await world.beat("m1", 0, pattern)).length, 4);
      await world.broker.logs.createTopic("new-topic", { partitions: 3 });
      await world.env.timers.sleep(2000);
      const grown = await world.beat("m1", 2);
      assert.deepEqual([grown.memberEpoch, partitionsOf(grown).length], [3, 7]);
    }));

  it("refuses requests that are none", () =>
    inWorld(async (world) => {
      const errors = async (memberId: string, epoch: number, more: Partial<ConsumerGroupHeartbeatRequest> = {}): Promise<number> =>
        (await world.beat(memberId, epoch, more)).errorCode;
      assert.equal(await errors("", 0), ErrorCode.INVALID_REQUEST);
      assert.equal(await errors("m", 0, { groupId: "" }), ErrorCode.INVALID_REQUEST);
      assert.equal(await errors("m", 0, { rebalanceTimeoutMs: -1 }), ErrorCode.INVALID_REQUEST);
      assert.equal(await errors("m", 0, { subscribedTopicNames: null }), ErrorCode.INVALID_REQUEST);
      assert.equal(await errors("m", -2), ErrorCode.INVALID_REQUEST);
      assert.equal(await errors("m", 0, { serverAssignor: "magic" }), ErrorCode.UNSUPPORTED_ASSIGNOR);
      assert.equal(await errors("m", 5), ErrorCode.GROUP_ID_NOT_FOUND);
      await world.beat("m", 0);
      assert.equal(await errors("m", 5), ErrorCode.FENCED_MEMBER_EPOCH);
      assert.equal(await errors("x", 5), ErrorCode.UNKNOWN_MEMBER_ID);
    }));
});

describe("a group's id", () => {
  it("belongs to one protocol while it has members, and to the next who asks afterwards", () =>
    inWorld(async (world) => {
      const join = async (): Promise<number> => {
        const protocols = [{ name: "range", metadata: new Uint8Array(4) }];
        const request = newJoinGroupRequest({
          groupId: "g",
          sessionTimeoutMs: 5000,
          rebalanceTimeoutMs: 5000,
          protocolType: "consumer",
          protocols,
        });
        return (await world.wire.call("JoinGroup", 3, request)).errorCode;
      };
      const types = async (): Promise<string[]> => {
        const { groups } = await world.wire.call("ListGroups", 5, newListGroupsRequest({}));
        return groups.map(({ groupId, groupType, groupState }) => `${groupId} ${groupType} ${groupState}`);
      };
      await world.beat("m1", 0);
      assert.equal(await world.commit("m1", 2), 0);
      assert.equal(await join(), ErrorCode.UNKNOWN_SERVER_ERROR);
      assert.deepEqual(await types(), ["g consumer Stable"]);
      const remove = async (): Promise<number> =>
        (await world.wire.call("DeleteGroups", 2, newDeleteGroupsRequest({ groupsNames: ["g"] }))).results[0]!.errorCode;
      assert.equal(await remove(), ErrorCode.NON_EMPTY_GROUP);
      assert.equal((await world.beat("m1", -1)).memberEpoch, -1);
      assert.equal(await join(), 0);
      assert.deepEqual(await types(), ["g classic CompletingRebalance"]);
      assert.equal((await world.beat("m1", 0)).errorCode, ErrorCode.GROUP_ID_NOT_FOUND);
      await world.env.timers.sleep(20_000);
      assert.deepEqual(await types(), ["g classic Empty"]);
      assert.equal((await world.beat("m1", 0)).errorCode, 0);
      assert.deepEqual(await types(), ["g consumer Stable"]);
      await world.beat("m1", -1);
      assert.equal(await remove(), 0);
      assert.deepEqual(await types(), []);
      await world.close();
      await world.open();
      assert.deepEqual(await types(), []);
    }));
});
