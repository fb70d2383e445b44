import assert from "node:assert/strict";
import { test } from "node:test";
import { brokerOptionsOf } from "./broker-properties.ts";
import { parseProperties } from "./properties-file.ts";

test("places become options, the rest stays settings; what only Apache Kafka knows is named once, a misspelt name with what may be meant", () => {
  const properties = parseProperties(`
# as Apache Kafka ships it
process.roles=broker,controller
listeners=PLAINTEXT://:9092,CONTROLLER://:9093
advertised.listeners=PLAINTEXT://kafka:9092,CONTROLLER://kafka:9093
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,\\
    SSL:SSL
num.io.threads=8
sasl.enabled.mechanisms=PLAIN
log.dirs=/data
num.partitions=3
log.retention.hour=1
`);
  assert.deepEqual(brokerOptionsOf(properties, "server.properties"), {
    listeners: [{ name: "PLAINTEXT", host: "0.0.0.0", port: 9092 }],
    advertised: [{ name: "PLAINTEXT", host: "kafka", port: 9092 }],
    dataDir: "/data",
    settings: { "num.partitions": "3" },
    notes: [
      'server.properties: there is no setting log.retention.hour. Did you mean "log.retention.hours"?',
      "server.properties: these settings of Apache Kafka mean nothing here: process.roles, num.io.threads, sasl.enabled.mechanisms.",
    ],
  });
});

test("several listeners have the names and protocols that the file gives them", () => {
  const { listeners } = brokerOptionsOf(
    {
      listeners: "INSIDE://127.0.0.1:9092, OUTSIDE://[::1]:9093,BOSS://:9",
      "controller.listener.names": "boss",
      "listener.security.protocol.map": "INSIDE:PLAINTEXT,OUTSIDE:PLAINTEXT",
    },
    "f",
  );
  assert.deepEqual(listeners, [
    { name: "INSIDE", host: "127.0.0.1", port: 9092 },
    { name: "OUTSIDE", host: "::1", port: 9093 },
  ]);
});

test("blanks behind a directory are not its name", () => {
  assert.equal(brokerOptionsOf(parseProperties("log.dirs=/data  \r\n"), "f").dataDir, "/data");
});

test("what cannot be served is refused", () => {
  const encrypted = { listeners: "OUTSIDE://a:1", "listener.security.protocol.map": "OUTSIDE:SASL_SSL" };
  assert.throws(() => brokerOptionsOf(encrypted, "f"), { exitCode: 2, message: /only PLAINTEXT listeners are served, not SASL_SSL/ });
  assert.throws(() => brokerOptionsOf({ listeners: "CONTROLLER://a:1" }, "f"), { exitCode: 2, message: /none for clients/ });
  assert.throws(() => brokerOptionsOf({ "log.dirs": "/a,/b" }, "f"), { exitCode: 2, message: /several directories/ });
});
