// A group moves between the protocols while it runs (KIP-848): up with its first member of the consumer protocol, down with the last one's
// going; nobody loses a partition on the way, offsets stay, and a restart in the middle changes nothing.
import assert from "node:assert/strict";
import { it } from "node:test";
import { ByteReader } from "../bytes/reader.ts";
import { ByteWriter } from "../bytes/writer.ts";
import type { Env } from "../env/env.ts";
import { ErrorCode } from "../protocol/errors.ts";
import { newConsumerGroupDescribeRequest } from "../protocol/generated/consumer-group-describe.gen.ts";
import { newConsumerGroupHeartbeatRequest } from "../protocol/generated/consumer-group-heartbeat.gen.ts";
import { readConsumerProtocolAssignment } from "../protocol/generated/consumer-protocol-assignment.gen.ts";
import {
  newConsumerProtocolSubscription,
  writeConsumerProtocolSubscription,
} from "../protocol/generated/consumer-protocol-subscription.gen.ts";
import { newHeartbeatRequest } from "../protocol/generated/heartbeat.gen.ts";
import { newJoinGroupRequest } from "../protocol/generated/join-group.gen.ts";
import { newLeaveGroupRequest, newMemberIdentity } from "../protocol/generated/leave-group.gen.ts";
import { newListGroupsRequest } from "../protocol/generated/list-groups.gen.ts";
import { newSyncGroupRequest } from "../protocol/generated/sync-group.gen.ts";
import { createSimulation } from "../testing/simulation/simulation.ts";
import { startBroker, type Broker } from "./broker.ts";
import { Wire } from "./e2e/wire.ts";

const PARTITIONS = 4;

class World {
  broker!: Broker;
  /** One connection per member: a join may wait for others. */
  readonly wires = new Map<string, Wire>();
  readonly env: Env;
  readonly settings: Record<string, string>;
  generation = -1;

  constructor(env: Env, settings: Record<string, string>) {
    this.env = env;
    this.settings = settings;
  }

  async open(): Promise<void> {
    this.broker = await startBroker(this.env, { dataDir: "/data", port: 0, settings: this.settings });
  }

  async close(): Promise<void> {
    for (const wire of this.wires.values()) wire.destroy();
    this.wires.clear();
    await this.broker.close();
  }

  async wire(member: string): Promise<Wire> {
    const known = this.wires.get(member);
    if (known !== undefined) return known;
    const wire = await Wire.connect(this.env, this.broker.address);
    this.wires.set(member, wire);
    return wire;
  }

  async join(memberId: string): Promise<{ error: number; generation: number }> {
    const w = new ByteWriter(64);
    w.int16(1);
    writeConsumerProtocolSubscription(w, newConsumerProtocolSubscription({ topics: ["t"] }), 1);
    const timeouts = { sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000 };
    const protocols = [{ name: "range", metadata: w.finish().slice() }];
    const request = newJoinGroupRequest({
      groupId: "g",
      memberId,
      protocolType: "consumer",
      protocols,
      groupInstanceId: memberId,
      ...timeouts,
    });
    // An instance id spares the tests a second join with the id that the coordinator chose.
    const known = this.names.get(memberId) ?? "";
    const response = await (await this.wire(memberId)).call("JoinGroup", 9, { ...request, memberId: known });
    if (response.errorCode === 0) this.names.set(memberId, response.memberId);
    return { error: response.errorCode, generation: response.generationId };
  }

  /** Member ids by the names that the tests give. */
  readonly names = new Map<string, string>();

  async sync(member: string, generationId: number, shares?: Record<string, number[]>): Promise<number[] | string> {
    const assignments = Object.entries(shares ?? {}).map(([name, partitions]) => ({
      memberId: this.names.get(name)!,
      assignment: assignment(partitions),
    }));
    const request = newSyncGroupRequest({ groupId: "g", generationId, memberId: this.names.get(member)!, groupInstanceId: member, protocolType: "consumer", protocolName: "range", assignments }); // prettier-ignore
    const response = await (await this.wire(member)).call("SyncGroup", 5, request);
    if (response.errorCode !== 0) return `error ${response.errorCode}`;
    const reader = new ByteReader(response.assignment);
    return readConsumerProtocolAssignment(reader, reader.int16()).assignedPartitions.flatMap(({ partitions }) => partitions);
  }

  async heartbeat(member: string, generationId: number): Promise<number> {
    const request = newHeartbeatRequest({ groupId: "g", generationId, memberId: this.names.get(member)!, groupInstanceId: member });
    return (await (await this.wire(member)).call("Heartbeat", 4, request)).errorCode;
  }

  async leave(member: string): Promise<number> {
    const members = [newMemberIdentity({ memberId: this.names.get(member)!, groupInstanceId: member })];
    return (await (await this.wire(member)).call("LeaveGroup", 5, newLeaveGroupRequest({ groupId: "g", members }))).members[0]!.errorCode;
  }

  async beat(
    memberId: string,
    memberEpoch: number,
    owned: number[] | null = null,
  ): Promise<{ error: number; epoch: number; partitions: number[] | undefined }> {
    const { id: topicId } = this.broker.logs.topic("t")!;
    const join = { rebalanceTimeoutMs: 10_000, subscribedTopicNames: ["t"], topicPartitions: [] };
    const has = owned === null ? {} : { topicPartitions: owned.length === 0 ? [] : [{ topicId, partitions: owned }] };
    const request = newConsumerGroupHeartbeatRequest({ groupId: "g", memberId, memberEpoch, ...(memberEpoch === 0 ? join : has) });
    const response = await (await this.wire(memberId)).call("ConsumerGroupHeartbeat", 1, request);
    const partitions = response.assignment?.topicPartitions.flatMap((topic) => topic.partitions);
    return { error: response.errorCode, epoch: response.memberEpoch, partitions };
  }

