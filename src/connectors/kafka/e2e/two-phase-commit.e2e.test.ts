// The sink on a broker that offers two-phase commit (KIP-939): no limit for checkpoint intervals, and what a cancelled job left is ended.
import assert from "node:assert/strict";
import { test } from "node:test";
import { resolveSinks } from "../../../engine/coordinator/resolve-sinks.ts";
import { t } from "../../../schema/t.ts";
import { pipeline } from "../../../stream/pipeline.ts";
import { arraySource } from "../../memory/array-source.ts";
import { kafkaSink } from "../kafka-sink.ts";
import { topic } from "../topic.ts";
import { batchOf, kafkaWorld } from "./kafka-world.ts";

const world = kafkaWorld({ "unstable.api.versions.enable": "true", "transaction.two.phase.commit.enable": "true" });
const Alert = t.record("Alert", { id: t.int() });
const alerts = topic("alerts", Alert);

test("its transactions never time out, and resolving the sinks of a cancelled job aborts what no checkpoint names", async () => {
  await world.createTopic("alerts");
  const connector = world.sink(kafkaSink(alerts), { settings: { "kafka.brokers": world.brokers, "checkpoint.interval.ms": "86400000" } });
  await connector.check!();
  await connector.recover([]);
  const writer = await connector.writer(0, 1);
  writer.write(batchOf(Alert.type, [{ id: 1 }]));
  await writer.prepare(1);
  const [open] = (await world.client.admin().listTransactions()).filter(({ state }) => state === "Ongoing");
  assert.equal((await world.client.admin().describeTransaction(open!.transactionalId)).timeoutMs, 0x7fffffff);
  const graph = pipeline("job", (p) => void p.from("in", arraySource(Alert, [{ id: 1 }])).to("op", kafkaSink(alerts))).graph();
  const ended = await resolveSinks(world.env, graph, { job: "job", settings: { "kafka.brokers": world.brokers }, restore: undefined });
  assert.deepEqual(ended, [{ sink: "op", committed: 0, aborted: 1 }]);
  const left = (await world.client.admin().listTransactions()).filter(({ state }) => state === "Ongoing");
  assert.deepEqual(left, []);
  await world.shows("alerts", []);
});
