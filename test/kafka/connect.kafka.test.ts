// Kafka Connect, distributed, with an exactly-once source (java/CountSource.java), killed with SIGKILL in its work on both brokers: every
// number is there once, in order.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { createClient } from "millrace/client";
import { freePort } from "./apache-kafka.ts";
import { committedValues, untilCount } from "./committed-values.ts";
import { compileJava, type Java, type JavaProcess } from "./java.ts";
import { missingForKafka } from "./kafka-jars.ts";
import { TARGETS, type Target } from "./targets.ts";

const NUMBERS = 1500;
const KILL_AT = [500];
const REST_TIMEOUT_MS = 60_000;
const OUTPUT_TIMEOUT_MS = 150_000;
const CONNECTOR = {
  "connector.class": "CountSource",
  "tasks.max": "1",
  topic: "numbers",
  count: String(NUMBERS),
  "exactly.once.support": "required",
  "transaction.boundary": "poll",
  "producer.override.transaction.timeout.ms": "2000", // a worker that starts waits for the transaction of the killed one to end
};

describe("Kafka Connect with an exactly-once source", { skip: missingForKafka(), concurrency: true }, () => {
  let java: Java;
  before(() => {
    java = compileJava();
  });
  after(() => java?.dispose());
  for (const target of TARGETS) it(`writes every number once, though it is killed, on ${target.name}`, () => written(java, target));
});

async function written(java: Java, target: Target): Promise<void> {
  const broker = await target.start();
  const client = createClient({ brokers: broker.brokers });
  const config = join(java.directory, `connect-${target.name.replace(" ", "-")}.properties`);
  const port = await freePort();
  writeFileSync(config, worker(broker.brokers, port));
  try {
    await client.admin().createTopics([{ name: "numbers", partitions: 1 }]);
    for (const [round, until] of [...KILL_AT, NUMBERS].entries()) {
      const process = java.run("org.apache.kafka.connect.cli.ConnectDistributed", [config]);
      try {
        if (round === 0) await put(process, port);
        await untilCount(client, "numbers", 1, until, OUTPUT_TIMEOUT_MS).catch((error: Error) => {
          throw new Error(`${error.message}\n${process.stderr()}`);
        });
      } finally {
        process.child.kill("SIGKILL");
        await process.ended;
      }
    }
    const values = (await committedValues(client, "numbers", 1)).map(({ value }) => Number(value));
    assert.deepEqual(values, Array.from({ length: NUMBERS }, (_, number) => number)); // prettier-ignore
  } finally {
    await client.close();
    await broker.stop();
  }
}

/** The worker answers when it has read its own topics and joined its group. */
async function put(process: JavaProcess, port: number): Promise<void> {
  const deadline = performance.now() + REST_TIMEOUT_MS;
  const request = { method: "PUT", headers: { "content-type": "application/json" }, body: JSON.stringify(CONNECTOR) };
  let told = "";
  while (performance.now() < deadline && process.child.exitCode === null) {
    try {
      const response = await fetch(`http://127.0.0.1:${port}/connectors/numbers/config`, request);
      told = `${response.status} ${await response.text()}`;
      if (response.ok) return;
    } catch (error) {
      told = String(error); // it does not listen yet
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`The connector could not be made: ${told}\n${process.stderr()}`);
}

function worker(brokers: string, port: number): string {
  const topics = ["config", "offset", "status"].flatMap((name) => [
    `${name}.storage.topic=connect-${name}`,
    `${name}.storage.replication.factor=1`,
  ]);
  return [
    `bootstrap.servers=${brokers}`,
    `listeners=http://127.0.0.1:${port}`,
    "group.id=connect",
    "key.converter=org.apache.kafka.connect.storage.StringConverter",
    "value.converter=org.apache.kafka.connect.storage.StringConverter",
    "exactly.once.source.support=enabled",
    "plugin.discovery=only_scan",
    "offset.storage.partitions=1",
    "status.storage.partitions=1",
    "session.timeout.ms=3000",
    "heartbeat.interval.ms=500",
    "rebalance.timeout.ms=5000",
    "scheduled.rebalance.max.delay.ms=0",
    ...topics,
    "",
  ].join("\n");
}
