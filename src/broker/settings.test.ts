// Settings and topic configs: Kafka's names, types and defaults, and which broker setting stands behind which topic config.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { describeTopicConfigs } from "./config-description.ts";
import { SettingError, Settings, SETTINGS } from "./settings.ts";
import { effectiveTopicConfig, invalidTopicConfig, TOPIC_CONFIGS, topicDefaults } from "./topic-config.ts";

describe("broker settings", () => {
  it("have defaults that their own types allow", () => {
    const defaults = Object.fromEntries(SETTINGS.map((setting) => [setting.name, setting.default!]));
    assert.deepEqual(new Settings(defaults).unknown, []);
  });

  it("refuse values of the wrong type or outside their limits, naming the setting", () => {
    const refused = {
      "num.partitions": "0",
      "auto.create.topics.enable": "yes",
      "log.segment.bytes": "1e9",
      "log.message.timestamp.type": "x",
    };
    for (const [name, value] of Object.entries(refused)) {
      assert.throws(
        () => new Settings({ [name]: value }),
        (error: unknown) => error instanceof SettingError && error.message.includes(name),
      );
    }
  });

  it("keep names nobody knows apart", () => {
    assert.deepEqual(new Settings({ "zookeeper.connect": "x", "num.partitions": "4" }).unknown, ["zookeeper.connect"]);
  });

  it("take broker.id where node.id is not given", () => {
    assert.equal(new Settings({ "broker.id": "3" }).nodeId, 3);
    assert.equal(new Settings({ "broker.id": "-1", "node.id": "4" }).nodeId, 4);
    assert.equal(new Settings({ "broker.id": "-1" }).nodeId, 0);
    assert.throws(() => new Settings({ "broker.id": "3", "node.id": "4" }), { setting: "broker.id", problem: /not node\.id \(4\)/ });
  });

  it("refuse what Apache Kafka would not start with: retention of nothing, and what contradicts something else, by a name that was given", () => {
    const refused: readonly (readonly [given: Record<string, string>, setting: string, problem: RegExp])[] = [
      [{ "log.retention.ms": "0" }, "log.retention.ms", /at least 1 or -1/],
      [{ "log.retention.minutes": "0" }, "log.retention.minutes", /at least 1 or -1/],
      [{ "log.retention.hours": "0" }, "log.retention.hours", /at least 1 or -1/],
      [{ "group.consumer.session.timeout.ms": "10" }, "group.consumer.session.timeout.ms", /at least group\.consumer\.min\.session\.timeout\.ms \(45000\), got 10/], // prettier-ignore
      [{ "group.consumer.session.timeout.ms": "70000" }, "group.consumer.session.timeout.ms", /at most group\.consumer\.max\.session\.timeout\.ms \(60000\), got 70000/], // prettier-ignore
      [{ "group.consumer.min.session.timeout.ms": "50000" }, "group.consumer.min.session.timeout.ms", /at most group\.consumer\.session\.timeout\.ms/], // prettier-ignore
      [{ "group.consumer.max.assignment.interval.ms": "5", "group.consumer.assignment.interval.ms": "6" }, "group.consumer.max.assignment.interval.ms", /at least/], // prettier-ignore
      [{ "group.consumer.session.timeout.ms": "5000", "group.consumer.min.session.timeout.ms": "5000" }, "group.consumer.session.timeout.ms", /above group\.consumer\.heartbeat\.interval\.ms \(5000\)/], // prettier-ignore
    ];
    for (const [given, setting, problem] of refused) assert.throws(() => new Settings(given), { name: "SettingError", setting, problem });
    const quick = { "group.consumer.session.timeout.ms": "1000", "group.consumer.min.session.timeout.ms": "1000" };
    const beats = { "group.consumer.heartbeat.interval.ms": "300", "group.consumer.min.heartbeat.interval.ms": "300" };
    assert.equal(new Settings({ ...quick, ...beats }).number("group.consumer.session.timeout.ms"), 1000);
  });

  it("take Apache Kafka's own defaults of those that have another one here", () => {
    assert.deepEqual(new Settings({ "queued.max.request.bytes": "-1", "broker.id": "-1", "log.retention.bytes": "-1" }).unknown, []);
  });
});

