// Feature levels (KIP-584): changed by UpdateFeatures, told by ApiVersions, obeyed, kept over a restart.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ErrorCode } from "../protocol/errors.ts";
import { newApiVersionsRequest } from "../protocol/generated/api-versions.gen.ts";
import { newConsumerGroupDescribeRequest } from "../protocol/generated/consumer-group-describe.gen.ts";
import { newConsumerGroupHeartbeatRequest } from "../protocol/generated/consumer-group-heartbeat.gen.ts";
import { newUpdateFeaturesRequest } from "../protocol/generated/update-features.gen.ts";
import { inWireWorld, type WireWorld } from "./e2e/wire-world.ts";

const [UPGRADE, SAFE, UNSAFE] = [1, 2, 3] as const;
const { NONE, INVALID_UPDATE_VERSION } = ErrorCode;
type Change = readonly [feature: string, level: number, type: number];

async function update({ wire }: WireWorld, changes: readonly Change[], validateOnly = false): Promise<number> {
  const featureUpdates = changes.map(([feature, maxVersionLevel, upgradeType]) => ({ feature, maxVersionLevel, upgradeType, allowDowngrade: false })); // prettier-ignore
  return (await wire.call("UpdateFeatures", 2, newUpdateFeaturesRequest({ featureUpdates, validateOnly }))).errorCode;
}

async function levels({ wire }: WireWorld): Promise<string> {
  const request = newApiVersionsRequest({ clientSoftwareName: "a", clientSoftwareVersion: "1" });
  const { finalizedFeatures, finalizedFeaturesEpoch } = await wire.call("ApiVersions", 4, request);
  return `${finalizedFeaturesEpoch}: ${finalizedFeatures.map(({ name, maxVersionLevel }) => `${name} ${maxVersionLevel}`).join(", ")}`;
}

test("levels go down and up where that is said, all of a request or none, and outlive a restart", () =>
  inWireWorld(async (world) => {
    assert.equal(await levels(world), "0: group.version 1, transaction.version 2");
    assert.equal(await update(world, [["transaction.version", 1, UPGRADE]]), INVALID_UPDATE_VERSION);
    assert.equal(await update(world, [["transaction.version", 1, SAFE]], true), NONE);
    assert.equal(await levels(world), "0: group.version 1, transaction.version 2", "it was only asked");
    assert.equal(await update(world, [["transaction.version", 1, SAFE], ["group.version", 2, UPGRADE]]), INVALID_UPDATE_VERSION); // prettier-ignore
    assert.equal(await levels(world), "0: group.version 1, transaction.version 2");
    assert.equal(await update(world, [["transaction.version", 1, SAFE], ["group.version", 0, UNSAFE]]), NONE); // prettier-ignore
    assert.equal(await levels(world), "1: transaction.version 1");
    assert.equal(await update(world, [["transaction.version", 2, SAFE]]), INVALID_UPDATE_VERSION, "that is none");
    assert.equal(await update(world, [["transaction.version", -1, SAFE]]), INVALID_UPDATE_VERSION);
    assert.equal(await update(world, [["transaction.version", 1, 0]]), INVALID_UPDATE_VERSION);
    await world.restart();
    assert.equal(await levels(world), "1: transaction.version 1");
    assert.equal(await update(world, [["transaction.version", 2, UPGRADE]]), NONE);
    assert.equal(await levels(world), "2: transaction.version 2");
  }));

test("version 0 of the request cannot take a level down, whatever it says", () =>
  inWireWorld(async ({ wire }) => {
    const ask = async (allowDowngrade: boolean): Promise<number> => {
      const featureUpdates = [{ feature: "group.version", maxVersionLevel: 0, upgradeType: UPGRADE, allowDowngrade }];
      return (await wire.call("UpdateFeatures", 0, newUpdateFeaturesRequest({ featureUpdates }))).errorCode;
    };
    assert.deepEqual([await ask(false), await ask(true)], [INVALID_UPDATE_VERSION, INVALID_UPDATE_VERSION]);
  }));

test("without group.version there are no groups of the consumer protocol", () =>
  inWireWorld(
    async (world) => {
      const joins = { memberId: "m", memberEpoch: 0, rebalanceTimeoutMs: 10_000, subscribedTopicNames: ["t"], topicPartitions: [] };
      const join = async (): Promise<number> => (await world.wire.call("ConsumerGroupHeartbeat", 1, newConsumerGroupHeartbeatRequest({ groupId: "g", ...joins }))).errorCode; // prettier-ignore
      const describe = async (): Promise<number> => (await world.wire.call("ConsumerGroupDescribe", 1, newConsumerGroupDescribeRequest({ groupIds: ["g"] }))).groups[0]!.errorCode; // prettier-ignore
      assert.deepEqual([await join(), await describe()], [NONE, NONE]);
      assert.equal(await update(world, [["group.version", 0, UNSAFE]]), NONE);
      assert.deepEqual([await join(), await describe()], [ErrorCode.UNSUPPORTED_VERSION, ErrorCode.UNSUPPORTED_VERSION]);
    },
    { topics: { t: 1 } },
  ));
