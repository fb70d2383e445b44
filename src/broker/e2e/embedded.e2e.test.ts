// The broker as others embed it: in memory, with faults on demand, and its metrics.
import assert from "node:assert/strict";
import fs, { existsSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { describe, it, mock } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createNodeEnv } from "../../env-node/node-env.ts";
import { ErrorCode } from "../../protocol/errors.ts";
import { newFetchPartition, newFetchRequest, newFetchTopic } from "../../protocol/generated/fetch.gen.ts";
import { newHeartbeatRequest } from "../../protocol/generated/heartbeat.gen.ts";
import { newMetadataRequest } from "../../protocol/generated/metadata.gen.ts";
import { newPartitionProduceData, newProduceRequest, newTopicProduceData } from "../../protocol/generated/produce.gen.ts";
import { newMetadataResponse } from "../../protocol/generated/metadata.gen.ts";
import { BatchWriter } from "../../protocol/records/batch-writer.ts";
import { startBroker, type Broker } from "../index.ts";
import { requestFrame, Wire } from "./wire.ts";

const env = createNodeEnv({ logger: { log: () => {} } });

async function embedded(body: (broker: Broker, connect: () => Promise<Wire>) => Promise<void>): Promise<void> {
  const broker = await startBroker({ port: 0, memory: true, logger: env.logger });
  const wires: Wire[] = [];
  try {
    await body(broker, async () => {
      const wire = await Wire.connect(env, broker.address);
      wires.push(wire);
      return wire;
    });
  } finally {
    for (const wire of wires) wire.destroy();
    await broker.close();
  }
}

function produce(wire: Wire, topic: string, text: string) {
  const writer = new BatchWriter();
  writer.append(Date.now(), null, new TextEncoder().encode(text));
  const partitionData = [newPartitionProduceData({ index: 0, records: writer.finish() })];
  return wire.call(
    "Produce",
    9,
    newProduceRequest({ acks: -1, timeoutMs: 1000, topicData: [newTopicProduceData({ name: topic, partitionData })] }),
  );
}

describe("a broker in memory", () => {
  it("leaves nothing behind", async () => {
    let path = "";
    await embedded(async (broker, connect) => {
      path = broker.logs.path;
      await broker.logs.createTopic("t", { partitions: 1 });
      assert.equal((await produce(await connect(), "t", "x")).responses[0]!.partitionResponses[0]!.errorCode, 0);
      assert.ok(existsSync(path));
    });
    assert.ok(!existsSync(path));
  });

  it("leaves nothing behind either when it could not start", async () => {
    const made: string[] = [];
    const { mkdir } = fs;
    mock.method(fs, "mkdir", (...args: unknown[]) => {
      made.push(String(args[0]));
      Reflect.apply(mkdir, fs, args);
    });
    syncBuiltinESMExports();
    try {
      await embedded(async ({ address: { port } }) => assert.rejects(startBroker({ memory: true, port }), { code: "EADDRINUSE" }));
    } finally {
      mock.restoreAll();
      syncBuiltinESMExports();
    }
    assert.ok(made.length >= 2, "two brokers made directories");
    assert.deepEqual(made.filter((path) => existsSync(path)), []); // prettier-ignore
  });

  it("is one or the other: memory or a directory", async () => {
    await assert.rejects(startBroker({ port: 0 }), { code: "INVALID_BROKER_OPTIONS" });
    await assert.rejects(startBroker({ port: 0, memory: true, dataDir: "/nowhere" }), { code: "INVALID_BROKER_OPTIONS" });
  });
});

