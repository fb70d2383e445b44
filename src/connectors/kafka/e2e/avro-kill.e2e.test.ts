// A job that reads Avro topics, keys and values, and writes them, killed twice without warning while orders of two schemas keep coming: what a reader of committed
// records sees in the end is each order once, with the totals in their order.
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { SchemaRegistry, SchemaType } from "@kafkajs/confluent-schema-registry";
import { createClient, type KafkaClient } from "../../../client/index.ts";
import { RegistryClient } from "../../../registry/http/registry-client.ts";
import { startServer, type Server } from "../../../server/index.ts";

const MAIN = fileURLToPath(new URL("../../../cli/main.ts", import.meta.url));
const PIPELINE = fileURLToPath(new URL("fixtures/avro-totals.ts", import.meta.url));
const CUSTOMERS = 7;
const BATCH = 100;
const END = "end";
const LINES = { type: "array", items: { type: "record", name: "Line", fields: [{ name: "sku", type: "string" }, { name: "price", type: "double" }] } }; // prettier-ignore
const OLD = [{ name: "id", type: "int" }, { name: "customer", type: "string" }, { name: "lines", type: LINES }]; // prettier-ignore
const NEWER = [{ name: "note", type: ["null", "string"], default: null }, { name: "channel", type: "string", default: "web" }, ...OLD]; // prettier-ignore

let dataDir = "";
let server: Server;
let client: KafkaClient;
let foreign: SchemaRegistry;

before(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "millrace-avro-kill-"));
  server = await startServer({ dataDir, brokerPort: 0, consolePort: 0, registryPort: 0, logger: { log: () => {} } });
  client = createClient({ brokers: server.bootstrapServers });
  foreign = new SchemaRegistry({ host: server.registryUrl! });
});
after(async () => {
  await client?.close();
  await server?.close();
  await rm(dataDir, { recursive: true, force: true });
});

function launch(...more: readonly string[]): ChildProcess {
  const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
  const settings = ["--brokers", server.bootstrapServers, "--data", join(dataDir, "job"), "-p", "2", "--checkpoint-interval", "50"];
  return spawn(process.execPath, ["--conditions=source", MAIN, "run", PIPELINE, ...settings, "--log-level", "warn", ...more], {
    env: { ...environment, SCHEMA_REGISTRY_URL: server.registryUrl! },
    stdio: ["ignore", "ignore", "inherit"],
  });
}

function ended(child: ChildProcess): Promise<number | NodeJS.Signals | null> {
  return new Promise((resolve) => child.once("close", (code, signal) => resolve(code ?? signal)));
}

/** The number of the newest complete checkpoint. */
function newest(): number {
  const directory = join(dataDir, "job/checkpoints/avro-totals");
  if (!existsSync(directory)) return -1;
  const complete = readdirSync(directory).filter((name) => name.startsWith("chk-") && existsSync(join(directory, name, "manifest")));
  return Math.max(-1, ...complete.map((name) => Number(name.slice("chk-".length))));
}

/** Orders come before and after its first checkpoint, and it is killed while it has some of them in hand. */
async function killedRun(send: () => Promise<void>): Promise<void> {
  await send();
  const before = newest();
  const child = launch();
  const end = ended(child);
  while (newest() < before + 2) {
    assert.equal(child.exitCode, null, "the job ended by itself");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await send();
  const then = newest();
  while (newest() < then + 1) await new Promise((resolve) => setTimeout(resolve, 2));
  await send();
  child.kill("SIGKILL");
  assert.equal(await end, "SIGKILL");
}

const price = (id: number): number => (id % 10) / 4;

/** Committed ones by customer, up to the marks at the end of both partitions. */
async function totals(): Promise<ReadonlyMap<string, unknown[]>> {
  const consumer = client.consumer();
  await consumer.assign([0, 1].map((partition) => ({ topic: "totals", partition, offset: "earliest" as const })));
  const found = new Map<string, unknown[]>();
  let ends = 0;
  for await (const batch of consumer) {
    for (const { key, value } of batch.records) {
      if (value === null) {
        assert.equal(Buffer.from(key!).toString(), END);
        ends++;
        continue;
      }
      const { customer, ...total } = (await foreign.decode(Buffer.from(value))) as { customer: string };
      assert.equal(await foreign.decode(Buffer.from(key!)), customer);
      const before = found.get(customer) ?? [];
      before.push(JSON.parse(JSON.stringify(total)));
      found.set(customer, before);
    }
    if (ends === 2) break;
  }
  await consumer.close();
  return found;
}

test("each order once, over two kills", async () => {
  await client.admin().createTopics([{ name: "orders", partitions: 2 }, { name: "totals", partitions: 2 }]); // prettier-ignore
  const ids = await Promise.all(
    [OLD, NEWER].map(async (fields, index) => {
      const schema = JSON.stringify({ type: "record", name: `Order`, namespace: `v${index}`, fields });
      return (await foreign.register({ type: SchemaType.AVRO, schema }, { subject: `orders-${index}` })).id;
    }),
  );
  const keyId = await new RegistryClient(server.registryUrl!).register("orders-key", '"string"', "AVRO");
  const producer = client.producer();
  let sent = 0;
  const send = async (): Promise<void> => {
    for (const last = sent + BATCH; sent < last; sent++) {
      const customer = `customer-${sent % CUSTOMERS}`;
      const lines = Array.from({ length: sent % 3 }, (_, line) => ({ sku: `sku-${line}`, price: price(sent) }));
      const value = await foreign.encode(ids[sent % 2]!, { id: sent, customer, lines, note: null, channel: "app" });
      void producer.send({ topic: "orders", key: await foreign.encode(keyId, customer), value });
    }
    await producer.flush();
  };
  await killedRun(send);
  await killedRun(send);
  await send();
  assert.equal(await ended(launch("--once")), 0);
  for (const partition of [0, 1]) await producer.send({ topic: "totals", partition, key: END, value: null });
  await producer.close();
  const found = await totals();
  for (let customer = 0; customer < CUSTOMERS; customer++) {
    let worth = 0;
    const expected = [];
    for (let id = customer; id < sent; id += CUSTOMERS) {
      worth += (id % 3) * price(id);
      const last = id % 3 === 0 ? null : { sku: `sku-${(id % 3) - 1}`, price: price(id) };
      expected.push({ id, count: expected.length + 1, worth, last });
    }
    assert.deepEqual(found.get(`customer-${customer}`), expected);
  }
  assert.ok(sent >= 7 * BATCH, `${sent}`);
});
