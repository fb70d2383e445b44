// Nested records, which an Avro source keeps in columns, through a job: written as they are, and as objects to whoever asks for them.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createClient } from "../../../client/index.ts";
import { t } from "../../../schema/t.ts";
import { startServer, type Server } from "../../../server/index.ts";
import { pipeline, type Pipeline } from "../../../stream/pipeline.ts";
import { arraySource } from "../../memory/array-source.ts";
import { collectSink } from "../../memory/collect-sink.ts";
import { kafkaSink } from "../kafka-sink.ts";
import { kafkaSource } from "../kafka-source.ts";
import { topic } from "../topic.ts";

const Place = t.record("Place", { city: t.string(), zip: t.optional(t.int()) });
const Merchant = t.record("Merchant", { name: t.string(), place: t.optional(Place) });
const Order = t.record("Order", {
  id: t.string(),
  merchant: Merchant,
  extra: t.optional(t.record("Extra", { n: t.long() })),
  tags: t.array(t.string()),
});
const COUNT = 400;
const rows = Array.from({ length: COUNT }, (_, n) => ({
  id: `${n}`,
  merchant: { name: `ü${n % 7}`, place: n % 3 === 0 ? undefined : { city: `c${n % 5}`, zip: n % 2 === 0 ? undefined : n } },
  extra: n % 4 === 0 ? undefined : { n },
  tags: n % 2 === 0 ? [] : ["a"],
}));

let dataDir = "";
let server: Server;

before(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "millrace-nested-"));
  server = await startServer({ dataDir, brokerPort: 0, consolePort: 0, registryPort: 0, logger: { log: () => {} } });
  const client = createClient({ brokers: server.bootstrapServers });
  await client.admin().createTopics(["in", "avro-1", "avro-4", "json-1", "json-4"].map((name) => ({ name, partitions: 4 })));
  await client.close();
  await run(pipeline("write", (p) => p.from("rows", arraySource(Order, rows)).to("out", kafkaSink(orders("in")))));
});
after(async () => {
  await server?.close();
  await rm(dataDir, { recursive: true, force: true });
});

const orders = (name: string) => topic(name, Order, { key: "id", format: name.startsWith("json") ? "json" : "avro" });

async function run(job: Pipeline, parallelism = 1): Promise<void> {
  const started = await server.run(job, { once: true, parallelism });
  await started.finished;
}

for (const format of ["avro", "json"] as const)
  for (const parallelism of [1, 4])
    test(`into ${format} without a row in between, and by a field of theirs, at parallelism ${parallelism}`, async () => {
      const name = `${format}-${parallelism}`;
      await run(
        pipeline(`direct-${name}`, (p) => p.from("in", kafkaSource(orders("in"))).to("out", kafkaSink(orders(name)))),
        parallelism,
      );
      const seen = collectSink(Order);
      const byCity = pipeline(`keyed-${name}`, (p) => {
        p.from("in", kafkaSource(orders(name)))
          .filter(({ merchant }) => merchant.name !== "ü6")
          .keyBy(({ merchant }) => merchant.place?.city ?? "nowhere")
          .process("same", {
            output: Order,
            onElement(order, ctx) {
              ctx.emit(order as (typeof rows)[number]);
            },
          })
          .to("seen", seen);
      });
      await run(byCity, parallelism);
      const kept = rows.filter(({ merchant }) => merchant.name !== "ü6");
      assert.deepEqual(
        seen.rows.toSorted((a, b) => Number(a.id) - Number(b.id)),
        kept,
      );
    });
