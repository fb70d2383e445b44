// What tests of topics with schemas share: a server with its broker and registry in this process, plain clients of both, and what goes in and
// out of topics beside the connectors.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import { SchemaRegistry } from "@kafkajs/confluent-schema-registry";
import { createClient, type KafkaClient } from "../../../client/index.ts";
import { RegistryClient } from "../../../registry/http/registry-client.ts";
import { startServer, type Server } from "../../../server/index.ts";
import type { Pipeline } from "../../../stream/pipeline.ts";

export interface RegistryWorld {
  readonly server: Server;
  readonly client: KafkaClient;
  readonly registry: RegistryClient;
  /** @kafkajs/confluent-schema-registry: how others write and read. */
  readonly foreign: SchemaRegistry;
  /** What the server has logged. */
  readonly logged: readonly { readonly level: string; readonly event: string; readonly fields: unknown }[];
  createTopics(names: readonly string[], partitions?: number): Promise<void>;
  produce(topic: string, records: readonly SentRecord[]): Promise<void>;
  /** The first `count` records of all partitions, once they are there. */
  consume(topic: string, count: number): Promise<FoundRecord[]>;
  /** Runs the job until its sources are at their ends, and holds it to that. */
  run(pipeline: Pipeline, parallelism?: number): Promise<void>;
}

export interface SentRecord {
  readonly key: Uint8Array | string | null;
  readonly value: Uint8Array | string | null;
  readonly headers?: Record<string, Uint8Array>;
}

export interface FoundRecord {
  readonly partition: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly { readonly key: string; readonly value: Uint8Array | null }[];
}

/** Call at the top of a test file. */
export function registryWorld(): RegistryWorld {
  const logged: RegistryWorld["logged"][number][] = [];
  let dataDir = "";
  let server: Server | undefined;
  let client: KafkaClient | undefined;
  let registry: RegistryClient | undefined;
  let foreign: SchemaRegistry | undefined;
  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "millrace-schemas-"));
    const logger = { log: (level: string, event: string, fields: unknown) => void logged.push({ level, event, fields }) };
    server = await startServer({ dataDir, brokerPort: 0, consolePort: 0, registryPort: 0, logger });
    client = createClient({ brokers: server.bootstrapServers });
    registry = new RegistryClient(server.registryUrl!);
    foreign = new SchemaRegistry({ host: server.registryUrl! });
  });
  after(async () => {
    await client?.close();
    await server?.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  return {
    get server() {
      return server!;
    },
    get client() {
      return client!;
    },
    get registry() {
      return registry!;
    },
    get foreign() {
      return foreign!;
    },
    logged,
    createTopics: async (names, partitions = 1) => await client!.admin().createTopics(names.map((name) => ({ name, partitions }))),
    produce: async (topic, records) => {
      const producer = client!.producer();
      for (const record of records) await producer.send({ topic, ...record });
      await producer.close();
    },
    consume: async (topic, count) => await consume(client!, topic, count),
    run: async (job, parallelism = 1) => {
      const { state } = await (await server!.run(job, { once: true, parallelism })).finished;
      assert.equal(state, "finished");
    },
  };
}

async function consume(client: KafkaClient, topic: string, count: number): Promise<FoundRecord[]> {
  const [described] = await client.admin().describeTopics([topic]);
  const consumer = client.consumer();
  await consumer.assign(described!.partitions.map(({ partition }) => ({ topic, partition, offset: "earliest" as const })));
  const found: FoundRecord[] = [];
  for await (const batch of consumer) {
    for (const { key, value, headers } of batch.records)
      found.push({
        partition: batch.partition,
        key: key === null ? null : Uint8Array.from(key),
        value: value === null ? null : Uint8Array.from(value),
        headers: [...headers],
      });
    if (found.length >= count) break;
  }
  await consumer.close();
  assert.equal(found.length, count);
  return found;
}
