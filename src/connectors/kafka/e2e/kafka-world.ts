// What the tests of this folder share: a broker in this process, plain clients beside the connectors, and connectors opened by hand as the
// engine does it.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import { startBroker, type Broker } from "../../../broker/broker.ts";
import { KafkaClient } from "../../../client/client.ts";
import { PartitionFetcher } from "../../../client/partition-fetcher.ts";
import type { Env } from "../../../env/env.ts";
import { BatchReader } from "../../../protocol/records/batch-reader.ts";
import { createNodeEnv } from "../../../env-node/node-env.ts";
import { BatchBuilder } from "../../../schema/batch-builder.ts";
import { rowAt } from "../../../schema/columns.ts";
import type { TypeInfo } from "../../../schema/type-info.ts";
import type {
  ConnectorContext,
  Json,
  PoisonRecord,
  Sink,
  SinkConnector,
  Source,
  SourceConnector,
  SplitReader,
} from "../../../stream/connector.ts";

export interface KafkaWorld {
  readonly env: Env;
  readonly client: KafkaClient;
  readonly brokers: string;
  /** Job "job", operator "op" unless said otherwise; closed after the tests. */
  context(overrides?: Partial<ConnectorContext>): ConnectorContext;
  source(source: Source<unknown>, overrides?: Partial<ConnectorContext>): SourceConnector;
  sink(sink: Sink<never>, overrides?: Partial<ConnectorContext>): SinkConnector;
  createTopic(name: string, partitions?: number): Promise<void>;
  /** Values (and keys) of all partitions: committed ones, or everything that lies in the log. */
  records(topic: string, isolation?: "read_committed" | "read_uncommitted"): Promise<StoredRecord[]>;
  values(topic: string, isolation?: "read_committed" | "read_uncommitted"): Promise<string[]>;
  /** A committed reader sees exactly these values: now, or as soon as the markers of a commit are written. */
  shows(topic: string, expected: readonly string[]): Promise<void>;
}

export interface StoredRecord {
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: string | null;
  readonly value: string | null;
}

/** Call at the top of a test file. */
export function kafkaWorld(settings: Readonly<Record<string, string>> = {}): KafkaWorld {
  const env = createNodeEnv({ logger: { log() {} } });
  const closers: { close(): Promise<void> }[] = [];
  let directory = "";
  let broker: Broker | undefined;
  let client: KafkaClient | undefined;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "millrace-kafka-"));
    broker = await startBroker(env, { port: 0, dataDir: directory, durability: "page-cache", settings });
    client = new KafkaClient(env, { brokers: broker.bootstrapServers });
  });
  after(async () => {
    await Promise.allSettled(closers.map((each) => each.close()));
    await client?.close();
    await broker?.close();
    await rm(directory, { recursive: true, force: true });
  });
  const world: KafkaWorld = {
    env,
    get client() {
      return client!;
    },
    get brokers() {
      return broker!.bootstrapServers;
    },
    context: (overrides = {}) => ({
      env,
      job: "job",
      operator: "op",
      settings: { "kafka.brokers": world.brokers, "checkpoint.interval.ms": "1000" },
      ...overrides,
    }),
    source: (source, overrides) => opened(source.create(world.context(overrides)), closers),
    sink: (sink, overrides) => opened(sink.create(world.context(overrides)), closers),
    createTopic: (name, partitions = 1) => world.client.admin().createTopics([{ name, partitions }]),
    records: (topic, isolation = "read_committed") => readAll(world.client, topic, isolation),
    shows: async (topic, expected) => {
      const until = env.clock.monotonicMs() + 3000;
      let values = await world.values(topic);
      while (values.length < expected.length && env.clock.monotonicMs() < until) {
        await env.timers.sleep(2);
        values = await world.values(topic);
      }
      assert.deepEqual(values, expected);
    },
    values: async (topic, isolation) => (await world.records(topic, isolation)).map(({ value }) => value ?? "null"),
  };
  return world;
}

function opened<T extends { close(): Promise<void> }>(connector: T, closers: { close(): Promise<void> }[]): T {
  closers.push(connector);
  return connector;
}

export async function readAll(
  client: KafkaClient,
  topic: string,
  isolation: "read_committed" | "read_uncommitted",
): Promise<StoredRecord[]> {
  const [metadata] = await client.admin().describeTopics([topic]);
  const partitions = metadata!.partitions.map(({ partition }) => partition);
  const ends = await client.admin().listOffsets(
    partitions.map((partition) => ({ topic, partition, at: "latest" as const })),
    { isolation },
  );
  const found: StoredRecord[] = [];
  const fetcher = new PartitionFetcher(client.cluster, { isolation, maxWaitMs: 20 });
  const text = (bytes: Uint8Array | null) => (bytes === null ? null : new TextDecoder().decode(bytes));
  for (const { partition, offset: end } of ends) {
    const cursor = fetcher.add(topic, partition, 0);
    while (cursor.position < end) {
      const batch = cursor.poll();
      if (batch === undefined) {
        await cursor.available();
        continue;
      }
      const reader = new BatchReader();
      reader.reset(batch.bytes, batch.at);
      while (reader.next())
        found.push({ partition, offset: reader.offset, timestamp: reader.timestamp, key: text(reader.key()), value: text(reader.value()) });
    }
  }
  fetcher.close();
  return found;
}

export interface Polled {
  readonly rows: { readonly row: unknown; readonly offset: number; readonly timestamp: number }[];
  readonly poison: PoisonRecord[];
}

/** Polls until `until` holds. */
export async function pollUntil(reader: SplitReader, until: (polled: Polled) => boolean, maxRows = 1024): Promise<Polled> {
  const polled: Polled = { rows: [], poison: [] };
  while (!until(polled)) {
    const out = reader.poll(maxRows);
    if (out === undefined) {
      if (until(polled)) break;
      await reader.available();
      continue;
    }
    const { batch } = out;
    assert.ok(batch.rows <= maxRows);
    for (let row = 0; row < batch.rows; row++)
      polled.rows.push({ row: rowAt(batch, row), offset: out.offsets![row]!, timestamp: batch.timestamps[row]! });
    polled.poison.push(...(out.poison ?? []));
  }
  return polled;
}

export async function openSplit(connector: SourceConnector, index: number, position?: Json): Promise<SplitReader> {
  const splits = await connector.discover();
  return connector.open(splits[index]!, position);
}

/** A batch of the type with these rows; `timestamp` −Infinity: no event time. */
export function batchOf(type: TypeInfo | undefined, rows: readonly unknown[], timestamp: number | ((row: number) => number) = -Infinity) {
  const builder = new BatchBuilder(type, Math.max(1, rows.length));
  rows.forEach((row, index) => builder.append(row, typeof timestamp === "number" ? timestamp : timestamp(index)));
  return builder.finish();
}
