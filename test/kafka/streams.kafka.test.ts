// Kafka Streams, exactly once (v2), killed with SIGKILL again and again on both brokers: every record of the input is counted once.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { createClient } from "millrace/client";
import { committedValues, untilCount } from "./committed-values.ts";
import { compileJava, type Java } from "./java.ts";
import { missingForKafka } from "./kafka-jars.ts";
import { TARGETS, type Target } from "./targets.ts";

/** A multiple of the partitions: all records of a key are in one. */
const KEYS = 22;
const PARTITIONS = 2;
/** Records per round; a round ends with a kill, but the last. */
const RECORDS = 1500;
const KILLS = 2;
const RUNNING_TIMEOUT_MS = 60_000;
const OUTPUT_TIMEOUT_MS = 60_000;

describe("Kafka Streams with exactly_once_v2", { skip: missingForKafka(), concurrency: true }, () => {
  let java: Java;
  before(() => {
    java = compileJava();
  });
  after(() => java?.dispose());
  for (const target of TARGETS) it(`counts once, killed ${KILLS} times, on ${target.name}`, () => counted(java, target));
});

async function counted(java: Java, target: Target): Promise<void> {
  const broker = await target.start();
  const client = createClient({ brokers: broker.brokers });
  const program = () => java.run("WordCount", [broker.brokers, "word-count", join(java.directory, target.name), "words", "counts"]);
  try {
    await client.admin().createTopics(["words", "counts"].map((name) => ({ name, partitions: PARTITIONS })));
    const producer = client.producer();
    let sent = 0;
    for (let round = 0; round <= KILLS; round++) {
      const app = program();
      try {
        await app.line(/^state RUNNING$/, RUNNING_TIMEOUT_MS);
        for (const end = sent + RECORDS; sent < end; sent++)
          void producer.send({ topic: "words", partition: sent % PARTITIONS, key: `w${sent % KEYS}`, value: String(sent) });
        await producer.flush();
        // Killed somewhere inside the round's work; the last round comes to its end.
        const wanted = round === KILLS ? sent : sent - Math.round(RECORDS * [0.8, 0.4][round]!);
        await untilCount(client, "counts", PARTITIONS, wanted, OUTPUT_TIMEOUT_MS);
      } finally {
        app.child.kill("SIGKILL");
        await app.ended;
      }
    }
    const counts = new Map<string, number>();
    for (const { key, value } of await committedValues(client, "counts", PARTITIONS)) {
      assert.equal(Number(value), (counts.get(key!) ?? 0) + 1, `the counts of ${key} rise by one`);
      counts.set(key!, Number(value));
    }
    assert.equal(counts.size, KEYS);
    assert.equal([...counts.values()].reduce((sum, count) => sum + count, 0), sent); // prettier-ignore
  } finally {
    await client.close();
    await broker.stop();
  }
}
