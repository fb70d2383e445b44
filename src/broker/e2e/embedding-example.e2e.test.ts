// A service under test against a broker in memory, through the client that it uses anyway.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Kafka, logLevel } from "kafkajs";
import { startBroker, type Broker } from "millrace/broker";

let broker: Broker;
let kafka: Kafka;

before(async () => {
  broker = await startBroker({ memory: true, port: 0, settings: { "num.partitions": "3" } });
  kafka = new Kafka({ brokers: [broker.bootstrapServers], logLevel: logLevel.NOTHING, retry: { initialRetryTime: 10 } });
});
after(() => broker.close());

test("what my service sends arrives, although its first request is refused", async () => {
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: "orders" }] });
  await admin.disconnect();

  // The first InitProducerId is refused with a retriable error: the client has to try again.
  broker.control("InitProducerId", { error: "COORDINATOR_LOAD_IN_PROGRESS", times: 1 });
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  const [sent] = await producer.send({ topic: "orders", messages: [{ key: "o-1", value: "paid" }] });
  await producer.disconnect();

  const partition = broker.logs.topic("orders")!.partitions[sent!.partition]!;
  assert.equal(partition.logEndOffset, 1);
  assert.match(broker.metricsText(), /kafka_server_brokertopicmetrics_messagesin_total\{topic="orders"\} 1/);
});
