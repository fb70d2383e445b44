// Clients for Node, and kcat where it is installed, against both brokers: our own client's end-to-end tests as they are, and one and the same
// scenario with kafkajs, @platformatic/kafka and kcat.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { Consumer, Producer, stringDeserializers, stringSerializers } from "@platformatic/kafka";
import { Kafka, logLevel } from "kafkajs";
import { createClient } from "millrace/client";
import { missingForKafka } from "./kafka-jars.ts";
import { TARGETS, type RunningBroker } from "./targets.ts";

const E2E = ["groups", "produce-consume", "transactions"].map((name) =>
  fileURLToPath(new URL(`../../src/client/e2e/${name}.e2e.test.ts`, import.meta.url)),
);
const E2E_TIMEOUT_MS = 120_000;
const RECORDS = 200;
const VALUES = Array.from({ length: RECORDS }, (_, i) => `v${i}`);
const sorted = (values: Iterable<string>): string[] => [...values].sort();

process.env["KAFKAJS_NO_PARTITIONER_WARNING"] = "1";

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

function run(command: string, args: readonly string[], brokers: string, input = ""): Promise<Ended> {
  const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
  const child = spawn(command, args, { env: { ...environment, KAFKA_BROKERS: brokers }, timeout: E2E_TIMEOUT_MS });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes) => (output += String(bytes)));
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, output }));
  });
}

for (const target of TARGETS)
  describe(`clients against ${target.name}`, { skip: missingForKafka() }, () => {
    let broker: RunningBroker;
    before(async () => {
      broker = await target.start();
      const client = createClient({ brokers: broker.brokers });
      await client.admin().createTopics(["kafkajs", "platformatic", "kcat"].map((name) => ({ name, partitions: 2 })));
      await client.close();
    });
    after(() => broker?.stop());

    for (const file of E2E)
      it(`our own client: ${file.split("/").at(-1)}`, async () => {
        const { code, output } = await run(process.execPath, ["--conditions=source", "--test", file], broker.brokers);
        assert.equal(code, 0, output);
      });

    it("kafkajs produces in a transaction and consumes in a group", async () => {
      const kafka = new Kafka({ brokers: [broker.brokers], logLevel: logLevel.NOTHING, retry: { retries: 10 } });
      const producer = kafka.producer({ transactionalId: "kafkajs", maxInFlightRequests: 1, idempotent: true });
      await producer.connect();
      for (const commit of [false, true]) {
        const transaction = await producer.transaction();
        await transaction.send({ topic: "kafkajs", messages: VALUES.map((value) => ({ key: value, value })) });
        await (commit ? transaction.commit() : transaction.abort());
      }
      await producer.disconnect();
      const consumer = kafka.consumer({ groupId: "kafkajs", readUncommitted: false });
      await consumer.connect();
      await consumer.subscribe({ topic: "kafkajs", fromBeginning: true });
      const seen: string[] = [];
      await new Promise<void>((resolve, reject) => {
        const eachMessage = async ({ message }: { message: { value: Buffer | null } }): Promise<void> => {
          if (seen.push(String(message.value)) === RECORDS) resolve();
        };
        consumer.run({ eachMessage }).catch(reject);
      });
      await consumer.disconnect();
      assert.deepEqual(sorted(seen), sorted(VALUES));
    });

    it("@platformatic/kafka produces and consumes in a group", async () => {
      const bootstrapBrokers = [broker.brokers];
      const producer = new Producer({ clientId: "p", bootstrapBrokers, serializers: stringSerializers });
      await producer.send({ messages: VALUES.map((value) => ({ topic: "platformatic", key: value, value })) });
      await producer.close();
      const consumer = new Consumer({ clientId: "c", groupId: "platformatic", bootstrapBrokers, deserializers: stringDeserializers });
      const stream = await consumer.consume({ topics: ["platformatic"], mode: "earliest", autocommit: true });
      const seen: string[] = [];
      for await (const { value } of stream) if (seen.push(value) === RECORDS) break;
      await consumer.close(true);
      assert.deepEqual(sorted(seen), sorted(VALUES));
    });

    it("kcat produces and consumes", { skip: spawnSync("kcat", ["-V"]).status !== 0 && "kcat is not installed" }, async () => {
      const lines = VALUES.map((value) => `${value}\n`).join("");
      const produced = await run("kcat", ["-b", broker.brokers, "-P", "-t", "kcat", "-X", "transactional.id=kcat"], broker.brokers, lines);
      assert.equal(produced.code, 0, produced.output);
      const args = ["-C", "-t", "kcat", "-e", "-q", "-X", "isolation.level=read_committed"];
      const consumed = await run("kcat", ["-b", broker.brokers, ...args], broker.brokers);
      assert.deepEqual(sorted(consumed.output.trim().split("\n")), sorted(VALUES));
    });
  });
