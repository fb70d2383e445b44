// Keys of a pipeline's records beside those of Confluent's JavaScript serialisers: the same bytes and headers for the same schema, and read by it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { pipeline, t } from "millrace";
import { createClient, type KafkaClient } from "millrace/client";
import { arraySource } from "millrace/connectors/memory";
import { kafkaSink, topic } from "millrace/connectors/kafka";
import { startServer, type Server } from "millrace/server";
import { npmClients } from "./prerequisites.ts";

const PROGRAM = fileURLToPath(new URL("fixtures/npm-keys.ts", import.meta.url));
const HEADER = "__key_schema_id";
const Item = t.record("Item", { id: t.long(), name: t.string(), amount: t.double(), live: t.boolean() });
const items = Array.from({ length: 12 }, (_, n) => ({ id: n * 77_777 - 5, name: `ü-${n}`, amount: n / 8, live: n % 3 === 0 }));
const KEYS = ["id", "name", "amount", "live", ["name", "id"]] as const;

let directory = "";
let server: Server;
let client: KafkaClient;

before(async () => {
  directory = mkdtempSync(join(tmpdir(), "millrace-npm-keys-"));
  server = await startServer({ dataDir: directory, brokerPort: 0, consolePort: 0, registryPort: 0, logger: { log() {} } });
  client = createClient({ brokers: server.bootstrapServers });
});
after(async () => {
  await client?.close();
  await server?.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Header and bytes of each key, in hexadecimal. */
async function written(name: string): Promise<[string | null, string][]> {
  const consumer = client.consumer();
  await consumer.assign([{ topic: name, partition: 0, offset: "earliest" }]);
  const found: [string | null, string][] = [];
  for await (const batch of consumer) {
    for (const { key, headers } of batch.records) {
      const header = [...headers].find((one) => one.key === HEADER)?.value ?? null;
      found.push([header === null ? null : Buffer.from(header).toString("hex"), Buffer.from(key!).toString("hex")]);
    }
    if (found.length >= items.length) break;
  }
  await consumer.close();
  return found;
}

/** The server is in this process: nothing here may block it. */
async function answers(cases: readonly object[]): Promise<{ written: unknown; read: unknown }[]> {
  const child = spawn(process.execPath, ["--no-warnings", PROGRAM, npmClients(), server.registryUrl!], { timeout: 60_000 });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
  child.stdin.end(JSON.stringify(cases));
  const status = await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout.split("\n").findLast((line) => line.startsWith("["))!) as { written: unknown; read: unknown }[];
}

test("@confluentinc/schemaregistry writes the same bytes and headers, and reads the pipeline's keys", async () => {
  const cases: { kind: string; topic: string; header: boolean; keys: unknown[]; written: [string | null, string][] }[] = [];
  for (const format of ["avro", "json-schema"] as const)
    for (const key of KEYS)
      for (const ids of ["prefix", "header"] as const) {
        const name = `${format}-${String(key).replace(",", "-")}-${ids}`;
        await client.admin().createTopics([{ name, partitions: 1 }]);
        const made = topic(name, Item, { key: key as "id", keyFormat: format, registry: { ids } });
        const writing = pipeline(name, (p) => p.from("items", arraySource(Item, items)).to("out", kafkaSink(made)));
        await (
          await server.run(writing, { once: true })
        ).finished;
        const keys = items.map((item) => (typeof key === "string" ? item[key] : { name: item.name, id: item.id }));
        cases.push({
          kind: format === "avro" ? "Avro" : "Json",
          topic: name,
          header: ids === "header",
          keys,
          written: await written(name),
        });
      }
  const read = await answers(cases);
  assert.deepEqual(
    read.map((answer) => answer.written),
    cases.map((one) => one.written),
  );
  assert.deepEqual(
    read.map((answer) => answer.read),
    cases.map((one) => one.keys),
  );
});