describe("a fault", () => {
  const heartbeat = newHeartbeatRequest({ groupId: "g", memberId: "m" });

  it("refuses so many requests as it was told, then no more", () =>
    embedded(async (broker, connect) => {
      const wire = await connect();
      broker.control("Heartbeat", { error: "COORDINATOR_LOAD_IN_PROGRESS", times: 2 });
      const codes = [];
      for (let i = 0; i < 3; i++) codes.push((await wire.call("Heartbeat", 4, heartbeat)).errorCode);
      assert.deepEqual(codes, [
        ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
        ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
        ErrorCode.UNKNOWN_MEMBER_ID,
      ]);
    }));

  it("loses a request before it is obeyed, or its answer afterwards", () =>
    embedded(async (broker, connect) => {
      await broker.logs.createTopic("t", { partitions: 1 });
      const log = broker.logs.topic("t")!.partitions[0]!;
      for (const [drop, end] of [
        ["request", 0],
        ["answer", 1],
      ] as const) {
        // prettier-ignore
        broker.control("Produce", { drop, times: 1 });
        await assert.rejects(produce(await connect(), "t", "x"), /closed instead of answering/);
        assert.equal(log.logEndOffset, end);
      }
    }));

  it("delays what it fits and nothing else, until it is taken back", () =>
    embedded(async (broker, connect) => {
      const wire = await connect();
      const undo = broker.control("Heartbeat", { delayMs: 200, when: ({ groupId }) => groupId === "g" });
      const timed = async (groupId: string): Promise<number> => {
        const before = performance.now();
        await wire.call("Heartbeat", 4, { ...heartbeat, groupId });
        return performance.now() - before;
      };
      assert.ok((await timed("g")) >= 195);
      assert.ok((await timed("other")) < 195);
      undo();
      assert.ok((await timed("g")) < 195);
    }));

  it("answers whatever it was given", () =>
    embedded(async (broker, connect) => {
      broker.control("Metadata", { respond: () => newMetadataResponse({ clusterId: "another" }) });
      assert.equal((await (await connect()).call("Metadata", 9, newMetadataRequest({}))).clusterId, "another");
      assert.throws(() => broker.control("DescribeConfigs", { error: "NOBODY" as "NONE" }), { code: "INVALID_FAULT" });
    }));
});

function samples(broker: Broker): Map<string, number> {
  const lines = broker.metricsText().split("\n");
  return new Map(
    lines
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]),
  );
}

it("metrics have Kafka's names and count what happened", () =>
  embedded(async (broker, connect) => {
    const wire = await connect();
    await broker.logs.createTopic("t", { partitions: 2 });
    await produce(wire, "t", "hello");
    await produce(wire, "t", "hello");
    const topics = [newFetchTopic({ topic: "t", partitions: [newFetchPartition({ partitionMaxBytes: 1000 })] })];
    await wire.call("Fetch", 12, newFetchRequest({ maxBytes: 1000, sessionId: 0, sessionEpoch: 0, topics }));
    const lines = samples(broker);
    const expected = {
      'kafka_network_requestmetrics_requests_total{request="Produce",version="9"}': 2,
      'kafka_network_requestmetrics_requests_total{request="FetchConsumer",version="12"}': 1,
      'kafka_network_requestmetrics_errors_total{request="Produce",error="NONE"}': 2,
      'kafka_network_requestmetrics_errors_total{request="Fetch",error="NONE"}': 2,
      'kafka_server_brokertopicmetrics_messagesin_total{topic="t"}': 2,
      kafka_server_brokertopicmetrics_messagesin_total: 2,
      'kafka_server_brokertopicmetrics_bytesrejected_total{topic="t"}': 0,
      'kafka_server_socket_server_metrics_connection_creation_total{listener="PLAINTEXT",networkProcessor="0"}': 1,
      'kafka_cluster_partition_laststableoffsetlag{topic="t",partition="0"}': 0,
      'kafka_server_delayedoperationpurgatory_purgatorysize{delayedOperation="Fetch"}': 0,
      kafka_server_replicamanager_atminisrpartitioncount: 2,
      kafka_controller_controllerstats_uncleanleaderelections_total: 0,
      'kafka_network_requestmetrics_totaltimems_count{request="Produce"}': 2,
      'kafka_server_brokertopicmetrics_totalproducerequests_total{topic="t"}': 2,
      'kafka_server_brokertopicmetrics_failedproducerequests_total{topic="t"}': 0,
      'kafka_server_brokertopicmetrics_totalfetchrequests_total{topic="t"}': 1,
      'kafka_server_brokertopicmetrics_failedfetchrequests_total{topic="t"}': 0,
      kafka_coordinator_group_groupmetadatamanager_numgroups: 0,
      kafka_coordinator_group_groupmetadatamanager_numgroupsstable: 0,
      kafka_server_kafkaserver_brokerstate: 3,
      kafka_controller_kafkacontroller_globaltopiccount: 1,
      kafka_server_replicamanager_partitioncount: 2,
      kafka_server_fetchsessioncache_numincrementalfetchsessions: 1,
      'kafka_log_log_logendoffset{topic="t",partition="0"}': 2,
      kafka_controller_kafkacontroller_activecontrollercount: 1,
    };
    for (const [name, value] of Object.entries(expected)) assert.equal(lines.get(name), value, name);
    const size = lines.get('kafka_log_log_size{topic="t",partition="0"}');
    assert.equal(lines.get('kafka_server_brokertopicmetrics_bytesin_total{topic="t"}'), size);
    assert.equal(lines.get('kafka_server_brokertopicmetrics_bytesout_total{topic="t"}'), size);
    const times = ["0.50", "0.99"].map((share) =>
      lines.get(`kafka_network_requestmetrics_totaltimems{request="Produce",quantile="${share}"}`)!,
    );
    assert.ok(times[0]! > 0 && times[1]! >= times[0]!, String(times));
    assert.ok([...lines.values()].every(Number.isFinite));
  }));

