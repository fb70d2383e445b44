// Broker settings changed while it runs: they hold at once, for topics too, are told with where they come from, and outlive a restart.
import assert from "node:assert/strict";
import { test } from "node:test";
import { newAlterConfigsRequest } from "../protocol/generated/alter-configs.gen.ts";
import { newDescribeConfigsRequest } from "../protocol/generated/describe-configs.gen.ts";
import { newIncrementalAlterConfigsRequest } from "../protocol/generated/incremental-alter-configs.gen.ts";
import { ErrorCode } from "../protocol/errors.ts";
import { inWireWorld, type WireWorld } from "./e2e/wire-world.ts";

const TOPIC = 2;
const BROKER = 4;
const [SET, DELETE, APPEND] = [0, 1, 2];

const inWorld = (body: (world: WireWorld) => Promise<void>) => inWireWorld(body, { settings: { "log.retention.hours": "2" } });

async function alter(
  { wire }: WireWorld,
  name: string,
  value: string | null,
  options: { operation?: number; resource?: string; validateOnly?: boolean } = {},
) {
  const { operation = value === null ? DELETE : SET, resource = "0", validateOnly = false } = options;
  const configs = [{ name, value, configOperation: operation! }];
  const resources = [{ resourceType: BROKER, resourceName: resource, configs }];
  const { responses } = await wire.call("IncrementalAlterConfigs", 1, newIncrementalAlterConfigsRequest({ resources, validateOnly }));
  return responses[0]!;
}

async function told({ wire }: WireWorld, resourceType: number, resourceName: string, name: string): Promise<string> {
  const resources = [{ resourceType, resourceName, configurationKeys: [name] }];
  const { results } = await wire.call("DescribeConfigs", 4, newDescribeConfigsRequest({ resources, includeSynonyms: true }));
  const config = results[0]!.configs[0];
  if (config === undefined) return "none";
  const synonyms = config.synonyms.map(({ name: synonym, value, source }) => `${synonym}=${value}@${source}`).join(" ");
  return `${config.value} ${config.readOnly ? "fixed" : "dynamic"} @${config.configSource} [${synonyms}]`;
}

test("a change holds at once, for topics that do not say otherwise, and over a restart", () =>
  inWorld(async (world) => {
    const log = (await world.broker.logs.createTopic("t", { partitions: 1 })).partitions[0]!;
    assert.equal(log.settings.retentionMs, 7_200_000);
    assert.equal((await alter(world, "log.retention.ms", "5000", { validateOnly: true })).errorCode, 0);
    assert.equal(log.settings.retentionMs, 7_200_000, "only looked at");
    assert.equal((await alter(world, "log.retention.ms", "5000")).errorCode, 0);
    assert.equal(log.settings.retentionMs, 5_000);
    assert.equal(
      await told(world, TOPIC, "t", "retention.ms"),
      "5000 dynamic @2 [log.retention.ms=5000@2 log.retention.hours=2@4 log.retention.hours=168@5]",
    );
    await world.restart();
    assert.equal(world.broker.logs.topic("t")!.partitions[0]!.settings.retentionMs, 5_000);
    assert.equal(await told(world, BROKER, "0", "log.retention.ms"), "5000 dynamic @2 [log.retention.ms=5000@2]");
    assert.equal((await alter(world, "log.retention.ms", null)).errorCode, 0);
    assert.equal(world.broker.logs.topic("t")!.partitions[0]!.settings.retentionMs, 7_200_000);
  }));

test("what is set for this broker stands above what is set for all, and that above the file", () =>
  inWorld(async (world) => {
    await alter(world, "message.max.bytes", "2000", { resource: "" });
    await alter(world, "message.max.bytes", "3000");
    assert.equal(await told(world, BROKER, "0", "message.max.bytes"), "3000 dynamic @2 [message.max.bytes=3000@2 message.max.bytes=2000@3 message.max.bytes=1048588@5]"); // prettier-ignore
    assert.equal(await told(world, BROKER, "", "message.max.bytes"), "2000 dynamic @3 [message.max.bytes=2000@3]");
    await alter(world, "message.max.bytes", null);
    assert.match(await told(world, BROKER, "0", "message.max.bytes"), /^2000 dynamic @3/);
    const resources = [{ resourceType: BROKER, resourceName: "", configs: [{ name: "log.cleanup.policy", value: "compact" }] }];
    assert.equal((await world.wire.call("AlterConfigs", 2, newAlterConfigsRequest({ resources }))).responses[0]!.errorCode, 0);
    assert.match(await told(world, BROKER, "0", "message.max.bytes"), /^1048588 dynamic @5/, "AlterConfigs replaces all");
    await alter(world, "log.cleanup.policy", "delete", { resource: "", operation: APPEND! });
    assert.match(await told(world, BROKER, "", "log.cleanup.policy"), /^compact,delete /);
  }));

