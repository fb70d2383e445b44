// Committed offsets over the wire, where no offset is kept: which requests make a group, and whose error counts.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ErrorCode } from "../protocol/errors.ts";
import { newDeleteGroupsRequest } from "../protocol/generated/delete-groups.gen.ts";
import { newListGroupsRequest } from "../protocol/generated/list-groups.gen.ts";
import {
  newOffsetCommitRequest,
  newOffsetCommitRequestPartition,
  newOffsetCommitRequestTopic,
} from "../protocol/generated/offset-commit.gen.ts";
import {
  newOffsetDeleteRequest,
  newOffsetDeleteRequestPartition,
  newOffsetDeleteRequestTopic,
} from "../protocol/generated/offset-delete.gen.ts";
import { createSimulation } from "../testing/simulation/simulation.ts";
import { startBroker } from "./broker.ts";
import { Wire } from "./e2e/wire.ts";

const TOO_LONG = "x".repeat(5000);

function withWire(body: (wire: Wire) => Promise<void>): Promise<void> {
  const simulation = createSimulation(Number(process.env["MILLRACE_SEED"] ?? 3));
  simulation.files.provideDirectory("/data");
  const env = simulation.env();
  return simulation.run(async () => {
    const broker = await startBroker(env, { dataDir: "/data", port: 0 });
    await broker.logs.createTopic("t", { partitions: 1 });
    const wire = await Wire.connect(env, broker.address);
    await body(wire);
    wire.destroy();
    await broker.close();
  });
}

async function commit(wire: Wire, partitionIndexes: readonly number[], metadata: string, generation = -1): Promise<number[]> {
  const partitions = partitionIndexes.map((partitionIndex) => newOffsetCommitRequestPartition({ partitionIndex, committedOffset: 1, committedMetadata: metadata })); // prettier-ignore
  const topics = [newOffsetCommitRequestTopic({ name: "t", partitions })];
  const request = newOffsetCommitRequest({ groupId: "g", generationIdOrMemberEpoch: generation, topics });
  return (await wire.call("OffsetCommit", 8, request)).topics[0]!.partitions.map(({ errorCode }) => errorCode);
}

async function deleteOffset(wire: Wire): Promise<number> {
  const topics = [newOffsetDeleteRequestTopic({ name: "t", partitions: [newOffsetDeleteRequestPartition({ partitionIndex: 0 })] })];
  return (await wire.call("OffsetDelete", 0, newOffsetDeleteRequest({ groupId: "g", topics }))).errorCode;
}

const groups = async (wire: Wire): Promise<string[]> =>
  (await wire.call("ListGroups", 4, newListGroupsRequest({}))).groups.map(({ groupId, groupState }) => `${groupId} ${groupState}`);

describe("a commit that keeps no offset", () => {
  it("makes an empty group if it was accepted, and only its metadata were too long", () =>
    withWire(async (wire) => {
      assert.equal(await deleteOffset(wire), ErrorCode.GROUP_ID_NOT_FOUND);
      assert.deepEqual(await commit(wire, [0, 7], TOO_LONG), [ErrorCode.OFFSET_METADATA_TOO_LARGE, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION]);
      assert.deepEqual(await groups(wire), ["g Empty"]);
      assert.equal(await deleteOffset(wire), ErrorCode.NONE);
      const { results } = await wire.call("DeleteGroups", 2, newDeleteGroupsRequest({ groupsNames: ["g"] }));
      assert.equal(results[0]!.errorCode, ErrorCode.NONE);
      assert.deepEqual(await groups(wire), []);
    }));

  it("makes none if no partition is there", () =>
    withWire(async (wire) => {
      assert.deepEqual(await commit(wire, [7], "m"), [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION]);
      assert.deepEqual(await groups(wire), []);
    }));

  it("hears what the group says before what is wrong with its metadata", () =>
    withWire(async (wire) => {
      assert.deepEqual(await commit(wire, [0, 7], TOO_LONG, 4), [ErrorCode.ILLEGAL_GENERATION, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION]);
      assert.deepEqual(await groups(wire), []);
    }));
});