describe("topic configs", () => {
  it("have defaults that their own types allow, and synonyms that exist", () => {
    assert.equal(invalidTopicConfig(TOPIC_CONFIGS.map(({ name, default: value }) => [name, value] as const)), undefined);
    const settings = new Set(SETTINGS.map(({ name }) => name));
    for (const { synonyms } of TOPIC_CONFIGS) for (const [name] of synonyms) assert.ok(settings.has(name), name);
  });

  it("fall back on the broker's settings, in their units, strongest first", () => {
    const settings = new Settings({ "log.retention.hours": "2", "log.retention.minutes": "5", "message.max.bytes": "9" });
    assert.equal(effectiveTopicConfig("retention.ms", {}, settings), "300000");
    assert.equal(effectiveTopicConfig("retention.ms", { "retention.ms": "-1" }, settings), "-1");
    assert.deepEqual(topicDefaults(settings), { "max.message.bytes": "9", "retention.ms": "300000" });
    assert.equal(effectiveTopicConfig("retention.ms", {}, new Settings({ "log.retention.hours": "-1" })), "-1");
  });

  it("say where a value comes from", () => {
    const described = describeTopicConfigs({ "retention.ms": "7" }, new Settings({ "log.segment.bytes": "1000000" }));
    const source = (name: string): unknown => described.find((config) => config.name === name)?.configSource;
    assert.deepEqual([source("retention.ms"), source("segment.bytes"), source("cleanup.policy")], [1, 4, 5]);
  });

  it("have the limits of Apache Kafka's", () => {
    const wrong: Record<string, string[]> = {
      "compression.gzip.level": ["-2", "0", "10"],
      "compression.lz4.level": ["0", "18"],
      "compression.zstd.level": ["-131073", "23"],
      "segment.bytes": ["14", "1048575"],
      "cleanup.policy": ["delete,", ",", "Compact"],
      "leader.replication.throttled.replicas": ["x", "0", "0:0;1:1"],
      "remote.storage.enable": ["true"],
      "min.cleanable.dirty.ratio": ["-0.1", "1.1", "Infinity", "0x1"],
      "retention.ms": ["-2", "9223372036854775808", "1e3"],
    };
    for (const [name, values] of Object.entries(wrong))
      for (const value of values) assert.notEqual(invalidTopicConfig([[name, value]]), undefined, `${name}=${value}`);
    const right: Record<string, string[]> = {
      "compression.gzip.level": ["-1", "1", "9"],
      "compression.lz4.level": ["1", "17"],
      "compression.zstd.level": ["-131072", "22"],
      "segment.bytes": ["1048576"],
      "internal.segment.bytes": ["14"],
      "cleanup.policy": ["", "compact,delete", "compact, delete"],
      "leader.replication.throttled.replicas": ["", "*", "0:0,1:0"],
      "min.cleanable.dirty.ratio": ["0", "1", "0.25f", "1e-3", "NaN"],
      "retention.ms": ["-1", " 6 ", "+7"],
    };
    for (const [name, values] of Object.entries(right))
      for (const value of values) assert.equal(invalidTopicConfig([[name, value]]), undefined, `${name}=${value}`);
    const lags = (least: string, most: string) => invalidTopicConfig([["min.compaction.lag.ms", least], ["max.compaction.lag.ms", most]]); // prettier-ignore
    assert.match(lags("100", "50")!, /min.compaction.lag.ms/);
    assert.equal(lags("50", "50"), undefined);
    assert.ok(!TOPIC_CONFIGS.some(({ name }) => name === "internal.segment.bytes"), "it is not told");
  });

  it("are refused by name, by value and without value", () => {
    assert.match(invalidTopicConfig([["no.such", "1"]])!, /Unknown topic config name: no\.such/);
    assert.match(invalidTopicConfig([["retention.ms", "soon"]])!, /retention\.ms/);
    assert.match(invalidTopicConfig([["cleanup.policy", "compress"]])!, /cleanup\.policy/);
    assert.match(invalidTopicConfig([["retention.ms", null]])!, /retention\.ms/);
    assert.equal(invalidTopicConfig([["cleanup.policy", "compact, delete"]]), undefined);
  });
});
