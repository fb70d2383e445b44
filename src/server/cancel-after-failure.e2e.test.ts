// A job that failed between prepare and commit, with two-phase commit on: its transactions would stay open for ever; a cancel ends them.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { kafkaWorld } from "../connectors/kafka/e2e/kafka-world.ts";
import { kafkaSink } from "../connectors/kafka/kafka-sink.ts";
import { topic } from "../connectors/kafka/topic.ts";
import { generatorSource } from "../connectors/memory/generator-source.ts";
import type { Job, JobStatus } from "../engine/coordinator/job-status.ts";
import { sinksEndedText } from "../engine/coordinator/sinks-ended.ts";
import { runJob } from "../engine/run-job.ts";
import { t } from "../schema/t.ts";
import type { Sink } from "../stream/connector.ts";
import { pipeline } from "../stream/pipeline.ts";
import { Jobs } from "./jobs.ts";
import { route } from "./routes.ts";

const world = kafkaWorld({ "unstable.api.versions.enable": "true", "transaction.two.phase.commit.enable": "true" });
const scratch = mkdtempSync(join(tmpdir(), "millrace-cancel-"));
after(() => rmSync(scratch, { recursive: true, force: true }));
const Alert = t.record("Alert", { id: t.int() });

/** Lets the first checkpoint pass; its writers break in the second, when all of them have been asked to prepare it. */
function breaksInSecondCheckpoint(writers: number): Sink<unknown> {
  let prepared = 0;
  const broken = Promise.withResolvers<never>();
  broken.promise.catch(() => {});
  return {
    connector: "breaks",
    type: undefined,
    describe: () => ({}),
    create: () => ({
      recover: async () => {},
      writer: async () => ({
        write: () => true,
        ready: async () => {},
        prepare: async (id) => {
          if (id === 1) return [];
          prepared++;
          if (prepared === writers) world.env.timers.after(20, () => broken.reject(new Error("planned")));
          return await broken.promise;
        },
        commit: async () => {},
        failed: broken.promise,
        close: async () => {},
      }),
      close: async () => {},
    }),
  };
}

/** Committed or not; each of the job's writers has a share. */
async function written(name: string, count: number): Promise<void> {
  while ((await world.values(name, "read_uncommitted")).length < count) await world.env.timers.sleep(5);
}

async function failedJob(name: string, parallelism: number): Promise<Job> {
  await world.createTopic(name);
  const source = generatorSource(Alert, { ratePerSecond: 500, row: (id) => ({ id }) });
  const graph = pipeline(name, (p) => {
    const rows = p.from("rows", source).partitionCustom(({ id }, subtasks) => id % subtasks);
    rows.to("alerts", kafkaSink(topic(name, Alert)));
    rows.to("breaks", breaksInSecondCheckpoint(parallelism));
  }).graph();
  const checkpoints = { dir: scratch, everyMs: 86_400_000 };
  const settings = { "kafka.brokers": world.brokers };
  const job = await runJob(world.env, { graph, parallelism, checkpoints, restart: { kind: "none" }, settings });
  await written(name, 4 * parallelism);
  await job.savepoint({ path: join(scratch, `savepoint-${name}`) });
  await written(name, (await world.values(name, "read_uncommitted")).length + 4 * parallelism);
  await assert.rejects(job.savepoint());
  await assert.rejects(job.finished, /planned/);
  return job;
}

async function apiOf(job: Job) {
  const jobs = new Jobs();
  await jobs.add(job.name, [], async () => job);
  const none = { version: "", topics: async () => [], newest: async () => [], sample: async () => [], panels: () => [], metrics: () => "" };
  return async (method: string, path: string) =>
    (await route({ ...none, jobs }, { method, path, query: new URLSearchParams(), body: undefined })) as JobStatus;
}

async function openTransactions(job: string): Promise<readonly string[]> {
  const all = await world.client.admin().listTransactions();
  return all.filter(({ state, transactionalId }) => state === "Ongoing" && transactionalId.includes(job)).map((one) => one.transactionalId);
}

for (const parallelism of [1, 4])
  test(`a cancel of a failed job aborts what no checkpoint names, and the job's status says so; parallelism ${parallelism}`, async () => {
    const job = await failedJob(`failed-${parallelism}`, parallelism);
    const ask = await apiOf(job);
    const committed = await world.values(job.name);
    assert.equal((await openTransactions(job.name)).length, parallelism);
    const canceled = await ask("POST", `/api/jobs/${job.name}/cancel`);
    assert.equal(canceled.state, "failed");
    assert.deepEqual(await openTransactions(job.name), []);
    assert.deepEqual(await world.values(job.name), committed);
    const { ended } = await ask("GET", `/api/jobs/${job.name}`);
    assert.equal(ended?.checkpoint, 1);
    assert.deepEqual(ended?.sinks, [{ sink: "alerts", committed: parallelism, aborted: parallelism }, { sink: "breaks" }]);
    assert.match(
      sinksEndedText(ended!)[0]!,
      new RegExp(`${parallelism} committed with checkpoint 1, ${parallelism} that no checkpoint names`),
    );
    // Nothing is left to do, and the checkpoints are free for the next start.
    assert.deepEqual((await ask("POST", `/api/jobs/${job.name}/cancel`)).ended, ended);
    await (await world.env.files.lockDirectory(join(scratch, job.name))).release();
  });

test("a job without checkpoints ends what its sinks have open when it fails: nothing of it comes back", async () => {
  await world.createTopic("unkept");
  const source = generatorSource(Alert, { ratePerSecond: 500, row: (id) => ({ id }) });
  const graph = pipeline("unkept", (p) => {
    const rows = p.from("rows", source);
    rows.to("alerts", kafkaSink(topic("unkept", Alert)));
    rows
      .map(({ id }) => {
        if (id > 20) throw new Error("planned");
        return { id };
      })
      .to("nowhere", kafkaSink(topic("unkept", Alert), { delivery: "none" }));
  }).graph();
  const job = await runJob(world.env, { graph, settings: { "kafka.brokers": world.brokers } });
  await assert.rejects(job.finished, /planned/);
  assert.deepEqual(await openTransactions("unkept"), []);
  assert.deepEqual(
    job.status().ended?.sinks.map(({ sink, error }) => [sink, error]),
    [["alerts", undefined], ["nowhere", undefined]],
  ); // prettier-ignore
});

test("while somebody else runs the job a cancel of its failed run is refused, touches nothing, and can be asked again", async () => {
  const job = await failedJob("busy", 1);
  const ask = await apiOf(job);
  const lock = await world.env.files.lockDirectory(join(scratch, "busy"));
  await assert.rejects(ask("POST", "/api/jobs/busy/cancel"), /has failed.*still open: .*belong to a running process.*Cancel it again/);
  assert.equal((await openTransactions("busy")).length, 1);
  await lock.release();
  await Promise.all([job.cancel(), job.cancel()]);
  assert.deepEqual(await openTransactions("busy"), []);
  assert.equal(job.status().ended?.refused, undefined);
});