it("metrics tell where the time of a request went, what waits, and which errors were answered", () =>
  embedded(async (broker, connect) => {
    const wire = await connect();
    await broker.logs.createTopic("t", { partitions: 1 });
    const topics = [newFetchTopic({ topic: "t", partitions: [newFetchPartition({ partitionMaxBytes: 1000 })] })];
    const poll = newFetchRequest({ maxBytes: 1000, minBytes: 1, maxWaitMs: 30_000, sessionEpoch: -1, topics });
    wire.write(requestFrame("Fetch", 12, poll, 1));
    wire.write(requestFrame("Heartbeat", 4, newHeartbeatRequest({ groupId: "nobody", memberId: "m" }), 2));
    const waiting = 'kafka_server_delayedoperationpurgatory_purgatorysize{delayedOperation="Fetch"}';
    const queue = "kafka_network_requestchannel_requestqueuesize";
    while (samples(broker).get(waiting) !== 1 || samples(broker).get(queue) !== 1) await sleep(1);
    await sleep(30);
    await produce(await connect(), "t", "x"); // ends the long poll
    await wire.read("Fetch", 12);
    await wire.read("Heartbeat", 4);
    while (samples(broker).get('kafka_network_requestmetrics_totaltimems_count{request="Heartbeat"}') !== 1) await sleep(1);
    const lines = samples(broker);
    assert.equal(lines.get(waiting), 0);
    const sum = (part: string, request: string): number => lines.get(`kafka_network_requestmetrics_${part}_sum{request="${request}"}`)!;
    assert.ok(sum("remotetimems", "FetchConsumer") >= 28, "a long poll waits");
    assert.ok(sum("requestqueuetimems", "Heartbeat") >= 28, "what came behind it, too");
    assert.ok(sum("remotetimems", "Heartbeat") < 28);
    const parts = ["requestqueue", "local", "remote", "throttle", "responsequeue", "responsesend"];
    for (const request of ["Fetch", "Heartbeat"]) {
      const whole = parts.reduce((all, part) => all + sum(`${part}timems`, request), 0);
      assert.ok(Math.abs(whole - sum("totaltimems", request)) < 0.01, `${request}: ${whole}`);
    }
    assert.equal(lines.get('kafka_network_requestmetrics_errors_total{request="Heartbeat",error="UNKNOWN_MEMBER_ID"}'), 1);
  }));
