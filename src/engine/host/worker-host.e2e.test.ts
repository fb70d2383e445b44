// A job in a real worker thread: the main thread stays responsive whatever user code does, errors arrive with the user's file and line,
// and a dead worker is a restart.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { functionSink } from "../../connectors/memory/function-sink.ts";
import { generatorSource } from "../../connectors/memory/generator-source.ts";
import { createNodeEnv } from "../../env-node/node-env.ts";
import { t } from "../../schema/t.ts";
import { pipeline } from "../../stream/pipeline.ts";
import { JobFailedError } from "../coordinator/job-failure.ts";
import type { Job, JobStatus } from "../coordinator/job-status.ts";
import { runJob } from "../run-job.ts";
import type { CheckpointOptions, RunJobOptions } from "../run-job.ts";

const scratch = mkdtempSync(join(tmpdir(), "millrace-worker-"));
after(() => rmSync(scratch, { recursive: true, force: true }));
const env = createNodeEnv({ logger: { log() {} } });
let jobs = 0;

function run(query: string, options: Partial<RunJobOptions> & { readonly cp?: Partial<CheckpointOptions> } = {}): Promise<Job> {
  const { cp, ...rest } = options;
  return runJob(env, {
    moduleUrl: new URL(`./fixtures/busy-pipeline.ts?${query}`, import.meta.url).href,
    checkpoints: { dir: join(scratch, String(jobs++)), everyMs: 100, ...cp },
    restart: { kind: "none" },
    statusIntervalMs: 50,
    ...rest,
  });
}

function until(job: Job, holds: (status: JobStatus) => boolean): Promise<JobStatus> {
  return new Promise((resolve, reject) => {
    const check = (status: JobStatus) => holds(status) && resolve(status);
    job.onStatus(check);
    check(job.status());
    job.finished.catch(reject);
  });
}

const recordsIn = (status: JobStatus, operator: string) => status.operators.find(({ name }) => name === operator)?.recordsIn ?? 0;

test("a job in a worker runs to its end, with its counts in the status", async () => {
  const job = await run("rows=5000");
  const result = await job.finished;
  assert.equal(result.state, "finished");
  assert.equal(recordsIn(result.status, "work"), 5000);
  assert.equal(recordsIn(result.status, "out"), 5000);
  assert.deepEqual(result.status.splits, [
    { source: "rows", split: "generator-0", position: 5000, status: "finished", watermark: null, pending: 0 },
  ]);
});

test("user code that does not return stops neither this thread nor the job for good: checkpoints expire and are tolerated", async () => {
  const job = await run("rows=2000&rate=2000&at=500&spin=3000", { cp: { everyMs: 50, timeoutMs: 200 } });
  let longest = 0;
  let last = performance.now();
  const pulse = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 5);
  const result = await job.finished;
  clearInterval(pulse);
  assert.ok(longest < 2000, `this thread stood still for ${longest} ms`);
  assert.ok(result.status.checkpoints.failed >= 1);
  assert.match(result.status.checkpoints.lastFailure!, /200 ms/);
  assert.equal(recordsIn(result.status, "out"), 2000);
});

test("a job whose user code never returns is cancelled at once", async () => {
  const marker = join(scratch, "spins");
  const job = await run(`rows=2000&rate=20000&at=500&spin=600000&spinning=${encodeURIComponent(marker)}`);
  while (!existsSync(marker)) await new Promise((resolve) => setTimeout(resolve, 5));
  const before = performance.now();
  await job.cancel();
  assert.ok(performance.now() - before < 60_000);
  assert.equal((await job.finished).state, "canceled");
});

test("an error in user code fails the job with the operator, the record, and the user's own file and line", async () => {
  const job = await run("rows=1000&at=700&throw=1");
  const error: unknown = await job.finished.catch((reason: unknown) => reason);
  assert.ok(error instanceof JobFailedError);
  assert.equal(error.operator, "work");
  assert.equal(error.failure.split, "generator-0");
  assert.equal(error.offset, 700);
  assert.match(error.message, /row 700 is not allowed/);
  assert.match((error.cause as Error).stack!, /at misbehave \(.*busy-pipeline\.ts.*:16:\d+\)/);
  assert.equal((error.cause as Error).name, "RangeError");
  assert.equal(job.status().state, "failed");
  assert.equal(job.status().lastFailure?.operator, "work");
});

test("a worker that dies is a failure like any other: the job starts again from its checkpoint", async () => {
  const marker = encodeURIComponent(join(scratch, "marker"));
  const job = await run(`rows=1000&rate=2000&at=600&exit=1&marker=${marker}`, {
    restart: { kind: "fixed-delay", attempts: 1, delayMs: 10 },
  });
  const result = await job.finished;
  assert.equal(result.status.restarts, 1);
  assert.match(result.status.lastFailure!.message, /exit code 3|ended/);
  assert.deepEqual(result.status.splits[0]?.position, 1000);
});

test("a module that builds another graph in the worker is refused, and not tried again", async () => {
  const job = await run("rows=10&random=1", { restart: { kind: "fixed-delay", attempts: 5, delayMs: 1 } });
  await assert.rejects(job.finished, /built another graph/);
  assert.equal(job.status().restarts, 0);
});

test("stop takes a final checkpoint, and the next start goes on behind it", async () => {
  const cp = { dir: join(scratch, "stopped") };
  const first = await run("rows=100000&rate=5000", { cp });
  await until(first, (status) => recordsIn(status, "out") > 200);
  const stopped = await first.stop();
  const position = stopped.status.splits[0]!.position as number;
  assert.ok(position > 200);
  const second = await run("rows=100000&rate=5000", { cp });
  const status = await until(second, (now) => recordsIn(now, "out") > 100);
  assert.ok((status.splits[0]!.position as number) >= position + 100);
  assert.equal(status.splits[0]!.position as number, position + recordsIn(status, "work"));
  await second.cancel();
});

test("a few rows do not wait for more while the host is busy reading", async () => {
  let read = 0;
  const first = Promise.withResolvers<number>();
  const busy = pipeline("busy-reader", (p) => {
    p.from("rows", generatorSource(t.record("Row", { id: t.int() }), { row: (id) => ({ id }) }))
      .filter((row) => {
        read++;
        return row.id % 100_000 === 0;
      })
      .to(
        "out",
        functionSink(() => first.resolve(read)),
      );
  });
  const job = await runJob(env, { graph: busy.graph() });
  const readBefore = await first.promise;
  await job.cancel();
  assert.ok(readBefore < 50_000_000, `${readBefore} rows were read before the first came out`);
});
