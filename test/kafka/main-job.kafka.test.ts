// The main job on Apache Kafka, by one setting (KAFKA_BROKERS): the replayed file gives exactly the alerts that it gives on our own broker,
// also when the process is killed in the middle. And the jobs that start() and `millrace run` run there.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { createClient, type KafkaClient } from "millrace/client";
import { start } from "millrace/server";
import { smallTransactions, toCsv } from "../../examples/fraud-detection/small-file.ts";
import { canonical, committedAlerts, type Rules } from "../../examples/fraud-detection/committed-alerts.ts";
import { TOPICS, type FraudAlert } from "../../examples/fraud-detection/topics.ts";
import { afterCheckpoints, newestCheckpoint, replay } from "../../examples/running/replay-process.ts";
import { CliProcess } from "../../src/cli/fixtures/cli-process.ts";
import { committedValues } from "./committed-values.ts";
import { missingForKafka } from "./kafka-jars.ts";
import { TOTALS_MODULE, totals } from "./fixtures/totals.ts";
import { APACHE, type RunningBroker } from "./targets.ts";

const TRANSACTIONS = 6_000;
/** Seconds of event time a second: the file's sixty days take ten, so that the kill falls inside. */
const PACED = 500_000;
const RECORDS = 3000;
const KEYS = 7;

describe("on Apache Kafka", { skip: missingForKafka() }, () => {
  let kafka: RunningBroker;
  let client: KafkaClient;
  let folder: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "main-job-"));
    kafka = await APACHE.start();
    client = createClient({ brokers: kafka.brokers });
  });
  after(async () => {
    await client?.close();
    await kafka?.stop();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  it("the main job, killed once, gives the alerts that it gives on our broker", async () => {
    const input = join(folder, "transactions.csv");
    writeFileSync(input, toCsv(smallTransactions(3, TRANSACTIONS)));
    const job = { example: "fraud-detection", input };
    const here = join(folder, "ours");
    const uninterrupted = await replay<Rules>({ ...job, data: here });
    assert.equal(uninterrupted.code, 0, uninterrupted.errors);
    const data = join(folder, "apache");
    const { brokers } = kafka;
    const killed = await replay({ ...job, data, brokers, speed: PACED }, afterCheckpoints(data, 3, 400));
    assert.equal(killed.signal, "SIGKILL", `it was killed while it ran: ${killed.errors}`);
    const checkpoint = newestCheckpoint(data);
    const whole = await replay<Rules>({ ...job, data, brokers });
    assert.equal(whole.code, 0, whole.errors);
    assert.deepEqual(whole.restored, [checkpoint], "it goes on from the newest checkpoint");
    assert.equal(whole.result?.events, TRANSACTIONS);
    assert.deepEqual(whole.result.rules, uninterrupted.result?.rules);
    assert.deepEqual(canonical(await alerts()), canonical(await committedAlerts(here)));
  });

  it("start({ brokers }) runs a pipeline exactly once", async () => {
    await filled("start");
    const dataDir = join(folder, "start");
    const job = await start(totals("start"), { brokers: kafka.brokers, dataDir, once: true, logger: { log() {} } });
    assert.equal(job.brokers, kafka.brokers);
    await job.finished;
    await hasTotals("start");
  });

  it("millrace run takes the brokers from its environment", async () => {
    await filled("run");
    const environment = { KAFKA_BROKERS: kafka.brokers, TOTALS: "run" };
    const run = new CliProcess(["run", TOTALS_MODULE, "--once", "--json", "--data", join(folder, "run")], { environment });
    const { exitCode, stderr } = await run.ended;
    assert.equal(exitCode, 0, stderr);
    await hasTotals("run");
  });

  it("a checkpoint interval that the transaction timeout of the broker does not allow is refused with the numbers", async () => {
    await filled("long");
    const dataDir = join(folder, "long");
    const starting = start(totals("long"), { brokers: kafka.brokers, dataDir, checkpoints: { every: "400s" }, logger: { log() {} } });
    await assert.rejects(
      starting.then((job) => job.finished),
      (error: Error) => {
        const told = `${error.message} ${String((error.cause as Error | undefined)?.message)}`;
        for (const number of ["400000 ms", "1200000 ms", "900000 ms", "300000 ms"]) assert.match(told, new RegExp(number));
        return true;
      },
    );
  });

  async function alerts(): Promise<FraudAlert[][]> {
    const partitions: FraudAlert[][] = Array.from({ length: TOPICS["fraud-alerts"] }, () => []);
    for (const { partition, value } of await committedValues(client, "fraud-alerts", partitions.length))
      partitions[partition]!.push(JSON.parse(value!) as FraudAlert);
    return partitions;
  }

  async function filled(name: string): Promise<void> {
    await client.admin().createTopics(["in", "out"].map((each) => ({ name: `${name}-${each}`, partitions: 3 })));
    const producer = client.producer();
    for (let n = 0; n < RECORDS; n++)
      void producer.send({ topic: `${name}-in`, key: `k${n % KEYS}`, value: JSON.stringify({ key: `k${n % KEYS}`, n }) });
    await producer.close();
  }

  /** Every record's running count of its key came out once and in order. */
  async function hasTotals(name: string): Promise<void> {
    const counts = new Map<string, number>();
    for (const { value } of await committedValues(client, `${name}-out`, 3)) {
      const { key, count } = JSON.parse(value!) as { key: string; count: number };
      assert.equal(count, (counts.get(key) ?? 0) + 1, `the counts of ${key}`);
      counts.set(key, count);
    }
    assert.equal(counts.size, KEYS);
    assert.equal([...counts.values()].reduce((sum, count) => sum + count, 0), RECORDS); // prettier-ignore
  }
});
