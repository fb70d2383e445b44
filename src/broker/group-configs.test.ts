// Configs of single groups (KIP-848): altered, told with where they come from, listed, obeyed by the coordinator, kept over a restart.
import assert from "node:assert/strict";
import { test } from "node:test";
import { newConsumerGroupHeartbeatRequest } from "../protocol/generated/consumer-group-heartbeat.gen.ts";
import { newDescribeConfigsRequest } from "../protocol/generated/describe-configs.gen.ts";
import { newIncrementalAlterConfigsRequest } from "../protocol/generated/incremental-alter-configs.gen.ts";
import { newListConfigResourcesRequest } from "../protocol/generated/list-config-resources.gen.ts";
import { ErrorCode } from "../protocol/errors.ts";
import { inWireWorld, type WireWorld } from "./e2e/wire-world.ts";

const GROUP = 32;
const [SET, DELETE] = [0, 1];

const inWorld = (body: (world: WireWorld) => Promise<void>) =>
  inWireWorld(body, { settings: { "group.consumer.session.timeout.ms": "46000" } });

async function alter({ wire }: WireWorld, name: string, value: string | null, resourceName = "g") {
  const configs = [{ name, value, configOperation: value === null ? DELETE! : SET! }];
  const resources = [{ resourceType: GROUP, resourceName, configs }];
  const { responses } = await wire.call("IncrementalAlterConfigs", 1, newIncrementalAlterConfigsRequest({ resources }));
  return responses[0]!;
}

async function told({ wire }: WireWorld, name: string, resourceName = "g"): Promise<string> {
  const resources = [{ resourceType: GROUP, resourceName, configurationKeys: [name] }];
  const { results } = await wire.call("DescribeConfigs", 4, newDescribeConfigsRequest({ resources, includeSynonyms: true }));
  const [config] = results[0]!.configs;
  if (config === undefined) return `none, error ${results[0]!.errorCode}`;
  return `${config.value} @${config.configSource} [${config.synonyms.map((of) => `${of.name}=${of.value}@${of.source}`).join(" ")}]`;
}

async function heartbeat(
  { wire }: WireWorld,
  groupId: string,
  memberEpoch: number,
  memberId = "m",
): Promise<{ epoch: number; everyMs: number; error: number }> {
  const joins = memberEpoch === 0 ? { rebalanceTimeoutMs: 10_000, subscribedTopicNames: ["t"], topicPartitions: [] } : {};
  const request = newConsumerGroupHeartbeatRequest({ groupId, memberId, memberEpoch, ...joins });
  const response = await wire.call("ConsumerGroupHeartbeat", 1, request);
  return { epoch: response.memberEpoch, everyMs: response.heartbeatIntervalMs, error: response.errorCode };
}

test("a group's configs stand above the broker's settings, and outlive a restart", () =>
  inWorld(async (world) => {
    const setting = "group.consumer.session.timeout.ms";
    assert.equal(await told(world, "consumer.session.timeout.ms"), `46000 @4 [${setting}=46000@4 ${setting}=45000@5]`);
    assert.equal((await alter(world, "consumer.session.timeout.ms", "50000")).errorCode, 0);
    const own = `50000 @8 [consumer.session.timeout.ms=50000@8 ${setting}=46000@4 ${setting}=45000@5]`;
    assert.equal(await told(world, "consumer.session.timeout.ms"), own);
    await world.restart();
    assert.equal(await told(world, "consumer.session.timeout.ms"), own);
    const listed = await world.wire.call("ListConfigResources", 1, newListConfigResourcesRequest({ resourceTypes: [GROUP] }));
    assert.deepEqual(listed.configResources.map(({ resourceName }) => resourceName), ["g"]); // prettier-ignore
    assert.equal((await alter(world, "consumer.session.timeout.ms", null)).errorCode, 0);
    const none = await world.wire.call("ListConfigResources", 1, newListConfigResourcesRequest({ resourceTypes: [GROUP] }));
    assert.deepEqual(none.configResources, []);
  }));

test("the coordinator obeys them: heartbeats, sessions, the time between assignments", () =>
  inWorld(async (world) => {
    await alter(world, "consumer.heartbeat.interval.ms", "7000");
    await alter(world, "consumer.session.timeout.ms", "60000");
    await alter(world, "consumer.assignment.interval.ms", "15000");
    assert.deepEqual(await heartbeat(world, "g", 0), { epoch: 2, everyMs: 7000, error: 0 });
    assert.deepEqual(await heartbeat(world, "other", 0), { epoch: 2, everyMs: 5000, error: 0 });
    assert.equal((await heartbeat(world, "g", 0, "n")).epoch, 2, "the next assignment is not made yet");
    await world.env.timers.sleep(16_000);
    assert.equal((await heartbeat(world, "g", 2, "n")).epoch, 3);
    await world.env.timers.sleep(31_000);
    assert.equal((await heartbeat(world, "other", 2)).error, ErrorCode.UNKNOWN_MEMBER_ID, "silent for 47 s");
    assert.equal((await heartbeat(world, "g", 2)).error, 0, "silent for 47 s of 60");
  }));

test("unknown names, wrong values, values outside the broker's limits and groups without a name are refused", () =>
  inWorld(async (world) => {
    const refused = async (name: string, value: string, group = "g"): Promise<string> => {
      const { errorCode, errorMessage } = await alter(world, name, value, group);
      return `${errorCode} ${errorMessage}`;
    };
    const invalid = ErrorCode.INVALID_CONFIG;
    assert.equal(await refused("retention.ms", "1"), `${invalid} Unknown group config name: retention.ms`);
    assert.match(await refused("consumer.session.timeout.ms", "soon"), new RegExp(`^${invalid} Invalid value soon`));
    assert.match(
      await refused("consumer.session.timeout.ms", "44999"),
      /must be greater than or equal to group\.consumer\.min\.session\.timeout\.ms$/,
    );
    assert.match(
      await refused("consumer.heartbeat.interval.ms", "15001"),
      /must be less than or equal to group\.consumer\.max\.heartbeat\.interval\.ms$/,
    );
    assert.match(await refused("consumer.session.timeout.ms", "50000", ""), new RegExp(`^${ErrorCode.INVALID_REQUEST} `));
    assert.equal(await told(world, "consumer.session.timeout.ms", ""), `none, error ${ErrorCode.INVALID_REQUEST}`);
  }));
