// The longest topic names that Kafka allows are nearly as long as a file system's names may be: what is written beside them must fit, too.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { createNodeEnv } from "../../env-node/node-env.ts";
import { newCreatableTopic, newCreateTopicsRequest } from "../../protocol/generated/create-topics.gen.ts";
import { newDeleteTopicsRequest } from "../../protocol/generated/delete-topics.gen.ts";
import { newMetadataRequest } from "../../protocol/generated/metadata.gen.ts";
import { startBroker } from "../index.ts";
import { Wire } from "./wire.ts";

const LONGEST = 249;
const env = createNodeEnv({ logger: { log: () => {} } });

async function withBroker<T>(dataDir: string, body: (wire: Wire) => Promise<T>): Promise<T> {
  const broker = await startBroker({ port: 0, dataDir, logger: env.logger });
  const wire = await Wire.connect(env, broker.address);
  try {
    return await body(wire);
  } finally {
    wire.destroy();
    await broker.close();
  }
}

it("topics with the longest names are made, found after a restart, and deleted", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "millrace-names-"));
  const names = [240, 246, 247, 248, LONGEST].map((length) => "n".repeat(length));
  const known = async (wire: Wire): Promise<string[]> =>
    (await wire.call("Metadata", 12, newMetadataRequest({ topics: null }))).topics.map(({ name }) => name!);
  try {
    await withBroker(dataDir, async (wire) => {
      const topics = names.map((name) => newCreatableTopic({ name, numPartitions: 2, replicationFactor: 1 }));
      const made = await wire.call("CreateTopics", 7, newCreateTopicsRequest({ topics, timeoutMs: 5000 }));
      assert.deepEqual(made.topics.map(({ errorCode }) => errorCode), [0, 0, 0, 0, 0]); // prettier-ignore
    });
    await withBroker(dataDir, async (wire) => {
      assert.deepEqual((await known(wire)).toSorted(), names.toSorted());
      const gone = await wire.call("DeleteTopics", 5, newDeleteTopicsRequest({ topicNames: names, timeoutMs: 5000 }));
      assert.deepEqual(gone.responses.map(({ errorCode }) => errorCode), [0, 0, 0, 0, 0]); // prettier-ignore
    });
    assert.deepEqual(await withBroker(dataDir, known), []);
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
});
