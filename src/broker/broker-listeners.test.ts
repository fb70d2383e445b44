// A broker with several listeners: clients of each are told its own address, whatever they ask; the broker's configuration tells them all.
import assert from "node:assert/strict";
import { test } from "node:test";
import { newDescribeClusterRequest } from "../protocol/generated/describe-cluster.gen.ts";
import { newDescribeConfigsRequest } from "../protocol/generated/describe-configs.gen.ts";
import { newFindCoordinatorRequest } from "../protocol/generated/find-coordinator.gen.ts";
import { newMetadataRequest } from "../protocol/generated/metadata.gen.ts";
import { createSimulation } from "../testing/simulation/simulation.ts";
import { startBroker } from "./broker.ts";
import { Wire } from "./e2e/wire.ts";

test("clients are told the address of the listener that they came through", async () => {
  const simulation = createSimulation(5);
  simulation.files.provideDirectory("/data");
  await simulation.run(async () => {
    const env = simulation.env();
    const host = "127.0.0.1";
    const outside = { host: "kafka.example", port: 9094 };
    const broker = await startBroker(env, { dataDir: "/data", listeners: [{ host, port: 9092 }, { host, port: 9093, advertised: outside }] }); // prettier-ignore
    assert.equal(broker.bootstrapServers, "127.0.0.1:9092");
    for (const [port, told] of [
      [9092, { host, port: 9092 }],
      [9093, outside],
    ] as const) {
      // prettier-ignore
      const wire = await Wire.connect(env, { host, port });
      const metadata = await wire.call("Metadata", 12, newMetadataRequest({ topics: [] }));
      const cluster = await wire.call("DescribeCluster", 0, newDescribeClusterRequest({}));
      const coordinator = await wire.call("FindCoordinator", 4, newFindCoordinatorRequest({ coordinatorKeys: ["g"] }));
      const answers = [metadata.brokers[0]!, cluster.brokers[0]!, coordinator.coordinators[0]!];
      for (const answer of answers) assert.deepEqual({ host: answer.host, port: answer.port }, told);
      wire.destroy();
    }
    await broker.close();
    await assert.rejects(Wire.connect(env, { host, port: 9093 }));
  });
});

test("the configuration of the broker tells its listeners and its directory, as set at the start and fixed", async () => {
  const simulation = createSimulation(5);
  simulation.files.provideDirectory("/data");
  await simulation.run(async () => {
    const env = simulation.env();
    const outside = { host: "::1", port: 9094 };
    const listeners = [9092, 9093].map((port) => ({
      host: "127.0.0.1",
      port,
      ...(port === 9093 ? { advertised: outside, name: "OUTSIDE" } : {}),
    }));
    const broker = await startBroker(env, { dataDir: "/data", listeners });
    const wire = await Wire.connect(env, broker.address);
    const configurationKeys = ["listeners", "advertised.listeners", "listener.security.protocol.map", "log.dirs", "process.roles"];
    const resources = [{ resourceType: 4, resourceName: "0", configurationKeys }];
    const { results } = await wire.call("DescribeConfigs", 4, newDescribeConfigsRequest({ resources }));
    const told = results[0]!.configs.map(({ name, value, readOnly, configSource }) => [name, value, readOnly, configSource]);
    const staticBrokerConfig = 4;
    assert.deepEqual(told, [
      ["listeners", "PLAINTEXT://127.0.0.1:9092,OUTSIDE://127.0.0.1:9093", true, staticBrokerConfig],
      ["advertised.listeners", "PLAINTEXT://127.0.0.1:9092,OUTSIDE://[::1]:9094", true, staticBrokerConfig],
      ["listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,OUTSIDE:PLAINTEXT", true, staticBrokerConfig],
      ["log.dirs", "/data", true, staticBrokerConfig],
      ["process.roles", "broker,controller", true, staticBrokerConfig],
    ]);
    wire.destroy();
    await broker.close();
  });
});

test("every listener has to be safe, or allowed, and known under an address", async () => {
  const simulation = createSimulation(5);
  simulation.files.provideDirectory("/data");
  await simulation.run(async () => {
    const env = simulation.env();
    const start = (place: { host: string; port: number }, insecure: boolean) =>
      startBroker(env, { dataDir: "/data", listeners: [{ host: "127.0.0.1", port: 1 }, place], insecure });
    await assert.rejects(start({ host: "10.0.0.1", port: 2 }, false), /would serve everybody who can reach it/);
    await assert.rejects(start({ host: "0.0.0.0", port: 2 }, true), /has to be told which address/);
    await assert.rejects(startBroker(env, { dataDir: "/data", listeners: [] }), /at least one listener/);
  });
});
