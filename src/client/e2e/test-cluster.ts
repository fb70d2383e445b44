// The cluster under test: the one of KAFKA_BROKERS, else a broker of our own in this process, on a free port and an empty directory.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import { startBroker, type Broker } from "../../broker/index.ts";
import type { ClientOptions } from "../client.ts";
import { createClient, type KafkaClient } from "../index.ts";

export interface TestCluster {
  readonly brokers: string;
  /** A client that is closed after the tests. */
  client(options?: Partial<ClientOptions>): KafkaClient;
  /** A name that no other test or run uses. */
  unique(name: string): string;
}

/** Call at the top of a test file. */
export function testCluster(): TestCluster {
  const external = process.env["KAFKA_BROKERS"];
  const run = `${process.pid.toString(36)}${Date.now().toString(36)}`;
  const clients: KafkaClient[] = [];
  let broker: Broker | undefined;
  let directory: string | undefined;
  let names = 0;
  before(async () => {
    if (external !== undefined) return;
    directory = await mkdtemp(join(tmpdir(), "millrace-client-"));
    broker = await startBroker({ port: 0, dataDir: directory, settings: { "num.partitions": "4" }, logger: { log() {} } });
  });
  after(async () => {
    await Promise.allSettled(clients.map((client) => client.close()));
    await broker?.close();
    if (directory !== undefined) await rm(directory, { recursive: true, force: true });
  });
  const cluster: TestCluster = {
    get brokers() {
      return external ?? broker!.bootstrapServers;
    },
    client(options = {}) {
      const client = createClient({ brokers: cluster.brokers, ...options });
      clients.push(client);
      return client;
    },
    unique: (name) => `${name}-${run}-${++names}`,
  };
  return cluster;
}
