import assert from "node:assert/strict";
import { test } from "node:test";
import { parseBrokerSettings } from "./broker-set.ts";

function refused(pair: string, message: RegExp): void {
  assert.throws(() => parseBrokerSettings([pair]), { exitCode: 2, message });
}

test("settings by Kafka's own names; the last value counts", () => {
  assert.deepEqual(parseBrokerSettings(["num.partitions=2", "log.retention.ms = -1", "num.partitions=4"]), {
    "num.partitions": "4",
    "log.retention.ms": "-1",
  });
});

test("what is no broker setting is answered with what is meant", () => {
  refused("num.partition=4", /Did you mean "num\.partitions"\?/);
  refused("no.such.thing=4", /no such setting\. All of them, from a running broker: millrace config ls --all/);
  refused("num.io.threads=4", /means nothing here; leave it out/);
  refused("listeners=PLAINTEXT://h:1", /said with --listener HOST:PORT/);
  refused("advertised.listeners=PLAINTEXT://h:1", /said with --advertised-listener HOST:PORT/);
  refused("log.dirs=/data", /said with --data DIR/);
  refused("max.message.bytes=1", /setting of topics\. The broker's, for topics that have none of their own, is message\.max\.bytes\./);
  refused("retention.ms=1", /setting of topics.* is log\.retention\.ms\./);
  refused("num.partitions", /--set num\.partitions: expected NAME=VALUE, such as --set num\.partitions=4\./);
});
