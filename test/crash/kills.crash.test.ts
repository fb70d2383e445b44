// Broker and job die by kill -9, again and again, while three kinds of clients write 20,000 keys: nothing is lost, nothing is there twice,
// everything is in order, in the log and in what the job makes of it. `npm run test:crash -- --kills 100` for more of them.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createClient } from "millrace/client";
import { seededRandom } from "../../simulation/checkers/correct-history.ts";
import { IN_TOPIC, PIPELINE_TOPICS } from "../../simulation/swarm/simulated-pipeline.ts";
import { missingPrerequisite } from "../../tools/stage.ts";
import { startAnchor } from "./anchor.ts";
import { freePort } from "./child-process.ts";
import { judge } from "./judge.ts";
import { KEYS, Ledger, PARTITIONS } from "./ledger.ts";
import { BrokerMachine, JobMachine, percentile } from "./machines.ts";
import { followInput } from "./reader.ts";
import { writeWithKafkajs, writeWithKcat, writeWithMillrace, type Load } from "./writers.ts";

/** Half of them with transactions of two-phase commit (KIP-939), half with those that time out. */
const KILLS = Number(process.env["MILLRACE_KILLS"] ?? 24) / 2;
const BALLAST_MB = Number(process.env["MILLRACE_BALLAST_MB"] ?? 0);
const SEED = Number(process.env["MILLRACE_SEED"] ?? 1);
const TWO_PHASE = ["unstable.api.versions.enable=true", "transaction.two.phase.commit.enable=true"];
/** A log of this size, and the longest restart beside it: asked for with --ballast-mb, on a machine that does nothing else. */
const LARGE_LOG_MB = 1000;
const MAX_RESTART_MS = 2000;
/** Between a machine that works again and the next kill. */
const MAX_QUIET_MS = 1200;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Machines {
  readonly broker: BrokerMachine;
  readonly job: JobMachine;
  readonly random: () => number;
}

/** One death of the broker, of the job or of both at once; sometimes the new process is killed before it is up. */
async function kill({ broker, job, random }: Machines): Promise<{ broker: number; job: number }> {
  await pause(random() * MAX_QUIET_MS);
  const draw = random();
  const killed = { broker: draw < 0.6 ? 1 : 0, job: draw >= 0.4 ? 1 : 0 };
  await Promise.all([killed.broker === 1 ? broker.kill() : undefined, killed.job === 1 ? job.kill() : undefined]);
  if (killed.broker === 1) {
    broker.launch();
    if (random() < 0.2) {
      await pause(random() * 800);
      await broker.kill();
      killed.broker++;
      broker.launch();
    }
    assert.ok(await broker.up(), "the broker comes up");
  }
  if (killed.job === 1) {
    job.launch();
    if (random() < 0.2) {
      await pause(random() * 1500);
      await job.kill();
      killed.job++;
      job.launch();
    }
    assert.ok(await job.up(), "the job comes up");
  }
  assert.ok(!job.hasEnded, "the job survives the broker");
  return killed;
}

/** A log of some size in another topic: what a restart has to open besides. */
async function addBallast(brokers: string): Promise<void> {
  const client = createClient({ brokers });
  await client.admin().createTopics([{ name: "ballast", partitions: 4 }]);
  const producer = client.producer();
  const value = new Uint8Array(64 * 1024).fill(7);
  for (let at = 0; at < BALLAST_MB * 16; at += 64)
    await Promise.all(Array.from({ length: 64 }, (_, more) => producer.send({ topic: "ballast", partition: (at + more) % 4, value })));
  await client.close();
}

const figures = (ms: readonly number[]): string =>
  `${ms.length} restarts, p50 ${percentile(ms, 0.5).toFixed(0)} ms, p99 ${percentile(ms, 0.99).toFixed(0)} ms`;

/** How `millrace txn ls` sees a transaction without a timeout. */
const NEVER_MS = 0x7fffffff;

/** The timeouts of the job's open transactions. */
async function openTimeouts(brokers: string): Promise<number[]> {
  const client = createClient({ brokers });
  try {
    const admin = client.admin();
    const open = await admin.listTransactions(["Ongoing"]);
    return await Promise.all(open.map(async ({ transactionalId }) => (await admin.describeTransaction(transactionalId)).timeoutMs));
  } finally {
    await client.close();
  }
}

async function run(directory: string, twoPhase: boolean): Promise<void> {
  const port = await freePort();
  const random = seededRandom(SEED);
  const broker = new BrokerMachine(port, join(directory, "broker"), twoPhase ? TWO_PHASE : []);
  const job = new JobMachine(broker.address, join(directory, "job"));
  const anchor = await startAnchor(port);
  broker.launch();
  try {
    assert.ok(await broker.up());
    const client = createClient({ brokers: broker.address });
    await client.admin().createTopics(PIPELINE_TOPICS.map((name) => ({ name, partitions: PARTITIONS })));
    await client.close();
    if (BALLAST_MB > 0) await addBallast(broker.address);
    job.launch();
    const load: Load = { ledger: new Ledger(SEED), topic: IN_TOPIC, brokers: broker.address, isRunning: true, givenUp: 0 };
    const writers = [
      writeWithMillrace(load, 0),
      writeWithMillrace(load, 1),
      writeWithKafkajs(load, 2),
      writeWithKcat(load, 3, anchor.address),
    ];
    const reader = followInput(load);
    assert.ok(await job.up());
    while ((await openTimeouts(broker.address)).length === 0) await pause(10);
    for (const timeout of await openTimeouts(broker.address)) assert.equal(timeout === NEVER_MS, twoPhase);
    const killed = { broker: 0, job: 0 };
    while (killed.broker + killed.job < KILLS) {
      const more = await kill({ broker, job, random });
      killed.broker += more.broker;
      killed.job += more.job;
    }
    load.isRunning = false;
    await Promise.all(writers);
    await reader.stop();
    await job.kill();
    await job.finish();
    const { problems, ...seen } = await judge(broker.address, load.ledger);
    console.log(`${killed.broker} kills of the broker, ${killed.job} of the job; seed ${SEED}; log ${BALLAST_MB} MB besides`);
    console.log(`broker: ${figures(broker.restartsMs)} to its first answer`);
    console.log(`job: ${figures(job.restartsMs)} to its first checkpoint`);
    console.log(
      `${seen.keys} keys, ${seen.input} input records (${seen.acknowledged} acknowledged), ${seen.outputRows} output rows; ` +
        `${load.givenUp} clients gave up; ${reader.polled} records read meanwhile`,
    );
    assert.deepEqual(problems, []);
    if (BALLAST_MB >= LARGE_LOG_MB) assert.ok(percentile(broker.restartsMs, 0.99) < MAX_RESTART_MS, figures(broker.restartsMs));
    assert.equal(seen.keys, KEYS);
    assert.ok(reader.polled > 0);
  } finally {
    anchor.close();
    await job.kill().catch(() => {});
    await broker.kill().catch(() => {});
  }
}

for (const twoPhase of [false, true])
  test(`${KILLS} kills of broker and job under load${twoPhase ? ", two-phase commit" : ""}: nothing lost, nothing twice, everything in order`, async () => {
    if (spawnSync("kcat", ["-V"]).status !== 0) missingPrerequisite("test:crash", "kcat is not installed (apt-get install kcat)");
    const directory = mkdtempSync(join(tmpdir(), "millrace-crash-"));
    try {
      await run(directory, twoPhase);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
