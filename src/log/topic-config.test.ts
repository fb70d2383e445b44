// Which topic settings are taken, and what the log makes of them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { KafkaError } from "../protocol/errors.ts";
import { checkTopicConfig, parseTopicConfig } from "./topic-config.ts";
import { TOPIC_SETTINGS } from "./topic-settings.ts";

test("every default is a possible value, and an unknown name is none", () => {
  for (const [name, setting] of Object.entries(TOPIC_SETTINGS)) checkTopicConfig({ [name]: setting.default });
  for (const name of ["retention", "constructor", ""]) assert.throws(() => checkTopicConfig({ [name]: "1" }), refused);
});

test("values of the wrong type or out of bounds are refused with the setting's name", () => {
  const wrong = {
    "cleanup.policy": "delete,compacted",
    "min.cleanable.dirty.ratio": "1.5",
    "segment.bytes": "2147483648",
    "retention.ms": "9223372036854775808",
    "max.message.bytes": "1.5",
    "message.timestamp.type": "createtime",
    preallocate: "yes",
  };
  for (const [name, value] of Object.entries(wrong)) {
    assert.throws(() => checkTopicConfig({ [name]: value }), (error) => refused(error) && error instanceof Error && error.message.includes(name)); // prettier-ignore
  }
  checkTopicConfig({
    "retention.ms": " +5 ",
    preallocate: "TRUE",
    "min.cleanable.dirty.ratio": "1e-3",
    "cleanup.policy": "compact, delete",
  });
});

test("a compacted topic's segments are sealed by the time their records must be compacted", () => {
  const settings = parseTopicConfig({ "cleanup.policy": "compact, delete", "max.compaction.lag.ms": "1000" });
  assert.deepEqual([settings.compacts, settings.deletes, settings.segmentMs], [true, true, 1_000]);
  assert.equal(parseTopicConfig({ "max.compaction.lag.ms": "1000" }).segmentMs, 604_800_000);
});

function refused(error: unknown): boolean {
  return error instanceof KafkaError && error.code === "INVALID_CONFIG";
}
