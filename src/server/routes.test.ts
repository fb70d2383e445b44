import assert from "node:assert/strict";
import { test } from "node:test";
import { explainKey, keysOfText } from "../engine/coordinator/explain-key.ts";
import { explainJob } from "../engine/coordinator/explain-job.ts";
import type { Job, JobState, JobStatus } from "../engine/coordinator/job-status.ts";
import { HttpError } from "./http/http-server.ts";
import { Jobs } from "./jobs.ts";
import { route } from "./routes.ts";

/** A job that remembers what it was asked. */
function fakeJob(name: string): { readonly job: Job; readonly asked: unknown[] } {
  const asked: unknown[] = [];
  let state: JobState = "running";
  const status = (): JobStatus => ({
    name,
    state,
    graphHash: "h",
    parallelism: 1,
    startedAt: 0,
    restarts: 0,
    operators: [],
    splits: [],
    checkpoints: { completed: 0, failed: 0 },
  });
  const job: Job = {
    name,
    status,
    explainKey: async (key, options) => explainKey(status(), keysOfText(key), [], options?.stream),
    explain: (options) => explainJob(status(), options?.stream),
    savepoint: async (options) => (asked.push(["savepoint", options]), "/savepoints/1"),
    stop: async (options) => {
      asked.push(["stop", options]);
      state = "finished";
      return { state: "finished", checkpoint: 7, savepoint: "/savepoints/7", status: status() };
    },
    cancel: async () => {
      asked.push(["cancel"]);
      state = "canceled";
    },
    finished: new Promise(() => {}),
    onStatus: () => () => {},
    [Symbol.asyncDispose]: async () => {},
  };
  return { job, asked };
}

async function serverWith(...all: Job[]) {
  const jobs = new Jobs();
  for (const job of all) await jobs.add(job.name, ["alerts"], async () => job);
  const context = {
    version: "1.2.3",
    jobs,
    topics: async () => ["alerts"],
    newest: async () => [],
    sample: async () => [],
    panels: () => [{ title: "Shop", facts: { orders: "3" } }],
    metrics: () => "orders 3\n",
  };
  return {
    jobs,
    ask: (method: string, path: string, body?: unknown) => route(context, { method, path, query: new URLSearchParams(), body }),
  };
}

test("the status has the version, the jobs with the topics they write, and the topics", async () => {
  const { job } = fakeJob("a");
  const { ask } = await serverWith(job);
  assert.deepEqual(await ask("GET", "/api/status"), {
    version: "1.2.3",
    jobs: [{ ...job.status(), sinkTopics: ["alerts"] }],
    topics: ["alerts"],
    panels: [{ title: "Shop", facts: { orders: "3" } }],
  });
});

test("why nothing comes out of a job, or of one of its streams", async () => {
  const { ask } = await serverWith(fakeJob("a").job);
  const { findings } = (await ask("GET", "/api/jobs/a/why")) as { findings: { cause: string }[] };
  assert.deepEqual(
    findings.map(({ cause }) => cause),
    ["not-reported"],
  );
  await assert.rejects(ask("GET", "/api/jobs/b/why"), /no job "b"/);
});

test("metrics are Prometheus text", async () => {
  const { ask } = await serverWith();
  assert.equal(await ask("GET", "/metrics"), "orders 3\n");
});

test("stop, cancel and savepoint reach the job that is named, with their options", async () => {
  const one = fakeJob("one job");
  const two = fakeJob("two");
  const { ask } = await serverWith(one.job, two.job);
  assert.deepEqual(await ask("POST", "/api/jobs/one%20job/savepoint", { path: "/x" }), { savepoint: "/savepoints/1" });
  assert.deepEqual(await ask("POST", "/api/jobs/one%20job/stop", { savepoint: true, drain: true }), {
    state: "finished",
    checkpoint: 7,
    savepoint: "/savepoints/7",
  });
  assert.deepEqual(one.asked, [
    ["savepoint", { path: "/x" }],
    ["stop", { savepoint: true, drain: true }],
  ]);
  assert.deepEqual(await ask("POST", "/api/jobs/two/cancel"), { state: "canceled" });
  assert.deepEqual(two.asked, [["cancel"]]);
});

test("a job that has ended is a conflict, a wrong option a bad request, and neither reaches the job", async () => {
  const { job, asked } = fakeJob("a");
  const { ask } = await serverWith(job);
  const refused = (status: number) => (error: unknown) => error instanceof HttpError && error.status === status;
  await assert.rejects(ask("POST", "/api/jobs/a/stop", { drain: "yes" }), refused(400));
  await assert.rejects(ask("POST", "/api/jobs/a/stop", { savepoint: 1 }), refused(400));
  await assert.rejects(ask("POST", "/api/jobs/a/stop", []), refused(400));
  assert.deepEqual(asked, []);
  await ask("POST", "/api/jobs/a/cancel");
  await assert.rejects(ask("POST", "/api/jobs/a/stop"), refused(409));
});

test("a name is taken while its job lives or starts, and free again afterwards", async () => {
  const jobs = new Jobs();
  const first = fakeJob("a");
  const starting = Promise.withResolvers<Job>();
  const adding = jobs.add("a", [], () => starting.promise);
  await assert.rejects(
    jobs.add("a", [], async () => first.job),
    { code: "JOB_EXISTS" },
  );
  starting.resolve(first.job);
  await adding;
  await assert.rejects(
    jobs.add("a", [], async () => first.job),
    { code: "JOB_EXISTS" },
  );
  await first.job.cancel();
  const second = fakeJob("a");
  assert.equal(await jobs.add("a", [], async () => second.job), second.job);
  assert.equal(jobs.get("a"), second.job);
});

test("a job that could not start leaves its name free", async () => {
  const jobs = new Jobs();
  await assert.rejects(
    jobs.add("a", [], () => Promise.reject(new Error("refused"))),
    /refused/,
  );
  const { job } = fakeJob("a");
  assert.equal(await jobs.add("a", [], async () => job), job);
});

test("stopping all stops those that live, and one that fails does not keep the others from it", async () => {
  const good = fakeJob("good");
  const bad: Job = { ...fakeJob("bad").job, stop: () => Promise.reject(new Error("broken")) };
  const ended = fakeJob("ended");
  await ended.job.cancel();
  const { jobs } = await serverWith(bad, good.job, ended.job);
  await jobs.stopAll();
  assert.deepEqual(good.asked, [["stop", undefined]]);
  assert.deepEqual(ended.asked, [["cancel"]]);
});
