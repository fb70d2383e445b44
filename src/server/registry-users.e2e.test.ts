// A server whose registry wants credentials: strangers get 401, users what their roles allow, and the server's own jobs work without being told.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { kafkaSink } from "../connectors/kafka/kafka-sink.ts";
import { topic } from "../connectors/kafka/topic.ts";
import { t } from "../schema/t.ts";
import { arraySource } from "../connectors/memory/array-source.ts";
import { pipeline } from "../stream/pipeline.ts";
import { startServer } from "./index.ts";

const Order = t.record("Order", { id: t.string(), amount: t.double() });

test("jobs register their schemas with a registry that refuses strangers", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "millrace-registry-users-"));
  const registryUsers = [{ name: "ada", role: "read", password: "sesame", token: undefined }] as const;
  const logger = { log() {} };
  const server = await startServer({ dataDir, brokerPort: 0, consolePort: 0, registryPort: 0, registryUsers, logger });
  try {
    const orders = pipeline("orders", (p) => {
      p.from("given", arraySource(Order, [{ id: "a", amount: 1 }])).to(
        "topic",
        kafkaSink(topic("orders", Order, { key: "id", format: "avro" })),
      );
    });
    const job = await server.run(orders, { once: true });
    assert.equal((await job.finished).state, "finished");
    const ask = async (path: string, secret?: string, method = "GET"): Promise<Response> =>
      await fetch(server.registryUrl + path, { method, headers: secret === undefined ? {} : { authorization: `Basic ${btoa(secret)}` } });
    assert.equal((await ask("/subjects")).status, 401);
    assert.equal((await ask("/subjects", "millrace-jobs:")).status, 401);
    assert.deepEqual(await (await ask("/subjects", "ada:sesame")).json(), ["orders-value"]);
    assert.equal((await ask("/subjects/orders-value", "ada:sesame", "DELETE")).status, 403);
    assert.doesNotMatch(server.registryUrl!, /@/);
  } finally {
    await server.close();
    await rm(dataDir, { recursive: true, force: true });
  }
});
