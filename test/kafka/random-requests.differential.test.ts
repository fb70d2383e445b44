// The same random request sequences to our broker and to Apache Kafka: the answers are equal, field by field, except for what
// comparable.ts lists.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import { startBroker, type Broker } from "../../src/broker/index.ts";
import { createNodeEnv } from "../../src/env-node/node-env.ts";
import { answers } from "./answers.ts";
import { startApacheKafka, type ApacheKafka } from "./apache-kafka.ts";
import { missingForKafka } from "./kafka-jars.ts";
import { FAMILIES, FEATURES, TRANSACTIONS } from "./request-families.ts";

/** Sequences per family (`--runs`). */
const RUNS = Number(process.env["MILLRACE_RUNS"] ?? 24);
/** That many seeds, one after the other (`--seeds`). */
const SEEDS = Number(process.env["MILLRACE_SEEDS"] ?? 1);
const FIRST_SEED = Number(process.env["MILLRACE_SEED"] ?? 20_260);
const NEVER_MS = "2000000000";
/**
 * Markers have the broker's time, records an older one: Apache Kafka would begin a segment between them, and an answer to Fetch ends there.
 * Records are older than any retention, too: nobody looks for those to delete.
 */
const SETTINGS = { "log.roll.hours": "1000000", "log.retention.check.interval.ms": NEVER_MS };
/** Ours assigns at once, too, and looks for nothing to delete half a minute after its start. */
const APACHE_SETTINGS = { ...SETTINGS, "group.consumer.assignment.interval.ms": "0", "log.initial.task.delay.ms": NEVER_MS };
const env = createNodeEnv({ logger: { log: () => {} } });
const missing = missingForKafka();

let kafka: ApacheKafka;
let ours: Broker;
let run = 0;

describe("random requests", { skip: missing, concurrency: 1 }, () => {
  before(async () => {
    kafka = await startApacheKafka(APACHE_SETTINGS);
    ours = await startBroker({ port: 0, memory: true, logger: env.logger, settings: SETTINGS });
  });
  after(async () => {
    await ours?.close();
    await kafka?.stop();
  });

  describe("side by side", { concurrency: true }, () => {
    compare(FAMILIES);
    describe("about transactions", { concurrency: 1 }, () => compare(TRANSACTIONS));
  });
  describe("alone", { concurrency: 1 }, () => compare(FEATURES));
});

function compare(families: typeof FAMILIES): void {
  for (const [family, sequence] of Object.entries(families)) {
    it(`${family} have the same answers from both brokers`, async () => {
      const equal = fc.asyncProperty(sequence, async (steps) => {
        const prefix = `r${run++}-`;
        const both = [ours.address, { host: "127.0.0.1", port: kafka.port }].map((address) => answers(env, address, prefix, steps));
        const [mine, theirs] = (await Promise.all(both)) as [unknown[], unknown[]];
        for (let i = 0; i < steps.length; i++) assert.deepEqual(mine[i], theirs[i], `${steps[i]!.name}, ours against Apache Kafka's`);
      });
      const endOnFailure = process.env["CI"] === "true";
      for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) await fc.assert(equal, { numRuns: RUNS, seed, endOnFailure });
    });
  }
}