  async kind(): Promise<string> {
    const { groups } = await (await this.wire("admin")).call("ListGroups", 5, newListGroupsRequest({}));
    return groups.map(({ groupType, groupState }) => `${groupType} ${groupState}`).join();
  }

  async memberTypes(): Promise<number[]> {
    const { groups } = await (
      await this.wire("admin")
    ).call("ConsumerGroupDescribe", 1, newConsumerGroupDescribeRequest({ groupIds: ["g"] }));
    return groups[0]!.members.map(({ memberType }) => memberType).sort();
  }
}

function assignment(partitions: readonly number[]): Uint8Array {
  const w = new ByteWriter(64);
  w.int16(1);
  w.int32(1);
  w.int16(1);
  w.bytes(new TextEncoder().encode("t"));
  w.int32(partitions.length);
  for (const partition of partitions) w.int32(partition);
  w.int32(-1);
  return w.finish().slice();
}

function inWorld(settings: Record<string, string>, body: (world: World) => Promise<void>): Promise<void> {
  const simulation = createSimulation(Number(process.env["MILLRACE_SEED"] ?? 3));
  simulation.files.provideDirectory("/data");
  return simulation.run(async () => {
    const world = new World(simulation.env(), settings);
    await world.open();
    await world.broker.logs.createTopic("t", { partitions: PARTITIONS });
    await body(world);
    await world.close();
  });
}

/** A classic group whose only member, "old", has everything. */
async function classicGroup(world: World): Promise<number> {
  const { generation } = await world.join("old");
  assert.deepEqual(await world.sync("old", generation, { old: [0, 1, 2, 3] }), [0, 1, 2, 3]);
  assert.equal(await world.kind(), "classic Stable");
  return generation;
}

it("a classic group becomes one of the consumer protocol with its first such member, and nobody has a partition of another", () =>
  inWorld({}, async (world) => {
    const generation = await classicGroup(world);
    const first = await world.beat("new", 0);
    assert.deepEqual(first, { error: 0, epoch: generation + 1, partitions: [] });
    assert.equal(await world.kind(), "consumer Reconciling");
    assert.deepEqual(await world.memberTypes(), [0, 1]);
    assert.equal(await world.heartbeat("old", generation), ErrorCode.REBALANCE_IN_PROGRESS);
    await world.close();
    await world.open();
    assert.equal(await world.heartbeat("old", generation), ErrorCode.REBALANCE_IN_PROGRESS, "after a restart, too");
    const again = await world.join("old");
    assert.deepEqual(again, { error: 0, generation: generation + 1 });
    const kept = (await world.sync("old", again.generation)) as number[];
    assert.equal(kept.length, PARTITIONS / 2);
    assert.equal(await world.heartbeat("old", again.generation), 0);
    const { partitions } = await world.beat("new", first.epoch, []);
    assert.deepEqual([...kept, ...partitions!].sort(), [0, 1, 2, 3]);
    assert.equal(await world.kind(), "consumer Stable");
    await world.leave("old");
    assert.deepEqual((await world.beat("new", first.epoch, partitions)).partitions?.toSorted(), [0, 1, 2, 3]);
    assert.deepEqual(await world.memberTypes(), [1]);
  }));

it("it becomes a classic one again when the last member of the consumer protocol leaves, and the others share anew", () =>
  inWorld({}, async (world) => {
    await classicGroup(world);
    const { epoch } = await world.beat("new", 0);
    const { generation } = await world.join("old");
    await world.sync("old", generation);
    assert.equal((await world.beat("new", -1)).error, 0);
    assert.equal(epoch, generation);
    assert.match(await world.kind(), /^classic PreparingRebalance$/);
    assert.equal(await world.heartbeat("old", generation), ErrorCode.REBALANCE_IN_PROGRESS);
    const rejoined = await world.join("old");
    assert.equal(rejoined.error, 0);
    assert.ok(rejoined.generation > generation);
    assert.deepEqual(await world.sync("old", rejoined.generation, { old: [0, 1, 2, 3] }), [0, 1, 2, 3]);
    await world.close();
    await world.open();
    assert.equal(await world.kind(), "classic Stable");
    assert.equal(await world.heartbeat("old", rejoined.generation), 0);
  }));

it("a member of the consumer protocol that falls silent takes the group down likewise; a classic one is removed", () =>
  inWorld({}, async (world) => {
    await classicGroup(world);
    await world.beat("new", 0);
    const { generation } = await world.join("old");
    await world.sync("old", generation);
    for (let i = 0; i < 8; i++) {
      await world.env.timers.sleep(6000);
      await world.heartbeat("old", generation);
    }
    assert.match(await world.kind(), /^classic /, "new was silent for 48 s");
    const { epoch } = await world.beat("newer", 0);
    assert.ok(epoch > 0);
    for (let i = 0; i < 3; i++) {
      await world.env.timers.sleep(6000);
      await world.beat("newer", epoch);
    }
    assert.deepEqual(await world.memberTypes(), [1], "old was silent for 18 s");
  }));

it("group.consumer.migration.policy says which way is open", () =>
  inWorld({ "group.consumer.migration.policy": "downgrade" }, async (world) => {
    await classicGroup(world);
    assert.equal((await world.beat("new", 0)).error, ErrorCode.GROUP_ID_NOT_FOUND);
    assert.equal(await world.kind(), "classic Stable");
  }));

it("without any migration, members of the other protocol are refused", () =>
  inWorld({ "group.consumer.migration.policy": "disabled" }, async (world) => {
    await world.beat("new", 0);
    assert.equal((await world.join("old")).error, ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
    assert.equal(await world.kind(), "consumer Stable");
  }));