test("segments and the interval between assignments keep to their limits", () =>
  inWorld(async (world) => {
    const name = "group.consumer.assignment.interval.ms";
    assert.equal((await alter(world, name, "15001")).errorCode, ErrorCode.INVALID_REQUEST);
    assert.equal((await alter(world, name, "15000")).errorCode, ErrorCode.NONE);
    assert.match(await told(world, BROKER, "0", name), /^15000 dynamic/);
    assert.equal((await alter(world, "log.segment.bytes", "1048575")).errorCode, ErrorCode.INVALID_REQUEST);
    assert.equal((await alter(world, "log.segment.bytes", "1048576")).errorCode, ErrorCode.NONE);
    assert.equal((await alter(world, "log.retention.ms", "0")).errorCode, ErrorCode.INVALID_REQUEST);
    assert.equal((await alter(world, "log.retention.ms", "-1")).errorCode, ErrorCode.NONE);
  }));

test("what only a start can set, wrong values and other brokers are refused", () =>
  inWorld(async (world) => {
    assert.equal(await told(world, BROKER, "0", "num.partitions"), "1 fixed @5 [num.partitions=1@5]");
    const fixed = await alter(world, "num.partitions", "5");
    assert.equal(fixed.errorCode, ErrorCode.INVALID_REQUEST);
    assert.match(fixed.errorMessage ?? "", /Cannot update these configs dynamically: Set\(num\.partitions\)/);
    for (const name of ["no.such", "constructor", "__proto__"])
      assert.equal((await alter(world, name, "5")).errorCode, ErrorCode.INVALID_REQUEST, name);
    assert.equal((await alter(world, "message.max.bytes", "many")).errorCode, ErrorCode.INVALID_REQUEST);
    assert.equal((await alter(world, "message.max.bytes", "5", { resource: "7" })).errorCode, ErrorCode.INVALID_REQUEST);
    assert.match(await told(world, BROKER, "0", "message.max.bytes"), /^1048588 dynamic @5/);
  }));

test("settings that say nothing here but change on Apache Kafka are checked, kept over a restart, told, and taken back", () =>
  inWorld(async (world) => {
    const name = "sasl.kerberos.min.time.before.relogin";
    assert.equal(await told(world, BROKER, "0", name), `60000 dynamic @5 [${name}=60000@5]`);
    assert.equal((await alter(world, name, "soon")).errorCode, ErrorCode.INVALID_REQUEST);
    assert.equal((await alter(world, name, "58000")).errorCode, ErrorCode.NONE);
    await world.restart();
    assert.equal(await told(world, BROKER, "0", name), `58000 dynamic @2 [${name}=58000@2 ${name}=60000@5]`);
    assert.equal((await alter(world, name, null)).errorCode, ErrorCode.NONE);
    assert.equal(await told(world, BROKER, "0", name), `60000 dynamic @5 [${name}=60000@5]`);
    // A throttle is there only while somebody has set it, as tools do that move replicas.
    const throttle = "leader.replication.throttled.rate";
    assert.equal(await told(world, BROKER, "0", throttle), "none");
    assert.equal((await alter(world, throttle, "1000")).errorCode, ErrorCode.NONE);
    assert.equal(await told(world, BROKER, "0", throttle), `1000 dynamic @2 [${throttle}=1000@2]`);
  }));

test("a resource or a config that is named twice in one request, and a value that is none, change nothing", () =>
  inWorld(async (world) => {
    const config = { name: "log.retention.ms", value: "5000", configOperation: SET! };
    const ask = async (...resources: (typeof config | { name: string; value: null; configOperation: number })[][]) => {
      const named = resources.map((configs) => ({ resourceType: BROKER, resourceName: "0", configs }));
      const { responses } = await world.wire.call("IncrementalAlterConfigs", 1, newIncrementalAlterConfigsRequest({ resources: named }));
      return responses.map(({ errorCode }) => errorCode);
    };
    const refused = ErrorCode.INVALID_REQUEST;
    assert.deepEqual(await ask([config], [config]), [refused, refused]);
    assert.deepEqual(await ask([config, config]), [refused]);
    assert.deepEqual(await ask([{ ...config, value: null }]), [refused]);
    assert.equal(await told(world, BROKER, "0", "log.retention.ms"), "null dynamic @5 []");
  }));
